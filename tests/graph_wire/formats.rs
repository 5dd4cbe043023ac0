//! What goes over the wire, operation by operation, and how the answers are read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cmg_onboarding::{
    Call, CloudEndpoints, Directory, GraphDirectory, StaticToken,
    directory::{
        ApiApplication, ApplicationKey, ApplicationProperties, ImplicitGrantSettings, NewApplication, NewPassword, NewPermissionGrant,
        NewRoleAssignment, PermissionScope, RequiredResourceAccess, ResourceAccess, ServicePrincipalLockConfiguration, SignedIn,
        WebApplication,
    },
    ids::{PermissionGrantId, RoleTemplateId, well_known},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use super::support::{Graph, NOW, id, json};

const SECRET: &str = "s3cret~value";

fn application() -> Value {
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications/$entity",
        "id": "00000000-0000-0000-0000-000000000001",
        "appId": "00000000-0000-0000-0000-000000000002",
        "displayName": "ConfigMgr",
        "uniqueName": null,
        "identifierUris": ["api://x/ConfigMgrService"],
        "web": {"homePageUrl": null, "redirectUris": [], "unknown": 1},
        "publicClient": null,
        "passwordCredentials": [{
            "keyId": "00000000-0000-0000-0000-000000000003", "displayName": "d", "hint": "s3c",
            "endDateTime": "2027-10-01T12:00:00.1234567Z", "secretText": SECRET, "customKeyIdentifier": null,
        }],
        "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [
            {"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"},
        ]}],
        "somethingNew": {"a": [1]},
    })
}

fn properties() -> ApplicationProperties {
    let mut properties = ApplicationProperties::default();
    properties.display_name = Some("O'Neil \"50%\" # \u{fc}".to_owned());
    properties.unique_name = Some("cmg-server".to_owned());
    properties.sign_in_audience = Some("AzureADMyOrg".to_owned());
    properties.identifier_uris = Some(vec!["api://x/ConfigMgrService".to_owned()]);
    let mut settings = ImplicitGrantSettings::default();
    settings.enable_id_token_issuance = Some(true);
    let mut web = WebApplication::default();
    web.home_page_url = Some("https://ConfigMgrService".to_owned());
    web.implicit_grant_settings = Some(settings);
    properties.web = Some(web);
    let mut api = ApiApplication::default();
    api.oauth2_permission_scopes = Some(vec![PermissionScope::new(id(9), "user_impersonation")]);
    properties.api = Some(api);
    let read = ResourceAccess::role(well_known::DIRECTORY_READ_ALL_ROLE);
    properties.required_resource_access = Some(vec![RequiredResourceAccess::new(well_known::MICROSOFT_GRAPH, vec![read])]);
    properties
}

