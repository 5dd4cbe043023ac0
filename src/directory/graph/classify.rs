//! What a refusal of Microsoft Graph means.
//!
//! Status and code come first, then the codes and targets of the details; fragments of messages come last, and only
//! because `Request_BadRequest` stands for so much that nothing else tells its cases apart.

use super::{envelope::Envelope, usage::usage};
use crate::{
    call::RetryReason,
    error::{DirectoryError, Effect, RefusalReason, Refused},
    http::{Advice, Answer, HttpError, claims_of},
};

/// What the retry loop must know beyond the status.
pub(super) fn advice(answer: &Answer) -> Option<Advice> {
    let envelope = Envelope::read(answer.body())?;
    if envelope.has_code("Directory_ConcurrencyViolation") {
        return Some(Advice::RepeatAlways(RetryReason::ConcurrentChange));
    }
    is_company_trouble(answer.status(), &envelope).then_some(Advice::RepeatIfSafe(RetryReason::ServiceUnavailable))
}

/// Whether an answer says that the object asked for is not there. A 404 that is not Microsoft Graph's does not.
pub(super) fn is_absent(answer: &Answer) -> bool {
    answer.status() == 404 && Envelope::read(answer.body()).is_some_and(|envelope| !is_company_trouble(404, &envelope))
}

/// The error of an answer that is not a success.
pub(super) fn refusal(answer: &Answer) -> DirectoryError {
    let envelope = Envelope::read(answer.body());
    let claims = claims_of(&answer.headers().www_authenticate);
    let Some(reason) = reason(answer.status(), envelope.as_ref(), claims.is_some()) else {
        let what = if answer.is_html() {
            "a web page"
        } else {
            "no error of Microsoft Graph"
        };
        return answer.unexpected(format!("it has status {} and {what}", answer.status())).into();
    };
    let envelope = envelope.unwrap_or_else(|| Envelope {
        code: format!("status {}", answer.status()),
        message: "the answer says nothing more".to_owned(),
        details: Vec::new(),
    });
    // Seen after a change was carried out.
    let may_have_been_done = envelope.code == "Directory_ObjectNotFound";
    let mut refused = Refused::new(reason, envelope.code, envelope.message, answer.trace().clone()).with_details(envelope.details);
    if may_have_been_done {
        refused = refused.with_effect(Effect::Unknown);
    }
    if let Some(usage) = usage(answer.trace()) {
        refused = refused.with_use(usage);
    }
    match claims {
        Some(claims) => refused.with_claims(claims).into(),
        None => refused.into(),
    }
}

/// The error of a call without a usable answer.
pub(super) fn failure(error: HttpError) -> DirectoryError {
    match error {
        HttpError::Authorization(error) => error.into(),
        HttpError::Unreachable(error) => error.into(),
        HttpError::Unexpected(error) => error.into(),
        HttpError::Redirected { to, trace } => {
            let message = match to {
                Some(host) => format!("the answer redirects to {host}"),
                None => "the answer redirects elsewhere".to_owned(),
            };
            Refused::new(RefusalReason::Redirected, "redirect", message, trace).into()
        }
    }
}

/// "Unable to read the company information from the directory": it passes, although the status is 404.
fn is_company_trouble(status: u16, envelope: &Envelope) -> bool {
    status == 404 && envelope.has_code("Directory_ObjectNotFound") && envelope.says("company information")
}

/// `None` if a proxy or a portal answered in Microsoft Graph's place.
fn reason(status: u16, envelope: Option<&Envelope>, is_challenge: bool) -> Option<RefusalReason> {
    // These speak for themselves, whichever service answers.
    match status {
        401 if is_challenge => return Some(RefusalReason::ClaimsChallenge),
        401 => return Some(RefusalReason::TokenRejected),
        429 => return Some(RefusalReason::Throttled),
        408 | 500..=599 => return Some(RefusalReason::ServiceUnavailable),
        _ => {}
    }
    let envelope = envelope?;
    Some(by_code(envelope).or_else(|| by_message(envelope)).unwrap_or(match status {
        403 => RefusalReason::PermissionMissing,
        404 => RefusalReason::NotFound,
        _ => RefusalReason::Other,
    }))
}

fn by_code(envelope: &Envelope) -> Option<RefusalReason> {
    const BY_CODE: [(&str, RefusalReason); 7] = [
        ("Directory_ConcurrencyViolation", RefusalReason::ConcurrentChange),
        ("Directory_QuotaExceeded", RefusalReason::QuotaExceeded),
        ("HostNameNotOnVerifiedDomain", RefusalReason::UriNotOnVerifiedDomain),
        ("CredentialTypeNotAllowedAsPerAppPolicy", RefusalReason::SecretsForbidden),
        ("CredentialInvalidLifetimeAsPerAppPolicy", RefusalReason::SecretLifetimeTooLong),
        ("NoBackingApplicationObject", RefusalReason::ReferenceNotFound),
        // An application that acts by itself meets it right after it has created an object.
        ("Authorization_IdentityNotFound", RefusalReason::ReferenceNotFound),
    ];
    let found = BY_CODE.into_iter().find(|(code, _)| envelope.has_code(code));
    if let Some((_, reason)) = found {
        return Some(reason);
    }
    if envelope.has_code("InvalidValue") && envelope.is_about("api.preAuthorizedApplications.delegatedPermissionIds") {
        return Some(RefusalReason::ReferenceNotFound);
    }
    let is_conflict = envelope.has_code("ObjectConflict") || envelope.has_code("Request_MultipleObjectsWithSameKeyValue");
    is_conflict.then(|| conflict(envelope))
}

/// Which of the unique properties is taken, if one of ours is.
fn conflict(envelope: &Envelope) -> RefusalReason {
    if envelope.is_about("identifierUris") || envelope.says("identifieruris") {
        return RefusalReason::UriInUse;
    }
    if envelope.is_about("uniqueName") || envelope.says("uniquename") {
        return RefusalReason::UniqueNameInUse;
    }
    RefusalReason::AlreadyExists
}

fn by_message(envelope: &Envelope) -> Option<RefusalReason> {
    if envelope.says("must use a verified domain of the organization") {
        return Some(RefusalReason::UriNotOnVerifiedDomain);
    }
    // No machine-readable code is published for the policies on App ID URIs. The wordings are those of *Restrictions on
    // identifier URIs of Microsoft Entra applications*.
    let is_uri_policy = envelope.says("failed to add identifier uri")
        || (envelope.says("the newly added uri") && envelope.says("must comply with the format"))
        || (envelope.says("policy")
            && (envelope.says("identifier uri") || envelope.says("identifier-uri") || envelope.is_about("identifierUris")));
    if is_uri_policy {
        return Some(RefusalReason::UriBlockedByPolicy);
    }
    // A 403 that has nothing to do with rights: the app registration has not arrived yet.
    let is_reference = (envelope.code == "Authorization_RequestDenied" && envelope.says("backing application"))
        || envelope.says("the backing application of the service principal")
        || envelope.says("does not reference a valid application object")
        || envelope.says("not a valid reference update");
    if is_reference {
        return Some(RefusalReason::ReferenceNotFound);
    }
    if envelope.says("does not exist or one of its queried reference-property objects are not present") {
        let is_the_object = envelope.code == "Request_ResourceNotFound";
        return Some(if is_the_object {
            RefusalReason::NotFound
        } else {
            RefusalReason::ReferenceNotFound
        });
    }
    envelope.says("already exists").then(|| conflict(envelope))
}

#[cfg(test)]
mod tests;
