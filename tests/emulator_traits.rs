//! What the client makes of the emulated tenant, operation by operation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

use std::time::Duration;

use cmg_onboarding::{
    Call, Diagnostic, Directory, DirectoryError,
    directory::{
        AppManagementPolicy, ApplicationKey, ApplicationProperties, NewApplication, NewPassword, NewPermissionGrant, NewRoleAssignment,
        PermissionScope,
    },
    error::RefusalReason,
    ids::{PermissionId, ServicePrincipalId, well_known},
    permissions::DirectoryRole,
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer, Fault};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};
use uuid::uuid;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn properties(name: &str) -> ApplicationProperties {
    let mut properties = ApplicationProperties::default();
    properties.display_name = Some(name.to_owned());
    properties.sign_in_audience = Some("AzureADMyOrg".to_owned());
    properties
}

fn app(name: &str) -> NewApplication {
    let mut properties = properties(name);
    properties.unique_name = Some(format!("unique {name}"));
    NewApplication::new(properties)
}

fn tenant() -> EmulatedTenant {
    EmulatedTenant::builder().clock(|| NOW).build()
}

#[tokio::test]
async fn an_app_is_created_with_its_secret_and_found_by_every_key() {
    let tenant = tenant();
    let directory = tenant.directory();
    let password = NewPassword::new("marker", datetime!(2027-03-01 12:00 UTC));
    let created = directory
        .create_application(Call::quiet(), &app("Server").with_password(password))
        .await
        .unwrap();
    let secret = created.password_credentials[0].secret_text.as_ref().unwrap().expose().to_owned();
    assert_eq!(created.password_credentials[0].end_date_time, Some(datetime!(2027-03-01 12:00 UTC)));
    assert!(tenant.secret_is_live(created.app_id, &secret));
    assert!(!tenant.state().to_string().contains(&secret));
    for key in [
        ApplicationKey::ApplicationId(created.app_id),
        ApplicationKey::UniqueName("unique Server".to_owned()),
    ] {
        let found = directory.application(Call::quiet(), &key).await.unwrap().unwrap();
        assert_eq!(found.object_id, created.object_id);
        assert!(found.password_credentials[0].secret_text.is_none());
    }
    directory
        .remove_password(Call::quiet(), created.object_id, created.password_credentials[0].key_id)
        .await
        .unwrap();
    assert!(!tenant.secret_is_live(created.app_id, &secret));
}

#[tokio::test]
async fn what_is_not_there_is_none_and_no_error() {
    let tenant = tenant();
    let directory = tenant.directory();
    let key = ApplicationKey::UniqueName("with / and ' and (brackets)=".to_owned());
    assert!(directory.application(Call::quiet(), &key).await.unwrap().is_none());
    assert!(directory.application_with_uri(Call::quiet(), "api://it's").await.unwrap().is_none());
    let names = ["it's".to_owned()];
    assert!(directory.deleted_applications(Call::quiet(), &names).await.unwrap().is_empty());
}

