//! Which site to work on, and how.

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ConnectionSpec, HttpClient, SiteHandle,
    site::{SplitSite, power_shell::PowerShellSite},
    spec::{ClientApp, ServerApp},
};

use crate::bad_input::BadInput;

/// The flags for the site.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Site")]
pub(crate) struct SiteArguments {
    /// The Configuration Manager site.
    #[arg(long, value_enum, conflicts_with = "emulated")]
    pub(crate) site: Option<SiteChoice>,
    /// The full name of an SMS Provider. Built with the feature `kerberos`, this program reads the site over the
    /// administration service there, as the account that is logged on, and starts PowerShell for writing only.
    #[arg(long, value_name = "HOST", requires = "site")]
    pub(crate) provider: Option<String>,
    /// The three-character site code.
    #[arg(long, value_name = "ABC", requires = "site")]
    pub(crate) site_code: Option<String>,
}

/// The sites that this program works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SiteChoice {
    /// The site of the emulator that --graph names.
    Emulated,
    /// A real site, with the Configuration Manager console's cmdlets on this machine; give --site-code and --provider.
    PowerShell,
}

impl SiteArguments {
    /// Whether a real site is named.
    pub(crate) fn is_real(&self) -> bool {
        self.site == Some(SiteChoice::PowerShell)
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
}

/// Whether an administrator of the site alone can do this: both apps are there, so that no person has to sign in.
pub(crate) const fn is_import_of(spec: &ConnectionSpec) -> bool {
    let has_server = matches!(spec.server_app(), ServerApp::Import(_) | ServerApp::Reuse(_));
    let has_client = matches!(spec.client_app(), ClientApp::Import(_) | ClientApp::Reuse(_));
    has_server && has_client
}
