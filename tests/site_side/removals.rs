//! A removal takes back what this specification has made, names what stays, and removes nothing that may be in use.

use std::{collections::BTreeSet, sync::Arc};

use cmg_onboarding::{
    AzureServicesConnection, Call, Directory, OnboardingError, Outcome, StaticToken, Step,
    clock::{Clock, ManualClock, SystemClock},
    connection::{AppRole, FindingCode, Severity, StepAction},
    directory::{ApplicationKey, NewPassword},
    ids::ApplicationId,
    site::{SiteApplication, SiteGateway, SiteRowId, SiteTenant},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, WireFault, WireRefusal};
use time::{Duration, macros::datetime};

use super::{codes, found, job, rows};
use crate::support::{connection, count, is_told, spec};

async fn onboarded() -> (EmulatedTenant, EmulatedSite, Outcome) {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    (tenant, site, outcome)
}

/// Deletes an app for good, as an administrator does by hand.
async fn purge_by_hand(tenant: &EmulatedTenant, app: ApplicationId) {
    let directory = tenant.directory();
    let found = directory
        .application(Call::quiet(), &ApplicationKey::ApplicationId(app))
        .await
        .unwrap()
        .unwrap();
    directory.delete_application(Call::quiet(), found.object_id).await.unwrap();
    directory.purge_application(Call::quiet(), found.object_id).await.unwrap();
}

/// The rows that the outcome says to stay, by kind and name.
fn rows_told(outcome: &Outcome) -> Vec<String> {
    let told = outcome
        .findings
        .iter()
        .filter(|finding| finding.code() == FindingCode::SiteRowStays);
    told.map(|finding| {
        format!(
            "{} {}",
            finding.parameters()["kind"].as_str().unwrap(),
            finding.parameters()["name"].as_str().unwrap()
        )
    })
    .collect()
}

const ROWS: [&str; 3] = [
    "application ConfigMgr Server",
    "application ConfigMgr Client",
    "tenant contoso.onmicrosoft.com",
];

#[tokio::test]
async fn with_the_server_app_purged_by_hand_the_connection_and_every_row_are_named() {
    let (tenant, site, made) = onboarded().await;
    purge_by_hand(&tenant, made.server_app.unwrap().application_id).await;
    let outcome = connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap();
    let orphan = found(&outcome.findings, FindingCode::ConnectionOfRemovedServerApp).unwrap();
    assert_eq!(orphan.parameters()["connection"], "Contoso CMG");
    assert_eq!(orphan.parameters()["name"], "ConfigMgr Server");
    assert_eq!(rows_told(&outcome), ROWS);
    assert_eq!(count(&tenant.state(), "applications"), 0, "the client app is gone for good");
    assert_eq!(rows(&site).connections.len(), 1, "nothing tells for certain that it is not in use");
}

#[tokio::test]
async fn with_the_client_app_purged_by_hand_the_connection_goes_and_every_row_is_named() {
    let (tenant, site, made) = onboarded().await;
    purge_by_hand(&tenant, made.client_app.unwrap().application_id).await;
    let outcome = connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap();
    assert_eq!(rows_told(&outcome), ROWS);
    assert_eq!(rows(&site).connections, []);
    assert_eq!(count(&tenant.state(), "applications"), 0);
}

#[tokio::test]
async fn rows_of_other_apps_are_named_only_if_one_of_the_two_is_known_to_the_site_alone_and_of_this_tenant_only() {
    for is_purged in [false, true] {
        let (tenant, site, made) = onboarded().await;
        site.change(|rows| {
            let other = SiteTenant::new(SiteRowId(71), super::TENANT.parse().unwrap(), "fabrikam.onmicrosoft.com", None);
            let row = |id: u32, name: &str, tenant, is_client| {
                let client_id = format!("0d9f2c1e-5a52-4bb4-8f56-0000000000{id}").parse().unwrap();
                SiteApplication::new(SiteRowId(id.into()), client_id, name, tenant, is_client)
            };
            let own = rows.tenants[0].id;
            rows.applications.push(row(72, "Another server", own, false));
            rows.applications.push(row(73, "Another client", own, true));
            rows.applications.push(row(74, "Fabrikam server", other.id, false));
            rows.tenants.push(other);
        });
        if is_purged {
            purge_by_hand(&tenant, made.client_app.unwrap().application_id).await;
        }
        let told = rows_told(&connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap());
        let [server, client, tenant] = ROWS;
        let expected = match is_purged {
            false => vec![server, client, tenant],
            true => vec![server, client, "application Another server", "application Another client", tenant],
        };
        assert_eq!(told, expected);
    }
}

