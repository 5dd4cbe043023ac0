//! Words apart from facts: the texts of findings, violations, steps and errors in any language.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    english,
    finding::{Finding, FindingCode},
    next_step::NextStep,
    next_step_code::NextStepCode,
    problem::Problem,
    step::Step,
};
use crate::{
    error::{RefusalReason, SiteRefusalReason},
    spec::{Violation, ViolationCode, english as of_fields},
    words::{Parameters, Piece, Words, fill, pieces, set},
};

/// The parameters that are one of few values, which a language has its own words for.
const VALUES: [(&str, &str); 4] = [
    ("app", "server"),
    ("app", "client"),
    ("direction", "ahead"),
    ("direction", "behind"),
];

/// The words of one language for the codes of this crate: pure data, to be stored as JSON and translated.
///
/// Findings, violations, next steps and errors are codes with parameters, and carry English texts beside them. A catalogue
/// makes the texts of another language from the same codes. In a template `${name}` stands for a parameter, and
/// `${name|text}` for the parameter or, if it is not there, the text. What a catalogue does not have stays English.
///
/// [`english`](Self::english) is the one to translate; it is in the package, too, at `src/schema/catalogue.en.json`.
///
/// ```
/// use cmg_onboarding::{connection::Catalogue, spec::ConnectionDraft};
///
/// let mut german = Catalogue::english();
/// german.language = "de".to_owned();
/// let wrong = &ConnectionDraft::check("name", "")[0];
/// german.violation_given = "${given} wurde angegeben, erwartet wird ${expected}".to_owned();
/// let words = german.violations.get_mut(&wrong.code()).unwrap();
/// words.message = "ein Name ohne Steuerzeichen".to_owned();
/// assert_eq!(german.violation(wrong).message, "\"\" wurde angegeben, erwartet wird ein Name ohne Steuerzeichen");
/// assert!(german.faults().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Catalogue {
    /// The language, as HTML names it: `en`, `de-AT`.
    pub language: String,
    /// What was found, and what to do about it.
    pub findings: BTreeMap<FindingCode, Wording>,
    /// What is expected of a field, as it follows [`violation_given`](Self::violation_given), and where the right value is
    /// found.
    pub violations: BTreeMap<ViolationCode, Wording>,
    /// What remains to be done, and how.
    pub next_steps: BTreeMap<NextStepCode, Wording>,
    /// What went wrong, by [`Problem::code`], and what to do about it. A whole catalogue has those of a refusal by the
    /// directory ([`RefusalReason`]) and by the site ([`SiteRefusalReason`]), and may have any other code. Parameters: `message`
    /// and `help` (in English), `step`, `tenant`, `status`, `requestId` (all but the first two optional).
    pub problems: BTreeMap<String, Wording>,
    /// The title of each step.
    pub steps: BTreeMap<Step, String>,
    /// The message of a violation if a value was given. Parameters: `given` (in quotes), `expected`.
    pub violation_given: String,
    /// The message of a violation if no value was given, or if it is not shown. Parameters: `expected`.
    pub violation_missing: String,
    /// Words for parameters that are one of few values, by name and value: `app.server`.
    pub values: BTreeMap<String, String>,
}

/// Two templates of a [`Catalogue`]; as what a catalogue answers, the same with the values in their places.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Wording {
    /// What is so.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Wording {
    fn new(message: &str, help: &str) -> Self {
        Self {
            message: message.to_owned(),
            help: help.to_owned(),
        }
    }

    fn filled(&self, parameters: &Parameters) -> Self {
        Self::new(&fill(&self.message, parameters), &fill(&self.help, parameters))
    }
}

impl Catalogue {
    /// The English words, of which the texts are made that findings, violations and next steps carry.
    #[must_use]
    pub fn english() -> Self {
        let of = |words: Words| Wording::new(words.message, words.help);
        let finding = |code: FindingCode| (code, of(english::finding(code)));
        let violation = |code: ViolationCode| (code, of(of_fields::violation(code)));
        let next = |code: NextStepCode| (code, of(english::next_step(code)));
        Self {
            language: "en".to_owned(),
            findings: FindingCode::ALL.iter().copied().map(finding).collect(),
            violations: ViolationCode::ALL.iter().copied().map(violation).collect(),
            next_steps: NextStepCode::ALL.iter().copied().map(next).collect(),
            problems: RefusalReason::ALL
                .iter()
                .map(|reason| reason.code())
                .chain(SiteRefusalReason::ALL.iter().map(|reason| reason.code()))
                .map(|code| (code.to_owned(), Wording::new("${message}", "${help}")))
                .collect(),
            steps: Step::ALL.iter().map(|step| (*step, step.title().to_owned())).collect(),
            violation_given: "${given} was given, expected ${expected}".to_owned(),
            violation_missing: "expected ${expected}".to_owned(),
            values: VALUES.map(|(name, value)| (format!("{name}.{value}"), value.to_owned())).into(),
        }
    }

    /// The texts of a finding.
    #[must_use]
    pub fn finding(&self, finding: &Finding) -> Wording {
        let words = said(self.findings.get(&finding.code()));
        words.map_or_else(
            || Wording::new(finding.message(), finding.remedy()),
            |words| words.filled(&self.worded(finding.parameters())),
        )
    }

