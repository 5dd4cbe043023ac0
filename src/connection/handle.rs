//! The connection itself: what it was put together from.

use std::{sync::Arc, time::Duration};

use crate::{
    backoff::WaitPolicy,
    clock::Clock,
    connection::{
        check::rules::Rules,
        plan::{document::PlanDocument, draft, secrets::SecretOptions},
        read::snapshot::{Snapshot, look},
        report::{error::LookError, event::Verb, finding::Finding, step::AppRole},
        run::{
            cancel::Limits,
            emitter::{Emitter, Listener},
            secret_sink::SecretSink,
        },
    },
    directory::{Directory, DirectoryHandle},
    ids::TenantId,
    site::{Site, SiteHandle, SiteIdentity},
    spec::ConnectionSpec,
};

/// One Azure service connection of type Cloud Management, to be brought about.
///
/// It puts a [`ConnectionSpec`] together with a [`Directory`] and a [`Site`]. Either of these may be left out: an
/// Azure administrator registers without a site, a Configuration Manager administrator imports without a directory.
///
/// The three stages are [`preflight`](Self::preflight), [`plan`](Self::plan) and [`Plan::apply`], each usable by itself;
/// [`onboard`](Self::onboard) is all of them in a row. Every step is an *ensure*: it looks for what it is
/// about to make by a key that was chosen beforehand, makes it only when missing, and mends it when it differs. A run
/// that was cancelled, killed or cut off is repaired by running the same specification again.
///
/// # Pooling and cloning
///
/// A connection is a handle: cloning it is cheap, and there is no need to wrap it in an `Arc`. It spawns no task and
/// keeps nothing between calls; it may be used from any thread of a tokio runtime with its timer enabled.
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
    pub(crate) no_gateway_stated: bool,
    pub(crate) secrets: SecretOptions,
    pub(crate) only: Option<AppRole>,
    pub(crate) site_identity: Option<SiteIdentity>,
    pub(crate) sink: Option<Arc<dyn SecretSink>>,
    pub(crate) wait_policy: WaitPolicy,
    pub(crate) max_plan_age: Duration,
    pub(crate) limits: Limits,
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
    pub(crate) fn begin<'a>(&'a self, verb: Verb, listener: Listener<'a>) -> Emitter<'a> {
        Emitter::begin(verb, listener, self.clock.as_ref())
    }

    /// Reads tenant and site.
    pub(crate) async fn read(&self, emitter: &Emitter<'_>) -> Result<Snapshot, LookError> {
        emitter.listening(self.look(emitter)).await
    }

    async fn look(&self, emitter: &Emitter<'_>) -> Result<Snapshot, LookError> {
        let call = emitter.call(None);
        let look = || look(&self.spec, self.directory(), self.site(), self.expected_tenant, call.clone());
        let snapshot = look().await?;
        // Reading a site can take seconds, in which another run of this specification may have come to its end.
        if snapshot.may_be_torn(&self.spec) {
            return look().await;
        }
        Ok(snapshot)
    }

    /// What was found, and what a plan for `verb` would do; `None` if the tenant cannot be told.
    pub(crate) fn draft(&self, verb: Verb, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
        let rules = self.rules();
        match verb {
            Verb::Remove => draft::removal(&rules, snapshot),
            _ => draft::onboarding(&rules, self.secrets, snapshot),
        }
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            spec: &self.spec,
            endpoints: self.directory().and_then(|directory| directory.endpoints()),
            expected_tenant: self.expected_tenant,
            policy_exempt: self.policy_exempt,
            no_gateway_stated: self.no_gateway_stated,
            only: self.only,
            site_identity: self.site_identity.as_ref(),
            now: self.clock.now(),
        }
    }
}
