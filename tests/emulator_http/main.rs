//! The emulator over HTTP, as any client sees it: raw requests, third-party spellings, TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

mod assertions;
mod behind;
mod callers;
mod deletion;
mod directory;
mod permissions;
mod policy;
mod sign_in;
mod states;
mod support;
mod tenants;
mod tokens;
mod wire;
