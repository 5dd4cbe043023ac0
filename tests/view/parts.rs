//! What cannot be read is unknown, hides nothing else, and is never taken for absent.

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, CloudEnvironment, ConnectionSpec, DirectoryHandle, ServerAppSpec, SiteHandle, StaticToken,
    connection::{Answer, ConnectionView, Reading, SecretIssuer, ViewOptions, connections},
    site::{SiteConnection, SiteGateway, SiteIdentity, SiteRowId, SiteSnapshot, UnreadRow},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, WireFault, WireRefusal};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    Connected, all, codes, rows,
    support::{connection, spec, spec_with_discovery},
};

fn at_no_time(mut view: ConnectionView) -> ConnectionView {
    view.read_at = OffsetDateTime::UNIX_EPOCH;
    view
}

#[tokio::test]
async fn a_specification_and_nothing_give_the_same_view() {
    let connected = Connected::new().await;
    let (from_spec, from_nothing) = (connected.view_of_spec().await, connected.view().await);
    assert_eq!(at_no_time(from_spec), at_no_time(from_nothing));
}

#[tokio::test]
async fn a_healthy_connection_is_seen_whole() {
    let connected = Connected::new().await;
    let view = connected.view().await;
    assert_eq!(view.version, 1);
    assert!(view.consents.len() == 3 && view.consents.iter().all(|consent| consent.given == Answer::Yes));
    for app in [&view.server_app, &view.client_app] {
        let (item, registration) = (app.item.present().unwrap(), app.registration.present().unwrap());
        assert_eq!(Some(item.client_id), app.application_id);
        assert_eq!(Some(&item.name), registration.properties.display_name.as_ref());
        assert!(registration.made_by_this_crate);
        assert!(app.service_principal.present().unwrap().account_enabled == Some(true));
    }
    let secrets = &view.server_app.registration.present().unwrap().secrets;
    assert_eq!(secrets.len(), 1);
    assert_eq!((secrets[0].in_use, &secrets[0].issued), (Answer::Yes, &SecretIssuer::ForThisSite));
    let text = connected.site.secret_of(view.server_app.application_id.unwrap()).unwrap();
    assert_eq!(secrets[0].hint.as_deref(), Some(&text.expose()[..3]));
    assert!(view.user_discovery.present().is_some() && view.group_discovery == Reading::Absent);
    let usual = ["siteFactsUnknown", "conditionalAccessUnread", "siteFieldsUnread"];
    let unusual: Vec<String> = codes(&view.findings)
        .into_iter()
        .filter(|code| !usual.contains(&code.as_str()))
        .collect();
    assert!(unusual.is_empty(), "{unusual:?}");
    let written = format!("{view}{}", serde_json::to_string(&view).unwrap());
    assert!(!written.contains(text.expose()), "the page has the secret");
}

#[tokio::test]
async fn without_a_directory_its_part_is_unknown_and_nothing_is_absent() {
    let connected = Connected::new().await;
    let view = all(&connected.site, None).await.connections.remove(0);
    for app in [&view.server_app, &view.client_app] {
        assert!(app.item.present().is_some());
        assert_eq!(app.registration, Reading::Unknown);
        assert_eq!(app.service_principal, Reading::Unknown);
    }
    assert_eq!(view.tenant_name, Reading::Unknown);
    assert!(view.consents.iter().all(|consent| consent.given == Answer::Unknown));
}

#[tokio::test]
async fn without_a_site_its_part_is_unknown_and_each_secret_may_be_in_use() {
    let tenant = EmulatedTenant::new();
    let job = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
    let view = job.view(|_| ()).await.unwrap();
    assert_eq!((&view.connection, &view.gateways), (&Reading::Unknown, &Reading::Unknown));
    assert_eq!((&view.tenant, &view.server_app.item), (&Reading::Unknown, &Reading::Unknown));
    let secrets = &view.server_app.registration.present().unwrap().secrets;
    assert_eq!(
        (secrets[0].in_use, &secrets[0].issued),
        (Answer::Unknown, &SecretIssuer::WithoutSite)
    );
}

