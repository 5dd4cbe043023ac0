//! What web pages of other origins may read: Microsoft Graph and the sign-in service, and nothing else of this server.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// What the service lets pages read beside the body.
const READABLE: &str = "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id, Retry-After, WWW-Authenticate";

/// Whether a path is one of those that pages may ask.
pub(super) fn is_open(path: &[String]) -> bool {
    let part = |number: usize| path.get(number).map(String::as_str).unwrap_or_default();
    matches!(part(0), "v1.0" | "beta" | "oidc") || matches!(part(1), "oauth2" | "v2.0" | ".well-known" | "discovery" | "userrealm")
}

/// Lets the page that asked read the answer.
pub(super) fn let_read(headers: &mut HeaderMap) {
    headers.insert(
        HeaderName::from_static("access-control-allow-origin"),
        HeaderValue::from_static("*"),
    );
    headers.insert(
        HeaderName::from_static("access-control-expose-headers"),
        HeaderValue::from_static(READABLE),
    );
}

/// Tells a browser beforehand what a page may send: what it says that it wants to.
pub(super) fn let_send(headers: &mut HeaderMap, wanted: Option<&HeaderValue>) {
    let methods = HeaderValue::from_static("GET, POST, PATCH, PUT, DELETE, OPTIONS");
    headers.insert(HeaderName::from_static("access-control-allow-methods"), methods);
    headers.insert(HeaderName::from_static("access-control-max-age"), HeaderValue::from_static("86400"));
    if let Some(wanted) = wanted {
        headers.insert(HeaderName::from_static("access-control-allow-headers"), wanted.clone());
    }
    let_read(headers);
}
