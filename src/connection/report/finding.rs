//! What checks and runs find: facts as data, and the words for them.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub use super::finding_code::FindingCode;
use super::{
    finding_place::{self, Choices},
    step::Step,
};
use crate::{
    connection::report::english,
    text::clean,
    words::{Parameters, set},
};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Severity {
    /// For information.
    Note,
    /// May cause trouble, now or later.
    Warning,
    /// The job would fail. Nothing is written.
    Blocker,
}

impl Severity {
    /// Every severity, the lightest first.
    pub const ALL: &'static [Self] = &[Self::Note, Self::Warning, Self::Blocker];
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Blocker => "blocker",
        })
    }
}

/// One finding: what, how bad, and what to do about it.
///
/// Code and parameters are the facts; message and remedy are made from them, in English. In JSON it is
/// `{"severity", "code", "parameters", "field", "step", "message", "remedy"}`; it is read without the texts, the
/// parameters or the place, too.
///
/// ```
/// use cmg_onboarding::connection::{Finding, FindingCode, Severity};
///
/// fn show(finding: &Finding) {
///     let mark = match finding.severity() {
///         Severity::Blocker => "stop",
///         _ => "note",
///     };
///     println!("{mark}: {} {}", finding.message(), finding.remedy());
///     if finding.code() == FindingCode::SecretExpiresSoon {
///         println!("ends on {}", finding.parameters()["expiresOn"]);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", from = "Written")]
pub struct Finding {
    /// How much it weighs.
    severity: Severity,
    /// What it is about.
    code: FindingCode,
    /// The values of this finding by their stable names, as each code documents them.
    parameters: Parameters,
    /// The field of the specification that it is about, as violations name it: `serverApp.create.appIdUri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The step of the job that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    /// What was found, in one sentence.
    message: String,
    /// What to do about it.
    remedy: String,
}

/// A finding as a document has it, which others may have written.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Written {
    severity: Severity,
    code: FindingCode,
    #[serde(default)]
    parameters: Parameters,
    field: Option<String>,
    step: Option<Step>,
    message: Option<String>,
    remedy: Option<String>,
}

impl From<Written> for Finding {
    fn from(written: Written) -> Self {
        let (message, remedy) = english::filled(english::finding(written.code), &written.parameters);
        let (field, step) = finding_place::of(written.code, &written.parameters, None);
        Self {
            severity: written.severity,
            code: written.code,
            field: written.field.or(field),
            step: written.step.or(step),
            parameters: written.parameters,
            message: written.message.as_deref().map_or(message, clean),
            remedy: written.remedy.as_deref().map_or(remedy, clean),
        }
    }
}

impl Finding {
    pub(crate) fn new(severity: Severity, code: FindingCode) -> Self {
        Self {
            severity,
            code,
            parameters: Parameters::new(),
            field: None,
            step: None,
            message: String::new(),
            remedy: String::new(),
        }
        .worded()
    }

    pub(crate) fn blocker(code: FindingCode) -> Self {
        Self::new(Severity::Blocker, code)
    }

    pub(crate) fn warning(code: FindingCode) -> Self {
        Self::new(Severity::Warning, code)
    }

    pub(crate) fn note(code: FindingCode) -> Self {
        Self::new(Severity::Note, code)
    }

    /// The same, as a blocker.
    pub(crate) const fn blocking(mut self) -> Self {
        self.severity = Severity::Blocker;
        self
    }

    /// The same, but no graver than this.
    pub(crate) fn at_most(mut self, severity: Severity) -> Self {
        self.severity = self.severity.min(severity);
        self
    }

    /// The same with a parameter of its code. `None` adds nothing.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        set(&mut self.parameters, name, value);
        self.worded()
    }

    /// The same, with its field in a specification that gets its apps in these ways.
    pub(crate) fn placed(mut self, ways: Choices) -> Self {
        (self.field, _) = finding_place::of(self.code, &self.parameters, Some(ways));
        self
    }

    fn worded(mut self) -> Self {
        (self.field, self.step) = finding_place::of(self.code, &self.parameters, None);
        (self.message, self.remedy) = english::filled(english::finding(self.code), &self.parameters);
        self
    }

    /// How much it weighs.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What it is about.
    #[must_use]
    pub const fn code(&self) -> FindingCode {
        self.code
    }

    /// The values of this finding by their stable names, as each [`FindingCode`] documents them. They are as
    /// the tenant or the site has them: a name may hold characters that steer a terminal, which the texts do
    /// not.
    #[must_use]
    pub const fn parameters(&self) -> &BTreeMap<String, serde_json::Value> {
        &self.parameters
    }

    /// The field of the specification that it is about, as violations name it: `serverApp.create.appIdUri`. `None` if it is
    /// about none.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The step of the job that it belongs to; `None` if it belongs to none.
    #[must_use]
    pub const fn step(&self) -> Option<Step> {
        self.step
    }

    /// What was found, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "Note",
            Severity::Warning => "Warning",
            Severity::Blocker => "Blocker",
        };
        write!(formatter, "{severity}: {} {}", self.message, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_keep_their_bytes_as_data_and_steer_nothing_as_text() {
        let name = "CMG\u{1b}[2J";
        let finding = Finding::blocker(FindingCode::ConnectionNameTaken).with("connection", name);
        assert_eq!(finding.parameters()["connection"], name);
        assert_eq!(
            finding.message(),
            "The site has a connection named \"CMG [2J\" for something else already."
        );
    }

    #[test]
    fn a_severity_has_a_word() {
        let words: Vec<String> = Severity::ALL.iter().map(Severity::to_string).collect();
        assert_eq!(words, ["note", "warning", "blocker"]);
    }

    #[test]
    fn a_finding_survives_json() {
        let finding = Finding::warning(FindingCode::SecretExpiresSoon).with("expiresOn", "2026-12-01");
        let written = serde_json::to_value(&finding).unwrap();
        assert_eq!(
            written,
            json!({
                "severity": "warning",
                "code": "secretExpiresSoon",
                "parameters": {"expiresOn": "2026-12-01"},
                "field": "serverApp.secretKeyExpiry",
                "step": "importServerApp",
                "message": "The secret to import expires on 2026-12-01.",
                "remedy": "Renew the secret in good time: the site raises no notification for imported apps.",
            })
        );
        assert_eq!(serde_json::from_value::<Finding>(written).unwrap(), finding);
    }

    #[test]
    fn a_finding_of_an_older_document_keeps_its_words_and_has_no_parameters() {
        let older = json!({"severity": "blocker", "code": "connectionConflict", "message": "Old\u{7} words.", "remedy": "Old help."});
        let finding: Finding = serde_json::from_value(older).unwrap();
        assert_eq!(finding.code(), FindingCode::ConnectionNamedOtherwise);
        assert_eq!((finding.message(), finding.remedy()), ("Old  words.", "Old help."));
        assert!(finding.parameters().is_empty());
    }

    #[test]
    fn the_words_are_made_from_code_and_parameters_if_a_document_has_none() {
        let bare = json!({"severity": "blocker", "code": "siteTooOld", "parameters": {"version": "5.00.8790.1000"}});
        let finding: Finding = serde_json::from_value(bare).unwrap();
        assert!(finding.message().contains("5.00.8790.1000") && !finding.remedy().is_empty());
    }
}
