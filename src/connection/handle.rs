//! The handle of a connection, and what it was put together from.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{
    backoff::WaitPolicy,
    clock::Clock,
    connection::{
        check::{
            as_it_is::{check_as_it_is, for_removal_only},
            rules::{Consents, RemovalScope, Rules},
        },
        plan::{document::PlanDocument, draft, registration::UniqueNames},
        read::{
            reading::{read, read_tenant},
            snapshot::{Snapshot, Unread},
        },
        report::{
            check::Check,
            emitter::Emitter,
            event::{Event, EventKind, REGISTERED_AND_DELETED, Verb},
            finding::{Finding, FindingCode},
            incomplete::IncompleteConnection,
            read_error::ReadError,
            step::AppRole,
        },
        run::{
            cancel::{Cancel, within},
            secret_sink::SecretSink,
        },
    },
    directory::{Directory, DirectoryHandle},
    ids::TenantId,
    site::{Site, SiteHandle, SiteIdentity},
    spec::ConnectionSpec,
    token::SecretProbe,
};

/// One Azure service connection of type Cloud Management, which this handle sets up, renews or removes.
///
/// It puts a [`ConnectionSpec`] together with a [`Directory`] and a [`Site`]. The caller may leave one of
/// them out: an Azure administrator registers apps without a site, and a Configuration Manager administrator
/// imports apps without a directory.
///
/// The three stages are [`preflight`](Self::preflight), [`plan`](Self::plan) and
/// [`Plan::apply`](crate::connection::Plan::apply), each usable by itself; [`onboard`](Self::onboard) is all
/// of them. Each change is an *ensure*: it looks for its object by a key that was chosen beforehand, creates
/// the object only if it is missing, and updates it if it differs. A run that was cancelled, killed or cut
/// off is repaired if the same specification is run again.
///
/// # Pooling and cloning
///
/// A connection is a handle: cloning it is cheap, and there is no need to wrap it in an `Arc`. It spawns no
/// task and keeps nothing between calls; it may be used from any thread of a tokio runtime with its timer
/// enabled.
///
/// ```
/// use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec};
/// use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let spec = ConnectionSpec::builder("Contoso CMG")
///     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()?;
/// let connection = AzureServicesConnection::builder(spec)
///     .directory(EmulatedTenant::new().directory())
///     .site(EmulatedSite::new())
///     .build()?;
/// let plan = connection.plan(|_| ()).await?;
/// println!("{plan}");
/// assert!(plan.apply(|event| println!("{event}")).await?.changed);
/// assert!(connection.plan(|_| ()).await?.is_empty(), "a second run has nothing to do");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AzureServicesConnection {
    pub(crate) inner: Arc<Inner>,
}

