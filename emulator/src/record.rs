//! What was asked of the emulator, for tests that count or compare requests.

use serde::Serialize;
use serde_json::Value;

/// One request as the emulator got it, in the order of the answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path with its query, both decoded.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Whether it was one item of a `$batch`.
    pub is_batched: bool,
    /// The `client-request-id` that the client gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The body of a request to Microsoft Graph. Requests for tokens carry secrets, and their bodies are not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}
