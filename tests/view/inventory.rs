//! What this crate has made in a tenant, found among all other apps.

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, DirectoryHandle, OnboardingError, ServerAppSpec, StaticToken, Step,
    connection::{AppRole, Inventory, ReadError, registrations},
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedWire, WireFault, WireRefusal};
use serde_json::json;

use crate::{
    Connected, codes,
    support::{count, spec},
};

const TAG: &str = "configmgr-cmg-onboarding";

async fn inventory(tenant: &EmulatedTenant) -> Inventory {
    registrations(&DirectoryHandle::from(tenant.directory()), |_| ()).await.unwrap()
}

fn named(name: &str, tenant: &EmulatedTenant) -> ConnectionSpec {
    let uri = format!("api://{}/{}", tenant.tenant_id(), name.replace(' ', "-"));
    ConnectionSpec::builder(name)
        .server_app(ServerAppSpec::builder(format!("{name} server")).app_id_uri(uri))
        .client_app(ClientAppSpec::builder(format!("{name} client")))
        .build()
        .unwrap()
}

async fn register(spec: ConnectionSpec, tenant: &EmulatedTenant) {
    let job = AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
}

#[tokio::test]
async fn a_forgotten_pair_is_found_among_three_hundred_apps_on_many_pages_and_removed() {
    let tenant = EmulatedTenant::new();
    for number in 0..300 {
        tenant.add_application(json!({
            // Neither a name nor a similar unique name makes an app one of this crate.
            "displayName": if number % 2 == 0 { "ConfigMgr Server" } else { "Lost CMG server" },
            "uniqueName": format!("configmgr-cmg-server-{number}"),
        }));
        if number == 150 {
            register(named("Lost CMG", &tenant), &tenant).await;
        }
    }
    register(spec(), &tenant).await;
    let wire = EmulatedWire::new(&tenant);
    let directory = wire.directory(StaticToken::new(tenant.token_for(&Caller::global_administrator())));
    let found = registrations(&DirectoryHandle::from(directory), |_| ()).await.unwrap();
    let lists = wire
        .requests()
        .iter()
        .filter(|request| request.path.ends_with("/applications"))
        .count();
    assert!(lists >= 1, "{:?}", wire.requests());
    let keys: Vec<_> = found.registrations.iter().map(|entry| (entry.key.as_deref(), entry.role)).collect();
    let pair = |key| [(Some(key), Some(AppRole::Server)), (Some(key), Some(AppRole::Client))];
    assert_eq!(keys, [pair("Contoso CMG"), pair("Lost CMG")].concat());
    assert!(
        found
            .registrations
            .iter()
            .all(|entry| entry.is_tagged && !entry.is_deleted && entry.created.is_some())
    );
    assert!(found.findings.is_empty());

    // The specification is not needed.
    let orphan = found
        .registrations
        .iter()
        .find(|entry| entry.key.as_deref() == Some("Lost CMG"))
        .unwrap();
    let removal = found.removal(orphan).unwrap().directory(tenant.directory()).build().unwrap();
    let plan = removal.plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.step(Step::RemoveServerApp).is_some() && plan.step(Step::RemoveClientApp).is_some(),
        "{plan}"
    );
    plan.apply(|_| ()).await.unwrap();
    let left = inventory(&tenant).await;
    assert!(left.registrations.iter().all(|entry| entry.key.as_deref() == Some("Contoso CMG")));
    assert_eq!(left.registrations.len(), 2);
    assert_eq!(count(&tenant.state(), "applications"), 302, "the apps of others are untouched");
}

#[tokio::test]
async fn apps_over_several_pages_are_all_read() {
    let tenant = EmulatedTenant::new();
    register(spec(), &tenant).await;
    for _ in 0..1_200 {
        tenant.add_application(json!({"displayName": "Other"}));
    }
    register(named("Last", &tenant), &tenant).await;
    assert_eq!(inventory(&tenant).await.registrations.len(), 4);
}

#[tokio::test]
async fn deleted_apps_are_marked_and_can_be_removed_for_good() {
    let tenant = EmulatedTenant::new();
    register(spec(), &tenant).await;
    for entry in inventory(&tenant).await.registrations {
        assert!(tenant.soft_delete(entry.application_id.unwrap()));
    }
    let found = inventory(&tenant).await;
    assert_eq!(found.registrations.len(), 2);
    assert!(
        found
            .registrations
            .iter()
            .all(|entry| entry.is_deleted && entry.created.is_some() && entry.deleted.is_some() && entry.is_tagged)
    );
    let removal = found
        .removal(&found.registrations[1])
        .unwrap()
        .directory(tenant.directory())
        .build()
        .unwrap();
    removal.remove(|_| ()).await.unwrap();
    assert!(inventory(&tenant).await.registrations.is_empty());
}

