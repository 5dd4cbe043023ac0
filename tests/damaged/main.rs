//! Every single property of a healthy tenant and site spoiled, one at a time and in pairs.
//!
//! What is expected stands in [`damages::all`], with a source for each row, and not in the crate's own enums. A property is
//! mended by the plan, and then read over plain HTTP without the crate; or a finding with the right code names it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "clippy knows only test functions as tests"
)]
#![cfg(feature = "sign-in")]

mod damages;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../emulator_http/support.rs"]
mod http;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use cmg_onboarding::{
    OnboardingError, Outcome,
    connection::{Check, CheckStatus, PlannedAction},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use damages::{Damage, Expected, Healed, wanted};
use http::Graph;
use serde_json::Value;
use support::connection;

/// A connection with discovery that was set up and is healthy.
pub(crate) struct Connected {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    pub(crate) outcome: Outcome,
}

impl Connected {
    async fn new() -> Self {
        // Version 2409, which has every rule that the product has published.
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::builder().version("5.00.9132.1000").build());
        let outcome = connection(wanted(), &tenant, &site).onboard(|_| ()).await.unwrap();
        Self { tenant, site, outcome }
    }

    /// What a plan says: the codes of its findings, and whether it changes anything.
    async fn planned(&self) -> (BTreeSet<String>, bool) {
        let preflight = connection(wanted(), &self.tenant, &self.site).preflight(|_| ()).await.unwrap();
        let codes = preflight.findings().iter().map(code).collect();
        let plan = connection(wanted(), &self.tenant, &self.site).plan(|_| ()).await;
        let changes = plan.is_ok_and(|plan| {
            plan.changes()
                .iter()
                .any(|change| change.action != PlannedAction::Keep && !plan.is_empty())
        });
        (codes, changes)
    }

