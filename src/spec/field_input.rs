//! One field of a specification as it was given, and how it is read.

use std::str::FromStr;

use super::violations::{Rule, ViolationCode, Violations};

/// A field as it was given: not at all, as a value of its type, or as text still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum FieldInput<T> {
    #[default]
    Nothing,
    Value(T),
    Text(String),
}

impl<T> From<Option<String>> for FieldInput<T> {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl<T: FromStr> FieldInput<T> {
    /// The value; nothing given stays `None`, unreadable text becomes a violation.
    pub(crate) fn read(self, path: &str, invalid: impl Into<Rule>, violations: &mut Violations) -> Option<T> {
        self.read_by(path, |_| invalid.into(), violations)
    }

    /// As [`FieldInput::read`], with the rule that the text's own error names.
    pub(crate) fn read_by(self, path: &str, rule: impl FnOnce(T::Err) -> Rule, violations: &mut Violations) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Value(value) => Some(value),
            Self::Text(text) => match text.parse() {
                Ok(value) => Some(value),
                Err(error) => {
                    violations.wrong(path, &text, rule(error));
                    None
                }
            },
        }
    }

    /// As [`FieldInput::read`], with nothing given as a violation, too.
    pub(crate) fn require(self, path: &str, missing: ViolationCode, invalid: ViolationCode, violations: &mut Violations) -> Option<T> {
        if matches!(self, Self::Nothing) {
            violations.unshown(path, missing);
        }
        self.read(path, invalid, violations)
    }
}
