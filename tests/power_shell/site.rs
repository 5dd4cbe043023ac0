//! What the script says, as a site.

use cmg_onboarding::{
    AzureServicesConnection, Call, ClientAppSpec, CloudEnvironment, ConnectionSpec, Diagnostic, ServerAppSpec, Site, SiteError, Step,
    connection::FindingCode,
    error::{InvalidValue, ValueKind},
    site::{
        SecretHeld, SiteAction, SiteHierarchy, SiteIdentity, SiteItem, SiteRemoval, SiteRowId, UnreadRow,
        power_shell::{PowerShellError, PowerShellSite},
    },
};
use cmg_onboarding_emulator::EmulatedTenant;
use serde_json::Value;

use crate::support::{CLIENT, CONNECTION, END, FakeHost, Received, SERVER, SITE, TENANT, cause, failed, holding, progress, wanted};

fn rows() -> Vec<String> {
    vec![
        SITE.to_owned(),
        format!(
            r#"{{"cmg":2,"run":"RUN","event":"tenant","id":1,"tenantId":"{TENANT}","name":"Z\u00fcrich","environment":"AzurePublicCloud"}}"#
        ),
        r#"{"cmg":2,"run":"RUN","event":"tenant","id":2,"tenantId":"","name":"left over","environment":null}"#.to_owned(),
        format!(
            r#"{{"cmg":2,"run":"RUN","event":"application","id":16777218,"clientId":"{SERVER}","name":"Server","tenant":1,"isClientApp":false,"identifierUri":"api://x","secretExpiry":4070908800}}"#
        ),
        format!(
            r#"{{"cmg":2,"run":"RUN","event":"application","id":16777219,"clientId":"{CLIENT}","name":"Client","tenant":1,"isClientApp":true,"identifierUri":"","secretExpiry":null}}"#
        ),
        CONNECTION.to_owned(),
        END.to_owned(),
    ]
}

#[tokio::test]
async fn a_snapshot_holds_everything_the_script_read() {
    let host = FakeHost::saying(&rows());
    let snapshot = host.site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.info.build(), Some(9128));
    let tenant = snapshot.tenant(TENANT.parse().unwrap()).unwrap();
    assert_eq!(
        (tenant.name.as_str(), tenant.environment),
        ("Z\u{fc}rich", Some(CloudEnvironment::AzurePublicCloud))
    );
    assert_eq!(snapshot.tenants.len(), 1);
    let unread = UnreadRow::new("SMS_AAD_Tenant_Ex", Some(SiteRowId(2)), "TenantID");
    assert_eq!(snapshot.unread, [unread], "a row whose id is no GUID is unknown, not absent");
    let server = snapshot.application(SERVER.parse().unwrap()).unwrap();
    assert_eq!(server.identifier_uri.as_deref(), Some("api://x"));
    assert_eq!(server.secret_expiry.unwrap().year(), 2099);
    let client = snapshot.application(CLIENT.parse().unwrap()).unwrap();
    assert_eq!((client.is_client_app, &client.identifier_uri), (true, &None));
    let connection = snapshot.connections_of(TENANT.parse().unwrap()).next().unwrap();
    assert_eq!(connection.description, None);
    assert_eq!(connection.user_discovery.as_ref().unwrap().delta_minutes, Some(30));
    let (script, request) = host.seen().remove(0);
    assert_eq!(script, cmg_onboarding::site::power_shell::SCRIPT);
    assert_eq!(serde_json::from_slice::<Value>(&request).unwrap()["operation"], "snapshot");
}

#[tokio::test]
async fn a_snapshot_tells_hierarchy_module_gateways_and_when_a_secret_changed() {
    let site = SITE.replace(
        r#""siteCode""#,
        r#""provider":"PROVIDER.contoso.com","reportsTo":"","moduleVersion":"5.2403.1.0","siteCode""#,
    );
    let app = format!(
        r#"{{"cmg":2,"run":"RUN","event":"application","id":2,"clientId":"{SERVER}","name":"Server","tenant":1,"isClientApp":false,"identifierUri":"api://x","secretExpiry":4070908800,"secretCreated":1700000000,"updated":1700000001}}"#
    );
    let gateway = r#"{"cmg":2,"run":"RUN","event":"gateway","name":"cmg","connection":16777220}"#;
    let facts = r#"{"cmg":2,"run":"RUN","event":"facts","areGatewaysKnown":true,"isServiceConnectionPointOnline":false}"#;
    let connection = CONNECTION.replace(r#""groupDiscovery""#, r#""isDiscoveryKnown":false,"groupDiscovery""#);
    let lines = [site.as_str(), &app, &connection, gateway, facts, END];
    let snapshot = FakeHost::saying(&lines).site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.info.hierarchy, SiteHierarchy::Top);
    assert_eq!(snapshot.info.module_version.as_deref(), Some("5.2403.1.0"));
    assert_eq!(snapshot.info.is_service_connection_point_online, Some(false));
    assert!(!snapshot.info.takes_renewed_secrets && snapshot.connections[0].is_discovery_unread);
    assert_eq!(snapshot.gateways_of(SiteRowId(16_777_220)).count(), 1);
    let row = snapshot.application(SERVER.parse().unwrap()).unwrap();
    let seconds = |moment: Option<time::OffsetDateTime>| moment.map(time::OffsetDateTime::unix_timestamp);
    assert_eq!(
        (seconds(row.secret_created), seconds(row.updated)),
        (Some(1_700_000_000), Some(1_700_000_001))
    );
    // Without the line, nothing is known.
    let snapshot = FakeHost::saying(&rows()).site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!((snapshot.gateways, snapshot.info.hierarchy), (None, SiteHierarchy::Unknown));
}

