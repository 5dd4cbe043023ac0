//! Which site to import into, and how.

use std::{
    fmt::Display,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ApplicationId, ConnectionSpec, Diagnostic, HttpClient, Outcome, SiteHandle,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding, SplitSite,
        power_shell::{ConsoleScript, PowerShellSite},
    },
    spec::{ClientApp, ServerApp},
};

use crate::bad_input::BadInput;

/// The flags for the site.
#[derive(Debug, Args)]
pub(crate) struct SiteArguments {
    /// Which site to import into.
    #[arg(long, value_enum)]
    pub(crate) site: Option<SiteChoice>,
    /// The full name of an SMS Provider. Built with the feature `kerberos`, this program reads the site over the
    /// administration service there, as the account that is logged on, and starts PowerShell for writing only.
    #[arg(long, value_name = "HOST")]
    pub(crate) provider: Option<String>,
    /// The three-character site code.
    #[arg(long, value_name = "ABC")]
    pub(crate) site_code: Option<String>,
    /// Instead of importing, write the PowerShell script and the request without the secret into this folder, for a
    /// Configuration Manager administrator to run.
    #[arg(long, value_name = "DIR", requires_all = ["provider", "site_code"], conflicts_with = "site")]
    pub(crate) script_out: Option<PathBuf>,
}

/// The sites this program can import into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SiteChoice {
    /// The site of the emulator.
    Emulated,
    /// A real site, with the Configuration Manager console's cmdlets on this machine.
    PowerShell,
    /// No site: the apps are registered only.
    None,
}

impl SiteArguments {
    /// Whether no site is imported into.
    pub(crate) fn is_left_out(&self) -> bool {
        self.site == Some(SiteChoice::None) || self.script_out.is_some()
    }

    /// Whether an administrator of the site alone can do this: both apps are there, so that no person has to sign in.
    pub(crate) fn is_import_of(&self, spec: &ConnectionSpec) -> bool {
        let has_server = matches!(spec.server_app(), ServerApp::Import(_) | ServerApp::Reuse(_));
        let has_client = matches!(spec.client_app(), ClientApp::Import(_) | ClientApp::Reuse(_));
        self.site == Some(SiteChoice::PowerShell) && has_server && has_client
    }

    /// The real site: written by the cmdlets, and read by them, too, where this program was built without Kerberos.
    pub(crate) fn real(&self, http: HttpClient) -> Result<SiteHandle, BadInput> {
        let writer = self.power_shell()?;
        match self.reader(http)? {
            Some(reader) => Ok(SplitSite::new(reader, writer).into()),
            None => Ok(writer.into()),
        }
    }

    #[cfg(feature = "kerberos")]
    fn reader(&self, http: HttpClient) -> Result<Option<SiteHandle>, BadInput> {
        use cmg_onboarding::site::admin_service::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite};

