//! Answers one HTTP request: finds the tenant that it is for, hands it to Microsoft Graph, the sign-in
//! authority or the administration service, and writes it into the record.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use time::macros::format_description;
use uuid::Uuid;

use super::{
    cors,
    graph_headers::{created_at, let_see, version},
    log,
};
#[cfg(feature = "onboarding")]
use crate::{
    EmulatedSite,
    site::{AdminServiceAnswer, AdminServiceRequest, REMOTE_PATH, answer_admin_service, answer_remote},
};
use crate::{
    EmulatedTenant, RecordedRequest,
    admin::Admin,
    authority::{self, AuthorityAnswer, AuthorityRequest},
    graph::{Body, GraphAnswer, GraphRequest, Query, decode, segments},
    refusal::Refusal,
    served::{Running, Tenants},
    tenant::Bearer,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// What Microsoft Graph's answers say that they are; its refusals are plain JSON.
///
/// Source: recordings of the Azure CLI, April 2025.
const ODATA: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
/// Bodies longer than this are not read to their end.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// Answers requests for the tenants of one server.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    running: Running,
    pub(super) admin: Option<Admin>,
    logs: bool,
    scheme: &'static str,
}

/// A request that has been read to its end.
pub(super) struct Read {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) address: String,
}

impl Read {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Exchange {
    pub(crate) fn new(tenant: EmulatedTenant, latency: Duration, uses_tls: bool) -> Self {
        Self {
            running: Running::new(Tenants::new(tenant, Vec::new()), latency),
            admin: None,
            logs: false,
            scheme: if uses_tls { "https" } else { "http" },
        }
    }

    /// The same with other tenants on the same address.
    pub(super) fn with_others(self, others: Vec<EmulatedTenant>) -> Self {
        let first = self.running.tenants().first().clone();
        self.running.set_tenants(Tenants::new(first, others));
        self
    }

    /// The same with an admin API, and with each request on standard error.
    pub(super) fn with_admin(mut self, admin: Option<Admin>, logs: bool) -> Self {
        self.admin = admin;
        self.logs = logs;
        self
    }

    pub(super) fn running(&self) -> &Running {
        &self.running
    }

    /// The same with a site beside the tenant.
    #[cfg(feature = "onboarding")]
    pub(super) fn beside(self, site: Option<EmulatedSite>) -> Self {
        if let Some(site) = site {
            self.running.set_site(site);
        }
        self
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Some(read) = self.read(request).await else {
            return self.response(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", String::new());
        };
        let began = tokio::time::Instant::now();
        let whole = parts(&read.path);
        let response = self.answer_whole(&read, whole).await;
        if self.logs {
            log::line(&read.method, &read.path, response.status().as_u16(), began.elapsed());
        }
        response
    }

    async fn answer_whole(&self, read: &Read, whole: Vec<String>) -> Response<Full<Bytes>> {
        if let Some(response) = self.admin(read, &whole) {
            return response;
        }
        let latency = self.running.latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let is_of_a_page = read.headers.contains_key(header::ORIGIN) && cors::is_open(&whole);
        if is_of_a_page && read.method == "OPTIONS" {
            let mut response = self.response(StatusCode::NO_CONTENT, "", String::new());
            cors::let_send(response.headers_mut(), read.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS));
            return response;
        }
        let mut response = self.answer_read(read, whole).await;
        if is_of_a_page {
            cors::let_read(response.headers_mut());
        }
        response
    }

    async fn answer_read(&self, read: &Read, whole: Vec<String>) -> Response<Full<Bytes>> {
        let is_graph = whole.first().is_some_and(|first| matches!(first.as_str(), "v1.0" | "beta"));
        if is_graph {
            return self.graph(read);
        }
        #[cfg(feature = "onboarding")]
        if let Some(site) = self.running.site().filter(|_| whole.join("/") == REMOTE_PATH) {
            if !is_from_a_program(read) {
                let help =
                    "Ask with RemoteSite: by POST, with content-type application/json and a client-request-id, and not from a web page.";
                let refused = json!({"error": {"operation": "answer", "message": "the request may come from a web page", "help": help}});
                return self.json(StatusCode::FORBIDDEN, &refused);
            }
            let (status, body) = answer_remote(&site, &read.body).await;
            return self.json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body);
        }
        #[cfg(feature = "onboarding")]
        if let Some(response) = self.admin_service(read, &whole) {
            return response;
        }
        self.authority(read, whole)
    }

