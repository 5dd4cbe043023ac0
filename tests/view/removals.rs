//! Removing what a view shows, without the specification that it was made by.

use std::sync::Arc;

use cmg_onboarding::{
    Call, ClientSecret, ConnectionSpec, Directory, ImportedClientApp, ImportedServerApp, OnboardingError, StaticToken, Step,
    clock::{Clock, SystemClock},
    connection::{ConnectionView, PlannedAction, RemovalScope},
    directory::{ApplicationKey, NewPassword},
    site::SiteGateway,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, Timeline};
use serde_json::json;
use time::Duration;

use crate::{
    Connected, all, codes, rows,
    support::{connection, count, spec},
};

/// The view as another process has it.
async fn stored(connected: &Connected) -> ConnectionView {
    let stored = serde_json::to_string(&connected.view().await).unwrap();
    serde_json::from_str(&stored).unwrap()
}

#[tokio::test]
async fn connection_and_apps_go_without_the_specification() {
    let connected = Connected::of(spec()).await;
    let view = stored(&connected).await;
    let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
    let job = removal
        .directory(connected.tenant.directory())
        .site(connected.site.clone())
        .build()
        .unwrap();
    let plan = job.plan_removal(|_| ()).await.unwrap();
    let removed: Vec<Step> = plan.changes().iter().map(|change| change.step).collect();
    assert_eq!(
        removed,
        [Step::RemoveConnection, Step::RemoveServerApp, Step::RemoveClientApp],
        "{plan}"
    );
    // Approved by one person, carried out by a job with the same view.
    let approved = serde_json::from_str(&serde_json::to_string(plan.document()).unwrap()).unwrap();
    job.removal_from(&approved, |_| ()).await.unwrap().apply(|_| ()).await.unwrap();
    assert_eq!(count(&connected.tenant.state(), "applications"), 0);
    assert!(rows(&connected.site).connections.is_empty());
    assert!(connected.all().await.connections.is_empty());
    // The unique names are free again, and the rows that the product cannot remove were named with the console's way.
    let told: Vec<String> = plan.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        told.iter().filter(|text| text.contains("Microsoft Entra tenants")).count(),
        3,
        "{told:?}"
    );
    assert!(
        connection(spec(), &connected.tenant, &connected.site)
            .onboard(|_| ())
            .await
            .unwrap()
            .changed
    );
}

#[tokio::test]
async fn with_the_scope_of_the_connection_both_apps_stay_and_no_directory_is_needed() {
    let connected = Connected::of(spec()).await;
    let before = connected.tenant.state();
    let removal = stored(&connected).await.removal(RemovalScope::Connection).unwrap();
    let plan = removal
        .site(connected.site.clone())
        .build()
        .unwrap()
        .plan_removal(|_| ())
        .await
        .unwrap();
    assert_eq!(plan.changes().len(), 1, "{plan}");
    assert!(
        plan.to_string().contains("the connection only; both app registrations stay"),
        "{plan}"
    );
    assert_eq!(serde_json::to_value(plan.document()).unwrap()["removalScope"], "connection");
    let paper = plan.document().review();
    assert!(
        serde_json::to_string(&paper)
            .unwrap()
            .contains("Both app registrations in the tenant")
    );
    plan.apply(|_| ()).await.unwrap();
    assert!(rows(&connected.site).connections.is_empty());
    assert_eq!(connected.tenant.state(), before);
}

#[tokio::test]
async fn a_specification_has_the_same_scopes() {
    let connected = Connected::of(spec()).await;
    let before = connected.tenant.state();
    let builder = || {
        cmg_onboarding::AzureServicesConnection::builder(spec())
            .directory(connected.tenant.directory())
            .site(connected.site.clone())
    };
    let whole = builder().build().unwrap().plan_removal(|_| ()).await.unwrap();
    assert!(serde_json::to_value(whole.document()).unwrap().get("removalScope").is_none());
    assert!(!whole.to_string().contains("Scope:"));
    let only = builder().removal_scope(RemovalScope::Connection).build().unwrap();
    // A plan of one scope is not carried out in the other one.
    assert!(matches!(
        only.removal_from(whole.document(), |_| ()).await,
        Err(OnboardingError::Stale(_))
    ));
    only.remove(|_| ()).await.unwrap();
    assert!(rows(&connected.site).connections.is_empty());
    assert_eq!(connected.tenant.state(), before);
}

