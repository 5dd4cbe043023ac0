//! The errors that callers match on, by meaning.
//!
//! There is one type for each side: [`DirectoryError`] for the Entra side, [`SiteError`] for the
//! Configuration Manager side, [`TokenError`] for signing in. Their variants say what happened: refused, not
//! reached, an answer that cannot be used, not offered. They name no service's codes; a [`RequestTrace`] has
//! the ids that Microsoft's support asks for.
//!
//! What every error of this crate guarantees: its `Display` is one sentence that does not repeat its source;
//! the source is there through [`std::error::Error::source`]; it implements [`Diagnostic`] with a stable
//! code, with what to do about it, which request it was, and whether repeating helps; it holds no token, no
//! secret and no body. Text of other people in it is cleaned of characters that steer a terminal.

mod diagnostic;
mod directory;
mod invalid_value;
mod not_visible;
mod refused;
mod site;
mod token;
mod trace;
mod transport;
mod wait;

pub use diagnostic::Diagnostic;
pub use directory::{DirectoryError, NotSupported};
pub use invalid_value::{InvalidValue, ValueKind};
pub use not_visible::NotVisible;
pub use refused::{Effect, RefusalReason, Refused, RefusedDetail};
pub use site::{SiteError, SiteRefusalReason, SiteRefused, SiteTrouble, SiteUnreachable};
pub use token::{SignInRefusal, TokenError, TokenFailure};
pub use trace::RequestTrace;
pub use transport::{TransportKind, UnexpectedAnswer, Unreachable};
pub use wait::ExceededMaxWait;

use crate::text::clean;

/// An error with all its sources in one line, for a log. Control characters and bidirectional formatting characters become
/// spaces: a source may hold text that others have written.
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
    clean(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_visible_yet_is_waited_for_and_is_no_answer_of_the_directory() {
        let error = DirectoryError::from(NotVisible::new("the app registration 7"));
        assert!(error.may_be_replication() && !error.may_have_been_carried_out());
        assert_eq!((error.refusal(), error.trace()), (None, None));
        assert_eq!(error.to_string(), "the directory does not show the app registration 7 yet");
        assert!(error.help().contains("repeat the run"));
    }

    #[test]
    fn the_effect_of_a_refusal_decides_whether_one_must_look_first_and_no_code_does() {
        let refused = |reason| Refused::new(reason, "Directory_ObjectNotFound", "backing application", RequestTrace::default());
        let looks_first = |refused: Refused| DirectoryError::from(refused).may_have_been_carried_out();
        assert!(!looks_first(refused(RefusalReason::NotFound)));
        assert!(looks_first(refused(RefusalReason::NotFound).with_effect(Effect::Unknown)));
        assert!(looks_first(refused(RefusalReason::ServiceUnavailable)));
        assert!(!looks_first(refused(RefusalReason::ServiceUnavailable).with_effect(Effect::None)));
        assert!(refused(RefusalReason::ReferenceNotFound).may_be_replication());
        assert!(!refused(RefusalReason::PermissionMissing).may_be_replication());
    }

    #[test]
    fn a_services_own_words_cannot_steer_the_screen_they_are_shown_on() {
        let foreign = "no \u{1b}[2J\r\u{202e}\u{9b}way";
        let shown = "no  [2J   way";
        let trace = RequestTrace::default;
        let detail = RefusedDetail::new(foreign, foreign, Some(foreign.to_owned()));
        assert_eq!(
            (detail.code.as_str(), detail.message.as_str(), detail.target.as_deref()),
            (shown, shown, Some(shown))
        );
        let refused = DirectoryError::from(Refused::new(RefusalReason::Other, foreign, foreign, trace()));
        let site = SiteError::from(SiteRefused::new(foreign, foreign, foreign).with_trace(trace()));
        let unreachable = SiteError::from(SiteUnreachable::new(foreign, foreign));
        let token = TokenError::new(TokenFailure::Refused, foreign, foreign);
        assert_eq!([site.help(), unreachable.help(), token.help()], [shown; 3]);
        for text in [refused.to_string(), site.to_string(), unreachable.to_string(), token.to_string()] {
            assert!(text.contains(shown) && !text.contains(crate::text::is_steering), "{text:?}");
        }
    }
}
