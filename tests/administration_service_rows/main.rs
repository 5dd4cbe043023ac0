//! Rows as an administration service sends them, with all their members: what the reader makes of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

use cmg_onboarding::{
    AzureServicesConnection, Call, CloudEnvironment, ConnectionSpec, ReusedApp, Site, StaticToken,
    connection::FindingCode,
    site::{
        SiteHierarchy, SiteRowId, SiteSnapshot, UnreadRow,
        admin_service::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite},
    },
};
use serde_json::Value;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
const CLIENT: &str = "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02";

/// Every request, and the answer to it.
const ANSWERS: [(&str, &str); 11] = [
    ("SMS_Site", include_str!("rows/SMS_Site.json")),
    ("SMS_AzureEnvironments", include_str!("rows/SMS_AzureEnvironments.json")),
    ("SMS_AAD_Tenant_Ex", include_str!("rows/SMS_AAD_Tenant_Ex.json")),
    ("SMS_AAD_Application_Ex", include_str!("rows/SMS_AAD_Application_Ex.json")),
    ("SMS_AzureService", include_str!("rows/SMS_AzureService.json")),
    ("SMS_Azure_CloudService", include_str!("rows/SMS_Azure_CloudService.json")),
    ("SMS_Azure_CloudService(2)", include_str!("rows/SMS_Azure_CloudService(2).json")),
    (
        "SMS_Azure_CloudService(16777219)",
        include_str!("rows/SMS_Azure_CloudService(16777219).json"),
    ),
    ("SMS_AAD_Discovery_Settings", include_str!("rows/SMS_AAD_Discovery_Settings.json")),
    (
        "SMS_AAD_Discovery_Settings(16777220)",
        include_str!("rows/SMS_AAD_Discovery_Settings(16777220).json"),
    ),
    (
        "SMS_AAD_Discovery_Settings(16777221)",
        include_str!("rows/SMS_AAD_Discovery_Settings(16777221).json"),
    ),
];

/// The answers, after a change to the rows of one of them.
fn answers_with(changed: &'static str, change: impl Fn(&mut Value)) -> Vec<(&'static str, Value)> {
    let read = |(name, text): (&'static str, &str)| {
        let mut answer: Value = serde_json::from_str(text).unwrap();
        if name == changed {
            change(&mut answer["value"]);
        }
        (name, answer)
    };
    ANSWERS.into_iter().map(read).collect()
}

