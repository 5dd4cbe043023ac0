//! What verifying values to import has found: by a sign-in with the secret, by the registrations, or by both.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connection::report::finding::{Finding, FindingCode, Severity};

/// What verifying has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Verification {
    /// Whether Microsoft Entra accepted id and secret; `None` if that was not tried or could not be found
    /// out.
    pub is_secret_accepted: Option<bool>,
    /// Whether the registrations were compared.
    pub is_compared: bool,
    pub(crate) findings: Vec<Finding>,
}

impl Verification {
    /// Everything that differs, the worst first, each with its remedy.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether there is no blocker: as far as it was verified, the apps will do.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity() < Severity::Blocker)
    }

    /// Adds what a sign-in alone has found. If token and directory tell the same fact, the directory tells more of its reason.
    pub(crate) fn add_to(&self, findings: &mut Vec<Finding>) {
        let told: Vec<FindingCode> = findings.iter().map(Finding::code).collect();
        let is_new = |finding: &&Finding| !known_to_directory(finding.code()).iter().any(|code| told.contains(code));
        findings.extend(self.findings.iter().filter(is_new).cloned());
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return formatter.write_str("No difference was found.");
        }
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{finding}")?;
        }
        Ok(())
    }
}

/// What the directory, or the date alone, tells of the same fact that a sign-in has shown, and knows better
/// why.
const fn known_to_directory(by_token: FindingCode) -> &'static [FindingCode] {
    use FindingCode as Code;
    match by_token {
        Code::SecretExpiredAtSignIn => &[Code::SecretExpired],
        Code::SecretRejected | Code::SignInRefused => &[Code::SecretIdGiven],
        Code::AppUnknownAtSignIn => &[Code::AppNotFound, Code::AppSoftDeleted],
        Code::ServicePrincipalMissing => &[Code::ServicePrincipalMissing],
        Code::AppDisabled => &[Code::ServicePrincipalDisabled, Code::AppDeactivated],
        Code::TenantUnknownAtSignIn => &[Code::WrongTenant],
        Code::AppIdUriUnknown | Code::TokenAudienceDiffers => &[Code::AppIdUriDiffers, Code::AppIdUriMisspelled, Code::AppIdUriMissing],
        Code::DirectoryReadNotInToken => &[Code::DirectoryReadMissing, Code::DirectoryReadOnlyConfigured],
        Code::TokenVersion => &[Code::TokenVersion],
        _ => &[],
    }
}
