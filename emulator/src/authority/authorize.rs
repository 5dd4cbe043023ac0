//! The authorization endpoint: the sign-in page, which approves at once, and the codes it hands out.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use super::{AuthorityAnswer, AuthorityRequest, OAuthError, SignInTrouble, check_tenant, clients::check_client, user_session::Wanted};
use crate::{EmulatedTenant, signed_token::sha256, texts};

/// Source: *Microsoft identity platform and OAuth 2.0 authorization code flow*: codes live about ten minutes.
const VALIDITY: Duration = Duration::minutes(10);

/// The codes that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Codes(HashMap<String, Code>);

#[derive(Debug, Clone)]
struct Code {
    client_id: String,
    redirect_uri: String,
    scope: String,
    nonce: Option<String>,
    claims: Option<String>,
    challenge: Option<String>,
    ends: OffsetDateTime,
    is_used: bool,
}

/// Signs in and sends the browser back. What cannot be trusted to be sent back to is shown a page instead.
pub(super) fn authorize(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> AuthorityAnswer {
    match begin(tenant, request, named) {
        Ok(answer) => answer,
        Err(error) => {
            // Nothing of the request is repeated, as on any page.
            let text = format!(
                "<!doctype html><title>Emulator sign-in</title><h1>Sorry</h1><p>AADSTS{}</p>",
                error.number()
            );
            AuthorityAnswer::Page(error.status(), text)
        }
    }
}

fn begin(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> Result<AuthorityAnswer, OAuthError> {
    check_tenant(tenant, named)?;
    let field = |name: &str| request.option(name).unwrap_or_default();
    let client_id = field("client_id");
    if client_id.parse::<Uuid>().is_err() {
        return Err(OAuthError::new("unauthorized_client", 700_016, texts::CLIENT_MALFORMED));
    }
    let redirect_uri = field("redirect_uri");
    let address = loopback(&redirect_uri).ok_or_else(|| OAuthError::new("invalid_request", 50011, texts::REDIRECT_MISMATCH))?;
    let answer = decide(tenant, request, client_id, redirect_uri.clone());
    let fields = answered(tenant, answer, field("state"));
    Ok(if field("response_mode") == "form_post" {
        AuthorityAnswer::Page(200, form_post(&redirect_uri, &fields))
    } else {
        let mut address = address;
        address.query_pairs_mut().extend_pairs(&fields);
        AuthorityAnswer::Redirect(address.into())
    })
}

/// A code, or the error that goes back in its place.
fn decide(tenant: &EmulatedTenant, request: &AuthorityRequest, client_id: String, redirect_uri: String) -> Result<String, OAuthError> {
    let field = |name: &str| request.option(name).unwrap_or_default();
    if field("response_type") != "code" {
        return Err(OAuthError::new("unsupported_response_type", 700_054, texts::RESPONSE_TYPE));
    }
    if field("scope").is_empty() {
        let message = texts::PARAMETER_MISSING.with(&[("parameter", "scope")]);
        return Err(OAuthError::new("invalid_request", 900_144, message));
    }
    check_client(tenant, &client_id, false)?;
    let challenge = request.option("code_challenge");
    if challenge.is_some() && field("code_challenge_method") != "S256" {
        // The service takes "plain", too; nothing here should send it.
        return Err(OAuthError::new("invalid_request", 90023, texts::CHALLENGE_METHOD));
    }
    let possible = [
        SignInTrouble::Declined,
        SignInTrouble::BlockedByConditionalAccess,
        SignInTrouble::OtherCloud,
        SignInTrouble::ForeignCode,
    ];
    let trouble = tenant.sign_in_troubles().take(&possible);
    let challenge = match trouble {
        Some(SignInTrouble::Declined) => {
            return Err(OAuthError::new("access_denied", 65004, texts::CONSENT_DECLINED));
        }
        Some(SignInTrouble::BlockedByConditionalAccess) => return Err(OAuthError::blocked("access_denied")),
        Some(SignInTrouble::OtherCloud) => return Err(OAuthError::other_cloud()),
        Some(SignInTrouble::ForeignCode) => Some(challenge_of(&Uuid::new_v4().to_string())),
        _ => challenge,
    };
    let text = format!("0.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let code = Code {
        client_id,
        redirect_uri,
        scope: field("scope"),
        nonce: request.option("nonce"),
        claims: request.option("claims"),
        challenge,
        ends: tenant.settings().clock.now() + VALIDITY,
        is_used: false,
    };
    tenant.codes().0.insert(text.clone(), code);
    Ok(text)
}

/// What the browser carries back.
fn answered(tenant: &EmulatedTenant, answer: Result<String, OAuthError>, state: String) -> Vec<(&'static str, String)> {
    let is_foreign = tenant.sign_in_troubles().take(&[SignInTrouble::ForeignState]).is_some();
    let state = if is_foreign { Uuid::new_v4().to_string() } else { state };
    let mut fields = match answer {
        Ok(code) => vec![("code", code)],
        Err(error) => {
            let body = error.to_json(tenant);
            let description = body["error_description"].as_str().unwrap_or_default();
            vec![("error", error.name().to_owned()), ("error_description", description.to_owned())]
        }
    };
    if !state.is_empty() {
        fields.push(("state", state));
    }
    fields.push(("session_state", Uuid::new_v4().to_string()));
    fields
}

/// A page that posts the answer to the client by itself: `response_mode=form_post` keeps it out of the address bar and
/// the history.
fn form_post(action: &str, fields: &[(&'static str, String)]) -> String {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\"/>", escaped(value)))
        .collect();
    format!(
        "<!doctype html><title>Working...</title><form method=\"POST\" action=\"{}\">{inputs}\
         <noscript><button>Continue</button></noscript></form><script>document.forms[0].submit();</script>",
        escaped(action)
    )
}

/// Text as it stands in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What a code was asked for, which can be had once, by the client that has its verifier.
pub(super) fn redeem(
    tenant: &EmulatedTenant,
    code: &str,
    client_id: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<Wanted, OAuthError> {
    let now = tenant.settings().clock.now();
    let mut codes = tenant.codes();
    let known = codes
        .0
        .get_mut(code)
        .filter(|known| known.client_id.eq_ignore_ascii_case(client_id));
    let known = known.ok_or_else(|| OAuthError::new("invalid_grant", 70000, texts::CODE_UNKNOWN))?;
    if known.is_used {
        return Err(OAuthError::new("invalid_grant", 54005, texts::CODE_REDEEMED));
    }
    if known.ends <= now {
        return Err(OAuthError::new("invalid_grant", 70008, texts::CODE_EXPIRED));
    }
    if known.redirect_uri != redirect_uri {
        return Err(OAuthError::new("invalid_grant", 500_112, texts::REPLY_ADDRESS));
    }
    if known
        .challenge
        .as_ref()
        .is_some_and(|challenge| *challenge != challenge_of(verifier))
    {
        return Err(OAuthError::new("invalid_grant", 501_481, texts::VERIFIER));
    }
    known.is_used = true;
    Ok(Wanted {
        scope: known.scope.clone(),
        nonce: known.nonce.clone(),
        claims: known.claims.clone(),
    })
}

/// `http://localhost` with any port and without a path, which is what public clients register.
fn loopback(redirect_uri: &str) -> Option<Url> {
    let url = Url::parse(redirect_uri).ok()?;
    let is_registered = url.scheme() == "http" && url.host_str() == Some("localhost") && url.path() == "/" && url.query().is_none();
    is_registered.then_some(url)
}

/// RFC 7636: BASE64URL(SHA256(verifier)).
fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let challenge = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn browsers_are_sent_back_to_this_machine_only() {
        for accepted in ["http://localhost", "http://localhost:8400", "http://localhost:8400/"] {
            assert!(loopback(accepted).is_some(), "{accepted}");
        }
        for refused in [
            "https://localhost",
            "http://localhost/path",
            "http://localhost.example.com",
            "http://127.0.0.1",
            "",
        ] {
            assert!(loopback(refused).is_none(), "{refused}");
        }
    }
}
