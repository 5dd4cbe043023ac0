//! [`RequestTrace`]: which request an answer or an error belongs to, for a support case.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One request as both sides know it. Microsoft's support asks for these ids and the date.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct RequestTrace {
    /// The HTTP method.
    pub method: String,
    /// The path, without host and query.
    pub path: String,
    /// The HTTP status of the last answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The id this crate gave to the call (`client-request-id`), the same for all its attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The id the service gave to the last attempt (`request-id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The service's own time of the last answer (`Date`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Whether the request writes, and an attempt before the last one may have been carried out: its answer was lost.
    #[serde(skip)]
    pub(crate) follows_lost_write: bool,
}

impl RequestTrace {
    /// Begins a trace.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for RequestTrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        if let Some(status) = self.status {
            write!(formatter, ", status {status}")?;
        }
        if let Some(id) = &self.request_id {
            write!(formatter, ", request-id {id}")?;
        }
        if let Some(id) = &self.client_request_id {
            write!(formatter, ", client-request-id {id}")?;
        }
        if let Some(date) = &self.date {
            write!(formatter, ", {date}")?;
        }
        if self.attempts > 1 {
            write!(formatter, ", {} attempts", self.attempts)?;
        }
        if self.follows_lost_write {
            formatter.write_str(", of which an earlier one may have been carried out")?;
        }
        Ok(())
    }
}