#[tokio::test]
async fn an_app_of_an_older_version_without_a_tag_is_found_and_stays_without_one() {
    let connected = Connected::of(spec()).await;
    let server = connected.outcome.server_app.as_ref().unwrap().application_id;
    assert!(connected.tenant.change_object(server, json!({"tags": []})));
    let entry = inventory(&connected.tenant).await.registrations[0].clone();
    assert_eq!((entry.application_id, entry.is_tagged), (Some(server), false));
    let job = crate::support::connection(spec(), &connected.tenant, &connected.site);
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    job.onboard(|_| ()).await.unwrap();
    assert!(!inventory(&connected.tenant).await.registrations[0].is_tagged);
}

#[tokio::test]
async fn an_app_that_only_has_the_tag_is_listed_and_never_removed() {
    let tenant = EmulatedTenant::new();
    tenant.add_application(json!({"displayName": "Copied", "tags": ["x", TAG], "uniqueName": "configmgr-cmg-server-by-hand"}));
    let found = inventory(&tenant).await;
    let [entry] = &found.registrations[..] else { panic!("{found}") };
    assert_eq!((entry.is_tagged, &entry.unique_name, entry.role), (true, &None, None));
    assert!(found.removal(entry).is_none());
}

#[tokio::test]
async fn apps_with_a_valid_secret_for_a_site_stay_unless_the_caller_says_that_nothing_uses_them() {
    let connected = Connected::of(spec()).await;
    let found = inventory(&connected.tenant).await;
    let builder = || {
        found
            .removal(&found.registrations[0])
            .unwrap()
            .directory(connected.tenant.directory())
    };
    let plan = builder().build().unwrap().plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.is_empty() && codes(plan.findings()).contains(&"appsUsedByAnotherSite".to_owned()),
        "{plan}"
    );
    // With the site, a connection of another name keeps them in any case.
    connected.site.change(|rows| rows.connections[0].name = "Another".to_owned());
    let with_site = builder().site(connected.site.clone()).state_apps_unused(true).build().unwrap();
    let plan = with_site.plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.is_empty() && codes(plan.findings()).contains(&"appsUsedByConnection".to_owned()),
        "{plan}"
    );
    let stated = builder().state_apps_unused(true).build().unwrap();
    stated.remove(|_| ()).await.unwrap();
    assert!(inventory(&connected.tenant).await.registrations.is_empty());
}

#[tokio::test]
async fn what_was_made_of_an_inventory_does_nothing_but_remove() {
    let tenant = EmulatedTenant::new();
    register(spec(), &tenant).await;
    let found = inventory(&tenant).await;
    let before = tenant.state();
    let job = found
        .removal(&found.registrations[0])
        .unwrap()
        .directory(tenant.directory())
        .build()
        .unwrap();
    let OnboardingError::Blocked(blocked) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("it onboards")
    };
    assert_eq!(codes(blocked.findings()), ["removalOnly"]);
    assert_eq!(codes(job.preflight(|_| ()).await.unwrap().findings()), ["removalOnly"]);
    assert_eq!(tenant.state(), before);
}

#[tokio::test(start_paused = true)]
async fn deleted_apps_that_may_not_be_listed_are_told_and_live_ones_that_may_not_are_an_error() {
    let tenant = EmulatedTenant::new();
    register(spec(), &tenant).await;
    let refusal = || WireFault::Refusal(WireRefusal::new(403, "Authorization_RequestDenied", "Insufficient privileges."));
    let over = |path: &'static str| {
        let wire = EmulatedWire::new(&tenant);
        wire.fail_on(path, refusal());
        let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
        DirectoryHandle::from(wire.directory(token))
    };
    let found = registrations(&over("GET /v1.0/directory/deletedItems/microsoft.graph.application"), |_| ())
        .await
        .unwrap();
    assert_eq!(
        (found.registrations.len(), codes(&found.findings)),
        (2, vec!["deletedAppsUnread".to_owned()])
    );
    let error = registrations(&over("GET /v1.0/applications"), |_| ()).await.unwrap_err();
    assert!(matches!(error, ReadError::Directory(_)), "{error:?}");
    // Nothing here needs the tenant's name.
    let found = registrations(&over("GET /v1.0/organization"), |_| ()).await.unwrap();
    assert_eq!(found.tenant_id.unwrap().as_uuid(), tenant.tenant_id());
}
