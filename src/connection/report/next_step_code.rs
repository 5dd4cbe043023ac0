//! The codes of what remains to be done.

use serde::{Deserialize, Serialize};

/// What kind of thing remains to be done. The name in JSON is stable, and so are the names of the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum NextStepCode {
    /// The secret ends, and the site raises no notification for imported apps. Parameters: `expiresOn` (day
    /// in UTC, as `2027-11-23`).
    RecordSecretExpiry,
    /// The secret is shown once and has to reach the administrator who imports the apps.
    HandOverSecret,
    /// Another administrator has to give the admin consents of an app. Parameters: `app` (server or client),
    /// `clientId`, `permissions` (list of names), `portal` (page of the cloud's portal), `consentUrl` (consents to what the
    /// registration requires), `consentUrlV2` (the same with scopes, optional).
    GrantAdminConsent,
    /// The site knows the server app with a former secret, and a person types the new one in. Parameters: `heldUntil`
    /// (end of the secret that the site has; day in UTC, none if the site does not tell it), `expiresOn` (end of the new
    /// one), `tenantId`, `tenantName` (optional), `clientId`, `name` (of the server app, optional).
    RenewSecretInSite,
    /// The console has created the server app, and its own dialog makes the next secret. Parameters: `heldUntil` (end of the
    /// secret that the site has; day in UTC, none if the site does not tell it), `tenantId`, `tenantName` (optional),
    /// `clientId`, `name` (of the server app, optional).
    RenewSecretByConsole,
    /// Group discovery lacks groups that the site has not taken from a program. Parameters: `groups` (list of names).
    ChooseDiscoveryGroups,
    /// The site's own record of the server app lacks its redirect URI, or does not tell it, and a person updates it in the
    /// console. Parameters: `site` (what the site has; none if that was not read), `wanted`, `tenant` (id).
    UpdateSettingsInConsole,
    /// Conditional Access policies must not keep devices from the server app.
    ExcludeFromConditionalAccess,
    /// The connection is used by a gateway, which is set up by itself.
    SetUpGateway,
    /// Clients must be able to authenticate at the gateway.
    ConfigureClientAuthentication,
}

impl NextStepCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::RecordSecretExpiry,
        Self::HandOverSecret,
        Self::GrantAdminConsent,
        Self::RenewSecretInSite,
        Self::RenewSecretByConsole,
        Self::ChooseDiscoveryGroups,
        Self::UpdateSettingsInConsole,
        Self::ExcludeFromConditionalAccess,
        Self::SetUpGateway,
        Self::ConfigureClientAuthentication,
    ];
}
