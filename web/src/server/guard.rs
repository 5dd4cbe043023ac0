//! Who may speak to a service on the loopback interface: a caller that has the key, from the page of the service itself.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    answer::{Refusal, parameter},
    live::lock,
    routes::secure,
    user::User,
};
use crate::refusal::ServiceError;

/// Told of every new address with its key.
pub type NewKey = dyn Fn(&str) + Send + Sync;

/// Lets nothing through without a key, from another origin, or for another host: for a service on the loopback interface.
///
/// The key of an address opens the page once: the browser gets a cookie for it, and another address is made. A program that
/// sends the key as `Authorization: Bearer KEY` may do so until a browser has used it up.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    port: u16,
    user: User,
    tell: Box<NewKey>,
    keys: Mutex<Keys>,
}

struct Keys {
    of_address: String,
    /// Of browsers, for as long as the service lives.
    of_cookies: Vec<String>,
}

/// Opens the wizard, as a page of its own origin.
const OPENS: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=/\">\
                     <title>Azure Services</title><p><a href=\"/\">Open the wizard</a></p></html>";

/// How many browsers may be in at once; the oldest one is let go.
const MOST_BROWSERS: usize = 16;

impl Guard {
    /// A guard for a service on this port of the loopback interface, whose sessions all are this user's. `tell` gets the
    /// address to open, and another one whenever a browser has used it up.
    pub fn new(port: u16, user: User, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let guard = Self(Arc::new(Inner {
            port,
            user,
            tell: Box::new(tell),
            keys: Mutex::new(Keys {
                of_address: key(),
                of_cookies: Vec::new(),
            }),
        }));
        guard.tell();
        guard
    }

    /// The address to open.
    #[must_use]
    pub fn address(&self) -> String {
        let key = &lock(&self.0.keys).of_address;
        match self.0.port {
            80 => format!("http://127.0.0.1/?key={key}"),
            port => format!("http://127.0.0.1:{port}/?key={key}"),
        }
    }

    /// The router behind it.
    pub fn guard(self, router: Router) -> Router {
        router.layer(middleware::from_fn(move |request: Request, next: Next| {
            let guard = self.clone();
            async move {
                let mut response = guard.let_in(request, next).await;
                secure(&mut response);
                response
            }
        }))
    }

    fn tell(&self) {
        (self.0.tell)(&self.address());
    }

    async fn let_in(&self, mut request: Request, next: Next) -> Response {
        if let Err(error) = self.check_place(&request) {
            return Refusal::from(error).into_response();
        }
        let is_page = request.method() == Method::GET && request.uri().path() == "/";
        if let Some(given) = parameter(request.uri(), "key").filter(|_| is_page) {
            let is_linked = request
                .headers()
                .get("sec-fetch-site")
                .is_some_and(|from| from != "none" && from != "same-origin");
            return self.exchange(&given, is_linked);
        }
        match self.check_key(&request) {
            Ok(()) => {
                request.extensions_mut().insert(self.0.user.clone());
                next.run(request).await
            }
            Err(error) if is_page => refused_page(error),
            Err(error) => Refusal::from(error).into_response(),
        }
    }

    /// The host against DNS rebinding, the origin against pages of others.
    fn check_place(&self, request: &Request) -> Result<(), ServiceError> {
        let port = self.0.port;
        let mut own = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if port == 80 {
            // Browsers leave the port of the scheme out.
            own.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        }
        let hosts = [
            text(request.headers(), header::HOST),
            request.uri().authority().map(|host| host.as_str()),
        ];
        let mut named = hosts.into_iter().flatten().peekable();
        if named.peek().is_none() || !named.all(|host| own.iter().any(|own| own.eq_ignore_ascii_case(host))) {
            return Err(ServiceError::HostRefused);
        }
        // Another port of this machine is the same site, but not the same origin.
        let from = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
        let is_own = from.is_none_or(|from| from == b"same-origin" || from == b"none");
        if !is_own && request.uri().path().starts_with("/api") {
            return Err(ServiceError::OriginRefused);
        }
        if let Some(origin) = request.headers().get(header::ORIGIN) {
            let is_own = origin
                .to_str()
                .is_ok_and(|origin| own.iter().any(|own| origin == format!("http://{own}")));
            return if is_own { Ok(()) } else { Err(ServiceError::OriginRefused) };
        }
        Ok(())
    }

