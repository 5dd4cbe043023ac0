//! The reader signs in with a real ticket, at a service with a real keytab. `.ci/kerberos` puts both in place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]
#![cfg(feature = "kerberos")]

use cmg_onboarding::{
    Call, Diagnostic, Site, SiteError,
    error::{SiteRefusalReason, TokenFailure, chain},
    site::{
        SiteSnapshot,
        admin_service::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite},
    },
};

/// The service; `None` where this runs without `.ci/kerberos`.
fn service() -> Option<AdminServiceAddress> {
    let Ok(url) = std::env::var("CMG_KERBEROS_SERVICE") else {
        println!("skipped: there is no KDC here. Run .ci/kerberos");
        return None;
    };
    Some(AdminServiceAddress::url(&url.parse().unwrap()).unwrap())
}

async fn read(address: AdminServiceAddress, sign_in: AdminServiceSignIn) -> Result<SiteSnapshot, SiteError> {
    AdminServiceSite::builder(address, sign_in)
        .build()
        .unwrap()
        .snapshot(Call::quiet())
        .await
}

#[tokio::test]
async fn the_logged_on_identity_reads_the_site() {
    let Some(service) = service() else { return };
    let snapshot = read(service, AdminServiceSignIn::kerberos()).await.unwrap();
    assert_eq!(snapshot.info.site_code, "KRB");
    assert_eq!(snapshot.info.version, "alice@CMG.TEST", "the service knows whose ticket it was");
}

#[tokio::test]
async fn a_ticket_for_another_principal_is_refused_by_the_service() {
    let Some(service) = service() else { return };
    let error = read(service, AdminServiceSignIn::kerberos_for("HTTP/elsewhere@CMG.TEST"))
        .await
        .unwrap_err();
    let SiteError::Refused(refused) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(refused.reason(), SiteRefusalReason::NotSignedIn);
    assert_eq!(refused.trace().unwrap().attempts, 1);
    assert!(error.help().contains("setspn"), "{}", error.help());
}

#[tokio::test]
async fn a_principal_that_nobody_knows_gets_no_ticket() {
    let Some(service) = service() else { return };
    let error = read(service, AdminServiceSignIn::kerberos_for("HTTP/nowhere@CMG.TEST"))
        .await
        .unwrap_err();
    let SiteError::SignIn(failed) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(failed.failure(), TokenFailure::NotAvailable);
    assert!(chain(&error).contains("HTTP/nowhere"), "{}", chain(&error));
    assert!(error.help().contains("kinit"), "{}", error.help());
}

#[test]
fn kerberos_is_not_tried_with_an_ip_address() {
    let address = AdminServiceAddress::url(&"https://127.0.0.1/AdminService".parse().unwrap()).unwrap();
    assert!(AdminServiceSite::builder(address, AdminServiceSignIn::kerberos()).build().is_err());
}
