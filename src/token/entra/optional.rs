//! Scopes that a sign-in offers, and goes without if consent to them is refused.

use std::future::Future;

use crate::{
    error::{TokenError, TokenFailure},
    token::{AccessToken, TokenRequest},
};

/// The numbers of refusals that are about consent: none was given, an administrator has to give it, Microsoft's own
/// application may not ask for it, or the person declined.
const ABOUT_CONSENT: &[u32] = &[65001, 65002, 65004, 90094, 90095];

/// Signs in with the optional scopes, and once more without them if consent was refused.
///
/// Which of the scopes was refused the answer does not say, so the second sign-in asks for what the job cannot do
/// without. If that is refused, too, its refusal counts.
pub(super) async fn with_optional_scopes<F, R>(request: &TokenRequest, sign_in: F) -> Result<AccessToken, TokenError>
where
    F: Fn(TokenRequest) -> R,
    R: Future<Output = Result<AccessToken, TokenError>>,
{
    let mut least = request.clone();
    let offered = std::mem::take(&mut least.optional_scopes);
    if offered.is_empty() {
        return sign_in(least).await;
    }
    let mut wide = least.clone();
    wide.scopes.extend(offered);
    match sign_in(wide).await {
        Err(error) if is_about_consent(&error) => sign_in(least).await,
        other => other,
    }
}

fn is_about_consent(error: &TokenError) -> bool {
    let has_code = |codes: &[u32]| codes.iter().any(|code| ABOUT_CONSENT.contains(code));
    error.failure() == TokenFailure::ConsentMissing || error.refusal().is_some_and(|refusal| has_code(&refusal.codes))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{error::SignInRefusal, token::entra::refusal::refused};

    async fn asked_for(error: &str, code: u32, is_granted_without: bool) -> (Vec<usize>, Result<AccessToken, TokenError>) {
        let asked = Mutex::new(Vec::new());
        let request = TokenRequest::new(["a/Needed"]).offering(["a/Offered"]);
        let answer = serde_json::json!({"error": error, "error_codes": [code]});
        let result = with_optional_scopes(&request, |request| {
            asked.lock().unwrap().push(request.scopes.len());
            let is_granted = is_granted_without && request.scopes.len() == 1;
            let refusal = SignInRefusal::read(&answer).unwrap();
            async move {
                if is_granted {
                    Ok(AccessToken::new("abc"))
                } else {
                    Err(refused(refusal))
                }
            }
        })
        .await;
        (asked.into_inner().unwrap(), result)
    }

    #[tokio::test]
    async fn a_refused_consent_costs_the_optional_scopes_and_not_the_sign_in() {
        for (error, code) in [
            ("consent_required", 65001),
            ("access_denied", 65004),
            ("invalid_grant", 65001),
            ("invalid_client", 65002),
            ("access_denied", 90094),
            ("interaction_required", 90095),
        ] {
            let (asked, token) = asked_for(error, code, true).await;
            assert!(token.is_ok() && asked == [2, 1], "{error} {code}: {asked:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_about_consent_ends_the_sign_in_at_once() {
        for (error, code) in [("access_denied", 53003), ("invalid_grant", 50126), ("access_denied", 1)] {
            let (asked, token) = asked_for(error, code, true).await;
            assert!(token.is_err() && asked == [2], "{error} {code}: {asked:?}");
        }
    }

    #[tokio::test]
    async fn a_person_is_asked_twice_at_most() {
        let (asked, token) = asked_for("access_denied", 65004, false).await;
        assert_eq!((asked, token.unwrap_err().failure()), (vec![2, 1], TokenFailure::Declined));
    }
}
