//! The one kind of "no" behind both faces.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{DirectoryError, RefusalReason, Refused, RefusedDetail, RequestTrace};

/// A refusal in Microsoft Graph's own words.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Vec<RefusedDetail>,
    pub(super) reason: RefusalReason,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>, reason: RefusalReason) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            reason,
            retry_after: None,
        }
    }

    pub(super) fn with_detail(mut self, code: &str, target: &str) -> Self {
        let detail = RefusedDetail::new(code, self.message.clone(), Some(target.to_owned()));
        self.details.push(detail);
        self
    }

    /// 400 without a more telling code, which is Microsoft Graph's habit.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message, RefusalReason::Other)
    }

    pub(super) fn invalid_value(property: &str, resource: &str) -> Self {
        Self::bad_request(format!(
            "Invalid value specified for property '{property}' of resource '{resource}'."
        ))
        .with_detail("InvalidValue", property)
    }

    pub(super) fn missing_value(property: &str, resource: &str) -> Self {
        Self::bad_request(format!("A value is required for property '{property}' of resource '{resource}'."))
    }

    pub(super) fn read_only(property: &str) -> Self {
        Self::bad_request(format!("Property '{property}' is read-only and cannot be set."))
    }

    /// Another object has the value already. Microsoft Graph says 400 here, not 409.
    pub(super) fn conflict(property: &str, reason: RefusalReason) -> Self {
        let message = format!("Another object with the same value for property {property} already exists.");
        Self::new(400, "Request_BadRequest", message, reason).with_detail("ObjectConflict", property)
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self::new(404, "Request_ResourceNotFound", missing_object(id), RefusalReason::NotFound)
    }

    /// The same text where the missing object is not the one addressed but one that the body names.
    pub(super) fn reference_not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            missing_object(id),
            RefusalReason::ReferenceNotFound,
        )
    }

    pub(super) fn permission_missing() -> Self {
        let message = "Insufficient privileges to complete the operation.";
        Self::new(403, "Authorization_RequestDenied", message, RefusalReason::PermissionMissing)
    }

    pub(super) fn token(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message, RefusalReason::TokenRejected)
    }

    pub(super) fn no_such_route(segment: &str) -> Self {
        let message = format!("Resource not found for the segment '{segment}'.");
        Self::new(404, "Request_ResourceNotFound", message, RefusalReason::NotFound)
    }

    /// Microsoft Graph offers it and the emulator does not: said plainly rather than answered wrongly.
    pub(super) fn not_emulated(what: &str) -> Self {
        Self::new(
            501,
            "notImplemented",
            format!("The emulator does not offer {what}."),
            RefusalReason::Other,
        )
    }

    pub(super) fn unsupported_query(message: &str) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message, RefusalReason::Other)
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

    pub(super) fn into_directory_error(self, mut trace: RequestTrace) -> DirectoryError {
        trace.status = Some(self.status);
        Refused::new(self.reason, self.code, self.message, trace)
            .with_details(self.details)
            .into()
    }
}

fn missing_object(id: &str) -> String {
    format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.")
}
