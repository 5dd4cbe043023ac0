//! The lab kits: what their readers say of sample files, and the program for a test tenant against the emulated one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

#[allow(dead_code, reason = "its main function is the example's")]
#[path = "../../examples/live_tenant.rs"]
mod live_tenant;
#[path = "../../examples/lab/reader/mod.rs"]
mod reader;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use cmg_onboarding::{HttpClient, StaticToken, token::TenantDiscovery};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedWire, EmulatorServer};
use live_tenant::{Arguments, TestTenant, examine};
use reader::{Answer, Reading};
use serde_json::Value;
use uuid::Uuid;

fn read(file: &str) -> Reading {
    Reading::of(file.as_bytes()).unwrap()
}

/// The names of the assumptions with this answer.
fn with(reading: &Reading, answer: Answer) -> Vec<&'static str> {
    let mut names = Vec::new();
    for found in reading.findings.iter().filter(|found| found.answer == answer) {
        if !names.contains(&found.assumption) {
            names.push(found.assumption);
        }
    }
    names
}

/// The rows of the administration service's reader, in its source.
const ROWS: &str = include_str!("../../src/site/admin_service/rows.rs");

#[test]
fn the_classes_of_a_site_are_held_to_what_the_crate_reads() {
    let value = |text: &str| text.split('"').nth(1).unwrap().to_owned();
    let mut read: Vec<(String, BTreeSet<String>)> = Vec::new();
    for row in ROWS.split("const CLASS: &'static str = ").skip(1) {
        let (_, properties) = row.split_once("const PROPERTIES: &'static str = ").unwrap();
        let properties = value(properties).split(',').map(str::to_owned).collect();
        read.push((value(row), properties));
    }
    read.sort();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut held: Vec<(String, BTreeSet<String>)> = reader::site::PROPERTIES
        .iter()
        .map(|(class, names)| ((*class).to_owned(), set(names)))
        .collect();
    held.sort();
    assert_eq!(held, read);
}

#[test]
fn a_site_as_the_crate_assumes_it_confirms_every_assumption() {
    let reading = read(include_str!("samples/site-confirming.json"));
    assert_eq!(reading.kit, "probe-site");
    assert_eq!(with(&reading, Answer::Broken), [""; 0], "{:#?}", reading.findings);
    assert_eq!(with(&reading, Answer::Unknown), [""; 0], "{:#?}", reading.findings);
    let confirmed = with(&reading, Answer::Confirmed);
    for assumption in [
        "driveRootIsProvider",
        "unsetDates",
        "uriIsKeptAsGiven",
        "gatewayNamesItsService",
        "scheduleIsOneToken",
    ] {
        assert!(confirmed.contains(&assumption), "{assumption} in {confirmed:?}");
    }
}

#[test]
fn a_site_that_is_another_one_breaks_what_it_breaks() {
    let reading = read(include_str!("samples/site-breaking.json"));
    assert_eq!(
        with(&reading, Answer::Broken),
        [
            "driveRootIsProvider",
            "keyIsId",
            "classProperties",
            "environmentNames",
            "unsetDates",
            "expiryIsDate",
            "uriIsKeptAsGiven",
            "serverAppNamesItsClientApp",
            "webAppsAreReadByKey",
            "gatewayNamesItsService",
            "gatewaysUseOneServiceType",
            "agentTypeTellsGroupDiscovery",
            "discoveryFlagsAreBoolean",
            "scheduleIsOneToken",
            "offlineModeIsOneNumber",
            "cmdletsUnderGlobalStop",
        ],
        "{:#?}",
        reading.findings
    );
}

#[test]
fn what_a_kit_could_not_read_confirms_and_breaks_nothing() {
    let mut file: Value = serde_json::from_str(include_str!("samples/site-confirming.json")).unwrap();
    for (_, point) in file.as_object_mut().unwrap() {
        if point["isRead"] == true {
            *point = serde_json::json!({"isRead": false, "error": "other, PermissionDenied, System.Exception"});
        }
    }
    let reading = read(&file.to_string());
    assert_eq!(with(&reading, Answer::Broken), [""; 0]);
    assert_eq!(with(&reading, Answer::Confirmed), ["driveRootIsProvider"]);
}

