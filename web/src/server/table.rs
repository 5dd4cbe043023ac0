//! The addresses: one table, of which the router and the OpenAPI document are made.

use std::{future::Future, pin::Pin};

use super::{
    handlers::{self, Answer, Asked},
    read,
};

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
    pub(super) handler: Handler,
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
