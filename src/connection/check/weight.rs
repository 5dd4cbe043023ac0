//! What a finding means for a connection that is checked and not changed: the one table of statuses.
//!
//! If what was read would be critical if it were wrong, not having read it is unknown. If it would be a warning at most,
//! not having read it is told and counts for nothing.

use crate::connection::report::{
    check_status::CheckStatus,
    finding::{Finding, FindingCode, Severity},
};

/// What a code counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Nothing: it is about what a run would write, and a check does not tell it.
    LeftOut,
    /// Nothing, and it is told.
    Told,
    /// This status; as a note, nothing.
    Counts(CheckStatus),
    /// This status, also as a note.
    Always(CheckStatus),
    /// Critical within the last threshold, else a warning.
    ByThreshold,
    /// Unknown if it would stop a run, else a warning.
    UnknownIfGrave,
    /// Unknown if one of the fields decides, else nothing.
    ByField,
}

/// The fields of [`FindingCode::SiteFieldsUnread`] that would be critical if they were wrong.
const DECISIVE_FIELDS: [&str; 2] = ["serverApp.appIdUri", "tenant.environment"];

impl Weight {
    /// What a finding counts for; `None` if a check does not tell it.
    pub(crate) fn status_of(finding: &Finding, thresholds: &[u16]) -> Option<CheckStatus> {
        let severity = finding.severity();
        Some(match Self::of(finding.code()) {
            Self::LeftOut => return None,
            Self::Told => CheckStatus::Ok,
            Self::Counts(_) if severity == Severity::Note => CheckStatus::Ok,
            Self::Counts(status) | Self::Always(status) => status,
            Self::ByThreshold if within(finding) == thresholds.iter().min().copied().map(u64::from) => CheckStatus::Critical,
            Self::UnknownIfGrave if severity == Severity::Blocker => CheckStatus::Unknown,
            Self::ByThreshold | Self::UnknownIfGrave => CheckStatus::Warning,
            Self::ByField if is_decisive(finding) => CheckStatus::Unknown,
            Self::ByField => CheckStatus::Ok,
        })
    }

