//! The samples.

mod values;

use std::{any::type_name, io, time::Duration};

use serde_json::json;
use url::Url;

use crate::{
    Diagnostic, DirectoryError, OnboardingError, SiteError, Step, TokenError,
    cloud::{CloudEndpoints, CloudEnvironment},
    connection::{
        ApplyError, Blocked, IncompleteConnection, ReadError, Report, SecretSinkError, StalePlan, StepAction, StepError, StepFailure,
        StepReport,
    },
    contract::violation::Check,
    error::{
        ExceededMaxWait, InvalidValue, NotSupported, NotVisible, RefusalReason, Refused, RequestTrace, SiteRefusalReason, SiteRefused,
        SiteTrouble, SiteUnreachable, TokenFailure, TransportKind, UnexpectedAnswer, Unreachable, ValueKind,
    },
    hand_over::HandOverError,
    http::{CertificateFingerprint, HttpError, HttpOptions, TransportFailure},
    ids::{ApplicationId, TenantId},
    site::{
        SiteFailure, SiteIdentity,
        admin_service::AdminServiceAddress,
        power_shell::{ConsoleScriptError, PowerShellError},
    },
    spec::{AppIdUri, ConnectionSpec, InvalidSchedule, SecretValidity},
    token::TenantDiscoveryError,
};

use values::{of_a_hand_over, of_services, of_settings, of_the_specification};

/// What a stranger may write into an answer, an app's name or a domain.
const FOREIGN: &str = "no \u{1b}[2J\r\n\u{202e}\u{9b}way";

pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) error: Box<dyn Diagnostic>,
}

fn sample<E: Diagnostic + Send + Sync + 'static>(error: E) -> Sample {
    Sample {
        name: type_name::<E>().rsplit("::").next().unwrap_or_default(),
        error: Box::new(error),
    }
}

pub(super) fn trace() -> RequestTrace {
    RequestTrace::new("GET", "/v1.0/organization")
}

pub(super) fn refused(reason: RefusalReason) -> Refused {
    Refused::new(reason, FOREIGN, FOREIGN, trace())
}

fn token(failure: TokenFailure) -> TokenError {
    TokenError::new(failure, format!("no token: {FOREIGN}"), format!("Do {FOREIGN}.")).with_source(io::Error::other(FOREIGN))
}

fn unreachable(kind: TransportKind) -> Unreachable {
    Unreachable::new(kind, FOREIGN, trace(), io::Error::other(FOREIGN))
}

pub(super) const REASONS: [RefusalReason; 18] = [
    RefusalReason::TokenRejected,
    RefusalReason::ClaimsChallenge,
    RefusalReason::PermissionMissing,
    RefusalReason::QuotaExceeded,
    RefusalReason::UriNotOnVerifiedDomain,
    RefusalReason::UriBlockedByPolicy,
    RefusalReason::UriInUse,
    RefusalReason::UniqueNameInUse,
    RefusalReason::SecretsForbidden,
    RefusalReason::SecretLifetimeTooLong,
    RefusalReason::NotFound,
    RefusalReason::ReferenceNotFound,
    RefusalReason::AlreadyExists,
    RefusalReason::ConcurrentChange,
    RefusalReason::Throttled,
    RefusalReason::ServiceUnavailable,
    RefusalReason::Redirected,
    RefusalReason::Other,
];

const FAILURES: [TokenFailure; 19] = [
    TokenFailure::Unusable,
    TokenFailure::Expired,
    TokenFailure::Provider,
    TokenFailure::Blocked,
    TokenFailure::NotAvailable,
    TokenFailure::Declined,
    TokenFailure::Cancelled,
    TokenFailure::TimedOut,
    TokenFailure::ConsentMissing,
    TokenFailure::WrongTenant,
    TokenFailure::BadCredentials,
    TokenFailure::Unreachable,
    TokenFailure::UnexpectedAnswer,
    TokenFailure::WrongCloud,
    TokenFailure::WrongState,
    TokenFailure::SecondAnswer,
    TokenFailure::CodeRefused,
    TokenFailure::ApplicationRefused,
    TokenFailure::Refused,
];

