//! Promises about types that only the compiler can keep: what can be shared between threads and tasks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{fmt::Debug, sync::Arc};

use cmg_onboarding::{
    AccessToken, Call, Directory, DirectoryHandle, Site, SiteHandle, TokenProvider, TokenRequest, async_trait, connection, http, ids, site,
    token, token_fn,
};

#[rustfmt::skip]
#[path = "api/shareable.rs"]
mod shareable;

/// Errors, too, go wherever errors go; that they are errors stands in `tests/api/public-api.txt`.
fn is_shareable<T: Send + Sync + 'static>() {}

fn is_sent<F: Future + Send>(_future: F) {}

#[test]
fn every_public_type_can_be_shared_between_threads() {
    shareable::every_public_type();
}

#[derive(Debug)]
struct OffersNothing;

#[async_trait]
impl Directory for OffersNothing {}

#[async_trait]
impl Site for OffersNothing {}

#[tokio::test]
async fn futures_of_the_traits_can_be_sent_to_another_thread() {
    let directory: DirectoryHandle = OffersNothing.into();
    let directory = directory.as_directory();
    let call = Call::quiet();
    is_sent(directory.signed_in(call.clone()));
    is_sent(directory.tenant(call.clone()));
    is_sent(directory.application_with_uri(call.clone(), "api://x"));
    let site: SiteHandle = OffersNothing.into();
    is_sent(site.as_site().snapshot(call));
    let provider: Arc<dyn TokenProvider> = Arc::new(token_fn(|_| async { Ok(AccessToken::new("x")) }));
    is_sent(provider.token(&TokenRequest::default()));
    is_sent(token::CachedTokens::new(token::TokenChain::new()).token(&TokenRequest::default()));
}

#[tokio::test]
async fn an_empty_implementation_answers_that_it_does_not_offer_the_operation() {
    let error = Directory::tenant(&OffersNothing, Call::quiet()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("OffersNothing does not offer the operation tenant"),
        "{error}"
    );
    let error = Site::snapshot(&OffersNothing, Call::quiet()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("OffersNothing does not offer the operation snapshot"),
        "{error}"
    );
}

#[test]
fn handles_are_cheap_to_clone_and_printable() {
    fn is_handle<T: Clone + Debug + Send + Sync>() {}
    is_handle::<DirectoryHandle>();
    is_handle::<SiteHandle>();
    is_handle::<site::SplitSite>();
    is_handle::<site::admin_service::AdminServiceSite>();
    is_handle::<http::HttpClient>();
    is_handle::<connection::ImportVerifier>();
}

/// Compiled alone: futures that wait for a site or for a sign-in go between threads, too.
#[allow(dead_code)]
fn what_is_awaited_is_sent(site: &site::admin_service::AdminServiceSite, verifier: &connection::ImportVerifier, id: ids::ApplicationId) {
    is_sent(site.snapshot(Call::quiet()));
    is_sent(site.application(Call::quiet(), id));
    is_sent(site.applications_named(Call::quiet(), "x"));
    is_sent(site.secret_expiry(Call::quiet(), id));
    is_sent(verifier.verify(|_| ()));
}
