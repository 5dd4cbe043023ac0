//! The service answered, and the answer was no.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::{Diagnostic, RequestTrace};
use crate::{permissions::Use, text::excerpt};

/// Why the directory refused, as far as code and details tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RefusalReason {
    /// The token is not accepted (401).
    TokenRejected,
    /// Conditional Access wants another sign-in (401 with claims).
    ClaimsChallenge,
    /// The signed-in account or application lacks a permission or a role (403).
    PermissionMissing,
    /// The account may not own more objects.
    QuotaExceeded,
    /// The App ID URI is on a domain that is not the tenant's.
    UriNotOnVerifiedDomain,
    /// The tenant's app management policy refuses this App ID URI.
    UriBlockedByPolicy,
    /// Another app has this App ID URI already.
    UriInUse,
    /// Another app, possibly a deleted one, has this unique name already.
    UniqueNameInUse,
    /// The tenant's policy allows no secrets.
    SecretsForbidden,
    /// The tenant's policy allows only shorter secrets.
    SecretLifetimeTooLong,
    /// The object is not there, or not there yet.
    NotFound,
    /// A reference to an object that is not there, or not there yet.
    ReferenceNotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// Two changes met.
    ConcurrentChange,
    /// Too many requests, for longer than was waited (429).
    Throttled,
    /// The service is in trouble, for longer than was waited (5xx).
    ServiceUnavailable,
    /// A redirect, which is never followed.
    Redirected,
    /// None of these; see code and message.
    Other,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::TokenRejected,
        Self::ClaimsChallenge,
        Self::PermissionMissing,
        Self::QuotaExceeded,
        Self::UriNotOnVerifiedDomain,
        Self::UriBlockedByPolicy,
        Self::UriInUse,
        Self::UniqueNameInUse,
        Self::SecretsForbidden,
        Self::SecretLifetimeTooLong,
        Self::NotFound,
        Self::ReferenceNotFound,
        Self::AlreadyExists,
        Self::ConcurrentChange,
        Self::Throttled,
        Self::ServiceUnavailable,
        Self::Redirected,
        Self::Other,
    ];

    /// The code of an error with this reason: its name in JSON, but for the one that says nothing.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::TokenRejected => "tokenRejected",
            Self::ClaimsChallenge => "claimsChallenge",
            Self::PermissionMissing => "permissionMissing",
            Self::QuotaExceeded => "quotaExceeded",
            Self::UriNotOnVerifiedDomain => "uriNotOnVerifiedDomain",
            Self::UriBlockedByPolicy => "uriBlockedByPolicy",
            Self::UriInUse => "uriInUse",
            Self::UniqueNameInUse => "uniqueNameInUse",
            Self::SecretsForbidden => "secretsForbidden",
            Self::SecretLifetimeTooLong => "secretLifetimeTooLong",
            Self::NotFound => "notFound",
            Self::ReferenceNotFound => "referenceNotFound",
            Self::AlreadyExists => "alreadyExists",
            Self::ConcurrentChange => "concurrentChange",
            Self::Throttled => "throttled",
            Self::ServiceUnavailable => "serviceUnavailable",
            Self::Redirected => "redirected",
            Self::Other => "refused",
        }
    }

    /// Whether it may be gone the next time, with nothing changed by a person.
    const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::NotFound
                | Self::ReferenceNotFound
                | Self::AlreadyExists
                | Self::ConcurrentChange
                | Self::Throttled
                | Self::ServiceUnavailable
        )
    }

    /// Whether a policy of the tenant for apps has refused: the same will be refused again.
    pub(crate) const fn is_by_app_policy(self) -> bool {
        matches!(
            self,
            Self::UriBlockedByPolicy | Self::SecretsForbidden | Self::SecretLifetimeTooLong
        )
    }

    const fn help(self) -> &'static str {
        match self {
            Self::TokenRejected => {
                "Sign in again. If it persists, check that the token is for this cloud's Microsoft Graph and for this tenant."
            }
            Self::ClaimsChallenge => {
                "A Conditional Access policy asks for a stronger sign-in: sign in again interactively, passing on the claims of the challenge."
            }
            Self::PermissionMissing => {
                "Give the sign-in application the permission that the plan lists, with admin consent (Entra admin center > Enterprise applications > Permissions), or the account a directory role: to change apps of others at least Cloud Application Administrator (Entra admin center > Roles & admins). The manual's chapter on permissions has both for each request."
            }
            Self::QuotaExceeded => {
                "The account owns as many objects as a non-administrator may: sign in with Cloud Application Administrator, whose new apps do not count (those of an Application Developer do), or purge deleted app registrations (Entra admin center > App registrations > Deleted applications)."
            }
            Self::UriNotOnVerifiedDomain => {
                "Leave the App ID URI to its default, or use a verified domain of the tenant (Entra admin center > Settings > Domain names)."
            }
            Self::UriBlockedByPolicy => {
                "The tenant's app management policy restricts App ID URIs: ask for api://{tenantId}/{appId}, written with the braces, which every such policy of Microsoft's allows, or ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            Self::UriInUse => {
                "Another app registration has this App ID URI (Entra admin center > App registrations > All applications): choose another one, or import that app instead."
            }
            Self::UniqueNameInUse => {
                "A deleted app registration still holds the unique name for 30 days: purge it (Entra admin center > App registrations > Deleted applications), or give the connection another key."
            }
            Self::SecretsForbidden => {
                "The tenant's app management policy forbids secrets, which the product needs: ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            Self::SecretLifetimeTooLong => {
                "The tenant's app management policy allows only shorter secrets: ask for fewer days, as P30D, or with Policy.Read.All for the longest that is allowed (longestAllowed), or ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            Self::NotFound | Self::ReferenceNotFound => {
                "The object is not there, or not yet everywhere in the directory: repeat the run in a minute."
            }
            Self::AlreadyExists | Self::ConcurrentChange => "Repeat the run: what is there is found and kept.",
            Self::Throttled => "Other software is using up this tenant's request quota: repeat the run in a few minutes.",
            Self::ServiceUnavailable => "The service is in trouble: repeat the run later; see the Microsoft 365 and Azure status pages.",
            Self::Redirected => {
                "Redirects are never followed, because a token would travel along: correct the endpoint, or the proxy that redirects."
            }
            Self::Other => "See code and message; give the request ids to Microsoft support if they do not explain it.",
        }
    }
}

