//! The device authorization grant: a code on one screen, a sign-in on another.

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::{AuthorityAnswer, AuthorityRequest, OAuthError, accounts, check_tenant, clients::Client, user_session::Wanted};
use crate::{
    EmulatedTenant,
    sign_ins::{SignIn, SignInTrouble},
    texts,
};

const VALIDITY: Duration = Duration::minutes(15);

/// Begins a sign-in.
pub(super) fn begin(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str) -> Result<Value, OAuthError> {
    check_tenant(tenant, named)?;
    let form = request.form();
    let client_id = form.get("client_id").cloned().unwrap_or_default();
    if client_id.is_empty() {
        let message = texts::PARAMETER_MISSING.with(&[("parameter", "client_id")]);
        return Err(OAuthError::new("invalid_request", 900_144, message));
    }
    // An unknown client is refused at once; one that is switched off when it asks for its token.
    if let Err(error) = Client::find(tenant, &client_id)
        && error.number() == 700_016
    {
        return Err(error);
    }
    let device_code = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let user_code: String = Uuid::new_v4().simple().to_string().to_ascii_uppercase().chars().take(9).collect();
    let scope = form.get("scope").or_else(|| form.get("resource")).cloned().unwrap_or_default();
    let sign_in = SignIn {
        user_code: user_code.clone(),
        client_id,
        scope,
        claims: form.get("claims").cloned(),
        ends: tenant.settings().clock.now() + VALIDITY,
        is_approved: false,
        account: None,
    };
    tenant.sign_ins().keep(device_code.clone(), sign_in, tenant.settings().clock.now());
    let page = format!("{}/devicelogin", request.address);
    Ok(json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "verification_url": page,
        "expires_in": VALIDITY.whole_seconds(),
        "interval": tenant.settings().device_code_interval.as_secs(),
        "message": format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."),
    }))
}

/// What an approved sign-in was begun for, which can be had once.
pub(super) fn finish(tenant: &EmulatedTenant, device_code: &str, client_id: &str) -> Result<Wanted, OAuthError> {
    let now = tenant.settings().clock.now();
    let mut sign_ins = tenant.sign_ins();
    let Some(sign_in) = sign_ins.0.get(device_code).filter(|sign_in| sign_in.client_id == client_id) else {
        return Err(OAuthError::new("bad_verification_code", 70018, texts::DEVICE_CODE_UNKNOWN));
    };
    if let Some(trouble) = tenant.sign_in_troubles().take(&TROUBLES) {
        return Err(error_of(trouble));
    }
    if sign_in.ends <= now {
        return Err(expired());
    }
    if !sign_in.is_approved {
        return Err(OAuthError::new("authorization_pending", 70016, texts::DEVICE_CODE_PENDING));
    }
    let wanted = Wanted {
        scope: sign_in.scope.clone(),
        nonce: None,
        claims: sign_in.claims.clone(),
        is_public: None,
        account: sign_in.account.clone(),
    };
    sign_ins.0.remove(device_code);
    Ok(wanted)
}

/// What a poll can be answered with, to order.
const TROUBLES: [SignInTrouble; 5] = [
    SignInTrouble::Declined,
    SignInTrouble::BlockedByConditionalAccess,
    SignInTrouble::OtherCloud,
    SignInTrouble::SlowDown,
    SignInTrouble::ExpiredCode,
];

fn error_of(trouble: SignInTrouble) -> OAuthError {
    match trouble {
        SignInTrouble::SlowDown => OAuthError::new("slow_down", 70016, texts::DEVICE_CODE_SLOW_DOWN),
        SignInTrouble::ExpiredCode => expired(),
        SignInTrouble::BlockedByConditionalAccess => OAuthError::blocked("interaction_required"),
        SignInTrouble::OtherCloud => OAuthError::other_cloud(),
        _ => OAuthError::new("authorization_declined", 70017, texts::DEVICE_CODE_DECLINED),
    }
}

fn expired() -> OAuthError {
    OAuthError::new("expired_token", 70020, texts::DEVICE_CODE_EXPIRED)
}

/// The page where a user enters the code. Opening it with the code approves it.
impl EmulatedTenant {
    /// Whether a request is a user's who has a code of this tenant to enter.
    pub(crate) fn awaits_device_code(&self, request: &AuthorityRequest) -> bool {
        let code = request.option("user_code").or_else(|| request.option("otc"));
        code.is_some_and(|code| self.sign_ins().awaits(&code))
    }
}

pub(super) fn page(tenant: &EmulatedTenant, request: &AuthorityRequest) -> AuthorityAnswer {
    let code = request.option("user_code").or_else(|| request.option("otc"));
    let account = request.option("account").filter(|account| !account.is_empty());
    let wrong = (404, "<p>That code didn't work. Check the code and try again.</p>".to_owned());
    let (status, text) = match code {
        None => (
            200,
            "<form>Enter the code: <input name=\"user_code\"> <button>Next</button></form>".to_owned(),
        ),
        Some(code) if account.is_none() && tenant.has_a_choice() => {
            if tenant.sign_ins().awaits(&code) {
                (
                    200,
                    accounts::choice(tenant, |account| {
                        accounts::link("/devicelogin", &[("user_code", &code), ("account", account)])
                    }),
                )
            } else {
                wrong
            }
        }
        Some(code) if tenant.approve_device_code_as(&code, account.as_deref()) => {
            (200, "<p>You have signed in. You may close this window.</p>".to_owned())
        }
        Some(_) => wrong,
    };
    AuthorityAnswer::Page(status, format!("<!doctype html><title>Emulator sign-in</title>{text}"))
}
