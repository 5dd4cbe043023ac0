//! [`ExceededMaxWait`]: a run has waited for the directory as long as its policy allows.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use super::{Diagnostic, DirectoryError, RequestTrace};

/// The directory did not see in time what the run has just made. Its [`source`](Error::source) is the last refusal.
///
/// # Troubleshooting
///
/// Running the same specification again continues where this run stopped. If waits often come to their end, raise
/// [`WaitPolicy::with_deadline`](crate::WaitPolicy::with_deadline).
#[derive(Debug, Clone)]
pub struct ExceededMaxWait {
    max_wait: Duration,
    elapsed: Duration,
    poll_count: u32,
    last: DirectoryError,
}

impl ExceededMaxWait {
    /// Describes a wait of at most `max_wait` that ended after `elapsed` and `poll_count` attempts with `last`.
    #[must_use]
    pub const fn new(max_wait: Duration, elapsed: Duration, poll_count: u32, last: DirectoryError) -> Self {
        Self {
            max_wait,
            elapsed,
            poll_count,
            last,
        }
    }

    /// How long a wait may last.
    #[must_use]
    pub const fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// How long this one has lasted.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many attempts were made.
    #[must_use]
    pub const fn poll_count(&self) -> u32 {
        self.poll_count
    }

    /// The same, ending with what `change` makes of the last attempt.
    pub(crate) fn with_last(self, change: impl FnOnce(DirectoryError) -> DirectoryError) -> Self {
        Self {
            last: change(self.last),
            ..self
        }
    }

    /// What the last attempt came to.
    #[must_use]
    pub const fn last(&self) -> &DirectoryError {
        &self.last
    }
}

impl fmt::Display for ExceededMaxWait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "after {} attempts within {} s the directory still does not see what was just made",
            self.poll_count,
            self.elapsed.as_secs_f64().round()
        )
    }
}

impl Error for ExceededMaxWait {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.last)
    }
}

impl Diagnostic for ExceededMaxWait {
    fn code(&self) -> &'static str {
        "exceededMaxWait"
    }

    fn help(&self) -> Cow<'_, str> {
        self.last.help()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        self.last.trace()
    }

    fn is_retryable(&self) -> bool {
        true
    }
}