#[tokio::test]
async fn consent_needs_service_principals_and_is_given_once() {
    let tenant = tenant();
    let directory = tenant.directory();
    let call = Call::quiet();
    let created = directory.create_application(call.clone(), &app("Server")).await.unwrap();
    let graph = directory
        .service_principal(call.clone(), well_known::MICROSOFT_GRAPH)
        .await
        .unwrap()
        .unwrap();
    let absent = ServicePrincipalId::new(uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"));
    let early = directory
        .create_permission_grant(call.clone(), &NewPermissionGrant::new(absent, graph.id, "User.Read"))
        .await
        .unwrap_err();
    assert_eq!(early.refusal(), Some(RefusalReason::NotFound));
    assert!(early.may_be_replication());

    let principal = directory.create_service_principal(call.clone(), created.app_id).await.unwrap();
    let again = directory.create_service_principal(call.clone(), created.app_id).await.unwrap_err();
    assert_eq!(again.refusal(), Some(RefusalReason::AlreadyExists));
    let grant = NewPermissionGrant::new(principal.id, graph.id, "User.Read");
    let granted = directory.create_permission_grant(call.clone(), &grant).await.unwrap();
    directory
        .update_permission_grant(call.clone(), &granted.id, "User.Read openid")
        .await
        .unwrap();
    let held = directory.permission_grants(call.clone(), principal.id).await.unwrap();
    assert!(held.len() == 1 && held[0].covers("openid") && held[0].is_tenant_wide());
    let role = NewRoleAssignment::new(principal.id, graph.id, well_known::DIRECTORY_READ_ALL_ROLE);
    directory.assign_role(call.clone(), &role).await.unwrap();
    let again = directory.assign_role(call.clone(), &role).await.unwrap_err();
    assert_eq!(again.refusal(), Some(RefusalReason::AlreadyExists));

    directory.delete_application(call.clone(), created.object_id).await.unwrap();
    let state = tenant.state();
    assert_eq!(state["oauth2PermissionGrants"], json!([]));
    assert_eq!(state["appRoleAssignments"], json!([]));
    assert_eq!(state["deletedServicePrincipals"].as_array().unwrap().len(), 1);
    let taken = directory.create_application(call.clone(), &app("Server")).await.unwrap_err();
    assert_eq!(taken.refusal(), Some(RefusalReason::UniqueNameInUse));
    directory.purge_application(call.clone(), created.object_id).await.unwrap();
    directory.create_application(call.clone(), &app("Server")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_object_cannot_be_seen_until_the_lag_is_over() {
    let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(30)).build();
    let directory = tenant.directory();
    let call = Call::quiet();
    let created = directory.create_application(call.clone(), &app("Server")).await.unwrap();
    let key = ApplicationKey::ApplicationId(created.app_id);
    assert!(directory.application(call.clone(), &key).await.unwrap().is_none());
    let change = properties("Renamed");
    let error = directory
        .update_application(call.clone(), created.object_id, &change)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::NotFound));
    let error = directory.create_service_principal(call.clone(), created.app_id).await.unwrap_err();
    assert!(error.may_be_replication(), "{error}");
    let error = directory.create_application(call.clone(), &app("Server")).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::UniqueNameInUse), "uniqueness holds at once");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(directory.application(call.clone(), &key).await.unwrap().is_some());
    directory.create_service_principal(call.clone(), created.app_id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_is_repeated_and_told_of() {
    let tenant = tenant();
    let directory = tenant.directory();
    tenant.throttle(2, Some(Duration::from_secs(7)));
    let (call, mut events) = Call::channel();
    directory.tenant(call).await.unwrap();
    let mut heard = Vec::new();
    while let Some(event) = events.try_next() {
        if let cmg_onboarding::call::CallEvent::Retried(retry) = event {
            heard.push(retry.delay);
        }
    }
    assert_eq!(heard, [Duration::from_secs(7); 2]);
    let statuses: Vec<u16> = tenant.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [429, 429, 200]);
}

#[tokio::test]
async fn a_write_may_be_carried_out_and_fail_all_the_same() {
    let tenant = tenant();
    let directory = tenant.directory();
    tenant.fail_on("POST /applications", Fault::CarriedOutButNotFound);
    let error = directory.create_application(Call::quiet(), &app("Server")).await.unwrap_err();
    assert!(error.may_have_been_carried_out(), "{error}");
    let key = ApplicationKey::UniqueName("unique Server".to_owned());
    assert!(directory.application(Call::quiet(), &key).await.unwrap().is_some());
}

#[tokio::test]
async fn the_secret_can_be_kept_out_of_the_create_answer() {
    let tenant = EmulatedTenant::builder().secret_in_create_answer(false).build();
    let directory = tenant.directory();
    let password = NewPassword::new("marker", OffsetDateTime::UNIX_EPOCH.replace_year(2199).unwrap());
    let new = app("Server").with_password(password.clone());
    let created = directory.create_application(Call::quiet(), &new).await.unwrap();
    assert_eq!(created.password_credentials.len(), 1);
    assert!(created.password_credentials[0].secret_text.is_none());
    let added = directory.add_password(Call::quiet(), created.object_id, &password).await.unwrap();
    assert!(tenant.secret_is_live(created.app_id, added.secret_text.unwrap().expose()));
}

/// One refusal: as the client read it, and as the server wrote it.
async fn compare(tenant: &EmulatedTenant, caller: &Caller, error: DirectoryError, method: &str, path: &str, body: Value) {
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}v1.0/{path}", server.url());
    let answer = client
        .request(method.parse().unwrap(), url)
        .bearer_auth(tenant.token_for(caller))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let envelope: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let DirectoryError::Refused(refused) = error else {
        panic!("a refusal was expected: {error}");
    };
    assert_eq!(refused.trace().unwrap().status, Some(status));
    assert_eq!(envelope["error"]["code"], refused.service_code());
    assert_eq!(envelope["error"]["message"], refused.message());
    let details = serde_json::to_value(refused.details()).unwrap();
    assert_eq!(envelope["error"].get("details").cloned().unwrap_or_else(|| json!([])), details);
}