#[tokio::test]
async fn apps_of_others_stay_whatever_the_scope_is() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let app = |name: &str| tenant.add_application(json!({"displayName": name, "signInAudience": "AzureADMyOrg"}));
    let (server, client) = (app("By hand, server"), app("By hand, client"));
    let imported = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id(tenant.tenant_id())
                .name("By hand, server")
                .client_id(server)
                .secret_key(ClientSecret::new("given-by-hand"))
                .secret_key_expiry(SystemClock.now() + Duration::days(200))
                .app_id_uri("https://contoso.com/ConfigMgrService"),
        )
        .client_app(ImportedClientApp::builder().name("By hand, client").client_id(client))
        .build()
        .unwrap();
    let job = cmg_onboarding::AzureServicesConnection::builder(imported)
        .site(site.clone())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
    let before = tenant.state();
    let view = all(&site, Some(&tenant)).await.connections.remove(0);
    assert!(!view.server_app.registration.present().unwrap().made_by_this_crate);
    let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
    let job = removal
        .directory(tenant.directory())
        .site(site.clone())
        .state_apps_unused(true)
        .build()
        .unwrap();
    let plan = job.plan_removal(|_| ()).await.unwrap();
    assert_eq!(plan.changes().len(), 1, "{plan}");
    plan.apply(|_| ()).await.unwrap();
    assert!(rows(&site).connections.is_empty());
    assert_eq!(tenant.state(), before);
}

