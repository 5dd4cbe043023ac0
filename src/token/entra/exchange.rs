//! The hands of `oauth2`: its requests go through this crate's pipeline, and no secret goes through its types.
//!
//! The types of `oauth2` hide secrets from `Debug` and leave them in memory afterwards; one of its errors even carries a
//! whole answer. So it works with placeholders: real values are put into a request on its way out, and taken out of an
//! answer on its way in, and live in types that are wiped.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use oauth2::{
    AsyncHttpClient, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError, TokenResponse, basic::BasicTokenResponse,
    basic::BasicTokenType, http,
};
use secrecy::{
    ExposeSecret, SecretString,
    zeroize::{Zeroize, Zeroizing},
};
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};
use url::{Url, form_urlencoded};

use super::refusal::{failed, refused, unreadable};
use crate::{
    call::Call,
    error::{SignInRefusal, TokenError, TokenFailure},
    http::{Answer, HttpError, Method, Pipeline, Request},
    token::AccessToken,
};

/// What `oauth2` sees in the place of every secret.
pub(super) const PLACEHOLDER: &str = "kept-apart";

/// Answers that are never wanted: nothing is stored, and nobody reads them.
const UNWANTED: [&str; 3] = ["refresh_token", "id_token", "client_info"];

/// One conversation with the sign-in service.
pub(super) struct Exchange<'a> {
    pipeline: &'a Pipeline,
    repeatable: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is put into the form of each request.
    fields: Vec<(&'static str, SecretString)>,
    access_token: Option<SecretString>,
    refusal: Option<SignInRefusal>,
    failure: Option<TokenError>,
}

/// There was no answer; why is kept in the exchange.
#[derive(Debug)]
pub(super) struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("there was no answer")
    }
}

impl Error for Unanswered {}

impl<'a> Exchange<'a> {
    /// `repeatable` tells whether asking twice has the effect of once.
    pub(super) fn new(pipeline: &'a Pipeline, repeatable: bool) -> Self {
        Self {
            pipeline,
            repeatable,
            state: Mutex::default(),
        }
    }

    /// Puts this value into every request.
    pub(super) fn with_field(self, name: &'static str, value: SecretString) -> Self {
        self.state().fields.push((name, value));
        self
    }

