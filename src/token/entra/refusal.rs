//! What a refusal of the sign-in service means.
//!
//! The OAuth `error` decides. The numbers behind `AADSTS` only explain, with two exceptions that cannot lead to more than
//! one try too few. `access_denied` stands for the person who says no and for the policy that does, and only the
//! number tells them apart: a number that is not known counts as a person's no, after which no person is asked again.
//! And a request that is wrong altogether is called the wrong tenant or cloud where the number says so; either ends the
//! attempt.

use serde_json::Value;

use crate::{
    error::{Diagnostic, SignInRefusal, TokenError, TokenFailure},
    http::{Answer, HttpError},
    token::{Explanation, error_codes, explain},
};

/// A policy forbids this way of signing in.
const BY_POLICY: &[u32] = &[50097, 50129, 50131, 53000, 53001, 53003, 530_032, 530_035];

const WRONG_TENANT: &[u32] = &[50020, 50034, 50059, 50128, 51004, 50014, 90002, 90019];

const WRONG_CLOUD: &[u32] = &[50049, 90038, 900_382, 900_432, 900_439, 1_000_104];

/// Longer texts are no ids.
const LONGEST_ID: usize = 64;

/// Claims beyond that are not handed on.
const LONGEST_CLAIMS: usize = 8 * 1024;

impl SignInRefusal {
    /// Reads an error answer, leniently. `None` where it has no OAuth `error`.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let error = answer.get("error")?.as_str()?;
        // A text from outside may stand here, and it goes to logs and screens.
        let is_code =
            (1..=LONGEST_ID).contains(&error.len()) && error.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        if !is_code {
            return None;
        }
        let codes = error_codes(answer);
        let id = |name: &str| {
            let text = answer.get(name)?.as_str()?.trim();
            let is_id =
                (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-: .".contains(&byte));
            is_id.then(|| text.to_owned())
        };
        let claims = answer
            .get("claims")
            .and_then(Value::as_str)
            .filter(|claims| claims.len() <= LONGEST_CLAIMS);
        Some(Self {
            error: error.to_owned(),
            explanation: explanation_of(&codes).map(|explanation| explanation.to_string()),
            codes,
            correlation_id: id("correlation_id"),
            trace_id: id("trace_id"),
            timestamp: id("timestamp"),
            claims: claims.map(str::to_owned),
        })
    }

    fn has_any(&self, codes: &[u32]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }
}

fn explanation_of(codes: &[u32]) -> Option<Explanation> {
    codes.iter().find_map(|code| explain(*code))
}

/// The error of a refusal.
pub(super) fn refused(refusal: SignInRefusal) -> TokenError {
    let failure = failure(&refusal);
    let explanation = explanation_of(&refusal.codes);
    let (message, help) = match explanation {
        Some(explanation) => (
            explanation.meaning.to_owned(),
            format!("{} ({})", explanation.remedy, explanation.who),
        ),
        None => {
            let (message, help) = general(failure);
            (message.to_owned(), help.to_owned())
        }
    };
    TokenError::new(failure, format!("{message} ({refusal})"), help).with_refusal(refusal)
}

fn failure(refusal: &SignInRefusal) -> TokenFailure {
    match refusal.error.as_str() {
        "interaction_required" | "login_required" => TokenFailure::Blocked,
        "access_denied" | "authorization_declined" if refusal.has_any(BY_POLICY) => TokenFailure::Blocked,
        "access_denied" | "authorization_declined" => TokenFailure::Declined,
        "expired_token" => TokenFailure::TimedOut,
        "consent_required" => TokenFailure::ConsentMissing,
        "invalid_client" => TokenFailure::BadCredentials,
        "unauthorized_client" => TokenFailure::ApplicationRefused,
        "invalid_tenant" => TokenFailure::WrongTenant,
        "server_error" | "temporarily_unavailable" => TokenFailure::Unreachable,
        _ if refusal.has_any(WRONG_CLOUD) => TokenFailure::WrongCloud,
        _ if refusal.has_any(WRONG_TENANT) => TokenFailure::WrongTenant,
        "invalid_grant" => TokenFailure::CodeRefused,
        _ => TokenFailure::Refused,
    }
}

/// What to say where no number is known.
const fn general(failure: TokenFailure) -> (&'static str, &'static str) {
    match failure {
        TokenFailure::Blocked => (
            "the tenant does not let this account sign in this way",
            "Sign in another way. If that is blocked, too, the correlation id finds the policy in the tenant's sign-in logs.",
        ),
        TokenFailure::Declined => (
            "the person at the sign-in page said no",
            "Sign in again and accept, if that was not meant.",
        ),
        TokenFailure::TimedOut => (
            "the sign-in was not finished before the code ran out",
            "Sign in again with a new code. If the sign-in page showed an error, the tenant may block device codes: sign in another way.",
        ),
        TokenFailure::ConsentMissing => (
            "the sign-in application lacks consent in this tenant",
            "Have an administrator consent to it (Entra admin center > Enterprise applications > Permissions), or sign in with another application.",
        ),
        TokenFailure::BadCredentials => (
            "the application's secret, certificate or assertion was not accepted",
            "Check the client id and the secret's Value, the certificate or the federated credential, and that it has not expired.",
        ),
        TokenFailure::ApplicationRefused => (
            "the sign-in application may not sign in this way",
            "Check client id, tenant and cloud, and that the application allows public client flows (Entra admin center > App registrations > Authentication).",
        ),
        TokenFailure::WrongTenant => ("the tenant was not found", "Check the tenant id, and the Azure environment."),
        TokenFailure::Unreachable => ("the sign-in service is in trouble for the moment", "Try again in a few minutes."),
        TokenFailure::CodeRefused => (
            "the sign-in service did not accept the code",
            "Sign in again; report it if it happens again.",
        ),
        _ => (
            "the sign-in service refused",
            "Look the error up by its correlation id in the tenant's sign-in logs.",
        ),
    }
}

