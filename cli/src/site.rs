//! Which site to work on, and how.

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ConnectionSpec, HttpClient, SiteHandle,
    site::{
        SplitSite,
        power_shell::{LocalProcess, PowerShellSite},
    },
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

    /// Refuses flags that the chosen site does not read. `has_graph`: whether --graph is given.
    pub(crate) fn check(&self, has_graph: bool) -> Result<(), BadInput> {
        if self.site != Some(SiteChoice::Emulated) {
            return Ok(());
        }
        let flags = [("--provider", self.provider.is_some()), ("--site-code", self.site_code.is_some())];
        if let Some((flag, _)) = flags.into_iter().find(|(_, is_given)| *is_given) {
            return Err(BadInput(format!(
                "`--site emulated` does not read {flag}: leave it out, or name the real site by --site power-shell. Nothing was sent."
            )));
        }
        if !has_graph {
            return Err(BadInput(
                "--site emulated is the site of the emulator that --graph names.".to_owned(),
            ));
        }
        Ok(())
    }

    /// The real site: written by the cmdlets, and read by them, too, where this program was built without Kerberos.
    /// PowerShell does not get to see the `hidden` environment variables.
    pub(crate) fn real<'a>(&self, http: HttpClient, hidden: impl Iterator<Item = &'a str>) -> Result<SiteHandle, BadInput> {
        let writer = self.power_shell(hidden)?;
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

    fn power_shell<'a>(&self, hidden: impl Iterator<Item = &'a str>) -> Result<PowerShellSite, BadInput> {
        let (Some(code), Some(provider)) = (&self.site_code, &self.provider) else {
            return Err(BadInput("--site power-shell needs --site-code and --provider.".to_owned()));
        };
        PowerShellSite::builder(code, provider)
            .host(hidden.fold(LocalProcess::new(), LocalProcess::without_variable))
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

#[cfg(test)]
#[allow(clippy::panic, reason = "a test may give up")]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_a_real_site_is_refused_with_the_emulated_one() {
        let emulated = || SiteArguments {
            site: Some(SiteChoice::Emulated),
            ..SiteArguments::default()
        };
        assert!(emulated().check(true).is_ok());
        let mut with_provider = emulated();
        with_provider.provider = Some("cm01.contoso.com".to_owned());
        let mut with_code = emulated();
        with_code.site_code = Some("P01".to_owned());
        for (arguments, has_graph, named) in [
            (with_provider, true, "--provider"),
            (with_code, true, "--site-code"),
            (emulated(), false, "--graph"),
        ] {
            let Err(BadInput(message)) = arguments.check(has_graph) else {
                panic!("{named} is not asked about");
            };
            assert!(message.contains(named) && message.contains("--site emulated"), "{message}");
        }
        let real = SiteArguments {
            site: Some(SiteChoice::PowerShell),
            provider: Some("cm01.contoso.com".to_owned()),
            site_code: Some("P01".to_owned()),
        };
        assert!(real.check(false).is_ok());
    }
}
