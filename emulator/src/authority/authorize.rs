//! The authorization endpoint: the sign-in page, which approves at once, and the codes it hands out.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{
    AuthorityAnswer, AuthorityRequest, OAuthError,
    accounts::{self, Chosen, escaped},
    asked::Asked,
    check_tenant,
    clients::Client,
    error_page,
    user_session::Wanted,
};
use crate::{
    EmulatedTenant,
    sign_ins::{CODE_VALIDITY, Code, Platform, SignInTrouble},
    signed_token::sha256,
    texts,
};

/// Signs in and sends the browser back. What cannot be trusted to be sent back to is shown a page instead.
pub(super) fn authorize(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> AuthorityAnswer {
    begin(tenant, request, named).unwrap_or_else(|error| error_page(&error))
}

fn begin(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> Result<AuthorityAnswer, OAuthError> {
    check_tenant(tenant, named)?;
    let field = |name: &str| request.option(name).unwrap_or_default();
    let client_id = field("client_id");
    if client_id.parse::<Uuid>().is_err() {
        return Err(OAuthError::new("unauthorized_client", 700_016, texts::CLIENT_MALFORMED));
    }
    let client = match Client::find(tenant, &client_id) {
        Ok(client) => client,
        // A client that is switched off is still one that a browser may be sent back to.
        Err(error) if error.number() == 700_016 => return Err(error),
        Err(error) => return sent_back(tenant, request, Err(error)),
    };
    let redirect_uri = field("redirect_uri");
    let platform = client.platform(&redirect_uri);
    let platform = platform.ok_or_else(|| OAuthError::new("invalid_request", 50011, texts::REDIRECT_MISMATCH))?;
    let account = match accounts::choose(tenant, request) {
        Ok(Chosen::Account(account)) => account,
        Ok(Chosen::Ask(page)) => return Ok(AuthorityAnswer::Page(200, page)),
        Err(error) => return sent_back(tenant, request, Err(error)),
    };
    sent_back(tenant, request, decide(tenant, request, client_id, (platform, account)))
}

/// Sends the browser back with a code or an error: in the query, in the fragment, or by a form that posts itself.
fn sent_back(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    answer: Result<String, OAuthError>,
) -> Result<AuthorityAnswer, OAuthError> {
    let field = |name: &str| request.option(name).unwrap_or_default();
    let redirect_uri = field("redirect_uri");
    let mismatch = |_| OAuthError::new("invalid_request", 50011, texts::REDIRECT_MISMATCH);
    let mut address = Url::parse(&redirect_uri).map_err(mismatch)?;
    let fields = answered(tenant, request, answer, field("state"));
    Ok(match field("response_mode").as_str() {
        "form_post" => AuthorityAnswer::Page(200, form_post(&redirect_uri, &fields)),
        "fragment" => {
            let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            address.set_fragment(Some(&fields));
            AuthorityAnswer::Redirect(address.into())
        }
        _ => {
            address.query_pairs_mut().extend_pairs(&fields);
            AuthorityAnswer::Redirect(address.into())
        }
    })
}

/// A code, or the error that goes back in its place.
fn decide(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    client_id: String,
    (platform, account): (Platform, Option<String>),
) -> Result<String, OAuthError> {
    let field = |name: &str| request.option(name).unwrap_or_default();
    if field("response_type") != "code" {
        return Err(OAuthError::new("unsupported_response_type", 700_054, texts::RESPONSE_TYPE));
    }
    // The older form of the endpoint names a resource, and asks for all that was consented to there.
    let is_v2 = request.segments.get(2).is_some_and(|part| part == "v2.0");
    let scope = if is_v2 {
        field("scope")
    } else {
        format!("{}/.default openid profile offline_access", field("resource").trim_end_matches('/'))
            .trim_start_matches('/')
            .to_owned()
    };
    if scope.is_empty() {
        let message = texts::PARAMETER_MISSING.with(&[("parameter", "scope")]);
        return Err(OAuthError::new("invalid_request", 900_144, message));
    }
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
        redirect_uri: field("redirect_uri"),
        platform,
        scope,
        nonce: request.option("nonce"),
        claims: request.option("claims"),
        challenge,
        account,
        ends: tenant.settings().clock.now() + CODE_VALIDITY,
        is_used: false,
    };
    tenant.codes().keep(text.clone(), code, tenant.settings().clock.now());
    Ok(text)
}

/// What the browser carries back.
fn answered(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    answer: Result<String, OAuthError>,
    state: String,
) -> Vec<(&'static str, String)> {
    let is_foreign = tenant.sign_in_troubles().take(&[SignInTrouble::ForeignState]).is_some();
    let state = if is_foreign { Uuid::new_v4().to_string() } else { state };
    let mut fields = match answer {
        Ok(code) => vec![("code", code)],
        Err(error) => {
            let body = error.to_json(tenant, request);
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

/// What a code was asked for, which can be had once, by the client that has its verifier.
pub(super) fn redeem(asked: Asked<'_>, code: &str, redirect_uri: &str) -> Result<Wanted, OAuthError> {
    let (tenant, client_id, verifier) = (asked.tenant, asked.field("client_id"), asked.field("code_verifier"));
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
    check_origin(asked.request, known.platform)?;
    known.is_used = true;
    Ok(Wanted {
        is_public: Some(known.platform != Platform::Web),
        account: known.account.clone(),
        scope: known.scope.clone(),
        nonce: known.nonce.clone(),
        claims: known.claims.clone(),
    })
}

/// A web page redeems codes of single-page applications, and nothing else does.
fn check_origin(request: &AuthorityRequest, platform: Platform) -> Result<(), OAuthError> {
    match (request.origin.is_some(), platform == Platform::SinglePage) {
        (true, false) => Err(OAuthError::new("invalid_request", 9_002_326, texts::CROSS_ORIGIN)),
        (false, true) => Err(OAuthError::new("invalid_request", 9_002_327, texts::NOT_CROSS_ORIGIN)),
        _ => Ok(()),
    }
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
}
