//! What a run has come to: its outcome, and what is left to do.

use crate::{
    cloud::CloudEndpoints,
    connection::{
        check::{apps, rows::has_reply_url},
        plan::{operation::Operation, target::PlannedApp},
        report::{
            consent_links,
            event::Verb,
            next_step::{NextStep, choose_discovery_groups, consents, record_secret_expiry, update_settings_in_console},
            next_step_code::NextStepCode,
            outcome::{AppOutcome, IssuedSecret, Outcome},
            reading::Answer,
            step::{AppRole, Step},
        },
        run::context::Run,
    },
    directory::{Application, Directory},
    ids::{ApplicationId, ServicePrincipalId},
    site::SiteConnection,
    spec::{ConnectionSpec, DiscoverySpec, GroupNames, ImportedServerApp},
    words::{Parameters, set},
};

impl Run<'_> {
    /// The outcome of a run that has come to its end.
    pub(crate) fn outcome(&self) -> Outcome {
        let report = self.finished_report();
        let changed = report.changed_anything();
        let document = self.document;
        let keeps_apps = matches!(document.verb, Verb::Onboard | Verb::UpdateSettings);
        let removes_apps = document.verb == Verb::Remove;
        let (server_app, client_app, secret, connection) = {
            let state = self.state();
            let server = app_outcome(&document.server_app, state.server.as_ref(), state.server_principal);
            let client = app_outcome(&document.client_app, state.client.as_ref(), state.client_principal);
            (server, client, state.issued.clone(), state.connection.clone())
        };
        let client_id = |app: &Option<AppOutcome>| app.as_ref().map(|app| app.application_id);
        let mut next_steps = match document.verb {
            Verb::Onboard | Verb::RenewSecret => self.secret_left_open(secret.as_ref()),
            _ => Vec::new(),
        };
        // What a new connection needs besides, one whose secret is renewed has.
        if document.verb == Verb::Onboard {
            next_steps.extend(self.connection_left_open(connection.as_ref(), changed));
        }
        if keeps_apps {
            next_steps.extend(self.consents_left_open(client_id(&server_app), client_id(&client_app)));
        }
        if document.verb == Verb::UpdateSettings {
            next_steps.extend(self.console_update());
        }
        Outcome {
            version: Outcome::VERSION,
            changed,
            environment: document.environment,
            tenant_id: document.tenant_id,
            tenant_name: self
                .snapshot
                .tenant_name_in_site(document.tenant_id)
                .unwrap_or(&document.tenant_name)
                .to_owned(),
            // One with placeholders is of an app that is not there, because the run was for the other app only.
            app_id_uri: self
                .snapshot
                .client_uri(document.server_app.application_id, self.app_id_uri().as_ref())
                .filter(|uri| !uri.has_placeholders()),
            server_app: server_app.filter(|_| !removes_apps),
            client_app: client_app.filter(|_| !removes_apps),
            next_steps,
            findings: self.all_findings(),
            read_at: self.state().read_at.unwrap_or(self.snapshot.read_at),
            secret,
            connection,
            report,
        }
    }

    /// The consents that the plan leaves to another administrator, with where they are given.
    fn consents_left_open(&self, server: Option<ApplicationId>, client: Option<ApplicationId>) -> Vec<NextStep> {
        let document = self.document;
        let of_cloud = CloudEndpoints::of(document.environment);
        let endpoints = self.inner.directory().and_then(Directory::endpoints).unwrap_or(&of_cloud);
        consents(&document.findings, |app| {
            Some(match app {
                apps::SERVER => consent_links::of_server_app(endpoints, document.tenant_id, server?),
                _ => consent_links::of_client_app(endpoints, document.tenant_id, client?, document.app_id_uri.as_ref()),
            })
        })
    }

    /// What the site has of the server app in a column of its own, if a person has to change it, or it is not known.
    fn console_update(&self) -> Option<NextStep> {
        if self.document.only == Some(AppRole::Client) {
            return None;
        }
        let tenant = self.document.tenant_id;
        let Some(site) = &self.snapshot.site else {
            return Some(update_settings_in_console(tenant, None));
        };
        let row = site.application(self.server_in_site()?)?;
        (has_reply_url(&site.info, row) != Answer::Yes).then(|| update_settings_in_console(tenant, row.reply_url.as_deref()))
    }

    /// What remains to be done with the secret. Each date is that of the secret which the site really has.
    fn secret_left_open(&self, issued: Option<&IssuedSecret>) -> Vec<NextStep> {
        let given = self.inner.spec.server_app().imported().map(ImportedServerApp::secret_key_expiry);
        let given = given.or_else(|| issued.map(|secret| secret.expires_on));
        let site = self.snapshot.site.as_ref().filter(|_| self.document.site.is_some());
        let row = site.and_then(|site| site.application(self.server_in_site()?));
        let held = row.and_then(|row| row.secret_expiry);
        let operation = self.planned(Step::ImportServerApp).map(|change| &change.operation);
        let is_kept_back = self.state().is_kept_back;
        let (expires_on, is_by_hand, is_by_console) = match operation {
            // The site itself tells of the end of a secret that its console has made.
            Some(Operation::RenewSecret { made_by_console: true, .. }) => (None, true, true),
            Some(Operation::RenewSecret { by_hand, .. }) if *by_hand || is_kept_back => (held, true, false),
            Some(Operation::Keep { .. }) => (held, false, false),
            _ => (given, false, false),
        };
        let mut steps: Vec<NextStep> = expires_on.map(record_secret_expiry).into_iter().collect();
        if issued.is_some() && (site.is_none() || is_by_hand) {
            steps.push(NextStep::new(NextStepCode::HandOverSecret));
        }
        // A secret that an earlier run has issued, and that the site still lacks.
        let open = match operation {
            Some(Operation::RenewSecret { to: Some(day), .. }) => Some(day.midnight().assume_utc()),
            _ => None,
        };
        let mut app = self.server_app_parameters();
        set(&mut app, "heldUntil", held.map(|end| end.date().to_string()));
        if is_by_console {
            steps.push(NextStep::with_parameters(NextStepCode::RenewSecretByConsole, app));
        } else if let Some(end) = given.or(open).filter(|_| is_by_hand) {
            set(&mut app, "expiresOn", end.date().to_string());
            steps.push(NextStep::with_parameters(NextStepCode::RenewSecretInSite, app));
        }
        steps
    }

    /// Server app and tenant, by the names of the parameters.
    fn server_app_parameters(&self) -> Parameters {
        let mut app = Parameters::new();
        set(&mut app, "tenantId", self.document.tenant_id);
        let tenant_name = Some(self.document.tenant_name.as_str()).filter(|name| !name.is_empty());
        set(&mut app, "tenantName", tenant_name);
        set(&mut app, "clientId", self.server_in_site());
        set(&mut app, "name", self.document.server_app.name.as_deref());
        app
    }

    /// What remains to be done for the connection beside its secret.
    fn connection_left_open(&self, connection: Option<&SiteConnection>, changed: bool) -> Vec<NextStep> {
        let missing = connection.map(|connection| missing_groups(&self.inner.spec, connection));
        let mut steps: Vec<NextStep> = missing.as_deref().and_then(choose_discovery_groups).into_iter().collect();
        if changed {
            steps.push(NextStep::new(NextStepCode::ExcludeFromConditionalAccess));
        }
        if changed && self.snapshot.site.is_some() && self.document.site.is_some() {
            steps.push(NextStep::new(NextStepCode::SetUpGateway));
            steps.push(NextStep::new(NextStepCode::ConfigureClientAuthentication));
        }
        steps
    }
}

/// The groups that a connection is to discover and, as far as it was read, does not.
fn missing_groups(spec: &ConnectionSpec, connection: &SiteConnection) -> Vec<String> {
    let wanted = spec
        .discovery()
        .and_then(DiscoverySpec::groups)
        .filter(|_| !connection.is_discovery_unread);
    let held = connection
        .group_discovery
        .as_ref()
        .map(|held| held.group_names.as_slice())
        .unwrap_or_default();
    let names = wanted.iter().flat_map(|wanted| &wanted.names);
    let held = GroupNames::of(held);
    names.filter(|name| !held.has(name)).cloned().collect()
}

fn app_outcome(planned: &PlannedApp, app: Option<&Application>, principal: Option<ServicePrincipalId>) -> Option<AppOutcome> {
    Some(AppOutcome {
        name: planned.name.clone(),
        application_id: app.map(|app| app.app_id).or(planned.application_id)?,
        object_id: app.map(|app| app.object_id),
        service_principal_id: principal,
    })
}
