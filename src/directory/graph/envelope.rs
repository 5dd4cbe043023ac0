//! Reads the error body of Microsoft Graph, leniently.
//!
//! The documented form is `{"error": {"code", "message", "details": [..], "innerError": {..}}}`. Seen beside it:
//! `message` as an object, `details` as a single object, `innererror` in small letters and nested, `odata.error`.

use serde_json::{Map, Value};

use crate::{error::RefusedDetail, text::excerpt};

/// More details than that explain nothing.
const MOST_DETAILS: usize = 32;

/// Inner errors are followed this deep.
const DEEPEST: usize = 8;

/// What an error body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) details: Vec<RefusedDetail>,
}

impl Envelope {
    /// `None` if the body is not an error of Microsoft Graph, but of a proxy or a portal.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let root: Value = serde_json::from_slice(body).ok()?;
        let error = root.get("error").or_else(|| root.get("odata.error"))?.as_object()?;
        let code = text(error.get("code")).unwrap_or_default();
        let message = text(error.get("message")).unwrap_or_default();
        if code.is_empty() && message.is_empty() {
            return None;
        }
        let mut details = Vec::new();
        match error.get("details") {
            Some(Value::Array(items)) => details.extend(items.iter().filter_map(Value::as_object).map(detail)),
            Some(Value::Object(item)) => details.push(detail(item)),
            _ => {}
        }
        // Some errors name what they are about at the top and have no details.
        if let Some(target) = text(error.get("target")) {
            details.push(RefusedDetail::new(code.clone(), message.clone(), Some(target)));
        }
        inner_errors(error, &mut details);
        details.truncate(MOST_DETAILS);
        Some(Self { code, message, details })
    }

    /// Whether code or details have this code.
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code == code || self.details.iter().any(|detail| detail.code == code)
    }

    /// Whether message or details contain this text, in any case. The fragment is in small letters.
    pub(super) fn says(&self, fragment: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(fragment);
        has(&self.message) || self.details.iter().any(|detail| has(&detail.message))
    }

    /// Whether a detail is about this property.
    pub(super) fn is_about(&self, property: &str) -> bool {
        let mut targets = self.details.iter().filter_map(|detail| detail.target.as_deref());
        targets.any(|target| target.eq_ignore_ascii_case(property))
    }
}

fn detail(item: &Map<String, Value>) -> RefusedDetail {
    RefusedDetail::new(
        text(item.get("code")).unwrap_or_default(),
        text(item.get("message")).unwrap_or_default(),
        text(item.get("target")),
    )
}

fn inner_errors(error: &Map<String, Value>, details: &mut Vec<RefusedDetail>) {
    let mut outer = error;
    for _ in 0..DEEPEST {
        let inner = outer.get("innerError").or_else(|| outer.get("innererror"));
        let Some(inner) = inner.and_then(Value::as_object) else { return };
        if inner.get("code").is_some() {
            details.push(detail(inner));
        }
        outer = inner;
    }
}

/// A text, or the text inside an object such as `{"lang": "en", "value": "..."}`.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(excerpt(text)),
        Value::Object(object) => {
            let inner = object.get("value").or_else(|| object.get("message"))?;
            inner.as_str().map(excerpt)
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::text::LONGEST_TEXT;

    fn read(body: &Value) -> Option<Envelope> {
        Envelope::read(body.to_string().as_bytes())
    }

    #[test]
    fn the_documented_form_is_read_with_its_details() {
        let envelope = read(&json!({"error": {
            "code": "Request_BadRequest", "message": "Another object exists.",
            "details": [{"code": "ObjectConflict", "message": "m", "target": "identifierUris"}],
            "innerError": {"date": "2026-10-01T12:00:00", "request-id": "x"},
        }}))
        .unwrap();
        assert_eq!(envelope.code, "Request_BadRequest");
        assert!(envelope.has_code("ObjectConflict") && envelope.is_about("identifierUris"));
        assert_eq!(envelope.details.len(), 1);
    }

    #[test]
    fn the_forms_seen_beside_it_are_read() {
        let envelope = read(&json!({"error": {
            "code": "A", "message": {"lang": "en", "value": "text"},
            "details": {"code": "B", "message": "m"},
            "innererror": {"innerError": {"code": "C", "message": "deep"}},
        }}))
        .unwrap();
        assert_eq!(envelope.message, "text");
        assert!(envelope.has_code("B") && envelope.has_code("C") && envelope.says("deep"));
        assert!(read(&json!({"odata.error": {"code": "A"}})).is_some());
    }

    #[test]
    fn what_is_no_error_of_graph_is_not_taken_for_one() {
        for body in [
            json!({}),
            json!([]),
            json!({"error": "x"}),
            json!({"error": {}}),
            json!({"error": {"code": null}}),
        ] {
            assert_eq!(read(&body), None, "{body}");
        }
        assert_eq!(Envelope::read(b"<html>"), None);
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_dropped() {
        let message = format!("a\u{1b}[31m\n\u{202e}{}", "\u{e4}".repeat(5_000));
        let envelope = read(&json!({"error": {"code": "A", "message": message}})).unwrap();
        assert_eq!(envelope.message.chars().count(), LONGEST_TEXT);
        assert!(envelope.message.starts_with("a [31m  \u{e4}"));
    }

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Envelope::read(&body);
        }

        #[test]
        fn reading_any_error_never_panics(code in ".{0,20}", message in ".{0,50}", depth in 0_usize..40) {
            let mut inner = json!({"code": code, "message": message});
            for _ in 0..depth {
                inner = json!({"code": code, "innerError": inner, "details": [7, null], "message": {"value": message}});
            }
            let _ = read(&json!({"error": inner}));
        }
    }
}
