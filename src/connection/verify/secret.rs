//! Whether the server app can sign in with its secret, and until when.

use time::{Duration, OffsetDateTime};

use super::page;
use crate::{
    connection::finding::{Finding, FindingCode},
    error::{Diagnostic, TokenError, TokenFailure},
    spec::ImportedServerApp,
    token::{AccessToken, ProbedResource, SecretProbe},
};

/// How far ahead of its end a secret is called "soon".
const SOON: Duration = Duration::days(30);

const WRONG_SECRET: u32 = 7_000_215;
const EXPIRED_SECRET: u32 = 7_000_222;
const UNKNOWN_APP: u32 = 700_016;
const DISABLED_APP: u32 = 7_000_112;
const UNKNOWN_RESOURCE: [u32; 2] = [500_011, 50_001];
const BY_POLICY: [u32; 3] = [53_003, 530_032, 530_035];

/// What trying the secret out has shown.
#[derive(Debug, Default)]
pub(super) struct Probed {
    pub(super) is_accepted: Option<bool>,
    pub(super) findings: Vec<Finding>,
}

/// Checks the date alone, which the dialog wants in the future.
pub(super) fn check_end(server: &ImportedServerApp, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let end = server.secret_key_expiry();
    let renew = format!(
        "Create a new secret and give its value with its own date ({}).",
        page("Certificates & secrets")
    );
    if end <= now {
        let message = format!("The secret expired on {}, and the site takes only dates in the future.", end.date());
        findings.push(Finding::blocker(FindingCode::SecretExpired, message, renew));
    } else if end - now < SOON {
        let message = format!(
            "The secret expires on {}, and the site tells nobody when an imported app's does.",
            end.date()
        );
        findings.push(Finding::warning(FindingCode::SecretExpiresSoon, message, renew));
    }
}

/// Signs in for Microsoft Graph, and, where that is accepted, for the App ID URI.
pub(super) async fn try_out(probe: &dyn SecretProbe, server: &ImportedServerApp, wants_discovery: bool) -> Probed {
    let ask = async |resource: &ProbedResource| {
        probe
            .probe(server.tenant_id(), server.client_id(), server.secret_key(), resource)
            .await
    };
    let mut probed = Probed::default();
    match ask(&ProbedResource::MicrosoftGraph).await {
        Ok(token) => {
            probed.is_accepted = Some(true);
            check_graph_token(&token, wants_discovery, &mut probed.findings);
        }
        Err(error) => {
            let (is_refused, finding) = refused(&error, server);
            probed.is_accepted = is_refused.then_some(false);
            probed.findings.push(finding);
            return probed;
        }
    }
    match ask(&ProbedResource::AppIdUri(server.app_id_uri().clone())).await {
        Ok(token) => check_own_token(&token, server, &mut probed.findings),
        Err(error) if has(&error, &UNKNOWN_RESOURCE) => {
            let message = format!(
                "Microsoft Entra knows no app by the App ID URI {} (AADSTS500011).",
                server.app_id_uri()
            );
            probed
                .findings
                .push(Finding::blocker(FindingCode::AppIdUriDiffers, message, uri_remedy()));
        }
        // An app may be forbidden to ask for itself; the directory tells more of its URI.
        Err(error) => probed.findings.push(Finding::note(
            FindingCode::SecretUnproven,
            format!(
                "Whether tokens for {} are issued could not be tried out: {error}.",
                server.app_id_uri()
            ),
            error.help(),
        )),
    }
    probed
}

pub(super) fn uri_remedy() -> String {
    format!(
        "Give the App ID URI exactly as it is registered, letter by letter and slash by slash ({}): clients ask for that very text.",
        page("Expose an API")
    )
}

