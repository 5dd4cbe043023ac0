//! Chapters on what holds across the whole crate.

#[doc = include_str!("command_line.md")]
pub mod command_line {}

#[doc = include_str!("front_ends.md")]
pub mod front_ends {}

#[doc = include_str!("http.md")]
pub mod http {}

#[doc = include_str!("life_after_onboarding.md")]
pub mod life_after_onboarding {}

#[doc = include_str!("mocking.md")]
#[doc = "```"]
#[doc = include_str!("../../examples/mocking.rs")]
#[doc = "```"]
pub mod mocking {}

#[doc = include_str!("observability.md")]
pub mod observability {}

#[doc = include_str!("permissions.md")]
pub mod permissions {}

#[doc = include_str!("resilience.md")]
pub mod resilience {}

#[doc = include_str!("signing_and_running.md")]
pub mod signing_and_running {}

#[doc = include_str!("signing_in.md")]
pub mod signing_in {}

#[doc = include_str!("sites.md")]
pub mod sites {}

#[doc = include_str!("two_administrators.md")]
pub mod two_administrators {}
