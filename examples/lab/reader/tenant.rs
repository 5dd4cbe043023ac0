//! What was seen of Microsoft Graph in a test tenant.

use serde_json::Value;

use super::{Report, all, many};

/// How long the crate waits by default for what it has just made.
const LONGEST_WAIT: u64 = 120_000;

pub(super) fn read(file: &Value, report: &mut Report) {
    let requests = many(&file["requests"]);
    let host = file["graphHost"].as_str().unwrap_or("nothing");
    create(&requests, host, report);
    let grants = of(&requests, "POST", "/oauth2PermissionGrants");
    let holds = all(&grants, |_| true).map(|_| grants.iter().any(|request| is_success(request)));
    report.check("consentWorks", holds, statuses("giving consent", &grants));
    report.fact("consentAtOnce", told_by_first(&grants));
    let roles: Vec<&Value> = requests
        .iter()
        .copied()
        .filter(|request| request["method"] == "POST" && path(request).ends_with("/appRoleAssignedTo"))
        .collect();
    let holds = all(&roles, |_| true).map(|_| roles.iter().any(|request| is_success(request)));
    report.check(
        "permissionIdsOfTheCloud",
        holds,
        statuses(&format!("giving a permission on {host}"), &roles),
    );
    replication(&requests, report);
    deleted_uri(file, report);
    sign_in(file, host, report);
    for step in many(&file["steps"]) {
        let name = step["name"].as_str().unwrap_or_default();
        let seen = match step["code"].as_str() {
            Some(code) => format!("{name}: {code}"),
            None => format!("{name}: {}", step["result"].as_str().unwrap_or("nothing")),
        };
        report.check("everyStepWorks", Some(step["result"] == "done"), seen);
        if name == "view" {
            report.check("nothingIsLeftToDo", step["isEmpty"].as_bool(), "the plan after the run");
        }
    }
}

/// One request creates an app with its key, its URI, its scope and its secret.
fn create(requests: &[&Value], host: &str, report: &mut Report) {
    let all_in_one = ["api", "identifierUris", "passwordCredentials"];
    let created: Vec<&Value> = of(requests, "POST", "/v1.0/applications")
        .into_iter()
        .filter(|request| request["step"] == "create")
        .filter(|request| {
            all_in_one
                .iter()
                .all(|name| many(&request["sent"]).iter().any(|sent| *sent == name))
        })
        .collect();
    report.check(
        "createdInOneRequest",
        first_succeeds(&created),
        statuses(&format!("on {host}"), &created),
    );
    for refused in created.iter().filter(|request| !is_success(request)) {
        let codes: Vec<&str> = many(&refused["codes"]).into_iter().filter_map(Value::as_str).collect();
        report.fact("codesOfARefusal", format!("{}: {}", refused["status"], codes.join(", ")));
    }
}

/// How long objects of the run were not visible: from the first 404 of a path to its first success within a step.
fn replication(requests: &[&Value], report: &mut Report) {
    let mut longest = 0;
    let mut missing = 0;
    for (index, request) in requests.iter().enumerate() {
        if request["status"] != 404 || request["step"] == "remove" {
            continue;
        }
        let is_same =
            |later: &&&Value| later["path"] == request["path"] && later["method"] == request["method"] && later["step"] == request["step"];
        let shown = requests.iter().skip(index + 1).filter(is_same).find(|later| is_success(later));
        if let Some(shown) = shown {
            missing += 1;
            longest = longest.max(at(shown).saturating_sub(at(request)));
        }
    }
    let holds = (missing > 0).then_some(longest < LONGEST_WAIT);
    report.check(
        "replicationEnds",
        holds,
        format!("{missing} answers came too early, the longest wait was {longest} ms"),
    );
}

fn deleted_uri(file: &Value, report: &mut Report) {
    let answer = &file["deletedUri"];
    match answer["answer"].as_str() {
        Some("free") => report.fact("deletedAppHoldsItsUri", "no: a deleted app does not hold its App ID URI"),
        Some("held") => report.fact("deletedAppHoldsItsUri", format!("yes: {}", answer["code"])),
        _ => report.check(
            "deletedAppHoldsItsUri",
            None,
            format!("it could not be tried: {}", answer["problem"]),
        ),
    }
}

fn sign_in(file: &Value, host: &str, report: &mut Report) {
    let sign_in = &file["signIn"];
    report.check("tokenIsReadable", sign_in["isReadable"].as_bool(), "the claims of the access token");
    let seen = if sign_in["hasDirectoryRoles"] == true { "has" } else { "has no" };
    report.fact("directoryRolesInToken", format!("the token {seen} wids"));
    let found = file["discovery"]["graphHost"].as_str();
    let region = &file["discovery"]["regionSubScope"];
    let seen = format!("the tenant is found at {}, sub-scope {region}", found.unwrap_or("nothing"));
    report.check("discoveryFindsTheCloud", found.map(|found| found == host), seen);
}

fn of<'a>(requests: &[&'a Value], method: &str, end: &str) -> Vec<&'a Value> {
    requests
        .iter()
        .copied()
        .filter(|request| request["method"] == method && path(request).ends_with(end))
        .collect()
}

fn path(request: &Value) -> &str {
    request["path"].as_str().unwrap_or_default()
}

fn at(request: &Value) -> u64 {
    request["at"].as_u64().unwrap_or_default()
}

fn is_success(request: &Value) -> bool {
    request["status"].as_u64().is_some_and(|status| (200..300).contains(&status))
}

/// Whether the first answer was a success; a lost or throttled attempt says nothing.
fn first_succeeds(requests: &[&Value]) -> Option<bool> {
    let tells = |request: &&&Value| request["status"].as_u64().is_some_and(|status| status < 500 && status != 429);
    requests.iter().find(tells).map(|request| is_success(request))
}

/// Whether consent can be given as soon as both apps are there, without waiting for the directory.
fn told_by_first(grants: &[&Value]) -> String {
    match first_succeeds(grants) {
        Some(true) => "the first attempt works".to_owned(),
        Some(false) => statuses("the first attempt is refused", grants),
        None => "no attempt was answered".to_owned(),
    }
}

fn statuses(what: &str, requests: &[&Value]) -> String {
    let told: Vec<String> = requests.iter().map(|request| request["status"].to_string()).collect();
    match told.as_slice() {
        [] => format!("{what}: not asked"),
        told => format!("{what}: {}", told.join(", ")),
    }
}