/// What a refused request has done all the same.
///
/// It decides what a run does next: what has no effect may be sent again, and of anything else the run looks first what
/// became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Effect {
    /// Nothing: the directory turned the request down.
    None,
    /// That is not known: the request may have been carried out, or may be carried out yet.
    Unknown,
}

/// One entry of an error's `details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RefusedDetail {
    /// The detail's code.
    pub code: String,
    /// The detail's message.
    pub message: String,
    /// What the detail is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl RefusedDetail {
    /// Describes a detail. Texts are taken as those of a [`Refused`] are.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>, target: Option<String>) -> Self {
        Self {
            code: excerpt(&code.into()),
            message: excerpt(&message.into()),
            target: target.as_deref().map(excerpt),
        }
    }
}

/// The directory refused a request.
///
/// ```
/// use cmg_onboarding::{
///     Diagnostic, DirectoryError,
///     error::{RefusalReason, Refused, RequestTrace},
/// };
///
/// // What a mock of `Directory` answers.
/// let refused = Refused::new(RefusalReason::PermissionMissing, "accessDenied", "no", RequestTrace::default());
/// let error = DirectoryError::from(refused);
/// assert_eq!((error.code(), error.may_have_been_carried_out()), ("permissionMissing", false));
/// assert!(error.help().contains("Cloud Application Administrator"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    reason: RefusalReason,
    code: String,
    message: String,
    details: Vec<RefusedDetail>,
    claims: Option<String>,
    effect: Effect,
    usage: Option<Use>,
    trace: RequestTrace,
}