/// A token is issued without any permission, too: what counts is what stands in it.
fn check_graph_token(token: &AccessToken, wants_discovery: bool, findings: &mut Vec<Finding>) {
    let Some(claims) = token.claims().filter(|_| wants_discovery) else {
        return;
    };
    if !claims.app_roles.iter().any(|role| role == "Directory.Read.All") {
        findings.push(Finding::blocker(
            FindingCode::DirectoryReadMissing,
            "The server app's token has no Directory.Read.All, which discovery needs.",
            format!(
                "Add the application permission Directory.Read.All of Microsoft Graph and grant admin consent ({}). A consent given in the last minutes may need a little longer.",
                page("API permissions")
            ),
        ));
    }
}

fn check_own_token(token: &AccessToken, server: &ImportedServerApp, findings: &mut Vec<Finding>) {
    let Some(claims) = token.claims() else { return };
    if claims.version.as_deref() == Some("2.0") {
        findings.push(super::server_app::token_version());
        return;
    }
    let wanted = server.app_id_uri().as_str();
    if let Some(audience) = claims.audience.filter(|audience| audience != wanted) {
        findings.push(Finding::blocker(
            FindingCode::AppIdUriDiffers,
            format!("Tokens for the server app name {audience}, not {wanted}."),
            uri_remedy(),
        ));
    }
}

/// Whether the service has refused, and what that means.
fn refused(error: &TokenError, server: &ImportedServerApp) -> (bool, Finding) {
    let secrets = page("Certificates & secrets");
    let id = server.client_id();
    if has(error, &[EXPIRED_SECRET]) {
        let message = "The secret of the server app has expired (AADSTS7000222), whatever date was given.";
        let remedy = format!("Create a new secret and give its value with its own date ({secrets}).");
        return (true, Finding::blocker(FindingCode::SecretExpired, message, remedy));
    }
    if has(error, &[WRONG_SECRET]) {
        let message = "Microsoft Entra does not accept the secret of the server app (AADSTS7000215).";
        let remedy = format!(
            "Give the secret's Value, which is shown once when it is made, not its Secret ID; if it is lost, create a new one ({secrets}). One made in the last minutes may need a little longer."
        );
        return (true, Finding::blocker(FindingCode::SecretRejected, message, remedy));
    }
    if has(error, &[UNKNOWN_APP]) || error.failure() == TokenFailure::ApplicationRefused {
        let message = format!("Tenant {} has no app with the client id {id} (AADSTS700016).", server.tenant_id());
        let remedy =
            "Check the client id, the tenant id and the Azure environment; an app made in the last minutes may need a little longer.";
        return (true, Finding::blocker(FindingCode::AppNotFound, message, remedy));
    }
    if has(error, &[DISABLED_APP]) {
        let message = "The server app is disabled in the tenant (AADSTS7000112).";
        let remedy = "Let users sign in again (Entra admin center > Enterprise applications > (the app) > Properties).";
        return (true, Finding::blocker(FindingCode::SignInBlocked, message, remedy));
    }
    if has(error, &BY_POLICY) || error.failure() == TokenFailure::Blocked {
        let message = "A policy of the tenant keeps the server app from signing in.";
        let remedy =
            "Exclude the server app from Conditional Access policies for all cloud apps (Entra admin center > Conditional Access).";
        return (true, Finding::blocker(FindingCode::SignInBlocked, message, remedy));
    }
    match error.failure() {
        TokenFailure::WrongTenant | TokenFailure::WrongCloud => {
            let message = format!("The sign-in service does not know tenant {}: {error}.", server.tenant_id());
            (true, Finding::blocker(FindingCode::WrongTenant, message, error.help()))
        }
        TokenFailure::BadCredentials | TokenFailure::Refused | TokenFailure::ConsentMissing => {
            let message = format!("The server app cannot sign in: {error}.");
            (true, Finding::blocker(FindingCode::SecretRejected, message, error.help()))
        }
        _ => {
            let message = format!("Whether the secret is right could not be tried out: {error}.");
            (false, Finding::warning(FindingCode::SecretUnproven, message, error.help()))
        }
    }
}

fn has(error: &TokenError, codes: &[u32]) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.codes.iter().any(|code| codes.contains(code)))
}
