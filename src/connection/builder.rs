//! Puts a connection together.

use std::{sync::Arc, time::Duration};

use crate::{
    backoff::WaitPolicy,
    clock::{Clock, SystemClock},
    connection::{
        handle::{AzureServicesConnection, Inner},
        plan::secrets::SecretOptions,
        read::snapshot::needs_directory,
        report::{incomplete::IncompleteConnection, step::AppRole},
        run::{
            cancel::{Cancel, Limits},
            secret_sink::SecretSink,
        },
    },
    directory::DirectoryHandle,
    ids::TenantId,
    site::{SiteHandle, SiteIdentity},
    spec::ConnectionSpec,
};

/// How old a plan may be to count as read just now.
const MAX_PLAN_AGE: Duration = Duration::from_secs(60);

/// Puts an [`AzureServicesConnection`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct AzureServicesConnectionBuilder {
    inner: Inner,
}

impl AzureServicesConnectionBuilder {
    pub(crate) fn new(spec: ConnectionSpec) -> Self {
        Self {
            inner: Inner {
                spec,
                directory: None,
                site: None,
                expected_tenant: None,
                no_gateway_stated: false,
                policy_exempt: false,
                secrets: SecretOptions::default(),
                only: None,
                site_identity: None,
                sink: None,
                wait_policy: WaitPolicy::default(),
                max_plan_age: MAX_PLAN_AGE,
                limits: Limits::default(),
                clock: Arc::new(SystemClock),
            },
        }
    }

    /// The Entra tenant. Without it nothing can be registered, only imported.
    pub fn directory(mut self, directory: impl Into<DirectoryHandle>) -> Self {
        self.inner.directory = Some(directory.into());
        self
    }

    /// The Configuration Manager site. Without it the apps are only registered.
    pub fn site(mut self, site: impl Into<SiteHandle>) -> Self {
        self.inner.site = Some(site.into());
        self
    }

    /// The tenant that is meant. Preflight refuses a sign-in to any other. Default: the one that is signed in to.
    pub fn tenant(mut self, tenant: TenantId) -> Self {
        self.inner.expected_tenant = Some(tenant);
        self
    }

    /// Says that the signed-in account is exempt from the tenant's app management policy, which cannot be seen from
    /// outside: what the policy would refuse is then a warning, not a blocker. Default: not exempt.
    pub fn policy_exempt(mut self, exempt: bool) -> Self {
        self.inner.policy_exempt = exempt;
        self
    }

    /// Without a site, issues a new secret although the app has one of an earlier run, whose text cannot be read again.
    /// The older one stays, since it may be in use by now; see
    /// [`remove_superseded_secrets`](Self::remove_superseded_secrets). Default: no new one is issued.
    ///
    /// With a site this is decided by whether the site knows the app, and this setting changes nothing.
    pub fn reissue_secret(mut self, reissue: bool) -> Self {
        self.inner.secrets.reissue = reissue;
        self
    }

    /// Without a site, removes the secrets of this crate that have a successor from an earlier run: all but the newest,
    /// as far as they name no site. Say so only when the newest one has reached the site. Default: they stay.
    ///
    /// With a site this setting changes nothing: the site tells which secret is in use.
    pub fn remove_superseded_secrets(mut self, remove: bool) -> Self {
        self.inner.secrets.remove_superseded = remove;
        self
    }

    /// Before a removal, states that no cloud management gateway uses the connection. A site that can tell decides by
    /// itself; one that cannot tell refuses to remove without this statement, which the plan shows and the report keeps.
    /// Default: nothing is stated.
    pub fn state_no_gateway(mut self, stated: bool) -> Self {
        self.inner.no_gateway_stated = stated;
        self
    }

    /// What tells this site from another one, in the description of the secrets issued for it; any administrator who may
    /// read the app registration sees it. Give the same in every run. Default: what the site implementation tells, a
    /// digest of site code and SMS Provider.
    ///
    /// A secret is removed only if it was issued for this very site. Give a text of your own if one site is reached
    /// through several SMS Providers.
    pub fn site_identity(mut self, identity: SiteIdentity) -> Self {
        self.inner.site_identity = Some(identity);
        self
    }

    /// Registers one app only, as the wizard does: *OK* creates this app now, and another administrator may create the
    /// other one tomorrow. The site is left out; the client app needs the server app to be there. Each app can so have a
    /// directory of its own, signed in as another account. Default: the whole connection.
    pub fn only(mut self, app: AppRole) -> Self {
        self.inner.only = Some(app);
        self
    }

    /// A safe place, such as a vault, that is awaited with every issued secret before anything else is written.
    /// Default: none; the secret's text is in the outcome or in the error.
    pub fn secret_sink(mut self, sink: impl SecretSink + 'static) -> Self {
        self.inner.sink = Some(Arc::new(sink));
        self
    }

    /// How long and how often a run waits until the directory sees everywhere what the run has just made.
    /// Default: up to two minutes; see [`WaitPolicy`].
    pub fn wait_policy(mut self, policy: WaitPolicy) -> Self {
        self.inner.wait_policy = policy;
        self
    }

    /// How old a plan may be to count as read just now, by tokio's timer. An older one is compared with a fresh look at
    /// tenant and site before it writes. Default: 60 seconds.
    pub fn max_plan_age(mut self, age: Duration) -> Self {
        self.inner.max_plan_age = age;
        self
    }

    /// A handle that ends the runs of this connection, with their report. Default: none.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.inner.limits.cancel = Some(cancel.clone());
        self
    }

    /// How long carrying out a plan may take, by tokio's timer; then the run ends with its report. Default: no limit.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.inner.limits.deadline = Some(deadline);
        self
    }

    /// Where the time of day comes from. Default: the operating system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.inner.clock = clock;
        self
    }

    /// Puts the connection together.
    ///
    /// # Errors
    ///
    /// When the specification needs a directory or a site that was not given.
    pub fn build(self) -> Result<AzureServicesConnection, IncompleteConnection> {
        let inner = self.inner;
        let (server, client) = (inner.spec.server_app(), inner.spec.client_app());
        let writes = match inner.only {
            Some(AppRole::Server) => server.is_registered_here(),
            Some(AppRole::Client) => client.is_registered_here(),
            None => needs_directory(&inner.spec),
        };
        if writes && inner.directory.is_none() {
            return Err(IncompleteConnection::DirectoryMissing);
        }
        if inner.only.is_none() && (server.is_reused() || client.is_reused()) && inner.site.is_none() {
            return Err(IncompleteConnection::SiteMissing);
        }
        if !writes && (inner.site.is_none() || inner.only.is_some()) {
            return Err(IncompleteConnection::NothingToDo);
        }
        Ok(AzureServicesConnection { inner: Arc::new(inner) })
    }
}