#[test]
fn a_site_that_was_thrown_away_says_what_the_product_does() {
    let reading = read(include_str!("samples/throwaway-site-confirming.json"));
    assert_eq!(with(&reading, Answer::Broken), [""; 0], "{:#?}", reading.findings);
    assert_eq!(with(&reading, Answer::Unknown), [""; 0], "{:#?}", reading.findings);
    let reading = read(include_str!("samples/throwaway-site-breaking.json"));
    assert_eq!(
        with(&reading, Answer::Broken),
        [
            "importMakesOneRow",
            "importReturnsTheRow",
            "uriIsKeptAsGiven",
            "connectionNamesItsServerApp",
            "serverAppNamesItsClientApp",
            "fullSyncEnabledMeansOn",
            "scheduleIsKeptAsGiven",
            "deltaIntervalIsInMinutes",
        ],
        "{:#?}",
        reading.findings
    );
    assert_eq!(with(&reading, Answer::Unknown), ["removingKeepsTheApps"], "it was answered with no");
}

#[test]
fn a_tenant_that_is_another_one_breaks_what_it_breaks() {
    let reading = read(include_str!("samples/tenant-breaking.json"));
    assert_eq!(
        with(&reading, Answer::Broken),
        [
            "createdInOneRequest",
            "consentWorks",
            "permissionIdsOfTheCloud",
            "replicationEnds",
            "tokenIsReadable",
            "discoveryFindsTheCloud",
            "everyStepWorks",
            "nothingIsLeftToDo",
        ],
        "{:#?}",
        reading.findings
    );
    let told: Vec<String> = reading.findings.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|line| line.contains("codesOfARefusal") && line.contains("CredentialInvalidLifetimeAsPerAppPolicy"))
    );
}

#[test]
fn a_file_of_another_kind_is_refused_and_a_byte_order_mark_is_passed_over() {
    let with_mark = ["\u{feff}", include_str!("samples/site-confirming.json")].concat();
    assert_eq!(read(&with_mark).kit, "probe-site");
    for file in [
        "",
        "{}",
        r#"{"kit": "probe-site", "version": 2}"#,
        r#"{"kit": "other", "version": 1}"#,
    ] {
        assert!(Reading::of(file.as_bytes()).is_err(), "{file}");
    }
}

#[test]
fn the_program_writes_into_no_tenant_that_is_not_stated_to_be_a_test_tenant() {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let refused = Arguments::read(words("--cloud dod")).unwrap_err();
    assert!(refused.contains("--this-is-a-test-tenant"));
    assert!(Arguments::read(words("--this-is-a-test-tenant --cloud moon")).is_err());
    let arguments = Arguments::read(words("--this-is-a-test-tenant --cloud us-government --out a.json")).unwrap();
    assert_eq!(arguments.endpoints.graph().host_str(), Some("graph.microsoft.us"));
    assert_eq!(arguments.out.to_str(), Some("a.json"));
}

#[tokio::test]
async fn the_program_confirms_every_assumption_against_the_emulated_tenant_and_leaves_nothing_behind() {
    let tenant = EmulatedTenant::new();
    let before = tenant.state();
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let token = tenant.token_for(&Caller::global_administrator());
    let document = examine(TestTenant {
        endpoints: server.endpoints().clone(),
        discovery: TenantDiscovery::new().with_endpoints(vec![server.endpoints().clone()]),
        tokens: Arc::new(StaticToken::new(token.clone())),
        http: HttpClient::default(),
    })
    .await
    .unwrap();
    assert_eq!(tenant.state(), before);

    let text = document.to_string();
    assert!(!text.contains(&token) && !text.contains(tenant.initial_domain()), "{text}");
    let guids = |text: &str| {
        text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-')
            .filter(|word| Uuid::parse_str(word).is_ok())
            .count()
    };
    assert_eq!(guids(&text), 0, "{text}");
    let reading = read(&text);
    assert_eq!(with(&reading, Answer::Broken), [""; 0], "{:#?}\n{text}", reading.findings);
    // Nothing is late in a tenant without lag.
    assert_eq!(with(&reading, Answer::Unknown), ["replicationEnds"], "{:#?}", reading.findings);
}

#[tokio::test(start_paused = true)]
async fn what_a_tenant_shows_late_is_measured() {
    let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(8)).build();
    let before = tenant.state();
    let wire = EmulatedWire::new(&tenant);
    let document = examine(TestTenant {
        endpoints: wire.endpoints(),
        discovery: TenantDiscovery::new().with_endpoints(Vec::new()),
        tokens: Arc::new(StaticToken::new(tenant.token_for(&Caller::global_administrator()))),
        http: wire.http(),
    })
    .await
    .unwrap();
    assert_eq!(tenant.state(), before, "nothing is left behind");
    let reading = read(&document.to_string());
    let found = reading.findings.iter().find(|found| found.assumption == "replicationEnds").unwrap();
    assert_eq!(found.answer, Answer::Confirmed, "{found}\n{document}");
    let longest: u64 = found.seen.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
    assert!((4_000..=11_000).contains(&longest), "{found}");
    assert_eq!(with(&reading, Answer::Broken), [""; 0], "{:#?}", reading.findings);
}