        let Some(provider) = &self.provider else {
            return Ok(None);
        };
        let address = AdminServiceAddress::provider(provider).map_err(|error| BadInput(error.to_string()))?;
        let reader = AdminServiceSite::builder(address, AdminServiceSignIn::kerberos()).http(http);
        let reader = reader.build().map_err(|error| BadInput(error.to_string()))?;
        Ok(Some(reader.into()))
    }

    #[cfg(not(feature = "kerberos"))]
    fn reader(&self, _http: HttpClient) -> Result<Option<SiteHandle>, BadInput> {
        Ok(None)
    }

    fn power_shell(&self) -> Result<PowerShellSite, BadInput> {
        let (Some(code), Some(provider)) = (&self.site_code, &self.provider) else {
            return Err(BadInput("--site power-shell needs --site-code and --provider.".to_owned()));
        };
        PowerShellSite::builder(code, provider)
            .build()
            .map_err(|error| BadInput(error.to_string()))
    }

    /// Checks all that could keep script and request from being written, and makes their folder: once the secret is
    /// issued, a request that cannot be written would lose it.
    pub(crate) fn prepare_script(&self, spec: &ConnectionSpec) -> Result<(), BadInput> {
        let (Some(folder), Some(code), Some(provider)) = (&self.script_out, &self.site_code, &self.provider) else {
            return Ok(());
        };
        ConsoleScript::new(code, provider, &provisional(spec)?).map_err(|error| BadInput(format!("{error}. {}", error.help())))?;
        make_writable(folder, &[ConsoleScript::SCRIPT_FILE, ConsoleScript::REQUEST_FILE]).map_err(|error| cannot_write(folder, &error))
    }

    /// Writes script and request, where that is wanted, and tells what to do with them.
    pub(crate) fn write_script(&self, spec: &ConnectionSpec, outcome: &Outcome) -> Result<Option<String>, BadInput> {
        let (Some(folder), Some(code), Some(provider)) = (&self.script_out, &self.site_code, &self.provider) else {
            return Ok(None);
        };
        let Some(wanted) = onboarding(spec, outcome) else {
            return Ok(None);
        };
        let is_known = matches!(wanted.server_app, ServerAppImport::Known(_));
        if is_known && !matches!(spec.server_app(), ServerApp::Reuse(_)) {
            // The request would lack the server app: it fails at a site that does not know the app, and would replace a good one.
            let there = match folder.join(ConsoleScript::REQUEST_FILE).exists() {
                true => format!("{} is left as it is", folder.display()),
                false => format!("{} holds no request", folder.display()),
            };
            return Ok(Some(format!(
                "Not written: this run made no secret, so there is nothing new to import, and {there}. \
                 To make another secret and write the files anew, add --reissue-secret."
            )));
        }
        let secret = match &wanted.server_app {
            ServerAppImport::Import { secret_key_expiry, .. } => format!(
                "The script asks for the server app's secret key, which is in neither file and is not printed, and for the day on which \
                 it expires. A client secret that you add by hand has an end of its own; the one that this run has issued ends on {}.",
                secret_key_expiry.date()
            ),
            _ => "The site knows the server app already, so the script asks for no secret key.".to_owned(),
        };
        let console = ConsoleScript::new(code, provider, &wanted).map_err(|error| BadInput(error.to_string()))?;
        if is_there(folder, &console) {
            return Ok(Some(format!(
                "Not written: {} has the same request already. Where the Configuration Manager console is installed, run: {}\n{secret}",
                folder.display(),
                console.command_line()
            )));
        }
        let written = console.write_to(folder);
        let [script, request] = written.map_err(|error| cannot_write(folder, &error))?;
        Ok(Some(format!(
            "Written: {} and {}. Where the Configuration Manager console is installed, run: {}\n\
             {secret}",
            script.display(),
            request.display(),
            console.command_line()
        )))
    }
}

/// Whether the folder has this very request: another administrator may be carrying it out, and its answers would not belong
/// to a new one.
fn is_there(folder: &Path, console: &ConsoleScript) -> bool {
    let content = |text: &str| {
        let mut request: serde_json::Value = serde_json::from_str(text).ok()?;
        request.as_object_mut()?.remove("run");
        Some(request)
    };
    let held = fs::read_to_string(folder.join(ConsoleScript::REQUEST_FILE));
    let has_script = fs::read_to_string(folder.join(ConsoleScript::SCRIPT_FILE)).is_ok_and(|script| script == console.script());
    has_script && held.is_ok_and(|held| content(&held).is_some() && content(&held) == content(console.request()))
}

