//! Microsoft Graph's own service principal, which every tenant has, with the permissions this job can meet.
//!
//! The ids are those of the permission data that Microsoft publishes for Microsoft Graph.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Entry, Shape, Store, defaults};
use crate::{
    cloud::CloudEnvironment,
    ids::well_known::MICROSOFT_GRAPH,
    object::{Object, merge},
};

/// The tenant that Microsoft's own applications are registered in.
pub(super) const MICROSOFT_SERVICES: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Permission names with the id of the delegated permission and the id of the application permission.
const PERMISSIONS: &[(&str, Option<&str>, Option<&str>)] = &[
    (
        "Directory.Read.All",
        Some("06da0dbc-49e2-44d2-8312-53f166ab848a"),
        Some("7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ),
    ("User.Read", Some("e1fe6dd8-ba31-4d61-89e7-88639da4683d"), None),
    (
        "Application.ReadWrite.All",
        Some("bdfbf15f-ee85-4955-8675-146e8e5296b5"),
        Some("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ),
    (
        "Application.Read.All",
        Some("c79f8feb-a9db-4090-85f9-90d820caa0eb"),
        Some("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ),
    ("Application.ReadWrite.OwnedBy", None, Some("18a4783c-866b-4cc7-a460-3d5e5662c884")),
    (
        "AppRoleAssignment.ReadWrite.All",
        Some("84bccea3-f856-4a8a-967b-dbe0a3d53a64"),
        Some("06b708a9-e830-4db3-a914-8e69da51d44f"),
    ),
    (
        "DelegatedPermissionGrant.ReadWrite.All",
        Some("41ce6ca6-6826-4807-84f1-1c82854f7ee5"),
        Some("8e8e4742-1d95-4f68-9d56-6ee75648c72a"),
    ),
    (
        "Organization.Read.All",
        Some("4908d5b9-3fb2-4b1e-9336-1888b7937185"),
        Some("498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    ),
    (
        "Directory.ReadWrite.All",
        Some("c5366453-9fb0-48a5-a156-24f0c49a4b84"),
        Some("19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ),
    ("Directory.AccessAsUser.All", Some("0e263e50-5827-48a4-b97c-d940288653c7"), None),
    (
        "Policy.Read.All",
        Some("572fea84-0151-49b2-9301-11cb16974376"),
        Some("246dd0d5-5bd0-4def-940b-0421030a5b68"),
    ),
    (
        "Policy.ReadWrite.ApplicationConfiguration",
        Some("b27add92-efb2-4f16-84f5-8108ba77985c"),
        Some("be74164b-cff1-491c-8741-e671cb536e13"),
    ),
    (
        "RoleManagement.Read.Directory",
        Some("741c54c3-0c1e-44a1-818b-3f97ab4e8c83"),
        Some("483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
    ),
    (
        "Domain.Read.All",
        Some("2f9ee017-59c1-4f1d-9472-bd5529a7b311"),
        Some("dbb9058a-0e50-45d7-ae91-66909b5d4664"),
    ),
    (
        "CrossTenantInformation.ReadBasic.All",
        Some("81594d25-e88e-49cf-ac8c-fecbff49f994"),
        Some("cac88765-0581-4025-9725-5ebc13f729ee"),
    ),
    (
        "User.Read.All",
        Some("a154be20-db9c-4678-8ab7-66f6cc099a59"),
        Some("df021288-bdef-4463-88db-98f22de89214"),
    ),
    // What teams ask for besides, so that consent and assignment can be tried; the emulator has none of these objects.
    (
        "Group.Read.All",
        Some("5f8c59db-677d-491f-a6b8-5f174b11ec1d"),
        Some("5b567255-7703-4780-807c-7be8301ae99b"),
    ),
    ("Group.ReadWrite.All", None, Some("62a82d76-70ea-41e2-9197-370581804d09")),
    (
        "Mail.Read",
        Some("570282fd-fa5c-430d-a7fd-fc8dc98a9dca"),
        Some("810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ),
    (
        "Mail.Send",
        Some("e383f46e-2787-4529-855e-0e479a3ffac0"),
        Some("b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ),
    (
        "Sites.Selected",
        Some("f89c84ef-20d0-4b54-87e9-02e856d66d53"),
        Some("883ea226-0bf2-4a8f-9f9d-92c9162a727d"),
    ),
    ("Device.Read.All", None, Some("7438b122-aefc-4978-80ed-43db9fcc7715")),
    ("openid", Some("37f7f235-527c-4136-accd-4a02d197296e"), None),
    ("profile", Some("14dad69e-099b-42c9-810b-d002981feec1"), None),
    ("email", Some("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"), None),
    ("offline_access", Some("7427e0e9-2fba-42fe-b0c0-848c9e6a8182"), None),
];

impl Store {
    /// Puts Microsoft Graph into a new tenant. Its object id differs from tenant to tenant.
    pub(crate) fn seed_microsoft_graph(&mut self, tenant: Uuid, environment: CloudEnvironment) {
        let names = match environment {
            CloudEnvironment::AzurePublicCloud => ["https://graph.microsoft.com", "https://graph.microsoft.com/"],
            CloudEnvironment::AzureUsGovernmentCloud => ["https://graph.microsoft.us", "https://dod-graph.microsoft.us"],
        };
        let scopes = PERMISSIONS
            .iter()
            .filter_map(|(name, scope, _)| scope.map(|id| delegated_permission(name, id)));
        let roles = PERMISSIONS
            .iter()
            .filter_map(|(name, _, role)| role.map(|id| application_permission(name, id)));
        self.seed_service_principal(json!({
            "id": Uuid::new_v5(&tenant, b"Microsoft Graph"),
            "appId": MICROSOFT_GRAPH,
            "appDisplayName": "Microsoft Graph",
            "displayName": "Microsoft Graph",
            "appOwnerOrganizationId": MICROSOFT_SERVICES,
            "signInAudience": "AzureADMultipleOrgs",
            "servicePrincipalNames": [MICROSOFT_GRAPH.to_string(), names[0], names[1]],
            "oauth2PermissionScopes": scopes.collect::<Vec<_>>(),
            "appRoles": roles.collect::<Vec<_>>(),
        }));
    }

    /// Gives Microsoft Graph a permission beside the built-in ones, delegated or for applications or both.
    pub(crate) fn add_graph_permission(&mut self, name: &str, scope: Option<Uuid>, role: Option<Uuid>) {
        let id = MICROSOFT_GRAPH.to_string();
        let Some(graph) = self.service_principals.of_app_mut(&id) else {
            return;
        };
        let parts = [
            (
                "oauth2PermissionScopes",
                scope.map(|id| delegated_permission(name, &id.to_string())),
            ),
            ("appRoles", role.map(|id| application_permission(name, &id.to_string()))),
        ];
        for (list, permission) in parts {
            if let (Some(Value::Array(all)), Some(permission)) = (graph.object.get_mut(list), permission) {
                all.push(permission);
            }
        }
    }

    /// Puts the service principal of an application of another tenant into a new tenant.
    pub(crate) fn seed_service_principal(&mut self, properties: Value) {
        let mut object: Object = defaults::service_principal();
        merge(&mut object, &defaults::object(properties));
        self.service_principals.push(Entry::seeded(Shape::ServicePrincipal, object));
    }
}

fn delegated_permission(name: &str, id: &str) -> Value {
    json!({
        "id": id,
        "value": name,
        "type": if matches!(name, "User.Read" | "openid" | "profile" | "email" | "offline_access") { "User" } else { "Admin" },
        "isEnabled": true,
        "adminConsentDisplayName": name,
        "adminConsentDescription": name,
        "userConsentDisplayName": null,
        "userConsentDescription": null,
    })
}

fn application_permission(name: &str, id: &str) -> Value {
    json!({
        "id": id,
        "value": name,
        "allowedMemberTypes": ["Application"],
        "isEnabled": true,
        "displayName": name,
        "description": name,
        "origin": "Application",
    })
}
