//! What an emulated tenant is to be like.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::{Uuid, uuid};

use super::{AppManagementPolicy, Caller, EmulatedTenant};
use crate::{clock::Clock, cloud::CloudEnvironment};

/// The tenant id of every tenant that asks for no other.
const CONTOSO: Uuid = uuid!("c0170505-0000-4000-8000-00000000c0de");

/// An application that may do all that onboarding needs by itself, without a user, so that other tools' clients can
/// be pointed at the emulator.
///
/// Its id and secret are the emulator's own and open nothing anywhere else.
#[derive(Clone)]
pub struct AutomationClient {
    id: Uuid,
    secret: SecretString,
}

impl AutomationClient {
    /// An automation client with this id and secret.
    #[must_use]
    pub fn new(id: impl Into<Uuid>, secret: impl Into<SecretString>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
        }
    }

    /// Its application (client) id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Its secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl Default for AutomationClient {
    fn default() -> Self {
        Self::new(uuid!("e4a11a70-0000-4000-8000-00000000a070"), "emulator-only~not-a-secret")
    }
}

impl fmt::Debug for AutomationClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AutomationClient")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The settings of a tenant. They do not change once it is built.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) tenant_id: Uuid,
    pub(super) display_name: String,
    pub(super) initial_domain: String,
    pub(super) verified_domains: Vec<String>,
    pub(super) environment: CloudEnvironment,
    pub(super) replication_lag: Duration,
    pub(super) replication_lags: Vec<Duration>,
    pub(super) flapping: Option<Duration>,
    pub(super) policy: AppManagementPolicy,
    pub(super) users_may_create_apps: bool,
    pub(super) secret_in_create_answer: bool,
    pub(super) clock: Clock,
    pub(super) automation_client: AutomationClient,
    pub(super) device_code_interval: Duration,
}

impl Settings {
    /// All verified domains, the initial one first.
    pub(super) fn domains(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.initial_domain.as_str()).chain(self.verified_domains.iter().map(String::as_str))
    }

    /// The domain of new users: the first custom one, where there is one.
    pub(super) fn default_domain(&self) -> &str {
        self.verified_domains.first().unwrap_or(&self.initial_domain)
    }

    /// Whether a text names this tenant: its id or one of its domains.
    pub(super) fn is_named(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(&self.tenant_id.to_string()) || self.domains().any(|domain| domain.eq_ignore_ascii_case(text))
    }
}

/// Puts an [`EmulatedTenant`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct EmulatedTenantBuilder {
    settings: Settings,
    has_own_domains: bool,
    caller: Caller,
}

impl EmulatedTenantBuilder {
    pub(super) fn new() -> Self {
        // What Microsoft switched on in most tenants in 2025.
        let policy = AppManagementPolicy {
            uris_need_an_owner: true,
            ..AppManagementPolicy::default()
        };
        Self {
            settings: Settings {
                tenant_id: CONTOSO,
                display_name: "Contoso".to_owned(),
                initial_domain: "contoso.onmicrosoft.com".to_owned(),
                verified_domains: vec!["contoso.com".to_owned()],
                environment: CloudEnvironment::AzurePublicCloud,
                replication_lag: Duration::ZERO,
                replication_lags: Vec::new(),
                flapping: None,
                policy,
                users_may_create_apps: true,
                secret_in_create_answer: true,
                clock: Clock::of_the_system(),
                automation_client: AutomationClient::default(),
                device_code_interval: Duration::from_secs(5),
            },
            has_own_domains: false,
            caller: Caller::global_administrator(),
        }
    }

    /// The tenant's id. Default: always the same one, so that two tenants of one test need different ones.
    pub fn tenant_id(mut self, id: impl Into<Uuid>) -> Self {
        self.settings.tenant_id = id.into();
        self
    }

    /// The tenant's name. Default: `Contoso`.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.settings.display_name = name.into();
        self
    }

    /// The domain the tenant began with. Default: `contoso.onmicrosoft.com`.
    ///
    /// A tenant with an initial domain of its own has no other domains unless they are given.
    pub fn initial_domain(mut self, domain: impl Into<String>) -> Self {
        self.settings.initial_domain = domain.into();
        self.own_domains();
        self
    }

    /// A verified domain beside the initial one; may be called repeatedly. Default: `contoso.com`.
    pub fn verified_domain(mut self, domain: impl Into<String>) -> Self {
        self.own_domains();
        self.settings.verified_domains.push(domain.into());
        self
    }

    /// The cloud the tenant is in. Default: `AzurePublicCloud`.
    pub fn environment(mut self, environment: impl Into<CloudEnvironment>) -> Self {
        self.settings.environment = environment.into();
        self
    }

    /// How long a new object, and a new secret, cannot be seen after it was made. Default: not at all.
    ///
    /// Measured with tokio's timer, so that paused time passes it at once.
    pub const fn replication_lag(mut self, lag: Duration) -> Self {
        self.settings.replication_lag = lag;
        self
    }

    /// Another replication lag for each object, in the order in which they are made, from the first again after the
    /// last. Default: [`replication_lag`](Self::replication_lag) for all.
    pub fn replication_lags(mut self, lags: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.replication_lags = lags.into_iter().collect();
        self
    }

    /// Lets a new object be seen and gone again in turns of this length, until its replication lag is over: as where
    /// requests go to several copies of the directory in turn. Default: it cannot be seen before.
    pub const fn flapping(mut self, turn: Duration) -> Self {
        self.settings.flapping = Some(turn);
        self
    }

    /// The tenant's default app management policy. Default: the one that Microsoft switched on in most tenants in
    /// 2025, with [`uris_need_an_owner`](AppManagementPolicy::uris_need_an_owner) alone.
    pub fn policy(mut self, policy: impl Into<AppManagementPolicy>) -> Self {
        self.settings.policy = policy.into();
        self
    }

    /// Whether users without a role may register applications. Default: yes.
    pub const fn users_may_create_apps(mut self, may: bool) -> Self {
        self.settings.users_may_create_apps = may;
        self
    }

    /// Whether the answer to the creation of an app shows the text of a secret made with it. Default: yes.
    ///
    /// Without it a secret's text can only be had by adding another one.
    pub const fn secret_in_create_answer(mut self, shown: bool) -> Self {
        self.settings.secret_in_create_answer = shown;
        self
    }

    /// Where the time of day comes from. Default: the system.
    pub fn clock(mut self, now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Clock::new(now);
        self
    }

    /// Who signs in interactively, and acts through [`EmulatedTenant::directory`]. Default:
    /// [`Caller::global_administrator`].
    pub fn caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// The application that may sign in by itself. Default: [`AutomationClient::default`].
    pub fn automation_client(mut self, client: AutomationClient) -> Self {
        self.settings.automation_client = client;
        self
    }

    /// How often a client may ask whether a device code was approved. Default: every 5 seconds.
    pub const fn device_code_interval(mut self, interval: Duration) -> Self {
        self.settings.device_code_interval = interval;
        self
    }

    /// The tenant.
    #[must_use]
    pub fn build(self) -> EmulatedTenant {
        EmulatedTenant::from_settings(self.settings, self.caller)
    }

    fn own_domains(&mut self) {
        if !self.has_own_domains {
            self.settings.verified_domains.clear();
            self.has_own_domains = true;
        }
    }
}
