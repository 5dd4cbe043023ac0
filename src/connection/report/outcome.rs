//! What a run has done, whether it ended well or badly.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    cloud::CloudEnvironment,
    connection::report::{
        event::RunId,
        finding::Finding,
        next_step::NextStep,
        step::{Step, StepAction},
    },
    error::RequestTrace,
    ids::{ApplicationId, ApplicationObjectId, KeyId, ServicePrincipalId, TenantId},
    secret::ClientSecret,
    site::SiteConnection,
    spec::{AppIdUri, ImportedClientApp, ImportedServerApp},
    text::clean,
};

/// One step in a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// What it came to.
    pub action: StepAction,
    /// Ids of what it made or found, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// What is left to do by hand, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The writes that were answered, with the ids that Microsoft's support asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestTrace>,
}

impl StepReport {
    pub(crate) const fn new(step: Step, action: StepAction) -> Self {
        Self {
            step,
            action,
            ids: BTreeMap::new(),
            note: None,
            requests: Vec::new(),
        }
    }

    pub(crate) fn with_id(mut self, name: &'static str, id: impl ToString) -> Self {
        self.ids.insert(name.to_owned(), clean(&id.to_string()));
        self
    }

    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(clean(&note.into()));
        self
    }
}

/// Everything that a run has done, in order. Never a secret.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// let outcome = connection.onboard(|_| ()).await?;
/// for step in outcome.report.steps() {
///     println!("{} {:?}", step.action, step.ids);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this form, 1. Reports of before it was written have it, too.
    #[serde(default = "current_version")]
    pub version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) caller: Option<String>,
    steps: Vec<StepReport>,
}

/// The version of the form of a report that this version of the crate writes.
const fn current_version() -> u32 {
    1
}

impl Default for Report {
    fn default() -> Self {
        Self {
            version: current_version(),
            run: None,
            caller: None,
            steps: Vec::new(),
        }
    }
}

impl Report {
    /// Which run it was, as its events say.
    #[must_use]
    pub const fn run(&self) -> Option<RunId> {
        self.run
    }

    /// Who wrote to the directory: the account, or the application if no person is signed in. `None` if the
    /// token does not tell, or if nothing was written there.
    #[must_use]
    pub fn caller(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// The steps that were reached, in order.
    #[must_use]
    pub fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// The report of one step, if it was reached.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.step == step)
    }

    /// Whether anything was changed.
    #[must_use]
    pub fn changed_anything(&self) -> bool {
        self.steps.iter().any(|report| report.action.is_change())
    }

    /// Brings the steps into the order of the job; those of one round finish in any order.
    pub(crate) fn sort(&mut self) {
        self.steps.sort_by_key(|report| report.step);
    }

    pub(crate) fn push(&mut self, step: StepReport) {
        self.steps.push(step);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.steps {
            write!(formatter, "{:<9}  {}", report.action.to_string(), report.step)?;
            for (name, id) in &report.ids {
                write!(formatter, "\n             {name} {id}")?;
            }
            if let Some(note) = &report.note {
                write!(formatter, "\n             {note}")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// A secret that this run has issued. Its text exists nowhere else, apart from the site and the caller's sink
/// if they have got it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IssuedSecret {
    /// The secret's text. JSON never has it: of an outcome that was read from JSON it is empty, and what takes a secret
    /// refuses an empty one.
    #[serde(skip, default = "left_out")]
    pub value: ClientSecret,
    /// *Secret ID*.
    pub key_id: KeyId,
    /// When it expires, as the directory said.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub expires_on: OffsetDateTime,
}

fn left_out() -> ClientSecret {
    ClientSecret::new(String::new())
}

/// One of the two apps at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppOutcome {
    /// The friendly name; `None` if the app is reused and the site does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// *Application (client) ID*.
    pub application_id: ApplicationId,
    /// *Object ID*; `None` if the run did not work on the app in the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<ApplicationObjectId>,
    /// *Object ID* of the enterprise application; `None` if the run did not work on it in the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_principal_id: Option<ServicePrincipalId>,
}

/// The values that clients need later, under the names of the client's installation properties.
///
/// Source: *About client installation parameters and properties in Configuration Manager*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientSettings {
    /// `AADTENANTID`.
    pub tenant_id: TenantId,
    /// `AADTENANTNAME`, which only old clients read: the tenant's name as the site has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_name: Option<String>,
    /// `AADCLIENTAPPID`: the native app.
    pub client_app_id: ApplicationId,
    /// `AADRESOURCEURI`: the App ID URI of the server app as the site has it. Without a site, the one that is
    /// registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id_uri: Option<AppIdUri>,
}

impl ClientSettings {
    /// The values as properties for `ccmsetup.exe`.
    #[must_use]
    pub fn ccmsetup_properties(&self) -> String {
        let mut text = format!("AADTENANTID={} AADCLIENTAPPID={}", self.tenant_id, self.client_app_id);
        if let Some(uri) = &self.app_id_uri {
            text.push_str(" AADRESOURCEURI=");
            text.push_str(uri.as_str());
        }
        text
    }
}

/// The end of a run that went well, whether it set the connection up or removed it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// let outcome = connection.onboard(|_| ()).await?;
/// if let Some(settings) = outcome.client_settings() {
///     println!("ccmsetup.exe {}", settings.ccmsetup_properties());
/// }
/// for next in &outcome.next_steps {
///     println!("{next}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outcome {
    /// The version of this form, 1.
    pub version: u32,
    /// Whether this run changed anything; `false` if everything was in place.
    pub changed: bool,
    /// When tenant and site were read for the plan. What the run has left as it was, was so by the answers of that
    /// moment; see [`verify_alive`](crate::connection::AzureServicesConnectionBuilder::verify_alive).
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub read_at: OffsetDateTime,
    /// The cloud.
    pub environment: CloudEnvironment,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The tenant's name in the site; empty if the signed-in application may not read it.
    pub tenant_name: String,
    /// The App ID URI of the server app, which clients ask for: the one that the site has if it knew the app before, else
    /// the one of the plan. `None` if the site does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id_uri: Option<AppIdUri>,
    /// The web (server) app; `None` after a removal, or if it is not there because the run was for the other
    /// app only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_app: Option<AppOutcome>,
    /// The native (client) app; `None` as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_app: Option<AppOutcome>,
    /// The secret that this run issued; `None` if it issued none. In JSON without its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<IssuedSecret>,
    /// The connection as the site has it; `None` if there is no site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<SiteConnection>,
    /// Everything that was done.
    pub report: Report,
    /// Everything that was found on the way: by the checks before the run, and by the run itself.
    pub findings: Vec<Finding>,
    /// What remains to be done, and by whom.
    pub next_steps: Vec<NextStep>,
}