fn use_by_gateway(site: &EmulatedSite, names_connection: bool) {
    site.change(|rows| {
        let connection = names_connection.then(|| rows.connections[0].id);
        rows.gateways = Some(vec![SiteGateway::new("cmg.contoso.com", connection)]);
    });
}

async fn refused(job: &AzureServicesConnection, code: FindingCode) {
    let OnboardingError::Blocked(blocked) = job.remove(|_| ()).await.unwrap_err() else {
        panic!("{code:?} does not block")
    };
    let finding = found(blocked.findings(), code).unwrap();
    assert_eq!(
        (finding.severity(), &finding.parameters()["gateway"]),
        (Severity::Blocker, &"cmg.contoso.com".into())
    );
}

#[tokio::test]
async fn a_gateway_that_uses_the_connection_blocks_the_removal_whatever_is_stated() {
    let (tenant, site, _) = onboarded().await;
    use_by_gateway(&site, true);
    let before = (tenant.state(), site.state());
    refused(&connection(spec(), &tenant, &site), FindingCode::GatewayUsesConnection).await;
    let stated = job(spec(), &tenant, &site)
        .state_no_gateway(true)
        .state_apps_unused(true)
        .build()
        .unwrap();
    refused(&stated, FindingCode::GatewayUsesConnection).await;
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn a_gateway_that_may_be_using_the_connection_blocks_until_the_caller_states_that_none_does() {
    let (tenant, site, _) = onboarded().await;
    use_by_gateway(&site, false);
    refused(&connection(spec(), &tenant, &site), FindingCode::GatewayUseUnknown).await;
    let stated = job(spec(), &tenant, &site).state_no_gateway(true).build().unwrap();
    assert!(stated.remove(|_| ()).await.unwrap().changed);
    assert_eq!(rows(&site).connections, []);
}

#[tokio::test]
async fn gateways_that_were_not_read_are_told_and_the_site_itself_decides() {
    let (tenant, site, _) = onboarded().await;
    site.change(|rows| rows.gateways = None);
    let before = tenant.state();
    let plan = connection(spec(), &tenant, &site).plan_removal(|_| ()).await.unwrap();
    assert_eq!(
        found(plan.findings(), FindingCode::GatewayUseUnknown).unwrap().severity(),
        Severity::Warning
    );
    plan.apply(|_| ()).await.unwrap_err();
    assert_eq!((tenant.state(), rows(&site).connections.len()), (before, 1));
}

async fn add_secret_by_hand(tenant: &EmulatedTenant, app: ApplicationId) {
    let directory = tenant.directory();
    let found = directory
        .application(Call::quiet(), &ApplicationKey::ApplicationId(app))
        .await
        .unwrap()
        .unwrap();
    let theirs = NewPassword::new("backup job", SystemClock.now() + Duration::days(90));
    directory.add_password(Call::quiet(), found.object_id, &theirs).await.unwrap();
}

#[tokio::test]
async fn apps_with_another_persons_secret_stay_until_the_caller_states_that_nothing_uses_them() {
    let (tenant, site, made) = onboarded().await;
    add_secret_by_hand(&tenant, made.server_app.unwrap().application_id).await;
    let outcome = connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap();
    let told = found(&outcome.findings, FindingCode::AppsUsedByAnotherSecret).unwrap();
    assert_eq!(told.parameters()["descriptions"], serde_json::json!(["backup job"]));
    assert_eq!(count(&tenant.state(), "applications"), 2);
    let stated = job(spec(), &tenant, &site).state_apps_unused(true).build().unwrap();
    let plan = stated.plan_removal(|_| ()).await.unwrap();
    let stated = found(plan.findings(), FindingCode::AppsStatedUnused).unwrap();
    assert_eq!(
        serde_json::json!(stated.parameters()),
        serde_json::json!({"descriptions": ["backup job"]}),
        "no other site uses them: {plan}"
    );
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(
        codes(&outcome.findings).contains(&FindingCode::AppsStatedUnused),
        "the report keeps the statement"
    );
    assert_eq!(count(&tenant.state(), "applications"), 0);
}

#[tokio::test]
async fn credentials_that_others_have_put_on_either_app_keep_both_apps() {
    let (tenant, site, made) = onboarded().await;
    let client = made.client_app.unwrap();
    add_secret_by_hand(&tenant, client.application_id).await;
    let key = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a09";
    let server = made.server_app.unwrap().object_id.unwrap();
    let certificate = serde_json::json!({"keyId": key, "type": "AsymmetricX509Cert", "usage": "Verify"});
    assert!(tenant.change_object(server, serde_json::json!({"keyCredentials": [certificate]})));
    let outcome = connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap();
    let told = found(&outcome.findings, FindingCode::AppsUsedByAnotherSecret).unwrap();
    let descriptions = serde_json::json!(["backup job", format!("the certificate {key}")]);
    assert_eq!(told.parameters()["descriptions"], descriptions);
    assert_eq!(count(&tenant.state(), "applications"), 2);
}

#[tokio::test]
async fn a_secret_that_a_person_has_renewed_in_the_console_is_the_sites_own() {
    let (tenant, site, made) = onboarded().await;
    let server = made.server_app.unwrap().application_id;
    add_secret_by_hand(&tenant, server).await;
    let ends = SystemClock.now() + Duration::days(90);
    site.change(|rows| {
        rows.applications
            .iter_mut()
            .find(|row| row.client_id == server)
            .unwrap()
            .secret_expiry = Some(ends)
    });
    let outcome = connection(spec(), &tenant, &site).remove(|_| ()).await.unwrap();
    assert_eq!(found(&outcome.findings, FindingCode::AppsUsedByAnotherSecret), None);
    assert_eq!(count(&tenant.state(), "applications"), 0);
}

#[tokio::test]
async fn every_other_site_that_has_a_secret_is_named() {
    let tenant = EmulatedTenant::new();
    let sites = ["PRD", "LAB", "TST"].map(|code| EmulatedSite::builder().site_code(code).build());
    for site in &sites {
        connection(spec(), &tenant, site).onboard(|_| ()).await.unwrap();
    }
    let outcome = connection(spec(), &tenant, &sites[2]).remove(|_| ()).await.unwrap();
    let others = codes(&outcome.findings)
        .into_iter()
        .filter(|code| *code == FindingCode::AppsUsedByAnotherSite);
    assert_eq!(others.count(), 2);
    assert_eq!(count(&tenant.state(), "applications"), 2);
}

#[tokio::test]
async fn a_secret_that_was_handed_to_a_person_is_told_before_its_app_goes() {
    let tenant = EmulatedTenant::new();
    let alone = || {
        AzureServicesConnection::builder(spec())
            .directory(tenant.directory())
            .build()
            .unwrap()
    };
    alone().onboard(|_| ()).await.unwrap();
    let plan = alone().plan_removal(|_| ()).await.unwrap();
    assert_eq!(
        found(plan.findings(), FindingCode::SecretsHandedOver).unwrap().parameters()["count"],
        1
    );
    assert!(plan.apply(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn a_refused_look_at_deleted_service_principals_holds_no_unique_name() {
    let (tenant, site, _) = onboarded().await;
    let wire = EmulatedWire::new(&tenant);
    let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
    let job = AzureServicesConnection::builder(spec())
        .directory(wire.directory(token))
        .site(site.clone())
        .build()
        .unwrap();
    let listing = "GET /v1.0/directory/deletedItems/microsoft.graph.servicePrincipal";
    for _ in 0..2 {
        let refusal = WireRefusal::new(400, "Request_BadRequest", "The resource could not be listed.");
        wire.fail_on(listing, WireFault::Refusal(refusal));
    }
    let outcome = job.remove(|_| ()).await.unwrap();
    for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
        let report = outcome.report.step(step).unwrap();
        assert_eq!(report.action, StepAction::Removed);
        assert!(
            is_told(&outcome.findings, FindingCode::DeletedPrincipalsUnread, step),
            "{:?}",
            outcome.findings
        );
    }
    let purged: BTreeSet<String> = wire
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE")
        .filter_map(|request| Some(request.path.split_once("/directory/deletedItems/")?.1.to_owned()))
        .collect();
    assert_eq!(
        purged.len(),
        4,
        "the service principals that the run has deleted itself go, too: {purged:?}"
    );
    assert!(
        connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap().changed,
        "the unique names are free"
    );
}

#[tokio::test]
async fn a_connection_of_the_same_name_with_another_server_app_is_not_called_orphaned_while_the_own_one_is_there() {
    let (tenant, site, made) = onboarded().await;
    let orphaned = FindingCode::ConnectionOfRemovedServerApp;
    site.change(|rows| {
        let client_id = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a72".parse().unwrap();
        let theirs = SiteApplication::new(SiteRowId(72), client_id, "Their server", rows.tenants[0].id, false);
        rows.connections[0].web_applications = vec![theirs.id];
        rows.applications.push(theirs);
    });
    let plan = connection(spec(), &tenant, &site).plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.step(Step::RemoveServerApp).is_some() && plan.step(Step::RemoveConnection).is_none(),
        "{plan}"
    );
    assert_eq!(found(plan.findings(), orphaned), None, "{plan}");
    // Once the own one is gone, the connection may be its; a removal of the client app alone does not ask.
    purge_by_hand(&tenant, made.server_app.unwrap().application_id).await;
    let plan = connection(spec(), &tenant, &site).plan_removal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), orphaned).is_some(), "{plan}");
    let client = job(spec(), &tenant, &site).only(AppRole::Client).build().unwrap();
    let plan = client.plan_removal(|_| ()).await.unwrap();
    assert_eq!(found(plan.findings(), orphaned), None, "{plan}");
}

