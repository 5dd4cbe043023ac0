//! What is wrong with a specification: all of it at once, field by field.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::english;
pub use super::violation_code::ViolationCode;
use crate::{
    error::Diagnostic,
    text::clean,
    words::{Parameters, set},
};

/// The longest part of a given value that a violation repeats, in characters.
const LONGEST_GIVEN: usize = 80;

/// One wrong field.
///
/// Path, code, parameters and given value are the facts; message and help are made from them, in English. In JSON it is
/// `{"path", "code", "parameters", "given", "message", "help"}`; it is read without the texts or the parameters, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", from = "WrittenViolation")]
pub struct Violation {
    /// Where the field is: `serverApp.create.appIdUri`. Empty for the document as a whole.
    path: String,
    /// The rule that the field breaks.
    code: ViolationCode,
    /// The values of the rule by their stable names, as each code documents them.
    parameters: Parameters,
    /// The value that was given, shortened; left out if nothing was given, or if the value is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<String>,
    /// What was given and what is expected instead.
    message: String,
    /// What to do about it, and where the right value is found.
    help: String,
}

/// A violation as a document has it, which others may have written.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct WrittenViolation {
    path: String,
    code: ViolationCode,
    #[serde(default)]
    parameters: Parameters,
    given: Option<String>,
    message: Option<String>,
    help: Option<String>,
}

impl From<WrittenViolation> for Violation {
    fn from(written: WrittenViolation) -> Self {
        let rule = Rule {
            code: written.code,
            parameters: written.parameters,
        };
        let made = Self::new(&written.path, written.given, rule);
        Self {
            message: written.message.as_deref().map_or(made.message, clean),
            help: written.help.as_deref().map_or(made.help, clean),
            ..made
        }
    }
}

impl Violation {
    fn new(path: &str, given: Option<String>, rule: Rule) -> Self {
        let (message, help) = english::filled(english::violation(rule.code), given.as_deref(), &rule.parameters);
        Self {
            path: path.to_owned(),
            code: rule.code,
            parameters: rule.parameters,
            given,
            message,
            help,
        }
    }

    /// A value that may be a secret in the wrong field is named by its length.
    fn with_length(path: &str, length: usize, rule: Rule) -> Self {
        let made = Self::new(path, None, rule);
        let characters = if length == 1 { "character" } else { "characters" };
        Self {
            message: format!(
                "a text of {length} {characters} was given, which is not shown as it may be a secret; {}",
                made.message
            ),
            ..made
        }
    }

    /// Where the field is, as in JSON: `serverApp.create.appIdUri`. Empty for the document as a whole. The name of an unknown
    /// field is as the document has it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rule that the field breaks.
    #[must_use]
    pub const fn code(&self) -> ViolationCode {
        self.code
    }

    /// The values of the rule by their stable names, as each [`ViolationCode`] documents them.
    #[must_use]
    pub const fn parameters(&self) -> &BTreeMap<String, serde_json::Value> {
        &self.parameters
    }

    /// The value that was given, shortened; `None` if nothing was given or the value is a secret.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.given.as_deref()
    }

    /// What was given and what is expected instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, and where the right value is found.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the specification" } else { &self.path };
        write!(formatter, "{}: {}", clean(path), self.message)
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "WrittenSpec")]
#[error("{}", summary(.violations))]
pub struct InvalidSpec {
    /// Every violation, in the order of the fields. Never empty.
    violations: Vec<Violation>,
}

/// As a document has it, which others may have written.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct WrittenSpec {
    violations: Vec<Violation>,
}

impl TryFrom<WrittenSpec> for InvalidSpec {
    type Error = &'static str;

    fn try_from(written: WrittenSpec) -> Result<Self, Self::Error> {
        match written.violations {
            violations if violations.is_empty() => Err("a specification that is not valid has at least one violation"),
            violations => Ok(Self { violations }),
        }
    }
}

impl InvalidSpec {
    /// Every violation, in the order of the fields. Never empty.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl Diagnostic for InvalidSpec {
    fn code(&self) -> &'static str {
        "invalidSpec"
    }

    fn help(&self) -> Cow<'_, str> {
        let mut text = String::from("Correct these fields and try again; nothing has been sent:");
        for violation in &self.violations {
            text.push_str("\n  ");
            text.push_str(&format!("{violation}. {}", violation.help));
        }
        text.into()
    }
}

fn summary(violations: &[Violation]) -> String {
    match violations {
        [only] => format!("the specification is not valid: {only}"),
        several => {
            let paths: Vec<String> = several.iter().map(|violation| clean(&violation.path)).collect();
            format!("the specification is not valid in {} places: {}", several.len(), paths.join(", "))
        }
    }
}

/// A rule that a field breaks, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) code: ViolationCode,
    pub(crate) parameters: Parameters,
}

impl Rule {
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        set(&mut self.parameters, name, value);
        self
    }
}

impl From<ViolationCode> for Rule {
    fn from(code: ViolationCode) -> Self {
        Self {
            code,
            parameters: Parameters::new(),
        }
    }
}

