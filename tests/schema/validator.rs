//! Holds a document against a JSON Schema: the keywords that the crate's own schema uses, and no other. A keyword that it
//! does not know is an error, so that nothing passes unread.

use serde_json::Value;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Keywords that say something to people only.
const SILENT: [&str; 7] = ["$schema", "$defs", "title", "description", "default", "writeOnly", "examples"];

/// A schema document with its definitions.
pub(crate) struct Validator<'a> {
    document: &'a Value,
}

impl<'a> Validator<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        Self { document }
    }

    /// Everything that is wrong with a document of this kind.
    pub(crate) fn errors(&self, kind: &str, value: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        self.check(&self.document["$defs"][kind], value, kind, &mut errors);
        errors
    }

    fn holds(&self, schema: &Value, value: &Value) -> bool {
        let mut errors = Vec::new();
        self.check(schema, value, "", &mut errors);
        errors.is_empty()
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
        let rules = match schema {
            Value::Bool(true) => return,
            Value::Object(rules) => rules,
            other => return errors.push(format!("{at}: {other} is not a schema")),
        };
        for (keyword, rule) in rules {
            let holds = match keyword.as_str() {
                "$ref" => {
                    let name = rule.as_str().and_then(|name| name.strip_prefix("#/$defs/")).unwrap_or_default();
                    match self.document["$defs"].get(name) {
                        Some(schema) => self.check(schema, value, at, errors),
                        None => errors.push(format!("{at}: no definition {rule}")),
                    }
                    true
                }
                "properties" => {
                    for (name, schema) in rule.as_object().into_iter().flatten() {
                        if let Some(value) = value.get(name) {
                            self.check(schema, value, &format!("{at}/{name}"), errors);
                        }
                    }
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{at}/{index}"), errors);
                    }
                    true
                }
                "additionalProperties" => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        if schema["properties"].get(name).is_none() {
                            match rule {
                                Value::Bool(false) => errors.push(format!("{at}: {name} is not a field of it")),
                                rule => self.check(rule, value, &format!("{at}/{name}"), errors),
                            }
                        }
                    }
                    true
                }
                "allOf" => {
                    let all = rule.as_array().into_iter().flatten();
                    all.for_each(|schema| self.check(schema, value, at, errors));
                    true
                }
                "oneOf" => rule
                    .as_array()
                    .is_some_and(|all| all.iter().filter(|one| self.holds(one, value)).count() == 1),
                "anyOf" => rule.as_array().is_some_and(|all| all.iter().any(|one| self.holds(one, value))),
                "type" => match rule {
                    Value::Array(types) => types.iter().any(|one| is_of(one, value)),
                    one => is_of(one, value),
                },
                "required" => rule.as_array().is_some_and(|names| {
                    let mut names = names.iter().filter_map(Value::as_str);
                    !value.is_object() || names.all(|name| value.get(name).is_some())
                }),
                "enum" => rule.as_array().is_some_and(|values| values.contains(value)),
                "const" => rule == value,
                "minimum" => value.as_f64().zip(rule.as_f64()).is_none_or(|(value, least)| value >= least),
                "maximum" => value.as_f64().zip(rule.as_f64()).is_none_or(|(value, most)| value <= most),
                "format" => value.as_str().is_none_or(|text| has_format(rule, text)),
                // Patterns are for other languages; what matches them is tested where the type is.
                "pattern" => true,
                silent => SILENT.contains(&silent),
            };
            if !holds {
                errors.push(format!("{at}: {value} breaks {keyword}: {rule}"));
            }
        }
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => false,
    }
}

fn has_format(format: &Value, text: &str) -> bool {
    match format.as_str() {
        Some("date-time") => OffsetDateTime::parse(text, &Rfc3339).is_ok(),
        Some("date") => Date::parse(text, format_description!("[year]-[month]-[day]")).is_ok(),
        Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
        Some("uri") => text.parse::<url::Url>().is_ok(),
        _ => false,
    }
}
