//! How the caller signs in to an administration service: with an access token, or with a Kerberos ticket.
//!
//! [`AdminServiceSignIn`] is the setting that a caller gives; [`SignedInAt`] is what one request takes of it. A ticket
//! is for one host and one attempt, a token is kept until its end.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::tickets::Tickets;
use crate::{
    clock::Clock,
    error::TokenError,
    http::{Authorize, Rejection, Scheme},
    spec::AppIdUri,
    token::{Bearer, ServiceTokens, TokenProvider, TokenRequest},
};

/// How to sign in to an administration service.
///
/// The account must be an administrative user of the site (console > Administration > Security > Administrative Users),
/// by either of the two.
#[derive(Debug, Clone)]
pub struct AdminServiceSignIn(pub(super) Method);

#[derive(Debug, Clone)]
pub(super) enum Method {
    Bearer(ServiceTokens),
    #[cfg_attr(
        not(any(feature = "kerberos", test)),
        expect(dead_code, reason = "what gives tickets is behind a feature")
    )]
    Negotiate(Arc<dyn Tickets>),
}

impl AdminServiceSignIn {
    /// With access tokens, as the administration service behind a cloud management gateway wants them.
    ///
    /// The provider is asked for `{App ID URI}/.default`. The token must be a person's, for the server app of the site
    /// and of version 1, because the gateway compares issuer and audience: the native app signs the person in. The very
    /// first connection cannot be read this way, because there is no gateway yet.
    ///
    /// Tokens are kept in memory and shared by clones, so a provider that asks a person is asked once for all requests,
    /// and again only if the token nears its end or the service refuses it.
    #[must_use]
    pub fn bearer(app_id_uri: &AppIdUri, tokens: impl TokenProvider + 'static) -> Self {
        let scope = format!("{}/.default", app_id_uri.as_str().trim_end_matches('/'));
        Self(Method::Bearer(ServiceTokens::new(Arc::new(tokens), TokenRequest::new([scope]))))
    }

    /// With the identity that is logged on, by Kerberos: SSPI on Windows, GSSAPI and its ticket cache elsewhere.
    ///
    /// The service is asked for as `HTTP/{host}` in the machine's own realm. While the KDC is asked, a thread of
    /// tokio's pool for blocking work waits; nothing of it is left behind.
    #[cfg(feature = "kerberos")]
    #[must_use]
    pub fn kerberos() -> Self {
        Self(Method::Negotiate(Arc::new(super::kerberos::Kerberos::default())))
    }

    /// The same for a service with another principal, as `HTTP/cm01.corp.contoso.com@CORP.CONTOSO.COM` if the
    /// provider is in another realm than this machine.
    #[cfg(feature = "kerberos")]
    #[must_use]
    pub fn kerberos_for(service_principal: impl Into<String>) -> Self {
        Self(Method::Negotiate(Arc::new(super::kerberos::Kerberos::new(
            service_principal.into(),
        ))))
    }

    /// With tickets from elsewhere, for tests.
    #[cfg(test)]
    pub(super) fn tickets(tickets: impl Tickets + 'static) -> Self {
        Self(Method::Negotiate(Arc::new(tickets)))
    }

    /// The same with another clock, for the end of tokens.
    pub(super) fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self(match self.0 {
            Method::Bearer(tokens) => Method::Bearer(tokens.with_clock(clock)),
            Method::Negotiate(tickets) => Method::Negotiate(tickets),
        })
    }

    pub(super) fn at<'a>(&'a self, host: &'a str) -> SignedInAt<'a> {
        match &self.0 {
            Method::Bearer(tokens) => SignedInAt::Bearer(tokens.bearer()),
            Method::Negotiate(tickets) => SignedInAt::Negotiate {
                tickets: tickets.as_ref(),
                host,
            },
        }
    }

    pub(super) const fn is_negotiated(&self) -> bool {
        matches!(self.0, Method::Negotiate(_))
    }
}

/// A sign-in at one host, for one call.
pub(super) enum SignedInAt<'a> {
    Bearer(Bearer<'a>),
    Negotiate { tickets: &'a dyn Tickets, host: &'a str },
}

#[async_trait]
impl Authorize for SignedInAt<'_> {
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError> {
        match self {
            Self::Bearer(bearer) => bearer.bearer(rejection).await,
            Self::Negotiate { tickets, host } => tickets.ticket(host).await,
        }
    }

    fn scheme(&self) -> Scheme {
        match self {
            Self::Bearer(_) => Scheme::Bearer,
            Self::Negotiate { .. } => Scheme::Negotiate,
        }
    }
}
