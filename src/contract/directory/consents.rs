//! Service principals, and the permissions that they are given.

use uuid::Uuid;

use super::{Checked, ContractViolation, Suite, refused, shown, written};
use crate::{
    call::Call,
    contract::violation::Check,
    directory::{NewApplication, NewPermissionGrant, NewRoleAssignment, PermissionGrant, RoleAssignment, ServicePrincipal},
    error::RefusalReason::{AlreadyExists, NotFound, ReferenceNotFound},
    ids::{
        ApplicationId,
        well_known::{DIRECTORY_READ_ALL_ROLE, MICROSOFT_GRAPH},
    },
};

const APP: &str = "consents";

impl Suite<'_> {
    pub(super) async fn consents(self) -> Checked {
        let principal = self.a_service_principal_is_made_once().await?;
        self.a_service_principal_needs_its_app().await?;
        let graph = self.directory.service_principal(Call::quiet(), MICROSOFT_GRAPH).await;
        let check = Check("the_service_principal_of_microsoft_graph_is_there");
        let graph = graph.map_err(check.failed("service_principal, of Microsoft Graph"))?;
        let graph = graph.ok_or_else(|| check.broken("the service principal of Microsoft Graph", "none"))?;
        self.a_consent_is_given_once_and_replaced_as_a_whole(&principal, &graph).await?;
        self.an_application_permission_is_given_once(&principal, &graph).await
    }

    async fn a_service_principal_is_made_once(self) -> Result<ServicePrincipal, ContractViolation> {
        let check = Check("a_service_principal_is_made_once");
        let app = self.created(check, &NewApplication::new(self.properties(APP))).await?;
        let (directory, id) = (self.directory, app.app_id);
        let ask = || directory.create_service_principal(Call::quiet(), id);
        let made = written(check, "create_service_principal", ask).await?;
        check.holds(made.app_id == id, "the service principal of this app", &made)?;
        let ask = || directory.service_principal(Call::quiet(), id);
        let is_it = |found: &Option<ServicePrincipal>| found.as_ref() == Some(&made);
        let found = shown(check, "service_principal", ask, is_it).await?;
        check.holds(is_it(&found), "the service principal that was created", &found)?;
        refused(check, directory.create_service_principal(Call::quiet(), id).await, &[AlreadyExists])?;
        Ok(made)
    }

    async fn a_service_principal_needs_its_app(self) -> Checked {
        let check = Check("a_service_principal_needs_its_app");
        let nowhere = ApplicationId::new(Uuid::new_v4());
        let answer = self.directory.create_service_principal(Call::quiet(), nowhere).await;
        refused(check, answer, &[ReferenceNotFound, NotFound])
    }

    async fn a_consent_is_given_once_and_replaced_as_a_whole(self, client: &ServicePrincipal, graph: &ServicePrincipal) -> Checked {
        let check = Check("a_consent_is_given_once_and_replaced_as_a_whole");
        let directory = self.directory;
        let new = NewPermissionGrant::new(client.id, graph.id, "User.Read openid");
        let ask = || directory.create_permission_grant(Call::quiet(), &new);
        let grant = written(check, "create_permission_grant", ask).await?;
        let is_given = |scopes: &[&str]| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let id = grant.id.clone();
            move |found: &Vec<PermissionGrant>| matches!(&found[..], [held] if held.id == id && has_scopes(held, &scopes))
        };
        let list = || directory.permission_grants(Call::quiet(), client.id);
        let found = shown(check, "permission_grants", list, is_given(&["User.Read", "openid"])).await?;
        check.holds(is_given(&["User.Read", "openid"])(&found), "the consent that was given", &found)?;
        let is_kept = found
            .iter()
            .all(|held| held.is_tenant_wide() && held.resource_id == graph.id && held.client_id == client.id);
        check.holds(is_kept, "a consent for the whole tenant, from this client to this resource", &found)?;
        refused(
            check,
            directory.create_permission_grant(Call::quiet(), &new).await,
            &[AlreadyExists],
        )?;
        let ask = || directory.update_permission_grant(Call::quiet(), &grant.id, "User.Read");
        written(check, "update_permission_grant", ask).await?;
        let found = shown(check, "permission_grants", list, is_given(&["User.Read"])).await?;
        check.holds(is_given(&["User.Read"])(&found), "the consent with the new scope alone", &found)
    }

    async fn an_application_permission_is_given_once(self, principal: &ServicePrincipal, graph: &ServicePrincipal) -> Checked {
        let check = Check("an_application_permission_is_given_once");
        let directory = self.directory;
        let new = NewRoleAssignment::new(principal.id, graph.id, DIRECTORY_READ_ALL_ROLE);
        let given = written(check, "assign_role", || directory.assign_role(Call::quiet(), &new)).await?;
        let list = || directory.role_assignments(Call::quiet(), principal.id);
        let is_given = |found: &Vec<RoleAssignment>| found[..] == [RoleAssignment::new(given.id.clone(), new)];
        let found = shown(check, "role_assignments", list, is_given).await?;
        check.holds(is_given(&found), "the permission that was given", &found)?;
        refused(check, directory.assign_role(Call::quiet(), &new).await, &[AlreadyExists])
    }
}

fn has_scopes(held: &PermissionGrant, scopes: &[String]) -> bool {
    held.scope.split_whitespace().count() == scopes.len() && scopes.iter().all(|scope| held.covers(scope))
}
