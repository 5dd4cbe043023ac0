//! Reads a specification from JSON so that every wrong field is reported, not the first one.

use serde_json::{Map, Value};

use super::violations::{Rule, ViolationCode, Violations, below};

/// One JSON object being read field by field.
#[derive(Debug)]
pub(crate) struct Reader {
    path: String,
    fields: Map<String, Value>,
}

impl Reader {
    /// Takes an object over; anything else is a violation.
    pub(crate) fn new(path: &str, value: Value, violations: &mut Violations) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self {
                path: path.to_owned(),
                fields,
            }),
            _ => {
                violations.unshown(path, ViolationCode::ObjectExpected);
                None
            }
        }
    }

    pub(crate) fn path(&self, field: &str) -> String {
        below(&self.path, field)
    }

    /// The field as it is; `null` counts as absent.
    pub(crate) fn value(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, field: &str, violations: &mut Violations) -> Option<String> {
        match self.value(field)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_kind(field, &other, ViolationCode::TextExpected, violations);
                None
            }
        }
    }

    /// As [`Reader::text`], for a value that must not be repeated anywhere.
    pub(crate) fn secret_text(&mut self, field: &str, violations: &mut Violations) -> Option<String> {
        match self.value(field)? {
            Value::String(text) => Some(text),
            _ => {
                violations.unshown(&self.path(field), ViolationCode::TextExpected);
                None
            }
        }
    }

    pub(crate) fn flag(&mut self, field: &str, violations: &mut Violations) -> Option<bool> {
        match self.value(field)? {
            Value::Bool(flag) => Some(flag),
            other => {
                self.wrong_kind(field, &other, ViolationCode::FlagExpected, violations);
                None
            }
        }
    }

    pub(crate) fn count(&mut self, field: &str, violations: &mut Violations) -> Option<u32> {
        let value = self.value(field)?;
        let count = value.as_u64().and_then(|number| u32::try_from(number).ok());
        if count.is_none() {
            self.wrong_kind(field, &value, ViolationCode::WholeNumberExpected, violations);
        }
        count
    }

    pub(crate) fn texts(&mut self, field: &str, violations: &mut Violations) -> Option<Vec<String>> {
        let value = self.value(field)?;
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>()
        });
        if texts.is_none() {
            self.wrong_kind(field, &value, ViolationCode::TextListExpected, violations);
        }
        texts
    }

    pub(crate) fn object(&mut self, field: &str, violations: &mut Violations) -> Option<Self> {
        let value = self.value(field)?;
        Self::new(&self.path(field), value, violations)
    }

    /// Exactly one of the named fields, as `{"create": {...}}`.
    pub(crate) fn one_of(&mut self, choices: &[&'static str], violations: &mut Violations) -> Option<(&'static str, Self)> {
        let mut found = Vec::new();
        for choice in choices {
            if let Some(value) = self.value(choice) {
                found.push((*choice, value));
            }
        }
        if found.len() != 1 {
            violations.unshown(&self.path, Rule::from(ViolationCode::OneChoiceExpected).with("choices", choices));
            return None;
        }
        let (choice, value) = found.pop()?;
        Self::new(&self.path(choice), value, violations).map(|reader| (choice, reader))
    }

    /// A value of another kind than expected. An object or a list is not repeated: a misplaced secret could be in it.
    fn wrong_kind(&self, field: &str, value: &Value, expected: ViolationCode, violations: &mut Violations) {
        let path = self.path(field);
        if value.is_object() || value.is_array() {
            violations.unshown(&path, expected);
        } else {
            violations.wrong(&path, &value.to_string(), expected);
        }
    }

    /// What is left was not understood. Its value is not repeated: it could be a misplaced secret.
    pub(crate) fn finish(self, known: &[&str], violations: &mut Violations) {
        for field in self.fields.keys() {
            let unknown = Rule::from(ViolationCode::FieldUnknown).with("known", known);
            violations.unshown(&below(&self.path, field), unknown);
        }
    }
}
