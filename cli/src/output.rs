//! What is shown: the wizard's pages as text, or one JSON object per line.

use cmg_onboarding::{
    ConnectionSpec, Diagnostic, Event, InvalidSpec, Outcome, Plan, Preflight,
    connection::{ApplyError, EventKind, Finding, NextStepCode, Problem, StalePlan, review::Review},
    spec::{ClientApp, ServerApp, by_hand::ByHand},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    completion::{NOT_PRINTED, SecretFate, completion, is_of_a_new_connection},
    flags::with_flags,
    interrupt::Interrupt,
    print::{heading, line, to_person},
};

/// Shows pages to a person, or lines to a program. Never a secret, never a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// The wizard's first pages: what the specification says.
    pub(crate) fn specification(self, spec: &ConnectionSpec) {
        if self.json {
            return;
        }
        heading("Azure Services");
        line(&format!("Name:         {}", spec.name()));
        line(&format!("Description:  {}", spec.description().unwrap_or("-")));
        line("Service:      Cloud Management");
        heading("App");
        line(&format!("Azure environment:  {}", spec.environment()));
        line(&format!("Web app:            {}", server(spec.server_app())));
        line(&format!("Native Client app:  {}", client(spec.client_app())));
    }

    /// Who is signed in, and the Discovery page.
    pub(crate) fn preflight(self, spec: &ConnectionSpec, preflight: &Preflight) {
        if self.json {
            self.object("preflight", preflight);
            return;
        }
        if let Some(sign_in) = preflight.sign_in() {
            line("");
            for text in sign_in.to_string().lines() {
                line(text);
            }
        }
        if let Some(site) = preflight.site() {
            line(&format!("Site:               {} ({})", site.site_code, site.version));
        }
        heading("Discovery");
        let discovery = spec.discovery();
        let wanted = |is_on: bool, is_off: bool| match (is_on, is_off) {
            (true, _) => "enabled",
            (_, true) => "switched off",
            _ => "left as it is",
        };
        let users = discovery.map_or((false, false), |discovery| (discovery.users().is_some(), discovery.users_are_off()));
        let groups = discovery.map_or((false, false), |discovery| {
            (discovery.groups().is_some(), discovery.groups_are_off())
        });
        line(&format!("User discovery:   {}", wanted(users.0, users.1)));
        line(&format!("Group discovery:  {}", wanted(groups.0, groups.1)));
        line("A gateway by itself needs no discovery; collections of Microsoft Entra users or groups and hybrid users do.");
    }

    pub(crate) fn plan(self, plan: &Plan) {
        if self.json {
            self.object("plan", plan);
            return;
        }
        heading("Summary");
        for text in with_flags(&plan.to_string()).lines() {
            line(text);
        }
    }

    /// The document for the review board.
    pub(crate) fn review(self, review: &Review) {
        match self.json {
            true => self.object("review", review),
            false => line(review.to_string().trim_end()),
        }
    }

    /// The connection as steps for people.
    pub(crate) fn by_hand(self, steps: &ByHand) {
        match self.json {
            true => self.object("byHand", steps),
            false => line(steps.to_string().trim_end()),
        }
    }

    /// From here on the plan is carried out: what interrupts this program asks the run to end.
    pub(crate) fn begin_progress(self) {
        Interrupt::of_process().begin();
        if !self.json {
            heading("Progress");
        }
    }

    pub(crate) fn event(self, event: &Event) {
        if self.json {
            line(&serde_json::to_string(event).unwrap_or_default());
            return;
        }
        match &event.kind {
            EventKind::StepStarted { step, .. } => line(&format!("  ...        {step}")),
            EventKind::WaitingForReplication { .. } => line(&format!("  waiting    {event}")),
            EventKind::Retried { .. } => line(&format!("  retrying   {event}")),
            EventKind::StepDone { step, action, .. } => line(&format!("  {:<9}  {step}", action.to_string())),
            EventKind::StepFailed { step, error, .. } => line(&format!("  failed     {step}: {error}")),
            EventKind::SecretTried { accepted, .. } => line(match accepted {
                Some(true) => "  proven     The new secret signs in",
                Some(false) => "  refused    The new secret does not sign in",
                None => "  unknown    Whether the new secret signs in",
            }),
            EventKind::StepSkipped { step, .. } => line(&format!("  not needed {step}")),
            // The pages before and after say the rest.
            _ => {}
        }
    }

    /// The Completion page: what is done, and what is left.
    /// What stands in `shown` was read with the plan.
    pub(crate) fn outcome(self, outcome: &Outcome, shown: &[Finding], secret: SecretFate) {
        if self.json {
            self.object("outcome", outcome);
            return;
        }
        heading("Completion");
        for text in completion(outcome) {
            line(text);
        }
        for (label, app) in [("Web app:", &outcome.server_app), ("Native Client app:", &outcome.client_app)] {
            if let Some(app) = app {
                line(&format!("{label:<19} {}", app.application_id));
            }
        }
        if let Some(connection) = &outcome.connection {
            line(&format!("Connection:         {} (row {})", connection.name, connection.id));
        }
        if let Some(settings) = outcome.client_settings() {
            line(&format!("For ccmsetup.exe:   {}", settings.ccmsetup_properties()));
        }
        self.left(outcome, shown, secret, true);
    }

    /// What was found meanwhile, and what is left to do.
    fn left(self, outcome: &Outcome, shown: &[Finding], secret: SecretFate, is_set_up: bool) {
        let is_new = |finding: &&Finding| !shown.contains(finding);
        self.findings(outcome.findings.iter().filter(is_new));
        let is_handed_over = outcome.next_steps.iter().any(|next| next.code == NextStepCode::HandOverSecret);
        for next in &outcome.next_steps {
            if !is_set_up && is_of_a_new_connection(next.code) {
                continue;
            }
            // What becomes of the secret here, the program knows better than the library.
            let text = match (next.code, secret) {
                (NextStepCode::HandOverSecret, SecretFate::NotPrinted) => NOT_PRINTED.to_owned(),
                (NextStepCode::HandOverSecret, _) => continue,
                // The end of a secret that no site will ever have.
                (NextStepCode::RecordSecretExpiry, SecretFate::NotPrinted | SecretFate::ByHand) if is_handed_over => continue,
                _ => next.to_string(),
            };
            line("");
            line(&text);
        }
    }

    /// A page of its own, with its lines as text or one object.
    pub(crate) fn page(self, title: &str, event: &str, value: &impl Serialize, text: &str) {
        if self.json {
            self.object(event, value);
            return;
        }
        heading(title);
        for text in with_flags(text).lines() {
            line(text);
        }
    }

    /// What a monitoring system reads: without a heading.
    pub(crate) fn bare(self, event: &str, value: &impl Serialize, text: &str) {
        match self.json {
            true => self.object(event, value),
            false => line(with_flags(text).trim_end()),
        }
    }

    /// Why a check could not be made.
    pub(crate) fn unknown(self, message: &str) {
        let message = message.replace(['\n', '|'], " ");
        self.bare(
            "check",
            &json!({ "status": "unknown", "error": message }),
            &format!("UNKNOWN - {message}"),
        );
    }

    /// The end of a command that changes what is there.
    pub(crate) fn changed(self, title: &str, outcome: &Outcome, shown: &[Finding], secret: SecretFate) {
        if self.json {
            self.object("outcome", outcome);
            return;
        }
        heading(title);
        line(match outcome.changed {
            true => "Done.",
            false => "Everything was as wanted; nothing was changed.",
        });
        self.left(outcome, shown, secret, false);
    }

    /// What remains to be done by a person.
    pub(crate) fn next(self, text: &str) {
        if self.json {
            self.object("next", &json!({ "text": text }));
            return;
        }
        line("");
        line(text);
    }

    pub(crate) fn refused(self, findings: &[Finding], message: &str) {
        if self.json {
            self.object("refused", &json!({ "error": message, "findings": findings }));
            return;
        }
        heading("Refused");
        line("Nothing was written.");
        if findings.is_empty() {
            line(message);
        }
        self.findings(findings);
    }

    /// An approved plan that would do something else now.
    pub(crate) fn stale(self, stale: &StalePlan) {
        if self.json {
            let told = json!({ "error": stale.to_string(), "help": stale.help(), "differences": stale.differences });
            self.object("stale", &told);
            return;
        }
        heading("Refused");
        line("The plan is not carried out: tenant, site or specification have changed since it was saved. Nothing was written.");
        for difference in &stale.differences {
            line(&format!("  {difference}"));
        }
        line(&stale.help());
    }

    pub(crate) fn failed(self, error: &ApplyError) {
        if self.json {
            let failed = json!({ "problem": Problem::from(error), "report": error.report() });
            self.object("failed", &failed);
            return;
        }
        heading("Failed");
        line(&cmg_onboarding::error::chain(error));
        line(&error.help());
        heading("What exists");
        for text in error.report().to_string().lines() {
            line(text);
        }
    }

    pub(crate) fn removed(self, outcome: &Outcome) {
        if self.json {
            self.object("removed", outcome);
            return;
        }
        heading("Removed");
        if !outcome.changed {
            line("There was nothing to remove.");
        }
        for text in outcome.report.to_string().lines() {
            line(text);
        }
        self.findings(&outcome.findings);
    }

    pub(crate) fn bad_input(self, message: &str) {
        if self.json {
            self.object("badInput", &json!({ "error": message }));
        } else {
            to_person(message);
        }
    }

    /// A run that is over, without what it was to leave behind.
    pub(crate) fn stopped(self, message: &str) {
        if self.json {
            self.object("failed", &json!({ "error": message }));
        } else {
            to_person(message);
        }
    }

    /// A specification that cannot be carried out, field by field.
    pub(crate) fn invalid(self, spec: &InvalidSpec) {
        if self.json {
            let problem = json!({ "error": spec.to_string(), "help": spec.help(), "violations": spec.violations() });
            self.object("badInput", &problem);
        } else {
            to_person(&spec.help());
        }
    }

    fn findings<'a>(self, findings: impl IntoIterator<Item = &'a Finding>) {
        for finding in findings {
            line("");
            line(&with_flags(&finding.to_string()));
        }
    }

    /// One line that begins with the field `event`, like the events of a run.
    fn object(self, event: &str, value: &impl Serialize) {
        line(&serde_json::to_string(&Line { event, value }).unwrap_or_default());
    }
}

