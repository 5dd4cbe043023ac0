//! Round 3: admin consent for the whole tenant.

use crate::{
    connection::{
        plan::operation::Reference,
        report::{
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::StepError,
        },
        run::{
            context::Run,
            wait::{Origin, ensure},
        },
    },
    directory::{NewPermissionGrant, NewRoleAssignment, PermissionGrant},
    ids::{PermissionId, ServicePrincipalId},
};

impl Run<'_> {
    /// Consents to a delegated permission. One grant holds all permissions for one resource, so one that
    /// `is_there` is extended.
    pub(crate) async fn grant(
        &self,
        step: Step,
        between: (Reference<ServicePrincipalId>, Reference<ServicePrincipalId>),
        scope: &str,
        is_there: bool,
    ) -> Result<StepReport, StepError> {
        let ((client, client_is_fresh), (resource, resource_is_fresh)) = (self.principal(between.0)?, self.principal(between.1)?);
        let (directory, call) = (self.directory()?, self.call(step));
        let between = (client, resource);
        if is_there && let Some((grant, action)) = self.merge_grant(step, between, scope, (None, false)).await? {
            return Ok(StepReport::new(step, action).with_id("grantId", grant.id));
        }
        let new = NewPermissionGrant::new(client, resource, scope);
        let look = || async {
            let grants = directory.permission_grants(call.clone(), client).await?;
            let is_meant = |grant: &_| is_for(grant, resource);
            Ok(grants.into_iter().find(is_meant))
        };
        let ensured = ensure(
            self.attempt(step, client_is_fresh || resource_is_fresh),
            || directory.create_permission_grant(call.clone(), &new),
            look,
        );
        match ensured.await? {
            (grant, Origin::Made) => Ok(StepReport::new(step, StepAction::Created).with_id("grantId", grant.id)),
            (grant, _) => {
                let merged = self.merge_grant(step, between, scope, (Some(grant.clone()), true)).await?;
                let (grant, action) = match merged {
                    Some((grant, StepAction::Unchanged)) => (grant, StepAction::Found),
                    Some(merged) => merged,
                    None => {
                        self.report_losses(step, &[scope.to_owned()]);
                        (grant, StepAction::Unconfirmed)
                    }
                };
                Ok(StepReport::new(step, action).with_id("grantId", grant.id))
            }
        }
    }

    /// Consents to an application permission.
    pub(crate) async fn assign_role(
        &self,
        between: (Reference<ServicePrincipalId>, Reference<ServicePrincipalId>),
        role: PermissionId,
    ) -> Result<StepReport, StepError> {
        let step = Step::ConsentDirectoryRead;
        let ((principal, is_fresh), (resource, _)) = (self.principal(between.0)?, self.principal(between.1)?);
        let (directory, call) = (self.directory()?, self.call(step));
        let new = NewRoleAssignment::new(principal, resource, role);
        let look = || async {
            let assignments = directory.role_assignments(call.clone(), principal).await?;
            Ok(assignments
                .into_iter()
                .find(|held| held.app_role_id == role && held.resource_id == resource))
        };
        let ensured = ensure(self.attempt(step, is_fresh), || directory.assign_role(call.clone(), &new), look);
        let (action, assignment) = match ensured.await? {
            (assignment, Origin::Made) => (StepAction::Created, assignment),
            (assignment, _) => (StepAction::Found, assignment),
        };
        Ok(StepReport::new(step, action).with_id("assignmentId", assignment.id))
    }
}

/// Whether a grant is for the whole tenant and for this resource.
pub(crate) fn is_for(grant: &PermissionGrant, resource: ServicePrincipalId) -> bool {
    grant.is_tenant_wide() && grant.resource_id == resource
}

/// The scopes of a grant with one more.
pub(crate) fn extended(held: &str, scope: &str) -> String {
    format!("{} {scope}", held.trim()).trim().to_owned()
}