    /// The table.
    pub(crate) const fn of(code: FindingCode) -> Self {
        use FindingCode as Code;
        match code {
            // What decides could not be read, or another tenant was.
            Code::TokenExpired
            | Code::WrongTenant
            | Code::TokenTenantDiffers
            | Code::WrongCloud
            | Code::WrongAudience
            | Code::TenantMismatch
            | Code::ConsentUnread
            | Code::SiteSecretUnknown
            | Code::SecretUnproven
            | Code::SiteRowUnread
            | Code::DiscoveryUnread
            | Code::RegistrationUncertain
            | Code::DirectoryUnread
            | Code::DirectoryNotGiven
            | Code::RemovalOnly
            | Code::ClientAppLeftAsIs
            | Code::ServerAppLeftAsIs => Self::Always(CheckStatus::Unknown),
            Code::ClockWrong | Code::ConnectionUnread => Self::UnknownIfGrave,
            Code::SiteFieldsUnread => Self::ByField,
            // It does not work.
            Code::AppIdUriInUse
            | Code::UniqueNameHeldByDeletedApp
            | Code::RegisteredSecretExpired
            | Code::ServerAppWithoutSecret
            | Code::SiteSecretExpired
            | Code::SiteSecretNotRegistered
            | Code::SecretIdGiven
            | Code::SecretMissing
            | Code::SignInBlocked
            | Code::AppDisabled
            | Code::AppDeactivated
            | Code::AppDisabledByMicrosoft
            | Code::ServicePrincipalDisabled
            | Code::AppNotFound
            | Code::AppSoftDeleted
            | Code::AppUnknownAtSignIn
            | Code::TenantUnknownAtSignIn
            | Code::AppNotInSite
            | Code::ServicePrincipalMissing
            | Code::AppIdUriDiffers
            | Code::AppIdUriMisspelled
            | Code::AppIdUriMissing
            | Code::AppIdUriUnknown
            | Code::TokenAudienceDiffers
            | Code::BrokerRedirectMissing
            | Code::BrokerRedirectOnWrongPlatform
            | Code::BrokerRedirectOfAnotherApp
            | Code::PublicClientOff
            | Code::TokenVersion
            | Code::ConsentMissing
            | Code::ConsentOnlyConfigured
            | Code::ConsentForSomeOnly
            | Code::ConsentLeftOpen
            | Code::DirectoryReadMissing
            | Code::DirectoryReadOnlyConfigured
            | Code::DirectoryReadNotInToken
            | Code::ScopeMissing
            | Code::ScopeDisabled
            | Code::ReusedAppsOfDifferentTenants
            | Code::SiteUriNotRegistered
            | Code::SiteTenantInOtherCloud
            | Code::WrongKindOfApp
            | Code::ConnectionOfAnotherServerApp
            | Code::ConnectionNameTaken
            | Code::StepNotDone => Self::Counts(CheckStatus::Critical),
            // It works, and needs attention.
            Code::SecretExpiredAtSignIn
            | Code::SecretRejected
            | Code::SignInRefused
            | Code::DeviceTokensOff
            | Code::ServerRedirectMissing
            | Code::ServerRedirectOnWrongPlatform
            | Code::BrokerRedirectOnServerApp
            | Code::SignInAudience
            | Code::AppIdUriKeptBySite
            | Code::SiteReplyUrlMissing
            | Code::AppTooOldToRenew
            | Code::SiteTooOld
            | Code::ConnectionNamedOtherwise
            | Code::SiteNotAtTop
            | Code::ServiceConnectionPointOffline
            | Code::StepDiffers => Self::Counts(CheckStatus::Warning),
            Code::SiteSecretExpiresSoon | Code::FirstSecretExpiresSoon => Self::ByThreshold,
            // Worth knowing.
            Code::SecretNotRenewed
            | Code::SecretEndDiffers
            | Code::SecretOfAnotherSite
            | Code::ImportedSecretUncompared
            | Code::SecretShorterThanAsked
            | Code::AppIdUriUnproven
            | Code::SiteTenantNameDiffers
            | Code::SiteAppNameDiffers
            | Code::AppRenewableUntil
            | Code::ConnectionOfUnknownType
            | Code::OtherAzureService
            | Code::SiteFactsUnknown
            | Code::GatewayUsesConnection
            | Code::RenewalWaiting
            | Code::RenewedSecretUnproven => Self::Told,
            // What a run would write, or has written, and who may do that.
            Code::TokenUnreadable
            | Code::PermissionsMissing
            | Code::OwnershipUnread
            | Code::RoleTooWeak
            | Code::DiscoveryRoleTooWeak
            | Code::RolesUnread
            | Code::TenantNameUnread
            | Code::AppIdUriResolved
            | Code::AppIdUriOnForeignDomain
            | Code::AppIdUriWithForeignId
            | Code::AppIdUriWithoutOwner
            | Code::AppIdUriBlockedByPolicy
            | Code::AppIdUriByPolicy
            | Code::PolicyNotRead
            | Code::SecretEndPassed
            | Code::SecretsForbidden
            | Code::SecretTooLong
            | Code::DeletedAppRestored
            | Code::MadeAppStays
            | Code::DeletedAppHoldsName
            | Code::DeletedPrincipalsUnread
            | Code::RemovalUnconfirmed
            | Code::SecretKept
            | Code::SecretReplaced
            | Code::SecretHolderUnknown
            | Code::NewSecretProven
            | Code::NewSecretNotYetAccepted
            | Code::NewSecretBlocked
            | Code::NewSecretRefused
            | Code::NewSecretUnproven
            | Code::ConcurrentChange
            | Code::ChangeOverwritten
            | Code::SecretExpired
            | Code::SecretExpiresSoon
            | Code::RegisteredSecretExpiresSoon
            | Code::ConditionalAccessApplies
            | Code::ConditionalAccessUnknown
            | Code::ConditionalAccessUnread
            | Code::AudienceNarrowed
            | Code::TokenVersionLowered
            | Code::SiteRightsMissing
            | Code::GatewayUseUnknown
            | Code::SiteRowStays
            | Code::AppsUsedByAnotherSite
            | Code::AppsUsedByConnection
            | Code::AppsUsedByAnotherSecret
            | Code::AppsStatedUnused
            | Code::SecretsHandedOver
            | Code::ConnectionOfRemovedServerApp
            | Code::ConnectionReadBackDiffers
            | Code::DeletedAppsUnread
            | Code::AdoptedAppStays
            | Code::AdoptedAppKeeps
            | Code::RenewedSecretMayEndEarlier
            | Code::NewSecretNotUsed
            | Code::NewSecretNotTried
            | Code::AppOriginUnknown
            | Code::ConsoleRenewsSecret
            | Code::RenewalRefusedByAge
            | Code::RenewalWithoutRegistration
            | Code::RenewedSecretNotShown
            | Code::SiteIdentityUnknown
            | Code::ShownSinceUnknown
            | Code::SecretRemovalTooEarly
            | Code::OldSecretMayBeInUse
            | Code::DiscoveryStateUnknown
            | Code::GroupNotFound
            | Code::GroupNameAmbiguous
            | Code::GroupsUnread
            | Code::ConnectionNotFound
            | Code::ConnectionAppUnclear => Self::LeftOut,
        }
    }
}