/// The error of a request without a usable answer.
pub(super) fn failed(error: HttpError) -> TokenError {
    let (failure, help) = match &error {
        HttpError::Authorization(error) => return error.clone(),
        HttpError::Unreachable(error) => (TokenFailure::Unreachable, error.help().into_owned()),
        HttpError::Unexpected(error) => (TokenFailure::UnexpectedAnswer, error.help().into_owned()),
        HttpError::Redirected { .. } => (
            TokenFailure::UnexpectedAnswer,
            "Check proxy and authority, then repeat the run.".to_owned(),
        ),
    };
    let trace = error.trace().cloned().unwrap_or_default();
    let failed = match error {
        HttpError::Authorization(error) => error,
        HttpError::Unreachable(error) => TokenError::new(failure, "the sign-in service was not reached", help).with_source(error),
        HttpError::Unexpected(error) => TokenError::new(failure, "the sign-in service's answer cannot be used", help).with_source(error),
        HttpError::Redirected { to, trace } => {
            let to = to.as_deref().unwrap_or("somewhere else");
            TokenError::new(
                failure,
                format!("the sign-in service redirects to {to}, which is not followed ({trace})"),
                help,
            )
        }
    };
    failed.with_trace(trace)
}

/// The error of an answer that is neither a success nor an OAuth error.
pub(super) fn unreadable(answer: &Answer) -> TokenError {
    if matches!(answer.status(), 408 | 429 | 500..=599) {
        let (message, help) = general(TokenFailure::Unreachable);
        return TokenError::new(TokenFailure::Unreachable, format!("{message} ({})", answer.trace()), help)
            .with_trace(answer.trace().clone());
    }
    let what = if answer.is_html() {
        "a web page"
    } else {
        "no error of the sign-in service"
    };
    failed(HttpError::Unexpected(
        answer.unexpected(format!("it has status {} and {what}", answer.status())),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn error(answer: Value) -> TokenError {
        refused(SignInRefusal::read(&answer).unwrap())
    }

    #[test]
    fn the_oauth_error_decides_and_the_numbers_explain() {
        for (name, code, expected) in [
            ("interaction_required", 50076, TokenFailure::Blocked),
            ("access_denied", 65004, TokenFailure::Declined),
            ("access_denied", 53003, TokenFailure::Blocked),
            ("authorization_declined", 0, TokenFailure::Declined),
            ("expired_token", 70020, TokenFailure::TimedOut),
            ("consent_required", 65001, TokenFailure::ConsentMissing),
            ("invalid_client", 7_000_222, TokenFailure::BadCredentials),
            ("unauthorized_client", 700_016, TokenFailure::ApplicationRefused),
            ("invalid_grant", 501_481, TokenFailure::CodeRefused),
            ("invalid_grant", 53003, TokenFailure::CodeRefused),
            ("invalid_request", 900_439, TokenFailure::WrongCloud),
            ("invalid_request", 90002, TokenFailure::WrongTenant),
            ("invalid_request", 900_144, TokenFailure::Refused),
            ("something_new", 1, TokenFailure::Refused),
        ] {
            let error = error(json!({"error": name, "error_codes": [code]}));
            assert_eq!(error.failure(), expected, "{name} {code}");
            assert_eq!(explain(code).is_some(), error.refusal().unwrap().explanation.is_some());
            assert!(error.help().contains('.') && error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn what_support_asks_for_is_kept_and_the_free_text_is_not() {
        let error = error(json!({
            "error": "invalid_client", "error_codes": [7_000_215],
            "error_description": "AADSTS7000215: Invalid client secret provided: canary-7Q",
            "correlation_id": "c1f2", "trace_id": "t3", "timestamp": "2026-10-01 12:00:00Z", "claims": "{}",
        }));
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.correlation_id.as_deref(), Some("c1f2"));
        assert_eq!(refusal.timestamp.as_deref(), Some("2026-10-01 12:00:00Z"));
        assert_eq!(refusal.claims.as_deref(), Some("{}"));
        assert_eq!(
            error.to_string(),
            "the secret is wrong (invalid_client, AADSTS7000215, correlation id c1f2, trace id t3, 2026-10-01 12:00:00Z)"
        );
        assert!(!format!("{error:?}").contains("canary-7Q"));
    }

    #[test]
    fn what_is_no_oauth_error_is_not_taken_for_one() {
        for answer in [
            json!({}),
            json!({"error": {"code": "x"}}),
            json!({"error": "<script>"}),
            json!({"error": ""}),
            json!([]),
        ] {
            assert_eq!(SignInRefusal::read(&answer), None, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_answer_never_panics(error in ".{0,80}", text in ".{0,80}") {
            let answer = json!({"error": error, "error_description": text, "trace_id": text, "error_codes": text, "claims": text});
            let _ = SignInRefusal::read(&answer).map(refused);
        }
    }
}