#[tokio::test]
async fn the_client_reads_a_refusal_as_the_server_wrote_it() {
    let administrator = Caller::global_administrator();
    let call = Call::quiet();
    let mut policy = AppManagementPolicy::default();
    policy.longest_secret = Some(time::Duration::days(180));
    policy.uris_need_an_owner = true;
    let tenant = EmulatedTenant::builder().policy(policy).build();
    let directory = tenant.directory();
    tenant.add_application(json!({"displayName": "Theirs", "identifierUris": ["https://contoso.com/x"], "uniqueName": "taken"}));

    for (change, reason) in [
        (
            json!({"identifierUris": ["https://ConfigMgrService"]}),
            RefusalReason::UriNotOnVerifiedDomain,
        ),
        (json!({"identifierUris": ["https://CONTOSO.com/x"]}), RefusalReason::UriInUse),
        (json!({"identifierUris": ["api://anything"]}), RefusalReason::UriBlockedByPolicy),
        (json!({"uniqueName": "taken"}), RefusalReason::UniqueNameInUse),
        (json!({"displayName": "x".repeat(121)}), RefusalReason::Other),
        (json!({"identifierUris": ["https://contoso.com/y/"]}), RefusalReason::Other),
    ] {
        let mut body = json!({"displayName": "Mine", "signInAudience": "AzureADMyOrg"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let properties: ApplicationProperties = serde_json::from_value(body.clone()).unwrap();
        let error = directory
            .create_application(call.clone(), &NewApplication::new(properties))
            .await
            .unwrap_err();
        assert_eq!(error.refusal(), Some(reason), "{error}");
        compare(&tenant, &administrator, error, "POST", "applications", body).await;
    }

    let created = directory.create_application(call.clone(), &app("Server")).await.unwrap();
    let password = NewPassword::new("long", datetime!(2199-01-01 00:00 UTC));
    let error = directory
        .add_password(call.clone(), created.object_id, &password)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::SecretLifetimeTooLong));
    let path = format!("applications/{}/addPassword", created.object_id);
    let body = json!({"passwordCredential": {"endDateTime": "2199-01-01T00:00:00Z"}});
    compare(&tenant, &administrator, error, "POST", &path, body).await;

    let weak = Caller::global_administrator().with_scopes(["User.Read"]);
    let error = tenant
        .with_caller(weak.clone())
        .directory()
        .create_service_principal(call.clone(), created.app_id)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing));
    compare(&tenant, &weak, error, "POST", "servicePrincipals", json!({"appId": created.app_id})).await;

    let late = Caller::global_administrator().expired();
    let error = tenant.with_caller(late.clone()).directory().tenant(call.clone()).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::TokenRejected));
    compare(&tenant, &late, error, "GET", "organization", Value::Null).await;
}

#[tokio::test]
async fn permissions_of_microsoft_graph_are_given_by_privileged_roles_alone() {
    let tenant = tenant();
    let directory = tenant.directory();
    let call = Call::quiet();
    let created = directory.create_application(call.clone(), &app("Server")).await.unwrap();
    let principal = directory.create_service_principal(call.clone(), created.app_id).await.unwrap();
    let graph = directory
        .service_principal(call.clone(), well_known::MICROSOFT_GRAPH)
        .await
        .unwrap()
        .unwrap();
    let role = NewRoleAssignment::new(principal.id, graph.id, well_known::DIRECTORY_READ_ALL_ROLE);
    for (held, expected) in [
        (
            DirectoryRole::CloudApplicationAdministrator.id(),
            Some(RefusalReason::PermissionMissing),
        ),
        (DirectoryRole::PrivilegedRoleAdministrator.id(), None),
    ] {
        let caller = Caller::global_administrator().with_directory_roles([held]).without_wids_claim();
        let directory = tenant.with_caller(caller).directory();
        let roles = [DirectoryRole::GlobalAdministrator.id(), held];
        assert_eq!(directory.held_roles(call.clone(), &roles).await.unwrap(), [held]);
        assert_eq!(directory.signed_in(call.clone()).await.unwrap().directory_roles, None);
        assert_eq!(
            directory
                .assign_role(call.clone(), &role)
                .await
                .err()
                .and_then(|error| error.refusal()),
            expected
        );
    }
}

