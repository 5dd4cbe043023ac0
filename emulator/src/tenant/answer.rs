//! How the tenant answers Microsoft Graph's requests.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    EmulatedTenant, RecordedRequest,
    access::Access,
    caller::read_token,
    graph::{self, Body, GraphAnswer, GraphRequest},
    object::Object,
    refusal::Refusal,
    texts,
};

/// Who sent a request: what its token says, and at which address the token may also be meant for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer<'a> {
    pub(crate) authorization: Option<&'a str>,
    pub(crate) own_address: Option<&'a str>,
}

impl EmulatedTenant {
    /// Answers one request to Microsoft Graph and records it.
    pub(crate) fn answer(&self, request: &GraphRequest, bearer: Bearer<'_>) -> Result<GraphAnswer, Refusal> {
        let result = if request.segments.first().is_some_and(|first| first == "$batch") {
            self.answer_batch(request, bearer)
        } else {
            self.answer_one(request, bearer)
        };
        self.record(RecordedRequest {
            method: request.method.clone(),
            path: request.shown_path(),
            status: result.as_ref().map_or_else(|refusal| refusal.status, GraphAnswer::status),
            is_batched: request.is_batched,
            client_request_id: request.client_request_id.clone(),
            body: request.json().cloned(),
        });
        result
    }

    /// A refusal as Microsoft Graph sends it.
    pub(crate) fn envelope(&self, refusal: &Refusal, request_id: &str, client_request_id: &str) -> Value {
        let now = self.settings().clock.now();
        let date = now.replace_nanosecond(0).unwrap_or(now);
        let date = date.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        refusal.to_json(json!({
            "date": date.trim_end_matches('Z'),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }))
    }

    fn answer_one(&self, request: &GraphRequest, bearer: Bearer<'_>) -> Result<GraphAnswer, Refusal> {
        let fault = self.take_fault(&request.name());
        if let Some(fault) = fault.filter(|fault| !fault.is_carried_out()) {
            return Err(fault.refusal());
        }
        // It is public, and so is that it is not here.
        if request.segments.first().is_some_and(|first| first == "$metadata") {
            return Err(Refusal::not_emulated(
                "'$metadata': a description of so little of Microsoft Graph would mislead",
            ));
        }
        let mut store = self.store();
        let Some(header) = bearer.authorization else {
            return Err(Refusal::token(texts::TOKEN_EMPTY));
        };
        let claims = claims_in_header(header)?;
        let now = self.settings().clock.now();
        let access = Access::of_claims(&claims, self.settings(), &store.users, now, bearer.own_address)?;
        let answered = graph::answer(&mut store, self.context(&access), request).map(|answer| answer.in_context(request));
        match fault {
            Some(fault) if answered.is_ok() => Err(fault.refusal()),
            _ => answered,
        }
    }

    fn answer_batch(&self, request: &GraphRequest, bearer: Bearer<'_>) -> Result<GraphAnswer, Refusal> {
        if bearer.authorization.is_none() {
            return Err(Refusal::token(texts::TOKEN_EMPTY));
        }
        if matches!(request.body, Body::Nothing | Body::Unreadable | Body::OfAnotherType) || request.method != "POST" {
            return Err(Refusal::bad_request(texts::BATCH_MALFORMED));
        }
        let client_request_id = request.client_request_id.clone().unwrap_or_default();
        let mut run = |item: &GraphRequest| match self.answer(item, bearer) {
            Ok(answer) => (answer.status(), json!({"Content-Type": "application/json"}), answer.into_json()),
            Err(refusal) => {
                let mut headers = json!({"Content-Type": "application/json"});
                if let Some(wait) = refusal.retry_after {
                    headers["Retry-After"] = json!(wait.as_secs().to_string());
                }
                let body = self.envelope(&refusal, &Uuid::new_v4().to_string(), &client_request_id);
                (refusal.status, headers, body)
            }
        };
        graph::run_batch(request, &mut run).map(GraphAnswer::Found)
    }
}

fn claims_in_header(header: &str) -> Result<Object, Refusal> {
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Refusal::token(texts::TOKEN_EMPTY));
    }
    read_token(token.trim()).ok_or_else(|| Refusal::token(texts::TOKEN_MALFORMED))
}
