//! What the command line says. Flags that `cmg-onboard` has, too, mean the same.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use cmg_onboarding::{ApplicationId, TenantId};
use url::Url;

/// The Azure Services wizard in a browser, on this machine alone: prints the address to open, with a key that works once.
#[derive(Debug, Parser)]
#[command(name = "cmg-onboard-web", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// What it works on.
    #[arg(long, value_enum, default_value = "emulator")]
    pub(crate) against: Against,
    /// The port on the loopback interface; 0 for one that is free.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Keep drafts, plans and outcomes in this folder, without any secret, so that they survive the end of this program.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Open the address in the browser of this machine.
    #[arg(long)]
    pub(crate) open: bool,
    /// Print the address as JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// The tenant, by one of its domains.
    #[arg(long, value_name = "DOMAIN", conflicts_with = "tenant", help_heading = "Tenant")]
    pub(crate) domain: Option<String>,
    /// The tenant, by its id.
    #[arg(long, value_name = "ID", help_heading = "Tenant")]
    pub(crate) tenant: Option<TenantId>,
    /// The application to sign in to, instead of Microsoft Graph Command Line Tools.
    #[arg(long, value_name = "ID", help_heading = "Tenant")]
    pub(crate) client_id: Option<ApplicationId>,
    /// The authority to sign in at, instead of the cloud's own.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub(crate) authority: Option<Url>,
    /// The address of Microsoft Graph, instead of the cloud's own.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub(crate) graph: Option<Url>,
    /// A certificate in PEM to trust besides the system's, for an emulator or an inspecting proxy.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// The Configuration Manager site. Without one, apps are registered and handed over.
    #[arg(long, value_enum, help_heading = "Site")]
    pub(crate) site: Option<SiteChoice>,
    /// The full name of an SMS Provider.
    #[arg(long, value_name = "HOST", requires = "site", help_heading = "Site")]
    pub(crate) provider: Option<String>,
    /// The three-character site code.
    #[arg(long, value_name = "ABC", requires = "site", help_heading = "Site")]
    pub(crate) site_code: Option<String>,

    /// With the emulator: how long each of its answers takes, in milliseconds, so that progress can be watched.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0, help_heading = "Emulator")]
    pub(crate) emulated_latency: u64,
    /// With the emulator: let the site fail once, when it is about to create the connection.
    #[arg(long, help_heading = "Emulator")]
    pub(crate) emulated_fault: bool,
}

/// What it works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Against {
    /// An emulated tenant and site of its own.
    Emulator,
    /// Microsoft Entra, and the site that --site names.
    Entra,
}

/// The sites that this program works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SiteChoice {
    /// A real site, with the Configuration Manager console's cmdlets on this machine; give --site-code and --provider.
    PowerShell,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_flags_it_is_the_emulator() {
        let arguments = Arguments::try_parse_from(["cmg-onboard-web"]).unwrap();
        assert_eq!(arguments.against, Against::Emulator);
        assert!(!arguments.open && arguments.folder.is_none() && arguments.port == 0);
    }
}
