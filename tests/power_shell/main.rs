//! Writing to a site with the product's cmdlets: the script itself, every answer it can give, and the process it runs in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod bad_days;
mod lab;
mod process;
mod real;
mod script;
mod secrecy;
mod signing;
mod site;
mod stub;
mod support;
