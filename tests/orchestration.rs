//! The job against the emulated tenant and site straight behind the traits: what is made, found, mended and removed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::time::Duration;

use cmg_onboarding::{
    AzureServicesConnection, Call, ClientAppSpec, ClientSecret, ConnectionSpec, Diagnostic, Directory, Event, ImportedClientApp,
    ImportedServerApp, OnboardingError, ReusedApp, ServerAppSpec, Site, SiteError, Step, async_trait,
    connection::{EventKind, FindingCode, PlannedAction, StepAction, Verb},
    directory::ApplicationProperties,
    error::SiteRefused,
    site::{SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteSnapshot},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant};
use serde_json::json;
use support::{Recorder, connection, count, place_of, spec, spec_with_discovery};
use time::macros::datetime;

const KINDS: [&str; 4] = ["applications", "servicePrincipals", "oauth2PermissionGrants", "appRoleAssignments"];

/// How many of each kind there are beyond what a new tenant has.
fn made(tenant: &EmulatedTenant) -> [usize; 4] {
    let (state, empty) = (tenant.state(), EmulatedTenant::new().state());
    KINDS.map(|kind| count(&state, kind) - count(&empty, kind))
}

#[tokio::test]
async fn a_new_tenant_gets_both_apps_their_consents_and_one_connection() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    assert_eq!(made(&tenant), [2, 2, 2, 0]);
    let secret = outcome.secret.as_ref().unwrap().value.expose();
    assert!(site.holds_secret(outcome.server_app.as_ref().unwrap().application_id, secret));
    assert!(tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, secret));
    assert_eq!(outcome.connection.unwrap().name, "Contoso CMG");
    let uri = format!("api://{}/ConfigMgrService", tenant.tenant_id());
    assert_eq!(outcome.app_id_uri.as_ref().unwrap().as_str(), uri);
}

#[tokio::test]
async fn discovery_adds_the_permission_to_read_the_directory() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = connection(spec_with_discovery(), &tenant, &site).onboard(|_| ()).await.unwrap();
    assert_eq!(made(&tenant), [2, 2, 2, 1]);
    assert!(outcome.connection.unwrap().user_discovery.is_some());
    assert_eq!(outcome.report.step(Step::ConsentDirectoryRead).unwrap().action, StepAction::Created);
}

/// What a stranger may put into a name to steer the terminal of the administrator who reads it.
const SQUATTER: &str = "Theirs \u{1b}[2J\rNothing to see \u{202e}ereh\u{9b}";

#[tokio::test]
async fn the_name_of_a_strangers_app_cannot_steer_the_administrators_terminal() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let uri = format!("api://{}/ConfigMgrService", tenant.tenant_id());
    tenant.add_application(json!({"displayName": SQUATTER, "identifierUris": [uri]}));
    let error = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap_err();
    let OnboardingError::Blocked(blocked) = &error else {
        panic!("{error:?}");
    };
    let finding = blocked.blockers().next().unwrap();
    assert_eq!(finding.code(), FindingCode::AppIdUriInUse);
    for text in [
        finding.message().to_owned(),
        finding.to_string(),
        error.to_string(),
        error.help().into_owned(),
    ] {
        let steers = |character: char| character.is_control() || character == '\u{202e}';
        assert!(!text.contains(steers), "{text:?}");
    }
    assert!(finding.message().contains("Theirs  [2J Nothing to see  ereh"), "{finding}");
}

#[tokio::test]
async fn the_names_of_account_and_tenant_cannot_steer_the_terminal_that_shows_who_is_signed_in() {
    let tenant = EmulatedTenant::builder()
        .display_name("Contoso\r\u{202e}")
        .caller(Caller::user("admin\u{1b}[2J\u{202e}@contoso.com").with_scopes([
            "User.Read",
            "Application.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
        ]))
        .build();
    let preflight = connection(spec(), &tenant, &EmulatedSite::new()).preflight(|_| ()).await.unwrap();
    let summary = preflight.sign_in().unwrap();
    assert_eq!(summary.account.as_deref(), Some("admin [2J @contoso.com"));
    assert_eq!(summary.tenant_display_name, "Contoso  ");
    let steers = |line: &str| line.contains(|character: char| character.is_control() || character == '\u{202e}');
    let lines = summary.to_string();
    assert!(!lines.lines().any(steers), "{summary:?}");
    assert!(lines.contains("Account:              admin [2J @contoso.com"), "{lines}");
    assert!(
        lines.contains("Permissions granted:  User.Read, Application.ReadWrite.All"),
        "{lines}"
    );
}

