//! A connection as a monitoring system sees it, and the secrets of many tenants.
//!
//! Nothing that makes a connection not work is ever called well, what decides and could not be read is unknown, and no
//! right to write is asked for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod dates;
mod differs;
mod expiring;
mod rights;
mod scene;
mod sources;
#[path = "../support/mod.rs"]
mod support;
mod unread;
