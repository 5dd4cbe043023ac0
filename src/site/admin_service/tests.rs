#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

use crate::Diagnostic;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
// Its types are those of this crate as it was built without tests: only addresses and bytes pass between them.
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer};
use secrecy::SecretString;

use super::{tickets::Tickets, *};
use crate::{
    error::{SiteRefusalReason, TokenError, TokenFailure},
    http::{CertificateFingerprint, HttpClient, HttpOptions},
};

/// Gives a scripted ticket, and counts how often it is asked.
#[derive(Debug, Clone, Default)]
struct Scripted {
    ticket: Option<&'static str>,
    hosts: Arc<std::sync::Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Scripted {
    fn giving(ticket: &'static str) -> Self {
        Self {
            ticket: Some(ticket),
            ..Self::default()
        }
    }
}

#[async_trait]
impl Tickets for Scripted {
    async fn ticket(&self, host: &str) -> Result<SecretString, TokenError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.hosts.lock().unwrap().push(host.to_owned());
        let ticket = self
            .ticket
            .ok_or_else(|| TokenError::new(TokenFailure::NotAvailable, "no ticket", "Take one."))?;
        Ok(SecretString::from(ticket))
    }
}

async fn server() -> EmulatorServer {
    let site = EmulatedSite::builder().admin_service_ticket("dGlja2V0").build();
    EmulatorServer::builder(EmulatedTenant::new())
        .site(site)
        .tls(true)
        .start()
        .await
        .unwrap()
}

/// A client that accepts the server's own certificate, at its origin.
fn pinning(server: &EmulatorServer) -> HttpClient {
    let fingerprint = CertificateFingerprint::new(server.certificate_sha256().unwrap());
    HttpClient::new(HttpOptions::new().pinned_certificate(server.url(), fingerprint))
}

fn reader(server: &EmulatorServer, tickets: &Scripted) -> AdminServiceSite {
    let address = AdminServiceAddress::url(&server.url().join("AdminService/").unwrap()).unwrap();
    AdminServiceSite::builder(address, AdminServiceSignIn::tickets(tickets.clone()))
        .http(pinning(server))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_ticket_is_taken_for_the_host_and_for_each_request() {
    let server = server().await;
    let tickets = Scripted::giving("dGlja2V0");
    let snapshot = reader(&server, &tickets).snapshot(Call::quiet()).await.unwrap();
    assert_eq!(snapshot.info.site_code, "P01");
    assert_eq!(tickets.asked.load(Ordering::SeqCst), 7);
    assert!(tickets.hosts.lock().unwrap().iter().all(|host| host == "localhost"));
}

#[tokio::test]
async fn two_identities_never_share_a_connection_although_they_share_a_client() {
    let server = server().await;
    let http = pinning(&server);
    let ask = async |tickets: &Scripted| {
        let sign_in = AdminServiceSignIn::tickets(tickets.clone());
        let address = AdminServiceAddress::url(&server.url().join("AdminService/").unwrap()).unwrap();
        let builder = AdminServiceSite::builder(address, sign_in);
        let site = builder.http(http.clone()).build().unwrap();
        for _ in 0..3 {
            site.secret_expiry(Call::quiet(), uuid::Uuid::nil().into()).await.unwrap();
        }
    };
    ask(&Scripted::giving("dGlja2V0")).await;
    assert_eq!(server.connections(), 1);
    ask(&Scripted::giving("dGlja2V0")).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_ticket_that_is_refused_is_not_tried_twice_and_ntlm_is_named() {
    let server = server().await;
    let tickets = Scripted::giving("TlRMTVNTUAAB");
    let site = reader(&server, &tickets);
    let error = site.secret_expiry(Call::quiet(), uuid::Uuid::nil().into()).await.unwrap_err();
    let SiteError::Refused(refused) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(refused.reason(), SiteRefusalReason::NotSignedIn);
    assert!(error.help().contains("NTLM") && error.help().contains("2509"), "{}", error.help());
    assert_eq!(tickets.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_ticket_nothing_is_sent() {
    let server = server().await;
    let error = reader(&server, &Scripted::default()).snapshot(Call::quiet()).await.unwrap_err();
    assert!(matches!(error, SiteError::SignIn(_)), "{error:?}");
    assert_eq!(error.help(), "Take one.");
    assert!(server.tenant().requests().is_empty());
}
