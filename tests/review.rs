//! The paper for the review board: complete, true to what a run makes, and made of the plan alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::{collections::BTreeSet, sync::Arc};

use cmg_onboarding::{
    AdoptedClientApp, ApplicationId, AzureServicesConnection, Call, ClientSecret, ConnectionSpec, Directory, ImportedClientApp,
    ImportedServerApp, SecretValidity, ServerAppSpec, Step,
    clock::FixedClock,
    connection::{
        AppRole, Consents, PlanDocument, PlannedAction,
        review::{ConsentState, Review},
    },
    ids::PermissionGrantId,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};
use support::{spec, spec_with_discovery};
use time::macros::datetime;

const CANARY: &str = "canary-7Q~secret";

fn job(spec: ConnectionSpec, tenant: &EmulatedTenant, site: &EmulatedSite) -> AzureServicesConnection {
    AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .site(site.clone())
        .clock(Arc::new(FixedClock(datetime!(2026-11-24 12:00 UTC))))
        .build()
        .unwrap()
}

fn importing() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
                .name("ConfigMgr Server")
                .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
                .secret_key(ClientSecret::new(CANARY))
                .secret_key_expiry(datetime!(2027-11-23 00:00 UTC))
                .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService"),
        )
        .client_app(
            ImportedClientApp::builder()
                .name("ConfigMgr *Client*")
                .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"),
        )
        .build()
        .unwrap()
}

async fn review_of(spec: ConnectionSpec) -> Review {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    job(spec, &tenant, &site).plan(|_| ()).await.unwrap().review()
}

/// The tenant and the ids that are derived from it differ from run to run.
fn without_ids(text: &str) -> String {
    const KEPT: [&str; 5] = [
        "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
        "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02",
        "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
        "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
        "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    ];
    let is_of_guid = |character: char| character.is_ascii_hexdigit() || character == '-';
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_guid) {
        let length = rest[start..].find(|character| !is_of_guid(character)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        shown.push_str(&rest[..start]);
        let is_id = word.len() == 36 && word.matches('-').count() == 4 && !KEPT.contains(&word);
        shown.push_str(if is_id { "{id}" } else { word });
        rest = &rest[start + length..];
    }
    shown + rest
}

#[tokio::test]
async fn the_paper_of_a_plan_that_creates_reads_well() {
    insta::assert_snapshot!("create", without_ids(&review_of(spec_with_discovery()).await.to_string()));
}

#[tokio::test]
async fn the_paper_of_a_plan_that_imports_claims_nothing_about_apps_that_it_does_not_register() {
    let site = EmulatedSite::new();
    let job = AzureServicesConnection::builder(importing()).site(site);
    let job = job.clock(Arc::new(FixedClock(datetime!(2026-11-24 12:00 UTC)))).build().unwrap();
    let review = job.plan(|_| ()).await.unwrap().review();
    assert!(review.permissions.is_empty() && review.caller.delegated.is_empty());
    assert_eq!(review.caller.site_roles, ["Infrastructure Administrator", "Full Administrator"]);
    let checks: Vec<&str> = review.tenant_checks.iter().map(|check| check.check.as_str()).collect();
    assert_eq!(checks, ["Applications don't have client secrets configured"]);
    let written = serde_json::to_string(&review).unwrap();
    assert!(!written.contains(CANARY) && !review.to_string().contains(CANARY));
    insta::assert_snapshot!("import_markdown", without_ids(&review.to_markdown()));
}

#[tokio::test]
async fn every_permission_that_a_run_gives_is_in_the_paper_and_no_other() {
    for spec in [spec(), spec_with_discovery()] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let before = permissions_in(&tenant.state());
        let plan = job(spec, &tenant, &site).plan(|_| ()).await.unwrap();
        let review = plan.review();
        plan.apply(|_| ()).await.unwrap();
        let given: BTreeSet<String> = permissions_in(&tenant.state()).difference(&before).cloned().collect();
        let told: BTreeSet<String> = review
            .permissions
            .iter()
            .map(|permission| match (permission.held_by, permission.id) {
                (AppRole::Client, _) => permission.name.clone(),
                (AppRole::Server, id) => id.unwrap().to_string(),
            })
            .collect();
        assert_eq!(told, given);
        assert!(consents(&review).iter().all(|consent| *consent == ConsentState::GivenByPlan));
        assert!(review.permissions.iter().all(|permission| permission.id.is_some()));
    }
}

fn consents(review: &Review) -> Vec<ConsentState> {
    review.permissions.iter().map(|permission| permission.consent).collect()
}

#[tokio::test]
async fn permissions_that_another_administrator_consents_to_are_in_the_paper_and_take_no_role_of_the_caller() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = AzureServicesConnection::builder(spec_with_discovery())
        .directory(tenant.directory())
        .site(site)
        .consents(Consents::LeaveToAdministrator)
        .build()
        .unwrap();
    let review = job.plan(|_| ()).await.unwrap().review();
    assert_eq!(consents(&review), [ConsentState::LeftToAdministrator; 3]);
    assert!(review.to_string().contains("Given: by another administrator, after this plan"));
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let without_discovery = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .site(site)
        .consents(Consents::LeaveToAdministrator)
        .build()
        .unwrap();
    let of_client = without_discovery.plan(|_| ()).await.unwrap().review();
    assert_eq!(consents(&of_client), [ConsentState::LeftToAdministrator; 2]);
    assert!(of_client.permissions.iter().all(|permission| permission.held_by == AppRole::Client));
    assert!(
        !review
            .caller
            .delegated
            .iter()
            .any(|name| name.contains("Grant") || name.contains("AppRoleAssignment"))
    );
}

