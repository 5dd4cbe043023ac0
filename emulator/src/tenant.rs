//! The tenant as its users hold it: cheap to clone, one directory behind all clones.

mod answer;
mod orders;
mod seeds;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    AutomationClient, Caller, EmulatedTenantBuilder, Fault, RecordedRequest,
    access::{Access, User},
    caller::Issuer,
    faults::Faults,
    locked::lock,
    object::Object,
    record::Record,
    settings::{Lags, Settings},
    sign_ins::{Codes, Renewals, SignInTrouble, SignInTroubles, SignIns},
    signing::write_token,
    store::{Context, SecretState, Store},
};
use crate::cloud::CloudEnvironment;

pub(super) use answer::Bearer;
pub(super) use orders::SavedTenant;

/// A Microsoft Entra tenant in memory. [`EmulatorServer`](super::EmulatorServer) serves it over HTTP, and
/// [`EmulatedWire`](super::EmulatedWire) without a socket.
///
/// Clones share one directory; [`EmulatedTenant::with_caller`] gives one that acts as another caller.
///
/// ```
/// use cmg_onboarding_emulator::EmulatedTenant;
/// use std::time::Duration;
///
/// let tenant = EmulatedTenant::builder()
///     .display_name("Fabrikam")
///     .initial_domain("fabrikam.onmicrosoft.com")
///     .replication_lag(Duration::from_secs(20))
///     .build();
/// assert_eq!(tenant.state()["applications"], serde_json::json!([]));
/// ```
#[derive(Clone)]
pub struct EmulatedTenant {
    inner: Arc<Inner>,
    caller: Arc<Caller>,
}

struct Inner {
    settings: Settings,
    store: Mutex<Store>,
    lags: Mutex<Lags>,
    /// The people of the tenant, the one first who signs in if no other is chosen.
    users: Mutex<Vec<Caller>>,
    faults: Mutex<Faults>,
    requests: Mutex<Record>,
    sign_ins: Mutex<SignIns>,
    codes: Mutex<Codes>,
    renewals: Mutex<Renewals>,
    sign_in_troubles: Mutex<SignInTroubles>,
}

impl EmulatedTenant {
    /// The tenant Contoso: `contoso.onmicrosoft.com` and `contoso.com`, in the public cloud, without anything in it.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins a tenant with everything as in [`EmulatedTenant::new`].
    pub fn builder() -> EmulatedTenantBuilder {
        EmulatedTenantBuilder::new()
    }

