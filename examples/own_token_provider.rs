//! A token provider of one's own: tokens that another part of the program already knows how to get.
//!
//! ```text
//! cargo run --example own_token_provider
//! ```
//!
//! The tenant is emulated, in this process, and stands for the company's own token service, too.

use std::{error::Error, io};

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, ClientAppSpec, ConnectionSpec, GraphDirectory, ServerAppSpec, TokenError, TokenProvider,
    TokenRequest, async_trait,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};

/// What is called for a token. It holds what it needs to get one.
#[derive(Debug)]
struct OurTokenService {
    tenant: EmulatedTenant,
}

impl OurTokenService {
    async fn fetch(&self, scopes: &[String]) -> io::Result<String> {
        println!("fetching a token for {}", scopes.join(" "));
        Ok(self.tenant.token_for(&Caller::global_administrator()))
    }
}

#[async_trait]
impl TokenProvider for OurTokenService {
    /// Called once for the whole job: the directory keeps the token, and asks again only if it nears its end or is
    /// refused. `request.tenant` and `request.claims` say which tenant it is for and what a claims challenge asked for.
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let text = self.fetch(&request.scopes).await.map_err(TokenError::provider)?;
        // The token's own claims say when it ends. If a service tells it apart: `.expiring_on(..)`.
        Ok(AccessToken::new(text))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await?;
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    let directory = GraphDirectory::builder(server.endpoints().clone(), OurTokenService { tenant: tenant.clone() })
        .tenant(tenant.tenant_id().into())
        .build();
    let connection = AzureServicesConnection::builder(spec)
        .directory(directory)
        .site(EmulatedSite::new())
        .build()?;
    let outcome = connection.onboard(|_| ()).await?;
    assert!(outcome.changed);
    println!("{}", outcome.report);
    Ok(())
}
