//! What belongs to the emulator itself and not to what it emulates: the admin API and the page.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderName},
};

use super::exchange::{Exchange, Read, insert};
use crate::admin::{self, AdminRequest, KEY_HEADER};

impl Exchange {
    /// The answer to a request to the admin API or for the page; `None` for any other.
    pub(super) fn admin(&self, read: &Read, whole: &[String]) -> Option<Response<Full<Bytes>>> {
        // Scheme and host are the client's words.
        let host = read.address.split_once("://").map_or("", |(_, host)| host);
        if whole.is_empty() && read.method == "GET" {
            let key = url::form_urlencoded::parse(read.query.as_bytes()).find(|(name, _)| name == "key");
            let (status, text) = admin::page(self.admin.as_ref(), host, &key.map(|(_, key)| key.into_owned()).unwrap_or_default());
            let mut response = self.response(code(status), "text/html; charset=utf-8", text);
            insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
            insert(
                response.headers_mut(),
                HeaderName::from_static("content-security-policy"),
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            );
            insert(response.headers_mut(), HeaderName::from_static("x-content-type-options"), "nosniff");
            return Some(response);
        }
        let admin = self.admin.as_ref()?;
        let (first, below) = whole.split_first()?;
        if first != "_emulator" {
            return None;
        }
        let path: Vec<&str> = below.iter().map(String::as_str).collect();
        let (status, body) = admin.answer(&AdminRequest {
            method: &read.method,
            path: &path,
            query: &read.query,
            host,
            key: read.header(KEY_HEADER),
            body: &read.body,
        });
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let content_type = if text.is_empty() { "" } else { "application/json" };
        let mut response = self.response(code(status), content_type, text);
        insert(response.headers_mut(), header::CACHE_CONTROL, "no-store");
        Some(response)
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