/// Makes the folder, and sees that these files can be written there.
pub(crate) fn make_writable(folder: &Path, names: &[&str]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for name in names {
        let path = folder.join(name);
        let is_new = !path.exists();
        OpenOptions::new().append(true).create(true).open(&path)?;
        if is_new {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn cannot_write(folder: &Path, error: &io::Error) -> BadInput {
    BadInput(format!("{} cannot be written to: {error}", folder.display()))
}

/// The request as far as the specification tells it, to find texts that would not arrive as they are.
pub(crate) fn provisional(spec: &ConnectionSpec) -> Result<SiteOnboarding, BadInput> {
    let application: ApplicationId = no_id()?;
    let server = match spec.server_app() {
        ServerApp::Create(app) => Some(app.name()),
        ServerApp::Import(app) => Some(app.name()),
        _ => None,
    };
    let client = match spec.client_app() {
        ClientApp::Create(app) => ClientAppImport::Import {
            name: app.name().to_owned(),
            client_id: application,
        },
        ClientApp::Import(app) => ClientAppImport::Import {
            name: app.name().to_owned(),
            client_id: application,
        },
        _ => ClientAppImport::Known(application),
    };
    let mut wanted = SiteOnboarding::new(
        no_id()?,
        server.unwrap_or_default(),
        spec.environment(),
        ServerAppImport::Known(application),
        client,
        spec.name(),
    );
    wanted.description = spec.description().map(str::to_owned);
    wanted.discovery = spec.discovery().cloned();
    Ok(wanted)
}

/// An id that is not known yet.
fn no_id<T: FromStr<Err: Display>>() -> Result<T, BadInput> {
    "00000000-0000-0000-0000-000000000000"
        .parse()
        .map_err(|error: T::Err| BadInput(error.to_string()))
}

/// What the site is to be given, from what was asked for and what came out.
fn onboarding(spec: &ConnectionSpec, outcome: &Outcome) -> Option<SiteOnboarding> {
    let settings = outcome.client_settings()?;
    let (server_app, client_app) = (outcome.server_app.as_ref()?, outcome.client_app.as_ref()?);
    let (server_id, client_id) = (server_app.application_id, client_app.application_id);
    let server = match (spec.server_app(), &outcome.secret, &settings.app_id_uri) {
        (ServerApp::Import(app), ..) => ServerAppImport::Import {
            name: app.name().to_owned(),
            client_id: server_id,
            secret_key: app.secret_key().clone(),
            secret_key_expiry: app.secret_key_expiry(),
            app_id_uri: app.app_id_uri().clone(),
        },
        (_, Some(secret), Some(uri)) => ServerAppImport::Import {
            name: server_app.name.clone().unwrap_or_else(|| server_id.to_string()),
            client_id: server_id,
            secret_key: secret.value.clone(),
            secret_key_expiry: secret.expires_on,
            app_id_uri: uri.clone(),
        },
        _ => ServerAppImport::Known(server_id),
    };
    let client = match (spec.client_app(), &client_app.name) {
        (ClientApp::Reuse(_), _) | (_, None) => ClientAppImport::Known(client_id),
        (_, Some(name)) => ClientAppImport::Import {
            name: name.clone(),
            client_id,
        },
    };
    let tenant = settings.tenant_name.clone().unwrap_or_else(|| settings.tenant_id.to_string());
    let mut wanted = SiteOnboarding::new(settings.tenant_id, tenant, outcome.environment, server, client, spec.name());
    wanted.description = spec.description().map(str::to_owned);
    wanted.discovery = spec.discovery().cloned();
    Some(wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up, and so may its helpers")]
mod tests {
    use cmg_onboarding::AzureServicesConnection;
    use cmg_onboarding_emulator::EmulatedTenant;

    use super::*;

    fn into(folder: &Path) -> SiteArguments {
        SiteArguments {
            site: None,
            provider: Some("cm01.contoso.com".to_owned()),
            site_code: Some("P01".to_owned()),
            script_out: Some(folder.to_owned()),
        }
    }

    #[tokio::test]
    async fn a_second_run_leaves_the_request_of_the_first_alone() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tenant = EmulatedTenant::new();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(tenant.directory())
            .build()
            .unwrap();
        let files = || {
            let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let mut read: Vec<_> = names.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
            read.sort();
            read
        };

        let outcome = job.onboard(|_| ()).await.unwrap();
        let said = into(&folder).write_script(&spec, &outcome).unwrap().unwrap();
        let expiry = outcome.secret.as_ref().unwrap().expires_on;
        assert!(
            said.contains("the day on which it expires") && said.contains(&expiry.date().to_string()),
            "{said}"
        );
        let first = files();
        assert_eq!(first.len(), 2);

        let again = job.onboard(|_| ()).await.unwrap();
        let said = into(&folder).write_script(&spec, &again).unwrap().unwrap();
        assert!(said.starts_with("Not written") && said.contains("--reissue-secret"), "{said}");
        assert_eq!(files(), first);
        fs::remove_dir_all(&folder).unwrap();
        let said = into(&folder).write_script(&spec, &again).unwrap().unwrap();
        assert!(said.contains("holds no request"), "{said}");
    }

    #[tokio::test]
    async fn the_same_request_is_not_written_anew_while_it_is_carried_out() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-same-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tenant = EmulatedTenant::new();
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        let request = || fs::read_to_string(folder.join(ConsoleScript::REQUEST_FILE)).unwrap();
        into(&folder).write_script(&spec, &outcome).unwrap();
        let first = request();
        let said = into(&folder).write_script(&spec, &outcome).unwrap().unwrap();
        assert!(said.contains("has the same request already"), "{said}");
        assert_eq!(request(), first, "its answers name the number of its run");
        fs::remove_dir_all(&folder).unwrap();
    }
}