#[tokio::test]
async fn an_enabled_scope_is_switched_off_before_it_is_removed() {
    let tenant = tenant();
    let directory = tenant.directory();
    let call = Call::quiet();
    let mut scope = PermissionScope::new(
        PermissionId::new(uuid!("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02")),
        "user_impersonation",
    );
    // Without both of them an enabled scope is refused.
    scope.admin_consent_display_name = Some("Access".to_owned());
    scope.admin_consent_description = Some("Access".to_owned());
    let with_scopes = |scopes: Vec<PermissionScope>| {
        let mut properties = ApplicationProperties::default();
        let mut api = cmg_onboarding::directory::ApiApplication::default();
        api.oauth2_permission_scopes = Some(scopes);
        properties.api = Some(api);
        properties
    };
    let mut new = app("Server");
    new.properties.api = with_scopes(vec![scope.clone()]).api;
    let id = directory.create_application(call.clone(), &new).await.unwrap().object_id;
    directory
        .update_application(call.clone(), id, &with_scopes(vec![scope.clone()]))
        .await
        .unwrap();
    let error = directory
        .update_application(call.clone(), id, &with_scopes(Vec::new()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("CannotDeleteOrUpdateEnabledEntitlement"), "{error}");
    scope.is_enabled = false;
    directory
        .update_application(call.clone(), id, &with_scopes(vec![scope]))
        .await
        .unwrap();
    directory
        .update_application(call.clone(), id, &with_scopes(Vec::new()))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_client_meets_changes_and_deletions_that_readers_have_not_heard_of() {
    let lag = Duration::from_secs(20);
    let tenant = EmulatedTenant::builder().change_lag(lag).build();
    let directory = tenant.directory();
    let created = directory.create_application(Call::quiet(), &app("Server")).await.unwrap();
    let key = ApplicationKey::ApplicationId(created.app_id);
    let name = async || {
        let found = directory.application(Call::quiet(), &key).await.unwrap();
        found.and_then(|found| found.properties.display_name)
    };
    directory
        .update_application(Call::quiet(), created.object_id, &properties("Renamed"))
        .await
        .unwrap();
    assert_eq!(name().await.as_deref(), Some("Server"));
    tokio::time::sleep(lag).await;
    assert_eq!(name().await.as_deref(), Some("Renamed"));
    directory.delete_application(Call::quiet(), created.object_id).await.unwrap();
    assert_eq!(name().await.as_deref(), Some("Renamed"));
    let names = ["unique Server".to_owned()];
    let deleted = async || directory.deleted_applications(Call::quiet(), &names).await.unwrap().len();
    assert_eq!(deleted().await, 0);
    tokio::time::sleep(lag).await;
    assert_eq!((name().await, deleted().await), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn the_client_meets_a_reader_that_repeats_old_answers() {
    let tenant = EmulatedTenant::builder().stale_reads(Duration::from_secs(6)).build();
    let directory = tenant.directory();
    let created = directory.create_application(Call::quiet(), &app("Server")).await.unwrap();
    let key = ApplicationKey::ApplicationId(created.app_id);
    let is_read = async || directory.application(Call::quiet(), &key).await.unwrap().is_some();
    assert!(!is_read().await);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(is_read().await);
    directory.delete_application(Call::quiet(), created.object_id).await.unwrap();
    assert!(is_read().await);
    let names = ["unique Server".to_owned()];
    assert_eq!(directory.deleted_applications(Call::quiet(), &names).await.unwrap().len(), 1);
    let unchanged = properties("Server");
    let written = directory.update_application(Call::quiet(), created.object_id, &unchanged).await;
    assert!(written.is_err(), "a write acts on what there is");
}

#[tokio::test]
async fn the_client_knows_the_stricter_rule_for_uris_by_its_published_words() {
    let mut policy = AppManagementPolicy::default();
    policy.only_default_uris = true;
    let directory = EmulatedTenant::builder().policy(policy).build().directory();
    let mut properties = properties("Server");
    properties.identifier_uris = Some(vec!["https://contoso.com/x".to_owned()]);
    let refused = directory
        .create_application(Call::quiet(), &NewApplication::new(properties))
        .await
        .unwrap_err();
    assert_eq!(refused.refusal(), Some(RefusalReason::UriBlockedByPolicy), "{refused}");
}
