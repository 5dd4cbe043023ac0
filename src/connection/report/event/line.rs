//! One line of English for each event.

use std::{fmt, time::Duration};

use super::{Event, EventKind, NO_ANSWER, REGISTERED_AND_DELETED, UNEXPECTED_ANSWER};
use crate::text::clean;

/// One line, without the time.
impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(formatter)
    }
}

/// One line.
impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunStarted { verb } => write!(formatter, "the run has begun: {verb}"),
            Self::PlanMade { total: 1 } => formatter.write_str("the plan is made, with 1 step"),
            Self::PlanMade { total } => write!(formatter, "the plan is made, with {total} steps"),
            Self::StepStarted { step, index, total, .. } => write!(formatter, "{index} of {total}: {step}"),
            Self::WaitingForReplication { step, delay, code, .. } => {
                write!(formatter, "{step}: {}; again in {}", waited_for(code), seconds(*delay))
            }
            Self::SecretTried { accepted, .. } => formatter.write_str(match accepted {
                Some(true) => "the new secret signs in",
                Some(false) => "the new secret does not sign in",
                None => "it is not known whether the new secret signs in",
            }),
            Self::Retried { retry, .. } => {
                write!(
                    formatter,
                    "{}: {}; again in {}",
                    clean(&retry.request),
                    retry.reason,
                    seconds(retry.delay)
                )
            }
            Self::StepDone {
                step,
                index,
                total,
                action,
                ..
            } => write!(formatter, "{index} of {total}: {step}: {action}"),
            Self::StepSkipped { step, index, total, .. } => write!(formatter, "{index} of {total}: {step}: not needed"),
            Self::StepFailed {
                step, index, total, error, ..
            } => write!(formatter, "{index} of {total}: {step}: failed: {}", clean(error)),
            Self::RunFinished { changed: true } => formatter.write_str("the run has ended"),
            Self::RunFinished { changed: false } => formatter.write_str("the run has ended and changed nothing"),
            Self::RunFailed { error, .. } => write!(formatter, "the run has failed: {}", clean(error)),
            Self::RunCancelled => formatter.write_str("the run was cancelled"),
        }
    }
}

/// Why a step waits.
fn waited_for(code: &str) -> String {
    match code {
        NO_ANSWER => "no answer came".to_owned(),
        REGISTERED_AND_DELETED => "the directory has the app both as registered and as deleted".to_owned(),
        UNEXPECTED_ANSWER => "the answer could not be used".to_owned(),
        code => format!("not yet ({})", clean(code)),
    }
}

/// A wait as a person reads it.
fn seconds(wait: Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        call::{Retry, RetryReason},
        connection::{Step, StepAction, Verb},
        ids::KeyId,
    };

    #[test]
    fn every_kind_of_event_is_one_line_of_its_own() {
        let (step, index, total, round) = (Step::RegisterServerApp, 1, 18, 1);
        let tried = |accepted| EventKind::SecretTried {
            key_id: KeyId::from(uuid::Uuid::nil()),
            accepted,
        };
        let waiting = |code: &str| EventKind::WaitingForReplication {
            step,
            attempt: 1,
            delay: Duration::from_micros(998_848),
            code: code.to_owned(),
        };
        let kinds = [
            EventKind::RunStarted { verb: Verb::Onboard },
            EventKind::PlanMade { total: 1 },
            EventKind::PlanMade { total },
            EventKind::StepStarted { step, index, total, round },
            waiting("not\u{1b}Visible"),
            waiting(NO_ANSWER),
            waiting(REGISTERED_AND_DELETED),
            waiting(UNEXPECTED_ANSWER),
            tried(Some(true)),
            tried(Some(false)),
            tried(None),
            EventKind::Retried {
                step: None,
                retry: Retry::new("GET\u{202e}/organization", 1, Duration::from_secs(2), RetryReason::Throttled),
            },
            EventKind::StepDone {
                step,
                index,
                total,
                round,
                action: StepAction::Created,
                object: None,
            },
            EventKind::StepSkipped { step, index, total, round },
            EventKind::StepFailed {
                step,
                index,
                total,
                round,
                error: "the directory\nrefused it".to_owned(),
                help: "Ask for the role.".to_owned(),
                trace: None,
            },
            EventKind::RunFinished { changed: true },
            EventKind::RunFinished { changed: false },
            EventKind::RunFailed {
                error: "the site\rcould not be read".to_owned(),
                help: "Sign in.".to_owned(),
            },
            EventKind::RunCancelled,
        ];
        let lines: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        the run has begun: onboard
        the plan is made, with 1 step
        the plan is made, with 18 steps
        1 of 18: Register the web (server) app
        Register the web (server) app: not yet (not Visible); again in 1.0 s
        Register the web (server) app: no answer came; again in 1.0 s
        Register the web (server) app: the directory has the app both as registered and as deleted; again in 1.0 s
        Register the web (server) app: the answer could not be used; again in 1.0 s
        the new secret signs in
        the new secret does not sign in
        it is not known whether the new secret signs in
        GET /organization: the service asked to slow down; again in 2.0 s
        1 of 18: Register the web (server) app: created
        1 of 18: Register the web (server) app: not needed
        1 of 18: Register the web (server) app: failed: the directory refused it
        the run has ended
        the run has ended and changed nothing
        the run has failed: the site could not be read
        the run was cancelled
        ");
    }
}
