//! Every finding of the review of the script, in a real PowerShell: how a site or a console answers that is not as in a
//! laboratory, and what has to come of it.

use std::fs;

use cmg_onboarding::{
    Call, Site,
    site::{SiteAction, SiteFailure, SiteItem, SiteRemoval, SiteRowId, power_shell::SCRIPT},
};

use super::{Console, installed, site};
use crate::support::wanted;

/// What is there before the site begins to answer in its own way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// The whole connection.
    Connection,
    /// Both apps, and no connection.
    Apps,
}

/// What has to come of it.
enum Then {
    /// This item is made, and whether something about it is told beside that.
    Made(SiteItem, bool),
    /// The onboarding stops with this text, after this item was made, if any.
    Stops(&'static str, Option<SiteItem>),
    /// The connection is removed.
    Removed,
    /// The connection stays, with this text.
    Stays(&'static str),
    /// The site is the one of the provider that was asked for.
    OfTheProvider,
}

/// The finding, how the stub answers (`CMG_STUB_OPEN`), and the rest.
const FINDINGS: [(&str, &str, Before, Then); 16] = [
    (
        "F1: an import that reads back a little differently stays an import",
        "differently",
        Before::Nothing,
        Then::Made(SiteItem::ServerApp, true),
    ),
    (
        "F2: a gateway that uses the connection keeps it",
        "gatewayUses",
        Before::Connection,
        Then::Stays("the cloud management gateway GraniteFalls uses it"),
    ),
    (
        "F2: a gateway of another connection does not",
        "gatewayElsewhere",
        Before::Connection,
        Then::Removed,
    ),
    (
        "F2: a gateway that does not say which connection it uses keeps it",
        "gatewayUntold",
        Before::Connection,
        Then::Stays("whether the cloud management gateway GraniteFalls uses it cannot be told"),
    ),
    (
        "F2: a gateway whose number was never set keeps it",
        "gatewayZero",
        Before::Connection,
        Then::Stays("whether the cloud management gateway GraniteFalls uses it cannot be told"),
    ),
    (
        "F2: gateways that cannot be read keep it",
        "gatewayError",
        Before::Connection,
        Then::Stays("whether a gateway uses it cannot be told"),
    ),
    (
        "F3: a service of another type is no conflict",
        "otherService",
        Before::Apps,
        Then::Made(SiteItem::Connection, false),
    ),
    (
        "F4: a drive of the same name that leads to another hierarchy is not taken",
        "otherDrive",
        Before::Nothing,
        Then::OfTheProvider,
    ),
    (
        "F5: web apps that cannot be read are not another web app",
        "webAppsNull",
        Before::Connection,
        Then::Stops("which web app the connection has cannot be read", None),
    ),
    (
        "A connection whose name differs in case alone is not the wanted one, and no second one is made",
        "otherCase",
        Before::Connection,
        Then::Stops("the connection CONTOSO CMG, whose name differs in upper and lower case alone", None),
    ),
    (
        "F6: a server app that does not show at once is told as made",
        "lateServer",
        Before::Nothing,
        Then::Stops("the server app is not there after the import", Some(SiteItem::ServerApp)),
    ),
    (
        "F6: a client app that does not show at once is told as made",
        "lateClient",
        Before::Nothing,
        Then::Stops("the client app is not there after the import", Some(SiteItem::ClientApp)),
    ),
    (
        "F6: a connection that does not show at once is told as made",
        "lateConnection",
        Before::Nothing,
        Then::Stops("the connection is not there after it was created", Some(SiteItem::Connection)),
    ),
    (
        "F8: an error of the module's automatic drive is passed over",
        "driveError",
        Before::Nothing,
        Then::Made(SiteItem::Connection, false),
    ),
    (
        "F9: the reason inside an exception is told",
        "innerError",
        Before::Nothing,
        Then::Stops("the SMS Provider says: access denied", None),
    ),
    (
        "F18: a site below another one takes no apps",
        "child",
        Before::Nothing,
        Then::Stops("the site reports to CAS", None),
    ),
];

#[tokio::test]
async fn each_finding_of_the_review_holds() {
    for program in installed("the findings of the review were not tried") {
        // The script's text on standard input, and a copy in a file, whose scope is another one.
        for from_file in [false, true] {
            for (name, open, before, then) in &FINDINGS {
                let what = format!(
                    "{name} ({program}, {})",
                    if from_file { "from a file" } else { "on standard input" }
                );
                let console = Console::new(&format!("finding-{open}-{from_file}-{program}"));
                let row = prepare(&console, program, *before).await;
                holds(&console, program, (*open, from_file), row, then, &what).await;
            }
        }
    }
}

/// Brings about what is there before, at a site that answers as one that knows.
async fn prepare(console: &Console, program: &str, before: Before) -> SiteRowId {
    if before == Before::Nothing {
        return SiteRowId(0);
    }
    let site = site(console.host(program));
    let row = site.onboard(Call::quiet(), &wanted()).await.unwrap().connection.id;
    if before == Before::Apps {
        let removed = site.remove(Call::quiet(), &SiteRemoval::new(row, "Contoso CMG")).await.unwrap();
        assert!(removed.connection);
    }
    row
}

async fn holds(console: &Console, program: &str, (open, from_file): (&str, bool), row: SiteRowId, then: &Then, what: &str) {
    let mut host = console.host_of_a_site_that_answers(program, open);
    if from_file {
        let copy = console.folder.join("cmg-onboard.ps1");
        fs::write(&copy, SCRIPT).unwrap();
        host = host.script_file(copy);
    }
    let site = site(host);
    let removal = SiteRemoval::new(row, "Contoso CMG");
    match then {
        Then::Made(item, is_told) => {
            let done = site.onboard(Call::quiet(), &wanted()).await.unwrap().done;
            let step = done.iter().find(|step| step.item == *item).unwrap();
            assert_eq!(step.action, SiteAction::Created, "{what}");
            assert_eq!(step.differences.is_some(), *is_told, "{what}: {step:?}");
        }
        Then::Stops(text, made) => {
            let SiteFailure { done, error, .. } = site.onboard(Call::quiet(), &wanted()).await.unwrap_err();
            let told = format!("{error:?}");
            assert!(told.contains(text) && !told.contains("delete"), "{what}: {told}");
            if let Some(item) = made {
                let step = done.iter().find(|step| step.item == *item).unwrap();
                assert_eq!(step.action, SiteAction::Created, "{what}");
            }
        }
        Then::Removed => assert!(site.remove(Call::quiet(), &removal).await.unwrap().connection, "{what}"),
        Then::Stays(text) => {
            let refusal = site.remove(Call::quiet(), &removal).await.unwrap_err();
            assert!(format!("{refusal:?}").contains(text), "{what}: {refusal:?}");
            let snapshot = site.snapshot(Call::quiet()).await.unwrap();
            assert!(snapshot.connections.iter().any(|connection| connection.id == row), "{what}");
        }
        Then::OfTheProvider => {
            let snapshot = site.snapshot(Call::quiet()).await.unwrap();
            assert_eq!(snapshot.info.provider.as_deref(), Some("provider.contoso.com"), "{what}");
        }
    }
}