const KINDS: [TransportKind; 5] = [
    TransportKind::Connect,
    TransportKind::UntrustedCertificate,
    TransportKind::TimedOut,
    TransportKind::Interrupted,
    TransportKind::Unusable,
];

fn directory_errors() -> Vec<DirectoryError> {
    let mut errors: Vec<DirectoryError> = REASONS.into_iter().map(|reason| refused(reason).into()).collect();
    errors.extend(KINDS.into_iter().map(|kind| unreachable(kind).into()));
    errors.extend(FAILURES.into_iter().map(|failure| token(failure).into()));
    errors.push(UnexpectedAnswer::new(FOREIGN, FOREIGN, trace()).into());
    errors.push(NotVisible::new(FOREIGN).into());
    errors.push(NotSupported::new("tenant", "Mock").into());
    let last = refused(RefusalReason::NotFound).into();
    errors.push(ExceededMaxWait::new(Duration::from_secs(60), Duration::from_secs(58), 9, last).into());
    errors
}

pub(super) fn site_errors() -> Vec<SiteError> {
    let reasons = [
        SiteRefusalReason::NotSignedIn,
        SiteRefusalReason::RightsMissing,
        SiteRefusalReason::NotFound,
        SiteRefusalReason::ProviderFailed,
        SiteRefusalReason::Throttled,
        SiteRefusalReason::Other,
    ];
    let troubles = [
        SiteTrouble::NotReached,
        SiteTrouble::CertificateNotPinned,
        SiteTrouble::UnusableAnswer,
    ];
    let advice = format!("Do {FOREIGN}.");
    let mut errors: Vec<SiteError> = Vec::new();
    errors.extend(reasons.map(|reason| {
        SiteRefused::new(FOREIGN, FOREIGN, &advice)
            .because(reason)
            .with_trace(trace())
            .into()
    }));
    errors.extend(troubles.map(|trouble| {
        let error = SiteUnreachable::new(format!("not reached: {FOREIGN}"), &advice)
            .of_kind(trouble)
            .with_trace(trace());
        error.with_source(io::Error::other(FOREIGN)).into()
    }));
    errors.push(token(TokenFailure::Blocked).into());
    errors.push(NotSupported::new("onboard", "Mock").into());
    errors.push(SiteError::ReadOnly {
        operation: "remove the connection",
        reader: "AdminServiceSite",
        help: "Give another one.",
    });
    errors
}

fn step_errors() -> Vec<StepError> {
    let id = TenantId::new(uuid::Uuid::nil());
    let mut errors: Vec<StepError> = directory_errors().into_iter().map(StepError::Directory).collect();
    errors.extend(site_errors().into_iter().map(StepError::Site));
    let stored_nowhere = SecretSinkError::new(FOREIGN, format!("Do {FOREIGN}.")).with_source(io::Error::other(FOREIGN));
    errors.push(StepError::SecretSink(stored_nowhere));
    errors.push(StepError::OtherTenant {
        planned: id,
        signed_in: id,
    });
    errors.push(StepError::Stale(stale()));
    errors.push(StepError::Blocked(blocked()));
    errors.push(StepError::Cancelled);
    errors.push(StepError::DeadlineExceeded {
        deadline: Duration::from_secs(9),
    });
    errors.push(StepError::ApplicationGone {
        application_id: ApplicationId::new(uuid::Uuid::nil()),
    });
    errors.push(StepError::ServicePrincipalMissing);
    errors.push(StepError::NotRegistered);
    errors.push(StepError::NothingToImport);
    errors.push(StepError::SecretTextMissing);
    errors.push(StepError::SiteMissing);
    errors.push(StepError::DirectoryMissing);
    errors
}

