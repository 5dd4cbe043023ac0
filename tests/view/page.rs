//! The page as an administrator reads it, and its JSON as programs keep it.

use std::{fmt::Display, sync::Arc};

use cmg_onboarding::{
    AzureServicesConnection, DirectoryHandle, SiteHandle,
    clock::FixedClock,
    connection::{ConnectionView, ConnectionsView, Inventory, ViewOptions, connections},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};

use crate::support::spec_with_discovery;

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

/// A view as it was stored. A change in this file is a change for every program that keeps views.
const STORED: &str = include_str!("../golden/connection_view.json");

/// An inventory as it was stored.
const STORED_INVENTORY: &str = include_str!("../golden/inventory.json");

/// Ids, and what of a text is random, numbered in their order. The tenant's own stays.
fn numbered(text: impl Display) -> String {
    const KEPT: [&str; 1] = ["6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"];
    let mut seen: Vec<String> = Vec::new();
    let text = text.to_string();
    let is_of_guid = |character: char| character.is_ascii_hexdigit() || character == '-';
    let (mut shown, mut rest) = (String::new(), text.as_str());
    while let Some(start) = rest.find(is_of_guid) {
        let length = rest[start..].find(|character| !is_of_guid(character)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        shown.push_str(&rest[..start]);
        if word.len() == 36 && !KEPT.contains(&word) {
            let index = seen.iter().position(|id| id == word).unwrap_or_else(|| {
                seen.push(word.to_owned());
                seen.len() - 1
            });
            shown.push_str(&format!("{{id {}}}", index + 1));
        } else {
            shown.push_str(word);
        }
        rest = &rest[start + length..];
    }
    shown + rest
}

/// The beginning of a secret's text is another one in every run.
fn without_hints(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(", begins with ") {
        Some((before, _)) => format!("{before}, begins with {{hint}}"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

async fn healthy() -> ConnectionsView {
    let clock = Arc::new(FixedClock(NOW));
    let tenant = EmulatedTenant::builder().clock(|| NOW).build();
    let site = EmulatedSite::builder().version("5.00.9132.1000").clock(clock.clone()).build();
    let job = AzureServicesConnection::builder(spec_with_discovery())
        .directory(tenant.directory())
        .site(site.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
    let mut options = ViewOptions::default();
    options.clock = clock;
    let (site, directory) = (SiteHandle::from(site), DirectoryHandle::from(tenant.directory()));
    connections(&site, Some(&directory), &options, |_| ()).await.unwrap()
}

#[tokio::test]
async fn a_healthy_connection_is_a_page_that_an_administrator_recognises() {
    let page = healthy().await;
    insta::assert_snapshot!("healthy", without_hints(&numbered(&page)));
    let read: ConnectionsView = serde_json::from_str(&serde_json::to_string(&page).unwrap()).unwrap();
    assert_eq!(read, page);
}

#[tokio::test]
async fn a_site_without_connections_says_so_and_one_that_was_not_read_in_full_too() {
    let mut page = healthy().await;
    page.connections.clear();
    assert_eq!(page.to_string(), "The site P01 has no Azure service of type Cloud Management.\n");
    let unread = cmg_onboarding::site::UnreadRow::new("SMS_Azure_CloudService", None, "Name");
    page.unread.push(unread);
    assert!(
        page.to_string()
            .starts_with("Which Azure services the site P01 has could not be read in full.\n")
    );
}

#[test]
fn a_stored_view_is_read_and_written_back_the_same() {
    let stored: Value = serde_json::from_str(STORED).unwrap();
    let view: ConnectionView = serde_json::from_str(STORED).unwrap();
    assert_eq!(serde_json::to_value(&view).unwrap(), stored);
    assert_eq!(view.version, 1);
    let stored: Value = serde_json::from_str(STORED_INVENTORY).unwrap();
    let inventory: Inventory = serde_json::from_str(STORED_INVENTORY).unwrap();
    assert_eq!(serde_json::to_value(&inventory).unwrap(), stored);
}

#[tokio::test]
async fn names_of_others_steer_no_terminal() {
    let mut page = healthy().await;
    page.connections[0].name = "CMG\u{1b}[2J\n".to_owned();
    assert!(!page.to_string().contains('\u{1b}'));
}

/// Every field of a fresh view stands in the golden file, and the other way round, as far as both have the part.
#[tokio::test]
async fn the_stored_view_has_the_form_of_a_fresh_one() {
    let fresh = serde_json::to_value(&healthy().await.connections[0]).unwrap();
    let stored: Value = serde_json::from_str(STORED).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&fresh), names(&stored));
    for pointer in [
        "/serverApp",
        "/serverApp/registration/present",
        "/consents/0",
        "/connection/present",
    ] {
        assert_eq!(
            names(fresh.pointer(pointer).unwrap()),
            names(stored.pointer(pointer).unwrap()),
            "{pointer}"
        );
    }
    let secret = "/serverApp/registration/present/secrets/0";
    assert_eq!(names(fresh.pointer(secret).unwrap()), names(stored.pointer(secret).unwrap()));
}
