//! The pair is proven: a secret that was just issued signs in once before it goes to the site or into the outcome, and no
//! answer of the sign-in service ever loses it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]
#![cfg(feature = "sign-in")]

mod support;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{
    AccessToken, ApplicationId, AzureServicesConnection, Call, ClientSecret, ConnectionSpec, Directory, OnboardingError, Outcome, Step,
    TenantId, TokenError, async_trait,
    connection::{
        AppRole, AzureServicesConnectionBuilder, Event, EventKind, Finding, FindingCode, NewSecret, SecretSink, SecretSinkError, Severity,
        StepAction, Written,
    },
    error::{SignInRefusal, SiteRefused, TokenFailure},
    site::SiteItem,
    token::{EntraSecretProbe, ProbedResource, SecretProbe},
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, EmulatorServer, SignInTrouble, WireFault, WireRefusal};
use support::{Recorder, spec, spec_with_discovery};
use tokio::time::{Instant, sleep};

const CODES: [FindingCode; 5] = [
    FindingCode::NewSecretProven,
    FindingCode::NewSecretNotYetAccepted,
    FindingCode::NewSecretBlocked,
    FindingCode::NewSecretRefused,
    FindingCode::NewSecretUnproven,
];

/// Keeps what the run has issued.
#[derive(Debug, Default)]
struct Vault(Mutex<Vec<NewSecret>>);

impl Vault {
    fn holds(&self, text: &str) -> bool {
        self.0.lock().unwrap().iter().any(|kept| kept.secret.value.expose() == text)
    }
}

#[async_trait]
impl SecretSink for Vault {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        self.0.lock().unwrap().push(secret.clone());
        Ok(())
    }
}

/// What the sign-in service answers next; after the last answer that one again.
#[derive(Debug, Clone)]
enum Answer {
    Accept,
    Refuse(TokenFailure, &'static [u32]),
    /// An error without a refusal of the sign-in service.
    Fail(TokenFailure),
    Never,
}

/// A sign-in service that plays its part, and looks at vault and site meanwhile.
#[derive(Debug)]
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    vault: Arc<Vault>,
    site: EmulatedSite,
    asked: Mutex<Vec<Instant>>,
}

#[async_trait]
impl SecretProbe for Scripted {
    async fn probe(
        &self,
        _: TenantId,
        app: ApplicationId,
        secret: &ClientSecret,
        resource: &ProbedResource,
    ) -> Result<AccessToken, TokenError> {
        assert_eq!(*resource, ProbedResource::MicrosoftGraph);
        assert!(self.vault.holds(secret.expose()), "the sink comes first");
        assert!(!self.site.holds_secret(app, secret.expose()), "the site comes last");
        self.asked.lock().unwrap().push(Instant::now());
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().unwrap(),
            }
        };
        match answer {
            Answer::Accept => Ok(AccessToken::new("opaque")),
            Answer::Refuse(failure, codes) => {
                let mut refusal = SignInRefusal::default();
                refusal.error = "invalid_client".to_owned();
                refusal.codes = codes.to_vec();
                Err(TokenError::new(failure, "the sign-in was refused", "Look into the sign-in log.").with_refusal(refusal))
            }
            Answer::Fail(failure) => Err(TokenError::new(failure, "no way there", "Check the proxy.")),
            Answer::Never => std::future::pending().await,
        }
    }
}

struct World {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    vault: Arc<Vault>,
    probe: Arc<Scripted>,
    recorder: Recorder,
}