#[tokio::test]
async fn each_row_that_cannot_be_read_is_told_with_its_class_its_id_and_the_property() {
    let app = |id: &str, client: &str, tenant: &str, kind: &str| {
        format!(
            r#"{{"cmg":2,"run":"RUN","event":"application","id":{id},"clientId":"{client}","name":"App","tenant":{tenant},"isClientApp":{kind},"identifierUri":"","secretExpiry":null}}"#
        )
    };
    let tenant = |id: &str, tenant: &str| {
        format!(r#"{{"cmg":2,"run":"RUN","event":"tenant","id":{id},"tenantId":"{tenant}","name":"T","environment":null}}"#)
    };
    let (apps, tenants, services) = ("SMS_AAD_Application_Ex", "SMS_AAD_Tenant_Ex", "SMS_Azure_CloudService");
    for (line, class, row, property) in [
        (app("7", "no GUID", "1", "false"), apps, Some(7), "ClientID"),
        (app("7", "", "1", "true"), apps, Some(7), "ClientID"),
        (app("7", SERVER, "null", "false"), apps, Some(7), "TenantID"),
        (app("7", SERVER, "1", "null"), apps, Some(7), "IsClientApp"),
        (app("null", SERVER, "1", "false"), apps, None, "ID"),
        (tenant("8", "contoso.com"), tenants, Some(8), "TenantID"),
        (tenant("null", TENANT), tenants, None, "ID"),
        (CONNECTION.replace("16777220", "null"), services, None, "ID"),
    ] {
        let host = FakeHost::saying(&[SITE, &line, END]);
        let snapshot = host.site().snapshot(Call::quiet()).await.unwrap();
        assert_eq!(snapshot.unread, [UnreadRow::new(class, row.map(SiteRowId), property)], "{line}");
        assert!(snapshot.applications.is_empty() && snapshot.tenants.is_empty() && snapshot.connections.is_empty());
    }
}

#[tokio::test]
async fn both_apps_stay_in_a_removal_if_an_app_of_the_site_cannot_be_read() {
    let tenant = EmulatedTenant::new();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("Server"))
        .client_app(ClientAppSpec::builder("Client"))
        .build()
        .unwrap();
    let job = || AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
    let outcome = job().build().unwrap().onboard(|_| ()).await.unwrap();
    let (server, client) = (outcome.server_app.as_ref().unwrap(), outcome.client_app.as_ref().unwrap());
    let facts = r#"{"cmg":2,"run":"RUN","event":"facts","areGatewaysKnown":true,"isServiceConnectionPointOnline":true}"#;
    // Another app, whose connection may be using the server app if its id cannot be read.
    for (other, stays) in [("c7f6d1c6-5b52-4a3c-9d55-1c1f9b0f4a77", false), ("?", true)] {
        let mut lines: Vec<String> = rows().into_iter().filter(|line| !line.contains("left over")).collect();
        lines.insert(
            4,
            format!(
                r#"{{"cmg":2,"run":"RUN","event":"application","id":99,"clientId":"{other}","name":"App","tenant":1,"isClientApp":false,"identifierUri":"","secretExpiry":null}}"#
            ),
        );
        lines.insert(5, facts.to_owned());
        let own = |line: &String| {
            let line = line.replace(SERVER, &server.application_id.to_string());
            let line = line.replace(CLIENT, &client.application_id.to_string());
            line.replace(TENANT, &outcome.tenant_id.to_string())
        };
        let lines: Vec<String> = lines.iter().map(own).collect();
        let job = job().site(FakeHost::saying(&lines).site()).build().unwrap();
        let plan = job.plan_removal(|_| ()).await.unwrap();
        let is_told = plan.findings().iter().any(|finding| finding.code() == FindingCode::SiteRowUnread);
        let removes_app = plan.step(Step::RemoveServerApp).is_some() || plan.step(Step::RemoveClientApp).is_some();
        assert_eq!((is_told, removes_app), (stays, !stays), "{other}: {plan}");
    }
}

