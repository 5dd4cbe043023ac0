//! What any [`TokenProvider`] must do: give a token that is usable now, to many callers at once and after a
//! dropped call.

use std::future::poll_fn;

use futures_util::future::join_all;

use super::violation::{Check, ContractViolation};
use crate::{
    clock::{Clock, SystemClock},
    token::{AccessToken, TokenProvider, TokenRequest},
};

type Checked = Result<(), ContractViolation>;

/// How many callers ask at once.
const AT_ONCE: usize = 8;

pub(super) async fn all(provider: &dyn TokenProvider, request: &TokenRequest) -> Checked {
    let token = a_token_can_be_sent_and_is_valid_now(provider, request).await?;
    a_token_is_for_the_tenant_and_the_scopes_that_were_asked_for(&token, request)?;
    a_token_can_be_had_again(provider, request).await?;
    many_callers_at_once_all_get_a_token(provider, request).await?;
    a_call_that_was_dropped_hinders_no_other(provider, request).await?;
    a_refused_token_is_not_given_again(provider, request, &token).await?;
    debug_output_shows_no_token(provider, &token)
}

async fn a_token_can_be_sent_and_is_valid_now(
    provider: &dyn TokenProvider,
    request: &TokenRequest,
) -> Result<AccessToken, ContractViolation> {
    let check = Check("a_token_can_be_sent_and_is_valid_now");
    let token = provider.token(request).await.map_err(check.failed("a first token"))?;
    usable(check, &token)?;
    Ok(token)
}

fn usable(check: Check, token: &AccessToken) -> Checked {
    let text = token.expose();
    let is_text = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    check.holds(is_text, "the text of a token, without blanks and line breaks", token)?;
    let is_valid = token.expires_on().is_none_or(|end| end > SystemClock.now());
    check.holds(is_valid, "a token that has not expired", token)
}

fn a_token_is_for_the_tenant_and_the_scopes_that_were_asked_for(token: &AccessToken, request: &TokenRequest) -> Checked {
    let check = Check("a_token_is_for_the_tenant_and_the_scopes_that_were_asked_for");
    let claims = token.claims();
    let named = claims.as_ref().and_then(|claims| claims.tenant_id);
    let is_tenant = named.is_none() || request.tenant.is_none() || named == request.tenant;
    check.holds(is_tenant, "a token for the tenant that was asked for", named)?;
    let claimed = claims.map(|claims| claims.scopes).filter(|scopes| !scopes.is_empty());
    // Only a token that says what it grants can be compared.
    let Some(granted) = token.granted_scopes().map(<[String]>::to_vec).or(claimed) else {
        return Ok(());
    };
    let missing: Vec<&String> = request.scopes.iter().filter(|scope| !is_granted(scope, &granted)).collect();
    check.holds(missing.is_empty(), "a token with the scopes that were asked for", missing)
}

/// `.default` stands for what an administrator has configured, and those of `OpenID` are never in an access token.
fn is_granted(scope: &str, granted: &[String]) -> bool {
    let short = scope.rsplit('/').next().unwrap_or(scope);
    let is_not_told = [".default", "openid", "profile", "email", "offline_access"].contains(&short);
    is_not_told || granted.iter().any(|name| name.eq_ignore_ascii_case(short))
}

async fn a_token_can_be_had_again(provider: &dyn TokenProvider, request: &TokenRequest) -> Checked {
    let check = Check("a_token_can_be_had_again");
    let again = provider.token(request).await.map_err(check.failed("a second token"))?;
    usable(check, &again)
}

async fn many_callers_at_once_all_get_a_token(provider: &dyn TokenProvider, request: &TokenRequest) -> Checked {
    let check = Check("many_callers_at_once_all_get_a_token");
    for token in join_all((0..AT_ONCE).map(|_| provider.token(request))).await {
        usable(check, &token.map_err(check.failed("a token for each of eight callers"))?)?;
    }
    Ok(())
}

async fn a_call_that_was_dropped_hinders_no_other(provider: &dyn TokenProvider, request: &TokenRequest) -> Checked {
    let check = Check("a_call_that_was_dropped_hinders_no_other");
    let mut begun = provider.token(request);
    // Begun, and given up at its first wait.
    let _ = poll_fn(|context| std::task::Poll::Ready(begun.as_mut().poll(context).is_ready())).await;
    drop(begun);
    let token = provider
        .token(request)
        .await
        .map_err(check.failed("a token after a call that was dropped"))?;
    usable(check, &token)
}

/// An error is as good as another token: some providers have only one.
async fn a_refused_token_is_not_given_again(provider: &dyn TokenProvider, request: &TokenRequest, refused: &AccessToken) -> Checked {
    let check = Check("a_refused_token_is_not_given_again");
    let renewed = provider.token(&request.clone().after_refusal_of(refused)).await;
    let is_same = renewed.is_ok_and(|token| token.is_same_as(refused));
    check.holds(!is_same, "another token than the refused one, or an error", "the refused token")
}

fn debug_output_shows_no_token(provider: &dyn TokenProvider, token: &AccessToken) -> Checked {
    let check = Check("debug_output_shows_no_token");
    let shown = format!("{provider:?}");
    // Not quoted in the violation, which goes to a log.
    check.holds(!shown.contains(token.expose()), "no token in what Debug prints", "the token's text")
}
