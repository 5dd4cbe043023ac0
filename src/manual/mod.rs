//! Chapters on what holds across the whole crate.

#[doc = include_str!("resilience.md")]
pub mod resilience {}
