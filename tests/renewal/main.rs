//! The server app's secret is renewed with overlap: nothing that is in use is ever cut.
//!
//! Years pass in virtual time. `cargo test --test renewal -- --nocapture` prints how many cases there are.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "../support/mod.rs"]
mod support;

mod approved;
mod console;
mod early_removal;
mod load;
mod phases;
mod refusals;
mod world;
