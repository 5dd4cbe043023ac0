//! Tickets of the identity that is logged on, from the operating system.
//!
//! The ticket proves the caller; the server is proved by TLS. So mutual authentication is not asked for, and one leg is
//! enough. On Windows the Kerberos package is used and not *Negotiate*, so that NTLM can never be chosen: version 2509
//! and later refuse it.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use cross_krb5::{ClientCtx, InitiateFlags};
use secrecy::{SecretString, zeroize::Zeroizing};

use super::tickets::Tickets;
use crate::error::{TokenError, TokenFailure};

#[derive(Debug, Clone, Default)]
pub(super) struct Kerberos {
    service_principal: Option<String>,
}

impl Kerberos {
    pub(super) const fn new(service_principal: String) -> Self {
        Self {
            service_principal: Some(service_principal),
        }
    }
}

#[async_trait]
impl Tickets for Kerberos {
    async fn ticket(&self, host: &str) -> Result<SecretString, TokenError> {
        let service = self.service_principal.clone().unwrap_or_else(|| format!("HTTP/{host}"));
        // The operating system blocks while it asks the KDC, which may be seconds away.
        let asked = tokio::task::spawn_blocking(move || initiate(&service)).await;
        asked.map_err(|error| failed("Kerberos was interrupted", error))?
    }
}

/// The library's errors hold names and codes, never a ticket.
fn initiate(service: &str) -> Result<SecretString, TokenError> {
    let flags = InitiateFlags::DISABLE_MUTUAL_AUTH | InitiateFlags::DISABLE_CONFIDENTIALITY;
    let (_pending, token) = ClientCtx::new(flags, None, service, None)
        .map_err(|error| failed(format!("no Kerberos ticket can be had for {service}"), error))?;
    let text = Zeroizing::new(STANDARD.encode(&*token));
    Ok(SecretString::from(text.as_str()))
}

fn failed(message: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TokenError {
    let help = "Log on with a domain account, or take a ticket with kinit. Give the full name of the SMS Provider, because a short name, an alias or an IP address has no service principal name; `setspn -Q HTTP/{name}` and `klist get HTTP/{name}` show whether the domain knows it.";
    TokenError::new(TokenFailure::NotAvailable, message, help).with_source(source)
}