    /// The texts of a violation.
    #[must_use]
    pub fn violation(&self, violation: &Violation) -> Wording {
        let frame = match violation.given() {
            Some(_) => &self.violation_given,
            None => &self.violation_missing,
        };
        let words = said(self.violations.get(&violation.code())).filter(|_| !frame.is_empty());
        let Some(words) = words else {
            return Wording::new(violation.message(), violation.help());
        };
        let words = words.filled(&self.worded(violation.parameters()));
        let mut parameters = Parameters::new();
        set(&mut parameters, "given", violation.given().map(|given| format!("{given:?}")));
        set(&mut parameters, "expected", &words.message);
        Wording::new(&fill(frame, &parameters), &words.help)
    }

    /// The texts of a next step.
    #[must_use]
    pub fn next_step(&self, next: &NextStep) -> Wording {
        let words = said(self.next_steps.get(&next.code));
        words.map_or_else(
            || Wording::new(&next.message, &next.how),
            |words| words.filled(&self.worded(&next.parameters)),
        )
    }

    /// The texts of an error.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> Wording {
        let Some(words) = said(self.problems.get(&problem.code)) else {
            return Wording::new(&problem.message, &problem.help);
        };
        let request = problem.request.as_ref();
        let mut parameters = Parameters::new();
        set(&mut parameters, "message", &problem.message);
        set(&mut parameters, "step", problem.step);
        set(&mut parameters, "tenant", problem.tenant);
        set(&mut parameters, "status", request.and_then(|request| request.status));
        set(
            &mut parameters,
            "requestId",
            request.and_then(|request| request.request_id.as_deref()),
        );
        let parameters = self.worded(&parameters);
        // The help of an error may have lines, which filling takes out of values.
        let help: Vec<String> = words.help.split("${help}").map(|piece| fill(piece, &parameters)).collect();
        Wording {
            message: fill(&words.message, &parameters),
            help: help.join(&problem.help),
        }
    }

    /// The title of a step.
    #[must_use]
    pub fn step(&self, step: Step) -> &str {
        let title = self.steps.get(&step).filter(|title| !title.is_empty());
        title.map_or_else(|| step.title(), String::as_str)
    }

    /// What a translator has forgotten or mistyped, in English: codes without words, and parameters that the English words do
    /// not use, or that only they use. Empty for a whole catalogue.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let (wanted, own) = (Self::english().templates(), self.templates());
        let mut faults = Vec::new();
        for (key, english) in &wanted {
            match own.get(key) {
                None => faults.push(format!("{key} is missing")),
                Some(template) if template.trim().is_empty() => faults.push(format!("{key} is empty")),
                // The English text of an error is no more than the default.
                Some(template) if key.starts_with("problems.") => {
                    let known = ["message", "help", "step", "tenant", "status", "requestId"];
                    // The help of an error stands in its help alone.
                    let is_known = |name: &str| known.contains(&name) && (name != "help" || key.ends_with(".help"));
                    let unknown = names(template).into_iter().filter(|name| !is_known(name));
                    faults.extend(unknown.map(|name| format!("{key} has no parameter {name}")));
                }
                Some(template) => {
                    let (wanted, given) = (names(english), names(template));
                    faults.extend(wanted.difference(&given).map(|name| format!("{key} does not use {name}")));
                    faults.extend(given.difference(&wanted).map(|name| format!("{key} has no parameter {name}")));
                }
            }
        }
        let surplus = own.keys().filter(|key| !wanted.contains_key(*key) && !key.starts_with("problems."));
        faults.extend(surplus.map(|key| format!("{key} is not known")));
        faults
    }

    /// Every template by its place in the JSON.
    fn templates(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let mut add = |section: &str, code: &str, words: &Wording| {
            all.insert(format!("{section}.{code}.message"), words.message.clone());
            all.insert(format!("{section}.{code}.help"), words.help.clone());
        };
        self.findings.iter().for_each(|(code, words)| add("findings", &named(code), words));
        self.violations
            .iter()
            .for_each(|(code, words)| add("violations", &named(code), words));
        self.next_steps
            .iter()
            .for_each(|(code, words)| add("nextSteps", &named(code), words));
        self.problems.iter().for_each(|(code, words)| add("problems", code, words));
        all.extend(
            self.steps
                .iter()
                .map(|(step, title)| (format!("steps.{}", named(step)), title.clone())),
        );
        all.extend(self.values.iter().map(|(key, word)| (format!("values.{key}"), word.clone())));
        all.insert("violationGiven".to_owned(), self.violation_given.clone());
        all.insert("violationMissing".to_owned(), self.violation_missing.clone());
        all
    }

    /// The parameters, with steps by their titles and values in words.
    fn worded(&self, parameters: &Parameters) -> Parameters {
        let mut worded = parameters.clone();
        for (name, value) in &mut worded {
            if name == "step"
                && let Ok(step) = serde_json::from_value::<Step>(value.clone())
            {
                *value = self.step(step).into();
            } else if let Value::String(text) = value
                && let Some(word) = self.values.get(&format!("{name}.{text}"))
            {
                word.clone_into(text);
            }
        }
        worded
    }
}

/// A code by its name in JSON.
fn named(code: &impl Serialize) -> String {
    match serde_json::to_value(code) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

/// The parameters that a template uses.
fn names(template: &str) -> BTreeSet<&str> {
    pieces(template)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Value { name, .. } => Some(name),
            Piece::Text(_) => None,
        })
        .collect()
}

/// Words that were left empty are as good as absent.
fn said(words: Option<&Wording>) -> Option<&Wording> {
    words.filter(|words| !words.message.trim().is_empty())
}

#[cfg(test)]
mod tests;
