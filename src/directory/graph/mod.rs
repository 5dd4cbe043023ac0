//! [`GraphDirectory`]: the directory as Microsoft Graph v1.0 serves it.

mod address;
mod builder;
mod classify;
mod client;
mod conditional_access;
mod duration;
mod envelope;
mod groups;
mod operations;
mod policy;
mod usage;

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing {
    //! What the fuzz targets try.

    use url::Url;

    use super::{address::next_page, envelope::Envelope};
    use crate::text::is_steering;

    /// The error body of Microsoft Graph: its texts steer no terminal.
    pub(crate) fn error_envelope(bytes: &[u8]) -> bool {
        let Some(envelope) = Envelope::read(bytes) else {
            return false;
        };
        assert!(!envelope.code.is_empty() || !envelope.message.is_empty());
        assert!(!envelope.message.contains(is_steering) && !envelope.code.contains(is_steering));
        true
    }

    /// A link to the next page: followed to the same origin only, because a token travels along.
    pub(crate) fn next_link(bytes: &[u8]) -> bool {
        let root = Url::parse("https://graph.microsoft.com/").ok();
        let link = std::str::from_utf8(bytes).ok();
        let next = root.as_ref().zip(link).and_then(|(root, link)| next_page(root, link));
        assert_eq!(next.as_ref().map(Url::origin), next.as_ref().and(root.as_ref()).map(Url::origin));
        next.is_some()
    }
}

use std::sync::Arc;

pub use builder::GraphDirectoryBuilder;

use self::client::{ClockLead, GraphClient};
use crate::{cloud::CloudEndpoints, ids::TenantId, token::TokenProvider};

/// A Microsoft Entra tenant, reached through Microsoft Graph v1.0.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, CloudEnvironment, GraphDirectory, StaticToken};
///
/// let endpoints = CloudEndpoints::of(CloudEnvironment::AzurePublicCloud);
/// let directory = GraphDirectory::new(endpoints, StaticToken::new("eyJ0..."));
/// # let _ = directory;
/// ```
///
/// # Pooling and cloning
///
/// It is a handle: clones are cheap and share connections, of which there is one for all parallel requests wherever
/// HTTP/2 is spoken. Nothing is sent before the first call, and no task is left behind.
///
/// # Signing in
///
/// Tokens are kept in memory, so a provider that asks a person is asked once for all requests, and again only if the
/// token nears its end or Microsoft Graph refuses it; [`CachedTokens`](crate::CachedTokens) says exactly when. Clones
/// share the tokens, and they are wiped with the last clone. Several directories share them if their provider is one
/// [`CachedTokens`](crate::CachedTokens).
///
/// # Trouble
///
/// Lost connections, time-outs, 5xx and 429 are repeated with back-off to a deadline, `Retry-After` first. A request
/// that creates something is repeated only where it provably did nothing; otherwise its error says that it
/// [may have been carried out](crate::DirectoryError::may_have_been_carried_out). A refused token is renewed once.
/// Redirects are never followed, and neither is a link to a next page on another host.
#[derive(Debug, Clone)]
pub struct GraphDirectory {
    client: Arc<GraphClient>,
}

impl GraphDirectory {
    /// A directory at these endpoints, with tokens from this provider.
    #[must_use]
    pub fn new(endpoints: CloudEndpoints, tokens: impl TokenProvider + 'static) -> Self {
        Self::builder(endpoints, tokens).build()
    }

    /// The same with settings.
    pub fn builder(endpoints: CloudEndpoints, tokens: impl TokenProvider + 'static) -> GraphDirectoryBuilder {
        GraphDirectoryBuilder::new(endpoints, Arc::new(tokens))
    }

    /// The same for another tenant of the same cloud, with that tenant's tokens. The connections are shared, the tokens
    /// are not.
    #[must_use]
    pub fn for_tenant(&self, tenant: TenantId, tokens: impl TokenProvider + 'static) -> Self {
        let shared = &self.client;
        Self::over(GraphClient {
            endpoints: shared.endpoints.clone(),
            tokens: shared.tokens.for_tenant(tenant, Arc::new(tokens)),
            clock: Arc::clone(&shared.clock),
            pipeline: shared.pipeline.clone(),
            lead: ClockLead::default(),
        })
    }

    fn over(client: GraphClient) -> Self {
        Self { client: Arc::new(client) }
    }
}