#[tokio::test]
async fn running_the_same_specification_again_changes_nothing_and_says_so() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = connection(spec_with_discovery(), &tenant, &site);
    let first = job.onboard(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(plan.permissions(), [] as [&str; 0]);
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(!outcome.changed, "{}", outcome.report);
    assert_eq!(
        (&outcome.server_app, &outcome.client_app),
        (&first.server_app, &first.client_app),
        "what is kept is told as what was made"
    );
    assert!(outcome.secret.is_none());
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn events_name_every_step_from_start_to_end() {
    let (tenant, site, recorder) = (EmulatedTenant::new(), EmulatedSite::new(), Recorder::default());
    connection(spec_with_discovery(), &tenant, &site)
        .onboard(recorder.listen())
        .await
        .unwrap();
    let events = recorder.events();
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>(), "no gap and no repetition");
    assert!(events.iter().all(|event| event.run == events[0].run));
    assert!(matches!(events[0].kind, EventKind::RunStarted { verb: Verb::Onboard, .. }));
    assert!(matches!(events.last().unwrap().kind, EventKind::RunFinished { changed: true, .. }));
    let (mut started, mut done, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for event in &events {
        match &event.kind {
            EventKind::StepStarted { step, index, total, .. } => {
                assert!((1..=18).contains(index) && *total == 18, "{event:?}");
                started.push(*step);
            }
            EventKind::StepDone { step, action, .. } => {
                assert_eq!(*action, StepAction::Created, "{step}");
                done.push(*step);
            }
            EventKind::StepSkipped { step, .. } => skipped.push(*step),
            _ => {}
        }
    }
    assert_eq!((started.len(), done.len()), (18, 13));
    assert_eq!(
        skipped,
        [
            Step::IssueSecret,
            Step::RetireSecrets,
            Step::SetAppIdUri,
            Step::RemoveServerApp,
            Step::RemoveClientApp
        ],
        "nothing made them necessary, and nothing was refused"
    );
    started.sort_unstable();
    started.dedup();
    assert_eq!(started.len(), 18, "each step is started once");
    assert!(done.iter().chain(&skipped).all(|step| started.contains(step)));
    let places: std::collections::HashSet<_> = events.iter().filter_map(|event| place_of(&event.kind)).collect();
    assert_eq!(places.len(), 18, "a step ends at the place at which it began: {places:?}");

    for event in &events {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(serde_json::from_value::<Event>(json.clone()).unwrap().kind, event.kind, "{json}");
    }
}

#[tokio::test]
async fn without_a_site_the_secret_comes_back_once_and_is_kept_by_a_second_run() {
    let tenant = EmulatedTenant::new();
    let job = || AzureServicesConnection::builder(spec()).directory(tenant.directory());
    let first = job().build().unwrap().onboard(|_| ()).await.unwrap();
    let secret = first.secret.unwrap();
    assert!(tenant.secret_is_live(first.server_app.as_ref().unwrap().application_id, secret.value.expose()));
    let before = tenant.state();
    let second = job().build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(!second.changed && second.secret.is_none());
    assert_eq!(tenant.state(), before);
    let kept = |outcome: &cmg_onboarding::Outcome| {
        let mut findings = outcome.findings.iter();
        findings.any(|finding| finding.code() == FindingCode::SecretKept)
    };
    assert!(kept(&second), "{:?}", second.findings);

    let third = job().reissue_secret(true).build().unwrap().onboard(|_| ()).await.unwrap();
    let renewed = third.secret.unwrap();
    assert!(tenant.secret_is_live(first.server_app.as_ref().unwrap().application_id, renewed.value.expose()));
    let is_live = tenant.secret_is_live(first.server_app.as_ref().unwrap().application_id, secret.value.expose());
    assert!(is_live, "the first one may be in a site by now");
}

#[tokio::test]
async fn a_secret_that_reached_no_site_is_replaced_and_only_the_lost_one_removed() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    site.fail_at(SiteItem::ServerApp, SiteRefused::new("import the server app", "down", "wait"));
    let Err(OnboardingError::Apply(stopped)) = connection(spec(), &tenant, &site).onboard(|_| ()).await else {
        panic!("the site has failed");
    };
    let lost = stopped.secret().unwrap();
    let registered = stopped.report().step(Step::RegisterServerApp).unwrap();
    let application = registered.ids["applicationId"].parse().unwrap();
    let object = registered.ids["objectId"].parse().unwrap();
    let foreign = cmg_onboarding::directory::NewPassword::new("another administrator's", datetime!(2027-01-01 00:00 UTC));
    let foreign = tenant
        .directory()
        .add_password(Call::quiet(), object, &foreign)
        .await
        .unwrap()
        .secret_text
        .unwrap();

    let outcome = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let issued = outcome.secret.unwrap();
    assert!(site.holds_secret(application, issued.value.expose()));
    assert!(tenant.secret_is_live(application, issued.value.expose()));
    assert!(tenant.secret_is_live(application, foreign.expose()));
    assert!(!tenant.secret_is_live(application, lost.value.expose()));
}