#[tokio::test]
async fn a_consent_that_is_in_place_is_not_told_as_left_beside_one_that_is() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    job(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let state = tenant.state();
    let grants = state["oauth2PermissionGrants"].as_array().unwrap();
    let of_graph = grants.iter().find(|grant| grant["scope"] == "User.Read").unwrap();
    let id = PermissionGrantId::new(of_graph["id"].as_str().unwrap().to_owned());
    let administrator = tenant.directory();
    administrator
        .update_permission_grant(Call::quiet(), &id, "Mail.Read")
        .await
        .unwrap();
    let leaving = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .site(site)
        .consents(Consents::LeaveToAdministrator)
        .build()
        .unwrap();
    let review = leaving.plan(|_| ()).await.unwrap().review();
    let left = review
        .permissions
        .iter()
        .filter(|permission| permission.consent == ConsentState::LeftToAdministrator);
    let left: Vec<&str> = left.map(|permission| permission.name.as_str()).collect();
    assert_eq!(left, ["User.Read"]);
}

/// The consents of a tenant: names of delegated permissions, ids of application permissions.
fn permissions_in(state: &Value) -> BTreeSet<String> {
    let list = |kind: &str| state[kind].as_array().unwrap().clone();
    let delegated = list("oauth2PermissionGrants");
    let delegated = delegated.iter().flat_map(|grant| grant["scope"].as_str().unwrap().split(' '));
    let roles = list("appRoleAssignments");
    let roles = roles.iter().map(|role| role["appRoleId"].as_str().unwrap().to_owned());
    delegated.map(str::to_owned).chain(roles).collect()
}

#[tokio::test]
async fn every_object_that_a_run_makes_is_in_the_paper() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let plan = job(spec_with_discovery(), &tenant, &site).plan(|_| ()).await.unwrap();
    let review = plan.review();
    let outcome = plan.apply(|_| ()).await.unwrap();
    let made = outcome.report.steps().iter().filter(|report| report.action.is_change());
    let made: BTreeSet<Step> = made.map(|report| report.step).collect();
    let told: BTreeSet<Step> = review.changes.iter().map(|change| change.step).collect();
    assert!(made.is_subset(&told) && made.len() >= 13, "{made:?} {told:?}");
}

#[tokio::test]
async fn the_paper_is_made_of_the_document_alone_and_is_data() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let plan = job(spec_with_discovery(), &tenant, &site).plan(|_| ()).await.unwrap();
    let requests = tenant.requests().len();
    let review = plan.review();
    assert_eq!(tenant.requests().len(), requests);
    let stored = serde_json::to_string(plan.document()).unwrap();
    let read: PlanDocument = serde_json::from_str(&stored).unwrap();
    assert_eq!(read.review(), review);
    let written = serde_json::to_value(&review).unwrap();
    assert_eq!((&written["version"], &written["verb"]), (&json!(1), &json!("onboard")));
    assert_eq!(written["permissions"][0]["heldBy"], "client");
    let sources = review.permissions.iter().map(|permission| permission.source.as_str());
    let sources = sources.chain(review.tenant_checks.iter().map(|check| check.source.as_str()));
    for source in sources.chain(review.left_behind.iter().filter_map(|left| left.source.as_deref())) {
        assert!(
            source.starts_with("https://learn.microsoft.com/") || source.starts_with("https://github.com/cisagov/"),
            "{source}"
        );
    }
}

#[tokio::test]
async fn the_caller_is_told_the_least_roles_that_suffice_together() {
    use cmg_onboarding::permissions::DirectoryRole::{CloudApplicationAdministrator, PrivilegedRoleAdministrator};
    assert_eq!(review_of(spec()).await.caller.roles, [CloudApplicationAdministrator]);
    let with_discovery = review_of(spec_with_discovery()).await.caller.roles;
    assert_eq!(with_discovery, [CloudApplicationAdministrator, PrivilegedRoleAdministrator]);
}

#[tokio::test]
async fn only_a_secret_of_more_than_180_days_is_flagged_for_its_length() {
    let long = review_of(spec()).await;
    let is_about_length = |review: &Review| review.tenant_checks.iter().any(|check| check.check.contains("180 days"));
    assert!(is_about_length(&long));
    let two_years = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("Server").secret_validity(SecretValidity::TwoYears))
        .client_app(cmg_onboarding::ClientAppSpec::builder("Client"))
        .build()
        .unwrap();
    let review = review_of(two_years).await;
    let flagged = review.tenant_checks.iter().find(|check| check.check.contains("180 days")).unwrap();
    assert!(flagged.flags.contains("2028-11-24"), "{}", flagged.flags);

    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let plan = job(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
    let mut written = serde_json::to_value(plan.document()).unwrap();
    for change in written["changes"].as_array_mut().unwrap() {
        if let Some(secret) = change["operation"].get_mut("secret").filter(|secret| secret.is_object()) {
            secret["expiresAbout"] = json!("2027-05-23");
        }
    }
    let short: PlanDocument = serde_json::from_value(written).unwrap();
    assert!(!is_about_length(&short.review()), "180 days are allowed");
}

