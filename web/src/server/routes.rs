//! The addresses: one table, of which the router and the OpenAPI document are made.

use std::{future::Future, pin::Pin, time::Duration};

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
    handlers::{self, Answer, Asked},
    open_api::open_api,
    page_files::{FILES, INDEX},
    read,
    service::Service,
    user::User,
};
use crate::refusal::ServiceError;

/// How long an answer may take, streams aside.
const LONGEST: Duration = Duration::from_secs(120);

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                                       form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

type Handler = fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One address with one method.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// The schema of the body; `None` if there is none.
    pub(super) body: Option<&'static str>,
    /// The statuses of success, and the schema of the answer.
    pub(super) statuses: &'static [u16],
    pub(super) answer: &'static str,
    /// Whether the answer can be waited for.
    pub(super) is_job: bool,
    handler: Handler,
}

macro_rules! route {
    ($method:literal, $path:literal, $name:literal, $handler:path, $body:expr, $statuses:expr, $answer:literal, $job:literal, $summary:literal) => {
        Route {
            method: $method,
            path: $path,
            name: $name,
            summary: $summary,
            body: $body,
            statuses: $statuses,
            answer: $answer,
            is_job: $job,
            handler: |asked| Box::pin($handler(asked)),
        }
    };
}

/// Every address of the interface.
#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    route!("get", "/api/service", "describeService", handlers::service, None, &[200], "Service", false, "What a page has to know beforehand"),
    route!("get", "/api/sessions", "listSessions", handlers::list, None, &[200], "SessionList", false, "The user's sessions, the one that changed last first"),
    route!("post", "/api/sessions", "createSession", handlers::create, Some("NewSession"), &[201], "Session", false, "Begins a session"),
    route!("get", "/api/sessions/{id}", "readSession", handlers::show, None, &[200], "Session", false, "Everything that a page shows"),
    route!("delete", "/api/sessions/{id}", "deleteSession", handlers::delete, None, &[204], "", false, "Deletes the session; tenant and site stay as they are"),
    route!("patch", "/api/sessions/{id}/draft", "editDraft", handlers::edit, Some("Edits"), &[200], "Session", false, "Sets fields by their paths"),
    route!("put", "/api/sessions/{id}/draft", "replaceDraft", handlers::replace, Some("WholeDraft"), &[200], "Session", false, "Takes another draft"),
    route!("post", "/api/validate", "validate", handlers::validate, Some("Validate"), &[200], "Violations", false, "What is wrong with one value, or with a draft"),
    route!("post", "/api/sessions/{id}/sign-in", "signIn", handlers::sign_in, Some("SignInAsked"), &[200, 202], "Session", true, "Signs in to the tenant"),
    route!("post", "/api/sessions/{id}/sign-out", "signOut", handlers::sign_out, Some("Nothing"), &[200], "Session", false, "Forgets the sign-in"),
    route!("get", "/api/sessions/{id}/known-apps", "browseApps", read::known_apps, None, &[200], "KnownApps", false, "The apps that the site knows, as Browse lists them"),
    route!("post", "/api/sessions/{id}/preflight", "preflight", handlers::preflight, Some("JobSettings"), &[200, 202], "Session", true, "Checks beforehand what can go wrong"),
    route!("post", "/api/sessions/{id}/plan", "plan", handlers::plan, Some("JobSettings"), &[200, 202], "Session", true, "Makes a plan"),
    route!("post", "/api/sessions/{id}/approve", "approve", handlers::approve, Some("PlanNamed"), &[200], "Session", false, "Approves the plan that was shown"),
    route!("post", "/api/sessions/{id}/apply", "apply", handlers::apply, Some("PlanNamed"), &[200, 202], "Session", true, "Carries out the plan that was approved"),
    route!("post", "/api/sessions/{id}/cancel", "cancel", handlers::cancel, Some("Nothing"), &[200, 202], "Session", true, "Ends the job that is under way"),
    route!("post", "/api/sessions/{id}/secret", "takeSecret", handlers::secret, Some("Nothing"), &[200], "Secret", false, "Hands the secret over: once"),
    route!("post", "/api/sessions/{id}/hand-over", "handOver", handlers::hand_over, Some("HandOverAsked"), &[200], "SealedHandOver", false, "Seals the apps and the secret for the administrator of the site: once"),
    route!("get", "/api/sessions/{id}/view", "view", read::view, None, &[200], "ShownView", false, "The connection as it is, in site and tenant"),
    route!("get", "/api/sessions/{id}/check", "check", read::check, None, &[200], "ShownCheck", false, "Whether the connection works, and when its secret ends"),
    route!("get", "/api/connections", "viewConnections", read::connections, None, &[200], "ShownConnections", false, "Every connection that the site has"),
    route!("get", "/api/sessions/{id}/events", "events", handlers::events, None, &[200], "", false, "Server-sent events, those after a number first"),
];

/// The router, to be mounted behind the host's own login: `Router::new().nest("/onboarding", router(service))`.
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
