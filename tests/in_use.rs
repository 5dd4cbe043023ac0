//! Nothing that may be in use is destroyed: other sites' secrets, secrets that were handed over, and what colleagues have
//! written between plan and run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, Call, ConnectionSpec, Diagnostic, Directory, GraphDirectory, OnboardingError, Site, SiteError,
    Step, async_trait,
    clock::{Clock, ManualClock, SystemClock},
    connection::{AzureServicesConnectionBuilder, FindingCode, NewSecret, SecretSink, SecretSinkError, StepAction, StepError, When},
    directory::{
        ApplicationKey, ApplicationProperties, NewPassword, PublicClientApplication, RequiredResourceAccess, ResourceAccess, WebApplication,
    },
    ids::{ApplicationId, PermissionId, well_known::MICROSOFT_GRAPH},
    site::{SecretHeld, SiteFailure, SiteIdentity, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved, SiteSnapshot},
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, Timeline};
use support::spec;
use time::OffsetDateTime;

fn directory(tenant: &EmulatedTenant) -> GraphDirectory {
    on_wire(tenant, &EmulatedWire::new(tenant))
}

fn on_wire(tenant: &EmulatedTenant, wire: &EmulatedWire) -> GraphDirectory {
    let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
    wire.directory(token_fn(move |_| {
        let token = token.clone();
        async move { Ok(token) }
    }))
}

fn job(spec: ConnectionSpec, tenant: &EmulatedTenant) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec).directory(directory(tenant))
}

fn site_of(code: &str) -> EmulatedSite {
    EmulatedSite::builder().site_code(code).build()
}

fn secrets_of(tenant: &EmulatedTenant) -> usize {
    let state = tenant.state();
    let apps = state["applications"].as_array().unwrap();
    apps.iter()
        .map(|app| app["passwordCredentials"].as_array().map_or(0, Vec::len))
        .sum()
}

#[tokio::test]
async fn a_run_for_a_second_site_leaves_the_first_sites_secret_alone() {
    let (tenant, production, lab) = (EmulatedTenant::new(), site_of("PRD"), site_of("LAB"));
    let first = job(spec(), &tenant)
        .site(production.clone())
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let server = first.server_app.as_ref().unwrap().application_id;
    let second = job(spec(), &tenant).site(lab.clone()).build().unwrap();
    let plan = second.plan(|_| ()).await.unwrap();
    assert_eq!(plan.step(Step::RetireSecrets).unwrap().when, When::IfNeeded, "{plan}");
    assert!(
        plan.findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::SecretOfAnotherSite),
        "{plan}"
    );
    second.onboard(|_| ()).await.unwrap();
    for site in [&production, &lab] {
        let held = site.secret_of(server).unwrap();
        assert!(tenant.secret_is_live(server, held.expose()));
    }
    assert_eq!(secrets_of(&tenant), 2);
}

#[tokio::test]
async fn taking_one_site_back_leaves_the_apps_that_another_site_uses() {
    let (tenant, production, lab) = (EmulatedTenant::new(), site_of("PRD"), site_of("LAB"));
    let first = job(spec(), &tenant)
        .site(production.clone())
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    job(spec(), &tenant)
        .site(lab.clone())
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let outcome = job(spec(), &tenant).site(lab).build().unwrap().remove(|_| ()).await.unwrap();
    assert!(stay_for_another_site(&outcome), "{outcome:?}");
    let held = production.secret_of(first.server_app.as_ref().unwrap().application_id).unwrap();
    assert!(tenant.secret_is_live(first.server_app.as_ref().unwrap().application_id, held.expose()));
    let outcome = job(spec(), &tenant).build().unwrap().remove(|_| ()).await.unwrap();
    assert!(!outcome.changed && stay_for_another_site(&outcome), "{outcome:?}");
    assert!(tenant.secret_is_live(first.server_app.as_ref().unwrap().application_id, held.expose()));
}

fn stay_for_another_site(outcome: &cmg_onboarding::Outcome) -> bool {
    let mut codes = outcome.findings.iter().map(|finding| finding.code());
    codes.any(|code| code == FindingCode::AppsUsedByAnotherSite)
}

fn tells(outcome: &cmg_onboarding::Outcome, code: FindingCode) -> bool {
    outcome.findings.iter().any(|finding| finding.code() == code)
}

