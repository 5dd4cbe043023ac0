//! What the checks go by besides what was found.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{
    cloud::CloudEndpoints,
    connection::{
        plan::registration::UniqueNames,
        read::snapshot::{Snapshot, TenantSnapshot, needs_directory},
        report::{event::Verb, step::AppRole},
    },
    ids::TenantId,
    site::SiteIdentity,
    spec::{ConnectionSpec, DiscoverySpec},
};

/// Who gives the admin consents that are missing.
///
/// ```
/// use cmg_onboarding::connection::Consents;
///
/// assert_eq!(Consents::default(), Consents::Grant);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Consents {
    /// The run grants them, in the name of the account that is signed in.
    #[default]
    Grant,
    /// Another administrator grants them, in the portal or by the admin consent URL. The run writes none.
    LeaveToAdministrator,
}

/// What a removal takes away. It is shown in the plan before anything is removed.
///
/// ```
/// use cmg_onboarding::connection::RemovalScope;
///
/// assert_eq!(RemovalScope::default(), RemovalScope::ConnectionAndApps);
/// assert_eq!(serde_json::to_string(&RemovalScope::Connection)?, "\"connection\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RemovalScope {
    /// The connection in the site only. Both app registrations stay with their secrets and consents.
    Connection,
    /// The connection, and the apps that this crate has made; of an adopted app, the secrets that this crate has made.
    #[default]
    ConnectionAndApps,
}

impl RemovalScope {
    pub(crate) const fn takes_apps(&self) -> bool {
        matches!(self, Self::ConnectionAndApps)
    }
}

/// What the checks go by besides what was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// What the plan is for.
    pub(crate) verb: Verb,
    pub(crate) spec: &'a ConnectionSpec,
    pub(crate) endpoints: Option<&'a CloudEndpoints>,
    pub(crate) expected_tenant: Option<TenantId>,
    pub(crate) policy_exempt: bool,
    pub(crate) consents: Consents,
    /// Whether a run may follow. If not, what only a run needs to know is not read.
    pub(crate) may_write: bool,
    /// Issue a new secret although the app has one.
    pub(crate) reissue_secret: bool,
    /// Without a site: remove secrets that have a successor.
    pub(crate) remove_superseded: bool,
    /// Whether the apps that a plan keeps are proven to be there.
    pub(crate) verify_alive: bool,
    /// Whether the caller states that no gateway uses the connection.
    pub(crate) no_gateway_stated: bool,
    /// Whether the caller states that nothing else uses the apps.
    pub(crate) apps_unused_stated: bool,
    /// What a removal takes away.
    pub(crate) removal_scope: RemovalScope,
    /// The unique names of both apps, if they are not those of the specification's key.
    pub(crate) unique_names: Option<&'a UniqueNames>,
    /// Whether the console has created the server app, as the caller states it; `None` if nothing is stated.
    pub(crate) created_by_console: Option<bool>,
    /// Since when the site has shown the end of a renewed secret, as the caller states it.
    pub(crate) shown_since: Option<OffsetDateTime>,
    /// How long after that the old secret may be removed.
    pub(crate) removal_wait: Duration,
    /// Whether a new secret is tried out.
    pub(crate) tries_secrets: bool,
    /// The one app that the plan is for.
    pub(crate) only: Option<AppRole>,
    /// The apps that are not looked for: a run makes them while it reads, so that whether they are to be seen yet says nothing.
    pub(crate) being_made: &'a [AppRole],
    pub(crate) site_identity: Option<&'a SiteIdentity>,
    /// How many days before its end a secret is told of, in any order.
    pub(crate) thresholds: &'a [u16],
    pub(crate) now: OffsetDateTime,
}

impl Rules<'_> {
    /// Whether a policy may refuse although no check stops the plan beforehand: it could not be read, the caller states that it
    /// does not apply, or it exempts some callers and whether this is one of them is not known.
    pub(crate) const fn may_be_refused(&self, found: &TenantSnapshot) -> bool {
        match &found.policy {
            None => true,
            Some(policy) => self.policy_exempt || policy.may_exempt_caller,
        }
    }

    /// Whether the plan is for the settings of apps that are registered, and for nothing else.
    pub(crate) fn updates_settings(&self) -> bool {
        self.verb == Verb::UpdateSettings
    }

    /// Whether the plan writes to the directory in any case. If not, the directory is read if it is given.
    pub(crate) fn needs_directory(&self) -> bool {
        self.updates_settings() || needs_directory(self.spec)
    }

    /// The groups of discovery that are looked up: those of a plan that may set discovery.
    pub(crate) fn group_names(&self) -> &[String] {
        let is_set = self.may_write && self.verb == Verb::Onboard && self.only.is_none();
        let groups = self.spec.discovery().filter(|_| is_set).and_then(DiscoverySpec::groups);
        groups.map(|groups| groups.names.as_slice()).unwrap_or_default()
    }

    /// Whether the plan may consent to the permission by which discovery reads the directory.
    pub(crate) fn may_assign_role(&self) -> bool {
        if self.updates_settings() {
            return self.only != Some(AppRole::Client);
        }
        self.spec.discovers() && (needs_directory(self.spec) || self.may_consent_for_others())
    }

    /// The same for a server app that this crate does not write.
    pub(crate) fn may_consent_for_others(&self) -> bool {
        let is_left = self.spec.server_app().is_registered_here() || self.only == Some(AppRole::Client);
        !is_left && self.spec.discovers() && self.consents == Consents::Grant && self.verb == Verb::Onboard
    }

    /// The unique names by which both apps are found.
    pub(crate) fn unique_names(&self) -> UniqueNames {
        self.unique_names.cloned().unwrap_or_else(|| UniqueNames::of(self.spec.key()))
    }

    /// What tells the site from another one: what the caller gives, else what the site says.
    pub(crate) fn site_identity<'f>(&'f self, found: &'f Snapshot) -> Option<&'f SiteIdentity> {
        let site = found.site.as_ref()?;
        self.site_identity.or(site.info.identity.as_ref())
    }
}