#[tokio::test]
async fn a_directory_that_gives_no_token_is_told_and_its_part_is_unknown() {
    let connected = Connected::new().await;
    let wire = EmulatedWire::new(&connected.tenant);
    let directory = || wire.directory(StaticToken::new(""));
    let handle = DirectoryHandle::from(directory());
    let site = SiteHandle::from(connected.site.clone());
    let from_nothing = connections(&site, Some(&handle), &ViewOptions::default(), |_| ()).await.unwrap();
    let job = AzureServicesConnection::builder(spec_with_discovery())
        .directory(directory())
        .site(connected.site.clone());
    let from_spec = job.build().unwrap().view(|_| ()).await.unwrap();
    for view in [&from_nothing.connections[0], &from_spec] {
        assert_eq!(
            (&view.server_app.registration, &view.tenant_name),
            (&Reading::Unknown, &Reading::Unknown)
        );
        assert!(view.server_app.item.present().is_some() && view.connection.present().is_some());
        assert!(codes(&view.findings).contains(&"directoryUnread".to_owned()), "{view}");
    }
    assert!(wire.requests().is_empty());
}

#[tokio::test]
async fn a_token_for_another_tenant_is_told_and_nothing_is_asked() {
    let connected = Connected::new().await;
    let other = EmulatedTenant::builder()
        .tenant_id("11111111-2222-4333-8444-555555555555".parse::<uuid::Uuid>().unwrap())
        .build();
    let wire = EmulatedWire::new(&connected.tenant);
    let directory = wire.directory(StaticToken::new(other.token_for(&Caller::global_administrator())));
    let site = SiteHandle::from(connected.site.clone());
    let all = connections(&site, Some(&DirectoryHandle::from(directory)), &ViewOptions::default(), |_| ())
        .await
        .unwrap();
    let view = &all.connections[0];
    assert_eq!(view.server_app.registration, Reading::Unknown);
    assert!(codes(&view.findings).contains(&"wrongTenant".to_owned()));
    assert!(
        !wire.requests().iter().any(|request| request.path.contains("applications")),
        "{:?}",
        wire.requests()
    );
}

#[tokio::test]
async fn before_the_first_run_everything_is_absent_and_nothing_unknown() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let view = connection(spec(), &tenant, &site).view(|_| ()).await.unwrap();
    assert_eq!((&view.connection, &view.tenant), (&Reading::Absent, &Reading::Absent));
    for app in [&view.server_app, &view.client_app] {
        assert_eq!((&app.item, &app.registration), (&Reading::Absent, &Reading::Absent));
        assert_eq!(app.service_principal, Reading::Absent);
    }
    assert!(view.consents.iter().all(|consent| consent.given == Answer::No));
    assert!(all(&site, Some(&tenant)).await.connections.is_empty());
}

/// Which part of the view is read by a request, and its consents by their place in the list.
fn part_of(path: &str, view: &ConnectionView) -> (&'static str, &'static [usize]) {
    let id = |app: &cmg_onboarding::connection::AppView| app.application_id.unwrap().to_string();
    let (server, client) = (id(&view.server_app), id(&view.client_app));
    match path {
        path if path.contains("/organization") => ("/tenantName", &[]),
        path if path.contains("/applications") && path.contains(&server) => ("/serverApp/registration", &[]),
        path if path.contains("/applications") && path.contains(&client) => ("/clientApp/registration", &[]),
        path if path.contains("/appRoleAssignments") => ("", &[2]),
        path if path.contains("/oauth2PermissionGrants") => ("", &[0, 1]),
        path if path.contains(&server) => ("/serverApp/servicePrincipal", &[0, 2]),
        path if path.contains(&client) => ("/clientApp/servicePrincipal", &[0, 1]),
        path if path.contains("/servicePrincipals") => ("", &[1]),
        path if path.contains("/conditionalAccess") => ("", &[]),
        other => panic!("a request that no part is read by: {other}"),
    }
}

