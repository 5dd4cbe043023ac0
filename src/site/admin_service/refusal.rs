//! What an error of an administration service means, and what to do about it.
//!
//! [`refused`] is for an answer that is not a success, [`failed`] for a call without a usable answer. Error bodies are read
//! leniently: the code in them is often another one than the status, and the text is the SMS Provider's own. That text
//! is shown, cut to a length that people read.

use serde_json::Value;

use crate::{
    error::{Diagnostic, SiteError, SiteRefusalReason, SiteRefused, SiteTrouble, SiteUnreachable},
    http::{Advice, Answer, HttpError, NotPinned},
};

/// Longer texts of a provider are cut. They may hold a whole stack.
const LONGEST_TEXT: usize = 600;

/// How deep errors are nested at most.
const MOST_INNER_ERRORS: usize = 8;

/// A provider that says why it failed says the same again: another attempt is of no use.
pub(super) fn advice(answer: &Answer) -> Option<Advice> {
    (answer.status() == 500 && provider_text(answer.body()).is_some()).then_some(Advice::Final)
}

/// The error of an answer that is not a success.
pub(super) fn refused(answer: &Answer, class: &str, is_negotiated: bool) -> SiteError {
    let text = provider_text(answer.body());
    if text.is_none() && answer.is_html() && !matches!(answer.status(), 401 | 403) {
        let problem = format!("it has status {} and is a web page", answer.status());
        return failed(HttpError::Unexpected(answer.unexpected(problem)));
    }
    let (reason, help) = meaning(answer.status(), is_negotiated);
    let message = text.unwrap_or_else(|| format!("status {} and nothing more", answer.status()));
    SiteRefused::new(format!("read {class}"), message, help)
        .because(reason)
        .with_trace(answer.trace().clone())
        .into()
}

/// The error of a call without a usable answer.
pub(super) fn failed(error: HttpError) -> SiteError {
    let trace = error.trace().cloned().unwrap_or_default();
    match error {
        HttpError::Authorization(error) => error.into(),
        HttpError::Unreachable(error) => match NotPinned::behind(&error) {
            Some(refusal) => {
                let help = "Nothing was sent. Compare the fingerprint with that of the certificate that is bound to port 443 on the SMS Provider (`netsh http show sslcert`): if the site has a new certificate, pin that one; if it does not, another server answers in its place.";
                SiteUnreachable::new(format!("{} is not known by its certificate", error.host()), help)
                    .of_kind(SiteTrouble::CertificateNotPinned)
                    .with_trace(trace)
                    .with_source(refusal)
                    .into()
            }
            None => {
                let help = format!(
                    "Check that this machine may open HTTPS connections to {} on port 443 and that the SMS Provider role is installed there. If the site signs its own certificate, pin it (`HttpOptions::pinned_certificate`) or trust its root (`HttpOptions::trusted_root_pem`; on the command line --trusted-root FILE): certificates are never ignored.",
                    error.host()
                );
                SiteUnreachable::new("the administration service was not reached", help)
                    .with_trace(trace)
                    .with_source(error)
                    .into()
            }
        },
        HttpError::Unexpected(error) => SiteUnreachable::new("the administration service's answer cannot be used", error.help())
            .of_kind(SiteTrouble::UnusableAnswer)
            .with_trace(trace)
            .with_source(error)
            .into(),
        HttpError::Redirected { to, trace } => {
            let to = to.unwrap_or_else(|| "somewhere else".to_owned());
            let help =
                "Give the address of the administration service itself: redirects are not followed, because the sign-in goes with them.";
            SiteUnreachable::new(format!("the administration service redirects to {to} ({trace})"), help)
                .of_kind(SiteTrouble::UnusableAnswer)
                .with_trace(trace)
                .into()
        }
    }
}

