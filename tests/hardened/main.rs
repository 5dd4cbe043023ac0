//! Tenants that defend themselves: each combination of policies ends done and right, or refused with nothing of the run left.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod beside;
mod clean_up;
mod happening;
mod made_apps;
mod made_moments_ago;
mod matrix;
mod overtaken;
mod plans;
mod removed;
mod restore;
mod secrets;
mod so_far;
mod tenant;

#[path = "../support/mod.rs"]
mod support;
