//! `$search`: words of a property, combined with AND and OR.
//!
//! Source: *Advanced query capabilities on Microsoft Entra ID objects*: `"displayName:app"`, AND and OR in capital letters. How
//! the service cuts a text into words is not documented in full: here a word begins after anything that is no letter or digit.

use serde_json::Value;

use crate::{graph_types, object::Object, refusal::Refusal, texts};

/// A search that has been read: one of the alternatives, each of which asks for all of its parts.
#[derive(Debug)]
pub(super) struct Search(Vec<Vec<(String, String)>>);

impl Search {
    pub(super) fn read(text: &str, type_name: &str) -> Result<Self, Refusal> {
        let malformed = || {
            let values = [("search", text), ("character", "\""), ("position", "0")];
            Refusal::new(400, "BadRequest", texts::SEARCH_MALFORMED.with(&values))
        };
        let mut alternatives = Vec::new();
        for alternative in text.split(" OR ") {
            let mut parts = Vec::new();
            for part in alternative.split(" AND ") {
                let part = part.trim().trim_matches(['(', ')']);
                let inner = part
                    .strip_prefix('"')
                    .and_then(|part| part.strip_suffix('"'))
                    .ok_or_else(malformed)?;
                let (property, words) = inner.split_once(':').ok_or_else(malformed)?;
                if graph_types::is_known(type_name) && !graph_types::has_property(type_name, property) {
                    let values = [("property", property), ("type", type_name)];
                    return Err(Refusal::new(400, "BadRequest", texts::NO_SUCH_PROPERTY_IN_QUERY.with(&values)));
                }
                parts.push((property.to_owned(), words.trim().to_lowercase()));
            }
            alternatives.push(parts);
        }
        Ok(Self(alternatives))
    }

    pub(super) fn holds(&self, object: &Object) -> bool {
        let has = |(property, words): &(String, String)| match object.get(property) {
            Some(Value::String(text)) => has_words(text, words),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).any(|text| has_words(text, words)),
            _ => false,
        };
        self.0.iter().any(|parts| parts.iter().all(has))
    }
}

/// Whether a text has these words where a word begins.
fn has_words(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    let mut found = text.match_indices(words);
    found.any(|(position, _)| {
        text.get(..position)
            .is_none_or(|before| before.chars().next_back().is_none_or(|last| !last.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_begin() {
        let object = serde_json::json!({"displayName": "ConfigMgr Server-2", "tags": ["one tag"]});
        let object = object.as_object().unwrap();
        for (text, expected) in [
            ("\"displayName:server\"", true),
            ("\"displayName:configmgr ser\"", true),
            ("\"displayName:erver\"", false),
            ("\"displayName:2\" AND \"tags:tag\"", true),
            ("\"displayName:client\" AND \"tags:tag\"", false),
            ("\"displayName:client\" OR \"tags:tag\"", true),
        ] {
            assert_eq!(Search::read(text, "application").unwrap().holds(object), expected, "{text}");
        }
        for text in ["server", "\"server\"", "\"colour:red\"", "", "\""] {
            assert!(Search::read(text, "application").is_err(), "{text}");
        }
    }
}
