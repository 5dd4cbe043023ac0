//! What the command line says.

use std::{fs, path::PathBuf, sync::OnceLock};

use clap::{Parser, ValueEnum};
use cmg_onboarding::{ApplicationId, CloudEndpoints, Diagnostic, HttpClient, HttpOptions, TenantId};
use url::Url;

use crate::{
    bad_input::BadInput,
    hand_over::HandOverArguments,
    site::{SiteArguments, SiteChoice},
};

/// Connects a Configuration Manager site to a Microsoft Entra tenant, page by page like the Azure Services
/// wizard.
///
/// Without any flag it shows the whole job against an emulated tenant and site. Exit codes: 0 done, 2 bad
/// input, 3 refused by preflight (nothing was written), 4 failed half-way (the report says what exists).
#[derive(Debug, Parser)]
#[command(name = "cmg-onboard", max_term_width = 110)]
pub(crate) struct Arguments {
    /// The specification, as JSON. Without it a small example is used.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
    /// The tenant, by one of its domains; also finds its cloud.
    #[arg(long, value_name = "DOMAIN", conflicts_with = "tenant")]
    pub(crate) domain: Option<String>,
    /// The tenant, by its id.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<TenantId>,
    /// The authority to sign in at, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    pub(crate) authority: Option<Url>,
    /// The address of Microsoft Graph, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    pub(crate) graph: Option<Url>,
    /// A certificate in PEM to trust besides the system's, for an emulator or an inspecting proxy.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    #[arg(skip)]
    http: OnceLock<HttpClient>,
    /// How to sign in; `token` if --token-env is given. A client secret comes from the environment variable
    /// CMG_CLIENT_SECRET.
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) sign_in: Option<SignInMethod>,
    /// The application to sign in to, instead of Microsoft Graph Command Line Tools; with `client-secret`,
    /// `certificate` and `workload-identity` the one that signs in, with `managed-identity` the identity that the
    /// user assigned.
    #[arg(long, value_name = "ID", requires = "sign_in")]
    pub(crate) client_id: Option<ApplicationId>,
    /// With `certificate`: the file with the certificate in PEM, and with its private key unless --private-key
    /// names another file.
    #[arg(long, value_name = "FILE", requires = "sign_in")]
    pub(crate) certificate: Option<PathBuf>,
    /// With `certificate`: the file with the private key in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) private_key: Option<PathBuf>,
    /// The environment variable that holds a bearer token for Microsoft Graph.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) token_env: Option<String>,
    /// Register the apps only; another administrator imports them into the site.
    #[arg(long, conflicts_with = "site")]
    pub(crate) register_only: bool,
    #[command(flatten)]
    pub(crate) site: SiteArguments,
    #[command(flatten)]
    pub(crate) hand_over: HandOverArguments,
    /// Stop after the summary.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Print the paper for the board that reviews the change, and stop: every object, every permission with its
    /// reason, what stays behind, the tenant checks that will flag it.
    #[arg(long, conflicts_with_all = ["plan", "by_hand"])]
    pub(crate) review: bool,
    /// Print the same connection as steps in the portal and in the console, and stop. Nobody signs in.
    #[arg(long, conflicts_with_all = ["plan", "remove"])]
    pub(crate) by_hand: bool,
    /// Do not try a new secret out. Without this flag it signs in once before it goes to the site.
    #[arg(long)]
    pub(crate) no_secret_probe: bool,
    /// Write JSON lines to standard output, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Remove what this specification has made.
    #[arg(long)]
    pub(crate) remove: bool,
    /// With --remove: states that no cloud management gateway uses the connection, for a site that cannot tell.
    #[arg(long, requires = "remove")]
    pub(crate) no_gateway_uses_it: bool,
    /// Leave the admin consents to another administrator, and show where they are given.
    #[arg(long)]
    pub(crate) leave_consents: bool,
    /// With --remove: states that no other site, person or program uses the apps.
    #[arg(long, requires = "remove")]
    pub(crate) apps_unused: bool,
    /// Issue a new secret although there is one. The older one stays.
    #[arg(long)]
    pub(crate) reissue_secret: bool,
}

/// The ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignInMethod {
    /// A browser on this machine; a device code if the tenant blocks that.
    Browser,
    /// A code on this screen, a browser anywhere.
    DeviceCode,
    /// An application by itself, with a secret.
    ClientSecret,
    /// An application by itself, with a certificate; see --certificate.
    Certificate,
    /// An application by itself, with the token that the platform keeps in the file that the environment variable
    /// AZURE_FEDERATED_TOKEN_FILE names; AZURE_CLIENT_ID and AZURE_TENANT_ID stand in for the flags.
    WorkloadIdentity,
    /// The managed identity of the Azure service that this runs on.
    ManagedIdentity,
    /// The account that is signed in to the Azure CLI.
    AzureCli,
    /// A token in an environment variable.
    Token,
}

impl Arguments {
    /// Whether the job runs against an emulator of its own.
    pub(crate) fn is_demonstration(&self) -> bool {
        self.has_no_sign_in() && self.site.site != Some(SiteChoice::PowerShell)
    }

    /// Whether no flag names a tenant or a way to sign in.
    pub(crate) const fn has_no_sign_in(&self) -> bool {
        self.sign_in.is_none()
            && self.graph.is_none()
            && self.authority.is_none()
            && self.token_env.is_none()
            && self.domain.is_none()
            && self.tenant.is_none()
    }

    /// Whether a new secret is tried out at these endpoints. A Microsoft Graph of its own without an authority of its
    /// own may be an emulator, whose secrets are not for the cloud's sign-in service.
    pub(crate) const fn tries_secrets(&self) -> bool {
        !self.no_secret_probe && (self.graph.is_none() || self.authority.is_some())
    }

    /// The text of the specification, in JSON.
    pub(crate) fn specification(&self) -> Result<String, BadInput> {
        let Some(path) = &self.spec else {
            return Ok(include_str!("example.json").to_owned());
        };
        fs::read_to_string(path).map_err(|error| BadInput(format!("{} cannot be read: {error}", path.display())))
    }

    /// The endpoints that the flags name, on top of the cloud's own.
    pub(crate) fn endpoints(&self, mut endpoints: CloudEndpoints) -> Result<CloudEndpoints, BadInput> {
        let bad = |error: cmg_onboarding::error::InvalidValue| BadInput(format!("{error}. {}", error.help()));
        if let Some(authority) = &self.authority {
            endpoints = endpoints.with_authority(authority.clone()).map_err(bad)?;
        }
        if let Some(graph) = &self.graph {
            endpoints = endpoints.with_graph(graph.clone()).map_err(bad)?;
        }
        Ok(endpoints)
    }

    /// The one HTTP client of this program: all that speaks HTTP shares its connections.
    pub(crate) fn http(&self) -> Result<HttpClient, BadInput> {
        if let Some(client) = self.http.get() {
            return Ok(client.clone());
        }
        let mut options = HttpOptions::new();
        if let Some(path) = &self.trusted_root {
            let pem = fs::read(path).map_err(|error| BadInput(format!("{} cannot be read: {error}", path.display())))?;
            options = options.trusted_root_pem(pem).map_err(|error| BadInput(error.to_string()))?;
        }
        Ok(self.http.get_or_init(|| HttpClient::new(options)).clone())
    }
}