#[tokio::test]
async fn a_create_answer_without_the_secrets_text_leads_to_one_secret_all_the_same() {
    let tenant = EmulatedTenant::builder().secret_in_create_answer(false).build();
    let site = EmulatedSite::new();
    let outcome = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::IssueSecret).unwrap().action, StepAction::Created);
    let state = tenant.state();
    let passwords: usize = state["applications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|application| application["passwordCredentials"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(passwords, 1);
    assert!(site.holds_secret(
        outcome.server_app.as_ref().unwrap().application_id,
        outcome.secret.unwrap().value.expose()
    ));
}

#[tokio::test(start_paused = true)]
async fn replication_lag_is_waited_out_with_an_event_for_each_wait() {
    for lag in [2, 8, 30] {
        let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(lag)).build();
        let (site, recorder) = (EmulatedSite::new(), Recorder::default());
        let started = tokio::time::Instant::now();
        let outcome = connection(spec_with_discovery(), &tenant, &site)
            .onboard(recorder.listen())
            .await
            .unwrap();
        assert!(outcome.changed);
        assert_eq!(made(&tenant), [2, 2, 2, 1], "lag of {lag} s");
        let waits = recorder
            .events()
            .iter()
            .filter(|event| matches!(event.kind, EventKind::WaitingForReplication { .. }))
            .count();
        assert!(waits >= 2, "lag of {lag} s");
        // Two rounds depend on fresh objects; each costs at most its lag and three tenths of it.
        let most = Duration::from_secs(2 * lag).mul_f64(1.3) + Duration::from_millis(60);
        assert!(started.elapsed() <= most, "lag of {lag} s took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn what_differs_is_mended_and_nothing_else_is_touched() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = connection(spec(), &tenant, &site);
    let outcome = job.onboard(|_| ()).await.unwrap();
    let good = tenant.state();
    let mut change = ApplicationProperties::default();
    change.is_device_only_auth_supported = Some(false);
    change.display_name = Some("Renamed by hand".to_owned());
    tenant
        .directory()
        .update_application(Call::quiet(), outcome.server_app.as_ref().unwrap().object_id.unwrap(), &change)
        .await
        .unwrap();

    let plan = job.plan(|_| ()).await.unwrap();
    let planned = plan.step(Step::RegisterServerApp).unwrap();
    assert_eq!(planned.action, PlannedAction::Update);
    let changed: Vec<&str> = planned.properties().iter().map(|change| change.property.as_str()).collect();
    assert_eq!(changed, ["displayName", "isDeviceOnlyAuthSupported"]);
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::RegisterServerApp).unwrap().action, StepAction::Updated);
    assert_eq!(tenant.state(), good);
}

#[tokio::test]
async fn a_removal_takes_away_what_was_made_and_frees_the_names_for_the_next_run() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let before = tenant.state();
    let job = connection(spec_with_discovery(), &tenant, &site);
    job.onboard(|_| ()).await.unwrap();
    let plan = job.plan_removal(|_| ()).await.unwrap();
    let shown: Vec<Step> = plan.changes().iter().map(|change| change.step).collect();
    assert_eq!(
        shown,
        [Step::RemoveConnection, Step::RemoveServerApp, Step::RemoveClientApp],
        "{plan}"
    );
    let outcome = plan.apply(|_| ()).await.unwrap();
    let removed = outcome.report.steps().iter().filter(|step| step.action == StepAction::Removed);
    assert_eq!(removed.count(), 3, "{outcome:?}");
    let connection = outcome.report.step(Step::RemoveConnection).unwrap();
    assert_eq!(connection.note, None, "what stays is told by a finding each");
    let stays = outcome
        .findings
        .iter()
        .filter(|finding| finding.code() == FindingCode::SiteRowStays);
    assert_eq!(stays.count(), 3, "the product cannot remove applications and tenants");
    assert_eq!(tenant.state(), before);
    assert!(job.onboard(|_| ()).await.unwrap().changed);
    assert_eq!(made(&tenant), [2, 2, 2, 1]);
}