    /// The token in `oauth2`'s result.
    pub(super) fn token<E: ErrorResponse + 'static>(
        &self,
        result: Result<BasicTokenResponse, RequestTokenError<Unanswered, E>>,
        now: OffsetDateTime,
    ) -> Result<AccessToken, TokenError> {
        let response = self.conclude(result)?;
        let is_bearer = matches!(response.token_type(), BasicTokenType::Bearer);
        let text = self
            .state()
            .access_token
            .take()
            .filter(|text| is_bearer && !text.expose_secret().is_empty());
        let text = text.ok_or_else(|| garbage("it has no bearer token"))?;
        let mut token = AccessToken::new(text.expose_secret());
        if let Some(lifetime) = response.expires_in() {
            let lifetime = Duration::try_from(lifetime).unwrap_or(Duration::MAX);
            token = token.expiring_on(now.saturating_add(lifetime));
        }
        if let Some(scopes) = response.scopes() {
            let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            token = token.granting(&names.join(" "));
        }
        Ok(token)
    }

    /// Turns `oauth2`'s result into ours. Its errors are dropped here: they may quote an answer.
    pub(super) fn conclude<T, E: ErrorResponse + 'static>(
        &self,
        result: Result<T, RequestTokenError<Unanswered, E>>,
    ) -> Result<T, TokenError> {
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let mut state = self.state();
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        match (state.refusal.take(), error) {
            (Some(refusal), RequestTokenError::ServerResponse(_)) => Err(refused(refusal)),
            _ => Err(garbage("it is not what a sign-in service answers")),
        }
    }

    /// The same conversation, going on with requests that must not be sent twice.
    pub(super) fn not_repeatable(self) -> Self {
        Self { repeatable: false, ..self }
    }

    /// What was said and what went wrong last, for whoever stops waiting.
    pub(super) fn into_last(self) -> (Option<SignInRefusal>, Option<TokenError>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (state.refusal, state.failure)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, asked: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let Ok(url) = Url::parse(&asked.uri().to_string()) else {
            return Err(Unanswered);
        };
        let form = self.completed(&asked.into_body());
        let mut request = Request::new(Method::Post, url).with_form(form);
        if self.repeatable {
            request = request.repeatable();
        }
        let sent = self.pipeline.send(Call::quiet(), &request, None, |_| None).await;
        match sent {
            Ok(answer) => self.received(&answer),
            Err(error) => {
                let is_lasting = !matches!(error, HttpError::Unreachable(_));
                self.fail(failed(error), is_lasting)
            }
        }
    }

    /// The form with its real values. What is not in it is added.
    fn completed(&self, form: &[u8]) -> Zeroizing<Vec<u8>> {
        let state = self.state();
        let secret = |name: &str| state.fields.iter().find(|(known, _)| *known == name);
        // Room for every byte in its longest form, so that growing leaves no copies behind.
        let values: usize = state
            .fields
            .iter()
            .map(|(name, value)| name.len() + 3 * value.expose_secret().len() + 2)
            .sum();
        let mut writer = form_urlencoded::Serializer::new(String::with_capacity(3 * form.len() + values));
        for (name, value) in form_urlencoded::parse(form) {
            if secret(&name).is_none() {
                writer.append_pair(&name, &value);
            }
        }
        for (name, value) in &state.fields {
            writer.append_pair(name, value.expose_secret());
        }
        Zeroizing::new(writer.finish().into_bytes())
    }

    fn received(&self, answer: &Answer) -> Result<HttpResponse, Unanswered> {
        let Ok(mut body) = answer.json::<Map<String, Value>>() else {
            // A whole answer that makes no sense stays so; a gateway in trouble does not.
            let is_lasting = !matches!(answer.status(), 408 | 429 | 500..=599);
            let error = match answer.json::<Map<String, Value>>() {
                Err(error) if answer.is_success() => failed(HttpError::Unexpected(error)),
                _ => unreadable(answer),
            };
            return self.fail(error, is_lasting);
        };
        let mut state = self.state();
        state.failure = None;
        if answer.is_success() {
            if let Some(token) = taken(&mut body, "access_token") {
                state.access_token = Some(token);
            }
            if let Some(code) = taken(&mut body, "device_code") {
                state.fields.push(("device_code", code));
            }
            if body.contains_key("verification_uri") {
                // The older name for the same, which oauth2 takes for a repetition.
                body.remove("verification_url");
            }
            for name in UNWANTED {
                if let Some(Value::String(mut text)) = body.remove(name) {
                    text.zeroize();
                }
            }
        } else {
            state.refusal = SignInRefusal::read(&Value::Object(body.clone()));
            if state.refusal.is_none() {
                state.failure = Some(unreadable(answer));
            }
        }
        drop(state);
        let status = if answer.is_success() { 200 } else { answer.status() };
        response(status, Value::Object(body).to_string().into_bytes())
    }

    /// Keeps the failure. One that will not pass ends a conversation that would otherwise be tried again and again.
    fn fail(&self, error: TokenError, is_lasting: bool) -> Result<HttpResponse, Unanswered> {
        self.state().failure = Some(error);
        if is_lasting {
            response(200, b"{}".to_vec())
        } else {
            Err(Unanswered)
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Takes a secret out of an answer and leaves a placeholder.
fn taken(body: &mut Map<String, Value>, name: &str) -> Option<SecretString> {
    let value = body.get_mut(name)?;
    let Value::String(text) = value else { return None };
    let secret = SecretString::from(text.as_str());
    text.zeroize();
    *value = Value::String(PLACEHOLDER.to_owned());
    Some(secret)
}

fn response(status: u16, body: Vec<u8>) -> Result<HttpResponse, Unanswered> {
    let builder = http::Response::builder().status(status).header("content-type", "application/json");
    builder.body(body).map_err(|_| Unanswered)
}

fn garbage(problem: &str) -> TokenError {
    TokenError::new(
        TokenFailure::UnexpectedAnswer,
        format!("the sign-in service's answer cannot be used: {problem}"),
        "Something between this machine and the sign-in service may have answered in its place. Check proxy and authority.",
    )
}
