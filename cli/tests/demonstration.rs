//! The program as a newcomer meets it: the demonstration, its papers, and what the README says of its flags.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test may give up, and so may its helpers"
)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, json};

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/example.json");
const CANARY: &str = "canary-7Q~secret";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cmg-onboard")).args(arguments).output().unwrap()
}

/// What it prints if it goes well. Nothing goes to the error stream then.
fn shown(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && error.is_empty(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(arguments: &[&str]) -> Vec<Value> {
    shown(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// That the texts stand there in this order.
fn assert_in_order(shown: &str, texts: &[&str]) {
    let mut rest = shown;
    for text in texts {
        let place = rest
            .find(text)
            .unwrap_or_else(|| panic!("{text:?} is not there, or not in its place: {shown}"));
        rest = &rest[place + text.len()..];
    }
}

#[test]
fn the_demonstration_shows_the_wizards_pages_and_proves_the_new_secret() {
    let shown = shown(&[]);
    assert_in_order(
        &shown,
        &[
            "== Azure Services",
            "Name:         Contoso CMG",
            "Service:      Cloud Management",
            "== App",
            "Web app:            create \"ConfigMgr Server\"",
            "Native Client app:  create \"ConfigMgr Client\"",
            "== Discovery",
            "User discovery:   enabled",
            "== Summary",
            "Web app:           create \"ConfigMgr Server\"",
            "Directory.Read.All of Microsoft Graph (application, 7ab1d382-f21e-4acd-a863-ba3e13f7da61)",
            "create    Import the server app into the site",
            "Application Name: ConfigMgr Server",
            "Secret Key Expiry: about ",
            "== Progress",
            "created    Register the web (server) app",
            "proven     The new secret signs in",
            "created    Import the server app into the site",
            "== Completion",
            "The connection is in place.",
            "For ccmsetup.exe:   AADTENANTID=",
            "signs in.",
            "create    Issue a secret for the server app",
            "proven     The new secret signs in",
            "== Renewal",
            "Renew Secret Key",
            "== In the console",
            "the old secret stays valid until its own end",
        ],
    );
}

#[test]
fn a_run_without_a_site_claims_no_connection_and_proves_the_secret_all_the_same() {
    let shown = shown(&["apply", "--emulated", "--register-only"]);
    assert!(!shown.contains("The connection is in place."), "{shown}");
    assert_in_order(
        &shown,
        &[
            "Site:              none; the apps are registered, and no connection is set up",
            "proven     The new secret signs in",
            "The apps are registered.",
            "Left: no site was asked for, so there is no connection yet.",
            "the one that this run has issued is gone with it",
        ],
    );
}

#[test]
fn the_secret_is_not_tried_out_if_a_flag_says_so() {
    let quiet = shown(&["apply", "--emulated", "--no-secret-probe"]);
    assert!(!quiet.contains("secret signs in"), "{quiet}");
    assert!(quiet.contains("The connection is in place."));
    let tried = |lines: &[Value]| lines.iter().filter(|line| line["event"] == "secretTried").count();
    assert_eq!(tried(&lines(&["apply", "--emulated", "--json", "--no-secret-probe"])), 0);
    let told = lines(&["apply", "--emulated", "--json"]);
    assert_eq!(tried(&told), 1);
    let event = told.iter().find(|line| line["event"] == "secretTried").unwrap();
    assert_eq!(event["accepted"], true);
    let outcome = told.iter().find(|line| line["event"] == "outcome").unwrap();
    assert_eq!(outcome["secret"]["keyId"], event["keyId"]);
}

#[test]
fn the_papers_are_printed_and_nothing_is_written() {
    let review = shown(&["review", "--emulated"]);
    assert!(review.starts_with("Azure service connection of Configuration Manager"), "{review}");
    assert_in_order(
        &review,
        &[
            "What is made",
            "Permissions of the two apps, and why",
            "What stays",
            "Tenant checks",
            "What the caller needs",
        ],
    );
    assert!(!review.contains("== "), "no page of the wizard stands between: {review}");
    let [review] = lines(&["review", "--emulated", "--json"]).try_into().unwrap();
    assert_eq!((&review["event"], &review["version"]), (&json!("review"), &json!(1)));

    let steps = shown(&["by-hand", "--spec", EXAMPLE]);
    assert_in_order(
        &steps,
        &[
            "Register the web (server) app",
            "Register the native (client) app",
            "Import the apps into the site",
        ],
    );
    let [steps] = lines(&["by-hand", "--spec", EXAMPLE, "--json"]).try_into().unwrap();
    assert_eq!((&steps["event"], &steps["name"]), (&json!("byHand"), &json!("Contoso CMG")));
}

fn specification(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("cmg-onboard-{name}-{}.json", std::process::id()));
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn no_paper_of_an_import_shows_the_secret_and_the_steps_show_every_other_value() {
    let tenant = "c0170505-0000-4000-8000-00000000c0de";
    let (server, client) = ("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02");
    let text = json!({
        "name": "Contoso CMG",
        "serverApp": {"import": {
            "tenantName": "contoso.onmicrosoft.com", "tenantId": tenant, "name": "Their server", "clientId": server,
            "secretKey": CANARY, "secretKeyExpiry": "2099-11-23T00:00:00Z", "appIdUri": format!("api://{tenant}/Theirs"),
        }},
        "clientApp": {"import": {"name": "Their client", "clientId": client}},
        "discovery": {"users": {"fullSchedule": "784F3E0000100039"}},
    });
    let path = specification("import", &text.to_string());
    for paper in [&["review", "--emulated"][..], &["by-hand"], &["plan", "--emulated", "--json"]] {
        let output = run(&[paper, &["--spec", path.to_str().unwrap()]].concat());
        let shown = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!shown.contains(CANARY), "{shown}");
    }
    let steps = shown(&["by-hand", "--spec", path.to_str().unwrap()]);
    assert_in_order(
        &steps,
        &[
            "Their server",
            server,
            "2099-11-23",
            "Their client",
            client,
            "every 7 days from 02:30 UTC",
        ],
    );
    fs::remove_file(path).unwrap();
}

#[test]
fn the_flags_that_the_readme_names_are_the_programs() {
    let general = shown(&["--help"]);
    let commands = general.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let helps = commands.iter().filter(|name| **name != "help").map(|name| shown(&[name, "--help"]));
    let help = helps.fold(general.clone(), |all, one| all + &one);
    let section = README.split("\n## Command line\n").nth(1).unwrap().split("\n## ").next().unwrap();
    // What belongs to Cargo stands in code that begins with its name.
    let code = section.split('`').skip(1).step_by(2).filter(|code| !code.starts_with("cargo "));
    let mut flags = 0;
    for word in code
        .flat_map(|code| code.split([' ', ',', '/']))
        .filter(|word| word.starts_with("--"))
    {
        let stands = help.split([' ', '\n', ',', '=', '.', ')', '(']).any(|other| other == word);
        assert!(stands, "the program has no flag {word}");
        flags += 1;
    }
    assert!(flags > 5, "{flags} flags were found");
}

#[test]
fn the_specification_in_the_readme_is_planned_as_it_stands() {
    let specs: Vec<&str> = README
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap())
        .collect();
    assert!(!specs.is_empty());
    for (index, spec) in specs.iter().enumerate() {
        let path = specification(&format!("readme-{index}"), spec);
        let plan = shown(&["plan", "--emulated", "--spec", path.to_str().unwrap()]);
        assert!(plan.contains("== Summary") && !plan.contains("== Progress"), "{plan}");
        fs::remove_file(path).unwrap();
    }
}