#[tokio::test]
async fn the_plan_shows_and_the_report_keeps_the_statement_that_no_gateway_uses_the_connection() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let stated = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .site(site.clone())
        .state_no_gateway(true)
        .build()
        .unwrap();
    let plan = stated.plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.to_string()
            .contains("Stated by the caller: no cloud management gateway uses it"),
        "{plan}"
    );
    let outcome = plan.apply(|_| ()).await.unwrap();
    let note = outcome
        .report
        .step(Step::RemoveConnection)
        .unwrap()
        .note
        .clone()
        .unwrap_or_default();
    assert!(note.contains("stated that no cloud management gateway uses it"), "{note}");
}

#[tokio::test]
async fn a_removal_where_nothing_was_made_removes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let plan = connection(spec(), &tenant, &site).plan_removal(|_| ()).await.unwrap();
    assert!(plan.is_empty() && plan.findings().is_empty(), "{plan}");
    assert!(plan.to_string().contains("There is nothing to remove."), "{plan}");
    assert!(!plan.apply(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn import_without_a_directory_writes_to_the_site_only() {
    let site = EmulatedSite::new();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
                .name("Server")
                .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
                .secret_key(ClientSecret::new("a~value"))
                .secret_key_expiry(datetime!(2099-01-01 00:00 UTC))
                .app_id_uri("https://contoso.com/ConfigMgrService"),
        )
        .client_app(
            ImportedClientApp::builder()
                .name("Client")
                .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"),
        )
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(spec).site(site.clone()).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert!(site.holds_secret(outcome.server_app.as_ref().unwrap().application_id, "a~value"));
    assert!(!job.onboard(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn a_client_app_can_be_created_for_a_server_app_that_the_site_knows() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let first = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let reusing = ConnectionSpec::builder("Contoso CMG")
        .key("a second client app")
        .server_app(ReusedApp::new(first.server_app.as_ref().unwrap().application_id))
        .client_app(ClientAppSpec::builder("Another client"))
        .build()
        .unwrap();
    let outcome = connection(reusing, &tenant, &site).onboard(|_| ()).await.unwrap();
    assert_ne!(
        outcome.client_app.as_ref().unwrap().application_id,
        first.client_app.as_ref().unwrap().application_id
    );
    assert_eq!(made(&tenant), [3, 3, 4, 0]);
}

#[tokio::test]
async fn a_failing_site_leaves_a_true_report_and_the_next_run_goes_on() {
    let (tenant, site, recorder) = (EmulatedTenant::new(), EmulatedSite::new(), Recorder::default());
    let job = connection(spec(), &tenant, &site);
    site.fail_at(
        SiteItem::Connection,
        SiteRefused::new("create the connection", "the provider said no", "Look into SMSProv.log."),
    );
    let OnboardingError::Apply(error) = job.onboard(recorder.listen()).await.unwrap_err() else {
        panic!("the site failed half-way");
    };
    assert_eq!(error.step(), Step::CreateConnection);
    assert!(error.help().contains("SMSProv.log"), "{}", error.help());
    let actions: Vec<(Step, StepAction)> = error.report().steps().iter().map(|report| (report.step, report.action)).collect();
    assert!(actions.contains(&(Step::ImportClientApp, StepAction::Created)), "{actions:?}");
    assert!(actions.contains(&(Step::CreateConnection, StepAction::Failed)), "{actions:?}");
    let before = tenant.state();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(tenant.state(), before);
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Unchanged);
    assert_eq!(outcome.report.step(Step::CreateConnection).unwrap().action, StepAction::Created);
}

#[tokio::test]
async fn id_tokens_are_allowed_on_both_apps_only_on_request() {
    let with_id_tokens = |issue: bool| {
        ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("Server"))
            .client_app(ClientAppSpec::builder("Client"))
            .issue_id_tokens(issue)
            .build()
            .unwrap()
    };
    for (asked, expected) in [(false, 0), (true, 2)] {
        let tenant = EmulatedTenant::new();
        connection(with_id_tokens(asked), &tenant, &EmulatedSite::new())
            .onboard(|_| ())
            .await
            .unwrap();
        let state = tenant.state();
        let applications = state["applications"].as_array().unwrap();
        let issuing = applications
            .iter()
            .filter(|application| application["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] == true);
        assert_eq!(issuing.count(), expected);
    }
}

#[tokio::test]
async fn id_tokens_that_are_asked_for_later_are_written_to_the_apps_that_are_there() {
    let asking = |issue: bool| {
        ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("Server"))
            .client_app(ClientAppSpec::builder("Client"))
            .issue_id_tokens(issue)
            .build()
            .unwrap()
    };
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(asking(false), &tenant, &site).onboard(|_| ()).await.unwrap();
    let job = connection(asking(true), &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    for step in [Step::RegisterServerApp, Step::CompleteClientApp] {
        let [change] = plan.step(step).unwrap().properties() else {
            panic!("{step} changes one property: {plan}")
        };
        assert_eq!(change.property, "web.implicitGrantSettings.enableIdTokenIssuance");
        assert_eq!((&change.from, &change.to), (&false.into(), &true.into()));
    }
    plan.apply(|_| ()).await.unwrap();
    let state = tenant.state();
    for application in state["applications"].as_array().unwrap() {
        assert_eq!(
            application["web"]["implicitGrantSettings"]["enableIdTokenIssuance"], true,
            "{application}"
        );
    }
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_connections_with_different_keys_do_not_share_their_apps() {
    let tenant = EmulatedTenant::new();
    let job = |name: &str, suffix: &str| {
        let uri = format!("api://{}/{suffix}", tenant.tenant_id());
        let spec = ConnectionSpec::builder(name)
            .server_app(ServerAppSpec::builder("Server").app_id_uri(uri))
            .client_app(ClientAppSpec::builder("Client"))
            .build()
            .unwrap();
        connection(spec, &tenant, &EmulatedSite::new())
    };
    job("North", "North").onboard(|_| ()).await.unwrap();
    job("South", "South").onboard(|_| ()).await.unwrap();
    assert_eq!(made(&tenant), [4, 4, 4, 0]);
}

/// When something is first told of a run, counted from its beginning.
fn first(recorder: &Recorder, is_meant: impl Fn(&EventKind) -> bool) -> Duration {
    let events = recorder.events();
    events.iter().find(|event| is_meant(&event.kind)).expect("it is told").elapsed
}

#[tokio::test(start_paused = true)]
async fn a_repetition_is_told_before_it_is_waited_for_also_while_a_plan_is_made() {
    let (tenant, site, recorder) = (EmulatedTenant::new(), EmulatedSite::new(), Recorder::default());
    let pause = Duration::from_secs(3);
    tenant.throttle(1, Some(pause));
    connection(spec(), &tenant, &site).plan(recorder.listen()).await.unwrap();
    assert!(first(&recorder, |kind| matches!(kind, EventKind::Retried { .. })) < pause);
    assert!(first(&recorder, |kind| matches!(kind, EventKind::RunFinished { .. })) >= pause);
}

/// How long a slow site takes until it begins.
const SLOW: Duration = Duration::from_secs(20);

/// A site that takes its time before it does anything.
#[derive(Debug)]
struct Slow(EmulatedSite);

#[async_trait]
impl Site for Slow {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.0.snapshot(call).await
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        tokio::time::sleep(SLOW).await;
        self.0.onboard(call, wanted).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_site_does_next_is_told_before_it_is_done() {
    let recorder = Recorder::default();
    let job = AzureServicesConnection::builder(spec())
        .directory(EmulatedTenant::new().directory())
        .site(Slow(EmulatedSite::new()));
    job.build().unwrap().onboard(recorder.listen()).await.unwrap();
    let started = first(
        &recorder,
        |kind| matches!(kind, EventKind::StepStarted { step, .. } if *step == Step::ImportTenant),
    );
    let done = first(
        &recorder,
        |kind| matches!(kind, EventKind::StepDone { step, .. } if *step == Step::ImportTenant),
    );
    assert!(started + SLOW <= done, "{started:?} {done:?}");
}
