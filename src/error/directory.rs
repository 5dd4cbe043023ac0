//! [`DirectoryError`], what can go wrong on the Entra side, and [`NotSupported`] for what an implementation
//! does not offer.

use std::borrow::Cow;

use super::{Diagnostic, Effect, ExceededMaxWait, NotVisible, RefusalReason, Refused, TokenError, UnexpectedAnswer, Unreachable};

/// An implementation does not offer an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{implementer} does not offer the operation {operation}")]
pub struct NotSupported {
    operation: &'static str,
    implementer: &'static str,
}

impl NotSupported {
    /// Names the operation, and the type that does not offer it.
    #[must_use]
    pub const fn new(operation: &'static str, implementer: &'static str) -> Self {
        Self { operation, implementer }
    }

    /// The operation.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// The type that does not offer it.
    #[must_use]
    pub const fn implementer(&self) -> &'static str {
        self.implementer
    }
}

impl Diagnostic for NotSupported {
    fn code(&self) -> &'static str {
        "notSupported"
    }

    fn help(&self) -> Cow<'_, str> {
        format!(
            "Use another implementation than {}, one that offers the operation {}.",
            self.implementer, self.operation
        )
        .into()
    }
}

/// What can go wrong on the Entra side.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// No token could be had.
    #[error("signing in failed")]
    Token(#[source] TokenError),
    /// The directory answered no.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// The directory was not reached.
    #[error(transparent)]
    Unreachable(Box<Unreachable>),
    /// The answer cannot be used.
    #[error(transparent)]
    UnexpectedAnswer(Box<UnexpectedAnswer>),
    /// The implementation does not offer this.
    #[error(transparent)]
    NotSupported(NotSupported),
    /// The directory answered, and its answer does not show what must be there.
    #[error(transparent)]
    NotVisible(NotVisible),
    /// The run has waited as long as the [`WaitPolicy`](crate::WaitPolicy) allows.
    #[error(transparent)]
    ExceededMaxWait(Box<ExceededMaxWait>),
}

impl DirectoryError {
    fn diagnostic(&self) -> &dyn Diagnostic {
        match self {
            Self::Token(error) => error,
            Self::Refused(error) => error.as_ref(),
            Self::Unreachable(error) => error.as_ref(),
            Self::UnexpectedAnswer(error) => error.as_ref(),
            Self::NotSupported(error) => error,
            Self::NotVisible(error) => error,
            Self::ExceededMaxWait(error) => error.as_ref(),
        }
    }

    /// The reason of a refusal, also of the last one of a wait; `None` if the directory did not refuse.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::Refused(error) => Some(error.reason()),
            Self::ExceededMaxWait(error) => error.last().refusal(),
            _ => None,
        }
    }

    /// Whether waiting can help, provided that the object was made by the same run. See [`Refused::may_be_replication`].
    #[must_use]
    pub fn may_be_replication(&self) -> bool {
        match self {
            Self::Refused(error) => error.may_be_replication(),
            Self::NotVisible(_) => true,
            Self::ExceededMaxWait(error) => error.last().may_be_replication(),
            _ => false,
        }
    }

    /// Whether the request may have been carried out although it failed, so that the caller must look before repeating it.
    ///
    /// Of a write that was sent more than once, any attempt counts, and not only the last one: after a lost answer neither a
    /// refused connection nor a refusal nor a failed sign-in says that nothing was done.
    #[must_use]
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Unreachable(error) => error.may_have_been_carried_out(),
            Self::UnexpectedAnswer(_) => true,
            Self::Refused(error) => error.effect() == Effect::Unknown,
            Self::ExceededMaxWait(error) => error.last().may_have_been_carried_out(),
            Self::Token(error) => error.follows_lost_write(),
            Self::NotSupported(_) | Self::NotVisible(_) => false,
        }
    }

    /// This error of a write, after which a look has failed, too. The look's own error if it is certain that nothing was
    /// written: it then says more of what stands in the way.
    pub(crate) fn unless_certain(self, of_look: Self) -> Self {
        if self.may_have_been_carried_out() { self } else { of_look }
    }

    /// The same after a write that may have been carried out: what comes after it does not undo that.
    pub(crate) fn after_lost_write(self) -> Self {
        match self {
            Self::Token(error) => error.after_lost_write().into(),
            Self::Refused(error) => error.with_effect(Effect::Unknown).into(),
            Self::Unreachable(error) => error.after_lost_write().into(),
            Self::ExceededMaxWait(error) => error.with_last(Self::after_lost_write).into(),
            other @ (Self::UnexpectedAnswer(_) | Self::NotSupported(_) | Self::NotVisible(_)) => other,
        }
    }
}

impl Diagnostic for DirectoryError {
    fn code(&self) -> &'static str {
        self.diagnostic().code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.diagnostic().help()
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        Some(self.diagnostic())
    }
}

impl From<Refused> for DirectoryError {
    fn from(error: Refused) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<Unreachable> for DirectoryError {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(Box::new(error))
    }
}

impl From<UnexpectedAnswer> for DirectoryError {
    fn from(error: UnexpectedAnswer) -> Self {
        Self::UnexpectedAnswer(Box::new(error))
    }
}

impl From<TokenError> for DirectoryError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<ExceededMaxWait> for DirectoryError {
    fn from(error: ExceededMaxWait) -> Self {
        Self::ExceededMaxWait(Box::new(error))
    }
}

impl From<NotSupported> for DirectoryError {
    fn from(error: NotSupported) -> Self {
        Self::NotSupported(error)
    }
}

impl From<NotVisible> for DirectoryError {
    fn from(error: NotVisible) -> Self {
        Self::NotVisible(error)
    }
}
