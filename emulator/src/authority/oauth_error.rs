//! An OAuth error with Microsoft's additions.

use serde_json::{Value, json};
use time::macros::format_description;
use uuid::Uuid;

use crate::{
    EmulatedTenant,
    texts::{self, Message},
};

/// A refusal of the authority.
#[derive(Debug, Clone)]
pub(super) struct OAuthError {
    error: &'static str,
    number: u32,
    message: Message,
}

impl OAuthError {
    /// `number` is the one of `AADSTS`.
    pub(super) fn new(error: &'static str, number: u32, message: impl Into<Message>) -> Self {
        Self {
            error,
            number,
            message: message.into(),
        }
    }

    /// Conditional Access says no. When the browser comes back, the error has another name than at the token endpoint.
    pub(super) fn blocked(error: &'static str) -> Self {
        Self::new(error, 53003, texts::BLOCKED_BY_CONDITIONAL_ACCESS)
    }

    pub(super) fn other_cloud() -> Self {
        Self::new("invalid_request", 900_439, texts::OTHER_CLOUD)
    }

    pub(super) const fn name(&self) -> &'static str {
        self.error
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn status(&self) -> u16 {
        if self.error == "invalid_client" { 401 } else { 400 }
    }

    pub(super) fn to_json(&self, tenant: &EmulatedTenant) -> Value {
        let now = tenant.settings().clock.now();
        let timestamp = now
            .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z"))
            .unwrap_or_default();
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}", self.number, self.message.as_str()
            ),
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        })
    }
}