    async fn read(&self, request: Request<Incoming>) -> Option<Read> {
        let (head, body) = request.into_parts();
        let body = http_body_util::Limited::new(body, LONGEST_BODY).collect().await.ok()?.to_bytes();
        let host = head.uri.authority().map(ToString::to_string);
        let host = host.or_else(|| {
            head.headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
                .map(str::to_owned)
        });
        Some(Read {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            address: format!("{}://{}", self.scheme, host.unwrap_or_default()),
            headers: head.headers,
            body,
        })
    }

    pub(super) fn graph(&self, read: &Read) -> Response<Full<Bytes>> {
        let client_request_id = read.header("client-request-id").to_owned();
        let request = GraphRequest {
            method: read.method.clone(),
            segments: segments(&read.path),
            query: Query::read(&read.query),
            creates_if_missing: read.header("prefer").contains("create-if-missing"),
            is_advanced: read.header("consistencylevel").eq_ignore_ascii_case("eventual"),
            body: body_of(&read.body, read.header("content-type")),
            root: format!("{}/{}", read.address, version(&read.path)),
            client_request_id: Some(client_request_id.clone()).filter(|id| !id.is_empty()),
            is_batched: false,
        };
        let bearer = Bearer {
            authorization: read.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()),
            own_address: Some(&read.address),
        };
        let request_id = Uuid::new_v4().to_string();
        // The service makes an id of its own if the client gives none.
        let client_request_id = if client_request_id.is_empty() {
            request_id.clone()
        } else {
            client_request_id
        };
        let tenants = self.running.tenants();
        let tenant = tenants.of_token(bearer.authorization);
        let mut response = match tenant.answer(&request, bearer) {
            Ok(answer) => self.answered(tenant, answer, &request),
            Err(refusal) => self.refused(tenant, &refusal, &request_id, &client_request_id),
        };
        let_see(response.headers_mut());
        insert(response.headers_mut(), REQUEST_ID, &request_id);
        insert(response.headers_mut(), CLIENT_REQUEST_ID, &client_request_id);
        response
    }

    fn answered(&self, tenant: &EmulatedTenant, answer: GraphAnswer, request: &GraphRequest) -> Response<Full<Bytes>> {
        let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
        match answer {
            GraphAnswer::Done => self.response(status, "", String::new()),
            GraphAnswer::Count(count) => self.response(status, "text/plain", count.to_string()),
            GraphAnswer::Found(value) => self.response(status, ODATA, value.to_string()),
            GraphAnswer::Created(value) => {
                let location = created_at(tenant, &value, request);
                let mut response = self.response(status, ODATA, value.to_string());
                insert(response.headers_mut(), header::LOCATION, &location);
                response
            }
        }
    }

    fn refused(&self, tenant: &EmulatedTenant, refusal: &Refusal, request_id: &str, client_request_id: &str) -> Response<Full<Bytes>> {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = self.json(status, &tenant.envelope(refusal, request_id, client_request_id));
        if let Some(wait) = refusal.retry_after {
            // Whole seconds, rounded up: a client that waits less would come too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            insert(response.headers_mut(), header::RETRY_AFTER, &seconds.to_string());
        }
        if status == StatusCode::UNAUTHORIZED {
            let mut challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"".to_owned();
            if let Some(claims) = &refusal.claims {
                challenge.push_str(&format!(", error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(claims)));
            }
            insert(response.headers_mut(), header::WWW_AUTHENTICATE, &challenge);
        }
        response
    }

    #[cfg(feature = "onboarding")]
    fn admin_service(&self, read: &Read, whole: &[String]) -> Option<Response<Full<Bytes>>> {
        let request = AdminServiceRequest {
            method: &read.method,
            segments: whole,
            query: &read.query,
            authorization: read.header("authorization"),
            address: &read.address,
        };
        let answer = answer_admin_service(&self.running.site()?, &request)?;
        self.record(self.running.tenants().first(), read, whole, answer.status());
        let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
        Some(match answer {
            AdminServiceAnswer::Json(_, value) => self.json(status, &value),
            AdminServiceAnswer::Xml(text) => self.response(status, "application/xml", text),
            AdminServiceAnswer::SignIn(scheme) => {
                let mut response = self.response(status, "", String::new());
                insert(response.headers_mut(), header::WWW_AUTHENTICATE, scheme);
                response
            }
        })
    }

    fn record(&self, tenant: &EmulatedTenant, read: &Read, whole: &[String], status: u16) {
        let query = match read.query.as_str() {
            "" => String::new(),
            query => format!("?{}", decode(query)),
        };
        tenant.record(RecordedRequest {
            method: read.method.clone(),
            path: format!("/{}{query}", whole.join("/")),
            status,
            is_batched: false,
            client_request_id: None,
            body: None,
        });
    }

    fn authority(&self, read: &Read, whole: Vec<String>) -> Response<Full<Bytes>> {
        let request = AuthorityRequest {
            method: read.method.clone(),
            segments: whole,
            query: read.query.clone(),
            body: String::from_utf8_lossy(&read.body).into_owned(),
            authorization: Some(read.header("authorization").to_owned()).filter(|value| !value.is_empty()),
            origin: Some(read.header("origin").to_owned()).filter(|value| !value.is_empty()),
            correlation_id: Some(read.header("client-request-id").to_owned()).filter(|value| !value.is_empty()),
            address: read.address.clone(),
        };
        let tenants = self.running.tenants();
        let tenant = tenants.of_authority(&request);
        let answer = authority::answer(tenant, &request)
            .unwrap_or_else(|| AuthorityAnswer::Json(404, json!({"error": {"code": "NotFound", "message": "There is nothing here."}})));
        self.record(tenant, read, &request.segments, answer.status());
        let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK);
        match answer {
            AuthorityAnswer::Json(_, value) => {
                let mut response = self.json(status, &value);
                insert(response.headers_mut(), header::CACHE_CONTROL, "no-store, no-cache");
                response
            }
            AuthorityAnswer::Redirect(address) => {
                let mut response = self.response(status, "", String::new());
                insert(response.headers_mut(), header::LOCATION, &address);
                insert(response.headers_mut(), header::CACHE_CONTROL, "no-store, no-cache");
                response
            }
            AuthorityAnswer::Page(_, text) => self.response(status, "text/html; charset=utf-8", text),
        }
    }

    fn json(&self, status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
        self.response(status, "application/json", value.to_string())
    }

    pub(super) fn response(&self, status: StatusCode, content_type: &str, text: String) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        if !content_type.is_empty() {
            insert(response.headers_mut(), header::CONTENT_TYPE, content_type);
        }
        let format = format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
        let now = self
            .running
            .tenants()
            .first()
            .settings()
            .clock
            .now()
            .to_offset(time::UtcOffset::UTC);
        insert(response.headers_mut(), header::DATE, &now.format(format).unwrap_or_default());
        response
    }
}

pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn body_of(bytes: &Bytes, content_type: &str) -> Body {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if bytes.is_empty() {
        return Body::Nothing;
    }
    if media_type.is_empty() {
        return Body::Unreadable;
    }
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Body::OfAnotherType;
    }
    serde_json::from_slice(bytes).map_or(Body::Unreadable, Body::Json)
}

/// Whether a request cannot come from a web page: a browser sends neither this content type nor this header to another
/// origin before it has asked whether it may, which this server never allows, and it says so in the other two.
#[cfg(feature = "onboarding")]
fn is_from_a_program(read: &Read) -> bool {
    let media_type = read.header("content-type").split(';').next().unwrap_or_default().trim();
    read.method == "POST"
        && media_type.eq_ignore_ascii_case("application/json")
        && !read.header("client-request-id").is_empty()
        && !read.headers.contains_key(header::ORIGIN)
        && !read.headers.contains_key("sec-fetch-site")
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
}
