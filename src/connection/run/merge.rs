//! Changes to things that others may be changing, too: read right before, merged, read back after.
//!
//! Microsoft Graph replaces a list as a whole and knows no condition on a write, so a list that was read long
//! ago would take back what others have added meanwhile. What is written here is always the list of a moment
//! ago with what is missing; what a neighbour has lost all the same is a finding.

use std::time::Duration;

use crate::{
    connection::{
        plan::difference::difference,
        report::{
            finding::{Finding, FindingCode},
            step::{Step, StepAction},
            step_error::StepError,
        },
        run::{
            consent::{extended, is_for},
            context::Run,
            wait::{Attempt, settle},
        },
    },
    directory::{Application, ApplicationKey, ApplicationProperties, PermissionGrant},
    error::{DirectoryError, NotVisible, RefusalReason},
    ids::{ApplicationId, ServicePrincipalId},
};

/// How often a change is made again, if it is gone when it is read back.
const ATTEMPTS: u32 = 3;

/// How long a change that was answered with success may take to be seen, before it counts as overwritten.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Gives an app that this run has not made what it lacks of its shape. Tells what became of it. One that is `fresh` came
    /// to be moments ago, so that the directory may not see it, or its change, everywhere yet. What was read right before,
    /// by a look that found the app, is given as `seen` and is not read again.
    pub(crate) async fn merge_application(
        &self,
        step: Step,
        (app, fresh): (ApplicationId, bool),
        mut seen: Option<Application>,
        shape: &ApplicationProperties,
    ) -> Result<StepAction, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::ApplicationId(app);
        let mut first = None;
        for attempt in 0..ATTEMPTS {
            let before = match seen.take() {
                Some(seen) => seen,
                None => {
                    self.current_application(app, fresh, self.attempt_number(step, fresh, attempt))
                        .await?
                }
            };
            let (change, changes) = difference(&before.properties, shape);
            // What was there before the first change is what a later one may have taken away as well.
            let first = first.get_or_insert_with(|| before.properties.clone());
            if changes.is_empty() {
                self.report_losses(step, &lost_of_lists(first, &before.properties));
                return Ok(if attempt > 0 { StepAction::Updated } else { StepAction::Unchanged });
            }
            settle(self.attempt_number(step, fresh, attempt), || {
                directory.update_application(call.clone(), before.object_id, &change)
            })
            .await?;
            let after = settle(self.until_shown(step, fresh, attempt), || async {
                let after = directory.application(call.clone(), &key).await?;
                after
                    .filter(|after| difference(&after.properties, shape).1.is_empty())
                    .ok_or_else(|| not_shown(step))
            });
            match after.await {
                Ok(after) => {
                    self.report_losses(step, &lost_of_lists(first, &after.properties));
                    return Ok(StepAction::Updated);
                }
                Err(error) if is_unseen(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let last = self
            .current_application(app, fresh, self.attempt_number(step, fresh, ATTEMPTS))
            .await?;
        if difference(&last.properties, shape).1.is_empty() {
            let first = first.unwrap_or_default();
            self.report_losses(step, &lost_of_lists(&first, &last.properties));
            return Ok(StepAction::Updated);
        }
        self.find(Finding::warning(FindingCode::ChangeOverwritten).with("step", step));
        Ok(StepAction::Unconfirmed)
    }

    /// The app registration as it is now. One that came to be moments ago is waited for.
    async fn current_application(&self, app: ApplicationId, fresh: bool, attempt: Attempt<'_>) -> Result<Application, StepError> {
        let (directory, call) = (self.directory()?, self.call(attempt.step));
        let key = ApplicationKey::ApplicationId(app);
        let found = settle(attempt, || async {
            match directory.application(call.clone(), &key).await? {
                None if fresh => Err(NotVisible::new(format!("the app registration {app}")).into()),
                found => Ok(found),
            }
        });
        found.await?.ok_or(StepError::ApplicationGone { application_id: app })
    }

    /// Adds a scope to the tenant-wide grant for one resource. `None` if there is no such grant any more. What was read right
    /// before is given as `seen`; a grant that is `fresh` came to be moments ago.
    pub(crate) async fn merge_grant(
        &self,
        step: Step,
        (client, resource): (ServicePrincipalId, ServicePrincipalId),
        scope: &str,
        (mut seen, fresh): (Option<PermissionGrant>, bool),
    ) -> Result<Option<(PermissionGrant, StepAction)>, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let read = || async {
            let grants = directory.permission_grants(call.clone(), client).await?;
            Ok::<_, DirectoryError>(grants.into_iter().find(|grant| is_for(grant, resource)))
        };
        let mut last = None;
        for attempt in 0..ATTEMPTS {
            let before = match seen.take() {
                None => read().await?,
                seen => seen,
            };
            let Some(before) = before else { return Ok(None) };
            if before.covers(scope) {
                let action = if attempt > 0 { StepAction::Updated } else { StepAction::Unchanged };
                return Ok(Some((before, action)));
            }
            let scopes = extended(&before.scope, scope);
            settle(self.attempt_number(step, fresh, attempt), || {
                directory.update_permission_grant(call.clone(), &before.id, &scopes)
            })
            .await?;
            let after = settle(self.until_shown(step, fresh, attempt), || async {
                let after = read().await?.filter(|grant| grant.covers(scope));
                after.ok_or_else(|| not_shown(step))
            });
            match after.await {
                Ok(after) => {
                    let is_lost = |held: &&str| !after.covers(held);
                    let lost: Vec<String> = before.scope.split_whitespace().filter(is_lost).map(str::to_owned).collect();
                    self.report_losses(step, &lost);
                    return Ok(Some((after, StepAction::Updated)));
                }
                Err(error) if is_unseen(&error) => last = Some(before),
                Err(error) => return Err(error.into()),
            }
        }
        self.report_losses(step, &[scope.to_owned()]);
        Ok(last.map(|grant| (grant, StepAction::Unconfirmed)))
    }

    /// Waits for what came to be moments ago as long as the caller lets it wait, and only a moment once it has had that time:
    /// from the second attempt on.
    fn attempt_number(&self, step: Step, fresh: bool, number: u32) -> Attempt<'_> {
        let attempt = self.attempt(step, fresh);
        match number {
            0 => attempt,
            _ => self.briefly(attempt),
        }
    }

    /// Waits for a change to be seen. The first change of what came to be moments ago is waited for as long as the thing
    /// itself: not to be seen yet is not to be overwritten.
    fn until_shown(&self, step: Step, fresh: bool, number: u32) -> Attempt<'_> {
        let attempt = self.attempt(step, true);
        if fresh && number == 0 { attempt } else { self.briefly(attempt) }
    }

    fn briefly<'a>(&self, attempt: Attempt<'a>) -> Attempt<'a> {
        let policy = self.inner.wait_policy;
        Attempt {
            policy: policy.with_deadline(SHOWN_WITHIN.min(policy.deadline())),
            ..attempt
        }
    }

    pub(crate) fn report_losses(&self, step: Step, lost: &[String]) {
        if lost.is_empty() {
            return;
        }
        let change = Finding::warning(FindingCode::ConcurrentChange);
        self.find(change.with("step", step).with("lost", lost));
    }
}