#[tokio::test]
async fn apps_stay_if_a_connection_of_another_name_uses_them() {
    let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
    let connection = || job(spec(), &tenant).site(site.clone()).build().unwrap();
    connection().onboard(|_| ()).await.unwrap();
    site.change(|rows| rows.connections[0].name = "Renamed in the console".to_owned());
    let before = (tenant.state(), site.state());
    let outcome = connection().remove(|_| ()).await.unwrap();
    assert!(
        !outcome.changed && tells(&outcome, FindingCode::AppsUsedByConnection),
        "{outcome:?}"
    );
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn apps_stay_if_it_cannot_be_read_which_apps_a_connection_uses() {
    let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
    let connection = || job(spec(), &tenant).site(site.clone()).build().unwrap();
    connection().onboard(|_| ()).await.unwrap();
    site.change(|rows| rows.connections[0].web_applications.clear());
    let before = (tenant.state(), site.state());
    let outcome = connection().remove(|_| ()).await.unwrap();
    assert!(!outcome.changed && tells(&outcome, FindingCode::ConnectionUnread), "{outcome:?}");
    assert_eq!((tenant.state(), site.state()), before);
    let OnboardingError::Blocked(blocked) = connection().plan(|_| ()).await.unwrap_err() else {
        panic!("the connection of this name cannot be read")
    };
    let codes: Vec<FindingCode> = blocked.blockers().map(|finding| finding.code()).collect();
    assert_eq!(codes, [FindingCode::ConnectionUnread], "it is not known to be something else");
}

#[tokio::test]
async fn a_secret_that_was_handed_to_a_colleague_stays_although_the_site_does_not_know_the_app_yet() {
    let tenant = EmulatedTenant::new();
    let registered = job(spec(), &tenant).build().unwrap().onboard(|_| ()).await.unwrap();
    let handed_over = registered.secret.unwrap();
    let outcome = job(spec(), &tenant)
        .site(site_of("PRD"))
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let server = outcome.server_app.as_ref().unwrap().application_id;
    assert!(tenant.secret_is_live(server, handed_over.value.expose()));
    assert!(tenant.secret_is_live(server, outcome.secret.unwrap().value.expose()));
}

#[tokio::test]
async fn without_a_site_a_secret_goes_only_by_wish_and_in_a_later_run_than_its_successors() {
    let clock = ManualClock::new(SystemClock.now());
    let tenant = EmulatedTenant::builder()
        .clock({
            let clock = clock.clone();
            move || clock.now()
        })
        .build();
    let run = |reissue, remove| {
        clock.advance(time::Duration::HOUR);
        let job = job(spec(), &tenant)
            .reissue_secret(reissue)
            .remove_superseded_secrets(remove)
            .clock(Arc::new(clock.clone()));
        async move { job.build().unwrap().onboard(|_| ()).await.unwrap() }
    };
    let first = run(false, false).await;
    let server = first.server_app.as_ref().unwrap().application_id;
    let is_live = |secret: &str| tenant.secret_is_live(server, secret);
    let first = first.secret.unwrap().value;
    let second = run(true, true).await.secret.unwrap().value;
    assert!(
        is_live(first.expose()) && is_live(second.expose()),
        "the successor was issued in this very run"
    );
    let third = run(true, true).await;
    assert_eq!(third.report.step(Step::RetireSecrets).unwrap().action, StepAction::Removed);
    let third = third.secret.unwrap().value;
    assert!(!is_live(first.expose()) && is_live(second.expose()) && is_live(third.expose()));
    run(false, true).await;
    assert!(!is_live(second.expose()) && is_live(third.expose()), "the newest one stays");
}

/// A site behind something that loses its first answer and asks again.
#[derive(Debug)]
struct AskedTwice(EmulatedSite);

#[async_trait]
impl Site for AskedTwice {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.0.snapshot(call).await
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let lost = self.0.onboard(Call::quiet(), wanted).await?;
        assert_eq!(lost.secret, SecretHeld::This);
        let told = self.0.onboard(call, wanted).await?;
        assert_eq!(told.secret, SecretHeld::This, "asking twice gives the same answer");
        Ok(told)
    }

    async fn remove(&self, call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        self.0.remove(call, removal).await
    }
}

#[tokio::test]
async fn asking_a_site_twice_does_not_remove_the_secret_that_it_has_just_taken() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec(), &tenant).site(AskedTwice(site.clone())).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    let held = site.secret_of(outcome.server_app.as_ref().unwrap().application_id).unwrap();
    assert!(tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, held.expose()));
    assert!(outcome.secret.is_some());
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

