//! What is wrong with a specification: all of it at once, field by field.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// The longest part of a given value that a violation repeats, in characters.
const LONGEST_GIVEN: usize = 80;

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<String>,
    expected: String,
}

impl Violation {
    /// Where the field is, as in JSON: `serverApp.create.appIdUri`. Empty for the document as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value that was given, shortened; `None` where nothing was given or where the value is a secret.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.given.as_deref()
    }

    /// What is expected instead.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the specification" } else { &self.path };
        write!(formatter, "{path}: ")?;
        if let Some(given) = &self.given {
            write!(formatter, "{given:?} was given, ")?;
        }
        write!(formatter, "expected {}", self.expected)
    }
}

/// A specification that cannot be carried out, with every violation found.
///
/// ```
/// use cmg_onboarding::{ClientAppSpec, ConnectionSpec, ServerAppSpec};
///
/// let invalid = ConnectionSpec::builder("")
///     .server_app(ServerAppSpec::builder(""))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()
///     .unwrap_err();
/// let paths: Vec<&str> = invalid.violations().iter().map(|violation| violation.path()).collect();
/// assert_eq!(paths, ["name", "serverApp.create.name"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", summary(.violations))]
pub struct InvalidSpec {
    violations: Vec<Violation>,
}

impl InvalidSpec {
    /// Every violation, in the order of the fields. Never empty.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        let mut text = String::from("Correct these fields and try again; nothing has been sent:");
        for violation in &self.violations {
            text.push_str("\n  ");
            text.push_str(&violation.to_string());
        }
        text
    }
}

fn summary(violations: &[Violation]) -> String {
    match violations {
        [only] => format!("the specification is not valid: {only}"),
        several => {
            let paths: Vec<&str> = several.iter().map(Violation::path).collect();
            format!("the specification is not valid in {} places: {}", several.len(), paths.join(", "))
        }
    }
}

/// Collects violations while a specification is put together.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    pub(crate) fn missing(&mut self, path: &str, expected: &str) {
        self.push(path, None, expected);
    }

    pub(crate) fn wrong(&mut self, path: &str, given: &str, expected: impl Into<String>) {
        let mut shown: String = given.chars().take(LONGEST_GIVEN).collect();
        if shown.len() < given.len() {
            shown.push('…');
        }
        self.push(path, Some(shown), expected);
    }

    /// For values that are secret, or not text.
    pub(crate) fn unshown(&mut self, path: &str, expected: impl Into<String>) {
        self.push(path, None, expected);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value, if nothing was wrong with it.
    pub(crate) fn into_result<T>(self, value: Option<T>) -> Result<T, InvalidSpec> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(InvalidSpec { violations: self.0 }),
        }
    }

    fn push(&mut self, path: &str, given: Option<String>, expected: impl Into<String>) {
        self.0.push(Violation {
            path: path.to_owned(),
            given,
            expected: expected.into(),
        });
    }
}

/// A field as it was given: not at all, as a value of its type, or as text still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Given<T> {
    #[default]
    Nothing,
    Value(T),
    Text(String),
}

impl<T> From<Option<String>> for Given<T> {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl<T: FromStr> Given<T> {
    /// The value; nothing given stays `None`, unreadable text becomes a violation.
    pub(crate) fn read(self, path: &str, expected: &str, violations: &mut Violations) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Value(value) => Some(value),
            Self::Text(text) => match text.parse() {
                Ok(value) => Some(value),
                Err(_) => {
                    violations.wrong(path, &text, expected);
                    None
                }
            },
        }
    }

    /// As [`Given::read`], with nothing given as a violation, too.
    pub(crate) fn require(self, path: &str, expected: &str, violations: &mut Violations) -> Option<T> {
        if matches!(self, Self::Nothing) {
            violations.missing(path, expected);
        }
        self.read(path, expected, violations)
    }
}

/// `child` below `path`, as violations write it.
pub(crate) fn below(path: &str, child: &str) -> String {
    if path.is_empty() {
        child.to_owned()
    } else {
        format!("{path}.{child}")
    }
}