    /// Carries the plan out; `false` if it is refused before the first write.
    async fn mend(&self) -> bool {
        match connection(wanted(), &self.tenant, &self.site).onboard(|_| ()).await {
            Ok(_) => true,
            Err(OnboardingError::Blocked(_)) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

fn code(finding: &cmg_onboarding::connection::Finding) -> String {
    serde_json::to_value(finding.code()).unwrap().as_str().unwrap().to_owned()
}

/// Whether the server app still signs in with its secret, over plain HTTP.
async fn signs_in(connected: &Connected) -> bool {
    let app = connected.outcome.server_app.as_ref().unwrap().application_id.to_string();
    let secret = connected.outcome.secret.as_ref().unwrap();
    let graph = Graph::of(connected.tenant.clone()).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &app),
        ("client_secret", secret.value.expose()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let path = format!("{}/oauth2/v2.0/token", connected.tenant.tenant_id());
    let (status, answer) = graph.form(&path, &fields).await;
    status == 200 && answer["access_token"].is_string()
}

/// The healthy value of what a damage spoils, over plain HTTP, with lists in one order.
async fn read(connected: &Connected, damage: &Damage) -> Option<Value> {
    let Expected::Mended(Healed::OverHttp { path, pointer }) = &damage.expected else {
        return None;
    };
    let graph = Graph::of(connected.tenant.clone()).await;
    let (_, answer) = graph.get(&path(connected)).await;
    Some(ordered(answer.pointer(pointer).cloned().unwrap_or_default()))
}

fn ordered(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| without_ids(ordered(item))).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

/// A consent that was taken away and is given again has another id.
fn without_ids(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut()
        && (fields.contains_key("clientId") || fields.contains_key("principalId"))
    {
        fields.retain(|name, _| ["clientId", "resourceId", "scope", "principalId", "appRoleId", "consentType"].contains(&name.as_str()));
    }
    value
}

#[tokio::test]
async fn a_healthy_connection_is_called_healthy() {
    let connected = Connected::new().await;
    let (codes, changes) = connected.planned().await;
    assert!(!changes);
    let usual = ["appIdUriResolved", "policyNotRead", "siteFactsUnknown", "conditionalAccessUnread"];
    let unusual: Vec<&String> = codes.iter().filter(|code| !usual.contains(&code.as_str())).collect();
    assert!(unusual.is_empty(), "{unusual:?}");
}

#[tokio::test]
async fn each_property_that_is_spoiled_is_mended_or_named() {
    let all = damages::all();
    let (mut mended, mut named, mut harmless) = (0, 0, 0);
    for damage in &all {
        let connected = Connected::new().await;
        let healthy = read(&connected, damage).await;
        let (before, _) = connected.planned().await;
        (damage.spoil)(&connected).await;
        let (codes, changes) = connected.planned().await;
        match &damage.expected {
            Expected::Named(code) => {
                assert!(
                    codes.contains(*code) && !before.contains(*code),
                    "{}: {codes:?} ({})",
                    damage.name,
                    damage.source
                );
                named += 1;
            }
            Expected::Harmless => {
                assert!(!changes && codes == before, "{}: {codes:?} ({})", damage.name, damage.source);
                assert!(signs_in(&connected).await, "{} ({})", damage.name, damage.source);
                harmless += 1;
            }
            Expected::Mended(healed) => {
                assert!(changes, "{}: nothing is planned; {codes:?} ({})", damage.name, damage.source);
                assert!(connected.mend().await, "{}: refused; {codes:?}", damage.name);
                match healed {
                    Healed::OverHttp { .. } => assert_eq!(read(&connected, damage).await, healthy, "{}", damage.name),
                    Healed::InSite(is_healthy) => assert!(is_healthy(&connected.site), "{}", damage.name),
                }
                let (codes, changes) = connected.planned().await;
                assert!(!changes, "{}: the next plan changes again; {codes:?}", damage.name);
                mended += 1;
            }
        }
    }
    println!("{} single damages: {mended} mended, {named} named, {harmless} harmless", all.len());
    assert!(all.len() >= 50);
}

/// Every second damage is the first of its pairs in one test, the others in the other, so that two cores share the pairs.
#[tokio::test]
async fn two_damages_at_once_hide_neither_of_them() {
    pairs_hide_neither(0).await;
}

#[tokio::test]
async fn two_more_damages_at_once_hide_neither_of_them() {
    pairs_hide_neither(1).await;
}

async fn pairs_hide_neither(remainder: usize) {
    let all = damages::all();
    let (mut pairs, mut wrong) = (0, Vec::new());
    for (index, one) in all.iter().enumerate().filter(|(index, _)| index % 2 == remainder) {
        for other in all.get(index + 1..).unwrap_or_default().iter().filter(|other| !one.covers(other)) {
            let connected = Connected::new().await;
            (one.spoil)(&connected).await;
            (other.spoil)(&connected).await;
            let (codes, changes) = connected.planned().await;
            let check = checked(&connected).await;
            let are_harmless = [one, other].iter().all(|damage| damage.is_harmless());
            if check.status == CheckStatus::Ok && !are_harmless {
                wrong.push(format!("{} with {}: {check}", one.name, other.name));
            }
            for damage in [one, other] {
                if let Expected::Named(code) = &damage.expected
                    && !codes.contains(*code)
                {
                    wrong.push(format!("{} with {}: no {code}; {codes:?}", one.name, other.name));
                }
            }
            let is_mended = |damage: &Damage| matches!(damage.expected, Expected::Mended(_));
            let is_blocked = codes.iter().any(|code| damages::BLOCKERS.contains(&code.as_str()));
            if !changes && !is_blocked && (is_mended(one) || is_mended(other)) {
                wrong.push(format!("{} with {}: nothing is planned; {codes:?}", one.name, other.name));
            }
            pairs += 1;
        }
    }
    println!("{pairs} pairs of damages");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pairs >= 500);
}

async fn checked(connected: &Connected) -> Check {
    let connection = connection(wanted(), &connected.tenant, &connected.site);
    connection.check(|_| ()).await.unwrap()
}

#[tokio::test]
async fn a_check_calls_a_healthy_connection_well_and_no_damaged_one() {
    let all = damages::all();
    assert_eq!(checked(&Connected::new().await).await.status, CheckStatus::Ok);
    let mut statuses = [0; 4];
    for damage in &all {
        let connected = Connected::new().await;
        (damage.spoil)(&connected).await;
        let check = checked(&connected).await;
        let is_harmless = damage.is_harmless();
        assert_eq!(check.status == CheckStatus::Ok, is_harmless, "{}: {check}", damage.name);
        let first = check.to_string().lines().next().unwrap().to_owned();
        assert!(first.starts_with(&format!("{} - Contoso CMG: ", check.status)), "{first}");
        println!("{}: {first}", damage.name);
        statuses[usize::from(check.status.exit_code())] += 1;
    }
    println!("{} single damages: well, warning, critical, unknown: {statuses:?}", all.len());
}
