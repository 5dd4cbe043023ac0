//! What a request for a token names: one resource, and permissions at it.

use url::Url;

use super::{AuthorityRequest, OAuthError};
use crate::{cloud::CloudEnvironment, ids::well_known::MICROSOFT_GRAPH, texts};

/// Asks for everything that was consented to.
pub(super) const DEFAULT: &str = ".default";

/// The scopes of one request, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scopes {
    /// What stands before the last slash; empty if no scope names a resource, which is Microsoft Graph.
    pub(super) resource: String,
    /// What stands behind it. The scopes of OpenID Connect are not among them.
    pub(super) names: Vec<String>,
}

impl Scopes {
    /// Reads the scopes of a request. They share one resource.
    pub(super) fn read(text: &str, request: &AuthorityRequest) -> Result<Self, OAuthError> {
        let mut read = Self::default();
        for scope in text.split_whitespace().filter(|scope| !is_of_openid(scope)) {
            let (resource, name) = scope.rsplit_once('/').unwrap_or(("", scope));
            let is_first = read.names.is_empty();
            if !is_first && !is_same(&read.resource, resource, request) {
                return Err(OAuthError::new(
                    "invalid_request",
                    28000,
                    texts::TWO_RESOURCES.with(&[("scope", text)]),
                ));
            }
            if is_first || read.resource.is_empty() {
                resource.clone_into(&mut read.resource);
            }
            read.names.push(name.to_owned());
        }
        Ok(read)
    }

    /// Reads the scope of an application that signs in by itself, which is `{resource}/.default` and nothing else.
    pub(super) fn of_an_application(text: &str, request: &AuthorityRequest) -> Result<Self, OAuthError> {
        if text.trim().is_empty() {
            let message = texts::PARAMETER_MISSING.with(&[("parameter", "scope")]);
            return Err(OAuthError::new("invalid_request", 900_144, message));
        }
        let read = Self::read(text, request)?;
        let is_default = !read.resource.is_empty() && read.names.iter().all(|name| name == DEFAULT);
        if !is_default || text.split_whitespace().any(is_of_openid) {
            return Err(OAuthError::new(
                "invalid_scope",
                1_002_012,
                texts::NOT_DEFAULT_SCOPE.with(&[("scope", text)]),
            ));
        }
        Ok(read)
    }

    /// Whether it asks for everything that was consented to, rather than for permissions by name.
    pub(super) fn asks_for_everything(&self) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name == DEFAULT)
    }
}

/// Whether a resource is Microsoft Graph: under its own addresses, its id, or the address of this server.
pub(super) fn is_graph(resource: &str, request: &AuthorityRequest) -> bool {
    let origin = |text: &str| {
        Url::parse(text)
            .ok()
            .filter(|url| url.scheme().starts_with("http"))
            .map(|url| url.origin())
    };
    let is_own = || origin(resource).is_some_and(|own| Some(own) == origin(&request.address));
    resource.is_empty() || resource == MICROSOFT_GRAPH.to_string() || CloudEnvironment::of_audience(resource).is_some() || is_own()
}

fn is_same(one: &str, other: &str, request: &AuthorityRequest) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/')) || (is_graph(one, request) && is_graph(other, request))
}

fn is_of_openid(scope: &str) -> bool {
    matches!(scope, "openid" | "profile" | "email" | "offline_access")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, Vec<String>), OAuthError> {
        let request = AuthorityRequest {
            address: "http://127.0.0.1:80".to_owned(),
            ..AuthorityRequest::default()
        };
        Scopes::read(text, &request).map(|read| (read.resource, read.names))
    }

    #[test]
    fn the_resource_is_what_stands_before_the_last_slash() {
        for (text, resource, name) in [
            ("User.Read", "", "User.Read"),
            (
                "https://graph.microsoft.com/User.Read openid",
                "https://graph.microsoft.com",
                "User.Read",
            ),
            ("https://graph.microsoft.com//.default", "https://graph.microsoft.com/", ".default"),
            ("api://a/b/c", "api://a/b", "c"),
            (
                "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01/.default",
                "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
                ".default",
            ),
        ] {
            assert_eq!(read(text).unwrap(), (resource.to_owned(), vec![name.to_owned()]), "{text}");
        }
        assert_eq!(read("openid profile").unwrap(), (String::new(), Vec::new()));
    }

    #[test]
    fn two_resources_in_one_request_are_refused_and_two_names_of_one_are_not() {
        assert!(read("api://a/x api://b/y").is_err() && read("User.Read api://b/y").is_err());
        assert!(read("User.Read https://graph.microsoft.com/User.Read http://127.0.0.1:80/x").is_ok());
    }
}