async fn service(answers: Vec<(&'static str, Value)>) -> (MockServer, AdminServiceSite) {
    let server = MockServer::start().await;
    let respond = move |request: &Request| {
        let asked = request.url.path().strip_prefix("/AdminService/wmi/").unwrap();
        match answers.iter().find(|(name, _)| *name == asked) {
            Some((_, answer)) => ResponseTemplate::new(200).set_body_json(answer),
            None => ResponseTemplate::new(404),
        }
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    let address = AdminServiceAddress::url(&format!("{}/AdminService", server.uri()).parse().unwrap()).unwrap();
    let uri = "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService".parse().unwrap();
    let site = AdminServiceSite::builder(address, AdminServiceSignIn::bearer(&uri, StaticToken::new("t"))).build();
    (server, site.unwrap())
}

async fn snapshot_with(changed: &'static str, change: impl Fn(&mut Value)) -> SiteSnapshot {
    let (_server, site) = service(answers_with(changed, change)).await;
    site.snapshot(Call::quiet()).await.unwrap()
}

#[tokio::test]
async fn a_whole_site_is_read_from_rows_with_all_their_members() {
    let (server, site) = service(answers_with("", |_| ())).await;
    let read = site.snapshot(Call::quiet()).await.unwrap();
    assert_eq!((read.info.site_code.as_str(), read.info.build()), ("P01", Some(9128)));
    assert_eq!(read.unread, []);
    assert_eq!(read.tenants[0].environment, Some(CloudEnvironment::AzurePublicCloud));

    let (server_app, client_app) = (&read.applications[0], &read.applications[1]);
    assert!(server_app.secret_expiry.is_some() && server_app.created.is_some());
    assert_eq!(server_app.associated_applications, [client_app.id]);
    let empty = (&client_app.identifier_uri, &client_app.reply_url);
    assert_eq!(empty, (&None, &None), "an empty text is none");
    assert_eq!((client_app.secret_expiry, client_app.created), (None, None), "never set");
    let told = format!("{read:?} {}", serde_json::to_string(&read).unwrap());
    assert!(!told.contains("0C0100"), "the encrypted secret is dropped");

    let connection = &read.connections[0];
    assert_eq!(connection.web_applications, [server_app.id], "a lazy list is read by the row's key");
    assert_eq!((&connection.description, connection.service_type), (&None, Some(0)));
    assert!(read.connections[1].is_tenant_attach());
    assert_eq!(read.info.hierarchy, SiteHierarchy::Top);
    let gateways: Vec<_> = read.gateways_of(connection.id).map(|gateway| gateway.name.as_str()).collect();
    assert_eq!(gateways, ["CMG.CONTOSO.COM"]);
    assert_eq!(read.is_cloud_management(connection), Some(true));
    let users = connection.user_discovery.as_ref().unwrap();
    assert_eq!(
        (users.delta_minutes, users.last_full_sync, users.last_delta_sync),
        (None, None, None)
    );
    assert!(users.full_schedule.is_some() && users.group_names.is_empty());
    let groups = connection.group_discovery.as_ref().unwrap();
    assert_eq!(
        (groups.group_names.as_slice(), groups.delta_minutes),
        (&["CMG users".to_owned()][..], Some(5))
    );
    assert_eq!(
        server.received_requests().await.unwrap().len(),
        ANSWERS.len(),
        "each is asked for once"
    );
}

#[tokio::test]
async fn what_a_row_lacks_is_told_and_never_taken_for_nothing() {
    for (class, row, property) in [
        ("SMS_AAD_Tenant_Ex", 1, "TenantID"),
        ("SMS_AAD_Application_Ex", 16_777_217, "ClientID"),
        ("SMS_AAD_Application_Ex", 16_777_217, "IsClientApp"),
        ("SMS_AAD_Application_Ex", 16_777_217, "TenantID"),
    ] {
        let read = snapshot_with(class, |rows| rows[0][property] = Value::Null).await;
        assert_eq!(read.unread, [UnreadRow::new(class, Some(SiteRowId(row)), property)]);
    }
    let read = snapshot_with("SMS_Azure_CloudService", |rows| rows[0]["ID"] = Value::Null).await;
    assert_eq!(read.unread, [UnreadRow::new("SMS_Azure_CloudService", None, "ID")]);
}

#[tokio::test]
async fn discovery_whose_groups_cannot_be_read_is_not_user_discovery() {
    // The row is gone when it is asked for by its key.
    let mut answers = answers_with("", |_| ());
    answers.retain(|(name, _)| *name != "SMS_AAD_Discovery_Settings(16777221)");
    let (_server, site) = service(answers).await;
    let read = site.snapshot(Call::quiet()).await.unwrap();
    let unread = UnreadRow::new("SMS_AAD_Discovery_Settings", Some(SiteRowId(16_777_221)), "DiscoveryScopeIds");
    assert_eq!(read.unread, [unread]);
    let connection = &read.connections[0];
    assert!(connection.user_discovery.is_some() && connection.group_discovery.is_none());
    assert!(connection.is_discovery_unread, "a plan tells it");
}

#[tokio::test]
async fn a_plan_tells_what_could_not_be_read() {
    let answers = answers_with("SMS_AAD_Discovery_Settings(16777220)", |rows| {
        rows[0]["FullSyncEnabled"] = Value::Null
    });
    let (_server, site) = service(answers).await;
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ReusedApp::new(SERVER.parse().unwrap()))
        .client_app(ReusedApp::new(CLIENT.parse().unwrap()))
        .build()
        .unwrap();
    let connection = AzureServicesConnection::builder(spec).site(site).build().unwrap();
    let plan = connection.plan(|_| ()).await.unwrap();
    let codes: Vec<FindingCode> = plan.document().findings.iter().map(|finding| finding.code()).collect();
    assert!(codes.contains(&FindingCode::SiteRowUnread), "{codes:?}");
}

#[tokio::test]
async fn gateways_that_the_service_does_not_show_are_unknown_and_not_none() {
    let mut answers = answers_with("", |_| ());
    answers.retain(|(name, _)| *name != "SMS_AzureService");
    let (_server, site) = service(answers).await;
    let read = site.snapshot(Call::quiet()).await.unwrap();
    assert_eq!(read.gateways, None);
    assert_eq!(
        read.is_cloud_management(&read.connections[0]),
        None,
        "and so is what the connection is"
    );
    assert_eq!(read.connections.len(), 2, "everything else is read");
}