pub(super) fn stopped_by(error: StepError) -> ApplyError {
    let first = StepFailure::new(Step::RegisterServerApp, error);
    let tenant = TenantId::new(uuid::Uuid::nil());
    let mut report = Report::default();
    report.push(StepReport::new(first.step, StepAction::Failed));
    ApplyError::new(tenant, first, Vec::new(), report, Vec::new(), None)
}

fn blocked() -> Blocked {
    let blocked = json!({"findings": [{
        "severity": "blocker", "code": "tokenExpired", "message": "The token has expired.", "remedy": "Sign in again.",
    }]});
    serde_json::from_value(blocked).unwrap()
}

fn stale() -> StalePlan {
    let stale = json!({"differences": [{"path": "/tenantId", "approved": 1, "now": 2}]});
    serde_json::from_value(stale).unwrap()
}

fn onboarding_errors() -> Vec<OnboardingError> {
    let mut errors: Vec<OnboardingError> = step_errors().into_iter().map(|error| stopped_by(error).into()).collect();
    errors.extend(directory_errors().into_iter().map(|error| ReadError::Directory(error).into()));
    errors.extend(site_errors().into_iter().map(|error| ReadError::Site(error).into()));
    errors.push(ReadError::Cancelled.into());
    errors.push(
        ReadError::DeadlineExceeded {
            deadline: Duration::from_secs(9),
        }
        .into(),
    );
    errors.push(
        format!(r#"{{"name": "a", "{}": 1}}"#, "\u{202e}")
            .parse::<ConnectionSpec>()
            .unwrap_err()
            .into(),
    );
    errors.push(IncompleteConnection::DirectoryMissing.into());
    errors.push(IncompleteConnection::SiteMissing.into());
    errors.push(IncompleteConnection::NothingToDo.into());
    errors.push(IncompleteConnection::SettingsWithoutDirectory.into());
    errors.push(IncompleteConnection::NothingToRead.into());
    errors.push(blocked().into());
    errors.push(stale().into());
    errors
}

/// One of every public error, in every way it can be.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples: Vec<Sample> = onboarding_errors().into_iter().map(sample).collect();
    samples.extend(step_errors().into_iter().map(|error| sample(stopped_by(error))));
    samples.extend(step_errors().into_iter().map(sample));
    samples.extend(site_errors().into_iter().map(|error| sample(SiteFailure::from(error))));
    samples.extend(site_errors().into_iter().map(|error| sample(ReadError::Site(error))));
    samples.extend(directory_errors().into_iter().map(sample));
    for error in site_errors() {
        match &error {
            SiteError::Refused(refused) => samples.push(sample(refused.clone())),
            SiteError::Unreachable(unreachable) => samples.push(sample(unreachable.clone())),
            _ => {}
        }
        samples.push(sample(error));
    }
    for error in directory_errors() {
        samples.push(match error {
            DirectoryError::Token(error) => sample(error),
            DirectoryError::Refused(error) => sample(*error),
            DirectoryError::Unreachable(error) => sample(*error),
            DirectoryError::UnexpectedAnswer(error) => sample(*error),
            DirectoryError::NotSupported(error) => sample(error),
            DirectoryError::NotVisible(error) => sample(error),
            DirectoryError::ExceededMaxWait(error) => sample(*error),
        });
    }
    for error in onboarding_errors() {
        match error {
            OnboardingError::Spec(error) => samples.push(sample(error)),
            OnboardingError::Incomplete(error) => samples.push(sample(error)),
            OnboardingError::Blocked(error) => samples.push(sample(error)),
            OnboardingError::Stale(error) => samples.push(sample(error)),
            OnboardingError::Read(_) | OnboardingError::Apply(_) => {}
        }
    }
    samples.push(sample(SecretSinkError::new(FOREIGN, format!("Do {FOREIGN}."))));
    samples.push(sample(Check("a_check").broken("this", FOREIGN)));
    samples.extend(of_the_specification());
    samples.extend(of_settings());
    samples.extend(of_a_hand_over());
    samples.extend(of_services());
    samples
}
