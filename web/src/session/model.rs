//! The session as a page shows it.

use cmg_onboarding::connection::Finding;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{
    MOST_VIOLATIONS, Session,
    bounds::bound,
    pages,
    phase::{JobKind, Phase},
    sign_in::SignInState,
    words,
};

impl Session {
    /// Everything that a page shows, as JSON. It never holds a secret or a token.
    #[must_use]
    pub fn model(&self) -> Value {
        let (pages, page) = pages::pages(self);
        let mut shown = json!({ "problem": self.problem, "signIn": self.sign_in, "pages": pages });
        bound(&mut shown["problem"]);
        words::put_right(&mut shown);
        json!({
            "version": 1,
            "id": self.id,
            "revision": self.revision,
            "draftRevision": self.draft_revision,
            "lastSequence": self.log.last(),
            "changedAt": self.changed_at.format(&Rfc3339).unwrap_or_default(),
            "phase": self.phase,
            "job": self.job,
            "may": self.may(),
            "notice": self.notice,
            "signIn": shown["signIn"].take(),
            "settings": self.settings,
            "draft": self.draft,
            "needsSecret": self.draft.needs_secret(),
            "problem": shown["problem"].take(),
            "secret": self.secret.state,
            "page": page,
            "pages": shown["pages"].take(),
        })
    }

    /// What may follow now.
    #[must_use]
    pub fn may(&self) -> Vec<&'static str> {
        let mut may = Vec::new();
        if let Some(job) = self.job {
            may.push("cancel");
            if job.kind != JobKind::Apply {
                may.push("delete");
            }
            return may;
        }
        may.extend(["editDraft", "signIn", "delete"]);
        if self.sign_in.state == SignInState::SignedIn {
            may.push("signOut");
        }
        if self.draft.complete().is_ok() {
            may.extend(["preflight", "plan"]);
        }
        match self.phase {
            Phase::Planned => may.push("approve"),
            Phase::Approved => may.push("apply"),
            _ => {}
        }
        if let Some(held) = &self.secret.held {
            may.push("takeSecret");
            if held.outcome.is_some() {
                may.push("handOver");
            }
        }
        may
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let of_plan = self.plan.as_ref().map(|plan| plan.document.findings.as_slice());
        let of_problem = self.problem.as_ref().map(|problem| problem.findings.as_slice());
        let found = of_plan.or_else(|| of_problem.filter(|findings| !findings.is_empty()));
        found.unwrap_or(&self.preflight_findings).to_vec()
    }

    pub(super) fn plan_shown(&self) -> Option<Value> {
        let plan = self.plan.as_ref()?;
        let review = plan.document.review();
        let changes = review.changes.iter().zip(&plan.document.changes).map(|(reviewed, change)| {
            let lines = reviewed
                .details
                .iter()
                .map(|line| json!({ "label": line.name, "value": line.value }));
            json!({
                "step": reviewed.step,
                "title": reviewed.title,
                "action": reviewed.action,
                "when": reviewed.when,
                "round": change.round,
                "lines": lines.collect::<Vec<_>>(),
            })
        });
        let changes: Vec<Value> = changes.collect();
        // Its findings are told beside it.
        let mut document = plan.document.clone();
        document.findings.truncate(MOST_VIOLATIONS);
        let (text, is_empty) = (document.to_string(), document.is_empty());
        Some(json!({ "id": plan.id, "document": document, "text": text, "changes": changes, "isEmpty": is_empty }))
    }
}
