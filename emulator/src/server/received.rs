//! One request to Microsoft Graph that came without a socket, and the answer to it.

use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::exchange::{Exchange, Read};

/// A request to Microsoft Graph as the wire received it.
#[derive(Debug)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) client_request_id: String,
    pub(crate) content_type: Option<String>,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Scheme and authority that it was sent to.
    pub(crate) address: String,
}

/// The answer to it, as it goes over the wire.
#[derive(Debug)]
pub(crate) struct EncodedAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) www_authenticate: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Exchange {
    /// Answers at once.
    pub(crate) fn answer_received(&self, received: &ReceivedRequest) -> EncodedAnswer {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        set(HeaderName::from_static("client-request-id"), &received.client_request_id);
        if let Some(content_type) = &received.content_type {
            set(header::CONTENT_TYPE, content_type);
        }
        if let Some(authorization) = &received.authorization {
            set(header::AUTHORIZATION, authorization);
        }
        let read = Read {
            method: received.method.clone(),
            path: received.path.clone(),
            query: received.query.clone(),
            headers,
            body: received.body.clone().into(),
            address: received.address.clone(),
        };
        let (head, body) = self.graph(&read).into_parts();
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // The whole body is there already, so that there is nothing to wait for.
        let body = body.collect().now_or_never().and_then(Result::ok);
        EncodedAnswer {
            status: head.status.as_u16(),
            content_type: text("content-type"),
            request_id: text("request-id"),
            retry_after: text("retry-after"),
            www_authenticate: text("www-authenticate"),
            body: body.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
        }
    }
}
