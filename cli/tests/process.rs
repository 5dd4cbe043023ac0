//! The program as a process: interrupted, with a reader that has gone away, with words that are no text.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read, Write, pipe},
    net::TcpListener,
    os::unix::ffi::OsStrExt,
    process::{Child, Command, Stdio},
};

use cmg_onboarding::{AzureServicesConnection, ConnectionSpec};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cmg-onboard");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/example.json");

/// A tenant whose sign-in service takes every connection and never answers: a secret that was issued is tried out for ever.
struct Stage {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    server: EmulatorServer,
    silent: TcpListener,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start();
        let server = runtime.block_on(server).unwrap();
        Self {
            tenant,
            site,
            server,
            silent: TcpListener::bind("127.0.0.1:0").unwrap(),
            runtime,
        }
    }

    fn silent_address(&self) -> String {
        format!("http://{}/", self.silent.local_addr().unwrap())
    }

    fn flags(&self, command: &str, graph: &str) -> Vec<String> {
        let tenant = self.tenant.tenant_id().to_string();
        let authority = self.silent_address();
        let flags = [
            command,
            "--spec",
            EXAMPLE,
            "--tenant",
            &tenant,
            "--graph",
            graph,
            "--authority",
            &authority,
            "--token-env",
            "T",
        ];
        flags.map(str::to_owned).to_vec()
    }

    fn token(&self) -> String {
        self.tenant.token_for(&Caller::global_administrator())
    }

    fn graph(&self) -> String {
        self.server.endpoints().graph().to_string()
    }
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([name, process]).status().unwrap();
    assert!(sent.success());
}

/// Reads lines up to the one that has this text; all that was read.
fn read_to(lines: &mut impl BufRead, text: &str) -> String {
    let mut all = String::new();
    while !all.contains(text) {
        assert!(lines.read_line(&mut all).unwrap() > 0, "{text:?} does not come: {all}");
    }
    all
}

fn ended(mut child: Child, lines: &mut impl BufRead) -> (Option<i32>, String, String) {
    let (mut rest, mut errors) = (String::new(), String::new());
    lines.read_to_string(&mut rest).unwrap();
    if let Some(mut stream) = child.stderr.take() {
        stream.read_to_string(&mut errors).unwrap();
    }
    (child.wait().unwrap().code(), rest, errors)
}

#[test]
fn an_interrupted_run_says_what_exists_before_it_ends() {
    for name in ["-INT", "-TERM"] {
        let stage = Stage::new();
        let mut command = Command::new(PROGRAM);
        command
            .args(stage.flags("apply", &stage.graph()))
            .args(["--register-only", "--json"]);
        command.env("T", stage.token()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // With its secret, which is tried out in vain.
        read_to(&mut lines, r#""event":"stepDone","step":"registerServerApp""#);
        signal(name, &child.id().to_string());
        let (code, rest, errors) = ended(child, &mut lines);
        assert_eq!(code, Some(4), "{name}: {rest}{errors}");
        let told: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let failed = told
            .iter()
            .find(|line| line["event"] == "failed")
            .unwrap_or_else(|| panic!("{rest}"));
        assert_eq!(failed["problem"]["code"], "cancelled", "{failed}");
        assert!(failed["report"].to_string().contains("registerServerApp"), "{failed}");
        assert!(errors.contains("Interrupted"), "{errors}");
    }
}

#[test]
fn a_secret_that_an_interrupted_renewal_has_issued_is_shown_on_the_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: this machine has no `script`, which gives a program a terminal");
        return;
    }
    let stage = Stage::new();
    let spec: ConnectionSpec = include_str!("../src/example.json").parse().unwrap();
    let job = AzureServicesConnection::builder(spec)
        .directory(stage.tenant.directory())
        .site(stage.site.clone());
    let outcome = stage.runtime.block_on(job.build().unwrap().onboard(|_| ())).unwrap();
    let app = outcome.server_app.unwrap().application_id;
    let flags = stage.flags("renew-secret", &stage.graph()).join(" ");
    let line = format!("echo process $$; exec {PROGRAM} {flags} --site emulated --reissue-secret --show-secret");
    let mut command = Command::new("script");
    command.args(["-qefc", &line, "/dev/null"]).env("T", stage.token());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let first = read_to(&mut lines, "process ");
    let process = first.split("process ").nth(1).unwrap().trim().to_owned();
    read_to(&mut lines, "created    Issue a secret for the server app");
    signal("-INT", &process);
    let (code, rest, errors) = ended(child, &mut lines);
    assert_eq!(code, Some(4), "{rest}{errors}");
    let secret = rest
        .split("Value:")
        .nth(1)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_else(|| panic!("{rest}"));
    assert!(stage.tenant.secret_is_live(app, secret.trim()), "{rest}");
    assert!(rest.contains("== Failed") && rest.contains("== What exists"), "{rest}");
}

