//! How much of a kind a page is told at once: thousands of fields can be wrong in the same way.

use serde_json::Value;

use super::MOST_VIOLATIONS;

/// How many violations and findings one input shows.
pub(super) const MOST_OF_FIELD: usize = 20;

/// The longest text about one of them, in characters.
const LONGEST_TEXT: usize = 2_000;

/// The first of them as JSON, and how many more there are.
pub(super) fn first<'a, T: serde::Serialize + 'a>(all: impl Iterator<Item = &'a T>, most: usize) -> (Value, usize) {
    let mut count = 0;
    let mut shown = Vec::new();
    for one in all {
        if count < most {
            shown.push(serde_json::to_value(one).unwrap_or_default());
        }
        count += 1;
    }
    let more = count - shown.len();
    (Value::Array(shown), more)
}

/// Shortens every list of violations and findings, wherever one stands, and what each of them tells.
pub(crate) fn bound(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(items) if ["violations", "findings"].contains(&name.as_str()) => {
                        items.truncate(MOST_VIOLATIONS);
                        items.iter_mut().for_each(shorten);
                    }
                    value => bound(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

/// One finding may name thousands of groups.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
                text.truncate(end);
                text.push('\u{2026}');
            }
        }
        Value::Array(items) => {
            items.truncate(MOST_VIOLATIONS);
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_finding_that_names_thousands_is_shortened_and_others_stay() {
        let groups: Vec<String> = (0..10_000).map(|number| format!("Group {number}")).collect();
        let finding = json!({ "message": groups.join(", "), "parameters": { "groups": groups } });
        let small = json!({ "message": "m", "parameters": { "count": 3 } });
        let mut shown = json!({ "plan": { "document": { "findings": [finding, small], "other": "x".repeat(3_000) } } });
        bound(&mut shown);
        let document = &shown["plan"]["document"];
        assert_eq!(
            document["findings"][0]["message"].as_str().map(|text| text.chars().count()),
            Some(2_001)
        );
        assert_eq!(document["findings"][0]["parameters"]["groups"].as_array().map(Vec::len), Some(100));
        assert_eq!(document["findings"][1], small);
        assert_eq!(document["other"].as_str().map(str::len), Some(3_000), "what was filled in stays");
    }
}
