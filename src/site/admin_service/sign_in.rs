//! How the reader shows who it is.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    error::TokenError,
    http::{Authorize, Rejection, Scheme},
    spec::AppIdUri,
    token::{TokenProvider, TokenRequest},
};

/// How to sign in to an administration service.
///
/// Who it is must be an administrative user of the site (console > Administration > Security > Administrative Users),
/// whichever way is taken.
#[derive(Debug, Clone)]
pub struct AdminServiceSignIn(pub(super) Way);

#[derive(Debug, Clone)]
pub(super) enum Way {
    Bearer {
        tokens: Arc<dyn TokenProvider>,
        scope: String,
    },
    #[cfg_attr(
        not(any(feature = "kerberos", test)),
        expect(dead_code, reason = "who has the tickets is behind a feature")
    )]
    Negotiate(Arc<dyn Tickets>),
}

impl AdminServiceSignIn {
    /// With access tokens, as the administration service behind a cloud management gateway wants them.
    ///
    /// The provider is asked for `{App ID URI}/.default`. The token must be a person's, for the server app of the site
    /// and of version 1, because the gateway compares issuer and audience: the native app signs the person in. The very
    /// first connection cannot be read this way, because there is no gateway yet.
    #[must_use]
    pub fn bearer(app_id_uri: &AppIdUri, tokens: impl TokenProvider + 'static) -> Self {
        Self(Way::Bearer {
            tokens: Arc::new(tokens),
            scope: format!("{}/.default", app_id_uri.as_str().trim_end_matches('/')),
        })
    }

    /// With the identity that is logged on, by Kerberos: SSPI on Windows, GSSAPI and its ticket cache elsewhere.
    ///
    /// The service is asked for as `HTTP/{host}` in the machine's own realm. While the KDC is asked, a thread of
    /// tokio's pool for blocking work waits; nothing of it is left behind.
    #[cfg(feature = "kerberos")]
    #[must_use]
    pub fn kerberos() -> Self {
        Self(Way::Negotiate(Arc::new(super::kerberos::Kerberos::default())))
    }

    /// The same for a service with another principal, as `HTTP/cm01.corp.contoso.com@CORP.CONTOSO.COM` where the
    /// provider is in another realm than this machine.
    #[cfg(feature = "kerberos")]
    #[must_use]
    pub fn kerberos_for(service_principal: impl Into<String>) -> Self {
        Self(Way::Negotiate(Arc::new(super::kerberos::Kerberos::new(service_principal.into()))))
    }

    /// With tickets from elsewhere, for tests.
    #[cfg(test)]
    pub(super) fn tickets(tickets: impl Tickets + 'static) -> Self {
        Self(Way::Negotiate(Arc::new(tickets)))
    }

    pub(super) const fn is_negotiated(&self) -> bool {
        matches!(self.0, Way::Negotiate(_))
    }
}

/// The seam to the operating system's tickets.
#[async_trait]
pub(super) trait Tickets: Debug + Send + Sync {
    /// A ticket for one attempt, in base64, as a `Negotiate` header carries it.
    async fn ticket(&self, host: &str) -> Result<SecretString, TokenError>;
}

/// A sign-in at one host.
pub(super) struct SignedInAt<'a> {
    pub(super) sign_in: &'a AdminServiceSignIn,
    pub(super) host: &'a str,
}

#[async_trait]
impl Authorize for SignedInAt<'_> {
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError> {
        match &self.sign_in.0 {
            Way::Bearer { tokens, scope } => {
                let mut request = TokenRequest::new([scope.as_str()]);
                if let Some(rejection) = rejection {
                    request = request.renewed(rejection.claims.clone());
                }
                let token = tokens.token(&request).await?;
                Ok(SecretString::from(token.expose()))
            }
            Way::Negotiate(tickets) => tickets.ticket(self.host).await,
        }
    }

    fn scheme(&self) -> Scheme {
        match self.sign_in.0 {
            Way::Bearer { .. } => Scheme::Bearer,
            Way::Negotiate(_) => Scheme::Negotiate,
        }
    }
}
