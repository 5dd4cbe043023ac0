//! Reading a site over its administration service, over HTTP and HTTPS, against the emulated one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]
#![cfg(feature = "rustls")]

mod support;

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, ClientAppSpec, CloudEnvironment, ConnectionSpec, Diagnostic, DiscoverySpec,
    ServerAppSpec, Site, SiteError, StaticToken, TenantId,
    error::{SiteRefusalReason, SiteTrouble, chain},
    http::{CertificateFingerprint, HttpClient, HttpOptions},
    site::{
        SiteApplication, SiteConnection, SiteRowId, SiteSnapshot, SiteTenant, SplitSite,
        admin_service::{AdminServiceSignIn, AdminServiceSite, AdminServiceSiteBuilder},
    },
    spec::{AppIdUri, Schedule},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use support::{directory, spec};
use time::macros::datetime;
use uuid::Uuid;

const TOKEN: &str = "canary-7Q";

fn uri() -> AppIdUri {
    "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService".parse().unwrap()
}

async fn serve(site: &EmulatedSite, uses_tls: bool) -> EmulatorServer {
    let builder = EmulatorServer::builder(EmulatedTenant::new()).site(site.clone()).tls(uses_tls);
    builder.start().await.unwrap()
}

fn emulated() -> EmulatedSite {
    EmulatedSite::builder().admin_service_token(TOKEN).build()
}

/// A client that accepts this certificate only, at the server's origin.
fn pinning(server: &EmulatorServer, fingerprint: CertificateFingerprint) -> HttpClient {
    HttpClient::new(HttpOptions::new().pinned_certificate(server.url(), fingerprint))
}

fn builder(server: &EmulatorServer, token: &str) -> AdminServiceSiteBuilder {
    let sign_in = AdminServiceSignIn::bearer(&uri(), StaticToken::new(token));
    AdminServiceSite::builder(server.admin_service().unwrap(), sign_in)
}

fn reader(server: &EmulatorServer) -> AdminServiceSite {
    builder(server, TOKEN).build().unwrap()
}

fn rows(site: &EmulatedSite) -> SiteSnapshot {
    let mut rows = SiteSnapshot::default();
    site.change(|held| rows = held.clone());
    rows
}

#[tokio::test]
async fn what_was_onboarded_is_read_back_as_it_is() {
    let (tenant, site) = (EmulatedTenant::new(), emulated());
    let schedule = Schedule::every_days(7).build().unwrap();
    let discovery = DiscoverySpec::builder()
        .users()
        .user_schedule(schedule.clone())
        .user_delta_minutes(5)
        .groups(["Finance's", "IT"]);
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(discovery)
        .build()
        .unwrap();
    support::connection(spec, &tenant, &site).onboard(|_| {}).await.unwrap();

    let server = serve(&site, true).await;
    let reader = builder(&server, TOKEN).http(support::client(&server)).build().unwrap();
    let read = reader.snapshot(Call::quiet()).await.unwrap();
    let held = rows(&site);
    // An address by URL does not name an SMS Provider, so the reader cannot tell which site it is.
    assert_eq!(read.info.identity, None);
    assert_eq!(
        (&read.info.site_code, &read.info.version),
        (&held.info.site_code, &held.info.version)
    );
    assert_eq!(read.applications, held.applications);
    assert_eq!(read.tenants[0].environment, Some(CloudEnvironment::AzurePublicCloud));
    assert_eq!(read.tenants[0].environment_name.as_deref(), Some("AzurePublicCloud"));
    let connection = &read.connections[0];
    let users = connection.user_discovery.as_ref().unwrap();
    assert_eq!((users.full_schedule.as_ref(), users.delta_minutes), (Some(&schedule), Some(5)));
    let groups = connection.group_discovery.as_ref().unwrap();
    assert_eq!(groups.group_names, ["Finance's", "IT"]);
    assert_eq!(groups.group_ids.len(), 2);
    assert_eq!(read.connections_of(tenant.tenant_id().into()).count(), 1);
}

#[tokio::test]
async fn a_snapshot_is_seven_requests_over_one_connection_and_never_asks_for_a_secret() {
    let site = emulated();
    let server = serve(&site, true).await;
    let reader = builder(&server, TOKEN)
        .http(pinning(&server, server.certificate_fingerprint().unwrap()))
        .build()
        .unwrap();
    reader.snapshot(Call::quiet()).await.unwrap();
    let requests = server.tenant().requests();
    assert_eq!((requests.len(), server.connections()), (7, 1));
    for request in requests {
        assert_eq!(request.status, 200, "{}", request.path);
        let selected = request.path.split_once("$select=").unwrap().1;
        assert!(selected.split(',').all(|property| property != "SecretKey"), "{selected}");
    }
}

