//! A plan in print: the wizard's Summary page, where an administrator reviews the settings.

use std::fmt;

use crate::{
    connection::{
        plan::{
            change::{Change, When},
            details::{add, add_some},
            document::PlanDocument,
            review::Detail,
            target::{AppSource, PlannedApp},
        },
        report::{event::Verb, step::AppRole},
    },
    text::clean,
};

impl fmt::Display for PlanDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Detail { name, value } in self.settings() {
            writeln!(formatter, "{:<19}{value}", format!("{name}:"))?;
        }
        writeln!(formatter)?;
        for when in [When::Always, When::IfNeeded, When::IfRefused] {
            let mut changes = self.changes.iter().filter(|change| change.when == when).peekable();
            if let (Some(occasion), Some(_)) = (occasion(when), changes.peek()) {
                writeln!(formatter, "\n{occasion}")?;
            }
            for change in changes {
                self.show(formatter, change)?;
            }
        }
        let permissions = self.permissions();
        if !permissions.is_empty() {
            writeln!(formatter, "\nPermissions used: {}", permissions.join(", "))?;
        }
        for finding in &self.findings {
            writeln!(formatter, "\n{}", clean(&finding.to_string()))?;
        }
        if self.is_empty() {
            let text = match self.verb {
                Verb::Remove => "There is nothing to remove.",
                Verb::RenewSecret if self.keeps_given_secret() => "The site shows the end of the given secret; nothing will be changed.",
                Verb::RenewSecret => "Nothing will be changed now; what the renewal waits for is said above.",
                Verb::RemoveOldSecrets => "There is no old secret to remove.",
                _ if self.leaves_consents_open() => "Nothing will be changed, and a consent is still open: see above.",
                _ => "Everything is in place; nothing will be changed.",
            };
            writeln!(formatter, "\n{text}")?;
        }
        Ok(())
    }
}

/// When the changes run that do not run in every case.
pub(crate) const fn occasion(when: When) -> Option<&'static str> {
    match when {
        When::Always => None,
        When::IfNeeded => Some("Only if an answer is lost, or another run is under way at the same time:"),
        When::IfRefused => Some("Only if the directory refuses by a policy of the tenant:"),
    }
}

impl PlanDocument {
    /// What the plan is for: the first lines of the Summary page. Texts of strangers are cleaned.
    pub(crate) fn settings(&self) -> Vec<Detail> {
        let mut settings = Vec::new();
        add(&mut settings, "Name", &self.name);
        add_some(&mut settings, "Description", self.description.as_ref());
        add(&mut settings, "Service", "Cloud Management");
        add(&mut settings, "Azure environment", self.environment);
        let tenant = Some(self.tenant_name.as_str()).filter(|name| !name.is_empty());
        add(
            &mut settings,
            "Tenant",
            format!("{} ({})", tenant.unwrap_or("name not known"), self.tenant_id),
        );
        add(&mut settings, "Web app", self.app_in_words(AppRole::Server, &self.server_app));
        add(
            &mut settings,
            "Native Client app",
            self.app_in_words(AppRole::Client, &self.client_app),
        );
        add_some(&mut settings, "App ID URI", self.app_id_uri.as_ref());
        add(&mut settings, "Site", self.site_in_words());
        if self.verb == Verb::Remove && !self.removal_scope.takes_apps() {
            add(&mut settings, "Scope", "the connection only; both app registrations stay");
        }
        settings
    }

    fn app_in_words(&self, role: AppRole, app: &PlannedApp) -> String {
        let name = app
            .name
            .as_ref()
            .map_or_else(|| "without a known name".to_owned(), |name| format!("\"{name}\""));
        let id = app.application_id.map(|id| id.to_string());
        if self.verb != Verb::Onboard {
            return format!("{name} ({})", id.as_deref().unwrap_or("not registered"));
        }
        let source = match app.source {
            // As the wizard, a plan for the other app leaves this one to another day.
            AppSource::Create if self.only.is_some_and(|only| only != role) => "by a plan of its own,",
            AppSource::Create => "create",
            AppSource::Import => "import",
            AppSource::Reuse => "reuse",
            AppSource::Adopt => "adopt",
        };
        match id {
            // An app of an earlier run is there already.
            Some(id) if app.source == AppSource::Create => format!("{source} {name} (registered as {id})"),
            Some(id) => format!("{source} {name} ({id})"),
            None => format!("{source} {name}"),
        }
    }

    fn site_in_words(&self) -> String {
        match (&self.site, self.only, self.verb) {
            (Some(site), ..) => site.site_code.clone(),
            (None, Some(app), _) => format!("none; this plan is for the {app} only"),
            (None, None, Verb::Remove) => "none; a connection in a site is not removed".to_owned(),
            (None, None, Verb::RenewSecret) => "none; a person hands the new secret over".to_owned(),
            (None, None, _) => "none; the apps are registered, and no connection is set up".to_owned(),
        }
    }

    fn show(&self, formatter: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
        writeln!(formatter, "{:<9} {}", change.action.to_string(), change.step)?;
        for Detail { name, value } in self.details(change) {
            writeln!(formatter, "            {name}: {value}")?;
        }
        Ok(())
    }
}
