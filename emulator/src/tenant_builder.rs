//! What an emulated tenant is to be like.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::{Uuid, uuid};

use super::{AppManagementPolicy, AutomationClient, Caller, EmulatedTenant};
use crate::{
    clock::Clock,
    cloud::CloudEnvironment,
    object::{Object, merge},
    settings::{Lags, Settings},
};

/// The tenant id of every tenant that asks for no other.
const CONTOSO: Uuid = uuid!("c0170505-0000-4000-8000-00000000c0de");

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
                lags: Lags {
                    creation: Duration::ZERO,
                    change: Duration::ZERO,
                    stale_reads: Duration::ZERO,
                    flapping: None,
                },
                replication_lags: Vec::new(),
                policy,
                policy_change: None,
                conditional_access_policies: Vec::new(),
                groups: Vec::new(),
                hard_delete_protection: false,
                purge_authentication_context: None,
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
        self.settings.lags.creation = lag;
        self
    }

    /// Another replication lag for each object, in the order in which they are made, from the first again after the
    /// last. Default: [`replication_lag`](Self::replication_lag) for all.
    pub fn replication_lags(mut self, lags: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.replication_lags = lags.into_iter().collect();
        self
    }

    /// How long after a change or a deletion every read still shows what was before it. The write itself is acknowledged,
    /// and other writes act on what there is. Default: not at all.
    ///
    /// New objects have [`replication_lag`](Self::replication_lag). Both are measured with tokio's timer.
    pub const fn change_lag(mut self, lag: Duration) -> Self {
        self.settings.lags.change = lag;
        self
    }

    /// A reader that is behind: how long after any write the reads of apps, service principals and consents, by key and by
    /// filter, repeat the answer from before it, even that a deleted app is still there or that a new one is not. The list
    /// of deleted objects is not behind, and writes act on what there is. Default: not at all.
    pub const fn stale_reads(mut self, duration: Duration) -> Self {
        self.settings.lags.stale_reads = duration;
        self
    }

    /// Lets a new object be seen and gone again in turns of this length, until its replication lag is over: as where
    /// requests go to several copies of the directory in turn; changes and deletions likewise, until
    /// [`change_lag`](Self::change_lag) or [`stale_reads`](Self::stale_reads) are over. Default: it cannot be seen before.
    pub const fn flapping(mut self, turn: Duration) -> Self {
        self.settings.lags.flapping = Some(turn);
        self
    }

    /// The tenant's default app management policy. Default: the one that Microsoft switched on in most tenants in
    /// 2025, with [`uris_need_an_owner`](AppManagementPolicy::uris_need_an_owner) alone.
    pub fn policy(mut self, policy: impl Into<AppManagementPolicy>) -> Self {
        self.settings.policy = policy.into();
        self
    }

    /// The tenant's default app management policy as Microsoft Graph has it (`tenantAppManagementPolicy`), on top of
    /// [`policy`](Self::policy): complex properties by their parts, lists as a whole. What `GET` shows is what is enforced.
    ///
    /// Enforced are `isEnabled`, and below `applicationRestrictions`: `passwordAddition`, `passwordLifetime`,
    /// `customPasswordAddition`, `symmetricKeyAddition`, `symmetricKeyLifetime`, `asymmetricKeyLifetime`, both rules of
    /// `identifierUris` with `excludeAppsReceivingV2Tokens` and `excludeSaml`, and `audiences`; each with `state`,
    /// `restrictForAppsCreatedAfterDateTime` and `excludeActors`
    /// ([`Caller::with_custom_security_attribute`]). Not enforced is `servicePrincipalRestrictions`.
    ///
    /// ```
    /// use cmg_onboarding_emulator::EmulatedTenant;
    ///
    /// let tenant = EmulatedTenant::builder()
    ///     .app_management_policy(serde_json::json!({"applicationRestrictions": {"passwordCredentials": [
    ///         {"restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"},
    ///     ]}}))
    ///     .build();
    /// ```
    pub fn app_management_policy(mut self, policy: Value) -> Self {
        self.settings.policy_change = policy.as_object().cloned();
        self
    }

    /// A Conditional Access policy as Microsoft Graph has it; may be called repeatedly. It is only shown, by
    /// `GET /identity/conditionalAccess/policies`. An id is made if none is given. Default: none.
    pub fn conditional_access_policy(mut self, policy: Value) -> Self {
        self.settings.conditional_access_policies.push(conditional_access_policy(&policy));
        self
    }

    /// A security group of this name; may be called repeatedly, also with one name. It is only shown, by `GET /groups`.
    /// Default: none.
    pub fn group(mut self, display_name: impl Into<String>) -> Self {
        let shown = json!({"id": Uuid::new_v4(), "displayName": display_name.into(), "securityEnabled": true, "mailEnabled": false, "groupTypes": []});
        self.settings.groups.extend(shown.as_object().cloned());
        self
    }

    /// Whether the tenant refuses permanent deletion for 7 days after an object was deleted softly. Default: no.
    ///
    /// Microsoft documents the switch (`isHardDeleteProtectionEnabled`, beta) and not the refusal: status, code and text
    /// are guesses.
    pub const fn hard_delete_protection(mut self, is_protected: bool) -> Self {
        self.settings.hard_delete_protection = is_protected;
        self
    }

    /// Makes permanent deletion a protected action that asks people for this authentication context, as `c1`: a token without
    /// it is answered with 401 and a claims challenge. A token request with the challenge's `claims` gets one that has it,
    /// and so does [`Caller::with_authentication_context`]. Default: no protected action.
    ///
    /// Source: *What are protected actions in Microsoft Entra ID?*, `microsoft.directory/deletedItems/delete`.
    pub fn protected_permanent_deletion(mut self, authentication_context: impl Into<String>) -> Self {
        self.settings.purge_authentication_context = Some(authentication_context.into());
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

/// A Conditional Access policy with all that Microsoft Graph shows of one.
pub(crate) fn conditional_access_policy(policy: &Value) -> Object {
    let mut shown = Object::new();
    for name in [
        "templateId",
        "createdDateTime",
        "modifiedDateTime",
        "grantControls",
        "sessionControls",
    ] {
        shown.insert(name.to_owned(), Value::Null);
    }
    shown.insert("id".to_owned(), json!(Uuid::new_v4()));
    shown.insert("state".to_owned(), json!("enabled"));
    merge(&mut shown, &policy.as_object().cloned().unwrap_or_default());
    shown
}