fn is_decisive(finding: &Finding) -> bool {
    let fields = finding.parameters().get("fields").and_then(serde_json::Value::as_array);
    let mut fields = fields.into_iter().flatten().filter_map(serde_json::Value::as_str);
    fields.any(|field| DECISIVE_FIELDS.contains(&field))
}

fn within(finding: &Finding) -> Option<u64> {
    finding.parameters().get("withinDays")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(&str, Weight); 7] = [
        ("critical", Weight::Counts(CheckStatus::Critical)),
        ("critical within the last threshold, else warning", Weight::ByThreshold),
        ("unknown", Weight::Always(CheckStatus::Unknown)),
        ("unknown if it would stop a run, else warning", Weight::UnknownIfGrave),
        ("unknown if it names the App ID URI or the cloud, else told", Weight::ByField),
        ("warning", Weight::Counts(CheckStatus::Warning)),
        ("told, and counts for nothing", Weight::Told),
    ];

    #[test]
    fn the_manual_shows_the_table_as_it_is() {
        let manual = include_str!("../../manual/life_after_onboarding.md");
        for (title, weight) in ROWS {
            let codes = FindingCode::ALL.iter().filter(|code| Weight::of(**code) == weight);
            let names = codes.map(|code| format!("`{}`", serde_json::to_value(code).unwrap().as_str().unwrap()));
            let row = format!("| {title} | {} |", names.collect::<Vec<_>>().join(", "));
            assert!(manual.lines().any(|line| line == row), "missing, or it differs: {row}");
        }
    }

    #[test]
    fn every_code_is_in_one_row_or_left_out() {
        let shown = |code: &FindingCode| ROWS.iter().any(|(_, weight)| *weight == Weight::of(*code));
        for code in FindingCode::ALL {
            assert!(shown(code) != (Weight::of(*code) == Weight::LeftOut), "{code:?}");
        }
    }

    #[test]
    fn the_right_to_write_is_no_matter_of_a_check() {
        use FindingCode as Code;
        for code in [
            Code::PermissionsMissing,
            Code::RoleTooWeak,
            Code::DiscoveryRoleTooWeak,
            Code::RolesUnread,
            Code::SiteRightsMissing,
        ] {
            assert_eq!(Weight::status_of(&Finding::blocker(code), &[30, 7]), None);
        }
    }

    #[test]
    fn a_note_counts_only_if_it_says_that_something_is_unknown() {
        let of = |finding: Finding| Weight::status_of(&finding, &[30, 7]);
        assert_eq!(of(Finding::note(FindingCode::SignInAudience)), Some(CheckStatus::Ok));
        assert_eq!(of(Finding::warning(FindingCode::SignInAudience)), Some(CheckStatus::Warning));
        assert_eq!(of(Finding::note(FindingCode::SiteSecretUnknown)), Some(CheckStatus::Unknown));
        assert_eq!(of(Finding::blocker(FindingCode::ClockWrong)), Some(CheckStatus::Unknown));
    }
}