impl World {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let (vault, site) = (Arc::new(Vault::default()), EmulatedSite::new());
        let probe = Scripted {
            answers: Mutex::new(answers.into_iter().collect()),
            vault: vault.clone(),
            site: site.clone(),
            asked: Mutex::default(),
        };
        Self {
            tenant: EmulatedTenant::new(),
            probe: Arc::new(probe),
            recorder: Recorder::default(),
            vault,
            site,
        }
    }

    fn builder(&self, spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnection::builder(spec)
            .directory(self.tenant.directory())
            .secret_sink(self.vault.clone())
            .secret_probe(self.probe.clone())
    }

    fn job(&self) -> AzureServicesConnection {
        self.builder(spec_with_discovery()).site(self.site.clone()).build().unwrap()
    }

    async fn run(&self) -> Outcome {
        self.job().onboard(self.recorder.listen()).await.unwrap()
    }

    fn asked(&self) -> usize {
        self.probe.asked.lock().unwrap().len()
    }

    fn tried(&self) -> Vec<Option<bool>> {
        let tried = |event: Event| match event.kind {
            EventKind::SecretTried { accepted, .. } => Some(accepted),
            _ => None,
        };
        self.recorder.events().into_iter().filter_map(tried).collect()
    }

    /// That the one secret of this outcome is everywhere where it belongs.
    fn assert_kept(&self, outcome: &Outcome) {
        let app = outcome.server_app.as_ref().unwrap().application_id;
        let secret = outcome.secret.as_ref().unwrap().value.expose();
        assert!(self.vault.holds(secret) && self.site.holds_secret(app, secret) && self.tenant.secret_is_live(app, secret));
    }
}