#[tokio::test]
async fn discovery_with_nothing_set_has_no_schedule_and_no_minutes() {
    let empty = CONNECTION.replace("0001170000100038", "").replace(":30", ":0");
    let host = FakeHost::saying(&[SITE, &empty, END]);
    let snapshot = host.site().snapshot(Call::quiet()).await.unwrap();
    let users = snapshot.connections[0].user_discovery.clone().unwrap();
    assert_eq!((users.full_schedule_text, users.delta_minutes), (None, None));
}

#[tokio::test]
async fn a_gateway_whose_number_was_never_set_or_told_does_not_say_which_connection_it_uses() {
    let facts = r#"{"cmg":2,"run":"RUN","event":"facts","areGatewaysKnown":true,"isServiceConnectionPointOnline":true}"#;
    for number in ["0", "null"] {
        let gateway = format!(r#"{{"cmg":2,"run":"RUN","event":"gateway","name":"cmg","connection":{number}}}"#);
        let host = FakeHost::saying(&[SITE, CONNECTION, &gateway, facts, END]);
        let gateways = host.site().snapshot(Call::quiet()).await.unwrap().gateways.unwrap();
        assert_eq!((gateways.len(), gateways[0].connection), (1, None), "{number}");
    }
}

#[tokio::test]
async fn a_drive_that_leads_to_another_provider_or_site_is_refused_before_its_rows_are_believed() {
    let elsewhere = SITE.replace(r#""siteCode""#, r#""provider":"lab01.contoso.com","siteCode""#);
    let other_code = SITE.replace("P01", "LAB");
    for site in [elsewhere, other_code] {
        let host = FakeHost::saying(&[site.as_str(), CONNECTION, END]);
        let error = host.site().snapshot(Call::quiet()).await.unwrap_err();
        assert!(matches!(cause(&error), Some(PowerShellError::OtherSite { .. })), "{error:?}");
        let failure = host.site().onboard(Call::quiet(), &wanted()).await.unwrap_err();
        assert!(failure.error.help().contains("Remove-PSDrive"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_schedule_that_cannot_be_told_and_an_environment_of_another_number_are_left_open() {
    let host = FakeHost::saying(&[
        SITE,
        &format!(r#"{{"cmg":2,"run":"RUN","event":"tenant","id":1,"tenantId":"{TENANT}","name":"x","environment":"AzureMoonCloud"}}"#),
        &CONNECTION.replace("0001170000100038", "00011700001000380001170000100038"),
        END,
    ]);
    let snapshot = host.site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.tenants[0].environment, None);
    assert_eq!(snapshot.connections[0].user_discovery.as_ref().unwrap().full_schedule, None);
}

#[tokio::test]
async fn onboarding_tells_each_item_as_it_is_done_and_returns_what_was_read_back() {
    let host = FakeHost::saying(&[
        SITE.to_owned(),
        progress("tenant", "unchanged", 1, &[]),
        progress("serverApp", "differs", 2, &["its name is A", "its App ID URI is B"]),
        progress("clientApp", "created", 3, &[]),
        progress("connection", "changed", 4, &[]),
        progress("discovery", "created", 4, &[]),
        CONNECTION.to_owned(),
        END.to_owned(),
    ]);
    let received = Received::default();
    let onboarded = host.site().onboard(received.call(), &wanted()).await.unwrap();
    assert_eq!(onboarded.done, received.all());
    assert_eq!(onboarded.connection.id, SiteRowId(16_777_220));
    assert_eq!(
        onboarded.secret,
        SecretHeld::NotSaid,
        "a row that differs may have been created in this very run"
    );
    let told: Vec<_> = received.all().into_iter().map(|step| (step.item, step.action)).collect();
    assert_eq!(
        told,
        [
            (SiteItem::Tenant, SiteAction::Unchanged),
            (
                SiteItem::ServerApp,
                SiteAction::Differs("The site keeps it as it has it: its name is A; its App ID URI is B.".to_owned())
            ),
            (SiteItem::ClientApp, SiteAction::Created),
            (SiteItem::Connection, SiteAction::Changed),
            (SiteItem::Discovery, SiteAction::Created),
        ]
    );
}

#[tokio::test]
async fn which_secret_the_site_holds_is_the_scripts_own_word() {
    for (secret, held) in [
        (Some("this"), SecretHeld::This),
        (Some("another"), SecretHeld::Another),
        (Some("notSaid"), SecretHeld::NotSaid),
        (None, SecretHeld::NotSaid),
    ] {
        let step = progress("serverApp", "created", 2, &[]);
        let step = secret.map_or_else(|| step.clone(), |secret| holding(&step, secret));
        let lines = [SITE.to_owned(), step, CONNECTION.to_owned(), END.to_owned()];
        let site = FakeHost::saying(&lines).site();
        let onboarded = site.onboard(Call::quiet(), &wanted()).await.unwrap();
        assert_eq!(onboarded.secret, held, "{secret:?}");
    }
}

#[tokio::test]
async fn an_app_that_reads_back_a_little_differently_was_created_all_the_same() {
    let step = holding(&progress("serverApp", "created", 2, &["its App ID URI is B"]), "this");
    let site = FakeHost::saying(&[SITE, &step, CONNECTION, END]).site();
    let onboarded = site.onboard(Call::quiet(), &wanted()).await.unwrap();
    assert_eq!(onboarded.secret, SecretHeld::This);
    assert_eq!(onboarded.done[0].action, SiteAction::Created);
    assert_eq!(onboarded.done[0].differences.as_deref(), Some("its App ID URI is B."));
}

#[tokio::test]
async fn a_site_is_told_from_another_one_by_its_code_and_its_provider() {
    let snapshot = FakeHost::saying(&rows()).site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.info.identity, Some(SiteIdentity::of("P01", "provider.contoso.com")));
}

#[tokio::test]
async fn a_refusal_at_any_item_keeps_what_was_done_before() {
    let items = ["tenant", "serverApp", "clientApp", "connection", "discovery"];
    for done in 0..items.len() {
        let mut lines = vec![SITE.to_owned()];
        lines.extend(items[..done].iter().map(|item| progress(item, "created", 1, &[])));
        lines.push(failed("refused", "import the server app", "Access denied"));
        let received = Received::default();
        let host = FakeHost::saying(&lines).then_ending(1, "");
        let failure = host.site().onboard(received.call(), &wanted()).await.unwrap_err();
        assert_eq!((failure.done.len(), received.all().len()), (done, done));
        let SiteError::Refused(refused) = &failure.error else {
            panic!("{:?}", failure.error)
        };
        assert_eq!((refused.operation(), refused.message()), ("import the server app", "Access denied"));
        assert_eq!(failure.error.help(), "Do this.");
    }
}

#[tokio::test]
async fn a_removal_says_what_stays() {
    let line = r#"{"cmg":2,"run":"RUN","event":"removed","connection":true,"leftBehind":["The tenant Contoso stays in the site."]}"#;
    let host = FakeHost::saying(&[SITE, line, END]);
    let removed = host
        .site()
        .remove(Call::quiet(), &SiteRemoval::new(SiteRowId(7), "Contoso CMG"))
        .await
        .unwrap();
    assert!(removed.connection);
    assert_eq!(removed.left_behind.len(), 1);
    let request: Value = serde_json::from_slice(&host.seen().remove(0).1).unwrap();
    assert_eq!(request["removal"]["connection"], 7);
    assert_eq!(request["removal"]["noGatewayStated"], false);
    let stated = SiteRemoval::new(SiteRowId(7), "Contoso CMG").stating_no_gateway(true);
    host.site().remove(Call::quiet(), &stated).await.unwrap();
    let request: Value = serde_json::from_slice(&host.seen()[1].1).unwrap();
    assert_eq!(request["removal"]["noGatewayStated"], true);
}

#[test]
fn site_code_and_provider_are_checked_before_anything_runs() {
    for code in ["", "P1", "P001", "P-1", "\u{e9}\u{e9}\u{e9}", "P1;"] {
        let error = PowerShellSite::builder(code, "provider.contoso.com").build().unwrap_err();
        assert_eq!((error.kind, error.given.as_deref()), (ValueKind::SiteCode, Some(code)));
    }
    for provider in ["", "provider contoso", "http://provider", "a\u{e9}"] {
        let error = PowerShellSite::builder("P01", provider).build().unwrap_err();
        assert_eq!((error.kind, error.given.as_deref()), (ValueKind::Provider, Some(provider)));
    }
}

#[test]
fn what_is_public_goes_between_threads_and_wherever_errors_go() {
    fn is_shareable<T: Send + Sync + 'static>() {}
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_shareable::<PowerShellSite>();
    is_shareable::<cmg_onboarding::site::power_shell::LocalProcess>();
    is_shareable::<cmg_onboarding::site::power_shell::ConsoleScript>();
    is_error::<InvalidValue>();
    is_error::<PowerShellError>();
    is_error::<cmg_onboarding::site::power_shell::ConsoleScriptError>();
}
