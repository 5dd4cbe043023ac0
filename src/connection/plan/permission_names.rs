//! The names of the permissions that this job meets, beside their ids.
//!
//! Source of the ids: Microsoft's published permission data (`permissions-descriptions.json`, 2026-08-07). An id
//! that is not here is shown as it is.

use crate::{
    connection::plan::registration::USER_IMPERSONATION,
    ids::{ApplicationId, PermissionId, well_known::MICROSOFT_GRAPH},
};

/// The permissions of Microsoft Graph: delegated ones first, then application permissions.
const OF_GRAPH: &[(&str, &str, &str)] = &[
    ("e1fe6dd8-ba31-4d61-89e7-88639da4683d", "User.Read", "delegated"),
    ("a154be20-db9c-4678-8ab7-66f6cc099a59", "User.Read.All", "delegated"),
    ("06da0dbc-49e2-44d2-8312-53f166ab848a", "Directory.Read.All", "delegated"),
    ("0e263e50-5827-48a4-b97c-d940288653c7", "Directory.AccessAsUser.All", "delegated"),
    ("37f7f235-527c-4136-accd-4a02d197296e", "openid", "delegated"),
    ("14dad69e-099b-42c9-810b-d002981feec1", "profile", "delegated"),
    ("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "email", "delegated"),
    ("7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "offline_access", "delegated"),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All", "application"),
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All", "application"),
    ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All", "application"),
    (
        "18a4783c-866b-4cc7-a460-3d5e5662c884",
        "Application.ReadWrite.OwnedBy",
        "application",
    ),
    ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All", "application"),
    ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Organization.Read.All", "application"),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All", "application"),
];

/// The app that offers a permission, in words: Microsoft Graph, the server app, or its client id.
pub(crate) fn api_in_words(api: ApplicationId, server: Option<ApplicationId>) -> String {
    match api {
        MICROSOFT_GRAPH => "Microsoft Graph".to_owned(),
        api if Some(api) == server => "the server app".to_owned(),
        api => format!("the app {api}"),
    }
}

/// A permission in words, with its id. `scope` is the id of the server app's `user_impersonation`.
pub(crate) fn permission_in_words(
    api: ApplicationId,
    permission: PermissionId,
    server: Option<ApplicationId>,
    scope: Option<PermissionId>,
) -> String {
    let offered_by = api_in_words(api, server);
    if api == MICROSOFT_GRAPH {
        let text = permission.to_string();
        if let Some((_, name, kind)) = OF_GRAPH.iter().find(|(id, ..)| *id == text) {
            return format!("{name} of {offered_by} ({kind}, {permission})");
        }
    } else if Some(permission) == scope {
        return format!("{USER_IMPERSONATION} of {offered_by} (delegated, {permission})");
    }
    format!("{permission} of {offered_by}")
}

/// The id of a delegated permission of Microsoft Graph, by its name.
pub(crate) fn delegated_of_graph(name: &str) -> Option<&'static str> {
    let found = OF_GRAPH.iter().find(|(_, known, kind)| *known == name && *kind == "delegated");
    found.map(|(id, ..)| *id)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::well_known::{DIRECTORY_READ_ALL_ROLE, USER_READ_SCOPE};

    const SERVER: ApplicationId = ApplicationId::new(Uuid::from_u128(7));
    const SCOPE: PermissionId = PermissionId::new(Uuid::from_u128(8));

    #[test]
    fn every_id_of_the_table_is_a_guid_and_stands_there_once() {
        for (index, (id, ..)) in OF_GRAPH.iter().enumerate() {
            assert_eq!(id.parse::<Uuid>().unwrap().to_string(), *id);
            assert!(OF_GRAPH[..index].iter().all(|(other, ..)| other != id), "{id}");
        }
    }

    #[test]
    fn a_known_permission_has_its_name_beside_its_id() {
        let words = |api, permission| permission_in_words(api, permission, Some(SERVER), Some(SCOPE));
        assert_eq!(
            words(MICROSOFT_GRAPH, DIRECTORY_READ_ALL_ROLE),
            "Directory.Read.All of Microsoft Graph (application, 7ab1d382-f21e-4acd-a863-ba3e13f7da61)"
        );
        assert_eq!(
            words(MICROSOFT_GRAPH, USER_READ_SCOPE),
            "User.Read of Microsoft Graph (delegated, e1fe6dd8-ba31-4d61-89e7-88639da4683d)"
        );
        assert_eq!(
            words(SERVER, SCOPE),
            format!("user_impersonation of the server app (delegated, {SCOPE})")
        );
        assert_eq!(delegated_of_graph("User.Read"), Some("e1fe6dd8-ba31-4d61-89e7-88639da4683d"));
    }

    #[test]
    fn an_unknown_permission_is_shown_as_its_id() {
        let other = PermissionId::new(Uuid::from_u128(9));
        let words = |api| permission_in_words(api, other, Some(SERVER), Some(SCOPE));
        assert_eq!(words(MICROSOFT_GRAPH), format!("{other} of Microsoft Graph"));
        assert_eq!(words(SERVER), format!("{other} of the server app"));
        assert_eq!(
            words(ApplicationId::new(Uuid::from_u128(10))),
            format!("{other} of the app {}", Uuid::from_u128(10))
        );
    }
}
