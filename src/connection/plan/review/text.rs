//! A review as text.

use std::fmt;

use super::{CallerNeeds, ConsentState, Review, ReviewedChange};
use crate::{
    connection::{
        plan::{change::When, summary::occasion},
        report::event::Verb,
    },
    paper::{Paper, Style},
    permissions::{AnyOf, Requirement, WithoutRole},
};

impl fmt::Display for Review {
    /// Plain text, which pastes into a change request.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written(Style::Plain))
    }
}

impl Review {
    /// The same as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        self.written(Style::Markdown)
    }

    fn written(&self, style: Style) -> String {
        let title = match self.verb {
            Verb::Remove => "Removal of an Azure service connection of Configuration Manager",
            Verb::UpdateSettings => "Update of the application settings of Configuration Manager's app registrations",
            Verb::RenewSecret => "Renewal of the secret that a Configuration Manager site signs in with",
            Verb::RemoveOldSecrets => "Removal of old secrets that a Configuration Manager site has signed in with",
            _ => "Azure service connection of Configuration Manager for a cloud management gateway",
        };
        let mut paper = Paper::new(style, title);
        paper.list();
        for setting in &self.settings {
            paper.item(&format!("{}: {}", setting.name, setting.value));
        }
        paper.item(&format!(
            "Planned on: {} {:02}:{:02} UTC",
            self.made_on.date(),
            self.made_on.hour(),
            self.made_on.minute()
        ));
        self.write_changes(&mut paper);
        if self.verb == Verb::Onboard {
            self.write_permissions(&mut paper);
        }
        self.write_left_behind(&mut paper);
        self.write_tenant_checks(&mut paper);
        write_caller(&self.caller, &mut paper);
        if !self.findings.is_empty() {
            paper.heading("What was found");
            paper.list();
            for finding in &self.findings {
                paper.item(&finding.to_string());
            }
        }
        paper.finish()
    }

    fn write_changes(&self, paper: &mut Paper) {
        paper.heading("What is made, changed or removed");
        let of = |when: When| self.changes.iter().filter(move |change| change.when == when);
        if of(When::Always).next().is_none() {
            paper.paragraph("Nothing: everything is in place.");
        }
        for when in [When::Always, When::IfNeeded, When::IfRefused] {
            if of(when).next().is_none() {
                continue;
            }
            if let Some(occasion) = occasion(when) {
                paper.paragraph(occasion);
            }
            paper.list();
            of(when).for_each(|change| write_change(change, paper));
        }
    }

    fn write_permissions(&self, paper: &mut Paper) {
        paper.heading("Permissions of the two apps, and why");
        if self.permissions.is_empty() {
            paper.paragraph("This plan gives neither app a permission.");
            return;
        }
        paper.list();
        for permission in &self.permissions {
            let kind = permission.kind;
            let id = permission.id.map(|id| format!(", {id}")).unwrap_or_default();
            let (name, offered_by) = (&permission.name, &permission.offered_by);
            paper.item(&format!("The {}: {name} of {offered_by} ({kind}{id})", permission.held_by));
            paper.detail("Why", &permission.reason);
            let given = match permission.consent {
                ConsentState::GivenByPlan => "by this plan, as admin consent for the tenant",
                ConsentState::InPlace => "already; this plan leaves it",
                ConsentState::LeftToAdministrator => "by another administrator, after this plan",
            };
            paper.detail("Given", given);
            paper.detail("Microsoft's page", &permission.source);
        }
    }

    fn write_left_behind(&self, paper: &mut Paper) {
        if self.left_behind.is_empty() {
            return;
        }
        paper.heading(match self.verb {
            Verb::Remove | Verb::RenewSecret | Verb::RemoveOldSecrets => "What stays",
            _ => "What stays if the connection is removed one day",
        });
        paper.list();
        for left in &self.left_behind {
            paper.item(&left.what);
            paper.detail("Why", &left.why);
            if let Some(source) = &left.source {
                paper.detail("Microsoft's page", source);
            }
        }
    }

    fn write_tenant_checks(&self, paper: &mut Paper) {
        if self.tenant_checks.is_empty() {
            return;
        }
        paper.heading("Tenant checks that will flag it");
        paper.list();
        for check in &self.tenant_checks {
            paper.item(&format!("{}: {}", check.suite, check.check));
            paper.detail("Flags", &check.flags);
            if let Some(needed) = &check.needed_for {
                paper.detail("Needed because", needed);
            }
            if let Some(remedy) = &check.remedy {
                paper.detail("What can be done", remedy);
            }
            paper.detail("Described at", &check.source);
        }
    }
}

fn write_change(change: &ReviewedChange, paper: &mut Paper) {
    paper.item(&format!("{} ({})", change.title, change.action));
    for detail in &change.details {
        paper.detail(&detail.name, &detail.value);
    }
}

fn write_caller(caller: &CallerNeeds, paper: &mut Paper) {
    paper.heading("What the caller needs to carry it out");
    if caller.delegated.is_empty() && caller.site_roles.is_empty() {
        paper.paragraph("Nothing: the plan neither reads the tenant nor writes to the site.");
        return;
    }
    paper.list();
    if !caller.delegated.is_empty() {
        paper.item(&format!("As a person, delegated permissions: {}", caller.delegated.join(", ")));
        paper.item(&format!(
            "As an application, application permissions: {}",
            caller.application.join(", ")
        ));
        let roles: Vec<&str> = caller.roles.iter().map(|role| role.name()).collect();
        let roles = match roles.as_slice() {
            [] => "none".to_owned(),
            some => format!("{}; a Global Administrator needs no other one", some.join(" and ")),
        };
        paper.item(&format!("Directory roles of a person: {roles}"));
    }
    if !caller.site_roles.is_empty() {
        paper.item(&format!("Security role in the site: {}", caller.site_roles.join(" or ")));
    }
    for task in &caller.tasks {
        paper.item(&format!("To {}", task.usage));
        paper.detail("Delegated", &sets(task.delegated));
        paper.detail("Application", &sets(task.application));
        paper.detail("Directory role of a person", &role(task));
        for page in task.source.split("; ").filter(|page| *page != "grant-admin-consent") {
            paper.detail("Microsoft's page", &format!("https://learn.microsoft.com/graph/api/{page}"));
        }
    }
}

fn sets(sets: &[AnyOf]) -> String {
    let shown: Vec<String> = sets.iter().map(|set| set.join(" or ")).collect();
    shown.join(", and ")
}

fn role(task: &Requirement) -> String {
    let names: Vec<&str> = task.roles.iter().map(|role| role.name()).collect();
    let one = names.join(" or ");
    match task.without_role {
        WithoutRole::Everyone => "none".to_owned(),
        WithoutRole::Members => format!("none, if the tenant lets its members do it; else {one}"),
        WithoutRole::Owners => format!("none for the owner of the object; else {one}"),
        WithoutRole::NoCaller => one,
    }
}
