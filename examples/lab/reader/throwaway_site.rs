//! What was tried out on a site that was thrown away.

use serde_json::Value;

use super::{Answer, Report, many};

/// The hour, in UTC, at which the expiry of the imported secret was given.
const EXPIRY_HOUR: i64 = 13;

pub(super) fn read(file: &Value, report: &mut Report) {
    let import = values(file, "import");
    report.check("importMakesOneRow", import.map(|seen| seen["rows"] == 1), outcome(file, "import"));
    report.check(
        "importReturnsTheRow",
        import.map(|seen| seen["returnsRow"] == true),
        "what Import-CMAADServerApplication gives back",
    );
    let uri = import.and_then(|seen| seen["identifierUri"].as_str());
    let seen = format!("https://ConfigMgrService was kept as {}", uri.unwrap_or("nothing"));
    report.check("uriIsKeptAsGiven", uri.map(|uri| uri == "https://ConfigMgrService"), seen);
    let hour = import.and_then(|seen| seen["expiryHour"].as_i64());
    let kind = import.and_then(|seen| seen["expiryKind"].as_str()).unwrap_or("nothing");
    match hour {
        Some(hour) if hour == EXPIRY_HOUR => report.fact("expiryKeepsItsTime", format!("as given, kind {kind}")),
        Some(hour) => report.fact("expiryKeepsItsTime", format!("13:00 UTC came back as hour {hour}, kind {kind}")),
        None => report.check("expiryKeepsItsTime", None, "no expiry was read back"),
    }

    tried(file, report, "importAgain", "secondImport", |seen| {
        let row = if seen["isSameRow"] == true { "the same row" } else { "another row" };
        let expiry = if seen["isExpiryChanged"] == true {
            "takes the new secret's expiry"
        } else {
            "keeps the old expiry"
        };
        format!(
            "a second import of a client id is accepted: {} rows, {row}, and it {expiry}",
            seen["rows"]
        )
    });
    tried(file, report, "importEmptySecret", "emptySecret", |_| {
        "the site takes an empty secret".to_owned()
    });
    if file["reportsToAnother"] == true {
        report.fact("importByAChildSite", outcome(file, "import"));
    }

    let connection = values(file, "connection");
    report.check(
        "connectionNamesItsServerApp",
        connection.map(|seen| seen["hasServerAsWebApp"] == true),
        outcome(file, "connection"),
    );
    report.check(
        "serverAppNamesItsClientApp",
        connection.map(|seen| seen["serverHasClientAssociated"] == true),
        outcome(file, "connection"),
    );
    match connection {
        Some(seen) => report.fact("serviceType", format!("Cloud Management has ServiceType {}", seen["serviceType"])),
        None => report.check("serviceType", None, outcome(file, "connection")),
    }
    discovery(file, report);
    if !file["groupByName"].is_null() {
        tried(file, report, "groupByName", "groupByName", |seen| {
            format!("adding a group by its name without a person: {}", seen["state"])
        });
    }
    let removed = values(file, "remove");
    let holds = removed.map(|seen| seen["isGone"] == true && seen["appsStay"] == 1);
    report.check("removingKeepsTheApps", holds, outcome(file, "remove"));
    if !file["removeInUse"].is_null() {
        tried(file, report, "removeInUse", "removalInUse", |_| {
            "the product removes a connection that a gateway uses".to_owned()
        });
    }
}

fn discovery(file: &Value, report: &mut Report) {
    let (without, with) = (row(file, "discoveryWithoutSchedule"), row(file, "discoveryWithSchedule"));
    let on = without.map(|row| row["fullSyncEnabled"] == true);
    report.check("fullSyncEnabledMeansOn", on, outcome(file, "discoveryWithoutSchedule"));
    if let Some(row) = without {
        report.fact(
            "defaultSchedule",
            format!(
                "without a schedule: {}, interval {}",
                row["fullSyncSchedule"], row["deltaSyncInterval"]
            ),
        );
    }
    let kept = with.map(|row| row["fullSyncSchedule"] == file["given"]["schedule"]);
    let seen = with.map_or_else(
        || outcome(file, "discoveryWithSchedule"),
        |row| format!("read back as {}", row["fullSyncSchedule"]),
    );
    report.check("scheduleIsKeptAsGiven", kept, seen);
    let minutes = with.map(|row| row["deltaSyncInterval"] == file["given"]["minutes"]);
    let seen = with.map_or_else(
        || outcome(file, "discoveryWithSchedule"),
        |row| format!("{} minutes are kept as {}", file["given"]["minutes"], row["deltaSyncInterval"]),
    );
    report.check("deltaIntervalIsInMinutes", minutes, seen);
}

/// What came of a point that was done.
fn values<'a>(file: &'a Value, point: &str) -> Option<&'a Value> {
    (file[point]["outcome"] == "done").then(|| &file[point]["values"])
}

/// The one row of discovery that a point read back.
fn row<'a>(file: &'a Value, point: &str) -> Option<&'a Value> {
    match many(&values(file, point)?["rows"]).as_slice() {
        [row] => Some(row),
        _ => None,
    }
}

fn outcome(file: &Value, point: &str) -> String {
    match (file[point]["outcome"].as_str(), file[point]["error"].as_str()) {
        (Some("refused"), Some(error)) => format!("{point} was refused: {error}"),
        (Some(outcome), _) => format!("{point}: {outcome}"),
        (None, _) => format!("{point} was not reached"),
    }
}

/// A point about which the crate assumes nothing.
fn tried(file: &Value, report: &mut Report, point: &str, assumption: &'static str, seen: impl Fn(&Value) -> String) {
    match (values(file, point), file[point]["outcome"].as_str()) {
        (Some(values), _) => report.fact(assumption, seen(values)),
        (None, Some("refused")) => report.fact(assumption, outcome(file, point)),
        _ => report.add(assumption, Answer::Unknown, outcome(file, point)),
    }
}