#[tokio::test]
async fn only_the_pinned_certificate_is_accepted() {
    let site = emulated();
    let (server, other) = (serve(&site, true).await, serve(&site, true).await);
    let pinned = |fingerprint: CertificateFingerprint| builder(&server, TOKEN).http(pinning(&server, fingerprint)).build().unwrap();
    assert!(
        pinned(server.certificate_fingerprint().unwrap())
            .snapshot(Call::quiet())
            .await
            .is_ok()
    );

    let began = std::time::Instant::now();
    let wrong = pinned(other.certificate_fingerprint().unwrap());
    let error = wrong.snapshot(Call::quiet()).await.unwrap_err();
    let SiteError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.trouble(), SiteTrouble::CertificateNotPinned);
    let shown = server.certificate_fingerprint().unwrap().to_string();
    assert!(chain(&error).contains(&shown), "the one that was shown is named: {}", chain(&error));
    assert!(began.elapsed().as_secs() < 5, "it is not tried again");
    assert_eq!(server.tenant().requests().len(), 7, "nothing was sent to it");
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_refused() {
    let server = serve(&emulated(), true).await;
    let error = reader(&server).snapshot(Call::quiet()).await.unwrap_err();
    let SiteError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.trouble(), SiteTrouble::NotReached);
    assert!(chain(&error).to_lowercase().contains("certificate"), "{}", chain(&error));
    assert!(error.help().contains("pin"), "{}", error.help());
    assert!(server.tenant().requests().is_empty());
}

#[tokio::test]
async fn a_trusted_root_does_not_soften_a_pin() {
    let site = emulated();
    let (server, other) = (serve(&site, true).await, serve(&site, true).await);
    let reader = builder(&server, TOKEN)
        .http(HttpClient::new(
            HttpOptions::new()
                .trusted_root_pem(server.certificate_pem().unwrap())
                .unwrap()
                .pinned_certificate(server.url(), other.certificate_fingerprint().unwrap()),
        ))
        .build()
        .unwrap();
    assert!(reader.snapshot(Call::quiet()).await.is_err());
}

#[tokio::test]
async fn behind_a_gateway_a_token_for_the_server_app_is_taken_and_no_other() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    support::connection(spec(), &tenant, &site).onboard(|_| {}).await.unwrap();
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    let registered: AppIdUri = rows(&site).applications[0].identifier_uri.as_deref().unwrap().parse().unwrap();
    let behind = server.url().join("CCM_Proxy_ServerAuth/72057594037928038/AdminService").unwrap();
    let read = async |audience: &str| {
        let token = tenant.token_for(&Caller::global_administrator().with_audience(audience));
        let address = cmg_onboarding::site::admin_service::AdminServiceAddress::url(&behind).unwrap();
        let sign_in = AdminServiceSignIn::bearer(&registered, StaticToken::new(token));
        AdminServiceSite::builder(address, sign_in)
            .build()
            .unwrap()
            .snapshot(Call::quiet())
            .await
    };
    assert_eq!(read(registered.as_str()).await.unwrap().applications.len(), 2);
    let error = read("https://graph.microsoft.com").await.unwrap_err();
    let SiteError::Refused(refused) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(refused.reason(), SiteRefusalReason::NotSignedIn);
    assert!(
        error.help().contains("App ID URI") && error.help().contains("version 1"),
        "{}",
        error.help()
    );
    assert!(!format!("{error:?}").contains("eyJ"), "no token is told");
}

#[tokio::test]
async fn names_with_quotes_and_percent_signs_are_found_as_they_are() {
    let site = emulated();
    let names = [
        "Contoso's app",
        "%27 or 1 eq 1 or Name eq %27",
        "' or ID gt 0 or Name eq '",
        "a&$top=0#b+c",
        "Ünïcode \u{1F600}",
    ];
    site.change(|rows| {
        rows.tenants
            .push(SiteTenant::new(SiteRowId(1), TenantId::new(Uuid::from_u128(1)), "contoso", None));
        for (number, name) in (10..).zip(names) {
            let client_id = ApplicationId::new(Uuid::from_u128(number));
            rows.applications
                .push(SiteApplication::new(SiteRowId(number as i64), client_id, name, SiteRowId(1), true));
        }
    });
    let server = serve(&site, false).await;
    for name in names {
        let found = reader(&server).applications_named(Call::quiet(), name).await.unwrap();
        let found: Vec<&str> = found.iter().map(|application| application.name.as_str()).collect();
        assert_eq!(found, [name]);
    }
}

#[tokio::test]
async fn an_apps_expiry_is_looked_up_and_unset_dates_are_none() {
    let site = emulated();
    let id = |number: u128| ApplicationId::new(Uuid::from_u128(number));
    let far = datetime!(9999-12-31 23:59:59 UTC);
    site.change(|rows| {
        let application = |number: i64| SiteApplication::new(SiteRowId(number), id(number as u128), "app", SiteRowId(1), false);
        let mut dated = application(7);
        dated.secret_expiry = Some(far);
        dated.created = Some(datetime!(2024-02-29 12:00 UTC));
        rows.applications.extend([dated, application(8)]);
    });
    let server = serve(&site, false).await;
    let reader = reader(&server);
    assert_eq!(reader.secret_expiry(Call::quiet(), id(7)).await.unwrap(), Some(far));
    assert_eq!(
        reader.secret_expiry(Call::quiet(), id(8)).await.unwrap(),
        None,
        "the site says 1980"
    );
    assert_eq!(reader.secret_expiry(Call::quiet(), id(9)).await.unwrap(), None);
    let found = reader.application(Call::quiet(), id(7)).await.unwrap().unwrap();
    assert_eq!(found.created, Some(datetime!(2024-02-29 12:00 UTC)));
}