/// The one finding about the proof.
fn proof(findings: &[Finding]) -> &Finding {
    let of_proof: Vec<&Finding> = findings.iter().filter(|finding| CODES.contains(&finding.code())).collect();
    let [finding] = of_proof.as_slice() else { panic!("{findings:?}") };
    support::assert_documented(finding);
    finding
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_accepted_is_told_as_proven() {
    let world = World::answering([Answer::Accept]);
    let outcome = world.run().await;
    let finding = proof(&outcome.findings);
    assert_eq!((finding.code(), finding.severity()), (FindingCode::NewSecretProven, Severity::Note));
    assert_eq!(finding.parameters()["keyId"], outcome.secret.as_ref().unwrap().key_id.to_string());
    assert_eq!((world.asked(), world.tried()), (1, vec![Some(true)]));
    world.assert_kept(&outcome);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_known_everywhere_yet_is_waited_for_and_each_wait_is_told() {
    let replicating = Answer::Refuse(TokenFailure::BadCredentials, &[7_000_215]);
    let answers = std::iter::repeat_n(replicating, 6).chain([Answer::Accept]);
    let world = World::answering(answers);
    let outcome = world.run().await;
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven);
    assert_eq!((world.asked(), world.tried()), (7, vec![Some(true)]));
    let waits = world.recorder.events().into_iter().filter(
        |event| matches!(&event.kind, EventKind::WaitingForReplication { step: Step::IssueSecret, code, .. } if code == "AADSTS7000215"),
    );
    assert_eq!(waits.count(), 6);
    world.assert_kept(&outcome);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_this_run_has_made_is_waited_for_and_another_one_is_not() {
    for codes in [&[700_016][..], &[7_000_229]] {
        let world = World::answering([Answer::Refuse(TokenFailure::ApplicationRefused, codes), Answer::Accept]);
        let outcome = world.run().await;
        assert_eq!((proof(&outcome.findings).code(), world.asked()), (FindingCode::NewSecretProven, 2));
    }
    let world = World::answering([Answer::Refuse(TokenFailure::ApplicationRefused, &[700_016])]);
    support::connection(spec(), &world.tenant, &EmulatedSite::new())
        .onboard(|_| ())
        .await
        .unwrap();
    let outcome = world.run().await;
    assert_eq!((proof(&outcome.findings).code(), world.asked()), (FindingCode::NewSecretRefused, 1));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_was_there_is_waited_for_if_this_run_makes_its_service_principal() {
    for has_principal in [false, true] {
        let world = World::answering([Answer::Refuse(TokenFailure::ApplicationRefused, &[700_016]), Answer::Accept]);
        let app = world
            .tenant
            .add_application(serde_json::json!({"displayName": "By hand", "signInAudience": "AzureADMyOrg"}));
        if has_principal {
            world.tenant.add_service_principal(serde_json::json!({"appId": app}));
        }
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(cmg_onboarding::AdoptedServerApp::builder(ApplicationId::new(app)))
            .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
            .build()
            .unwrap();
        let job = world.builder(spec).site(world.site.clone()).build().unwrap();
        let outcome = job.onboard(world.recorder.listen()).await.unwrap();
        let (code, asked) = match has_principal {
            false => (FindingCode::NewSecretProven, 2),
            true => (FindingCode::NewSecretRefused, 1),
        };
        assert_eq!((proof(&outcome.findings).code(), world.asked()), (code, asked));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_it_is_told_as_not_known_yet_and_the_run_goes_on() {
    for (limit, seconds) in [(None, 60), (Some(Duration::from_secs(5)), 5)] {
        let world = World::answering([Answer::Refuse(TokenFailure::BadCredentials, &[7_000_215])]);
        let mut builder = world.builder(spec()).site(world.site.clone());
        if let Some(limit) = limit {
            builder = builder.secret_proof_limit(limit);
        }
        let started = Instant::now();
        let outcome = builder.build().unwrap().onboard(world.recorder.listen()).await.unwrap();
        let lasted = started.elapsed();
        assert!(
            lasted >= Duration::from_secs(seconds) && lasted < Duration::from_secs(seconds + 1),
            "{lasted:?}"
        );
        let finding = proof(&outcome.findings);
        assert_eq!(
            (finding.code(), finding.severity()),
            (FindingCode::NewSecretNotYetAccepted, Severity::Warning)
        );
        assert_eq!(finding.parameters()["seconds"], seconds);
        assert_eq!(world.tried(), [None]);
        world.assert_kept(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_a_policy_blocks_names_conditional_access_and_the_exclusion() {
    let world = World::answering([Answer::Refuse(TokenFailure::Blocked, &[53_003])]);
    let outcome = world.run().await;
    let finding = proof(&outcome.findings);
    assert_eq!(
        (finding.code(), finding.severity()),
        (FindingCode::NewSecretBlocked, Severity::Warning)
    );
    assert!(
        finding.message().contains("Conditional Access") && finding.remedy().contains("Exclude the server app"),
        "{finding}"
    );
    assert_eq!((world.asked(), world.tried()), (1, vec![Some(false)]));
    world.assert_kept(&outcome);
}

#[tokio::test(start_paused = true)]
async fn another_refusal_and_no_answer_are_told_apart_and_stop_nothing() {
    for (answer, code, accepted) in [
        (
            Answer::Refuse(TokenFailure::Refused, &[7_000_112]),
            FindingCode::NewSecretRefused,
            Some(false),
        ),
        (
            Answer::Refuse(TokenFailure::UnexpectedAnswer, &[1]),
            FindingCode::NewSecretRefused,
            Some(false),
        ),
        (
            Answer::Fail(TokenFailure::BadCredentials),
            FindingCode::NewSecretRefused,
            Some(false),
        ),
        (Answer::Fail(TokenFailure::Blocked), FindingCode::NewSecretBlocked, Some(false)),
        (Answer::Fail(TokenFailure::Unreachable), FindingCode::NewSecretUnproven, None),
    ] {
        let world = World::answering([answer]);
        let started = Instant::now();
        let outcome = world.run().await;
        assert!(started.elapsed() < Duration::from_secs(1), "it is not waited for");
        assert_eq!(proof(&outcome.findings).code(), code);
        assert_eq!((world.asked(), world.tried()), (1, vec![accepted]));
        world.assert_kept(&outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_service_that_never_answers_does_not_hold_the_run_up_for_ever() {
    let world = World::answering([Answer::Never]);
    let started = Instant::now();
    let outcome = world.run().await;
    assert!(started.elapsed() < Duration::from_secs(61), "{:?}", started.elapsed());
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretUnproven);
    world.assert_kept(&outcome);
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_after_it_the_sink_and_the_error_have_the_secret() {
    for answer in [
        Answer::Accept,
        Answer::Refuse(TokenFailure::Blocked, &[53_003]),
        Answer::Fail(TokenFailure::Unreachable),
        Answer::Never,
    ] {
        let world = World::answering([answer]);
        world.site.fail_at(
            SiteItem::ServerApp,
            SiteRefused::new("import the app", "the provider said no", "Look into SMSProv.log."),
        );
        let OnboardingError::Apply(error) = world.job().onboard(world.recorder.listen()).await.unwrap_err() else {
            panic!("the site has failed");
        };
        let secret = error.secret().unwrap();
        assert!(world.vault.holds(secret.value.expose()));
        assert_eq!(error.report().step(Step::RegisterServerApp).unwrap().ids.len(), 2);
        proof(error.findings());
        // The next run goes on with another secret, and the site has that one.
        world.probe.answers.lock().unwrap().clear();
        world.probe.answers.lock().unwrap().push_back(Answer::Accept);
        world.assert_kept(&world.run().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_beside_the_proof_does_not_wait_for_it() {
    let world = World::answering([Answer::Never]);
    let wire = EmulatedWire::new(&world.tenant);
    let denied = WireRefusal::new(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    );
    wire.fail_on("POST /v1.0/oauth2PermissionGrants", WireFault::Refusal(denied));
    let token = AccessToken::new(world.tenant.token_for(&Caller::global_administrator()));
    let directory = wire.directory(token_fn(move |_| {
        let token = token.clone();
        async move { Ok(token) }
    }));
    let job = AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(world.site.clone())
        .secret_sink(world.vault.clone())
        .secret_probe(world.probe.clone())
        .build()
        .unwrap();
    let started = Instant::now();
    let OnboardingError::Apply(error) = job.onboard(world.recorder.listen()).await.unwrap_err() else {
        panic!("a consent was refused");
    };
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(matches!(error.step(), Step::ConsentServerApp | Step::ConsentUserRead), "{error:?}");
    assert!(world.vault.holds(error.secret().unwrap().value.expose()));
    assert_eq!((world.asked(), world.tried()), (1, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn without_a_probe_nothing_changes() {
    let world = World::answering([Answer::Accept]);
    let job = AzureServicesConnection::builder(spec_with_discovery())
        .directory(world.tenant.directory())
        .site(world.site.clone())
        .build()
        .unwrap();
    let outcome = job.onboard(world.recorder.listen()).await.unwrap();
    assert!(outcome.findings.iter().all(|finding| !CODES.contains(&finding.code())));
    assert_eq!((world.asked(), world.tried()), (0, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_probe_changes_neither_the_plan_nor_what_the_directory_is_asked() {
    let mut seen = Vec::new();
    for has_probe in [true, false] {
        let world = World::answering([Answer::Accept]);
        let mut builder = AzureServicesConnection::builder(spec_with_discovery())
            .directory(world.tenant.directory())
            .site(world.site.clone())
            .secret_sink(world.vault.clone());
        if has_probe {
            builder = builder.secret_probe(world.probe.clone());
        }
        let plan = builder.build().unwrap().plan(|_| ()).await.unwrap();
        let steps: Vec<Step> = plan.changes().iter().map(|change| change.step).collect();
        plan.apply(|_| ()).await.unwrap();
        assert_eq!(world.asked(), usize::from(has_probe));
        seen.push((steps, world.tenant.requests().len()));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_kept_is_not_tried_out() {
    let world = World::answering([Answer::Accept]);
    world.run().await;
    let again = world.job().onboard(|_| ()).await.unwrap();
    assert!(!again.changed);
    assert_eq!(world.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_renews_the_sites_one_is_proven_before_the_site_has_it() {
    let world = World::answering([Answer::Accept]);
    let first = world.run().await;
    let renewing = world.builder(spec_with_discovery()).site(world.site.clone()).reissue_secret(true);
    let outcome = renewing.build().unwrap().onboard(world.recorder.listen()).await.unwrap();
    let (old, new) = (first.secret.unwrap(), outcome.secret.as_ref().unwrap());
    assert_ne!(old.key_id, new.key_id);
    let finding = proof(&outcome.findings);
    assert_eq!(finding.code(), FindingCode::NewSecretProven);
    assert_eq!(finding.parameters()["keyId"], new.key_id.to_string());
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_secret_for_another_administrator_is_proven_before_it_is_in_the_outcome() {
    let world = World::answering([Answer::Accept]);
    let outcome = world.builder(spec()).build().unwrap().onboard(|_| ()).await.unwrap();
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven);
    assert!(outcome.secret.is_some() && outcome.connection.is_none());

    let only_server = World::answering([Answer::Accept]);
    let job = only_server.builder(spec()).only(AppRole::Server).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven);

    let only_client = only_server.builder(spec()).only(AppRole::Client).build().unwrap();
    only_client.onboard(|_| ()).await.unwrap();
    assert_eq!(only_server.asked(), 1, "the client app has no secret");

    let reissued = only_server
        .builder(spec())
        .only(AppRole::Server)
        .reissue_secret(true)
        .build()
        .unwrap();
    let outcome = reissued.onboard(|_| ()).await.unwrap();
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven);
    assert_eq!(only_server.asked(), 2);
}

#[tokio::test]
async fn the_token_endpoint_of_the_tenant_proves_the_secret() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let probe = EntraSecretProbe::new(server.endpoints().clone()).http(support::client(&server));
    let job = support::over_http(spec(), &server, &tenant)
        .site(site.clone())
        .secret_probe(probe)
        .build()
        .unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(
        proof(&outcome.findings).code(),
        FindingCode::NewSecretProven,
        "{:?}",
        outcome.findings
    );
}

/// What the emulated token endpoint says over HTTP, with Microsoft's numbers, and not a scripted probe.
#[tokio::test]
async fn what_the_token_endpoint_says_over_http_of_conditional_access_is_told_and_stops_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    tenant.trouble_sign_in(SignInTrouble::BlockedByConditionalAccess);
    let probe = EntraSecretProbe::new(server.endpoints().clone()).http(support::client(&server));
    let job = support::over_http(spec(), &server, &tenant).site(site.clone()).secret_probe(probe);
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    let finding = proof(&outcome.findings);
    assert_eq!(finding.code(), FindingCode::NewSecretBlocked, "{:?}", outcome.findings);
    let app = outcome.server_app.as_ref().unwrap().application_id;
    assert!(site.holds_secret(app, outcome.secret.as_ref().unwrap().value.expose()));
}

#[tokio::test]
async fn what_the_token_endpoint_says_over_http_of_an_app_without_a_service_principal_blocks_its_import() {
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let registering = support::over_http(spec(), &server, &tenant).build().unwrap();
    let outcome = registering.onboard(|_| ()).await.unwrap();
    let (imported, client) = outcome.hand_over().unwrap();
    let importing = || {
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(imported.clone())
            .client_app(client.clone());
        let probe = EntraSecretProbe::new(server.endpoints().clone()).http(support::client(&server));
        let builder = AzureServicesConnection::builder(spec.build().unwrap()).site(EmulatedSite::new());
        builder.secret_probe(probe).build().unwrap()
    };
    importing().plan(|_| ()).await.unwrap();
    let principal = outcome.server_app.unwrap().service_principal_id.unwrap();
    tenant.directory().delete_service_principal(Call::quiet(), principal).await.unwrap();
    let OnboardingError::Blocked(blocked) = importing().plan(|_| ()).await.unwrap_err() else {
        panic!("no token without a service principal (AADSTS7000229)");
    };
    let codes: Vec<FindingCode> = blocked.blockers().map(Finding::code).collect();
    assert_eq!(codes, [FindingCode::ServicePrincipalMissing]);
}

/// The tenant's own word on a secret, which it does not know before its replication lag is over.
#[derive(Debug)]
struct OfTenant(EmulatedTenant);

#[async_trait]
impl SecretProbe for OfTenant {
    async fn probe(&self, _: TenantId, app: ApplicationId, secret: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        if self.0.secret_is_live(app, secret.expose()) {
            return Ok(AccessToken::new("opaque"));
        }
        let mut refusal = SignInRefusal::default();
        refusal.codes = vec![7_000_215];
        Err(TokenError::new(TokenFailure::BadCredentials, "the secret is wrong", "Check it.").with_refusal(refusal))
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_lagging_tenant_the_proof_costs_no_more_than_the_rounds_that_wait_anyway() {
    for lag in [2, 8, 18] {
        let mut lasted = Vec::new();
        for has_probe in [true, false] {
            let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(lag)).build();
            let mut builder = AzureServicesConnection::builder(spec())
                .directory(tenant.directory())
                .site(EmulatedSite::new());
            if has_probe {
                builder = builder.secret_probe(OfTenant(tenant.clone()));
            }
            let started = Instant::now();
            let outcome = builder.build().unwrap().onboard(|_| ()).await.unwrap();
            lasted.push(started.elapsed());
            if has_probe {
                assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven, "lag of {lag} s");
            }
        }
        assert!(lasted[0] <= lasted[1] + Duration::from_millis(10), "lag of {lag} s: {lasted:?}");
    }
}

/// A sign-in service that is as far away as the directory.
#[derive(Debug)]
struct Distant(Duration);

#[async_trait]
impl SecretProbe for Distant {
    async fn probe(&self, _: TenantId, _: ApplicationId, _: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        sleep(self.0).await;
        Ok(AccessToken::new("opaque"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_while_its_last_work_is_to_try_the_secret_out_has_written_all_that_it_says() {
    let world = World::answering([Answer::Never]);
    let job = world.builder(spec()).deadline(Duration::from_secs(3)).build().unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the deadline has passed");
    };
    assert_eq!(error.effect(), Written::Partial, "every write was answered");
    let last = error.report().steps().last().unwrap().step;
    assert_eq!((error.step(), error.failures().len()), (last, 1), "{}", error.report());
    assert!(
        error.report().steps().iter().all(|report| report.action != StepAction::Failed),
        "{}",
        error.report()
    );
}

#[tokio::test(start_paused = true)]
async fn cancelling_while_it_is_tried_out_gives_the_secret_back() {
    let world = World::answering([Answer::Never]);
    let job = world
        .builder(spec())
        .site(world.site.clone())
        .deadline(Duration::from_secs(3))
        .build()
        .unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the deadline has passed");
    };
    let secret = error.secret().unwrap();
    assert!(world.vault.holds(secret.value.expose()));
    // No step is open: the next one is named, whose work has not begun.
    assert_eq!((error.step(), error.effect()), (Step::ImportTenant, Written::Partial));
    assert!(error.report().step(error.step()).is_none() && error.report().step(Step::IssueSecret).is_none());
    let registered = error.report().step(Step::RegisterServerApp).unwrap();
    assert_eq!(registered.action, StepAction::Created);
    // A sign-in service that is merely slow is waited for.
    let slow = World::answering([Answer::Accept]);
    let job = AzureServicesConnection::builder(spec())
        .directory(slow.tenant.directory())
        .site(slow.site.clone())
        .secret_probe(Distant(Duration::from_secs(2)))
        .build()
        .unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(proof(&outcome.findings).code(), FindingCode::NewSecretProven);
}
