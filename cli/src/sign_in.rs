//! The ways to sign in that the command line offers.

use std::{
    env,
    process::{Command, Stdio},
    sync::Arc,
};

use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
use cmg_onboarding::{
    BrowserSignIn, ClientSecret, ClientSecretSignIn, CloudEndpoints, ConnectionSpec, DeviceCodeSignIn, Diagnostic, EnvironmentToken,
    TenantId, TokenChain, TokenProvider,
    token::{AzureIdentity, DEFAULT_SIGN_IN_CLIENT, sign_in_scopes},
};
use url::Url;

use crate::arguments::{Arguments, BadInput, SignInWay};

const SECRET_VARIABLE: &str = "CMG_CLIENT_SECRET";

/// Where tokens come from, and what they are asked for.
pub(crate) struct Way {
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) scopes: Vec<String>,
}

pub(crate) fn choose(
    arguments: &Arguments,
    spec: &ConnectionSpec,
    endpoints: &CloudEndpoints,
    tenant: Option<TenantId>,
) -> Result<Way, BadInput> {
    let way = match (arguments.sign_in, &arguments.token_env) {
        (Some(way), _) => way,
        (None, Some(_)) => SignInWay::Token,
        (None, None) => {
            return Err(BadInput(
                "No sign-in was chosen: give --sign-in, or a token with --token-env.".to_owned(),
            ));
        }
    };
    // A person consents to what the job takes. An application was granted its permissions beforehand.
    let asks_a_person = matches!(way, SignInWay::Browser | SignInWay::DeviceCode);
    let scopes = match asks_a_person {
        true => sign_in_scopes(spec, endpoints),
        false => vec![endpoints.default_scope()],
    };
    let tokens: Arc<dyn TokenProvider> = match way {
        SignInWay::Browser => {
            let chain = TokenChain::new()
                .then("browser", browser(arguments, endpoints)?)
                .then("device code", device_code(arguments, endpoints)?)
                .on_blocked(|way| eprintln!("Signing in with the {} is blocked: {}. {}", way.name, way.error, way.error.help()));
            Arc::new(chain)
        }
        SignInWay::DeviceCode => Arc::new(device_code(arguments, endpoints)?),
        SignInWay::ClientSecret => Arc::new(client_secret(arguments, endpoints, tenant)?),
        SignInWay::AzureCli => Arc::new(azure_cli(tenant)?),
        SignInWay::Token => {
            let variable = arguments.token_env.as_ref();
            let variable =
                variable.ok_or_else(|| BadInput("Name the environment variable that holds the token with --token-env.".to_owned()))?;
            if env::var_os(variable).is_none() {
                return Err(BadInput(format!("The environment variable {variable} is not set.")));
            }
            Arc::new(EnvironmentToken::new(variable))
        }
    };
    Ok(Way { tokens, scopes })
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

fn client_secret(arguments: &Arguments, endpoints: &CloudEndpoints, tenant: Option<TenantId>) -> Result<ClientSecretSignIn, BadInput> {
    let missing = |what: &str| BadInput(format!("To sign in with a client secret, give {what}."));
    let tenant = tenant.ok_or_else(|| missing("the tenant, with --tenant or --domain"))?;
    let application = arguments.client_id.ok_or_else(|| missing("the application, with --client-id"))?;
    let secret = env::var(SECRET_VARIABLE).map_err(|_| missing("the secret, in the environment variable CMG_CLIENT_SECRET"))?;
    let sign_in = ClientSecretSignIn::new(endpoints.clone(), tenant, application, ClientSecret::new(secret));
    Ok(sign_in.http(arguments.http()?))
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