async fn over(wire: &EmulatedWire, connected: &Connected) -> ConnectionView {
    let token = StaticToken::new(connected.tenant.token_for(&Caller::global_administrator()));
    let (site, directory) = (
        SiteHandle::from(connected.site.clone()),
        DirectoryHandle::from(wire.directory(token)),
    );
    let mut all = connections(&site, Some(&directory), &ViewOptions::default(), |_| ()).await.unwrap();
    at_no_time(all.connections.remove(0))
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_request_makes_its_part_unknown_and_leaves_the_others() {
    let connected = Connected::new().await;
    let wire = EmulatedWire::new(&connected.tenant);
    let healthy = over(&wire, &connected).await;
    let requests = wire.requests();
    assert!(requests.len() >= 8, "{requests:?}");
    let refusals = [
        WireRefusal::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
        WireRefusal::new(400, "Request_BadRequest", "Refused by the test."),
    ];
    let faults = refusals.into_iter().map(WireFault::Refusal);
    let mut cases = 0;
    for fault in faults {
        for (position, request) in requests.iter().enumerate() {
            let wire = EmulatedWire::new(&connected.tenant);
            wire.fail_on(format!("{} {}", request.method, request.path), fault.clone());
            let view = over(&wire, &connected).await;
            let case = format!("{fault:?} at {position}, {}", request.name());
            let (pointer, consents) = part_of(&request.path, &healthy);
            let (mut seen, mut whole) = (serde_json::to_value(&view).unwrap(), serde_json::to_value(&healthy).unwrap());
            if !pointer.is_empty() {
                assert_eq!(seen.pointer(pointer), Some(&Value::from("unknown")), "{case}");
                *seen.pointer_mut(pointer).unwrap() = Value::Null;
                *whole.pointer_mut(pointer).unwrap() = Value::Null;
            }
            for index in consents {
                let given = format!("/consents/{index}/given");
                assert_eq!(seen.pointer(&given), Some(&Value::from("unknown")), "{case}");
                *seen.pointer_mut(&given).unwrap() = Value::Null;
                *whole.pointer_mut(&given).unwrap() = Value::Null;
            }
            assert_ne!(view.findings, healthy.findings, "{case}: no finding tells of it");
            seen["findings"] = Value::Null;
            whole["findings"] = Value::Null;
            assert_eq!(seen, whole, "{case}: another part is touched");
            cases += 1;
        }
    }
    println!("{cases} faults");
}

#[tokio::test]
async fn what_the_site_could_not_read_is_unknown() {
    let connected = Connected::new().await;
    connected.site.change(|rows| {
        rows.gateways = None;
        rows.connections[0].is_discovery_unread = true;
        rows.connections[0].user_discovery = None;
    });
    let view = connected.view().await;
    assert_eq!((&view.gateways, &view.user_discovery), (&Reading::Unknown, &Reading::Unknown));
    assert!(codes(&view.findings).contains(&"discoveryUnread".to_owned()));
    connected.site.change(|rows| {
        rows.connections[0].web_applications.clear();
        rows.unread.push(UnreadRow::new("SMS_AAD_Application_Ex", None, "ClientID"));
    });
    let all = connected.all().await;
    assert_eq!(all.unread.len(), 1);
    let view = &all.connections[0];
    for app in [&view.server_app, &view.client_app] {
        assert_eq!((&app.item, &app.registration), (&Reading::Unknown, &Reading::Unknown));
    }
    assert_eq!(view.tenant, Reading::Unknown);
    let codes = codes(&view.findings);
    assert!(
        codes.contains(&"connectionUnread".to_owned()) && codes.contains(&"siteRowUnread".to_owned()),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_secret_of_an_app_that_the_site_does_not_know_is_not_in_use_if_every_row_was_read() {
    let connected = Connected::new().await;
    connected.site.change(|rows| {
        rows.connections.clear();
        rows.applications.clear();
        rows.tenants.clear();
    });
    let told = |view: &ConnectionView| match &view.server_app.registration {
        Reading::Present(found) => (found.secrets[0].in_use, view.tenant.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&connected.view_of_spec().await), (Answer::No, Reading::Absent));
    connected
        .site
        .change(|rows| rows.unread.push(UnreadRow::new("SMS_AAD_Application_Ex", None, "ClientID")));
    assert_eq!(told(&connected.view_of_spec().await), (Answer::Unknown, Reading::Unknown));
}

#[tokio::test]
async fn the_view_of_a_specification_says_if_the_directory_is_of_another_tenant() {
    let connected = Connected::new().await;
    let other = EmulatedTenant::builder()
        .tenant_id("11111111-2222-4333-8444-555555555555".parse::<uuid::Uuid>().unwrap())
        .build();
    let expecting = AzureServicesConnection::builder(spec_with_discovery())
        .directory(connected.tenant.directory())
        .site(connected.site.clone())
        .tenant(other.tenant_id().into());
    let of_another = AzureServicesConnection::builder(spec_with_discovery())
        .directory(other.directory())
        .site(connected.site.clone());
    for job in [expecting, of_another] {
        let view = job.build().unwrap().view(|_| ()).await.unwrap();
        assert!(codes(&view.findings).contains(&"wrongTenant".to_owned()), "{:?}", view.findings);
        assert_eq!(view.server_app.registration, Reading::Unknown);
    }
}

#[tokio::test]
async fn a_connection_is_absent_only_if_no_row_that_could_not_be_read_may_be_it() {
    let connected = Connected::new().await;
    let rows = |change: fn(&mut SiteSnapshot)| connected.site.change(change);
    rows(|rows| rows.connections.clear());
    assert_eq!(connected.view_of_spec().await.connection, Reading::Absent);
    rows(|rows| rows.unread.push(UnreadRow::new("SMS_AAD_Application_Ex", None, "ClientID")));
    assert_eq!(connected.view_of_spec().await.connection, Reading::Absent, "the row is of an app");
    rows(|rows| rows.unread.push(UnreadRow::new("SMS_Azure_CloudService", None, "Name")));
    assert_eq!(connected.view_of_spec().await.connection, Reading::Unknown);
    rows(|rows| {
        rows.unread.clear();
        rows.connections.push(SiteConnection::new(SiteRowId(9), "Other", None, Vec::new()));
    });
    assert_eq!(
        connected.view_of_spec().await.connection,
        Reading::Unknown,
        "which apps the other connection uses was not read"
    );
}

#[tokio::test]
async fn two_connections_of_two_tenants_are_each_compared_with_their_own_tenant_only() {
    let connected = Connected::new().await;
    let other = EmulatedTenant::builder()
        .tenant_id("11111111-2222-4333-8444-555555555555".parse::<uuid::Uuid>().unwrap())
        .initial_domain("fabrikam.onmicrosoft.com")
        .build();
    let spec = ConnectionSpec::builder("Fabrikam CMG")
        .server_app(ServerAppSpec::builder("Fabrikam Server"))
        .client_app(ClientAppSpec::builder("Fabrikam Client"))
        .build()
        .unwrap();
    connection(spec, &other, &connected.site).onboard(|_| ()).await.unwrap();
    for (tenant, own, foreign) in [(&connected.tenant, 0, 1), (&other, 1, 0)] {
        let all = all(&connected.site, Some(tenant)).await;
        assert_eq!(all.connections.len(), 2);
        assert_eq!(all.to_string(), format!("{}\n{}", all.connections[0], all.connections[1]));
        let (own, foreign) = (&all.connections[own], &all.connections[foreign]);
        assert!(own.server_app.registration.present().is_some() && own.client_app.registration.present().is_some());
        assert_eq!(own.tenant_id.unwrap().as_uuid(), tenant.tenant_id());
        // Not to be seen in another tenant is not to be missing.
        assert_eq!(foreign.server_app.registration, Reading::Unknown);
        assert_eq!(foreign.client_app.service_principal, Reading::Unknown);
        assert_eq!(foreign.tenant_name, Reading::Unknown);
        assert_ne!(foreign.tenant_id, own.tenant_id);
        assert!(codes(&foreign.findings).contains(&"wrongTenant".to_owned()));
        assert!(!codes(&foreign.findings).contains(&"appNotFound".to_owned()));
        assert!(!codes(&own.findings).contains(&"wrongTenant".to_owned()));
    }
}

#[tokio::test]
async fn services_of_other_types_are_left_alone() {
    let connected = Connected::new().await;
    let before = connected.view().await;
    connected.site.change(|rows| {
        let mut attach = SiteConnection::new(SiteRowId(501), "Tenant attach", None, Vec::new());
        attach.service_type = Some(5);
        let mut management = rows.connections[0].clone();
        (management.id, management.service_type) = (SiteRowId(502), Some(7));
        management.name = "Administration Service".to_owned();
        rows.connections[0].service_type = Some(1);
        rows.gateways = Some(vec![SiteGateway::new("cmg.contoso.com", Some(rows.connections[0].id))]);
        rows.connections.extend([attach, management]);
    });
    let all = connected.all().await;
    assert_eq!(all.connections.len(), 1, "{all}");
    let view = &all.connections[0];
    assert_eq!((&view.name, view.is_cloud_management), (&before.name, Answer::Yes));
    assert_eq!(view.gateways.present().unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_for_another_site_and_one_of_another_person_are_told_apart() {
    let connected = Connected::new().await;
    let id = connected.outcome.server_app.as_ref().unwrap().application_id;
    let mine = connected.view().await.server_app.registration.present().unwrap().secrets[0].clone();
    let another_site = AzureServicesConnection::builder(spec_with_discovery())
        .directory(connected.tenant.directory())
        .site(EmulatedSite::new())
        .site_identity("lab".parse::<SiteIdentity>().unwrap())
        .build()
        .unwrap();
    another_site.onboard(|_| ()).await.unwrap();
    let secrets = connected.view().await.server_app.registration.present().unwrap().secrets.clone();
    let other = secrets.iter().find(|secret| secret.key_id != mine.key_id).unwrap();
    assert_eq!(other.issued, SecretIssuer::ForAnotherSite { site: "lab".to_owned() });
    assert_eq!(other.in_use, Answer::No);
    let mut passwords: Vec<Value> = connected.tenant.state()["applications"]
        .as_array()
        .unwrap()
        .iter()
        .find(|app| app["appId"] == id.to_string())
        .unwrap()["passwordCredentials"]
        .as_array()
        .unwrap()
        .clone();
    passwords[0]["displayName"] = "by hand".into();
    let object = connected.view().await.server_app.registration.present().unwrap().object_id;
    assert!(
        connected
            .tenant
            .change_object(object, serde_json::json!({"passwordCredentials": passwords}))
    );
    let secrets = connected.view().await.server_app.registration.present().unwrap().secrets.clone();
    assert!(secrets.iter().any(|secret| secret.issued == SecretIssuer::Other));
}

#[tokio::test]
async fn of_several_native_apps_none_is_taken_for_the_connections_unless_the_site_says_so() {
    let connected = Connected::new().await;
    connected.site.change(|rows| {
        let mut other = rows.applications.iter().find(|row| row.is_client_app).unwrap().clone();
        other.id = SiteRowId(900);
        other.client_id = "99999999-2222-4333-8444-555555555555".parse().unwrap();
        rows.applications.push(other);
    });
    let view = connected.view().await;
    assert_eq!((&view.client_app.item, view.client_app.application_id), (&Reading::Unknown, None));
    assert_eq!(view.client_app.registration, Reading::Unknown);
    assert!(view.server_app.registration.present().is_some());
    // The specification knows it.
    assert!(connected.view_of_spec().await.client_app.item.present().is_some());
    let client = connected.outcome.client_app.as_ref().unwrap().application_id;
    connected.site.change(|rows| {
        let row = rows.application(client).unwrap().id;
        let server = rows.applications.iter_mut().find(|row| !row.is_client_app).unwrap();
        server.associated_applications = vec![row];
    });
    let view = connected.view().await;
    assert_eq!(view.client_app.application_id, Some(client));
    assert_eq!(rows(&connected.site).applications.len(), 3);
}

#[tokio::test]
async fn an_expired_secret_is_told_although_the_native_app_is_not_known() {
    let connected = Connected::new().await;
    connected.site.change(|rows| {
        let mut other = rows.applications.iter().find(|row| row.is_client_app).unwrap().clone();
        other.id = SiteRowId(900);
        other.client_id = "99999999-2222-4333-8444-555555555555".parse().unwrap();
        rows.applications.push(other);
        for row in &mut rows.applications {
            row.secret_expiry = row.secret_expiry.map(|_| OffsetDateTime::UNIX_EPOCH);
        }
    });
    let view = connected.view().await;
    let codes = codes(&view.findings);
    assert!(codes.contains(&"siteSecretExpired".to_owned()), "{codes:?}");
    assert!(
        !codes.contains(&"appNotFound".to_owned()) && !codes.contains(&"appNotInSite".to_owned()),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_connection_of_the_name_is_shown_only_if_it_may_use_the_server_app_of_the_specification() {
    let connected = Connected::new().await;
    connected.site.change(|rows| {
        let mut other = rows.applications.iter().find(|row| !row.is_client_app).unwrap().clone();
        other.id = SiteRowId(901);
        other.client_id = "99999999-2222-4333-8444-555555555555".parse().unwrap();
        rows.applications.push(other);
        rows.connections[0].web_applications = vec![SiteRowId(901)];
    });
    assert_eq!(connected.view_of_spec().await.connection, Reading::Absent);
    connected.site.change(|rows| rows.connections[0].web_applications.clear());
    let unread = connected.view_of_spec().await;
    assert_eq!(unread.connection.present().map(|row| row.name.as_str()), Some("Contoso CMG"));
}

#[tokio::test]
async fn before_a_row_tells_the_cloud_it_is_that_of_the_specification() {
    let reused = |id: &str| cmg_onboarding::ReusedApp::new(id.parse().unwrap());
    for environment in CloudEnvironment::ALL {
        let spec = ConnectionSpec::builder("Contoso CMG")
            .environment(environment)
            .server_app(reused("11111111-2222-4333-8444-555555555555"))
            .client_app(reused("99999999-2222-4333-8444-555555555555"))
            .build()
            .unwrap();
        let job = AzureServicesConnection::builder(spec).site(EmulatedSite::new()).build().unwrap();
        assert_eq!(job.view(|_| ()).await.unwrap().environment, Some(environment));
    }
}