#[derive(Serialize)]
struct Line<'a, T> {
    event: &'a str,
    #[serde(flatten)]
    value: &'a T,
}

fn server(app: &ServerApp) -> String {
    match app {
        ServerApp::Create(app) => format!("create {:?}", app.name()),
        ServerApp::Import(app) => format!("import {:?} ({})", app.name(), app.client_id()),
        ServerApp::Reuse(app) => format!("reuse {}", app.client_id()),
        ServerApp::Adopt(app) => format!("adopt {}", app.client_id()),
        _ => "another way".to_owned(),
    }
}

fn client(app: &ClientApp) -> String {
    match app {
        ClientApp::Create(app) => format!("create {:?}", app.name()),
        ClientApp::Import(app) => format!("import {:?} ({})", app.name(), app.client_id()),
        ClientApp::Reuse(app) => format!("reuse {}", app.client_id()),
        ClientApp::Adopt(app) => format!("adopt {}", app.client_id()),
        _ => "another way".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up, and so may its helpers")]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_is_adopted_is_shown_as_adopted() {
        let (web, native) = ("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02");
        let adopt = |id: &str| json!({"adopt": {"clientId": id}});
        let text = json!({"name": "Contoso CMG", "serverApp": adopt(web), "clientApp": adopt(native)}).to_string();
        let spec: ConnectionSpec = text.parse().unwrap();
        assert_eq!(server(spec.server_app()), format!("adopt {web}"));
        assert_eq!(client(spec.client_app()), format!("adopt {native}"));
    }
}
