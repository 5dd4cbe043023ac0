//! Whether the server app can sign in with its secret.

use crate::{
    connection::{
        check::apps::SERVER,
        report::{
            finding::{Finding, FindingCode},
            verification::Verification,
        },
    },
    error::{Diagnostic, TokenError, TokenFailure},
    spec::ImportedServerApp,
    token::{AccessToken, ProbedResource, SecretProbe},
};

const WRONG_SECRET: u32 = 7_000_215;
const EXPIRED_SECRET: u32 = 7_000_222;
const UNKNOWN_APP: u32 = 700_016;
/// The sign-in service gives no token to an app without a service principal since 2026-03-31. Which OAuth `error` comes with
/// the number is not documented.
const NO_SERVICE_PRINCIPAL: u32 = 7_000_229;
const DISABLED_APP: u32 = 7_000_112;
const UNKNOWN_RESOURCE: [u32; 2] = [500_011, 50_001];
const BY_POLICY: [u32; 3] = [53_003, 530_032, 530_035];

/// Signs in for Microsoft Graph and, if that is accepted, for the App ID URI.
pub(crate) async fn try_out(probe: &dyn SecretProbe, server: &ImportedServerApp, wants_discovery: bool) -> Verification {
    let ask = async |resource: &ProbedResource| {
        probe
            .probe(server.tenant_id(), server.client_id(), server.secret_key(), resource)
            .await
    };
    let mut findings = Vec::new();
    match ask(&ProbedResource::MicrosoftGraph).await {
        Ok(token) => {
            check_graph_token(&token, wants_discovery, &mut findings);
        }
        Err(error) => {
            let (is_refused, finding) = refused(&error, server);
            findings.push(finding);
            return Verification {
                is_secret_accepted: is_refused.then_some(false),
                is_compared: false,
                findings,
            };
        }
    }
    match ask(&ProbedResource::AppIdUri(server.app_id_uri().clone())).await {
        Ok(token) => check_own_token(&token, server, &mut findings),
        Err(error) if has(&error, &UNKNOWN_RESOURCE) => {
            let unknown = Finding::blocker(FindingCode::AppIdUriUnknown);
            findings.push(unknown.with("given", server.app_id_uri()));
        }
        // An app may be forbidden to ask for itself; the directory tells more of its URI.
        Err(error) => {
            let unproven = Finding::note(FindingCode::AppIdUriUnproven).with("uri", server.app_id_uri());
            findings.push(explained(unproven, &error));
        }
    }
    Verification {
        is_secret_accepted: Some(true),
        is_compared: false,
        findings,
    }
}

/// A token is issued without any permission, too: what counts is what stands in it.
fn check_graph_token(token: &AccessToken, wants_discovery: bool, findings: &mut Vec<Finding>) {
    let Some(claims) = token.claims().filter(|_| wants_discovery) else {
        return;
    };
    if !claims.app_roles.iter().any(|role| role == "Directory.Read.All") {
        findings.push(Finding::blocker(FindingCode::DirectoryReadNotInToken));
    }
}

fn check_own_token(token: &AccessToken, server: &ImportedServerApp, findings: &mut Vec<Finding>) {
    let Some(claims) = token.claims() else { return };
    if claims.version.as_deref() == Some("2.0") {
        findings.push(Finding::blocker(FindingCode::TokenVersion));
        return;
    }
    let wanted = server.app_id_uri().as_str();
    if let Some(audience) = claims.audience.filter(|audience| audience != wanted) {
        let differs = Finding::blocker(FindingCode::TokenAudienceDiffers);
        findings.push(differs.with("given", wanted).with("audience", audience));
    }
}

