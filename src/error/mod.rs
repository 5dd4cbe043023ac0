//! The errors that callers match on, by meaning.
//!
//! Every `Display` is one sentence that does not repeat its source; the source is there through
//! [`std::error::Error::source`]. Every error has a `help()` that names what to change, who may change it and where.

mod directory;
mod refused;
mod site;
mod token;
mod trace;
mod transport;
mod wait;

pub use directory::{DirectoryError, NotSupported};
pub use refused::{RefusalReason, Refused, RefusedDetail};
pub use site::{SiteError, SiteRefusalReason, SiteRefused, SiteTrouble, SiteUnreachable};
pub use token::{SignInRefusal, TokenError, TokenFailure};
pub use trace::RequestTrace;
pub use transport::{TransportKind, UnexpectedAnswer, Unreachable};
pub use wait::ExceededMaxWait;

/// An error with all its sources in one line, for a log.
///
/// ```
/// # use cmg_onboarding::error::chain;
/// let error = "x".parse::<i32>().unwrap_err();
/// assert_eq!(chain(&error), "invalid digit found in string");
/// ```
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
