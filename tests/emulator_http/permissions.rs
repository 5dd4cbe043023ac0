//! What one permission alone suffices for, request by request, against Microsoft's own table.
//!
//! Source of every set, if no other is named: `permissions/new/permissions.json` of
//! microsoftgraph/microsoft-graph-devx-content, 2026. The sets stand here once more, apart from those of the emulator and
//! of the client, so that one mistake cannot hide in two places.

use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::support::{Graph, text};

const PIPELINE: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
const GRAPH: &str = "v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

const EVERY: [&str; 20] = [
    "AppRegistration.Create",
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Domain.Read.All",
    "Group.ReadWrite.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "RoleManagement.Read.Directory",
    "User.Read",
    "User.Read.All",
    "User.ReadWrite.All",
    "openid",
];

const WRITE: [&[&str]; 2] = [
    &["Application.ReadWrite.All"],
    &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"],
];
const MANAGE: [&[&str]; 2] = [
    &["Application.ReadWrite.All", "Directory.ReadWrite.All"],
    &[
        "Application.ReadWrite.All",
        "Application.ReadWrite.OwnedBy",
        "Directory.ReadWrite.All",
    ],
];
const READ: [&[&str]; 2] = [
    &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
    &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Application.ReadWrite.OwnedBy",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
];
const ORGANIZATION: [&[&str]; 2] = [
    &[
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Organization.Read.All",
        "Organization.ReadWrite.All",
        "User.Read",
        "User.Read.All",
    ],
    &[
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Organization.Read.All",
        "Organization.ReadWrite.All",
        "User.Read.All",
    ],
];
const READ_GRANTS: &[&str] = &[
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const WRITE_GRANTS: &[&str] = &["DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"];
/// tenantappmanagementpolicy-get; conditionalaccessroot-list-policies.
const POLICY: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"];

/// Something to do each request with, owned by the caller.
struct Stage {
    app: Value,
    bare: Value,
    deleted: Value,
    principal: Value,
    resource: Value,
    grant: Value,
    assignment: Value,
    key: Value,
}

impl Stage {
    async fn new(graph: &Graph, owner: &str) -> Self {
        let mut apps = Vec::new();
        for name in ["One", "Two", "Three"] {
            let address = format!("{}v1.0/directoryObjects/{owner}", graph.server.url());
            let (status, app) = graph
                .post("v1.0/applications", json!({"displayName": name, "owners@odata.bind": [address]}))
                .await;
            assert_eq!(status, 201, "{app}");
            apps.push(app);
        }
        let [app, bare, deleted] = apps.try_into().unwrap();
        let path = format!("v1.0/applications/{}", text(&deleted, "id"));
        assert_eq!(graph.send(Method::DELETE, &path, &[], None).await.0, 204);
        let (_, key) = graph
            .post(&format!("v1.0/applications/{}/addPassword", text(&app, "id")), json!({}))
            .await;
        // The owner of a service principal is who has made it.
        let (_, resource) = graph.get(GRAPH).await;
        let tenant = graph.server.tenant();
        let id = tenant.add_service_principal(json!({"appId": app["appId"]}));
        let principal = json!({"id": id});
        let grant = json!({"clientId": id, "resourceId": resource["id"], "consentType": "AllPrincipals", "scope": "User.Read"});
        let (_, grant) = graph.post("v1.0/oauth2PermissionGrants", grant).await;
        let role = json!({"principalId": id, "resourceId": resource["id"], "appRoleId": "7ab1d382-f21e-4acd-a863-ba3e13f7da61"});
        let (status, assignment) = graph.post(&format!("v1.0/servicePrincipals/{id}/appRoleAssignments"), role).await;
        assert_eq!(status, 201, "{assignment}");
        Self {
            app,
            bare,
            deleted,
            principal,
            resource,
            grant,
            assignment,
            key,
        }
    }
}

type Request = (Method, String, Option<Value>);
type Row = (&'static str, [&'static [&'static str]; 2], fn(&Stage) -> Request);

fn app(stage: &Stage, below: &str) -> String {
    format!("v1.0/applications/{}{below}", text(&stage.app, "id"))
}

fn principal(stage: &Stage, below: &str) -> String {
    format!("v1.0/servicePrincipals/{}{below}", text(&stage.principal, "id"))
}

fn deleted(stage: &Stage, below: &str) -> String {
    format!("v1.0/directory/deletedItems/{}{below}", text(&stage.deleted, "id"))
}

fn get(path: impl Into<String>) -> Request {
    (Method::GET, path.into(), None)
}

/// Each with delegated and application permissions.
fn rows() -> Vec<Row> {
    vec![
        ("create an app", WRITE, |_| {
            (Method::POST, "v1.0/applications".to_owned(), Some(json!({"displayName": "x"})))
        }),
        ("change an app", WRITE, |stage| {
            (Method::PATCH, app(stage, ""), Some(json!({"notes": "x"})))
        }),
        ("delete an app", WRITE, |stage| (Method::DELETE, app(stage, ""), None)),
        ("add a secret", MANAGE, |stage| {
            (Method::POST, app(stage, "/addPassword"), Some(json!({})))
        }),
        ("remove a secret", MANAGE, |stage| {
            (
                Method::POST,
                app(stage, "/removePassword"),
                Some(json!({"keyId": stage.key["keyId"]})),
            )
        }),
        ("add a federated credential", WRITE, |stage| {
            let body = json!({"name": "x", "issuer": "https://x", "subject": "x", "audiences": ["x"]});
            (Method::POST, app(stage, "/federatedIdentityCredentials"), Some(body))
        }),
        ("read federated credentials", READ, |stage| {
            get(app(stage, "/federatedIdentityCredentials"))
        }),
        ("remove an owner", WRITE, |stage| {
            (
                Method::DELETE,
                app(stage, "/owners/0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1aff/$ref"),
                None,
            )
        }),
        ("read owners", READ, |stage| get(app(stage, "/owners"))),
        ("create a service principal", MANAGE, |stage| {
            let body = json!({"appId": stage.bare["appId"]});
            (Method::POST, "v1.0/servicePrincipals".to_owned(), Some(body))
        }),
        ("list apps", READ, |_| get("v1.0/applications")),
        ("read an app", READ, |stage| get(app(stage, ""))),
        ("list service principals", READ, |_| get("v1.0/servicePrincipals")),
        ("read a service principal", READ, |stage| get(principal(stage, ""))),
        ("read role assignments", READ, |stage| get(principal(stage, "/appRoleAssignments"))),
        ("read the tenant", ORGANIZATION, |_| get("v1.0/organization")),
        ("read grants", [READ_GRANTS; 2], |_| get("v1.0/oauth2PermissionGrants")),
        ("create a grant", [WRITE_GRANTS; 2], |stage| {
            let ids = (&stage.principal["id"], &stage.resource["id"]);
            let body = json!({"clientId": ids.1, "resourceId": ids.0, "consentType": "AllPrincipals", "scope": "x"});
            (Method::POST, "v1.0/oauth2PermissionGrants".to_owned(), Some(body))
        }),
        ("change a grant", [WRITE_GRANTS; 2], |stage| {
            let path = format!("v1.0/oauth2PermissionGrants/{}", text(&stage.grant, "id"));
            (Method::PATCH, path, Some(json!({"scope": "y"})))
        }),
        ("remove a grant", [WRITE_GRANTS; 2], |stage| {
            (
                Method::DELETE,
                format!("v1.0/oauth2PermissionGrants/{}", text(&stage.grant, "id")),
                None,
            )
        }),
        ("remove a role assignment", [&["AppRoleAssignment.ReadWrite.All"]; 2], |stage| {
            let path = format!("/appRoleAssignments/{}", text(&stage.assignment, "id"));
            (Method::DELETE, principal(stage, &path), None)
        }),
        // directory-deleteditems-restore; directory-deleteditems-delete.
        ("restore an app", [&["Application.ReadWrite.All"]; 2], |stage| {
            (Method::POST, deleted(stage, "/restore"), Some(json!({})))
        }),
        ("remove an app for good", [&["Application.ReadWrite.All"]; 2], |stage| {
            (Method::DELETE, deleted(stage, ""), None)
        }),
        ("read the app policy", [POLICY; 2], |_| {
            get("v1.0/policies/defaultAppManagementPolicy")
        }),
        ("read Conditional Access", [&["Policy.Read.All"]; 2], |_| {
            get("v1.0/identity/conditionalAccess/policies")
        }),
        // What takes two permissions is not to be had with one.
        ("add an owner", [&[]; 2], |stage| {
            let body = json!({"@odata.id": "https://graph.microsoft.com/v1.0/users/0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1aff"});
            (Method::POST, app(stage, "/owners/$ref"), Some(body))
        }),
        ("assign a role of Microsoft Graph", [&[]; 2], |stage| {
            let body = json!({
                "principalId": stage.principal["id"], "resourceId": stage.resource["id"],
                "appRoleId": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
            });
            (Method::POST, principal(stage, "/appRoleAssignments"), Some(body))
        }),
    ]
}

#[tokio::test]
async fn one_permission_alone_suffices_where_microsoft_lists_it_and_nowhere_else() {
    let mut compared = 0;
    for (kind, index) in [("delegated", 0), ("application", 1)] {
        let tenant = EmulatedTenant::new();
        let caller = |permissions: &[&str]| match index {
            0 => Caller::global_administrator().with_scopes(permissions.iter().copied()),
            _ => Caller::application(PIPELINE, permissions.iter().copied()),
        };
        let everything = caller(&[
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "Directory.ReadWrite.All",
        ]);
        let mut graph = Graph::signed_in(tenant.clone(), &everything).await;
        let owner = claims(&graph.token)["oid"].as_str().unwrap().to_owned();
        let administrator = graph.token.clone();
        for (name, sets, request) in rows() {
            let mut stage = Stage::new(&graph, &owner).await;
            for permission in EVERY {
                let (method, path, body) = request(&stage);
                let is_write = method != Method::GET;
                graph.token = tenant.token_for(&caller(&[permission]));
                let (status, answer) = graph.send(method, &path, &[], body).await;
                graph.token.clone_from(&administrator);
                let is_allowed = status != 403;
                assert!(status < 300 || status == 403 || status == 404, "{name}: {answer}");
                assert_eq!(
                    is_allowed,
                    sets[index].contains(&permission),
                    "{name} with {permission}, {kind}: {answer}"
                );
                compared += 1;
                if is_allowed && is_write {
                    stage = Stage::new(&graph, &owner).await;
                }
            }
        }
    }
    println!("{compared} combinations of a request and one permission were compared");
    assert!(compared > 1_000, "{compared}");
}

fn claims(token: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
