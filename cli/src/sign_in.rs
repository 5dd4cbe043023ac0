//! The ways to sign in that the command line offers.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ApplicationId, BrowserSignIn, ClientSecret, ClientSecretSignIn, CloudEndpoints, DeviceCodeSignIn, Diagnostic, EnvironmentToken,
    HttpClient, TenantId, TokenChain, TokenProvider,
    token::{AzureIdentity, ClientAssertionSignIn, ClientCertificate, ClientCertificateSignIn, DEFAULT_SIGN_IN_CLIENT},
};
use url::Url;

use crate::{bad_input::BadInput, files, print::to_person};

const SECRET_VARIABLE: &str = "CMG_CLIENT_SECRET";

/// The variables by which Azure's platforms hand a workload identity over.
const TOKEN_FILE_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const CLIENT_ID_VARIABLE: &str = "AZURE_CLIENT_ID";
const TENANT_VARIABLE: &str = "AZURE_TENANT_ID";

/// The flags for signing in.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Signing in")]
pub(crate) struct SignInArguments {
    /// How to sign in; `token` if --token-env is given. A client secret comes from the environment variable
    /// CMG_CLIENT_SECRET.
    #[arg(long, value_enum, value_name = "WAY")]
    sign_in: Option<SignInMethod>,
    /// The application (client) id that a person signs in through, instead of Microsoft Graph Command Line Tools; with
    /// `client-secret`, `certificate` and `workload-identity` the application that signs in by itself; with
    /// `managed-identity` the user-assigned identity.
    #[arg(long, value_name = "ID", requires = "sign_in")]
    client_id: Option<ApplicationId>,
    /// With `certificate`: the file with the certificate in PEM, and with its private key unless --private-key
    /// names another file.
    #[arg(long, value_name = "FILE", requires = "sign_in")]
    certificate: Option<PathBuf>,
    /// With `certificate`: the file with the private key in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<PathBuf>,
    /// The environment variable that holds a bearer token for Microsoft Graph.
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
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

/// What signing in goes by, beside its own flags.
pub(crate) struct SignInContext<'a> {
    pub(crate) endpoints: &'a CloudEndpoints,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) http: HttpClient,
}

impl SignInArguments {
    /// Whether no flag says how to sign in.
    pub(crate) const fn is_left_out(&self) -> bool {
        self.sign_in.is_none() && self.token_env.is_none()
    }

    /// The environment variables that hold a secret or a token for this sign-in, and that no other program needs to see.
    pub(crate) fn secret_variables(&self) -> impl Iterator<Item = &str> {
        std::iter::once(SECRET_VARIABLE).chain(self.token_env.as_deref())
    }

    fn method(&self) -> Result<SignInMethod, BadInput> {
        let method = match (self.sign_in, &self.token_env) {
            (Some(method), _) => method,
            (None, Some(_)) => SignInMethod::Token,
            (None, None) => {
                return Err(BadInput(
                    "No sign-in was chosen: give --sign-in, or a token with --token-env. To try a command out, --emulated runs it \
                     against an emulated tenant and site."
                        .to_owned(),
                ));
            }
        };
        self.refuse_unread(method)?;
        Ok(method)
    }

    /// A flag that the way does not read was meant for another one: as another identity than the one that is meant, the
    /// program would write what it was not to write.
    fn refuse_unread(&self, method: SignInMethod) -> Result<(), BadInput> {
        let flags = [
            ("--token-env", self.token_env.is_some(), method == SignInMethod::Token),
            ("--certificate", self.certificate.is_some(), method == SignInMethod::Certificate),
            ("--private-key", self.private_key.is_some(), method == SignInMethod::Certificate),
            (
                "--client-id",
                self.client_id.is_some(),
                !matches!(method, SignInMethod::AzureCli | SignInMethod::Token),
            ),
        ];
        let Some((flag, ..)) = flags.into_iter().find(|(_, is_given, is_read)| *is_given && !is_read) else {
            return Ok(());
        };
        let way = method.to_possible_value();
        let way = way.as_ref().map_or_else(|| "this way".to_owned(), |way| way.get_name().to_owned());
        Err(BadInput(format!(
            "Signing in with `{way}` does not read {flag}: leave it out, or name by --sign-in the way that it belongs to. Nothing was sent."
        )))
    }

