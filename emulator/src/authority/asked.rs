//! A request for a token, as what answers it is given it.

use std::collections::BTreeMap;

use super::AuthorityRequest;
use crate::EmulatedTenant;

/// The fields of a request for a token.
pub(super) type Form = BTreeMap<String, String>;

/// A request for a token, and the tenant that it is sent to.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) tenant: &'a EmulatedTenant,
    pub(super) request: &'a AuthorityRequest,
    /// The tenant's name in the path.
    pub(super) named: &'a str,
    pub(super) form: &'a Form,
    /// Whether it is the newer form of the endpoint, which names scopes and not a resource.
    pub(super) is_v2: bool,
}

impl Asked<'_> {
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).map(String::as_str).unwrap_or_default()
    }

    /// How the client proves who it is, as tokens write it: 0 for nothing, 1 for a secret, 2 for an assertion.
    pub(super) fn proof(&self) -> &'static str {
        if !self.field("client_assertion").is_empty() {
            "2"
        } else if !self.field("client_secret").is_empty() {
            "1"
        } else {
            "0"
        }
    }

    pub(super) fn has_credential(&self) -> bool {
        !self.field("client_secret").is_empty() || !self.field("client_assertion").is_empty()
    }
}
