//! The service answered, and the answer was no.

use std::fmt;

use serde::Serialize;

use super::RequestTrace;
use crate::text::excerpt;

/// Why the directory refused, as far as code and details tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RefusalReason {
    /// 401: the token is not accepted.
    TokenRejected,
    /// 401 with `insufficient_claims`: conditional access wants another sign-in.
    ClaimsChallenge,
    /// 403: the signed-in account or application lacks a permission or a role.
    PermissionMissing,
    /// 403 `Directory_QuotaExceeded`: the account may not own more objects.
    QuotaExceeded,
    /// `HostNameNotOnVerifiedDomain`: the App ID URI is on a domain that is not the tenant's.
    UriNotOnVerifiedDomain,
    /// The tenant's app management policy refuses this App ID URI.
    UriBlockedByPolicy,
    /// Another app has this App ID URI already.
    UriInUse,
    /// Another app, possibly a deleted one, has this unique name already.
    UniqueNameInUse,
    /// `CredentialTypeNotAllowedAsPerAppPolicy`: the tenant allows no secrets.
    SecretsForbidden,
    /// `CredentialInvalidLifetimeAsPerAppPolicy`: the tenant allows only shorter secrets.
    SecretLifetimeTooLong,
    /// 404: the object is not there, or not there yet.
    NotFound,
    /// A reference to an object that is not there, or not there yet.
    ReferenceNotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// 409 `Directory_ConcurrencyViolation`: two changes met.
    ConcurrentChange,
    /// 429: too many requests, for longer than was waited.
    Throttled,
    /// 5xx: the service is in trouble, for longer than was waited.
    ServiceUnavailable,
    /// A redirect, which is never followed.
    Redirected,
    /// None of these; see code and message.
    Other,
}

/// What a refused request has done all the same.
///
/// It decides what a run does next: what has no effect may be sent again, and of anything else the run looks first what
/// became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    reason: RefusalReason,
    code: String,
    message: String,
    details: Vec<RefusedDetail>,
    claims: Option<String>,
    effect: Effect,
    trace: RequestTrace,
}

impl Refused {
    /// Describes a refusal with the service's own code and message. Both end on screens and in logs: they are cut after
    /// 2,000 characters, and control characters and bidirectional formatting characters become spaces.
    ///
    /// The effect is [`Effect::Unknown`] for [`RefusalReason::ServiceUnavailable`], and [`Effect::None`] for any other
    /// reason; [`with_effect`](Self::with_effect) says it otherwise.
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
                _ => Effect::None,
            },
            trace,
        }
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
    /// out that a write was carried out says [`Effect::Unknown`].
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
    pub fn code(&self) -> &str {
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

    /// Which request.
    #[must_use]
    pub const fn trace(&self) -> &RequestTrace {
        &self.trace
    }

    /// Whether this refusal can come from an object that was made moments ago and is not everywhere yet.
    ///
    /// True for [`RefusalReason::NotFound`] and [`RefusalReason::ReferenceNotFound`], with whatever code and status the
    /// service says it. A run waits for objects that it has made itself; for any other object the refusal is final.
    #[must_use]
    pub const fn may_be_replication(&self) -> bool {
        matches!(self.reason, RefusalReason::NotFound | RefusalReason::ReferenceNotFound)
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self.reason {
            RefusalReason::TokenRejected => {
                "Sign in again. If it persists, check that the token is for this cloud's Microsoft Graph and for this tenant."
            }
            RefusalReason::ClaimsChallenge => {
                "A Conditional Access policy asks for a stronger sign-in: sign in again interactively, passing on the claims of the challenge."
            }
            RefusalReason::PermissionMissing => {
                "The signed-in account needs a role that may do this: Application Developer to create apps, Cloud Application Administrator to consent, Privileged Role Administrator to consent to Directory.Read.All (Entra admin center > Roles & admins); and the sign-in application needs the permissions that the plan lists (Entra admin center > Enterprise applications > Permissions)."
            }
            RefusalReason::QuotaExceeded => {
                "The account owns as many objects as a non-administrator may: sign in with Cloud Application Administrator, whose new apps do not count (those of an Application Developer do), or purge deleted app registrations (Entra admin center > App registrations > Deleted applications)."
            }
            RefusalReason::UriNotOnVerifiedDomain => {
                "Leave the App ID URI to its default, or use a verified domain of the tenant (Entra admin center > Settings > Domain names)."
            }
            RefusalReason::UriBlockedByPolicy => {
                "The tenant's app management policy restricts App ID URIs: use api://{tenantId}/{string} or a verified domain where the policy allows it, or ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            RefusalReason::UriInUse => {
                "Another app registration has this App ID URI (Entra admin center > App registrations > All applications): choose another one, or import that app instead."
            }
            RefusalReason::UniqueNameInUse => {
                "A deleted app registration still holds the unique name for 30 days: purge it (Entra admin center > App registrations > Deleted applications), or give the connection another key."
            }
            RefusalReason::SecretsForbidden => {
                "The tenant's app management policy forbids secrets, which the product needs: ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            RefusalReason::SecretLifetimeTooLong => {
                "The tenant's app management policy allows only shorter secrets: choose the shorter validity, or ask a Cloud Application Administrator for an exemption (Entra admin center > Enterprise applications > Application policies)."
            }
            RefusalReason::NotFound | RefusalReason::ReferenceNotFound => {
                "The object is not there, or not yet everywhere in the directory: run the same again in a minute."
            }
            RefusalReason::AlreadyExists | RefusalReason::ConcurrentChange => "Run the same again: what is there is found and kept.",
            RefusalReason::Throttled => "Other software is using up this tenant's request quota: run the same again in a few minutes.",
            RefusalReason::ServiceUnavailable => {
                "The service is in trouble: run the same again later; see the Microsoft 365 and Azure status pages."
            }
            RefusalReason::Redirected => {
                "Redirects are never followed, because a token would travel along: correct the endpoint, or the proxy that redirects."
            }
            RefusalReason::Other => "See code and message; give the request ids to Microsoft support if they do not explain it.",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end_matches('.');
        write!(formatter, "the directory refused with {}: {message} ({})", self.code, self.trace)
    }
}

impl std::error::Error for Refused {}
