//! What a plan is for.

use cmg_onboarding::connection::{AppRole, RemovalScope, Verb};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What a plan is for, and with which settings. Every field may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JobSettings {
    /// What the plan does. Default: it sets the connection up.
    pub verb: JobVerb,
    /// One app alone, as the wizard's *OK* creates it: another administrator may sign in for the other one. The site stays
    /// out. Default: the whole connection.
    pub only: Option<AppRole>,
    /// Whether the admin consents are left to another administrator. Default: the run gives them.
    pub leave_consents: bool,
    /// Whether a new secret is issued although there is one. Default: no.
    pub reissue_secret: bool,
    /// What a removal takes away. Default: the connection and the apps that were made for it.
    pub removal_scope: RemovalScope,
    /// States that no cloud management gateway uses the connection. Default: nothing is stated.
    pub state_no_gateway: bool,
    /// States that nothing else uses the apps. Default: nothing is stated.
    pub state_apps_unused: bool,
    /// States that no app management policy of the tenant applies to the account. Default: nothing is stated.
    pub policy_exempt: bool,
    /// Without a site: whether secrets that have a successor are removed. Default: they stay.
    pub remove_superseded_secrets: bool,
    /// Of a renewal: states whether the console has created the server app, or a person has registered it. Default: nothing is
    /// stated.
    pub state_created_by_console: Option<bool>,
    /// Of a removal of old secrets: states since when the site has shown the end of the new one. Default: nothing is stated.
    #[serde(with = "time::serde::rfc3339::option")]
    pub state_shown_since: Option<OffsetDateTime>,
    /// Whether the apps are registered without importing them into the site. Default: no.
    pub without_site: bool,
}

/// What a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum JobVerb {
    /// Sets the connection up.
    #[default]
    Onboard,
    /// Updates the settings of the app registrations.
    UpdateSettings,
    /// Renews the server app's secret.
    RenewSecret,
    /// Removes secrets that a renewal has replaced.
    RemoveOldSecrets,
    /// Removes the connection.
    Remove,
}

impl JobVerb {
    /// The verb of a plan that does this.
    #[must_use]
    pub const fn verb(self) -> Verb {
        match self {
            Self::Onboard => Verb::Onboard,
            Self::UpdateSettings => Verb::UpdateSettings,
            Self::RenewSecret => Verb::RenewSecret,
            Self::RemoveOldSecrets => Verb::RemoveOldSecrets,
            Self::Remove => Verb::Remove,
        }
    }
}