    /// Whether a person signs in, who consents to what the job takes. An application was granted its permissions
    /// beforehand.
    pub(crate) fn asks_a_person(&self) -> Result<bool, BadInput> {
        Ok(matches!(self.method()?, SignInMethod::Browser | SignInMethod::DeviceCode))
    }

    /// Where tokens come from.
    pub(crate) fn tokens(&self, context: &SignInContext<'_>) -> Result<Arc<dyn TokenProvider>, BadInput> {
        Ok(match self.method()? {
            SignInMethod::Browser => {
                let chain = TokenChain::new()
                    .then("browser", self.browser(context))
                    .then("device code", self.device_code(context))
                    .on_blocked(|way| {
                        to_person(&format!(
                            "Signing in with the {} is blocked: {}. {}",
                            way.name,
                            way.error,
                            way.error.help()
                        ));
                    });
                Arc::new(chain)
            }
            SignInMethod::DeviceCode => Arc::new(self.device_code(context)),
            SignInMethod::ClientSecret => Arc::new(self.client_secret(context)?),
            SignInMethod::Certificate => Arc::new(self.with_certificate(context)?),
            SignInMethod::WorkloadIdentity => Arc::new(self.workload_identity(context)?),
            SignInMethod::ManagedIdentity => Arc::new(managed_identity(self.client_id)?),
            SignInMethod::AzureCli => Arc::new(azure_cli(context.tenant)?),
            SignInMethod::Token => {
                let variable = self.token_env.as_ref();
                let variable =
                    variable.ok_or_else(|| BadInput("Name the environment variable that holds the token with --token-env.".to_owned()))?;
                if env::var_os(variable).is_none() {
                    return Err(BadInput(format!("The environment variable {variable} is not set.")));
                }
                Arc::new(EnvironmentToken::new(variable))
            }
        })
    }

    fn browser(&self, context: &SignInContext<'_>) -> BrowserSignIn {
        let open = |page: &Url| {
            to_person(&format!("Sign in at {page}"));
            open_browser(page);
        };
        let sign_in = BrowserSignIn::new(context.endpoints.clone(), open).client_id(self.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT));
        sign_in.http(context.http.clone())
    }

    fn device_code(&self, context: &SignInContext<'_>) -> DeviceCodeSignIn {
        let sign_in = DeviceCodeSignIn::new(context.endpoints.clone(), |code| to_person(code.message()))
            .client_id(self.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT));
        sign_in.http(context.http.clone())
    }

    fn client_secret(&self, context: &SignInContext<'_>) -> Result<ClientSecretSignIn, BadInput> {
        let missing = |what| missing("client secret", what);
        let tenant = context.tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain"))?;
        let application = self.client_id.ok_or_else(|| missing("the application, with --client-id"))?;
        let secret = env::var(SECRET_VARIABLE).map_err(|_| missing("the secret, in the environment variable CMG_CLIENT_SECRET"))?;
        let sign_in = ClientSecretSignIn::new(context.endpoints.clone(), tenant, application, ClientSecret::new(secret));
        Ok(sign_in.http(context.http.clone()))
    }

    fn with_certificate(&self, context: &SignInContext<'_>) -> Result<ClientCertificateSignIn, BadInput> {
        let missing = |what| missing("certificate", what);
        let tenant = context.tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain"))?;
        let application = self.client_id.ok_or_else(|| missing("the application, with --client-id"))?;
        let path = self.certificate.as_deref().ok_or_else(|| missing("its file, with --certificate"))?;
        let key_path = self.private_key.as_deref().unwrap_or(path);
        // The copy that the pair takes is wiped by it.
        let pair = ClientCertificate::from_pem(files::read(path)?.as_slice(), files::read(key_path)?.as_slice());
        let pair = pair.map_err(|error| BadInput(format!("{}: {error}. {}", key_path.display(), error.help())))?;
        Ok(ClientCertificateSignIn::new(context.endpoints.clone(), tenant, application, pair).http(context.http.clone()))
    }

    fn workload_identity(&self, context: &SignInContext<'_>) -> Result<ClientAssertionSignIn, BadInput> {
        let missing = |what| missing("workload identity", what);
        let tenant = context.tenant.or_else(|| of_environment(TENANT_VARIABLE));
        let tenant = tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain or in AZURE_TENANT_ID"))?;
        let application = self.client_id.or_else(|| of_environment(CLIENT_ID_VARIABLE));
        let application = application.ok_or_else(|| missing("the application, with --client-id or in AZURE_CLIENT_ID"))?;
        let path = env::var_os(TOKEN_FILE_VARIABLE)
            .ok_or_else(|| missing("the file with the platform's token, in the environment variable AZURE_FEDERATED_TOKEN_FILE"))?;
        let sign_in = ClientAssertionSignIn::from_file(context.endpoints.clone(), tenant, application, Path::new(&path));
        Ok(sign_in.http(context.http.clone()))
    }
}

