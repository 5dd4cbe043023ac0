//! [`Diagnostic`], the trait of all public errors of this crate.
//!
//! A front end needs only this trait to show an error: a code for its own texts, a help text, the ids of the
//! request, and whether to offer a repetition.

use std::{borrow::Cow, error::Error};

use super::RequestTrace;

/// What every public error of this crate tells beside its text: a stable code, what to do about it, which request it was,
/// and whether repeating helps.
///
/// An error that carries another one answers for it: the code of an [`OnboardingError`](crate::OnboardingError) is that of
/// the refusal at its bottom.
///
/// ```
/// use cmg_onboarding::{Diagnostic, SecretValidity};
///
/// let error = "threeYears".parse::<SecretValidity>().unwrap_err();
/// assert_eq!(error.code(), "invalidSecretValidity");
/// assert!(error.help().contains("oneYear or twoYears"));
/// assert!(error.trace().is_none() && !error.is_retryable());
/// ```
pub trait Diagnostic: Error {
    /// What went wrong, for programs: a name in camelCase, as every other code in this crate's JSON. It is stable.
    fn code(&self) -> &'static str;

    /// What to do about it, in whole sentences: what to change, in which place, and who may change it.
    fn help(&self) -> Cow<'_, str>;

    /// The error that this one carries and that answers for it; `None` for one that answers for itself.
    fn carried(&self) -> Option<&dyn Diagnostic> {
        None
    }

    /// Which request it was, if one was sent. Microsoft's support asks for its ids and its date. Default: that of
    /// [`carried`](Self::carried).
    fn trace(&self) -> Option<&RequestTrace> {
        self.carried().and_then(Diagnostic::trace)
    }

    /// Whether the same call, repeated later, may succeed with nothing changed by a person: the network was down, a
    /// service was in trouble or too busy, the directory has not caught up yet. Default: that of
    /// [`carried`](Self::carried).
    fn is_retryable(&self) -> bool {
        self.carried().is_some_and(Diagnostic::is_retryable)
    }
}
