//! Nothing lost: any failure, at any moment, then the same command again.
//!
//! This crate's own client runs against the emulator over a wire without sockets and under tokio's paused time, so that
//! thousands of runs with minutes of waits take seconds. Each test prints how many cases it has:
//! `cargo test --test resilience -- --nocapture`. The gate adds them up for the figure in the README: if
//! `CMG_TEST_COUNTS` names a file, each count is a line of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;

/// Tells how many cases a test has had.
macro_rules! tell {
    ($($text:tt)*) => {
        crate::tell(&format!($($text)*))
    };
}

mod any_single_fault;
mod dropped_anywhere;
mod end_state;
mod killed_anywhere;
mod removed_anywhere;
mod renewed_anywhere;
mod replication;
mod settings_anywhere;
mod two_at_once;
mod world;

fn tell(counted: &str) {
    println!("{counted}");
    if let Some(file) = std::env::var_os("CMG_TEST_COUNTS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{counted}\n").as_bytes()).unwrap();
    }
}