#[tokio::test]
async fn a_client_app_that_is_there_is_completed_with_its_own_id_in_the_paper() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let client: ApplicationId = tenant
        .add_application(json!({"displayName": "By hand", "signInAudience": "AzureADMyOrg"}))
        .into();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("Server"))
        .client_app(AdoptedClientApp::new(client))
        .build()
        .unwrap();
    let plan = job(spec, &tenant, &site).plan(|_| ()).await.unwrap();
    assert_eq!(plan.tenant_name(), plan.document().tenant_name);
    assert!(!plan.tenant_name().is_empty());
    let review = plan.review();
    let completion = review.changes.iter().find(|change| change.step == Step::CompleteClientApp).unwrap();
    let redirect = completion.details.iter().find(|detail| detail.name.starts_with("Redirect URI"));
    assert_eq!(
        redirect.unwrap().value,
        format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}")
    );
}

#[tokio::test]
async fn the_permission_that_a_client_app_lacks_is_named_by_its_id_beside_what_it_asks_of_others() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec(), &tenant, &site);
    let made = job.plan(|_| ()).await.unwrap();
    let id_of = |review: &Review| {
        let named = review.permissions.iter().find(|permission| permission.name == "user_impersonation");
        named.unwrap().id.unwrap()
    };
    let expected = id_of(&made.review());
    let outcome = made.apply(|_| ()).await.unwrap();
    let (server, client) = (
        outcome.server_app.unwrap().application_id,
        outcome.client_app.unwrap().application_id,
    );
    // What the client app asks of Microsoft Graph stands first in the list that the plan writes.
    let mail_read = "570282fd-fa5c-430d-a7fd-fc8dc98a9dca";
    let of_graph = json!({"requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000",
        "resourceAccess": [{"id": mail_read, "type": "Scope"}]}]});
    assert!(tenant.change_object(client, of_graph));
    let review = job.plan(|_| ()).await.unwrap().review();
    let changed: Vec<Step> = review.changes.iter().map(|change| change.step).collect();
    assert_eq!(changed, [Step::CompleteClientApp]);
    assert_eq!(id_of(&review), expected);
    // It is the server app's that lacks it: the client app asks for it still.
    job.onboard(|_| ()).await.unwrap();
    assert!(tenant.change_object(server, json!({"api": {"oauth2PermissionScopes": []}})));
    let review = job.plan(|_| ()).await.unwrap().review();
    let changed: Vec<Step> = review.changes.iter().map(|change| change.step).collect();
    assert_eq!(changed, [Step::RegisterServerApp]);
    assert_eq!(id_of(&review), expected);
}

#[tokio::test]
async fn a_second_run_and_a_removal_have_papers_of_their_own() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec_with_discovery(), &tenant, &site);
    job.onboard(|_| ()).await.unwrap();
    let again = job.plan(|_| ()).await.unwrap().review();
    assert!(again.changes.is_empty() && again.to_string().contains("Nothing: everything is in place."));
    assert!(consents(&again).iter().all(|consent| *consent == ConsentState::InPlace));
    assert_eq!(again.permissions.len(), 3);
    assert_eq!((again.caller.roles.len(), again.caller.site_roles.len()), (0, 0));
    assert!(
        !again.caller.delegated.iter().any(|name| name.contains("Application.ReadWrite")),
        "{:?}",
        again.caller
    );

    let removal = job.plan_removal(|_| ()).await.unwrap().review();
    let removed = removal.changes.iter().filter(|change| change.action == PlannedAction::Remove);
    assert_eq!(removed.count(), 3);
    assert!(removal.tenant_checks.is_empty() && removal.permissions.is_empty());
    assert_eq!(removal.left_behind.len(), 3, "{:?}", removal.left_behind);
    assert!(removal.to_string().starts_with("Removal of an Azure service connection"));
}

#[tokio::test]
async fn the_redirect_uri_is_flagged_if_a_plan_gives_it_to_a_new_app_or_to_one_that_is_there() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec(), &tenant, &site);
    let is_flagged = async || {
        let review = job.plan(|_| ()).await.unwrap().review();
        let mut checks = review.tenant_checks.iter();
        checks.any(|check| check.check == "App registrations use safe redirect URIs")
    };
    assert!(is_flagged().await);
    let server = job.onboard(|_| ()).await.unwrap().server_app.unwrap().application_id;
    assert!(!is_flagged().await, "nothing is changed");
    assert!(tenant.change_object(server, json!({"identifierUris": []})));
    assert!(!is_flagged().await, "another property is changed");
    assert!(tenant.change_object(server, json!({"web": {"redirectUris": []}})));
    assert!(is_flagged().await);
}
