//! What was asked of the emulator, for tests that count or compare requests.

use std::collections::VecDeque;

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

/// The last requests, so that an emulator that runs for days does not grow.
#[derive(Debug, Default)]
pub(super) struct Record(VecDeque<RecordedRequest>);

impl Record {
    const MOST: usize = 10_000;
    /// Longer bodies are kept of so many requests only.
    const MOST_WITH_BODY: usize = 100;
    const LONGEST_OLD_BODY: usize = 16 * 1024;

    pub(super) fn push(&mut self, request: RecordedRequest) {
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(request);
        // Bodies may be of some megabytes.
        let old = self.0.len().checked_sub(Self::MOST_WITH_BODY + 1);
        let old = old.and_then(|position| self.0.get_mut(position));
        let is_long = |old: &&mut RecordedRequest| {
            old.body
                .as_ref()
                .is_some_and(|body| body.to_string().len() > Self::LONGEST_OLD_BODY)
        };
        if let Some(old) = old.filter(is_long) {
            old.body = None;
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn last(&self, most: usize) -> Vec<RecordedRequest> {
        self.0.iter().rev().take(most).cloned().collect()
    }

    pub(super) fn to_vec(&self) -> Vec<RecordedRequest> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_requests_are_kept() {
        let mut record = Record::default();
        for number in 0..Record::MOST + 5 {
            record.push(RecordedRequest {
                method: "GET".to_owned(),
                path: number.to_string(),
                status: 200,
                is_batched: false,
                client_request_id: None,
                body: None,
            });
        }
        let kept = record.to_vec();
        assert_eq!((kept.len(), kept[0].path.as_str()), (Record::MOST, "5"));
    }
}