#[tokio::test]
async fn an_app_registration_is_created_with_its_secret_in_one_call() {
    let graph = Graph::json(201, application()).await;
    let password = NewPassword::new("cmg", NOW + Duration::days(365));
    let new = NewApplication::new(properties()).with_password(password);
    let made = graph.directory().create_application(Call::quiet(), &new).await.unwrap();
    assert_eq!(made.object_id, id(1));
    assert_eq!(made.app_id, id(2));
    let credential = &made.password_credentials[0];
    assert_eq!(credential.secret_text.as_ref().unwrap().expose(), SECRET);
    assert_eq!(credential.end_date_time, Some(datetime!(2027-10-01 12:00:00.1234567 UTC)));
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn an_app_registration_without_secret_is_created_and_changed_with_what_is_set_alone() {
    let graph = Graph::json(201, application()).await;
    let mut few = ApplicationProperties::default();
    few.display_name = Some("Client".to_owned());
    few.is_fallback_public_client = Some(true);
    graph
        .directory()
        .create_application(Call::quiet(), &NewApplication::new(few.clone()))
        .await
        .unwrap();
    let directory = graph.directory();
    directory.update_application(Call::quiet(), id(1), &few).await.unwrap();
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn app_registrations_are_looked_up_by_keys_that_hold_any_character() {
    let graph = Graph::json(200, application()).await;
    let directory = graph.directory();
    let keys = [
        ApplicationKey::ApplicationId(id(2)),
        ApplicationKey::UniqueName("cmg-server".to_owned()),
        ApplicationKey::UniqueName("O'Neil 50%/#?&\u{fc}".to_owned()),
    ];
    for key in keys {
        assert!(directory.application(Call::quiet(), &key).await.unwrap().is_some());
    }
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn the_owner_of_an_app_id_uri_is_looked_up_by_an_escaped_filter() {
    let graph = Graph::json(200, json!({"value": [application()]})).await;
    let uri = "https://contoso.com/O'Neil?a=b&c=50%#\u{fc}";
    let found = graph.directory().application_with_uri(Call::quiet(), uri).await.unwrap();
    assert_eq!(found.unwrap().app_id, id(2));
    let request = &graph.requests().await[0];
    let filter = request.url.query_pairs().find(|(name, _)| name == "$filter").unwrap().1;
    assert_eq!(filter, "identifierUris/any(u:u eq 'https://contoso.com/O''Neil?a=b&c=50%#\u{fc}')");
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let missing = json!({"error": {"code": "Request_ResourceNotFound", "message": "Resource 'x' does not exist."}});
    let graph = Graph::answering([json(404, missing.clone()), json(404, missing), json(200, json!({"value": []}))]).await;
    let directory = graph.directory();
    let key = ApplicationKey::UniqueName("x".to_owned());
    assert!(directory.application(Call::quiet(), &key).await.unwrap().is_none());
    assert!(directory.service_principal(Call::quiet(), id(2)).await.unwrap().is_none());
    assert!(directory.application_with_uri(Call::quiet(), "api://x").await.unwrap().is_none());
}

#[tokio::test]
async fn secrets_are_added_and_removed() {
    let credential = json!({"keyId": "00000000-0000-0000-0000-000000000003", "secretText": SECRET, "endDateTime": null});
    let graph = Graph::answering([json(200, credential), wiremock::ResponseTemplate::new(204)]).await;
    let directory = graph.directory();
    let new = NewPassword::new("cmg", NOW + Duration::days(365));
    let made = directory.add_password(Call::quiet(), id(1), &new).await.unwrap();
    assert_eq!(made.secret_text.as_ref().unwrap().expose(), SECRET);
    assert!(!format!("{made:?}").contains(SECRET));
    directory.remove_password(Call::quiet(), id(1), made.key_id).await.unwrap();
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn service_principals_are_created_and_looked_up() {
    let principal = json!({"id": "00000000-0000-0000-0000-000000000004", "appId": "00000000-0000-0000-0000-000000000002"});
    let graph = Graph::json(200, principal).await;
    let directory = graph.directory();
    let made = directory.create_service_principal(Call::quiet(), id(2)).await.unwrap();
    let found = directory.service_principal(Call::quiet(), id(2)).await.unwrap();
    assert_eq!(Some(made), found);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn consents_to_delegated_permissions_are_read_given_and_changed() {
    let grant = json!({
        "id": "a/b+c", "clientId": "00000000-0000-0000-0000-000000000004", "consentType": "AllPrincipals",
        "principalId": null, "resourceId": "00000000-0000-0000-0000-000000000005", "scope": "user_impersonation",
    });
    let empty = wiremock::ResponseTemplate::new(204);
    let graph = Graph::answering([json(200, json!({"value": [grant.clone()]})), json(201, grant), empty]).await;
    let directory = graph.directory();
    let found = directory.permission_grants(Call::quiet(), id(4)).await.unwrap();
    let new = NewPermissionGrant::new(id(4), id(5), "user_impersonation");
    let made = directory.create_permission_grant(Call::quiet(), &new).await.unwrap();
    assert_eq!(found, [made]);
    let changed = directory
        .update_permission_grant(Call::quiet(), &PermissionGrantId::new("a/b+c"), "a b")
        .await;
    changed.unwrap();
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn application_permissions_are_read_and_given_on_the_resources_side() {
    let assignment = json!({
        "id": "r1", "principalId": "00000000-0000-0000-0000-000000000004", "principalType": "ServicePrincipal",
        "resourceId": "00000000-0000-0000-0000-000000000005", "appRoleId": well_known::DIRECTORY_READ_ALL_ROLE,
    });
    let graph = Graph::answering([json(200, json!({"value": [assignment.clone()]})), json(201, assignment)]).await;
    let directory = graph.directory();
    let found = directory.role_assignments(Call::quiet(), id(4)).await.unwrap();
    let new = NewRoleAssignment::new(id(4), id(5), well_known::DIRECTORY_READ_ALL_ROLE);
    assert_eq!(found, [directory.assign_role(Call::quiet(), &new).await.unwrap()]);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn objects_are_deleted_and_purged() {
    let graph = Graph::answering([wiremock::ResponseTemplate::new(204)]).await;
    let directory = graph.directory();
    directory.delete_application(Call::quiet(), id(1)).await.unwrap();
    directory.delete_service_principal(Call::quiet(), id(4)).await.unwrap();
    directory.purge_application(Call::quiet(), id(1)).await.unwrap();
    directory.purge_service_principal(Call::quiet(), id(4)).await.unwrap();
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn a_deleted_app_is_restored_and_the_owners_of_an_app_are_read() {
    let owners = json!({"value": [{"@odata.type": "#microsoft.graph.user", "id": "00000000-0000-0000-0000-000000000005"}]});
    let graph = Graph::json(200, owners).await;
    let directory = graph.directory();
    assert!(directory.restores_applications());
    directory.restore_application(Call::quiet(), id(1)).await.unwrap();
    let owners = directory.application_owners(Call::quiet(), id(1)).await.unwrap();
    assert_eq!(owners, [id(5)]);
    assert_eq!(directory.federated_credentials(Call::quiet(), id(1)).await.unwrap(), [""]);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn an_app_registration_is_created_with_its_owners_and_its_property_lock() {
    let graph = Graph::json(201, application()).await;
    let mut locked = ApplicationProperties::default();
    locked.display_name = Some("Client".to_owned());
    locked.service_principal_lock_configuration = Some(ServicePrincipalLockConfiguration::of_all_properties());
    let new = NewApplication::new(locked).with_owners(vec![id(5), id(6)]);
    graph.directory().create_application(Call::quiet(), &new).await.unwrap();
    // The address of the server under test has another port each time.
    let transcript = graph.transcript().await;
    let bound = transcript.split_once("owners@odata.bind").unwrap().1;
    for owner in 5..=6 {
        let path = format!("/v1.0/directoryObjects/00000000-0000-0000-0000-00000000000{owner}\"");
        assert!(bound.contains(&path), "{transcript}");
    }
    assert!(transcript.contains("servicePrincipalLockConfiguration"), "{transcript}");
}

#[tokio::test]
async fn what_is_odd_in_the_secrets_of_a_deleted_app_is_no_reason_to_stop() {
    let deleted = json!({"value": [
        {"id": "00000000-0000-0000-0000-000000000001", "uniqueName": "a", "passwordCredentials": [
            {"keyId": null, "displayName": null}, {"displayName": "by hand", "endDateTime": "soon"}, 7,
        ]},
        {"id": "00000000-0000-0000-0000-000000000002", "uniqueName": "b", "passwordCredentials": null},
    ]});
    let graph = Graph::json(200, deleted).await;
    let names = ["a".to_owned(), "b".to_owned()];
    let found = graph.directory().deleted_applications(Call::quiet(), &names).await.unwrap();
    assert_eq!(found[0].secret_descriptions, ["", "by hand", ""]);
    assert!(found[1].secret_descriptions.is_empty());
}

#[tokio::test]
async fn the_tenant_is_read_with_its_verified_domains() {
    let organization = json!({"value": [{
        "id": "00000000-0000-0000-0000-000000000007", "displayName": "Contoso", "city": null,
        "verifiedDomains": [
            {"name": "contoso.com", "isDefault": true, "isInitial": false, "type": "Managed"},
            {"name": "contoso.onmicrosoft.com", "isInitial": true},
            {"name": null},
        ],
    }]});
    let graph = Graph::json(200, organization).await;
    let tenant = graph.directory().tenant(Call::quiet()).await.unwrap();
    assert_eq!(tenant.id, id(7));
    assert_eq!(tenant.site_name(), "contoso.onmicrosoft.com");
    assert_eq!(tenant.domain_names(), ["contoso.com", "contoso.onmicrosoft.com"]);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn roles_are_asked_for_in_lots_of_twenty() {
    let graph = Graph::json(200, json!({"value": ["00000000-0000-0000-0000-000000000003", "not an id", 7]})).await;
    let roles: Vec<RoleTemplateId> = (1..=21).map(id).collect();
    let held = graph.directory().held_roles(Call::quiet(), &roles).await.unwrap();
    assert_eq!(held, [id(3)]);
    let sizes: Vec<usize> = graph
        .requests()
        .await
        .iter()
        .map(|request| {
            assert_eq!(
                (request.method.as_str(), request.url.path()),
                ("POST", "/v1.0/me/checkMemberObjects")
            );
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["ids"].as_array().unwrap().len()
        })
        .collect();
    assert_eq!(sizes, [20, 1]);
}

#[tokio::test]
async fn the_policy_for_new_apps_is_read_for_the_present_moment() {
    let policy = json!({"isEnabled": true, "applicationRestrictions": {
        "passwordCredentials": [{
            "restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P180D",
            "restrictForAppsCreatedAfterDateTime": "2026-10-01T12:00:00Z",
        }],
        "identifierUris": {"nonDefaultUriAddition": {"state": "enabled", "restrictForAppsCreatedAfterDateTime": "2026-10-01T12:00:01Z"}},
    }});
    let graph = Graph::json(200, policy).await;
    let found = graph.directory().app_management_policy(Call::quiet()).await.unwrap();
    assert_eq!(found.longest_secret, Some(Duration::days(180)));
    assert!(!found.only_default_uris && !found.secrets_forbidden);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn deleted_apps_are_found_on_every_page_by_their_unique_names() {
    let deleted = |number: u128, name: Value| json!({"id": uuid::Uuid::from_u128(number), "appId": null, "uniqueName": name});
    let graph = Graph::paged([
        vec![deleted(1, json!("other")), deleted(2, json!(null))],
        vec![deleted(3, json!("cmg"))],
    ])
    .await;
    let found = graph
        .directory()
        .deleted_applications(Call::quiet(), &["cmg".to_owned()])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].object_id, id(3));
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn marked_apps_are_found_on_every_page_by_the_beginning_of_the_unique_name_or_by_the_tag() {
    let app = |number: u128, name: Value, tags: Value, created: Value| {
        let id = uuid::Uuid::from_u128(number);
        json!({"id": id, "appId": id, "displayName": "x", "uniqueName": name, "tags": tags, "createdDateTime": created})
    };
    let pages = || {
        [
            vec![
                app(1, json!("other"), json!(["y"]), json!("2026-11-24T12:00:00Z")),
                app(2, json!(null), json!(null), json!(null)),
                app(3, json!("CMG-one"), json!([]), json!("2025-04-01T10:11:12.1234567Z")),
            ],
            // What is odd in one of them is no reason to stop.
            vec![
                app(4, json!(null), json!(["x", "mark"]), json!("not a date")),
                app(5, json!("cm"), json!([]), json!(7)),
            ],
        ]
    };
    let beginnings = ["cmg-".to_owned()];
    let graph = Graph::paged(pages()).await;
    let found = graph
        .directory()
        .marked_applications(Call::quiet(), &beginnings, "mark")
        .await
        .unwrap();
    let ids: Vec<_> = found.iter().map(|app| app.object_id).collect();
    assert_eq!(ids, [id(3), id(4)]);
    assert_eq!(found[0].created_date_time.unwrap().year(), 2025);
    assert_eq!(found[1].created_date_time, None);
    assert_snapshot!(graph.transcript().await);
    let graph = Graph::paged(pages()).await;
    let deleted = graph
        .directory()
        .marked_deleted_applications(Call::quiet(), &beginnings, "mark")
        .await
        .unwrap();
    assert_eq!(deleted.iter().map(|app| app.object_id).collect::<Vec<_>>(), ids);
    assert_snapshot!(graph.transcript().await);
}

#[tokio::test]
async fn who_is_signed_in_is_read_from_the_claims_of_the_token() {
    let payload = json!({"tid": "00000000-0000-0000-0000-000000000007", "scp": "User.Read", "upn": "a@contoso.com", "exp": 1_900_000_000});
    let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload.to_string()));
    let directory = GraphDirectory::new(CloudEndpoints::default(), StaticToken::new(token));
    let signed_in = directory.signed_in(Call::quiet()).await.unwrap();
    assert_eq!(signed_in.tenant_id, Some(id(7)));
    assert_eq!(signed_in.scopes, Some(vec!["User.Read".to_owned()]));
    assert_eq!(signed_in.account.as_deref(), Some("a@contoso.com"));
    assert_eq!(signed_in.expires_on.unwrap().unix_timestamp(), 1_900_000_000);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_tells_nothing_and_nobody_is_asked() {
    let graph = Graph::json(500, json!({})).await;
    // The scripted token is no JWT: nothing is known, and nothing is wrong.
    let signed_in = graph.directory().signed_in(Call::quiet()).await.unwrap();
    assert_eq!(signed_in, SignedIn::default());
    assert!(graph.requests().await.is_empty());
    assert_eq!(graph.tokens.asked()[0].scopes[0].rsplit('/').next(), Some(".default"));
}