/// What a colleague writes between plan and run.
async fn colleague_adds(tenant: &EmulatedTenant, app: ApplicationId, change: impl FnOnce(&ApplicationProperties) -> ApplicationProperties) {
    let directory = directory(tenant);
    let key = ApplicationKey::ApplicationId(app);
    let found = directory.application(Call::quiet(), &key).await.unwrap().unwrap();
    let change = change(&found.properties);
    directory.update_application(Call::quiet(), found.object_id, &change).await.unwrap();
}

#[tokio::test]
async fn an_old_plan_keeps_the_redirect_uri_and_the_permission_that_a_colleague_has_added_since() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec(), &tenant).site(site).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    let (server, client) = (
        outcome.server_app.as_ref().unwrap().application_id,
        outcome.client_app.as_ref().unwrap().application_id,
    );
    // Something to change on both apps, so that the plan writes their lists.
    colleague_adds(&tenant, server, |_| {
        let mut web = WebApplication::default();
        web.redirect_uris = Some(vec!["https://contoso.com/other".to_owned()]);
        let mut change = ApplicationProperties::default();
        change.web = Some(web);
        change
    })
    .await;
    colleague_adds(&tenant, client, |_| {
        let mut change = ApplicationProperties::default();
        let mut public = PublicClientApplication::default();
        public.redirect_uris = Some(Vec::new());
        change.public_client = Some(public);
        change.required_resource_access = Some(Vec::new());
        change
    })
    .await;
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(!plan.is_empty());

    let mail_read = ResourceAccess::scope(PermissionId::new("570282fd-fa5c-430d-a7fd-fc8dc98a9dca".parse().unwrap()));
    colleague_adds(&tenant, server, |held| {
        let mut web = held.web.clone().unwrap();
        web.redirect_uris
            .get_or_insert_default()
            .push("https://colleague.example/callback".to_owned());
        web.implicit_grant_settings = None;
        let mut change = ApplicationProperties::default();
        change.web = Some(web);
        change
    })
    .await;
    colleague_adds(&tenant, client, |_| {
        let mut change = ApplicationProperties::default();
        change.required_resource_access = Some(vec![RequiredResourceAccess::new(MICROSOFT_GRAPH, vec![mail_read])]);
        change
    })
    .await;
    plan.apply(|_| ()).await.unwrap();
    let state = tenant.state().to_string();
    assert!(
        state.contains("https://colleague.example/callback"),
        "the colleague's redirect URI is gone"
    );
    assert!(state.contains("https://contoso.com/other"), "the redirect URI of before is gone");
    assert!(
        state.contains("570282fd-fa5c-430d-a7fd-fc8dc98a9dca"),
        "the colleague's permission is gone"
    );
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_app_that_a_colleague_has_deleted_since_is_named_and_no_answer_of_the_directory_is_invented() {
    let tenant = EmulatedTenant::new();
    let job = job(spec(), &tenant).build().unwrap();
    let client = job.onboard(|_| ()).await.unwrap().client_app.as_ref().unwrap().application_id;
    colleague_adds(&tenant, client, |_| {
        let mut change = ApplicationProperties::default();
        change.required_resource_access = Some(Vec::new());
        change
    })
    .await;
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(tenant.soft_delete(client));
    let Err(OnboardingError::Apply(error)) = plan.apply(|_| ()).await else {
        panic!("the client app is gone")
    };
    let StepError::ApplicationGone { application_id } = error.error() else {
        panic!("{error:?}")
    };
    assert_eq!((*application_id, error.step()), (client, Step::CompleteClientApp));
    assert!(error.error().trace().is_none() && error.help().contains("Deleted applications"));
}

#[tokio::test]
async fn an_old_plan_keeps_the_consent_that_a_colleague_has_given_since() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = job(spec(), &tenant).site(site).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    let directory = directory(&tenant);
    let client = outcome.client_app.as_ref().unwrap().service_principal_id.unwrap();
    let grants = directory.permission_grants(Call::quiet(), client).await.unwrap();
    let user_read = grants.iter().find(|grant| grant.scope.contains("User.Read")).unwrap();
    directory
        .update_permission_grant(Call::quiet(), &user_read.id, "openid")
        .await
        .unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(!plan.is_empty());
    directory
        .update_permission_grant(Call::quiet(), &user_read.id, "openid Mail.Read")
        .await
        .unwrap();
    plan.apply(|_| ()).await.unwrap();
    let grants = directory.permission_grants(Call::quiet(), client).await.unwrap();
    let scope = &grants.iter().find(|grant| grant.id == user_read.id).unwrap().scope;
    for held in ["openid", "Mail.Read", "User.Read"] {
        assert!(scope.split(' ').any(|name| name == held), "{held} is not in {scope:?}");
    }
}

