//! Nothing lost: any failure, at any moment, then the same command again.
//!
//! This crate's own client runs against the emulator over a wire without sockets and under tokio's paused time, so that
//! thousands of runs with minutes of waits take seconds. Each test prints how many cases it has:
//! `cargo test --test resilience -- --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod any_single_fault;
mod dropped_anywhere;
mod end_state;
mod killed_anywhere;
mod removed_anywhere;
mod renewed_anywhere;
mod replication;
mod two_at_once;
mod world;
