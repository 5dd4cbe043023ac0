//! The one kind of "no".

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::texts::{self, Message};

/// A refusal in Microsoft Graph's own words.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Vec<Detail>,
    pub(super) retry_after: Option<Duration>,
    /// The claims that a new token must have, as JSON: a claims challenge.
    pub(super) claims: Option<String>,
}

/// One entry of an error's `details`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Detail {
    code: String,
    message: String,
    pub(super) target: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<Message>) -> Self {
        Self {
            status,
            code,
            message: message.into().into_text(),
            details: Vec::new(),
            retry_after: None,
            claims: None,
        }
    }

    pub(super) fn with_detail(mut self, code: &str, target: &str) -> Self {
        self.details.push(Detail {
            code: code.to_owned(),
            message: self.message.clone(),
            target: target.to_owned(),
        });
        self
    }

    /// 400 without a more telling code, which is Microsoft Graph's habit.
    pub(super) fn bad_request(message: impl Into<Message>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    pub(super) fn invalid_value(property: &str, resource: &str) -> Self {
        let message = texts::INVALID_VALUE.with(&[("property", property), ("resource", resource)]);
        Self::bad_request(message).with_detail("InvalidValue", property)
    }

    pub(super) fn missing_value(property: &str, resource: &str) -> Self {
        Self::bad_request(texts::MISSING_VALUE.with(&[("property", property), ("resource", resource)]))
    }

    pub(super) fn read_only(property: &str) -> Self {
        Self::bad_request(texts::READ_ONLY.with(&[("property", property)]))
    }

    /// Another object has the value already. Microsoft Graph says 400 here, not 409.
    pub(super) fn conflict(property: &str) -> Self {
        let message = texts::CONFLICT.with(&[("property", property)]);
        Self::new(400, "Request_BadRequest", message).with_detail("ObjectConflict", property)
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self::new(404, "Request_ResourceNotFound", texts::NOT_FOUND.with(&[("id", id)]))
    }

    /// The same text where the missing object is not the one addressed but one that the body names.
    pub(super) fn reference_not_found(id: &str) -> Self {
        Self::new(404, "Request_ResourceNotFound", texts::NOT_FOUND.with(&[("id", id)]))
    }

    pub(super) fn permission_missing() -> Self {
        Self::new(403, "Authorization_RequestDenied", texts::PERMISSION_MISSING)
    }

    pub(super) fn token(message: impl Into<Message>) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// 401 with the claims that a new token must have.
    ///
    /// Source: *Claims challenges, claims requests and client capabilities*.
    pub(super) fn claims_challenge(message: impl Into<Message>, claims: &Value) -> Self {
        Self {
            claims: Some(claims.to_string()),
            ..Self::token(message)
        }
    }

    /// Whether Microsoft Graph has the segment is not known here, and 404 would be taken for an object that is not there.
    pub(super) fn no_such_route(segment: &str) -> Self {
        Self::not_emulated(&format!("the segment '{segment}' here"))
    }

    /// Microsoft Graph offers it and the emulator does not: said plainly rather than answered wrongly.
    pub(super) fn not_emulated(what: &str) -> Self {
        Self::new(501, "notImplemented", texts::NOT_EMULATED.with(&[("what", what)]))
    }

    pub(super) fn unsupported_query() -> Self {
        Self::new(400, "Request_UnsupportedQuery", texts::UNSUPPORTED_QUERY)
    }

    /// The error envelope's `error` object, without what belongs to one request.
    pub(super) fn to_json(&self, inner: Value) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.details.is_empty()
            && let Some(object) = error.as_object_mut()
        {
            let details = self.details.iter().filter_map(|detail| serde_json::to_value(detail).ok()).collect();
            object.insert("details".to_owned(), Value::Array(details));
        }
        error["innerError"] = inner;
        json!({"error": error})
    }
}