/// Whether the service has refused, and what that means.
fn refused(error: &TokenError, server: &ImportedServerApp) -> (bool, Finding) {
    if has(error, &[EXPIRED_SECRET]) {
        return (true, Finding::blocker(FindingCode::SecretExpiredAtSignIn));
    }
    if has(error, &[WRONG_SECRET]) {
        return (true, Finding::blocker(FindingCode::SecretRejected));
    }
    if has(error, &[NO_SERVICE_PRINCIPAL]) {
        return (true, Finding::blocker(FindingCode::ServicePrincipalMissing).with("app", SERVER));
    }
    if has(error, &[UNKNOWN_APP]) || error.failure() == TokenFailure::ApplicationRefused {
        let unknown = Finding::blocker(FindingCode::AppUnknownAtSignIn)
            .with("clientId", server.client_id())
            .with("tenant", server.tenant_id());
        return (true, unknown);
    }
    if has(error, &[DISABLED_APP]) {
        return (true, Finding::blocker(FindingCode::AppDisabled));
    }
    if has(error, &BY_POLICY) || error.failure() == TokenFailure::Blocked {
        return (true, Finding::blocker(FindingCode::SignInBlocked));
    }
    let (is_refused, finding) = match error.failure() {
        TokenFailure::WrongTenant | TokenFailure::WrongCloud => {
            let unknown = Finding::blocker(FindingCode::TenantUnknownAtSignIn);
            (true, unknown.with("tenant", server.tenant_id()))
        }
        TokenFailure::BadCredentials | TokenFailure::Refused | TokenFailure::ConsentMissing => {
            (true, Finding::blocker(FindingCode::SignInRefused))
        }
        _ => (false, Finding::warning(FindingCode::SecretUnproven)),
    };
    (is_refused, explained(finding, error))
}

/// With what the sign-in service has said.
fn explained(finding: Finding, error: &TokenError) -> Finding {
    finding
        .with("error", error.to_string())
        .with("help", error.help())
        .with("codes", error.refusal().map(|refusal| &refusal.codes))
}

fn has(error: &TokenError, codes: &[u32]) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.codes.iter().any(|code| codes.contains(code)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SignInRefusal;

    fn server() -> ImportedServerApp {
        ImportedServerApp::builder()
            .tenant_name("contoso.onmicrosoft.com")
            .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
            .name("Server")
            .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
            .secret_key(crate::ClientSecret::new("not~a~secret"))
            .secret_key_expiry(time::macros::datetime!(2027-11-23 00:00 UTC))
            .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService")
            .build()
            .unwrap()
    }

    #[test]
    fn codes_and_kinds_of_a_refusal_each_tell_what_it_means() {
        let other = TokenFailure::Unreachable;
        for (failure, code, is_refused, expected) in [
            (other, Some(EXPIRED_SECRET), true, FindingCode::SecretExpiredAtSignIn),
            (other, Some(WRONG_SECRET), true, FindingCode::SecretRejected),
            (other, Some(NO_SERVICE_PRINCIPAL), true, FindingCode::ServicePrincipalMissing),
            (other, Some(UNKNOWN_APP), true, FindingCode::AppUnknownAtSignIn),
            (TokenFailure::ApplicationRefused, None, true, FindingCode::AppUnknownAtSignIn),
            (other, Some(DISABLED_APP), true, FindingCode::AppDisabled),
            (other, Some(BY_POLICY[0]), true, FindingCode::SignInBlocked),
            (other, Some(BY_POLICY[2]), true, FindingCode::SignInBlocked),
            (TokenFailure::Blocked, None, true, FindingCode::SignInBlocked),
            (TokenFailure::WrongTenant, None, true, FindingCode::TenantUnknownAtSignIn),
            (TokenFailure::WrongCloud, None, true, FindingCode::TenantUnknownAtSignIn),
            (TokenFailure::BadCredentials, None, true, FindingCode::SignInRefused),
            (TokenFailure::Refused, Some(1), true, FindingCode::SignInRefused),
            (TokenFailure::ConsentMissing, None, true, FindingCode::SignInRefused),
            (other, None, false, FindingCode::SecretUnproven),
            (other, Some(1), false, FindingCode::SecretUnproven),
        ] {
            let error = TokenError::new(failure, "refused", "Look.");
            let refusal = code.map(|code| SignInRefusal {
                codes: vec![7, code],
                ..SignInRefusal::default()
            });
            let error = match refusal {
                Some(refusal) => error.with_refusal(refusal),
                None => error,
            };
            let (told, finding) = refused(&error, &server());
            assert_eq!((told, finding.code()), (is_refused, expected), "{failure:?} {code:?}");
        }
    }
}
