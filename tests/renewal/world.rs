//! A tenant, a site and a vault in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{
    AccessToken, ApplicationId, AzureServicesConnection, Call, ClientAppSpec, ClientSecret, ConnectionSpec, Directory, Outcome,
    SecretValidity, ServerAppSpec, TenantId, TokenError, async_trait,
    clock::Clock,
    connection::{
        AzureServicesConnectionBuilder, Blocked, Finding, FindingCode, NewSecret, NextStep, NextStepCode, OnboardingError, SecretSink,
        SecretSinkError,
    },
    directory::{ApplicationKey, NewPassword},
    error::{SignInRefusal, TokenFailure},
    ids::KeyId,
    site::{SiteApplication, SiteSnapshot},
    token::{ProbedResource, SecretProbe},
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedSiteBuilder, EmulatedTenant, EmulatedTenantBuilder, EmulatedWire, Timeline};
use time::{OffsetDateTime, macros::datetime};
use tokio::time::{Instant, sleep};

/// When every test begins.
pub(crate) const START: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

/// How many days the first secret lives.
pub(crate) const DAYS: u16 = 90;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// The time of day that goes with tokio's timer, so that one virtual time counts for all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> OffsetDateTime {
        START + self.0.elapsed()
    }
}

/// Keeps every secret that is issued.
#[derive(Debug, Default)]
pub(crate) struct Vault(Mutex<Vec<NewSecret>>);

impl Vault {
    pub(crate) fn find(&self, key: &str) -> Option<NewSecret> {
        let kept = self.0.lock().unwrap();
        kept.iter().find(|kept| kept.secret.key_id.to_string() == key).cloned()
    }

