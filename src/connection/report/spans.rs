//! What a run tells to `tracing`: a span for the run, one for each step inside it, and a line for each event.
//!
//! Targets and fields are part of the interface: [`manual::observability`](crate::manual::observability) lists them.
//! Nothing here has a secret, and texts from outside come cleaned in the events.

use std::time::Duration;

use serde::Serialize;
use tracing::{Span, field::Empty};

use crate::{
    connection::report::{
        event::{Event, EventKind, RunId, Verb},
        step::Step,
    },
    ids::TenantId,
    text::clean,
};

/// The target of runs and steps.
const TARGET: &str = "cmg_onboarding::run";

/// The span of a run. `connection` is the key of the specification, if the run has one.
pub(crate) fn of_run(run: RunId, verb: Verb, connection: Option<&str>) -> Span {
    let span = tracing::info_span!(target: TARGET, "run", %run, verb = name(verb), connection = Empty, tenant = Empty);
    if let Some(key) = connection {
        span.record("connection", clean(key));
    }
    span
}

/// Says in the span of a run which tenant it works on.
pub(crate) fn record_tenant(span: &Span, tenant: TenantId) {
    span.record("tenant", tracing::field::display(tenant));
}

/// The span of a step, inside the one of its run.
pub(crate) fn of_step(run: &Span, step: Step) -> Span {
    tracing::info_span!(target: TARGET, parent: run, "step", step = name(step))
}

/// The span of what the site does, inside the one of its run.
pub(crate) fn of_site(run: &Span) -> Span {
    tracing::info_span!(target: TARGET, parent: run, "site")
}

/// One line for an event. `lasted` is how long a step took, if the event ends one.
pub(crate) fn log(run: &Span, event: &Event, lasted: Option<Duration>) {
    let elapsed_ms = milliseconds(lasted.unwrap_or(event.elapsed));
    match &event.kind {
        EventKind::RunStarted { .. } => tracing::info!(target: TARGET, parent: run, "the run has begun"),
        EventKind::PlanMade { total } => tracing::debug!(target: TARGET, parent: run, total, elapsed_ms, "the plan is made"),
        EventKind::StepStarted { step, index, total, round } => {
            tracing::debug!(target: TARGET, parent: run, step = name(step), index, total, round, "a step has begun");
        }
        EventKind::WaitingForReplication {
            step,
            attempt,
            delay,
            code,
        } => {
            let delay_ms = milliseconds(*delay);
            tracing::debug!(target: TARGET, parent: run, step = name(step), attempt, delay_ms, code, "the directory does not show it yet");
        }
        EventKind::SecretTried { key_id, accepted } => {
            tracing::debug!(target: TARGET, parent: run, %key_id, ?accepted, "the new secret was tried out");
        }
        EventKind::Retried { step, retry } => {
            let (step, delay_ms) = (step.map(name), milliseconds(retry.delay));
            let (request, attempt, reason) = (&retry.request, retry.attempt, name(retry.reason));
            tracing::warn!(target: TARGET, parent: run, step, request, attempt, delay_ms, reason, "a request is repeated");
        }
        EventKind::StepDone { step, action, object, .. } => {
            let (step, action, object) = (name(step), name(action), object.as_deref());
            tracing::info!(target: TARGET, parent: run, step, action, object, elapsed_ms, "a step is done");
        }
        EventKind::StepSkipped { step, .. } => {
            tracing::debug!(target: TARGET, parent: run, step = name(step), "a step was not needed");
        }
        EventKind::StepFailed { step, error, trace, .. } => {
            let request_id = trace.as_ref().and_then(|trace| trace.request_id.as_deref());
            tracing::warn!(target: TARGET, parent: run, step = name(step), error, request_id, elapsed_ms, "a step failed");
        }
        EventKind::RunFinished { changed } => tracing::info!(target: TARGET, parent: run, changed, elapsed_ms, "the run has ended"),
        EventKind::RunFailed { error, .. } => tracing::warn!(target: TARGET, parent: run, error, elapsed_ms, "the run has failed"),
        EventKind::RunCancelled => tracing::warn!(target: TARGET, parent: run, elapsed_ms, "the run was cancelled"),
    }
}

/// A duration as whole milliseconds, as fields have it.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The name that a value has in JSON.
fn name(value: impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_whole_milliseconds() {
        assert_eq!(milliseconds(Duration::from_micros(1_234_567)), 1234);
        assert_eq!(milliseconds(Duration::MAX), u64::MAX);
    }
}
