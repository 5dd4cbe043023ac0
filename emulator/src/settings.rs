//! The settings of a tenant, which do not change once it is built.

use std::time::Duration;

use uuid::Uuid;

use crate::{AppManagementPolicy, automation_client::AutomationClient, clock::Clock, cloud::CloudEnvironment, object::Object};

/// How far readers are behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lags {
    pub(crate) creation: Duration,
    pub(crate) change: Duration,
    pub(crate) stale_reads: Duration,
    pub(crate) flapping: Option<Duration>,
}

/// The settings of a tenant. They do not change once it is built, but for the lags, which are what it begins with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) tenant_id: Uuid,
    pub(super) display_name: String,
    pub(super) initial_domain: String,
    pub(super) verified_domains: Vec<String>,
    pub(super) environment: CloudEnvironment,
    pub(super) lags: Lags,
    pub(super) replication_lags: Vec<Duration>,
    pub(super) policy: AppManagementPolicy,
    pub(super) policy_change: Option<Object>,
    pub(super) conditional_access_policies: Vec<Object>,
    pub(super) groups: Vec<Object>,
    pub(super) hard_delete_protection: bool,
    pub(super) purge_authentication_context: Option<String>,
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
