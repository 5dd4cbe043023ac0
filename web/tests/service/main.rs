//! The service over HTTP on the loopback interface: the whole job against the emulator, bad input and bad days.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may give up")]

mod bad_days;
mod bad_input;
mod client;
mod conflicts;
mod documented;
mod entra;
mod job;
mod later;
mod mounted;
mod sign_in;
