//! Which site to import into, and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ConnectionSpec, HttpClient, Outcome, SiteHandle,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding, SplitSite,
        power_shell::{ConsoleScript, PowerShellSite},
    },
    spec::{ClientApp, ServerApp},
};

use crate::arguments::BadInput;

/// The flags for the site.
#[derive(Debug, Args)]
pub(crate) struct SiteArguments {
    /// Which site to import into.
    #[arg(long, value_enum)]
    pub(crate) site: Option<SiteChoice>,
    /// The full name of an SMS Provider. Built with the feature `kerberos`, this program reads the site over the
    /// administration service there, as whoever is logged on, and starts PowerShell for writing only.
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

    /// Whether an administrator of the site alone can do this: both apps are there, so that nobody has to sign in.
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

    /// Writes script and request, where that is wanted, and tells what to do with them.
    pub(crate) fn write_script(&self, spec: &ConnectionSpec, outcome: &Outcome) -> Result<Option<String>, BadInput> {
        let (Some(folder), Some(code), Some(provider)) = (&self.script_out, &self.site_code, &self.provider) else {
            return Ok(None);
        };
        let console = ConsoleScript::new(code, provider, &onboarding(spec, outcome)).map_err(|error| BadInput(error.to_string()))?;
        let written = console.write_to(folder);
        let [script, request] = written.map_err(|error| BadInput(format!("{} cannot be written to: {error}", folder.display())))?;
        Ok(Some(format!(
            "Written: {} and {}. Where the Configuration Manager console is installed, run: {}\n\
             The script asks for the server app's secret key, which is in neither file.",
            script.display(),
            request.display(),
            console.command_line()
        )))
    }
}

/// What the site is to be given, from what was asked for and what came out.
fn onboarding(spec: &ConnectionSpec, outcome: &Outcome) -> SiteOnboarding {
    let settings = &outcome.client_settings;
    let (server_id, client_id) = (outcome.server_app.application_id, outcome.client_app.application_id);
    let server = match (spec.server_app(), &outcome.secret, &settings.app_id_uri) {
        (ServerApp::Import(app), ..) => ServerAppImport::Import {
            name: app.name().to_owned(),
            client_id: server_id,
            secret_key: app.secret_key().clone(),
            secret_key_expiry: app.secret_key_expiry(),
            app_id_uri: app.app_id_uri().clone(),
        },
        (_, Some(secret), Some(uri)) => ServerAppImport::Import {
            name: outcome.server_app.name.clone().unwrap_or_else(|| server_id.to_string()),
            client_id: server_id,
            secret_key: secret.value.clone(),
            secret_key_expiry: secret.expires_on,
            app_id_uri: uri.clone(),
        },
        _ => ServerAppImport::Known(server_id),
    };
    let client = match (spec.client_app(), &outcome.client_app.name) {
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
    wanted
}