    /// The same directory with another caller: the one who signs in interactively, and through
    /// [`EmulatedTenant::directory`].
    #[must_use]
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            caller: Arc::new(caller),
        }
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant_id(&self) -> Uuid {
        self.inner.settings.tenant_id
    }

    /// The domain the tenant began with.
    #[must_use]
    pub fn initial_domain(&self) -> &str {
        &self.inner.settings.initial_domain
    }

    /// The cloud the tenant is in.
    #[must_use]
    pub fn environment(&self) -> CloudEnvironment {
        self.inner.settings.environment
    }

    /// The application that may sign in by itself.
    #[must_use]
    pub fn automation_client(&self) -> &AutomationClient {
        &self.inner.settings.automation_client
    }

    /// The whole directory, in the order of creation and without any secret: equal before and after, if nothing changed.
    ///
    /// An object whose lists are named as in Microsoft Graph: `applications`, `servicePrincipals`,
    /// `oauth2PermissionGrants`, `appRoleAssignments`; and `deletedApplications`, `deletedServicePrincipals`.
    #[must_use]
    pub fn state(&self) -> Value {
        self.store().to_json()
    }

    /// Whether an app registration could sign in with this secret now.
    #[must_use]
    pub fn secret_is_live(&self, application: impl Into<Uuid>, secret: &str) -> bool {
        self.secret_state(&application.into().to_string(), secret) == Some(SecretState::Live)
    }

    /// The text of an access token for a caller: a JWT for Microsoft Graph, unless the caller asks for another
    /// audience. It is signed with a key that everyone can read.
    #[must_use]
    pub fn token_for(&self, caller: &Caller) -> String {
        write_token(&self.claims_of(caller))
    }

    /// Lets the next requests be answered with 429.
    pub fn throttle(&self, times: u32, retry_after: Option<Duration>) {
        let mut faults = lock(&self.inner.faults);
        for _ in 0..times {
            faults.push(None, Fault::Throttled(retry_after));
        }
    }

    /// Lets the next request meet with trouble.
    pub fn fail_next(&self, fault: Fault) {
        lock(&self.inner.faults).push(None, fault);
    }

    /// Lets the next request of one kind meet with trouble. `request` is the beginning of method and path below the
    /// version, as `POST /servicePrincipals`.
    pub fn fail_on(&self, request: impl Into<String>, fault: Fault) {
        lock(&self.inner.faults).push(Some(request.into()), fault);
    }

    /// Every request so far; of more than 10,000 the last ones.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.inner.requests).to_vec()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.inner.requests).clear();
    }

    /// Approves a device code, as its user would on the sign-in page. Tells whether it was waiting for it.
    pub fn approve_device_code(&self, user_code: &str) -> bool {
        self.approve_device_code_as(user_code, None)
    }

    /// Approves a device code as one of several people.
    pub(super) fn approve_device_code_as(&self, user_code: &str, account: Option<&str>) -> bool {
        lock(&self.inner.sign_ins).approve(user_code, account)
    }

    /// Lets the next sign-in over HTTP meet with trouble. Troubles come in the order they were ordered, each once it fits.
    pub fn trouble_sign_in(&self, trouble: SignInTrouble) {
        lock(&self.inner.sign_in_troubles).push(trouble);
    }

    pub(super) fn from_settings(settings: Settings, caller: Caller) -> Self {
        let mut store = Store::default();
        store.set_policy(&settings.policy, settings.policy_change.as_ref());
        store.seed_microsoft_graph(settings.tenant_id, settings.environment);
        store.seed_service_principal(json!({
            "id": Uuid::new_v5(&settings.tenant_id, b"automation"),
            "appId": settings.automation_client.id(),
            "appDisplayName": "Emulator automation",
            "displayName": "Emulator automation",
            "servicePrincipalNames": [settings.automation_client.id()],
        }));
        store.conditional_access_policies.clone_from(&settings.conditional_access_policies);
        Self {
            inner: Arc::new(Inner {
                lags: Mutex::new(settings.lags),
                users: Mutex::default(),
                settings,
                store: Mutex::new(store),
                faults: Mutex::default(),
                requests: Mutex::default(),
                sign_ins: Mutex::default(),
                codes: Mutex::default(),
                renewals: Mutex::default(),
                sign_in_troubles: Mutex::default(),
            }),
            caller: Arc::new(caller),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn sign_ins(&self) -> MutexGuard<'_, SignIns> {
        lock(&self.inner.sign_ins)
    }

    pub(super) fn codes(&self) -> MutexGuard<'_, Codes> {
        lock(&self.inner.codes)
    }

    pub(super) fn renewals(&self) -> MutexGuard<'_, Renewals> {
        lock(&self.inner.renewals)
    }

    pub(super) fn sign_in_troubles(&self) -> MutexGuard<'_, SignInTroubles> {
        lock(&self.inner.sign_in_troubles)
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.inner.store)
    }

    pub(super) fn take_fault(&self, request: &str) -> Option<Fault> {
        lock(&self.inner.faults).take(request)
    }

    pub(super) fn record(&self, request: RecordedRequest) {
        lock(&self.inner.requests).push(request);
    }

    /// What a secret is worth; `None` where there is no such app registration.
    pub(super) fn secret_state(&self, application: &str, secret: &str) -> Option<SecretState> {
        let store = self.store();
        let application = store
            .applications
            .iter()
            .find(|entry| entry.text("appId").eq_ignore_ascii_case(application))?;
        Some(store.secret_state(application, secret, self.inner.settings.clock.now(), Instant::now()))
    }

    /// The claims of a token for a caller. A user becomes known to the directory with it.
    pub(super) fn claims_of(&self, caller: &Caller) -> Object {
        let mut store = self.store();
        self.claims_in(&mut store, caller)
    }

    pub(super) fn claims_in(&self, store: &mut Store, caller: &Caller) -> Object {
        let settings = &self.inner.settings;
        let mut display_name = None;
        let object_id = if let Some(account) = caller.account_in(&settings.initial_domain) {
            let id = caller.user_object_id(settings.tenant_id, &account);
            let directory_roles = caller.directory_roles().to_vec();
            let me_refused = caller.me_refused();
            let user = User {
                account,
                directory_roles,
                me_refused,
            };
            store.users.entry(id).or_insert(user);
            id
        } else {
            let app_id = caller.application_id().to_string();
            let principal = store.service_principals.of_app(&app_id);
            display_name = principal.map(|principal| principal.text("displayName").to_owned());
            let known = principal.and_then(|principal| principal.text("id").parse().ok());
            known.unwrap_or_else(|| Uuid::new_v5(&settings.tenant_id, app_id.as_bytes()))
        };
        if !caller.security_attributes().is_empty() {
            store.security_attributes.insert(object_id, caller.security_attributes().to_vec());
        }
        let issuer = Issuer {
            tenant: settings.tenant_id,
            initial_domain: &settings.initial_domain,
            environment: settings.environment,
            now: settings.clock.now(),
        };
        let mut claims = caller.claims(&issuer, object_id);
        // Tools show this name for an application that signed in by itself.
        if let Some(name) = display_name {
            claims.insert("app_displayname".to_owned(), json!(name));
        }
        claims
    }

    pub(super) fn context<'a>(&'a self, access: &'a Access) -> Context<'a> {
        Context {
            settings: &self.inner.settings,
            lags: self.lags(),
            access,
            now: self.inner.settings.clock.now(),
            instant: Instant::now(),
        }
    }
}

impl Default for EmulatedTenant {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for EmulatedTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmulatedTenant")
            .field("tenant_id", &self.tenant_id())
            .field("initial_domain", &self.initial_domain())
            .finish_non_exhaustive()
    }
}
