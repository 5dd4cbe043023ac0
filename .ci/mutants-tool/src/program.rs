//! A test program: it is run up to its first failure, its end, or a time limit.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::Failure;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Passed,
    /// With the test's name if the program gave it before it ended.
    Failed(Option<String>),
    TimedOut,
}

/// Runs a test program up to its first failure, its end, or the time limit.
pub(crate) fn start(command: &mut Command, limit: Duration) -> Result<End, Failure> {
    let mut child = command.stdout(Stdio::piped()).process_group(0).spawn()?;
    let until = Instant::now() + limit;
    let (sender, lines) = mpsc::channel();
    let Some(stdout) = child.stdout.take() else {
        return Err("a test program has no output".into());
    };
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let end = loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                let name = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED"));
                if let Some(name) = name {
                    break End::Failed(Some(name.trim_end_matches(" - should panic").to_owned()));
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => break End::TimedOut,
            Err(mpsc::RecvTimeoutError::Disconnected) if child.wait()?.success() => break End::Passed,
            Err(mpsc::RecvTimeoutError::Disconnected) => break End::Failed(None),
        }
    };
    if end != End::Passed {
        kill(&mut child)?;
    }
    drop(lines);
    let _ = reader.join();
    Ok(end)
}

/// The program and all that it started.
fn kill(child: &mut Child) -> Result<(), Failure> {
    // One that is gone already is none to be told of.
    let _ = Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .stderr(Stdio::null())
        .status();
    child.wait()?;
    Ok(())
}
