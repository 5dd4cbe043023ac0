//! What a sign-in with the secret of an imported server app has shown.

use crate::connection::report::finding::{Finding, FindingCode};

/// What a sign-in has shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct TriedSecret {
    /// Whether the secret was accepted; `None` if that was not found out.
    pub(crate) is_accepted: Option<bool>,
    pub(crate) findings: Vec<Finding>,
}

impl TriedSecret {
    /// Adds what was found. If token and directory tell the same fact, the directory tells more of its reason.
    pub(crate) fn add_to(&self, findings: &mut Vec<Finding>) {
        let told: Vec<FindingCode> = findings.iter().map(Finding::code).collect();
        let is_new = |finding: &&Finding| !known_to_directory(finding.code()).iter().any(|code| told.contains(code));
        findings.extend(self.findings.iter().filter(is_new).cloned());
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
