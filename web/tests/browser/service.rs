//! The program `cmg-onboard-web`, against its emulator or another one.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

pub(crate) struct Service {
    child: Child,
    /// Kept open: the program tells a new address there whenever one was used up.
    lines: BufReader<ChildStdout>,
    pub(crate) address: String,
}

impl Service {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::against("emulator", arguments)
    }

    pub(crate) fn against(what: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cmg-onboard-web"))
            .args(["--against", what, "--port", "0", "--json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut service = Self {
            child,
            lines,
            address: String::new(),
        };
        service.address = service.next_address();
        service
    }

    /// The address that it tells next.
    pub(crate) fn next_address(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        told["address"].as_str().unwrap().to_owned()
    }

    /// Kills it in the middle of its work.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