/// Collects violations while a specification is put together.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    pub(crate) fn wrong(&mut self, path: &str, given: &str, rule: impl Into<Rule>) {
        let rule = rule.into();
        if !may_be_shown(rule.code, given) {
            let length = given.chars().count();
            self.0.push(Violation::with_length(path, length, rule));
            return;
        }
        let mut shown: String = given.chars().take(LONGEST_GIVEN).collect();
        if shown.len() < given.len() {
            shown.push('…');
        }
        self.0.push(Violation::new(path, Some(shown), rule));
    }

    /// For values that are missing, secret, or not text.
    pub(crate) fn unshown(&mut self, path: &str, rule: impl Into<Rule>) {
        self.0.push(Violation::new(path, None, rule.into()));
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
}

/// Whether a value can be repeated. Client id and secret are often pasted into each other's field, so the fields beside
/// the secret show only what looks like an attempt at their own kind of value.
fn may_be_shown(code: ViolationCode, given: &str) -> bool {
    let marks = match code {
        ViolationCode::ClientIdInvalid | ViolationCode::ReusedClientIdInvalid | ViolationCode::TenantIdInvalid => "-{}()",
        ViolationCode::SecretKeyExpiryInvalid => "-+:./ TZ",
        _ => return true,
    };
    let is_id = code != ViolationCode::SecretKeyExpiryInvalid;
    let is_digit = |character: char| {
        if is_id {
            character.is_ascii_hexdigit()
        } else {
            character.is_ascii_digit()
        }
    };
    given
        .trim()
        .chars()
        .all(|character| is_digit(character) || marks.contains(character))
}

/// `child` below `path`, as violations write it.
pub(crate) fn below(path: &str, child: &str) -> String {
    if path.is_empty() {
        child.to_owned()
    } else {
        format!("{path}.{child}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn invalid() -> InvalidSpec {
        let mut violations = Violations::default();
        violations.wrong(
            "serverApp.create.name",
            "",
            Rule::from(ViolationCode::AppNameInvalid).with("longest", 120),
        );
        violations.unshown("clientApp", ViolationCode::ClientAppMissing);
        violations.into_result::<()>(None).unwrap_err()
    }

    #[test]
    fn a_violation_is_data_and_words() {
        let written = serde_json::to_value(invalid()).unwrap();
        assert_eq!(
            written["violations"][0],
            json!({
                "path": "serverApp.create.name",
                "code": "appNameInvalid",
                "parameters": {"longest": 120},
                "given": "",
                "message": "\"\" was given, expected a name of 1 to 120 characters without control characters",
                "help": "Give the app's name as administrators are to see it.",
            })
        );
        assert_eq!(serde_json::from_value::<InvalidSpec>(written).unwrap(), invalid());
    }

    #[test]
    fn the_words_are_made_if_a_document_has_none_and_steer_nothing_if_it_has() {
        let bare = json!({"path": "a\u{1b}", "code": "discoveryEmpty", "message": "x\u{7}"});
        let violation: Violation = serde_json::from_value(bare).unwrap();
        assert_eq!((violation.path(), violation.message()), ("a\u{1b}", "x "));
        assert_eq!(violation.to_string(), "a : x ");
        assert_eq!(violation.help(), "Add users or groups, or remove discovery.");
        let helped = json!({"path": "a", "code": "discoveryEmpty", "help": "y\u{7}"});
        let violation: Violation = serde_json::from_value(helped).unwrap();
        assert_eq!(violation.help(), "y ");
    }

    #[test]
    fn a_secret_that_was_pasted_into_the_field_of_an_id_or_a_date_is_named_by_its_length() {
        for code in [
            ViolationCode::ClientIdInvalid,
            ViolationCode::ReusedClientIdInvalid,
            ViolationCode::TenantIdInvalid,
            ViolationCode::SecretKeyExpiryInvalid,
        ] {
            let mut violations = Violations::default();
            violations.wrong("serverApp.import.clientId", "Canary~7Q.secret", code);
            let invalid = violations.into_result::<()>(None).unwrap_err();
            let told = format!("{invalid} {invalid:?} {}", serde_json::to_string(&invalid).unwrap());
            assert!(!told.contains("Canary") && told.contains("a text of 16 characters"), "{told}");
        }
    }

    #[test]
    fn a_mistyped_id_or_date_is_shown() {
        for (code, given) in [
            (ViolationCode::ClientIdInvalid, "{00000003-0000-0000-c000-00000000000}"),
            (ViolationCode::SecretKeyExpiryInvalid, "2027-13-01T00:00:00Z"),
        ] {
            let mut violations = Violations::default();
            violations.wrong("serverApp", given, code);
            let invalid = violations.into_result::<()>(None).unwrap_err();
            assert_eq!(invalid.violations()[0].given(), Some(given));
        }
    }

    #[test]
    fn an_invalid_specification_without_a_violation_is_not_read() {
        assert!(serde_json::from_value::<InvalidSpec>(json!({"violations": []})).is_err());
    }
}
