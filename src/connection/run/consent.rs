//! Round 3: admin consent for the whole tenant.

use crate::connection::{
    plan::registration::USER_IMPERSONATION,
    plan::work::{ConsentWork, grant_work},
    report::error::StepError,
    report::outcome::{StepAction, StepReport},
    report::step::Step,
    run::context::{Failed, Run},
    run::wait::{Ensured, ensure, settle},
};
use crate::{
    directory::{Directory, NewPermissionGrant, NewRoleAssignment},
    ids::{ServicePrincipalId, well_known::DIRECTORY_READ_ALL_ROLE},
};

/// The service principals between which consent is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Principals {
    pub(crate) server: Option<ServicePrincipalId>,
    pub(crate) client: Option<ServicePrincipalId>,
    pub(crate) graph: Option<ServicePrincipalId>,
    pub(crate) server_is_fresh: bool,
    pub(crate) client_is_fresh: bool,
}

impl Run<'_> {
    pub(crate) async fn consent_server(
        &self,
        directory: &dyn Directory,
        work: &ConsentWork,
        principals: &Principals,
    ) -> Result<(), Failed> {
        let fresh = principals.server_is_fresh || principals.client_is_fresh;
        let between = principals.client.zip(principals.server);
        self.grant(directory, Step::ConsentServerApp, work, between, USER_IMPERSONATION, fresh)
            .await
    }

    pub(crate) async fn consent_user_read(
        &self,
        directory: &dyn Directory,
        work: &ConsentWork,
        principals: &Principals,
    ) -> Result<(), Failed> {
        let between = principals.client.zip(principals.graph);
        self.grant(
            directory,
            Step::ConsentUserRead,
            work,
            between,
            "User.Read",
            principals.client_is_fresh,
        )
        .await
    }

    async fn grant(
        &self,
        directory: &dyn Directory,
        step: Step,
        work: &ConsentWork,
        between: Option<(ServicePrincipalId, ServicePrincipalId)>,
        scope: &str,
        fresh: bool,
    ) -> Result<(), Failed> {
        let Some((client, resource)) = self.begin(step, work, between)? else {
            return Ok(());
        };
        self.step(step, || async {
            let call = self.call(step);
            if let ConsentWork::Extend(..) = work
                && let Some(grant) = self.merge_grant(directory, step, client, resource, scope).await?
            {
                return Ok(((), StepReport::new(step, StepAction::Updated).with_id("grantId", grant.id)));
            }
            let new = NewPermissionGrant::new(client, resource, scope);
            let look = || async {
                let grants = directory.permission_grants(call.clone(), client).await?;
                Ok(grants
                    .into_iter()
                    .find(|grant| grant.is_tenant_wide() && grant.resource_id == resource))
            };
            match ensure(
                self.attempt(step, fresh),
                || directory.create_permission_grant(call.clone(), &new),
                look,
            )
            .await?
            {
                Ensured::Created(grant) => Ok(((), StepReport::new(step, StepAction::Created).with_id("grantId", grant.id))),
                Ensured::Recovered(grant) | Ensured::Found(grant) => {
                    if let ConsentWork::Extend(id, scopes) = grant_work(std::slice::from_ref(&grant), Some(resource), scope) {
                        settle(self.attempt(step, true), || {
                            directory.update_permission_grant(call.clone(), &id, &scopes)
                        })
                        .await?;
                    }
                    Ok(((), StepReport::new(step, StepAction::Found).with_id("grantId", grant.id)))
                }
            }
        })
        .await
    }

    pub(crate) async fn consent_directory_read(
        &self,
        directory: &dyn Directory,
        work: &ConsentWork,
        principals: &Principals,
    ) -> Result<(), Failed> {
        let step = Step::ConsentDirectoryRead;
        let Some((principal, resource)) = self.begin(step, work, principals.server.zip(principals.graph))? else {
            return Ok(());
        };
        self.step(step, || async {
            let call = self.call(step);
            let new = NewRoleAssignment::new(principal, resource, DIRECTORY_READ_ALL_ROLE);
            let look = || async {
                let assignments = directory.role_assignments(call.clone(), principal).await?;
                Ok(assignments
                    .into_iter()
                    .find(|held| held.app_role_id == DIRECTORY_READ_ALL_ROLE && held.resource_id == resource))
            };
            let ensured = ensure(
                self.attempt(step, principals.server_is_fresh),
                || directory.assign_role(call.clone(), &new),
                look,
            )
            .await?;
            let (action, assignment) = match ensured {
                Ensured::Created(assignment) => (StepAction::Created, assignment),
                Ensured::Recovered(assignment) | Ensured::Found(assignment) => (StepAction::Found, assignment),
            };
            Ok(((), StepReport::new(step, action).with_id("assignmentId", assignment.id)))
        })
        .await
    }

    /// The two sides of a consent that is to be given; `None` where there is nothing to do.
    fn begin(
        &self,
        step: Step,
        work: &ConsentWork,
        between: Option<(ServicePrincipalId, ServicePrincipalId)>,
    ) -> Result<Option<(ServicePrincipalId, ServicePrincipalId)>, Failed> {
        match work {
            ConsentWork::NotWanted => Ok(None),
            ConsentWork::InPlace => {
                self.done(StepReport::new(step, StepAction::Unchanged));
                Ok(None)
            }
            ConsentWork::Extend(..) | ConsentWork::Create => match between {
                Some(between) => Ok(Some(between)),
                None => Err(self.failed(step, StepError::ServicePrincipalMissing)),
            },
        }
    }
}
