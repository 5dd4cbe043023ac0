//! Callers with chosen rights, and callers from elsewhere.

use cmg_onboarding::permissions::DirectoryRole;
use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use serde_json::json;
use uuid::{Uuid, uuid};

use crate::support::{Graph, code};

const PARTNER: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");

#[tokio::test]
async fn a_caller_from_another_tenant_works_in_this_one_and_may_have_no_me() {
    let provider = || {
        Caller::global_administrator()
            .from_tenant(PARTNER)
            .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()])
    };
    let tenant = EmulatedTenant::new();
    let graph = Graph::signed_in(tenant.clone(), &provider()).await;
    assert_eq!(graph.get("v1.0/me").await.0, 200);
    graph.create("Server").await;
    for (status, expected) in [(403, "Authorization_RequestDenied"), (404, "Request_ResourceNotFound")] {
        let caller = provider().with_me_refused(status);
        let graph = Graph::signed_in(tenant.clone(), &caller).await;
        assert_eq!(code(&graph.get("v1.0/me").await), (status, expected));
        let question = json!({"ids": [DirectoryRole::GlobalAdministrator.id()]});
        assert_eq!(code(&graph.post("v1.0/me/checkMemberObjects", question).await), (status, expected));
        graph.create(&format!("Server {status}")).await;
    }
}

#[tokio::test]
async fn a_role_decides_beside_the_permissions() {
    let tenant = EmulatedTenant::builder().users_may_create_apps(false).build();
    let scopes = [
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
    ];
    for (role, creates) in [
        (None, false),
        (Some(DirectoryRole::ApplicationDeveloper.id()), true),
        (Some(DirectoryRole::CloudApplicationAdministrator.id()), true),
        (Some(DirectoryRole::PrivilegedRoleAdministrator.id()), false),
    ] {
        let caller = Caller::user("x").with_scopes(scopes).with_directory_roles(role);
        let graph = Graph::signed_in(tenant.clone(), &caller).await;
        let (status, _) = graph.post("v1.0/applications", json!({"displayName": "x"})).await;
        assert_eq!(status, if creates { 201 } else { 403 }, "{role:?}");
    }
}
