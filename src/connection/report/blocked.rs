//! The error of a plan that cannot be made, with its findings.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    connection::report::finding::{Finding, Severity},
    error::Diagnostic,
};

/// At least one finding stands in the way of the plan. Nothing has been written.
///
/// ```
/// use cmg_onboarding::connection::Blocked;
///
/// fn show(blocked: &Blocked) {
///     for finding in blocked.blockers() {
///         println!("{} {}", finding.message(), finding.remedy());
///     }
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{}", summary(.findings))]
pub struct Blocked {
    findings: Vec<Finding>,
}

impl Blocked {
    pub(crate) const fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Whether one of these findings stands in the way.
    pub(crate) fn is_blocked(findings: &[Finding]) -> bool {
        blockers(findings).next().is_some()
    }

    /// Every finding, the gravest first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings that stand in the way.
    pub fn blockers(&self) -> impl Iterator<Item = &Finding> {
        blockers(&self.findings)
    }
}

impl Diagnostic for Blocked {
    fn code(&self) -> &'static str {
        "blocked"
    }

    fn help(&self) -> Cow<'_, str> {
        if self.blockers().next().is_none() {
            return "Ask for another preflight: one that was read from a document has no plan.".into();
        }
        let lines: Vec<String> = self
            .blockers()
            .map(|finding| format!("{} {}", finding.message(), finding.remedy()))
            .collect();
        lines.join("\n").into()
    }
}

fn blockers(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity() == Severity::Blocker)
}

fn summary(findings: &[Finding]) -> String {
    if Blocked::is_blocked(findings) {
        format!("preflight found {} in the way: {}", count(findings), codes(findings))
    } else {
        "this preflight has no plan".to_owned()
    }
}

fn count(findings: &[Finding]) -> String {
    match blockers(findings).count() {
        1 => "one thing".to_owned(),
        number => format!("{number} things"),
    }
}

fn codes(findings: &[Finding]) -> String {
    let messages: Vec<&str> = blockers(findings).map(|finding| finding.message().trim_end_matches('.')).collect();
    messages.join("; ")
}
