//! The refresh tokens.

use std::collections::HashMap;

/// The refresh tokens that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Renewals(HashMap<String, Renewal>);

#[derive(Debug, Clone)]
pub(crate) struct Renewal {
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) is_public: Option<bool>,
    pub(crate) account: Option<String>,
}

/// So many refresh tokens are remembered, which live for months.
const MOST_RENEWALS: usize = 20_000;

impl Renewals {
    /// Keeps one more. Too many are forgotten all at once.
    pub(crate) fn keep(&mut self, token: String, renewal: Renewal) {
        if self.0.len() >= MOST_RENEWALS {
            self.0.clear();
        }
        self.0.insert(token, renewal);
    }

    /// What a refresh token of a client is good for.
    pub(crate) fn of(&self, token: &str, client_id: &str) -> Option<&Renewal> {
        let known = self.0.get(token);
        known.filter(|known| known.client_id.eq_ignore_ascii_case(client_id))
    }
}
