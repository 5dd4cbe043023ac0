//! The script in a process of its own. A shell script stands in for PowerShell, so these tests run where there is a shell;
//! `real.rs` runs on Windows too, with the PowerShells that are there.
#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cmg_onboarding::{
    Call, Diagnostic, Site,
    site::power_shell::{LocalProcess, PowerShellError, PowerShellSite, SCRIPT},
};
use tokio::sync::{Mutex, MutexGuard};

use crate::support::{CONNECTION, END, SECRET, SITE, cause, progress, wanted};

/// One at a time: a program that another thread's child still holds open for writing cannot be started.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A folder with a program in it, removed in the end.
struct StandIn {
    folder: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl StandIn {
    async fn new(body: &str) -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        let folder = std::env::temp_dir().join(format!("cmg-onboarding-process-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let body = body.replace("FOLDER", folder.to_str().unwrap());
        let program = folder.join("pwsh");
        fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, _turn: turn }
    }

    fn process(&self) -> LocalProcess {
        LocalProcess::new().program(self.folder.join("pwsh"))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn site(process: LocalProcess) -> PowerShellSite {
    let builder = PowerShellSite::builder("P01", "provider.contoso.com").host(process);
    builder.time_out(Duration::from_secs(30)).build().unwrap()
}

/// Reads the request into a file, and answers with its number.
fn says(lines: &[&str]) -> String {
    let answers: String = lines
        .iter()
        .map(|line| format!("printf '%s\\n' '{}'\n", line.replace("RUN", "'$run'")))
        .collect();
    format!("cat > FOLDER/input\nrun=$(sed -n 's/.*\"run\":\"\\([0-9a-f]*\\)\".*/\\1/p' FOLDER/input | tail -n 1)\n{answers}")
}

#[tokio::test]
async fn the_request_comes_after_the_script_on_standard_input_and_nowhere_else() {
    let answers = says(&[SITE, &progress("tenant", "created", 1, &[]), CONNECTION, END]);
    let body = format!("printf '%s ' \"$@\" > FOLDER/arguments\nenv > FOLDER/environment\n{answers}");
    let stand_in = StandIn::new(&body).await;
    let onboarded = site(stand_in.process()).onboard(Call::quiet(), &wanted()).await.unwrap();
    assert_eq!(onboarded.done.len(), 1);

    let input = stand_in.read("input");
    let request = input.strip_prefix(SCRIPT).unwrap().trim_start_matches('\n');
    assert!(request.starts_with("{\"request\":2,") && request.trim_end().lines().count() == 1);
    let units: Vec<String> = SECRET.encode_utf16().map(|unit| unit.to_string()).collect();
    assert!(request.contains(&units.join(",")));
    let arguments = stand_in.read("arguments");
    for private in [SECRET, "canary", "provider.contoso.com", "Contoso", &units.join(",")] {
        assert!(!arguments.contains(private) && !stand_in.read("environment").contains(private));
    }
    // Windows allows 32,767 characters, program and quotes included.
    assert!(arguments.len() < 2_000, "{}", arguments.len());
    assert!(arguments.contains("-NoProfile -NonInteractive") && arguments.contains("-EncodedCommand "));
}

#[tokio::test]
async fn a_signed_copy_is_run_from_its_file_and_is_given_the_request_alone() {
    let body = format!("printf '%s ' \"$@\" > FOLDER/arguments\n{}", says(&[SITE, END]));
    let stand_in = StandIn::new(&body).await;
    let process = stand_in.process().script_file("/opt/cmg-onboard.ps1").execution_policy("AllSigned");
    site(process).snapshot(Call::quiet()).await.unwrap();
    assert!(
        stand_in
            .read("arguments")
            .trim_end()
            .ends_with("-ExecutionPolicy AllSigned -File /opt/cmg-onboard.ps1")
    );
    assert!(stand_in.read("input").starts_with("{\"request\":2,"));
}

#[tokio::test]
async fn a_process_that_never_reads_and_dies_is_told_with_what_it_said() {
    let stand_in = StandIn::new("echo 'running scripts is disabled on this system' >&2\nexit 3").await;
    let error = site(stand_in.process()).snapshot(Call::quiet()).await.unwrap_err();
    let Some(PowerShellError::EndedEarly { code: Some(3), errors }) = cause(&error) else {
        panic!("{error:?}")
    };
    assert!(errors.contains("running scripts is disabled"));
}

#[tokio::test]
async fn a_program_that_repeats_its_input_does_not_get_the_secret_into_the_error() {
    let stand_in = StandIn::new("tee /dev/stderr").await;
    let failure = site(stand_in.process()).onboard(Call::quiet(), &wanted()).await.unwrap_err();
    let shown = format!("{failure:#?} {}", cmg_onboarding::error::chain(&failure.error));
    let units: Vec<String> = SECRET.encode_utf16().map(|unit| unit.to_string()).collect();
    assert!(!shown.contains(&units.join(",")) && !shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_lot_on_standard_error_blocks_nothing() {
    let body = format!(
        "i=0; while [ $i -lt 3000 ]; do echo 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >&2; i=$((i+1)); done\n{}",
        says(&[SITE, END])
    );
    let stand_in = StandIn::new(&body).await;
    assert!(site(stand_in.process()).snapshot(Call::quiet()).await.is_ok());
}

#[tokio::test]
async fn a_run_that_is_dropped_ends_its_process() {
    let stand_in = StandIn::new("echo $$ > FOLDER/id.part; mv FOLDER/id.part FOLDER/id\nexec cat FOLDER/pipe").await;
    let pipe = stand_in.folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let site = site(stand_in.process());
    let id = stand_in.folder.join("id");
    tokio::select! {
        ended = site.snapshot(Call::quiet()) => panic!("{ended:?}"),
        () = is_there(&id) => {}
    }
    let process = PathBuf::from("/proc").join(stand_in.read("id").trim());
    let begun = Instant::now();
    // It is ended at once; that it is gone shows as soon as its parent has taken note of it.
    while process.join("exe").read_link().is_ok() && begun.elapsed() < Duration::from_secs(10) {
        tokio::task::yield_now().await;
    }
    assert!(process.join("exe").read_link().is_err(), "the process is still there");
}

async fn is_there(path: &Path) {
    while !path.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_script_that_has_said_its_last_word_ends_by_itself() {
    // It goes on after standard input is closed, and writes more than a pipe holds.
    let body = format!(
        "{}i=0; while [ $i -lt 3000 ]; do echo 'a transcript that is finished'; i=$((i+1)); done\necho done > FOLDER/ended",
        says(&[SITE, END])
    );
    let stand_in = StandIn::new(&body).await;
    site(stand_in.process()).snapshot(Call::quiet()).await.unwrap();
    assert_eq!(stand_in.read("ended"), "done\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let error = site(LocalProcess::new().program("/nowhere/pwsh"))
        .snapshot(Call::quiet())
        .await
        .unwrap_err();
    let Some(PowerShellError::NotStarted { program }) = cause(&error) else {
        panic!("{error:?}")
    };
    assert!(program.starts_with("/nowhere/pwsh"));
    assert!(error.help().contains("Install"));
}
