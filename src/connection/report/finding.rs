//! What preflight finds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::clean;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Severity {
    /// For information.
    Note,
    /// May cause trouble, now or later.
    Warning,
    /// The job would fail. Nothing is written.
    Blocker,
}

/// What a finding is about. The name in JSON is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FindingCode {
    /// The token cannot be read, so it is not known whether it will do.
    TokenUnreadable,
    /// The token has expired.
    TokenExpired,
    /// The token belongs to another tenant.
    WrongTenant,
    /// The token belongs to another cloud.
    WrongCloud,
    /// The token is for another service than Microsoft Graph.
    WrongAudience,
    /// The token lacks permissions that the plan needs.
    PermissionsMissing,
    /// The account's directory roles do not suffice.
    RoleTooWeak,
    /// The App ID URI was left to its default and resolved.
    AppIdUriResolved,
    /// The App ID URI is not the tenant's own.
    AppIdUriNotOwned,
    /// The App ID URI belongs to another app already.
    AppIdUriInUse,
    /// The tenant's policy refuses this App ID URI.
    AppIdUriBlockedByPolicy,
    /// The tenant's policy allows no secrets.
    SecretsForbidden,
    /// The tenant's policy allows only shorter secrets.
    SecretTooLong,
    /// A deleted app registration holds the unique name.
    UniqueNameHeldByDeletedApp,
    /// The app's secret was made before, and its text cannot be read again.
    SecretKept,
    /// The app's secret was lost and is replaced.
    SecretReplaced,
    /// The app has secrets of this crate that were issued for another site; they stay.
    SecretOfAnotherSite,
    /// The site does not say which secret it holds, so none is removed.
    SecretHolderUnknown,
    /// What another administrator has written at the same time was lost, or overwrote what this run has written.
    ConcurrentChange,
    /// The app has no secret that is still valid.
    SecretExpired,
    /// The app's secret expires soon.
    SecretExpiresSoon,
    /// Microsoft Entra does not accept the secret that was given.
    SecretRejected,
    /// Whether the secret is right could not be tried out.
    SecretUnproven,
    /// No secret of the app ends when the one that was given is said to end.
    SecretEndDiffers,
    /// The app may not sign in: a policy blocks it, or it is disabled.
    SignInBlocked,
    /// An app that was named is not there.
    AppNotFound,
    /// An app has no service principal, so nobody can be allowed to use it and it can be allowed nothing.
    ServicePrincipalMissing,
    /// The registered App ID URI is another one than the one given, if only by a letter's case or a slash.
    AppIdUriDiffers,
    /// Devices cannot get tokens for the server app without a user.
    DeviceTokensOff,
    /// A redirect URI that the product needs is not there.
    RedirectMissing,
    /// A redirect URI is there, on another platform than the one it belongs to.
    RedirectOnWrongPlatform,
    /// A redirect URI of the client app is on the server app.
    RedirectOnWrongApp,
    /// The client app does not allow public client flows.
    PublicClientOff,
    /// The server app's access tokens are of version 2, which the gateway refuses.
    TokenVersion,
    /// An app lets accounts of other tenants sign in.
    SignInAudience,
    /// Nobody has consented to a permission that is needed.
    ConsentMissing,
    /// A permission that is needed is configured, and nobody has consented to it for the whole tenant.
    ConsentOnlyConfigured,
    /// The consent to a permission covers single users only.
    ConsentForSomeOnly,
    /// Discovery needs `Directory.Read.All` and the server app does not have it.
    DirectoryReadMissing,
    /// The server app offers no `user_impersonation`.
    ScopeMissing,
    /// What is given for one tenant and what is given for another do not go together.
    TenantMismatch,
    /// The site is too old.
    SiteTooOld,
    /// The account may not write in the site.
    SiteRightsMissing,
    /// The site has another Cloud Management connection for this tenant, or another one of this name.
    ConnectionConflict,
    /// An app is registered by hand or elsewhere and left as it is.
    AppLeftAsIs,
    /// A row of the site stays after a removal: the product offers no way to remove it.
    SiteRowStays,
}

/// One finding: what, how bad, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    severity: Severity,
    code: FindingCode,
    message: String,
    remedy: String,
}

impl Finding {
    /// Names of apps, accounts and connections may stand in both texts, and strangers may have chosen them.
    pub(crate) fn new(severity: Severity, code: FindingCode, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: clean(&message.into()),
            remedy: clean(&remedy.into()),
        }
    }

    pub(crate) fn blocker(code: FindingCode, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Blocker, code, message, remedy)
    }

    pub(crate) fn warning(code: FindingCode, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message, remedy)
    }

    pub(crate) fn note(code: FindingCode, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message, remedy)
    }

    /// How much it weighs.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What it is about.
    #[must_use]
    pub const fn code(&self) -> FindingCode {
        self.code
    }

    /// One sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "Note",
            Severity::Warning => "Warning",
            Severity::Blocker => "Blocker",
        };
        write!(formatter, "{severity}: {} {}", self.message, self.remedy)
    }
}