#[tokio::test]
async fn ten_thousand_applications_are_read() {
    let site = emulated();
    site.change(|rows| {
        rows.applications = (1..=10_000)
            .map(|number| {
                let name = format!("An application with a rather long name, number {number}");
                let mut application = SiteApplication::new(
                    SiteRowId(number),
                    ApplicationId::new(Uuid::from_u128(number as u128)),
                    name,
                    SiteRowId(1),
                    false,
                );
                application.identifier_uri = Some(format!("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService/{number}"));
                // A provider writes 0 where no number was set, and never null.
                application.source = Some(0);
                application
            })
            .collect();
    });
    let server = serve(&site, false).await;
    let snapshot = reader(&server).snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.applications.len(), 10_000);
    assert_eq!(snapshot.applications, rows(&site).applications);
}

#[tokio::test]
async fn unknown_numbers_are_kept_and_tenant_attach_is_no_cloud_management() {
    let site = emulated();
    let tenant = TenantId::new(Uuid::from_u128(1));
    site.change(|rows| {
        let mut row = SiteTenant::new(SiteRowId(1), tenant, "contoso", None);
        row.environment_number = Some(42);
        rows.tenants.push(row);
        let mut application = SiteApplication::new(SiteRowId(2), ApplicationId::new(Uuid::from_u128(2)), "app", SiteRowId(1), false);
        application.source = Some(-3);
        rows.applications.push(application);
        for (id, kind) in [(3, 5), (4, 99)] {
            let mut connection = SiteConnection::new(SiteRowId(id), format!("kind {kind}"), None, vec![SiteRowId(2)]);
            connection.service_type = Some(kind);
            rows.connections.push(connection);
        }
    });
    let server = serve(&site, false).await;
    let read = reader(&server).snapshot(Call::quiet()).await.unwrap();
    assert_eq!((read.tenants[0].environment, read.tenants[0].environment_number), (None, Some(42)));
    assert_eq!(read.applications[0].source, Some(-3));
    let names: Vec<&str> = read.connections_of(tenant).map(|connection| connection.name.as_str()).collect();
    assert_eq!(names, ["kind 99"]);
}

#[tokio::test]
async fn the_reader_writes_nothing_and_names_who_does() {
    let (tenant, site) = (EmulatedTenant::new(), emulated());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    let connection = AzureServicesConnection::builder(spec())
        .directory(directory(&server, &tenant, &Caller::global_administrator()))
        .site(reader(&server))
        .build()
        .unwrap();
    let before = site.state();
    let error = connection.onboard(|_| {}).await.unwrap_err();
    assert!(
        error.help().contains("PowerShellSite") && error.help().contains("SplitSite"),
        "{}",
        error.help()
    );
    assert_eq!(site.state(), before);
}

#[tokio::test]
async fn one_reads_and_the_other_writes() {
    let (tenant, site) = (EmulatedTenant::new(), emulated());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    let connection = AzureServicesConnection::builder(spec())
        .directory(directory(&server, &tenant, &Caller::global_administrator()))
        .site(SplitSite::new(reader(&server), site.clone()))
        .build()
        .unwrap();
    connection.onboard(|_| {}).await.unwrap();
    assert!(connection.plan(|_| ()).await.unwrap().is_empty(), "what was written is read back");
    assert_eq!(rows(&site).connections.len(), 1);
}

#[tokio::test]
async fn the_service_describes_itself() {
    let server = serve(&emulated(), false).await;
    let get = async |path: &str| plain_get(&server, path).await;
    let (status, metadata) = get("AdminService/wmi/$metadata").await;
    assert_eq!(status, 200);
    assert!(metadata.contains(r#"<EntityType Name="SMS_AAD_Application_Ex"><Key><PropertyRef Name="ID" /></Key>"#));
    assert_eq!(
        get("AdminService/wmi/sms_site('p01')").await.0,
        200,
        "classes are found without regard to case"
    );
    assert_eq!(get("AdminService/wmi/SMS_Site/P01").await.0, 200);
    assert_eq!(get("AdminService/wmi/SMS_Site('XXX')").await.0, 404);
    assert_eq!(get("AdminService/wmi/SMS_Nothing").await.0, 404);
    assert_eq!(get("AdminService/wmi/SMS_Site?$select=Nothing").await.0, 400);
    let (_, counted) = get("AdminService/wmi/SMS_AzureEnvironments?$count=true&$top=1&$orderby=ID%20desc").await;
    let counted: serde_json::Value = serde_json::from_str(&counted).unwrap();
    assert_eq!((&counted["@odata.count"], &counted["value"][0]["ID"]), (&2.into(), &2.into()));
    assert_eq!(counted["value"].as_array().unwrap().len(), 1);
}

/// A plain GET with the site's token: status and body.
async fn plain_get(server: &EmulatorServer, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", server.url().port().unwrap()))
        .await
        .unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}
