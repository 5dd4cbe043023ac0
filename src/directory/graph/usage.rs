//! Which use of the table of permissions a request is.

use crate::{error::RequestTrace, permissions::Use};

/// The use that a request is; `None` for one that this crate does not make.
pub(super) fn usage(request: &RequestTrace) -> Option<Use> {
    let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
    // The first one is the version.
    let (collection, below) = match segments.get(1..)? {
        [collection, below @ ..] => (collection.split('(').next()?, below),
        [] => return None,
    };
    Some(match (request.method.as_str(), collection, below) {
        ("GET", "organization", _) => Use::ReadTenant,
        ("POST", "me", ["checkMemberObjects"]) => Use::ReadRoles,
        ("GET", "policies", _) => Use::ReadPolicy,
        ("GET", "identity", _) => Use::ReadConditionalAccess,
        ("GET", "groups", []) => Use::ReadGroups,
        ("GET", "directory", ["deletedItems", _]) => Use::ReadDeleted,
        // Restoring is taken to need what purging needs.
        ("DELETE", "directory", ["deletedItems", _]) | ("POST", "directory", ["deletedItems", _, "restore"]) => Use::Purge,
        ("POST", "applications", []) => Use::RegisterApp,
        ("PATCH", "applications", [_]) => Use::UpdateApp,
        ("DELETE", "applications", [_]) => Use::RemoveApp,
        ("POST", "applications", [_, "addPassword"]) => Use::IssueSecret,
        ("POST", "applications", [_, "removePassword"]) => Use::RemoveSecret,
        ("POST", "servicePrincipals", []) => Use::CreateServicePrincipal,
        ("DELETE", "servicePrincipals", [_]) => Use::RemoveServicePrincipal,
        ("POST", "servicePrincipals", [_, "appRoleAssignedTo"]) => Use::AssignRole,
        ("GET", "servicePrincipals", [_, "appRoleAssignments"]) => Use::ReadRoleAssignments,
        ("GET", "applications" | "servicePrincipals", _) => Use::ReadApps,
        ("GET", "oauth2PermissionGrants", _) => Use::ReadPermissionGrants,
        ("POST" | "PATCH", "oauth2PermissionGrants", _) => Use::GrantPermission,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_of_this_crate_is_a_use_of_the_table() {
        let uses = [
            ("POST", "/v1.0/applications"),
            ("PATCH", "/v1.0/applications/1"),
            ("POST", "/v1.0/applications/1/addPassword"),
            ("POST", "/v1.0/applications/1/removePassword"),
            ("POST", "/v1.0/servicePrincipals"),
            ("POST", "/v1.0/oauth2PermissionGrants"),
            ("POST", "/v1.0/servicePrincipals/1/appRoleAssignedTo"),
            ("DELETE", "/v1.0/applications/1"),
            ("DELETE", "/v1.0/servicePrincipals/1"),
            ("DELETE", "/v1.0/directory/deletedItems/1"),
            ("GET", "/v1.0/organization"),
            ("POST", "/v1.0/me/checkMemberObjects"),
            ("GET", "/v1.0/applications(appId='1')"),
            ("GET", "/v1.0/directory/deletedItems/microsoft.graph.application"),
            ("GET", "/v1.0/oauth2PermissionGrants"),
            ("GET", "/v1.0/servicePrincipals/1/appRoleAssignments"),
            ("GET", "/v1.0/policies/defaultAppManagementPolicy"),
            ("GET", "/v1.0/identity/conditionalAccess/policies"),
            ("GET", "/v1.0/groups"),
        ]
        .map(|(method, path)| usage(&RequestTrace::new(method, path)).unwrap());
        assert_eq!(uses, Use::ALL);
        let read = |path| usage(&RequestTrace::new("GET", path));
        assert_eq!(read("/v1.0/servicePrincipals(appId='1')"), Some(Use::ReadApps));
        assert_eq!(read("/v1.0/users"), None);
        let restore = RequestTrace::new("POST", "/v1.0/directory/deletedItems/1/restore");
        assert_eq!(usage(&restore), Some(Use::Purge));
        assert_eq!(read("/"), None);
    }
}