#[tokio::test]
async fn a_plan_for_one_tenant_writes_nothing_into_another() {
    // The directory keeps its token, so the other tenant's comes when the first one has expired.
    let clock = ManualClock::new(SystemClock.now());
    let later = clock.now() + time::Duration::hours(2);
    let contoso = EmulatedTenant::new();
    let fabrikam = EmulatedTenant::builder().tenant_id(other_tenant()).clock(move || later).build();
    let has_switched = Arc::new(AtomicBool::new(false));
    let wire = EmulatedWire::new(&contoso);
    let tokens = [&contoso, &fabrikam].map(|tenant| AccessToken::new(tenant.token_for(&Caller::global_administrator())));
    let switched = has_switched.clone();
    let provider = token_fn(move |_| {
        let token = tokens[usize::from(switched.load(Ordering::Relaxed))].clone();
        async move { Ok(token) }
    });
    let directory = wire.directory_builder(provider).clock(Arc::new(clock.clone())).build();
    let job = AzureServicesConnection::builder(spec()).directory(directory).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    let (before, sent) = (contoso.state(), wire.requests().len());
    has_switched.store(true, Ordering::Relaxed);
    clock.advance(time::Duration::hours(2));
    let Err(OnboardingError::Apply(error)) = plan.apply(|_| ()).await else {
        panic!("the token is for another tenant")
    };
    let StepError::OtherTenant { planned, signed_in } = error.error() else {
        panic!("{error:?}")
    };
    assert_eq!((*planned, *signed_in), (contoso.tenant_id().into(), fabrikam.tenant_id().into()));
    assert_eq!((contoso.state(), wire.requests().len()), (before, sent), "nothing was sent");
}

fn other_tenant() -> cmg_onboarding::TenantId {
    "0b1c2d3e-1111-4222-8333-444455556666".parse().unwrap()
}

/// Another run's secret appears, with the same end, between this run's secret and the look at it.
#[tokio::test(start_paused = true)]
async fn two_secrets_that_end_too_close_together_are_followed_by_one_more_and_nothing_else_goes() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    site.fail_next(cmg_onboarding::error::SiteUnreachable::new("down", "wait"));
    let first = job(spec(), &tenant).site(site.clone()).build().unwrap().onboard(|_| ()).await;
    assert!(matches!(first, Err(OnboardingError::Read(_))));
    site.fail_at(
        cmg_onboarding::site::SiteItem::Tenant,
        cmg_onboarding::error::SiteUnreachable::new("down", "wait"),
    );
    job(spec(), &tenant)
        .site(site.clone())
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap_err();

    let timeline = Timeline::new().with_pace(|_| Duration::from_millis(100));
    let wire = EmulatedWire::new(&tenant).following(&timeline);
    let run = AzureServicesConnection::builder(spec())
        .directory(on_wire(&tenant, &wire))
        .site(site.clone())
        .build()
        .unwrap();
    let neighbour = async {
        let end = loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let sent = wire.requests();
            let Some(added) = sent.iter().find(|request| request.path.ends_with("addPassword")) else {
                continue;
            };
            break added.body.as_ref().unwrap()["passwordCredential"]["endDateTime"]
                .as_str()
                .unwrap()
                .to_owned();
        };
        let end = OffsetDateTime::parse(&end, &time::format_description::well_known::Rfc3339).unwrap();
        let app: ApplicationId = tenant.state()["applications"][0]["appId"].as_str().unwrap().parse().unwrap();
        let directory = directory(&tenant);
        let found = directory
            .application(Call::quiet(), &ApplicationKey::ApplicationId(app))
            .await
            .unwrap()
            .unwrap();
        let theirs = NewPassword::new("Configuration Manager CMG (cmg-onboarding) deadbeef, site elsewhere", end);
        directory.add_password(Call::quiet(), found.object_id, &theirs).await.unwrap()
    };
    let (outcome, theirs) = tokio::join!(run.onboard(|_| ()), neighbour);
    let outcome = outcome.unwrap();
    let server = outcome.server_app.as_ref().unwrap().application_id;
    let held = site.secret_of(server).unwrap();
    assert_eq!(held.expose(), outcome.secret.as_ref().unwrap().value.expose());
    assert!(tenant.secret_is_live(server, held.expose()));
    assert!(
        tenant.secret_is_live(server, theirs.secret_text.unwrap().expose()),
        "the neighbour's secret stays"
    );
    let apart = (outcome.secret.unwrap().expires_on - theirs.end_date_time.unwrap()).abs();
    assert!(apart >= time::Duration::days(3), "the ends are {apart} apart");
    assert_eq!(secrets_of(&tenant), 2);
}

