//! Chapters on what holds across the whole crate.
//!
//! | if you want to | read |
//! | --- | --- |
//! | do the whole job from a command line, a pipeline or a monitoring system | [`command_line`] |
//! | sign in to Microsoft Entra, and know what may block it | [`signing_in`] |
//! | know which permission and which role each request takes | [`permissions`] |
//! | write to a real site, or read one | [`sites`] |
//! | know the script before you sign it and run it | [`signing_and_running`] |
//! | have one administrator for the tenant and another one for the site | [`two_administrators`] |
//! | see, watch, renew, change and remove a connection | [`life_after_onboarding`] |
//! | know what holds if a run fails at any moment | [`resilience`] |
//! | set a proxy, trusted roots, time-outs and shared connections | [`http`] |
//! | follow a run in your logs and traces | [`observability`] |
//! | build a screen or a service on this crate | [`front_ends`] |
//! | test your program without a tenant and a site | [`mocking`] |

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
