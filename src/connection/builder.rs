//! Builds a connection.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;

use crate::{
    backoff::WaitPolicy,
    clock::{Clock, SystemClock},
    connection::{
        check::{
            rules::{Consents, RemovalScope},
            term::DEFAULT_DAYS,
        },
        handle::{AzureServicesConnection, Inner},
        plan::registration::UniqueNames,
        read::snapshot::needs_directory,
        report::{incomplete::IncompleteConnection, step::AppRole},
        run::{cancel::Cancel, secret_sink::SecretSink},
    },
    directory::DirectoryHandle,
    ids::TenantId,
    site::{SiteHandle, SiteIdentity},
    spec::ConnectionSpec,
    token::SecretProbe,
};

/// How old a plan may be when it is applied without reading again.
const MAX_PLAN_AGE: Duration = Duration::from_secs(60);

/// How long a new secret may take until the sign-in service accepts it. Seen were 4 to 18 seconds.
const PROOF_LIMIT: Duration = Duration::from_secs(60);

/// How long after the site has first shown the end of a renewed secret the old one may be removed: the 25 hours that a
/// setting may take until it has reached every client, and one more.
const REMOVAL_WAIT: Duration = Duration::from_secs(26 * 60 * 60);

/// Builds an [`AzureServicesConnection`]. Each setting says its default; directory, site or both have to be
/// given, as the specification needs them.
///
/// ```
/// use std::time::Duration;
///
/// use cmg_onboarding::{AzureServicesConnection, connection::Cancel};
///
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let (tenant, site) = (cmg_onboarding_emulator::EmulatedTenant::new(), cmg_onboarding_emulator::EmulatedSite::new());
/// let cancel = Cancel::new(); // for a button
/// let connection = AzureServicesConnection::builder(spec)
///     .directory(tenant.directory())
///     .site(site)
///     .tenant(tenant.tenant_id().into())
///     .deadline(Duration::from_secs(600))
///     .cancel(&cancel)
///     .build()?;
/// # let _ = connection;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
                verify_alive: false,
                apps_unused_stated: false,
                removal_scope: RemovalScope::default(),
                unique_names: None,
                only_removes: false,
                created_by_console: None,
                shown_since: None,
                removal_wait: REMOVAL_WAIT,
                policy_exempt: false,
                consents: Consents::Grant,
                reissue_secret: false,
                remove_superseded: false,
                only: None,
                site_identity: None,
                sink: None,
                secret_probe: None,
                proof_limit: PROOF_LIMIT,
                thresholds: DEFAULT_DAYS.to_vec(),
                wait_policy: WaitPolicy::default(),
                max_plan_age: MAX_PLAN_AGE,
                cancel: None,
                deadline: None,
                clock: Arc::new(SystemClock),
            },
        }
    }

    /// The Entra tenant. Without it apps can be imported or reused, but not registered. If it is given, apps that are
    /// imported or reused are compared with their registrations, too, as *Verify* of the *Import apps* dialog does; if it
    /// cannot be read, a finding says so, and such a plan goes on without it. Default: none.
    pub fn directory(mut self, directory: impl Into<DirectoryHandle>) -> Self {
        self.inner.directory = Some(directory.into());
        self
    }

    /// The Configuration Manager site. Without it the apps are registered, and no connection is set up.
    /// Default: none.
    pub fn site(mut self, site: impl Into<SiteHandle>) -> Self {
        self.inner.site = Some(site.into());
        self
    }

    /// The tenant that the caller expects. Preflight refuses a sign-in to any other one. Default: the tenant
    /// of the sign-in, unchecked.
    pub fn tenant(mut self, tenant: TenantId) -> Self {
        self.inner.expected_tenant = Some(tenant);
        self
    }

    /// Says that the tenant's app management policy does not apply to the signed-in account. The crate reads
    /// the policy, not its exemptions: a finding about it is then a warning and not a blocker. Default: the
    /// policy applies.
    pub fn policy_exempt(mut self, exempt: bool) -> Self {
        self.inner.policy_exempt = exempt;
        self
    }

    /// Who gives the admin consents that are missing. Default: this run.
    ///
    /// With [`Consents::LeaveToAdministrator`] the plan leaves them out, so that the account that registers needs no
    /// right to consent: neither the directory role nor the permissions. What is open is a finding of the plan
    /// (`consentLeftOpen`) and a next step of the outcome (`grantAdminConsent`), with the portal's page and the consent
    /// URLs. The next run reads whether the consents were given.
    pub fn consents(mut self, consents: Consents) -> Self {
        self.inner.consents = consents;
        self
    }

    /// Issues a new secret although the app has one of an earlier run, whose text cannot be read again. The older
    /// one stays, since it is in use until its successor has taken its place; see
    /// [`remove_superseded_secrets`](Self::remove_superseded_secrets). Default: the run issues a secret only if
    /// there is none, or if the site does not know the app.
    ///
    /// A site that takes renewed secrets
    /// ([`SiteInfo::takes_renewed_secrets`](crate::site::SiteInfo::takes_renewed_secrets)) gets the new one. For any
    /// other site, the sink and the outcome have it, and a next step says how a person types it into the console.
    /// Of an app that is imported, the specification's secret takes the place of an issued one.
    ///
    /// [`renew_secret`](AzureServicesConnection::renew_secret) issues a secret by itself and takes the way of a renewal; with
    /// this setting it issues another one even if the last one has not reached the site yet.
    pub fn reissue_secret(mut self, reissue: bool) -> Self {
        self.inner.reissue_secret = reissue;
        self
    }

    /// Without a site, removes the secrets of this crate that have a successor from an earlier run: all but
    /// the newest, if they name no site. Set it only after the newest one has reached the site. Default: they
    /// stay.
    ///
    /// With a site, the site tells which secret is in use, and this setting changes nothing; see
    /// [`plan_secret_removal`](AzureServicesConnection::plan_secret_removal).
    pub fn remove_superseded_secrets(mut self, remove: bool) -> Self {
        self.inner.remove_superseded = remove;
        self
    }

    /// Proves that each app that a plan keeps is there: the run writes one of its properties as it is, which an app that
    /// is gone refuses. The plan shows it as [`Operation::ConfirmApp`](super::Operation::ConfirmApp), and the caller needs
    /// the permission to change apps even if there is nothing to change. Default: what the directory answered while the
    /// plan was made is believed, and [`Outcome::read_at`](super::Outcome::read_at) says when that was.
    ///
    /// Microsoft Entra may answer with what was there some seconds before, to applications more often than to persons:
    /// set it if the same apps were removed moments ago.
    ///
    /// Source: *Designing for eventual consistency for Microsoft Entra*.
    pub fn verify_alive(mut self, verify: bool) -> Self {
        self.inner.verify_alive = verify;
        self
    }

    /// Before a removal, states that no cloud management gateway uses the connection. A site that can tell
    /// decides by itself. One that cannot tell refuses to remove without this statement, which the plan shows
    /// and the report keeps. Default: nothing is stated.
    pub fn state_no_gateway(mut self, stated: bool) -> Self {
        self.inner.no_gateway_stated = stated;
        self
    }

    /// Before a removal, states that no other site, person or program uses the apps. Without it, apps with a valid
    /// secret for another site, or with one that this crate has not made, stay. What the site itself shows to be in use
    /// stays in any case. The plan and the outcome keep the statement. Default: nothing is stated.
    pub fn state_apps_unused(mut self, stated: bool) -> Self {
        self.inner.apps_unused_stated = stated;
        self
    }

    /// What a removal takes away. The plan shows it before anything is removed. Default: the connection, and the apps that this
    /// crate has made.
    pub fn removal_scope(mut self, scope: RemovalScope) -> Self {
        self.inner.removal_scope = scope;
        self
    }

    /// For the removal of what was found and not specified: nothing but a removal can be planned.
    pub(crate) fn only_removes(mut self, unique_names: Option<UniqueNames>) -> Self {
        self.inner.only_removes = true;
        self.inner.unique_names = unique_names;
        self
    }

    /// For a renewal, states whether the console has created the server app (*Create* in the wizard's *Server App*
    /// dialog), or a person has registered and imported it. The site's own number for it (`Source`) is not documented. If the
    /// console has created the app, its dialog makes the next secret, and the plan adds none in Microsoft Entra. Default:
    /// nothing is stated. Then an app that this crate has registered or that the specification imports counts as
    /// imported, and so does one for which the site shows a secret of this crate; for any other app the plan asks, with a
    /// blocker, before anything is written.
    pub fn state_created_by_console(mut self, created: bool) -> Self {
        self.inner.created_by_console = Some(created);
        self
    }

    /// For the early removal of an old secret, states since when the site has shown the end of the new one. It counts only
    /// if the site does not tell when it changed the item. The plan shows the statement, and the report keeps it. Default:
    /// nothing is stated.
    pub fn state_shown_since(mut self, since: OffsetDateTime) -> Self {
        self.inner.shown_since = Some(since);
        self
    }

    /// How long after the site has first shown the end of a renewed secret
    /// [`plan_secret_removal`](AzureServicesConnection::plan_secret_removal) removes the old one at the earliest. Until
    /// then instances of the gateway may still use the old one. Default: 26 hours.
    pub fn secret_removal_wait(mut self, wait: Duration) -> Self {
        self.inner.removal_wait = wait;
        self
    }

    /// The text that tells this site from other ones. It stands in the description of each secret that is
    /// issued for the site, which every administrator who may read the app registration sees. Give the same
    /// text in every run. Default: what the site implementation tells, a digest of site code and SMS
    /// Provider.
    ///
    /// A run removes a secret only if it was issued for this site. Give a text of your own if you reach one
    /// site through several SMS Providers.
    pub fn site_identity(mut self, identity: SiteIdentity) -> Self {
        self.inner.site_identity = Some(identity);
        self
    }

    /// Registers one app only, as the wizard does: *OK* creates this app now, and another administrator may
    /// create the other one tomorrow. The plan leaves the site out. For the client app, the server app has to
    /// be registered already. Each app can have a directory of its own this way, with another account signed
    /// in. Default: the whole connection.
    pub fn only(mut self, app: AppRole) -> Self {
        self.inner.only = Some(app);
        self
    }

    /// How many days before its end the server app's secret is a finding, in any order: the longest of several is a
    /// note, each other one a warning. A [`check`](super::AzureServicesConnection::check) is critical within the last one, also
    /// of one alone; [`expiring`](super::expiring) has thresholds of its own. With none, only a secret that has expired is told.
    /// Default: 90, 30 and 7 days, since the site raises no notification for imported apps.
    ///
    /// Source: *Administrative console notifications in Configuration Manager*.
    pub fn secret_thresholds(mut self, days: impl IntoIterator<Item = u16>) -> Self {
        self.inner.thresholds = days.into_iter().collect();
        self
    }

    /// A safe place, such as a vault. A run gives it each issued secret, and waits for it, before it writes
    /// anything else. Default: none; the secret's text is in the outcome or in the error.
    pub fn secret_sink(mut self, sink: impl SecretSink + 'static) -> Self {
        self.inner.sink = Some(Arc::new(sink));
        self
    }

    /// Tries secrets out by signing the server app in. Default: no secret is tried.
    ///
    /// The secret of a server app that is imported is tried while tenant and site are read, as *Verify* of the *Import
    /// apps* dialog does; what the sign-in service says is among the findings.
    ///
    /// A secret that a run issues is tried once, after the [`SecretSink`] has it and before the site has it, beside the
    /// consents. What comes of it is told and stops nothing, except that a renewal gives a site no secret that was not
    /// accepted in the place of one that works: by
    /// [`EventKind::SecretTried`](super::EventKind::SecretTried), and by one of the findings `NewSecretProven`,
    /// `NewSecretNotYetAccepted`, `NewSecretBlocked`, `NewSecretRefused` and `NewSecretUnproven`.
    ///
    /// ```
    /// use cmg_onboarding::{AzureServicesConnection, CloudEndpoints, connection::AzureServicesConnectionBuilder, token::EntraSecretProbe};
    ///
    /// # fn example(builder: AzureServicesConnectionBuilder) -> AzureServicesConnectionBuilder {
    /// builder.secret_probe(EntraSecretProbe::new(CloudEndpoints::default()))
    /// # }
    /// ```
    pub fn secret_probe(mut self, probe: impl SecretProbe + 'static) -> Self {
        self.inner.secret_probe = Some(Arc::new(probe));
        self
    }

    /// How long a new secret may take until the sign-in service accepts it, by tokio's timer. Until then
    /// AADSTS7000215 counts as replication and is waited for with the pauses of the
    /// [`wait_policy`](Self::wait_policy); afterwards a finding says that it is not known yet. Default: 60 seconds.
    pub fn secret_proof_limit(mut self, limit: Duration) -> Self {
        self.inner.proof_limit = limit;
        self
    }

    /// How long and how often a run waits until the whole directory shows what the run has just made.
    /// Default: up to two minutes; see [`WaitPolicy`].
    pub fn wait_policy(mut self, policy: WaitPolicy) -> Self {
        self.inner.wait_policy = policy;
        self
    }

    /// How old a plan may be when it is applied, by tokio's timer. For an older one,
    /// [`Plan::apply`](super::Plan::apply) reads tenant and site again and refuses the plan if it would do
    /// something else now. Default: 60 seconds.
    ///
    /// A plan whose first round makes app registrations and does nothing else is read again beside that round, which
    /// then costs no time. Each app is ensured by its unique name, so that nothing in use is changed; if the plan turns
    /// out to be stale, the run stops before its second round, the report and the secret are in the error, and the next
    /// run finds the apps. Every other plan is read again before its first write, because that write depends on what is
    /// looked at: it changes, proves, restores or removes an app that may be in use, or writes to the site. A plan
    /// from [`plan_from`](super::AzureServicesConnection::plan_from) has just been compared with what is there.
    pub fn max_plan_age(mut self, age: Duration) -> Self {
        self.inner.max_plan_age = age;
        self
    }

    /// A handle by which the caller ends the runs of this connection, those that only read included. A run that was writing
    /// gives its report. A handle is used once, so a connection that is cancelled is built again. Default: none.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.inner.cancel = Some(cancel.clone());
        self
    }

    /// How long a run may take, by tokio's timer, from the call of its verb: reading counts, and runs that only read have the
    /// same limit. Then the run ends; one that was writing gives its report. Default: no limit.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.inner.deadline = Some(deadline);
        self
    }

    /// Where the time of day comes from. Default: the operating system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.inner.clock = clock;
        self
    }

    /// Builds the connection.
    ///
    /// # Errors
    ///
    /// If the specification needs a directory or a site that was not given.
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
