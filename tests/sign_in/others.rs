//! Applications, and tokens that are refused in mid-run.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cmg_onboarding::{
    AccessToken, ApplicationId, CachedTokens, Call, ClientSecret, ClientSecretSignIn, Diagnostic, Directory, GraphDirectory, TokenProvider,
    error::TokenFailure, token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};

use crate::stage::{request, serve};

fn application(server: &EmulatorServer, tenant: &EmulatedTenant, id: ApplicationId, secret: &str) -> ClientSecretSignIn {
    ClientSecretSignIn::new(server.endpoints().clone(), tenant.tenant_id().into(), id, ClientSecret::new(secret))
}

#[tokio::test]
async fn an_application_signs_in_with_its_secret() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let client = tenant.automation_client();
    let provider = application(&server, &tenant, client.id().into(), client.secret());
    let token = provider.token(&request(server.endpoints())).await.unwrap();
    let claims = token.claims().unwrap();
    assert!(claims.is_application && claims.app_roles.contains(&"Application.ReadWrite.All".to_owned()));
    let directory = GraphDirectory::new(server.endpoints().clone(), CachedTokens::new(provider));
    assert_eq!(directory.tenant(Call::quiet()).await.unwrap().display_name, "Contoso");
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_application_are_told_apart() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let known = tenant.automation_client().id();
    let error = |id, secret| {
        let provider = application(&server, &tenant, id, secret);
        let request = request(server.endpoints());
        async move { provider.token(&request).await.unwrap_err() }
    };
    let wrong = error(known.into(), "canary-7Q~wrong").await;
    assert_eq!(wrong.failure(), TokenFailure::BadCredentials);
    assert!(wrong.help().contains("not its Secret ID"));
    assert_eq!(wrong.refusal().unwrap().codes, [7_000_215]);
    assert!(wrong.refusal().unwrap().correlation_id.is_some());
    let unknown = error(ApplicationId::new(uuid::Uuid::from_u128(5)), "x").await;
    assert_eq!(unknown.failure(), TokenFailure::ApplicationRefused);
    assert_eq!(error(known.into(), "").await.failure(), TokenFailure::BadCredentials);
}

#[tokio::test]
async fn requests_that_are_refused_together_cause_one_new_token() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let (old, new) = (
        tenant.token_for(&Caller::global_administrator().expired()),
        tenant.token_for(&Caller::global_administrator()),
    );
    let counter = calls.clone();
    let provider = token_fn(move |_| {
        let text = if counter.fetch_add(1, Ordering::Relaxed) == 0 {
            old.clone()
        } else {
            new.clone()
        };
        // Its end is not told, as with a token that was revoked.
        async move { Ok(AccessToken::new(text).expiring_on(time::macros::datetime!(2099-01-01 00:00 UTC))) }
    });
    let directory = GraphDirectory::new(server.endpoints().clone(), CachedTokens::new(provider));
    let call = Call::quiet();
    let (one, two, three) = tokio::join!(
        directory.tenant(call.clone()),
        directory.tenant(call.clone()),
        directory.tenant(call)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}
