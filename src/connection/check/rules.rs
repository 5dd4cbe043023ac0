//! What the checks go by besides what was found.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    cloud::CloudEndpoints,
    connection::{
        check::term::SecretThresholds,
        plan::registration::UniqueNames,
        read::snapshot::{Snapshot, TenantSnapshot},
        report::step::AppRole,
    },
    ids::TenantId,
    site::SiteIdentity,
    spec::ConnectionSpec,
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
    pub(crate) spec: &'a ConnectionSpec,
    pub(crate) endpoints: Option<&'a CloudEndpoints>,
    pub(crate) expected_tenant: Option<TenantId>,
    pub(crate) policy_exempt: bool,
    pub(crate) consents: Consents,
    /// Whether a run may follow. If not, what only a run needs to know is not read.
    pub(crate) may_write: bool,
    /// Without a site: issue a new secret although the app has one.
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
    /// The one app that the plan is for.
    pub(crate) only: Option<AppRole>,
    pub(crate) site_identity: Option<&'a SiteIdentity>,
    /// How long before its end a secret is told of.
    pub(crate) thresholds: &'a SecretThresholds,
    pub(crate) now: OffsetDateTime,
}

impl Rules<'_> {
    /// Whether a policy may refuse although no check has found it beforehand: it could not be read, or the caller states that
    /// it does not apply.
    pub(crate) const fn may_be_refused(&self, found: &TenantSnapshot) -> bool {
        found.policy.is_none() || self.policy_exempt
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