#[tokio::test]
async fn a_forged_view_cannot_name_the_app_of_another_maker() {
    let connected = Connected::of(spec()).await;
    let app = connected
        .tenant
        .add_application(json!({"displayName": "Victim", "uniqueName": "payroll"}));
    let mut forged = serde_json::to_value(stored(&connected).await).unwrap();
    forged["serverApp"]["applicationId"] = json!(app);
    forged["serverApp"]["registration"]["present"]["properties"]["uniqueName"] = json!("payroll");
    forged["serverApp"]["registration"]["present"]["madeByThisCrate"] = json!(true);
    let view: ConnectionView = serde_json::from_value(forged).unwrap();
    let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
    let job = removal
        .directory(connected.tenant.directory())
        .site(connected.site.clone())
        .build()
        .unwrap();
    if let Ok(plan) = job.plan_removal(|_| ()).await {
        assert!(plan.step(Step::RemoveServerApp).is_none(), "{plan}");
        assert!(
            plan.step(Step::RemoveConnection).is_none(),
            "the connection uses another app: {plan}"
        );
    }
    let key = ApplicationKey::ApplicationId(app.into());
    assert!(
        connected
            .tenant
            .directory()
            .application(Call::quiet(), &key)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_gateway_that_uses_the_connection_blocks_the_removal() {
    let connected = Connected::of(spec()).await;
    connected.site.change(|rows| {
        let row = rows.connections[0].id;
        rows.gateways = Some(vec![SiteGateway::new("cmg.contoso.com", Some(row))]);
    });
    let (tenant, site) = (connected.tenant.state(), connected.site.state());
    for scope in [RemovalScope::Connection, RemovalScope::ConnectionAndApps] {
        let removal = stored(&connected).await.removal(scope).unwrap();
        let job = removal
            .directory(connected.tenant.directory())
            .site(connected.site.clone())
            .state_no_gateway(true)
            .state_apps_unused(true)
            .build()
            .unwrap();
        let OnboardingError::Blocked(blocked) = job.remove(|_| ()).await.unwrap_err() else {
            panic!("a gateway does not block")
        };
        assert!(codes(blocked.findings()).contains(&"gatewayUsesConnection".to_owned()));
    }
    assert_eq!((connected.tenant.state(), connected.site.state()), (tenant, site));
}

#[tokio::test]
async fn apps_with_a_secret_of_another_person_stay_until_the_caller_says_that_nothing_uses_them() {
    let connected = Connected::of(spec()).await;
    let view = stored(&connected).await;
    let object = view.server_app.registration.present().unwrap().object_id;
    let new = NewPassword::new("payroll", SystemClock.now() + Duration::days(90));
    connected
        .tenant
        .directory()
        .add_password(Call::quiet(), object, &new)
        .await
        .unwrap();
    let removal = || {
        let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
        removal.directory(connected.tenant.directory()).site(connected.site.clone())
    };
    let plan = removal().build().unwrap().plan_removal(|_| ()).await.unwrap();
    assert!(plan.step(Step::RemoveServerApp).is_none(), "{plan}");
    assert!(codes(plan.findings()).contains(&"appsUsedByAnotherSecret".to_owned()));
    let stated = removal()
        .state_apps_unused(true)
        .build()
        .unwrap()
        .plan_removal(|_| ())
        .await
        .unwrap();
    assert_eq!(stated.step(Step::RemoveServerApp).unwrap().action, PlannedAction::Remove);
}

#[tokio::test]
async fn a_connection_whose_server_app_was_purged_by_hand_is_removed_by_its_row() {
    let connected = Connected::of(spec()).await;
    let directory = Arc::new(connected.tenant.directory());
    for app in [&connected.outcome.server_app, &connected.outcome.client_app] {
        let key = ApplicationKey::ApplicationId(app.as_ref().unwrap().application_id);
        let found = directory.application(Call::quiet(), &key).await.unwrap().unwrap();
        directory.delete_application(Call::quiet(), found.object_id).await.unwrap();
        directory.purge_application(Call::quiet(), found.object_id).await.unwrap();
    }
    let view = stored(&connected).await;
    assert!(codes(&view.findings).contains(&"appNotFound".to_owned()));
    let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
    let job = removal
        .directory(connected.tenant.directory())
        .site(connected.site.clone())
        .build()
        .unwrap();
    let plan = job.plan_removal(|_| ()).await.unwrap();
    assert_eq!(plan.changes().len(), 1, "{plan}");
    plan.apply(|_| ()).await.unwrap();
    assert!(rows(&connected.site).connections.is_empty());
}

/// Removes by a view; at the end of the timeline the process dies.
async fn remove_until_killed(view: &ConnectionView, connected: &Connected, timeline: &Timeline) -> bool {
    let wire = EmulatedWire::new(&connected.tenant).following(timeline);
    let token = StaticToken::new(connected.tenant.token_for(&Caller::global_administrator()));
    let removal = view.removal(RemovalScope::ConnectionAndApps).unwrap();
    let job = removal
        .directory(wire.directory(token))
        .site(connected.site.following(timeline))
        .build()
        .unwrap();
    tokio::select! {
        biased;
        outcome = job.remove(|_| ()) => { outcome.unwrap(); true }
        () = timeline.ended() => false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_by_a_view_that_is_killed_anywhere_is_finished_by_the_same_view() {
    let connected = Connected::of(spec()).await;
    let whole = Timeline::new();
    assert!(remove_until_killed(&stored(&connected).await, &connected, &whole).await);
    let moments = whole.moments();
    assert!(moments >= 10, "{moments}");
    let mut killed = 0;
    for moment in 1..=moments {
        let connected = Connected::of(spec()).await;
        let view = stored(&connected).await;
        let timeline = Timeline::new();
        timeline.end_at(moment);
        killed += usize::from(!remove_until_killed(&view, &connected, &timeline).await);
        assert!(remove_until_killed(&view, &connected, &Timeline::new()).await, "{moment}");
        assert_eq!(count(&connected.tenant.state(), "applications"), 0, "{moment}");
        assert!(rows(&connected.site).connections.is_empty(), "{moment}");
        // The unique names are free.
        connection(spec(), &connected.tenant, &connected.site)
            .onboard(|_| ())
            .await
            .unwrap();
    }
    println!("killed at {killed} of {moments} moments");
    assert!(killed >= 8);
}

#[tokio::test]
async fn without_knowing_the_apps_nothing_is_removed() {
    let connected = Connected::of(spec()).await;
    connected.site.change(|rows| rows.connections[0].web_applications.clear());
    let view = stored(&connected).await;
    assert!(view.removal(RemovalScope::Connection).is_none());
}
