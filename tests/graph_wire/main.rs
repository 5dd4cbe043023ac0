//! `GraphDirectory` against a scripted Microsoft Graph on the loopback interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

mod faults;
mod formats;
#[path = "../support/log.rs"]
mod log;
mod secrecy;
mod support;
