//! Chapters on what holds across the whole crate.

#[doc = include_str!("mocking.md")]
#[doc = "```"]
#[doc = include_str!("../../examples/mocking.rs")]
#[doc = "```"]
pub mod mocking {}

#[doc = include_str!("resilience.md")]
pub mod resilience {}