/// A secret, and the requests that had been sent when it came.
type Kept = (NewSecret, Vec<String>);

/// Remembers what it gets; fails if told to.
#[derive(Debug, Clone)]
struct Sink {
    wire: EmulatedWire,
    kept: Arc<Mutex<Vec<Kept>>>,
    fails: bool,
}

#[async_trait]
impl SecretSink for Sink {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        // A vault takes its time.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let sent = self.wire.requests().iter().map(|request| request.name()).collect();
        self.kept.lock().unwrap().push((secret.clone(), sent));
        if self.fails {
            return Err(SecretSinkError::new("the vault is sealed", "Unseal the vault."));
        }
        Ok(())
    }
}

async fn with_sink(tenant: &EmulatedTenant, fails: bool) -> (Result<cmg_onboarding::Outcome, OnboardingError>, Sink) {
    let wire = EmulatedWire::new(tenant);
    let sink = Sink {
        wire: wire.clone(),
        kept: Arc::default(),
        fails,
    };
    let job = AzureServicesConnection::builder(spec())
        .directory(on_wire(tenant, &wire))
        .site(EmulatedSite::new())
        .secret_sink(sink.clone());
    (job.build().unwrap().onboard(|_| ()).await, sink)
}

#[tokio::test(start_paused = true)]
async fn a_sink_has_every_secret_before_the_next_write() {
    for in_create_answer in [true, false] {
        let tenant = EmulatedTenant::builder().secret_in_create_answer(in_create_answer).build();
        let (outcome, sink) = with_sink(&tenant, false).await;
        let outcome = outcome.unwrap();
        let kept = sink.kept.lock().unwrap().clone();
        let (secret, sent) = kept.last().unwrap();
        let issued = outcome.secret.unwrap();
        assert_eq!(secret.secret.value.expose(), issued.value.expose());
        assert_eq!(secret.application_id, outcome.server_app.as_ref().unwrap().application_id);
        assert_eq!(secret.tenant_id, tenant.tenant_id().into());
        let consents = sent
            .iter()
            .filter(|name| name.contains("oauth2PermissionGrants") && name.starts_with("POST"))
            .count();
        assert_eq!(consents, 0, "{sent:?}");
        if in_create_answer {
            assert!(!sent.iter().any(|name| name.contains("POST /v1.0/servicePrincipals")), "{sent:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_stops_the_run_and_the_error_carries_the_secret() {
    let tenant = EmulatedTenant::new();
    let (result, sink) = with_sink(&tenant, true).await;
    let Err(OnboardingError::Apply(error)) = result else {
        panic!("{result:?}")
    };
    assert!(matches!(error.error(), StepError::SecretSink(_)), "{error:?}");
    assert_eq!(error.step(), Step::IssueSecret);
    assert!(error.help().starts_with("Unseal the vault."), "{}", error.help());
    let failed = error.report().step(Step::IssueSecret).unwrap();
    assert_eq!(
        failed.ids["keyId"],
        error.secret().unwrap().key_id.to_string(),
        "the secret is there"
    );
    let kept = sink.kept.lock().unwrap().clone();
    assert_eq!(error.secret().unwrap().value.expose(), kept[0].0.secret.value.expose());
    let state = tenant.state();
    assert_eq!(
        state["oauth2PermissionGrants"].as_array().map_or(0, Vec::len),
        0,
        "nothing was written after it"
    );
}

#[tokio::test]
async fn a_callers_own_identity_of_the_site_stands_in_the_description_and_no_name_does() {
    let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
    let identity: SiteIdentity = "hierarchy-1".parse().unwrap();
    job(spec(), &tenant)
        .site(site.clone())
        .site_identity(identity)
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    assert!(tenant.state().to_string().contains(", site hierarchy-1"));
    let other = EmulatedTenant::new();
    job(spec(), &other)
        .site(site_of("PRD"))
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let digest = SiteIdentity::of("PRD", "emulator");
    let state = other.state().to_string();
    assert!(state.contains(&format!(", site {digest}")) && !state.contains("PRD"));
}
