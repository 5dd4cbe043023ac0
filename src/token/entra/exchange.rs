//! Form posts to the sign-in service, and what it answers.
//!
//! A form is built in one piece and wiped after it was sent. Of an answer only what is needed is read: an ID token that
//! this crate did not ask for never leaves the answer's own memory, which is wiped, too. A refresh token is kept only if the
//! person stays signed in ([`kept`](super::kept)).

use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use url::{Url, form_urlencoded};

use super::refusal::{failed, refused, unreadable};
use crate::{
    call::Call,
    error::{SignInRefusal, TokenError, TokenFailure},
    http::{HttpError, Method, Pipeline, Request},
    token::AccessToken,
};

/// Why a form post brought nothing.
pub(super) enum FormFailure {
    /// The service refused.
    Refused(SignInRefusal),
    /// There was no answer, or none that makes sense. The next one may be better.
    Passing(TokenError),
    /// The answer makes no sense, and the next one will not either.
    Lasting(TokenError),
}

impl From<FormFailure> for TokenError {
    fn from(why: FormFailure) -> Self {
        match why {
            FormFailure::Refused(refusal) => refused(refusal),
            FormFailure::Passing(error) | FormFailure::Lasting(error) => error,
        }
    }
}

/// Whether the pipeline may send a form again after it got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Allowed,
    /// A code is good for one redemption: a second one would be refused, and the answer to the first one lost.
    Never,
}

/// Sends a form and reads the answer to it.
pub(super) async fn post<T: DeserializeOwned>(
    pipeline: &Pipeline,
    url: &Url,
    form: &[(&str, &str)],
    repeat: Repeat,
) -> Result<T, FormFailure> {
    let mut request = Request::new(Method::Post, url.clone()).with_form(encoded(form));
    if repeat == Repeat::Allowed {
        request = request.repeatable();
    }
    let sent = pipeline.send(Call::quiet(), &request, None, |_| None).await;
    let answer = sent.map_err(|error| match error {
        HttpError::Unreachable(_) => FormFailure::Passing(failed(error)),
        _ => FormFailure::Lasting(failed(error)),
    })?;
    if answer.is_success() {
        return answer
            .json()
            .map_err(|error| FormFailure::Lasting(failed(HttpError::Unexpected(error))));
    }
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    Err(match body.as_ref().and_then(SignInRefusal::read) {
        Some(refusal) => FormFailure::Refused(refusal),
        // A gateway in trouble recovers.
        None if matches!(answer.status(), 408 | 429 | 500..=599) => FormFailure::Passing(unreadable(&answer)),
        None => FormFailure::Lasting(unreadable(&answer)),
    })
}

fn encoded(form: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    // Room for every byte in its longest form, so that growing leaves no copies behind.
    let room = form.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut writer = form_urlencoded::Serializer::new(String::with_capacity(room));
    writer.extend_pairs(form);
    Zeroizing::new(writer.finish().into_bytes())
}

/// The answer with a token in it.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    #[serde(deserialize_with = "wiped")]
    access_token: Zeroizing<String>,
    token_type: String,
    /// A number of seconds; older endpoints write it as a text.
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default, deserialize_with = "wiped_if_given")]
    refresh_token: Option<Zeroizing<String>>,
}

impl TokenAnswer {
    /// What came beside the token, if a refresh token was asked for.
    pub(super) fn refresh_token(&self) -> Option<&str> {
        self.refresh_token
            .as_ref()
            .map(|token| token.as_str())
            .filter(|token| !token.is_empty())
    }

    /// The token, if it is one that can be sent.
    pub(super) fn token(&self, now: OffsetDateTime) -> Result<AccessToken, TokenError> {
        let is_bearer = self.token_type.eq_ignore_ascii_case("bearer");
        if !is_bearer || self.access_token.trim().is_empty() {
            return Err(unusable("it has no bearer token"));
        }
        let mut token = AccessToken::new(self.access_token.as_str());
        if let Some(lifetime) = seconds(&self.expires_in) {
            let lifetime = Duration::seconds(i64::try_from(lifetime).unwrap_or(i64::MAX));
            token = token.expiring_on(now.saturating_add(lifetime));
        }
        if let Some(scope) = &self.scope {
            token = token.granting(scope);
        }
        Ok(token)
    }
}

pub(super) fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Reads a text that is wiped on drop.
pub(super) fn wiped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

fn wiped_if_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Zeroizing::new))
}

pub(super) fn unusable(problem: &str) -> TokenError {
    TokenError::new(
        TokenFailure::UnexpectedAnswer,
        format!("the sign-in service's answer cannot be used: {problem}"),
        "Something between this machine and the sign-in service may have answered in its place. Check proxy and authority, then sign in again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-23 12:00 UTC);

    fn token(change: Value) -> Result<AccessToken, TokenError> {
        let mut answer = json!({"access_token": "abc", "token_type": "Bearer", "expires_in": 3599});
        answer.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value::<TokenAnswer>(answer).unwrap().token(NOW)
    }

    #[test]
    fn a_token_has_its_end_and_what_it_grants() {
        let given = token(json!({"scope": "User.Read openid", "refresh_token": "x"})).unwrap();
        assert_eq!(given.expose(), "abc");
        assert_eq!(given.expires_on(), Some(NOW + Duration::seconds(3599)));
        assert_eq!(given.granted_scopes().unwrap(), ["User.Read", "openid"]);
        let end = |expires_in: Value| {
            token(json!({"token_type": "bearer", "expires_in": expires_in}))
                .unwrap()
                .expires_on()
        };
        assert_eq!(end(json!("60")), Some(NOW + Duration::seconds(60)));
        assert!(end(json!(u64::MAX)) > Some(NOW));
        for unknown in [json!(null), json!(-1), json!("soon")] {
            assert_eq!(end(unknown), None);
        }
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_not_taken() {
        for answer in [
            json!({"access_token": ""}),
            json!({"access_token": " "}),
            json!({"token_type": "mac"}),
        ] {
            assert_eq!(token(answer).unwrap_err().failure(), TokenFailure::UnexpectedAnswer);
        }
    }

    #[test]
    fn a_form_keeps_every_character() {
        let form = [("client_secret", "a~b+c&d=e %é"), ("scope", "openid x")];
        let bytes = encoded(&form);
        let read: Vec<_> = form_urlencoded::parse(&bytes).into_owned().collect();
        assert_eq!(read, form.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