#[test]
fn a_command_that_carries_nothing_out_ends_at_once_when_it_is_interrupted() {
    let stage = Stage::new();
    let mut command = Command::new(PROGRAM);
    // Its tenant never answers.
    command.args(stage.flags("plan", &stage.silent_address())).arg("--register-only");
    command.env("T", stage.token()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    read_to(&mut lines, "== App");
    signal("-INT", &child.id().to_string());
    let (code, rest, errors) = ended(child, &mut lines);
    assert_eq!(code, Some(3), "{rest}{errors}");
    assert!(
        rest.contains("Nothing was written.") && rest.contains("Interrupted before"),
        "{rest}"
    );
}

#[test]
fn an_interrupted_question_is_no_longer_waited_for() {
    let mut command = Command::new(PROGRAM);
    command.args(["remove", "--emulated"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let answers = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Type yes:") {
        assert!(
            lines.read_until(b':', &mut shown).unwrap() > 0,
            "{}",
            String::from_utf8_lossy(&shown)
        );
    }
    signal("-INT", &child.id().to_string());
    let (code, rest, _) = ended(child, &mut lines);
    assert_eq!(code, Some(3), "{rest}");
    drop(answers);
}

/// How the program ends with this stream leading nowhere.
fn closed(arguments: &[&OsStr], is_output: bool) -> Option<i32> {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped());
    match is_output {
        true => command.stdout(writer).stderr(Stdio::null()),
        false => command.stderr(writer).stdout(Stdio::null()),
    };
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"yes\n");
    child.wait().unwrap().code()
}

#[test]
fn a_reader_that_has_gone_away_stops_no_job_and_takes_no_exit_code() {
    let words = |line: &'static str| line.split(' ').map(OsStr::new).collect::<Vec<_>>();
    assert_eq!(closed(&words("remove --emulated --yes"), true), Some(0));
    assert_eq!(
        closed(&words("remove --emulated"), true),
        Some(2),
        "a question that is not shown is not answered"
    );
    assert_eq!(closed(&words("plan --emulated --spec /no/such/file"), false), Some(2));
    assert_eq!(closed(&words("plan --no-such-flag"), false), Some(2));
}

#[test]
fn a_word_that_is_no_text_is_bad_input_or_unknown() {
    let word = OsStr::from_bytes(b"--\xff");
    assert_eq!(closed(&[OsStr::new("plan"), word], false), Some(2));
    assert_eq!(closed(&[OsStr::new("check"), word], false), Some(3));
    assert_eq!(closed(&[OsStr::from_bytes(b"\xff")], false), Some(2));
}

#[test]
fn the_domains_of_a_list_are_looked_up_side_by_side() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = std::env::temp_dir().join(format!("cmg-onboard-watched-{}.json", std::process::id()));
    let domains = ["one.example", "two.example", "three.example"];
    let watched = domains.map(|domain| json!({"domain": domain, "clientId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"}));
    fs::write(&file, json!(watched).to_string()).unwrap();
    let authority = format!("http://{}/", silent.local_addr().unwrap());
    let mut command = Command::new(PROGRAM);
    command.args([
        "expiring",
        "--authority",
        &authority,
        "--token-env",
        "T",
        "--at-once",
        "3",
        "--file",
    ]);
    command.arg(&file).env("T", "a token").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // No question is answered, so that one after the other the first three would be about the first domain.
    let mut asked = Vec::new();
    let mut open = Vec::new();
    for _ in domains {
        let (connection, _) = silent.accept().unwrap();
        let mut lines = BufReader::new(connection);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        asked.extend(domains.into_iter().filter(|domain| line.contains(domain)));
        open.push(lines);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(file).unwrap();
    asked.sort_unstable();
    assert_eq!(asked, ["one.example", "three.example", "two.example"]);
}
