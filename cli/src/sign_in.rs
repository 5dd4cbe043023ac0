//! The ways to sign in that the command line offers.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use cmg_onboarding::{
    ApplicationId, BrowserSignIn, ClientSecret, ClientSecretSignIn, CloudEndpoints, ConnectionSpec, DeviceCodeSignIn, Diagnostic,
    EnvironmentToken, TenantId, TokenChain, TokenProvider,
    token::{
        AzureIdentity, ClientAssertionSignIn, ClientCertificate, ClientCertificateSignIn, DEFAULT_SIGN_IN_CLIENT, optional_sign_in_scopes,
        registering_scopes, sign_in_scopes,
    },
};
use url::Url;

use crate::{
    arguments::{Arguments, SignInMethod},
    bad_input::BadInput,
};

const SECRET_VARIABLE: &str = "CMG_CLIENT_SECRET";

/// The variables by which Azure's platforms hand a workload identity over.
const TOKEN_FILE_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const CLIENT_ID_VARIABLE: &str = "AZURE_CLIENT_ID";
const TENANT_VARIABLE: &str = "AZURE_TENANT_ID";

/// Where tokens come from, and what they are asked for.
pub(crate) struct SignIn {
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) scopes: Vec<String>,
    /// What a person is asked for as well, and may refuse.
    pub(crate) optional_scopes: Vec<String>,
}

pub(crate) fn choose(
    arguments: &Arguments,
    spec: &ConnectionSpec,
    endpoints: &CloudEndpoints,
    tenant: Option<TenantId>,
) -> Result<SignIn, BadInput> {
    let way = match (arguments.sign_in, &arguments.token_env) {
        (Some(way), _) => way,
        (None, Some(_)) => SignInMethod::Token,
        (None, None) => {
            return Err(BadInput(
                "No sign-in was chosen: give --sign-in, or a token with --token-env.".to_owned(),
            ));
        }
    };
    // A person consents to what the job takes. An application was granted its permissions beforehand.
    let asks_a_person = matches!(way, SignInMethod::Browser | SignInMethod::DeviceCode);
    let (scopes, optional_scopes) = match asks_a_person {
        true if arguments.leave_consents => (registering_scopes(spec, endpoints), optional_sign_in_scopes(endpoints)),
        true => (sign_in_scopes(spec, endpoints), optional_sign_in_scopes(endpoints)),
        false => (vec![endpoints.default_scope()], Vec::new()),
    };
    let tokens: Arc<dyn TokenProvider> = match way {
        SignInMethod::Browser => {
            let chain = TokenChain::new()
                .then("browser", browser(arguments, endpoints)?)
                .then("device code", device_code(arguments, endpoints)?)
                .on_blocked(|way| eprintln!("Signing in with the {} is blocked: {}. {}", way.name, way.error, way.error.help()));
            Arc::new(chain)
        }
        SignInMethod::DeviceCode => Arc::new(device_code(arguments, endpoints)?),
        SignInMethod::ClientSecret => Arc::new(client_secret(arguments, endpoints, tenant)?),
        SignInMethod::Certificate => Arc::new(certificate(arguments, endpoints, tenant)?),
        SignInMethod::WorkloadIdentity => Arc::new(workload_identity(arguments, endpoints, tenant)?),
        SignInMethod::ManagedIdentity => Arc::new(managed_identity(arguments.client_id)?),
        SignInMethod::AzureCli => Arc::new(azure_cli(tenant)?),
        SignInMethod::Token => {
            let variable = arguments.token_env.as_ref();
            let variable =
                variable.ok_or_else(|| BadInput("Name the environment variable that holds the token with --token-env.".to_owned()))?;
            if env::var_os(variable).is_none() {
                return Err(BadInput(format!("The environment variable {variable} is not set.")));
            }
            Arc::new(EnvironmentToken::new(variable))
        }
    };
    Ok(SignIn {
        tokens,
        scopes,
        optional_scopes,
    })
}

fn browser(arguments: &Arguments, endpoints: &CloudEndpoints) -> Result<BrowserSignIn, BadInput> {
    let open = |page: &Url| {
        eprintln!("Sign in at {page}");
        open_browser(page);
    };
    let sign_in = BrowserSignIn::new(endpoints.clone(), open).client_id(arguments.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT));
    Ok(sign_in.http(arguments.http()?))
}

fn device_code(arguments: &Arguments, endpoints: &CloudEndpoints) -> Result<DeviceCodeSignIn, BadInput> {
    let sign_in = DeviceCodeSignIn::new(endpoints.clone(), |code| eprintln!("{}", code.message()))
        .client_id(arguments.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT));
    Ok(sign_in.http(arguments.http()?))
}

/// What has to be given beside the way to sign in.
fn missing(way: &str, what: &str) -> BadInput {
    BadInput(format!("To sign in with a {way}, give {what}."))
}

fn client_secret(arguments: &Arguments, endpoints: &CloudEndpoints, tenant: Option<TenantId>) -> Result<ClientSecretSignIn, BadInput> {
    let missing = |what| missing("client secret", what);
    let tenant = tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain"))?;
    let application = arguments.client_id.ok_or_else(|| missing("the application, with --client-id"))?;
    let secret = env::var(SECRET_VARIABLE).map_err(|_| missing("the secret, in the environment variable CMG_CLIENT_SECRET"))?;
    let sign_in = ClientSecretSignIn::new(endpoints.clone(), tenant, application, ClientSecret::new(secret));
    Ok(sign_in.http(arguments.http()?))
}

fn certificate(arguments: &Arguments, endpoints: &CloudEndpoints, tenant: Option<TenantId>) -> Result<ClientCertificateSignIn, BadInput> {
    let missing = |what| missing("certificate", what);
    let tenant = tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain"))?;
    let application = arguments.client_id.ok_or_else(|| missing("the application, with --client-id"))?;
    let path = arguments
        .certificate
        .as_deref()
        .ok_or_else(|| missing("its file, with --certificate"))?;
    let key_path = arguments.private_key.as_deref().unwrap_or(path);
    let read = |path: &Path| fs::read(path).map_err(|error| BadInput(format!("{} cannot be read: {error}", path.display())));
    let pair = ClientCertificate::from_pem(read(path)?, read(key_path)?);
    let pair = pair.map_err(|error| BadInput(format!("{}: {error}. {}", key_path.display(), error.help())))?;
    Ok(ClientCertificateSignIn::new(endpoints.clone(), tenant, application, pair).http(arguments.http()?))
}

fn workload_identity(
    arguments: &Arguments,
    endpoints: &CloudEndpoints,
    tenant: Option<TenantId>,
) -> Result<ClientAssertionSignIn, BadInput> {
    let missing = |what| missing("workload identity", what);
    let tenant = tenant.or_else(|| of_environment(TENANT_VARIABLE));
    let tenant = tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain or in AZURE_TENANT_ID"))?;
    let application = arguments.client_id.or_else(|| of_environment(CLIENT_ID_VARIABLE));
    let application = application.ok_or_else(|| missing("the application, with --client-id or in AZURE_CLIENT_ID"))?;
    let path = env::var_os(TOKEN_FILE_VARIABLE)
        .ok_or_else(|| missing("the file with the platform's token, in the environment variable AZURE_FEDERATED_TOKEN_FILE"))?;
    Ok(ClientAssertionSignIn::from_file(endpoints.clone(), tenant, application, Path::new(&path)).http(arguments.http()?))
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
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