/// What has to be given beside the way to sign in.
fn missing(way: &str, what: &str) -> BadInput {
    BadInput(format!("To sign in with a {way}, give {what}."))
}

fn of_environment<T: std::str::FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.trim().parse().ok()
}

fn managed_identity(client_id: Option<ApplicationId>) -> Result<AzureIdentity, BadInput> {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_string())),
        ..ManagedIdentityCredentialOptions::default()
    };
    let credential = ManagedIdentityCredential::new(Some(options)).map_err(|error| BadInput(error.to_string()))?;
    Ok(AzureIdentity::new(credential))
}

fn azure_cli(tenant: Option<TenantId>) -> Result<AzureIdentity, BadInput> {
    let options = AzureCliCredentialOptions {
        tenant_id: tenant.map(|tenant| tenant.to_string()),
        ..AzureCliCredentialOptions::default()
    };
    let credential = AzureCliCredential::new(Some(options)).map_err(|error| BadInput(error.to_string()))?;
    Ok(AzureIdentity::new(credential))
}

/// Asks the desktop to open the page. On a machine without one, the printed address is enough.
fn open_browser(page: &Url) {
    let (program, arguments): (&str, &[&str]) = if cfg!(windows) {
        // Not through a shell, which would read the address in its own way.
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let _ = Command::new(program)
        .args(arguments)
        .arg(page.as_str())
        .env_remove(SECRET_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_the_way_to_sign_in_does_not_read_is_refused_by_its_name() {
        let id: ApplicationId = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse().unwrap();
        let mut refused = Vec::new();
        for method in SignInMethod::value_variants() {
            let with = |change: &dyn Fn(&mut SignInArguments)| {
                let mut arguments = SignInArguments {
                    sign_in: Some(*method),
                    ..SignInArguments::default()
                };
                change(&mut arguments);
                arguments.asks_a_person()
            };
            assert!(with(&|_| ()).is_ok(), "{method:?}");
            let name = method.to_possible_value().unwrap().get_name().to_owned();
            let outcomes = [
                ("--token-env", with(&|arguments| arguments.token_env = Some("T".to_owned()))),
                ("--certificate", with(&|arguments| arguments.certificate = Some("c.pem".into()))),
                ("--private-key", with(&|arguments| arguments.private_key = Some("k.pem".into()))),
                ("--client-id", with(&|arguments| arguments.client_id = Some(id))),
            ];
            for (flag, outcome) in outcomes {
                let Err(BadInput(message)) = outcome else { continue };
                assert!(message.contains(flag) && message.contains(&format!("`{name}`")), "{message}");
                refused.push((*method, flag));
            }
        }
        let is_refused = |method, flag| refused.contains(&(method, flag));
        for method in SignInMethod::value_variants() {
            let (is_token, is_certificate) = (*method == SignInMethod::Token, *method == SignInMethod::Certificate);
            assert_eq!(is_refused(*method, "--token-env"), !is_token, "{method:?}");
            assert_eq!(is_refused(*method, "--certificate"), !is_certificate, "{method:?}");
            assert_eq!(is_refused(*method, "--private-key"), !is_certificate, "{method:?}");
            let has_no_client = is_token || *method == SignInMethod::AzureCli;
            assert_eq!(is_refused(*method, "--client-id"), has_no_client, "{method:?}");
        }
    }
}
