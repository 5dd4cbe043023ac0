//! The codes that browsers carry back to their clients.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

/// Source: *Microsoft identity platform and OAuth 2.0 authorization code flow*: codes live about ten minutes.
pub(crate) const CODE_VALIDITY: Duration = Duration::minutes(10);

/// What a redirect URI is registered for, which decides whether the client keeps secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Web,
    SinglePage,
    PublicClient,
}

/// The codes that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Codes(pub(crate) HashMap<String, Code>);

impl Codes {
    /// Keeps one more, and lets go of those that are over.
    pub(crate) fn keep(&mut self, text: String, code: Code, now: OffsetDateTime) {
        self.0.retain(|_, other| other.ends + CODE_VALIDITY > now);
        self.0.insert(text, code);
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) platform: Platform,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) claims: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) ends: OffsetDateTime,
    pub(crate) is_used: bool,
}
