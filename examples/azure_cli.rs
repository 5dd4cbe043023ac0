//! Signs in as the account that is signed in to the Azure CLI, and shows what the wizard's page would show.
//!
//! ```text
//! az login --tenant contoso.onmicrosoft.com
//! cargo run --example azure_cli
//! ```
//!
//! The Azure CLI's own permissions on Microsoft Graph are fixed and suffice for every step, without a consent page. It
//! cannot have `Policy.Read.All`, so what a tenant's app policy would refuse is not foretold.

use std::process::ExitCode;

use azure_identity::AzureCliCredential;
use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, CloudEndpoints, ConnectionSpec, GraphDirectory, ServerAppSpec, token::AzureIdentity,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match look().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", cmg_onboarding::error::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn look() -> Result<(), Box<dyn std::error::Error>> {
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    // Any credential of azure_identity goes here: a managed identity, a workload identity, a pipeline's connection.
    let tokens = AzureIdentity::new(AzureCliCredential::new(None)?);
    // It keeps tokens itself, and is only ever given all it was granted: neither a cache nor scopes are called for.
    let directory = GraphDirectory::new(CloudEndpoints::default(), tokens);
    let connection = AzureServicesConnection::builder(spec).directory(directory).build()?;
    let preflight = connection.preflight(|_| ()).await?;
    if let Some(sign_in) = preflight.sign_in() {
        println!("{sign_in}");
    }
    for finding in preflight.findings() {
        println!("{finding}\n");
    }
    Ok(())
}