impl Outcome {
    /// The version of the form that this version of the crate writes.
    pub(crate) const VERSION: u32 = 1;

    /// What clients need later; `None` if there is no client app.
    #[must_use]
    pub fn client_settings(&self) -> Option<ClientSettings> {
        Some(ClientSettings {
            tenant_id: self.tenant_id,
            tenant_name: Some(self.tenant_name.clone()).filter(|name| !name.is_empty()),
            client_app_id: self.client_app.as_ref()?.application_id,
            app_id_uri: self.app_id_uri.clone(),
        })
    }

    /// The server app's values of the *Import apps* dialog, for an administrator who imports what this run
    /// has registered. They hold the secret: hand them on by a safe way.
    ///
    /// `None` if this run has issued no secret, or if the name of the tenant or the app or the App ID URI is not known.
    #[must_use]
    pub fn imported_server_app(&self) -> Option<ImportedServerApp> {
        let (app, secret) = (self.server_app.as_ref()?, self.secret.as_ref()?);
        let values = ImportedServerApp::builder()
            .tenant_name(&self.tenant_name)
            .tenant_id(self.tenant_id)
            .name(app.name.as_deref()?)
            .client_id(app.application_id)
            .secret_key(secret.value.clone())
            .secret_key_expiry(secret.expires_on)
            .app_id_uri(self.app_id_uri.as_ref()?.as_str());
        values.build().ok()
    }

    /// The client app's values of the *Import apps* dialog. `None` if there is no client app, or its name is
    /// not known.
    #[must_use]
    pub fn imported_client_app(&self) -> Option<ImportedClientApp> {
        let app = self.client_app.as_ref()?;
        let values = ImportedClientApp::builder()
            .name(app.name.as_deref()?)
            .client_id(app.application_id);
        values.build().ok()
    }

    /// The values of both apps: [`imported_server_app`](Self::imported_server_app) and
    /// [`imported_client_app`](Self::imported_client_app).
    #[must_use]
    pub fn hand_over(&self) -> Option<(ImportedServerApp, ImportedClientApp)> {
        Some((self.imported_server_app()?, self.imported_client_app()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_from_the_directory_forges_no_line_and_steers_no_terminal() {
        let report = StepReport::new(Step::ConsentUserRead, StepAction::Created).with_id("grantId", "x\u{1b}]0;title\u{7}\nCreated  fake");
        let id = &report.ids["grantId"];
        assert!(id.starts_with('x') && !id.chars().any(char::is_control), "{id:?}");
        let report = Report {
            steps: vec![report],
            ..Report::default()
        };
        assert_eq!(report.to_string().lines().count(), 2);
    }

    #[test]
    fn steps_are_reported_in_the_order_of_the_job_whichever_ended_first() {
        let mut report = Report::default();
        for step in Step::ALL.iter().rev() {
            report.push(StepReport::new(*step, StepAction::Created));
        }
        report.sort();
        assert!(report.steps().iter().map(|report| report.step).eq(Step::ALL.iter().copied()));
    }
}