    fn check_key(&self, request: &Request) -> Result<(), ServiceError> {
        let keys = lock(&self.0.keys);
        if let Some(bearer) = text(request.headers(), header::AUTHORIZATION) {
            let given = bearer.strip_prefix("Bearer ").ok_or(ServiceError::KeyRefused)?;
            return if is_same(given.as_bytes(), &keys.of_address) {
                Ok(())
            } else {
                Err(ServiceError::KeyRefused)
            };
        }
        let name = self.cookie_name();
        // Cookies of other services on this machine come along, and one of them may have set another one of this name.
        let all = request.headers().get_all(header::COOKIE).into_iter();
        let pairs = all.flat_map(|cookies| cookies.as_bytes().split(|byte| *byte == b';'));
        let given = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        let mut given = given.peekable();
        given.peek().ok_or(ServiceError::KeyMissing)?;
        if !given.any(|given| keys.of_cookies.iter().any(|known| is_same(given, known))) {
            return Err(ServiceError::KeyRefused);
        }
        // A cookie goes along by itself: what writes has to show that the own page sends it.
        let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
        if writes && !request.headers().contains_key(header::ORIGIN) {
            return Err(ServiceError::OriginRefused);
        }
        Ok(())
    }

    /// The key of an address for a cookie: once. A browser that another page has sent here does not send the new cookie along if
    /// it is only led on: it gets a page of this origin, which opens the wizard.
    fn exchange(&self, given: &str, is_linked: bool) -> Response {
        let cookie = {
            let mut keys = lock(&self.0.keys);
            if !is_same(given.as_bytes(), &keys.of_address) {
                return refused_page(ServiceError::KeyRefused);
            }
            keys.of_address = key();
            if keys.of_cookies.len() == MOST_BROWSERS {
                keys.of_cookies.remove(0);
            }
            let cookie = key();
            keys.of_cookies.push(cookie.clone());
            cookie
        };
        self.tell();
        let cookie = format!("{}={cookie}; HttpOnly; SameSite=Strict; Path=/", self.cookie_name());
        let mut response = if is_linked {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], OPENS).into_response()
        } else {
            (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response()
        };
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Cookies do not know ports.
    fn cookie_name(&self) -> String {
        format!("cmg-onboard-{}", self.0.port)
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guard").field("port", &self.0.port).finish_non_exhaustive()
    }
}

/// 244 random bits.
fn key() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Compares in a time that does not tell how much of it is right.
fn is_same(given: &[u8], known: &str) -> bool {
    let differences = given
        .iter()
        .copied()
        .zip(known.bytes())
        .fold(0_u8, |sum, (left, right)| sum | (left ^ right));
    given.len() == known.len() && differences == 0
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("not text"))
}

fn refused_page(error: ServiceError) -> Response {
    let problem = error.problem();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not signed in</title><h1>This page needs a key</h1><p>{}.</p><p>{}</p></html>",
        problem.message, problem.help
    );
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use axum::body::Body;

    use super::*;

    fn guard(port: u16) -> Guard {
        Guard::new(port, User::new("local").unwrap(), |_| ())
    }

    fn asked(port: u16, headers: &[(&str, &str)]) -> Result<(), ServiceError> {
        let mut request = Request::builder().uri("/api/service");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        guard(port).check_place(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn on_port_80_a_browser_names_no_port_and_is_let_in() {
        for host in ["127.0.0.1", "localhost", "127.0.0.1:80", "localhost:80", "LocalHost"] {
            assert_eq!(asked(80, &[("host", host)]), Ok(()), "{host}");
        }
        for origin in ["http://127.0.0.1", "http://localhost"] {
            assert_eq!(asked(80, &[("host", "127.0.0.1"), ("origin", origin)]), Ok(()), "{origin}");
        }
        for host in ["contoso.com", "127.0.0.1:8080", "localhost.:80", "127.0.0.1.nip.io", ""] {
            assert_eq!(asked(80, &[("host", host)]), Err(ServiceError::HostRefused), "{host}");
        }
        for origin in ["https://127.0.0.1", "http://127.0.0.1:8080", "http://contoso.com", "null"] {
            let refused = asked(80, &[("host", "127.0.0.1"), ("origin", origin)]);
            assert_eq!(refused, Err(ServiceError::OriginRefused), "{origin}");
        }
    }

    #[test]
    fn the_address_to_open_on_port_80_is_as_a_browser_shows_it() {
        assert!(guard(80).address().starts_with("http://127.0.0.1/?key="), "{}", guard(80).address());
        assert!(guard(8080).address().starts_with("http://127.0.0.1:8080/?key="));
    }

    #[test]
    fn on_another_port_a_host_without_it_is_another_service() {
        assert_eq!(asked(8080, &[("host", "127.0.0.1:8080")]), Ok(()));
        for host in ["127.0.0.1", "localhost", "127.0.0.1:80"] {
            assert_eq!(asked(8080, &[("host", host)]), Err(ServiceError::HostRefused), "{host}");
        }
        let foreign = [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1")];
        assert_eq!(asked(8080, &foreign), Err(ServiceError::OriginRefused));
    }
}