/// What the lists had before and have no more.
fn lost_of_lists(before: &ApplicationProperties, after: &ApplicationProperties) -> Vec<String> {
    let held = lists(after);
    lists(before).into_iter().filter(|value| !held.contains(value)).collect()
}

/// Every value of every list that Microsoft Graph replaces as a whole, with the name of its property.
fn lists(properties: &ApplicationProperties) -> Vec<String> {
    let uris = properties.identifier_uris.iter().flatten();
    let mut values: Vec<String> = uris.map(|uri| format!("identifierUris {uri}")).collect();
    let web = properties.web.iter().flat_map(|web| web.redirect_uris.iter().flatten());
    let public = properties
        .public_client
        .iter()
        .flat_map(|client| client.redirect_uris.iter().flatten());
    values.extend(web.map(|uri| format!("web.redirectUris {uri}")));
    values.extend(public.map(|uri| format!("publicClient.redirectUris {uri}")));
    let scopes = properties.api.iter().flat_map(|api| api.oauth2_permission_scopes.iter().flatten());
    values.extend(scopes.map(|scope| format!("api.oauth2PermissionScopes {}", scope.id)));
    for resource in properties.required_resource_access.iter().flatten() {
        let of_resource = resource.resource_access.iter();
        values.extend(of_resource.map(|access| format!("requiredResourceAccess {}/{}", resource.resource_app_id, access.id)));
    }
    values
}

fn not_shown(step: Step) -> DirectoryError {
    NotVisible::new(format!("what was written at the step \"{step}\"")).into()
}

/// Whether a change was not seen as long as was waited for it.
fn is_unseen(error: &DirectoryError) -> bool {
    match error {
        DirectoryError::NotVisible(_) => true,
        DirectoryError::ExceededMaxWait(error) => is_unseen(error.last()),
        _ => error.refusal() == Some(RefusalReason::NotFound),
    }
}