const fn meaning(status: u16, is_negotiated: bool) -> (SiteRefusalReason, &'static str) {
    match status {
        401 if is_negotiated => (
            SiteRefusalReason::NotSignedIn,
            "Version 2509 and later take Kerberos and refuse NTLM: name the SMS Provider by its full host name, check its service principal name (`setspn -Q HTTP/{name}`), and log on with an account of a trusted domain. SMS_REST_PROVIDER.log on the provider says which it was.",
        ),
        401 => (
            SiteRefusalReason::NotSignedIn,
            "The gateway takes a person's access token of version 1 whose audience is, to the letter, the App ID URI of a server app that the site knows, from that app's tenant. On the provider itself no token is taken: sign in by Kerberos (version 2509 and later refuse NTLM). The gateway's log says which it was (\"There is no appropriate token validator\").",
        ),
        403 => (
            SiteRefusalReason::RightsMissing,
            "Make the account an administrative user with the security role Infrastructure Administrator or Full Administrator and all scopes (console > Administration > Security > Administrative Users).",
        ),
        404 => (
            SiteRefusalReason::NotFound,
            "Check that the address is that of an SMS Provider, that the site is at version 2002 or later, and that the account may see Azure services (console > Administration > Security > Administrative Users).",
        ),
        429 => (
            SiteRefusalReason::Throttled,
            "Wait a minute: the service takes 200 requests a second from one address, and something else on this machine uses them up.",
        ),
        500 => (
            SiteRefusalReason::ProviderFailed,
            "The text is the SMS Provider's own. If it speaks of access or permission, the account needs the security role Infrastructure Administrator or Full Administrator (console > Administration > Security > Administrative Users); otherwise AdminService.log and SMSProv.log on the provider say more.",
        ),
        503 => (
            SiteRefusalReason::ProviderFailed,
            "The administration service is starting or stopped: check the component SMS_REST_PROVIDER (console > Monitoring > System Status > Component Status).",
        ),
        _ => (
            SiteRefusalReason::Other,
            "AdminService.log and SMS_REST_PROVIDER.log on the provider say more.",
        ),
    }
}

/// What a body says in words: the deepest message of an OData error, or a plain text.
fn provider_text(body: &[u8]) -> Option<String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => {
            let mut error = body
                .get("error")
                .or_else(|| body.get("Error"))
                .cloned()
                .unwrap_or(Value::Object(body));
            let mut text = None;
            for _ in 0..MOST_INNER_ERRORS {
                text = message(&error).or(text);
                let inner = ["innererror", "innerError", "internalexception", "InnerException"];
                let Some(inner) = inner.iter().find_map(|name| error.get(*name)) else {
                    break;
                };
                error = inner.clone();
            }
            text
        }
        Ok(Value::String(text)) => shown(&text),
        Ok(_) => None,
        Err(_) => {
            let text = std::str::from_utf8(body).ok()?;
            // What is cut off, or a web page, is not a text for people.
            (!text.trim_start().starts_with(['{', '[', '<'])).then(|| shown(text)).flatten()
        }
    }
}

fn message(error: &Value) -> Option<String> {
    let names = ["message", "Message", "ExceptionMessage", "error_description"];
    let found = names.iter().find_map(|name| error.get(*name))?;
    // Older OData writes {"lang": "en-US", "value": "..."}.
    shown(found.as_str().or_else(|| found.get("value")?.as_str())?)
}

fn shown(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .collect();
    let mut line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST_TEXT) {
        line.truncate(end);
        line.push_str("...");
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_providers_own_words_are_found_wherever_they_stand() {
        for (body, expected) in [
            (
                r#"{"error":{"code":"404","message":"A resource was not found."}}"#,
                Some("A resource was not found."),
            ),
            (r#"{"error":{"code":"","message":{"lang":"en","value":"No."}}}"#, Some("No.")),
            (
                r#"{"error":{"message":"An error has occurred.","innererror":{"message":"Access\r\n denied","type":"SmsException"}}}"#,
                Some("Access denied"),
            ),
            (
                r#"{"Message":"Authorization has been denied for this request."}"#,
                Some("Authorization has been denied for this request."),
            ),
            (r#""Quota""#, Some("Quota")),
            ("The service is unavailable.", Some("The service is unavailable.")),
            (r#"{"error":{"mess"#, None),
            ("<html>", None),
            ("", None),
            ("[]", None),
            ("\u{0}\u{1}", None),
        ] {
            assert_eq!(provider_text(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = provider_text("ü".repeat(10_000).as_bytes()).unwrap();
        assert_eq!(text.chars().count(), LONGEST_TEXT + 3);
    }

    proptest! {
        #[test]
        fn reading_any_body_never_panics(body: Vec<u8>, text in ".{0,200}") {
            let _ = provider_text(&body);
            let _ = provider_text(format!("{{\"error\":{{\"message\":{text:?}}}}}").as_bytes());
        }
    }
}