impl Refused {
    /// Describes a refusal with the service's own code and message. Both end on screens and in logs: they are cut after
    /// 2,000 characters, and control characters and bidirectional formatting characters become spaces.
    ///
    /// The effect is [`Effect::Unknown`] for [`RefusalReason::ServiceUnavailable`], and for a trace of this crate's own client
    /// that tells of an earlier attempt at a write whose answer was lost. It is [`Effect::None`] for anything else;
    /// [`with_effect`](Self::with_effect) says it otherwise.
    #[must_use]
    pub fn new(reason: RefusalReason, code: impl Into<String>, message: impl Into<String>, trace: RequestTrace) -> Self {
        Self {
            reason,
            code: excerpt(&code.into()),
            message: excerpt(&message.into()),
            details: Vec::new(),
            claims: None,
            effect: match reason {
                RefusalReason::ServiceUnavailable => Effect::Unknown,
                _ if trace.follows_lost_write => Effect::Unknown,
                _ => Effect::None,
            },
            usage: None,
            trace,
        }
    }

    /// The same with what was refused: its help then names the permissions and the role that this takes.
    #[must_use]
    pub const fn with_use(mut self, usage: Use) -> Self {
        self.usage = Some(usage);
        self
    }

    /// What was refused, in the table of [permissions](crate::permissions).
    #[must_use]
    pub const fn usage(&self) -> Option<Use> {
        self.usage
    }

    /// The same with details.
    #[must_use]
    pub fn with_details(mut self, details: Vec<RefusedDetail>) -> Self {
        self.details = details;
        self
    }

    /// The same with the claims that the next sign-in must ask for (decoded JSON).
    #[must_use]
    pub fn with_claims(mut self, claims: impl Into<String>) -> Self {
        self.claims = Some(claims.into());
        self
    }

    /// The same with this effect of the refused request. An implementer of [`Directory`](crate::Directory) that cannot rule
    /// out that a write was carried out says [`Effect::Unknown`]: a run then looks whether it was, and sends it again as long as
    /// its [`WaitPolicy`](crate::WaitPolicy) allows.
    #[must_use]
    pub const fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// What the refused request has done all the same.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Why, as far as can be told.
    #[must_use]
    pub const fn reason(&self) -> RefusalReason {
        self.reason
    }

    /// The service's own code.
    #[must_use]
    pub fn service_code(&self) -> &str {
        &self.code
    }

    /// The service's own message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The service's details.
    #[must_use]
    pub fn details(&self) -> &[RefusedDetail] {
        &self.details
    }

    /// The claims a new sign-in must ask for, where the refusal is a claims challenge.
    #[must_use]
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// Whether this refusal can come from an object that was made moments ago and is not everywhere yet.
    ///
    /// True for [`RefusalReason::NotFound`] and [`RefusalReason::ReferenceNotFound`], under every code and status by which
    /// the service says it. A run waits for objects that it has made itself; for any other object the refusal is final.
    #[must_use]
    pub const fn may_be_replication(&self) -> bool {
        matches!(self.reason, RefusalReason::NotFound | RefusalReason::ReferenceNotFound)
    }
}

impl Diagnostic for Refused {
    fn code(&self) -> &'static str {
        self.reason.code()
    }

    fn help(&self) -> Cow<'_, str> {
        match self.usage {
            Some(usage) if self.reason == RefusalReason::PermissionMissing => usage.remedy().into(),
            _ => self.reason.help().into(),
        }
    }

    fn trace(&self) -> Option<&RequestTrace> {
        Some(&self.trace)
    }

    fn is_retryable(&self) -> bool {
        self.reason.is_passing()
    }
}
impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end_matches('.');
        write!(formatter, "the directory refused with {}: {message} ({})", self.code, self.trace)
    }
}

impl std::error::Error for Refused {}
