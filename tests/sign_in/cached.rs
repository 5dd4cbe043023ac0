//! Tokens are kept inside the directory and the site, so that one sign-in serves a whole job.

use std::sync::{Arc, Mutex};

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, CachedTokens, Call, ClientAppSpec, ConnectionSpec, DeviceCodeSignIn, Directory, DiscoverySpec,
    GraphDirectory, ServerAppSpec, Site, TenantId, TokenError, TokenProvider, TokenRequest, async_trait,
    site::admin_service::{AdminServiceSignIn, AdminServiceSite},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};

use crate::stage::{serve, wound};

/// A sign-in that remembers nothing, as a device code does: each time it is asked, a person has to answer.
#[derive(Debug, Clone, Default)]
struct Person {
    tokens: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<TokenRequest>>>,
}

impl Person {
    /// Gives these tokens one after the other, and the last one for ever.
    fn giving<const N: usize>(tokens: [String; N]) -> Self {
        let person = Self::default();
        person.tokens.lock().unwrap().extend(tokens);
        person
    }

    fn asked(&self) -> Vec<TokenRequest> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenProvider for Person {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        self.asked.lock().unwrap().push(request.clone());
        tokio::task::yield_now().await;
        let mut tokens = self.tokens.lock().unwrap();
        let text = if tokens.len() > 1 { tokens.remove(0) } else { tokens[0].clone() };
        Ok(AccessToken::new(text))
    }
}

fn spec() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(DiscoverySpec::builder().users())
        .build()
        .unwrap()
}

fn administrator(tenant: &EmulatedTenant) -> String {
    tenant.token_for(&Caller::global_administrator())
}

/// The same, but refused by the service.
fn expired(tenant: &EmulatedTenant) -> String {
    tenant.token_for(&Caller::global_administrator().expired())
}

#[tokio::test]
async fn a_person_signs_in_once_for_a_whole_onboarding() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let person = Person::giving([administrator(&tenant)]);
    let directory = GraphDirectory::new(server.endpoints().clone(), person.clone());
    let job = AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(EmulatedSite::new())
        .build()
        .unwrap();
    assert!(job.onboard(|_| ()).await.unwrap().changed);
    assert!(tenant.requests().len() >= 10);
    assert_eq!(person.asked().len(), 1);
}

#[tokio::test]
async fn a_person_signs_in_once_for_a_whole_site() {
    let site = EmulatedSite::builder().admin_service_token("abc").build();
    let server = EmulatorServer::builder(EmulatedTenant::new()).site(site).start().await.unwrap();
    let person = Person::giving(["refused".to_owned(), "abc".to_owned()]);
    let uri = "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService".parse().unwrap();
    let sign_in = AdminServiceSignIn::bearer(&uri, person.clone());
    for _ in 0..2 {
        let reader = AdminServiceSite::builder(server.admin_service().unwrap(), sign_in.clone())
            .build()
            .unwrap();
        reader.snapshot(Call::quiet()).await.unwrap();
    }
    let asked = person.asked();
    assert_eq!(asked.len(), 2, "once, and once more because the first token was refused");
    assert_eq!(asked[1].refused_token().unwrap().expose(), "refused");
}

#[tokio::test]
async fn a_refused_token_is_renewed_through_caches_in_caches() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    // Their end is not told, as with tokens that were revoked.
    let opaque = |token: String| AccessToken::new(token).expiring_on(time::macros::datetime!(2099-01-01 00:00 UTC));
    let texts = Arc::new(Mutex::new(vec![administrator(&tenant), expired(&tenant)]));
    let count = Arc::new(Mutex::new(0));
    let (left, counter) = (texts.clone(), count.clone());
    let provider = cmg_onboarding::token_fn(move |_| {
        *counter.lock().unwrap() += 1;
        let token = opaque(left.lock().unwrap().pop().unwrap());
        async move { Ok(token) }
    });
    let shared = CachedTokens::new(CachedTokens::new(provider));
    let directories = [0, 1].map(|_| GraphDirectory::new(server.endpoints().clone(), shared.clone()));
    let call = Call::quiet();
    // Both hold the token that is refused, and the second one finds the new one in the shared cache.
    let (one, two) = tokio::join!(directories[0].tenant(call.clone()), directories[1].tenant(call));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(*count.lock().unwrap(), 2);
}

#[tokio::test]
async fn every_tenant_has_tokens_of_its_own() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let person = Person::giving([administrator(&tenant)]);
    let first = GraphDirectory::new(server.endpoints().clone(), person.clone());
    let ids = [1, 2].map(|number| TenantId::new(uuid::Uuid::from_u128(number)));
    let others = ids.map(|id| first.for_tenant(id, person.clone()));
    for directory in std::iter::once(&first).chain(&others) {
        for _ in 0..2 {
            directory.tenant(Call::quiet()).await.unwrap();
        }
    }
    let asked: Vec<_> = person.asked().into_iter().map(|request| request.tenant).collect();
    assert_eq!(asked, [None, Some(ids[0]), Some(ids[1])]);
}

/// How often a device code was shown for these sets of scopes, asked for one after the other.
async fn device_codes(sets: &[&[&str]]) -> usize {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let shown = Arc::new(Mutex::new(0));
    let (counter, person) = (shown.clone(), tenant.clone());
    let provider = DeviceCodeSignIn::new(server.endpoints().clone(), move |code| {
        *counter.lock().unwrap() += 1;
        assert!(person.approve_device_code(code.user_code()));
    });
    let tokens = CachedTokens::new(provider);
    for names in sets {
        let scopes = names.iter().map(|name| server.endpoints().scope(name));
        let request = TokenRequest::new(scopes.chain(["openid".to_owned()])).in_tenant(tenant.tenant_id().into());
        let token = wound(tokens.token(&request)).await.unwrap();
        let granted = token.claims().unwrap().scopes;
        assert!(names.iter().all(|name| granted.iter().any(|given| given == name)), "{granted:?}");
    }
    *shown.lock().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_for_more_serves_for_less_and_not_the_other_way_round() {
    const WIDE: &[&str] = &["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "User.Read"];
    const NARROW: &[&str] = &["Application.ReadWrite.All", "User.Read"];
    assert_eq!(device_codes(&[WIDE, NARROW]).await, 1);
    assert_eq!(device_codes(&[NARROW, WIDE]).await, 2);
    assert_eq!(device_codes(&[NARROW, WIDE, NARROW, WIDE]).await, 2);
}