    pub(crate) fn first(&self) -> NewSecret {
        self.0.lock().unwrap()[0].clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl SecretSink for Vault {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        self.0.lock().unwrap().push(secret.clone());
        Ok(())
    }
}

/// The sign-in service: it accepts what the tenant accepts, unless it is told to refuse.
#[derive(Debug)]
pub(crate) struct SignIn {
    tenant: EmulatedTenant,
    pub(crate) refuses: Mutex<bool>,
}

#[async_trait]
impl SecretProbe for SignIn {
    async fn probe(&self, _: TenantId, app: ApplicationId, secret: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        if self.tenant.secret_is_live(app, secret.expose()) && !*self.refuses.lock().unwrap() {
            return Ok(AccessToken::new("opaque"));
        }
        let mut refusal = SignInRefusal::default();
        refusal.error = "invalid_client".to_owned();
        refusal.codes = vec![7_000_215];
        Err(TokenError::new(
            TokenFailure::BadCredentials,
            "the secret is not accepted",
            "Look into the sign-in log.",
        )
        .with_refusal(refusal))
    }
}

pub(crate) struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    pub(crate) vault: Arc<Vault>,
    pub(crate) sign_in: Arc<SignIn>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(EmulatedTenant::builder(), EmulatedSite::builder())
    }

    /// A site that takes renewed secrets.
    pub(crate) fn taking() -> Self {
        Self::of(EmulatedTenant::builder(), EmulatedSite::builder().takes_renewed_secrets(true))
    }

    pub(crate) fn of(tenant: EmulatedTenantBuilder, site: EmulatedSiteBuilder) -> Self {
        let clock = VirtualClock(Instant::now());
        let tenant = tenant.clock(move || clock.now()).build();
        let sign_in = SignIn {
            tenant: tenant.clone(),
            refuses: Mutex::new(false),
        };
        Self {
            clock,
            site: site.clock(Arc::new(clock)).build(),
            vault: Arc::default(),
            sign_in: Arc::new(sign_in),
            tenant,
        }
    }

    /// One process, whose moments are on a timeline.
    pub(crate) fn process(&self, spec: ConnectionSpec, timeline: &Timeline, lossless: bool) -> AzureServicesConnectionBuilder {
        self.without_site(spec, timeline, lossless).site(self.site.following(timeline))
    }

    pub(crate) fn without_site(&self, spec: ConnectionSpec, timeline: &Timeline, lossless: bool) -> AzureServicesConnectionBuilder {
        let wire = EmulatedWire::new(&self.tenant).following(timeline).lossless(lossless);
        let tenant = self.tenant.clone();
        let tokens = token_fn(move |_| {
            let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
            async move { Ok(token) }
        });
        AzureServicesConnection::builder(spec)
            .directory(wire.directory(tokens))
            .secret_sink(Arc::clone(&self.vault))
            .secret_probe(Arc::clone(&self.sign_in))
            .clock(Arc::new(self.clock))
    }

    pub(crate) fn builder(&self) -> AzureServicesConnectionBuilder {
        self.process(spec(), &Timeline::new(), false)
    }

    pub(crate) fn job(&self) -> AzureServicesConnection {
        self.builder().build().unwrap()
    }

    /// Onboards, and gives the app with its first secret.
    pub(crate) async fn onboard(&self) -> (ApplicationId, String) {
        let outcome = self.job().onboard(|_| ()).await.unwrap();
        let app = outcome.server_app.unwrap().application_id;
        (app, outcome.secret.unwrap().value.expose().to_owned())
    }

    /// Onboards, lets 60 of the 90 days pass, and renews.
    pub(crate) async fn renewed(&self) -> (ApplicationId, String, Outcome) {
        let (app, old) = self.onboard().await;
        sleep(DAY * 60).await;
        let outcome = self.job().renew_secret(|_| ()).await.unwrap();
        (app, old, outcome)
    }

    /// Types value and date of an issued secret into the console.
    pub(crate) fn type_in(&self, app: ApplicationId, outcome: &Outcome) {
        let secret = outcome.secret.as_ref().unwrap();
        self.site
            .renew_secret_key(app, Some(secret.value.clone()), Some(secret.expires_on))
            .unwrap();
    }

    /// The moment of tokio's timer at which it is this time.
    pub(crate) fn instant_of(&self, time: OffsetDateTime) -> Instant {
        self.clock.0 + (time - START).unsigned_abs()
    }

    /// The end of the secret that onboarding has issued.
    pub(crate) fn clock_end_of_first(&self) -> OffsetDateTime {
        SecretValidity::Days(DAYS).end_after(START)
    }

    pub(crate) fn is_live(&self, app: ApplicationId, secret: &str) -> bool {
        self.tenant.secret_is_live(app, secret)
    }

    pub(crate) fn row(&self, app: ApplicationId) -> SiteApplication {
        let rows: SiteSnapshot = serde_json::from_value(self.site.state()).unwrap();
        rows.application(app).unwrap().clone()
    }

    /// Adds a secret as another administrator would, and gives its id.
    pub(crate) async fn add_secret(&self, app: ApplicationId, name: &str, end: OffsetDateTime) -> String {
        let directory = self.tenant.directory();
        let key = ApplicationKey::ApplicationId(app);
        let object = directory.application(Call::quiet(), &key).await.unwrap().unwrap().object_id;
        let added = directory.add_password(Call::quiet(), object, &NewPassword::new(name, end)).await;
        added.unwrap().key_id.to_string()
    }

    /// The ids of all secrets of an app.
    pub(crate) fn keys(&self, app: ApplicationId) -> Vec<String> {
        let state = self.tenant.state();
        let apps = state["applications"].as_array().unwrap();
        let found = apps.iter().find(|found| found["appId"] == app.to_string()).unwrap();
        let passwords = found["passwordCredentials"].as_array().unwrap().iter();
        passwords.map(|password| password["keyId"].as_str().unwrap().to_owned()).collect()
    }
}

/// Both apps created; the server app's secrets live 90 days.
pub(crate) fn spec() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server").secret_validity(SecretValidity::Days(DAYS)))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap()
}

pub(crate) fn found(findings: &[Finding], code: FindingCode) -> Option<&Finding> {
    findings.iter().find(|finding| finding.code() == code)
}

pub(crate) fn parameter(findings: &[Finding], code: FindingCode, name: &str) -> String {
    let finding = found(findings, code).unwrap_or_else(|| panic!("{code:?} is not among {findings:#?}"));
    let value = finding.parameters().get(name).unwrap_or_else(|| panic!("{name} in {finding:?}"));
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn next(outcome: &Outcome, code: NextStepCode) -> Option<&NextStep> {
    outcome.next_steps.iter().find(|step| step.code == code)
}

pub(crate) fn blocked<T: std::fmt::Debug>(result: Result<T, OnboardingError>) -> Blocked {
    match result {
        Err(OnboardingError::Blocked(blocked)) => blocked,
        other => panic!("it is not blocked: {other:?}"),
    }
}

pub(crate) fn key(outcome: &Outcome) -> KeyId {
    outcome.secret.as_ref().unwrap().key_id
}