/// What a connection was put together from.
#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) spec: ConnectionSpec,
    pub(crate) directory: Option<DirectoryHandle>,
    pub(crate) site: Option<SiteHandle>,
    pub(crate) expected_tenant: Option<TenantId>,
    pub(crate) policy_exempt: bool,
    /// Who gives the consents that are missing.
    pub(crate) consents: Consents,
    /// Issue or hand over a new secret although there is one.
    pub(crate) reissue_secret: bool,
    /// Without a site: remove secrets that have a successor.
    pub(crate) remove_superseded: bool,
    pub(crate) no_gateway_stated: bool,
    /// Whether a run proves that the apps that it keeps are there.
    pub(crate) verify_alive: bool,
    pub(crate) apps_unused_stated: bool,
    pub(crate) removal_scope: RemovalScope,
    /// The unique names of both apps, if they are not those of the specification's key.
    pub(crate) unique_names: Option<UniqueNames>,
    /// Whether it was made of what was found, to remove it: then it does nothing else.
    pub(crate) only_removes: bool,
    /// Whether the console has created the server app, as the caller states it.
    pub(crate) created_by_console: Option<bool>,
    /// Since when the site has shown the end of a renewed secret, as the caller states it.
    pub(crate) shown_since: Option<OffsetDateTime>,
    /// How long after that the old secret may be removed.
    pub(crate) removal_wait: Duration,
    pub(crate) only: Option<AppRole>,
    pub(crate) site_identity: Option<SiteIdentity>,
    pub(crate) sink: Option<Arc<dyn SecretSink>>,
    /// Signs the server app in with its secret.
    pub(crate) secret_probe: Option<Arc<dyn SecretProbe>>,
    /// How long a new secret may take until it is accepted.
    pub(crate) proof_limit: Duration,
    /// How many days before its end a secret is told of, in any order.
    pub(crate) thresholds: Vec<u16>,
    pub(crate) wait_policy: WaitPolicy,
    pub(crate) max_plan_age: Duration,
    /// Ends runs from outside.
    pub(crate) cancel: Option<Cancel>,
    /// How long a run may take, from its start.
    pub(crate) deadline: Option<Duration>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Inner {
    /// The directory, if there is one.
    pub(crate) fn directory(&self) -> Option<&dyn Directory> {
        self.directory.as_ref().map(DirectoryHandle::as_directory)
    }

    /// The site, if the plan is for the whole connection.
    pub(crate) fn site(&self) -> Option<&dyn Site> {
        let site = self.site.as_ref().filter(|_| self.only.is_none());
        site.map(SiteHandle::as_site)
    }

    /// Begins a run.
    pub(crate) fn begin<'a>(&'a self, verb: Verb, listener: &'a (dyn Fn(&Event) + Send + Sync)) -> Emitter<'a> {
        Emitter::begin(verb, Some(self.spec.key()), listener, self.clock.as_ref())
    }

    /// Whether this connection has what a plan for this needs.
    pub(crate) fn check_complete(&self, verb: Verb) -> Result<(), IncompleteConnection> {
        match (verb, &self.directory) {
            (Verb::UpdateSettings, None) => Err(IncompleteConnection::SettingsWithoutDirectory),
            _ => Ok(()),
        }
    }

    /// Drives a part of a run, unless the caller's handle or deadline ends the run first: then says why.
    pub(crate) async fn drive<T>(&self, emitter: &Emitter<'_>, work: impl Future<Output = T>) -> Result<T, ReadError> {
        // In a place of its own: it is large, and would be moved from one future into the next.
        let work = within(self.cancel.as_ref(), self.deadline, emitter.elapsed(), Box::pin(work));
        emitter.listening(work).await
    }

    /// Reads tenant and site.
    pub(crate) async fn read(&self, rules: &Rules<'_>, emitter: &Emitter<'_>) -> Result<Snapshot, ReadError> {
        self.drive(emitter, self.read_consistently(rules, emitter)).await?
    }

    /// The same inside a run, which passes on what the calls tell and may be making apps meanwhile.
    pub(crate) async fn read_beside(&self, emitter: &Emitter<'_>, being_made: &[AppRole]) -> Result<Snapshot, ReadError> {
        let rules = Rules {
            being_made,
            ..self.rules(Verb::Onboard)
        };
        self.read_consistently(&rules, emitter).await
    }

    /// Reads tenant and site, and says how well the connection is. What the caller wants a run to do beside the
    /// specification is no matter of it.
    pub(crate) async fn check(&self, emitter: &Emitter<'_>) -> Result<Check, ReadError> {
        if self.only_removes {
            return Ok(for_removal_only(self.clock.now()));
        }
        let mut rules = Rules {
            may_write: false,
            reissue_secret: false,
            remove_superseded: false,
            ..self.rules(Verb::Check)
        };
        let snapshot = self.drive(emitter, self.read_consistently(&rules, emitter)).await??;
        rules.now = snapshot.read_at;
        Ok(check_as_it_is(&rules, &snapshot))
    }

    async fn read_consistently(&self, rules: &Rules<'_>, emitter: &Emitter<'_>) -> Result<Snapshot, ReadError> {
        let call = emitter.call(None);
        // The site tells whether discovery is on, and what it has of an app, for one app as well.
        let site = match rules.verb {
            Verb::UpdateSettings => self.site.as_ref().map(SiteHandle::as_site),
            _ => self.site(),
        };
        let directory = self.directory();
        let probe = self.secret_probe.as_deref();
        let read_once = || read(rules, directory, site, probe, call.clone(), self.clock.now());
        let snapshot = read_once().await?;
        // Reading a site can take seconds, in which another run of this specification may have come to its
        // end.
        let snapshot = if snapshot.may_be_torn(&self.spec) {
            read_once().await?
        } else {
            snapshot
        };
        if let Some(tenant) = snapshot.tenant_of(&self.spec) {
            emitter.tenant(tenant);
        }
        self.read_until_consistent(rules, snapshot, emitter).await
    }

    /// Looks at the tenant again for as long as one of its answers is old by the word of another one, and as the waiting
    /// policy allows. What is still contradictory then is a finding.
    async fn read_until_consistent(&self, rules: &Rules<'_>, mut snapshot: Snapshot, emitter: &Emitter<'_>) -> Result<Snapshot, ReadError> {
        let mut waits = self.wait_policy.waits();
        while let (Some(app), Some(directory)) = (snapshot.registered_and_deleted(), self.directory()) {
            let Some(delay) = waits.next() else { break };
            emitter.emit(EventKind::WaitingForReplication {
                step: app.0,
                attempt: waits.count(),
                delay,
                code: REGISTERED_AND_DELETED.to_owned(),
            });
            sleep(delay).await;
            snapshot.read_at = self.clock.now();
            match read_tenant(rules, directory, self.site().is_some(), emitter.call(None)).await {
                Ok(again) => snapshot.directory = Some(again),
                Err(Unread::Failed(error)) => return Err(ReadError::Directory(error)),
                Err(unread) => (snapshot.directory, snapshot.unread) = (None, Some(unread)),
            }
        }
        Ok(snapshot)
    }

    /// What was found, and what a plan for this would do; `None` if the tenant cannot be told.
    pub(crate) fn draft(&self, rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
        // Reading has taken its time.
        let rules = Rules {
            now: self.clock.now(),
            ..*rules
        };
        match rules.verb {
            Verb::Remove => draft::removal(&rules, snapshot),
            _ if self.only_removes => (vec![Finding::blocker(FindingCode::RemovalOnly)], None),
            Verb::UpdateSettings => draft::settings_update(&rules, snapshot),
            Verb::RenewSecret => draft::renewal(&rules, snapshot),
            Verb::RemoveOldSecrets => draft::secret_removal(&rules, snapshot),
            _ => draft::onboarding(&rules, snapshot),
        }
    }

    pub(crate) fn rules(&self, verb: Verb) -> Rules<'_> {
        Rules {
            verb,
            spec: &self.spec,
            endpoints: self.directory().and_then(|directory| directory.endpoints()),
            expected_tenant: self.expected_tenant,
            policy_exempt: self.policy_exempt,
            consents: self.consents,
            may_write: true,
            reissue_secret: self.reissue_secret,
            remove_superseded: self.remove_superseded,
            verify_alive: self.verify_alive,
            no_gateway_stated: self.no_gateway_stated,
            apps_unused_stated: self.apps_unused_stated,
            removal_scope: self.removal_scope,
            unique_names: self.unique_names.as_ref(),
            only: self.only,
            created_by_console: self.created_by_console,
            shown_since: self.shown_since,
            removal_wait: self.removal_wait.try_into().unwrap_or(time::Duration::MAX),
            tries_secrets: self.secret_probe.is_some(),
            being_made: &[],
            site_identity: self.site_identity.as_ref(),
            thresholds: &self.thresholds,
            now: self.clock.now(),
        }
    }
}
