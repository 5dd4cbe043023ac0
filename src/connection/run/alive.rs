//! Proves that an app is there, by a write that changes nothing.

use crate::{
    connection::{
        report::{
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::StepError,
        },
        run::{app::with_ids, context::Run, wait::settle},
    },
    directory::ApplicationProperties,
    error::RefusalReason,
    ids::{ApplicationId, ApplicationObjectId},
};

impl Run<'_> {
    /// Sends a property of an app as it is. An app that is gone refuses it, however old the answer was by which it was
    /// found.
    pub(crate) async fn confirm_app(
        &self,
        step: Step,
        ids: (ApplicationId, ApplicationObjectId),
        sends: &ApplicationProperties,
    ) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let (application_id, object_id) = ids;
        let sent = settle(self.attempt(step, false), || {
            directory.update_application(call.clone(), object_id, sends)
        });
        match sent.await {
            Err(error) if error.refusal() == Some(RefusalReason::NotFound) => return Err(StepError::ApplicationGone { application_id }),
            other => other?,
        }
        let report = StepReport::new(step, StepAction::Unchanged);
        Ok(match self.take_found(step) {
            Some(app) => with_ids(report, &app),
            None => report,
        })
    }
}
