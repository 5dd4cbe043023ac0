//! The router, made of the table of addresses.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Path, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use uuid::Uuid;

use super::{
    answer::Refusal,
    handlers::{Answer, Asked},
    open_api::open_api,
    page_files::{FILES, INDEX},
    service::Service,
    table::{ROUTES, Route},
    user::User,
};
use crate::refusal::ServiceError;

/// How long an answer may take, streams aside.
const LONGEST: Duration = Duration::from_secs(120);

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                                       form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The router, to be mounted behind the host's own login: `Router::new().nest_service("/onboarding", router(service))`.
///
/// `nest_service` leads `/onboarding` and `/onboarding/` to the page. axum's `nest` takes the first one only, and answers the second
/// one with the host's own *not found* before this router sees it.
///
/// Every request needs a [`User`] among its extensions, which a layer of the host puts there; without one it is refused. A host
/// whose login goes by cookies has to refuse writes from foreign origins itself, as [`Guard`](crate::Guard) does for the program
/// of this crate.
pub fn router(service: Service) -> Router {
    let mut router = Router::new();
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let of_path = ROUTES.iter().filter(|route| route.path == path);
        let methods = of_path.fold(MethodRouter::new(), |methods, route| methods.merge(method_router(route, &service)));
        router = router.route(path, methods.fallback(method_not_allowed));
    }
    for (path, kind, content) in FILES {
        router = router.route(
            path,
            on(MethodFilter::GET, move || async move { file(kind, content) }).fallback(method_not_allowed),
        );
    }
    router = router.route("/", on(MethodFilter::GET, root).fallback(method_not_allowed));
    let document = on(MethodFilter::GET, || async { super::answer::json(200, &open_api()) });
    router
        .route("/openapi.json", document.fallback(method_not_allowed))
        .fallback(not_found)
        .layer(middleware::from_fn(headers))
}

/// The page. Mounted below `/onboarding`, its relative addresses would miss a browser that asks for `/onboarding`: that one is sent
/// below it, by a reference that leads to no other host.
async fn root(OriginalUri(asked): OriginalUri) -> Response {
    match asked.path().rsplit_once('/') {
        Some((_, last)) if !last.is_empty() => {
            let below = format!("./{last}/index.html");
            (StatusCode::SEE_OTHER, [(header::LOCATION, below)]).into_response()
        }
        _ => file(INDEX.0, INDEX.1),
    }
}

fn method_router(route: &'static Route, service: &Service) -> MethodRouter {
    let filter = match route.method {
        "post" => MethodFilter::POST,
        "put" => MethodFilter::PUT,
        "patch" => MethodFilter::PATCH,
        "delete" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    let service = service.clone();
    on(filter, move |path: Option<Path<String>>, request: Request| {
        let service = service.clone();
        async move {
            carry_out(route, service, path, request)
                .await
                .unwrap_or_else(Refusal::into_response)
        }
    })
}

async fn carry_out(route: &Route, service: Service, path: Option<Path<String>>, request: Request<Body>) -> Answer {
    let user = request.extensions().get::<User>().cloned().ok_or(ServiceError::UserMissing)?;
    let session = match path {
        Some(Path(id)) => Some(id.parse::<Uuid>().map_err(|_| ServiceError::NotFound)?),
        None => None,
    };
    let asked = Asked {
        service,
        user,
        session,
        request,
    };
    let answer = tokio::time::timeout(LONGEST, (route.handler)(asked)).await;
    answer.unwrap_or_else(|_| Err(ServiceError::TookTooLong.into()))
}

fn file(kind: &'static str, content: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

async fn not_found() -> Response {
    Refusal::from(ServiceError::NotFound).into_response()
}

async fn method_not_allowed() -> Response {
    Refusal::from(ServiceError::MethodNotAllowed).into_response()
}

/// What every answer says to the browser.
async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    secure(&mut response);
    response
}

pub(super) fn secure(response: &mut Response) {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
}
