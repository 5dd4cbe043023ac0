//! Every way of signing in, over HTTP against the emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod application;
mod browser;
mod cached;
mod device_code;
#[path = "../support/log.rs"]
mod log;
mod others;
mod secrecy;
mod stage;
mod staying;
