//! How an application signs in without a secret: with a token that it has signed itself, or that an identity provider has.
//!
//! Sources: *Microsoft identity platform application authentication certificate credentials*; *Workload identity
//! federation*. Which check comes first if several fail is a guess.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{AuthorityRequest, OAuthError};
use crate::{
    EmulatedTenant,
    object::Object,
    signed_token::SignedToken,
    store::Store,
    texts::{self, Message},
};

/// The only kind of assertion that there is.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The grant type by which an API exchanges a person's token.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What an application may sign in with beside a secret.
struct Registered {
    certificates: Vec<(Vec<u8>, String)>,
    federated: Vec<Object>,
}

/// The client that an assertion is for, which a request need not name a second time.
pub(super) fn client_of(assertion: &str) -> Option<String> {
    let token = SignedToken::read(assertion)?;
    (token.claim("iss") == token.claim("sub")).then(|| token.claim("sub").to_owned())
}

/// Whether an assertion proves to be of a client. `None` if the client is not known here.
pub(super) fn check(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    named: &str,
    client_id: &str,
    assertion: &str,
) -> Option<Result<(), OAuthError>> {
    let store = tenant.store();
    let registered = registered(tenant, &store, client_id)?;
    let Some(token) = SignedToken::read(assertion) else {
        return Some(Err(refused(50_027, texts::ASSERTION_MALFORMED)));
    };
    let now = tenant.settings().clock.now();
    // An identity provider is named by its address. It may name its certificate, too, so that the header does not tell.
    let is_own = !token.claim("iss").contains("://");
    Some(if is_own {
        let audiences = audiences(tenant, request, named);
        check_certificate(&registered.certificates, &token, client_id, &audiences, now)
    } else {
        check_federated(&store, &registered.federated, &token, now)
    })
}

fn registered(tenant: &EmulatedTenant, store: &Store, client_id: &str) -> Option<Registered> {
    let automation = tenant.automation_client();
    if client_id.eq_ignore_ascii_case(&automation.id().to_string()) {
        return Some(Registered {
            certificates: automation.certificates().iter().map(|der| (der.clone(), String::new())).collect(),
            federated: automation.federated().to_vec(),
        });
    }
    let mut all = store.applications.iter();
    let application = all.find(|entry| entry.text("appId").eq_ignore_ascii_case(client_id))?;
    let certificates = store.certificates_of(&application.object);
    Some(Registered {
        certificates: certificates.map(|(der, end)| (der.to_vec(), end.to_owned())).collect(),
        federated: store.federated_of(application.text("id")).to_vec(),
    })
}

fn check_certificate(
    certificates: &[(Vec<u8>, String)],
    token: &SignedToken<'_>,
    client_id: &str,
    audiences: &[String],
    now: OffsetDateTime,
) -> Result<(), OAuthError> {
    let Some(thumbprint) = token.thumbprint() else {
        return Err(refused(50_027, texts::ASSERTION_WITHOUT_THUMBPRINT));
    };
    let values = [("thumbprint", &*thumbprint.hexadecimal()), ("appId", client_id)];
    let is_usable = |(der, end): &&(Vec<u8>, String)| {
        let is_over = OffsetDateTime::parse(end, &Rfc3339).is_ok_and(|end| end <= now);
        thumbprint.is_of(der) && !is_over
    };
    let Some((certificate, _)) = certificates.iter().find(is_usable) else {
        return Err(refused(700_027, texts::CERTIFICATE_NOT_REGISTERED.with(&values)));
    };
    if !token.is_signed_by_certificate(certificate) {
        return Err(refused(700_027, texts::ASSERTION_SIGNATURE.with(&values)));
    }
    check_time(token, now)?;
    let audience = token.claim("aud").trim_end_matches('/');
    if !audiences.iter().any(|accepted| accepted.eq_ignore_ascii_case(audience)) {
        return Err(refused(700_023, texts::ASSERTION_AUDIENCE));
    }
    if ["iss", "sub"].iter().any(|name| !token.claim(name).eq_ignore_ascii_case(client_id)) {
        return Err(refused(700_021, texts::ASSERTION_OF_ANOTHER));
    }
    if token.claim("jti").is_empty() {
        return Err(refused(50_027, texts::ASSERTION_WITHOUT_ID));
    }
    Ok(())
}

/// Issuer, subject and audience are compared to the letter.
///
/// Source: *What's new for authentication*: federated identity credentials use case-sensitive matching.
fn check_federated(store: &Store, federated: &[Object], token: &SignedToken<'_>, now: OffsetDateTime) -> Result<(), OAuthError> {
    let (issuer, subject) = (token.claim("iss"), token.claim("sub"));
    let audience = match token.claims.get("aud") {
        Some(Value::Array(all)) => all.first().and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    let audience = audience.unwrap_or_default();
    let is = |one: &&Object, name: &str, value: &str| one.get(name).and_then(Value::as_str) == Some(value);
    let by_issuer: Vec<&Object> = federated.iter().filter(|one| is(one, "issuer", issuer)).collect();
    if by_issuer.is_empty() {
        return Err(refused(700_211, texts::NO_FEDERATED_ISSUER.with(&[("issuer", issuer)])));
    }
    let Some(record) = by_issuer.into_iter().find(|one| is(one, "subject", subject)) else {
        return Err(refused(700_213, texts::NO_FEDERATED_SUBJECT.with(&[("subject", subject)])));
    };
    let accepted = record.get("audiences").and_then(Value::as_array).into_iter().flatten();
    if !accepted.into_iter().any(|accepted| accepted.as_str() == Some(audience)) {
        return Err(refused(700_212, texts::NO_FEDERATED_AUDIENCE.with(&[("audience", audience)])));
    }
    let keys = store.issuers.get(issuer).map_or(&[][..], Vec::as_slice);
    if !token.is_signed_by_one_of(keys) {
        return Err(refused(700_027, texts::FEDERATED_SIGNATURE));
    }
    check_time(token, now)
}

fn check_time(token: &SignedToken<'_>, now: OffsetDateTime) -> Result<(), OAuthError> {
    /// What the service allows clocks to differ by. That it is as long is a guess.
    const TOLERANCE: i64 = 300;
    let now_in_seconds = now.unix_timestamp();
    let (begin, end) = (token.moment("nbf").unwrap_or(0), token.moment("exp").unwrap_or(0));
    if begin <= now_in_seconds + TOLERANCE && end > now_in_seconds {
        return Ok(());
    }
    let shown = |seconds: i64| {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        moment.format(&Rfc3339).unwrap_or_default()
    };
    let values = [("now", &*shown(now_in_seconds)), ("from", &*shown(begin)), ("until", &*shown(end))];
    Err(refused(700_024, texts::ASSERTION_TIME.with(&values)))
}

/// The token endpoint by any name of the tenant, and its issuer.
fn audiences(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> Vec<String> {
    let id = tenant.tenant_id().to_string();
    let settings = tenant.settings();
    let names = settings.domains().chain([id.as_str(), named]);
    let forms = ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0"];
    names
        .flat_map(|name| forms.map(|form| format!("{}/{name}{form}", request.address)))
        .collect()
}

fn refused(number: u32, message: impl Into<Message>) -> OAuthError {
    OAuthError::new("invalid_client", number, message)
}
