//! What each page of the wizard shows, and what may follow.

use cmg_onboarding::{
    connection::Finding,
    spec::{ConnectionDraft, Violation},
};
use serde_json::{Value, json};

use super::{
    Session,
    bounds::{bound, first},
    fields::{self, Field, is_below, shown, way},
    phase::Phase,
};

/// The paths that belong to the three pages of the draft.
const OF_AZURE_SERVICES: &[&str] = &["name", "description", "key"];
const OF_APP: &[&str] = &["environment", "serverApp", "clientApp"];
const OF_DISCOVERY: &[&str] = &["discovery"];

/// The six pages, in the order of the wizard, and the one where a page that reloads should be.
pub(super) fn pages(session: &Session) -> (Value, &'static str) {
    let draft = &session.draft;
    let violations = draft.violations();
    let findings = session.findings();
    let page = Draft {
        draft,
        violations: &violations,
        findings: &findings,
    };
    let is_wrong = |paths: &[&str]| violations.iter().any(|violation| is_below(violation.path(), paths));
    let (services, app, discovery) = (!is_wrong(OF_AZURE_SERVICES), !is_wrong(OF_APP), !is_wrong(OF_DISCOVERY));
    let is_whole = violations.is_empty();
    let has_plan = session.plan.is_some();
    let is_past_plan = !matches!(session.phase, Phase::Draft | Phase::Planned | Phase::Approved);
    let is_over = is_past_plan && session.phase != Phase::Running;

    let mut services_page = page.with_fields("azureServices", "Azure Services", services, fields::AZURE_SERVICES.iter());
    services_page["isOpen"] = true.into();
    let mut second = page.with_fields("app", "App", app, fields::app_fields(draft));
    second["isOpen"] = services.into();
    second["serverApp"] = json!({ "way": way(draft, "serverApp"), "violations": page.at("serverApp") });
    second["clientApp"] = json!({ "way": way(draft, "clientApp"), "violations": page.at("clientApp") });
    let mut third = page.with_fields("discovery", "Discovery", discovery, fields::DISCOVERY.iter());
    third["isOpen"] = (services && app).into();
    // What belongs to no page is shown before the plan.
    let elsewhere = violations.iter().filter(|violation| {
        ![OF_AZURE_SERVICES, OF_APP, OF_DISCOVERY]
            .iter()
            .any(|paths| is_below(violation.path(), paths))
    });
    let (elsewhere, more_violations) = first(elsewhere, super::MOST_VIOLATIONS);
    let (first_findings, more_findings) = first(findings.iter(), super::MOST_VIOLATIONS);
    let fourth = json!({
        "page": "summary",
        "title": "Summary",
        "isComplete": has_plan,
        "isOpen": is_whole || has_plan,
        "violations": elsewhere,
        "moreViolations": more_violations,
        "findings": first_findings,
        "moreFindings": more_findings,
        "preflight": session.preflight,
        "plan": session.plan_shown(),
    });
    let fifth = json!({
        "page": "progress",
        "title": "Progress",
        "isComplete": is_over,
        "isOpen": is_past_plan,
        "steps": session.steps,
    });
    let sixth = completion(session, is_over);
    let here = match session.phase {
        Phase::Planned | Phase::Approved => "summary",
        Phase::Running => "progress",
        Phase::Done => "completion",
        Phase::Failed | Phase::Cancelled | Phase::Interrupted => "progress",
        Phase::Draft if !services => "azureServices",
        Phase::Draft if !app => "app",
        Phase::Draft if !discovery => "discovery",
        Phase::Draft => "summary",
    };
    let mut pages = json!([services_page, second, third, fourth, fifth, sixth]);
    bound(&mut pages);
    (pages, here)
}

struct Draft<'a> {
    draft: &'a ConnectionDraft,
    violations: &'a [Violation],
    findings: &'a [Finding],
}

impl Draft<'_> {
    fn with_fields<'f>(&self, page: &str, title: &str, is_complete: bool, fields: impl Iterator<Item = &'f Field>) -> Value {
        let shown = fields.map(|field| shown(field, self.draft, self.violations, self.findings));
        json!({ "page": page, "title": title, "isComplete": is_complete, "fields": shown.collect::<Vec<_>>() })
    }

    /// What is wrong with the choice of an app itself.
    fn at(&self, path: &str) -> Vec<&Violation> {
        self.violations.iter().filter(|violation| violation.path() == path).collect()
    }
}

fn completion(session: &Session, is_over: bool) -> Value {
    let outcome = session.outcome.as_ref();
    let settings = outcome.and_then(cmg_onboarding::Outcome::client_settings);
    let findings = outcome.map(|outcome| outcome.findings.as_slice()).unwrap_or_default();
    let (first_findings, more_findings) = first(findings.iter(), super::MOST_VIOLATIONS);
    json!({
        "page": "completion",
        "title": "Completion",
        "isComplete": session.phase == Phase::Done,
        "isOpen": is_over,
        "outcome": outcome,
        "changed": outcome.is_some_and(|outcome| outcome.changed),
        "ccmsetupProperties": settings.as_ref().map(cmg_onboarding::connection::ClientSettings::ccmsetup_properties),
        "clientSettings": settings,
        "nextSteps": outcome.map(|outcome| outcome.next_steps.as_slice()).unwrap_or_default(),
        "findings": first_findings,
        "moreFindings": more_findings,
    })
}
