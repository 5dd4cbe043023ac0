//! Every single damage shows in the view: a finding, or a value that differs. None is called fine.

use cmg_onboarding::connection::{ConnectionView, ConnectionsView};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{Connected, codes, damages};

/// The values of a view apart from the findings, and the codes of these.
fn shown(mut all: ConnectionsView) -> (Value, Vec<String>) {
    let found: Vec<String> = all.connections.iter().flat_map(|view| codes(&view.findings)).collect();
    all.read_at = OffsetDateTime::UNIX_EPOCH;
    for view in &mut all.connections {
        blank(view);
    }
    (serde_json::to_value(&all).unwrap(), found)
}

fn blank(view: &mut ConnectionView) {
    view.findings.clear();
    view.read_at = OffsetDateTime::UNIX_EPOCH;
}

/// What is harmless changes nothing that a view has to show.
fn damaging() -> Vec<damages::Damage> {
    let mut all = damages::all();
    all.retain(|damage| !matches!(damage.expected, damages::Expected::Harmless));
    all
}

#[tokio::test]
async fn every_damage_shows_as_a_finding_or_as_a_value_that_differs() {
    let all = damaging();
    let (mut by_finding, mut by_value) = (0, 0);
    for damage in &all {
        let connected = Connected::of(damages::wanted()).await;
        let (healthy, usual) = shown(connected.all().await);
        (damage.spoil)(&connected).await;
        let damaged = connected.all().await;
        let page = damaged.to_string();
        let (values, found) = shown(damaged);
        let new: Vec<&String> = found.iter().filter(|code| !usual.contains(code)).collect();
        assert!(
            !new.is_empty() || values != healthy,
            "{} is called fine ({})\n{page}",
            damage.name,
            damage.source
        );
        by_finding += usize::from(!new.is_empty());
        by_value += usize::from(new.is_empty());
        if let damages::Expected::Named(code) = &damage.expected {
            // What names a wanted value of the specification, a view without one shows by the two values side by side.
            let is_wanted_value = [
                "siteTenantNameDiffers",
                "siteAppNameDiffers",
                "wrongKindOfApp",
                "connectionNamedOtherwise",
            ];
            assert!(
                found.contains(&(*code).to_owned()) || is_wanted_value.contains(code),
                "{}: {found:?} has no {code}",
                damage.name
            );
        }
    }
    println!("{} damages: {by_finding} by a finding, {by_value} by a value", all.len());
    assert!(all.len() >= 40 && by_finding > by_value);
}

#[tokio::test]
async fn the_view_of_a_specification_shows_every_damage_too() {
    for damage in &damaging() {
        let connected = Connected::of(damages::wanted()).await;
        let view = |mut view: ConnectionView| {
            let found = codes(&view.findings);
            blank(&mut view);
            (view, found)
        };
        let (healthy, usual) = view(connected.view_of(damages::wanted()).await);
        (damage.spoil)(&connected).await;
        let (values, found) = view(connected.view_of(damages::wanted()).await);
        let is_new = found.iter().any(|code| !usual.contains(code));
        assert!(is_new || values != healthy, "{} is called fine ({})", damage.name, damage.source);
    }
}