#[tokio::test]
async fn apps_go_after_their_connection_and_wait_for_none_if_there_is_none() {
    let (tenant, site, _) = onboarded().await;
    let job = connection(spec(), &tenant, &site);
    for expected in [vec![Step::RemoveConnection], vec![]] {
        let plan = job.plan_removal(|_| ()).await.unwrap();
        for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
            assert_eq!(plan.step(step).map(|change| &change.needs), Some(&expected), "{plan}");
        }
        site.change(|rows| rows.connections.clear());
    }
}

#[tokio::test]
async fn a_secret_that_went_to_the_site_is_not_told_as_handed_to_a_person() {
    let (tenant, site, _) = onboarded().await;
    let plan = connection(spec(), &tenant, &site).plan_removal(|_| ()).await.unwrap();
    assert!(plan.step(Step::RemoveServerApp).is_some(), "{plan}");
    assert_eq!(found(plan.findings(), FindingCode::SecretsHandedOver), None, "{plan}");
}

#[tokio::test]
async fn a_secret_of_another_site_or_person_keeps_the_apps_to_the_second_of_its_end() {
    let start = datetime!(2026-11-24 12:00 UTC);
    let end = start + Duration::days(90);
    for (description, code) in [
        (
            "Configuration Manager CMG (cmg-onboarding) 00000001, site another",
            FindingCode::AppsUsedByAnotherSite,
        ),
        ("backup job", FindingCode::AppsUsedByAnotherSecret),
    ] {
        let clock = ManualClock::new(start);
        let of_tenant = clock.clone();
        let tenant = EmulatedTenant::builder().clock(move || of_tenant.now()).build();
        let site = EmulatedSite::builder().clock(Arc::new(clock.clone())).build();
        let job = job(spec(), &tenant, &site).clock(Arc::new(clock.clone())).build().unwrap();
        let server = job.onboard(|_| ()).await.unwrap().server_app.unwrap();
        let theirs = NewPassword::new(description, end);
        let directory = tenant.directory();
        let added = directory.add_password(Call::quiet(), server.object_id.unwrap(), &theirs);
        assert_eq!(added.await.unwrap().end_date_time, Some(end));
        for (moment, stays) in [(end - Duration::SECOND, true), (end, false)] {
            clock.advance(moment - clock.now());
            let plan = job.plan_removal(|_| ()).await.unwrap();
            assert_eq!(found(plan.findings(), code).is_some(), stays, "{moment}: {plan}");
            assert_eq!(plan.step(Step::RemoveServerApp).is_none(), stays, "{moment}: {plan}");
        }
    }
}
