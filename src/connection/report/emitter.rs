//! Turns what happens in a run into its events, in order, for the caller's callback.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::poll_fn;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use crate::{
    call::{Call, CallEvent, CallEvents, Tag},
    clock::Clock,
    connection::report::{
        error::OnboardingError,
        event::{Event, EventKind, RunId, Verb, current_version},
        outcome::Outcome,
        read_error::CANCELLED,
        spans,
        step::Step,
    },
    error::{Diagnostic, RequestTrace},
    ids::TenantId,
};

/// The events of one run. It begins with the run and tells of its end, at the latest when it is dropped.
pub(crate) struct Emitter<'a> {
    /// The caller's callback.
    listener: &'a (dyn Fn(&Event) + Send + Sync),
    clock: &'a dyn Clock,
    run: RunId,
    started: Instant,
    has_ended: AtomicBool,
    sequence: Mutex<u64>,
    /// What calls tell comes by this channel and is passed on before anything that happens after it.
    call: Call,
    received: Mutex<CallEvents>,
    /// The writes of each step, by request.
    writes: Mutex<BTreeMap<Step, Vec<RequestTrace>>>,
    /// When each step began that has not ended.
    open: Mutex<BTreeMap<Step, Instant>>,
    span: Span,
}

impl<'a> Emitter<'a> {
    /// Begins a run and tells so. `connection` is the key of the specification, if the run has one.
    pub(crate) fn begin(verb: Verb, connection: Option<&str>, listener: &'a (dyn Fn(&Event) + Send + Sync), clock: &'a dyn Clock) -> Self {
        let (call, received) = Call::channel();
        let run = RunId::new();
        let emitter = Self {
            listener,
            clock,
            run,
            started: Instant::now(),
            has_ended: AtomicBool::new(false),
            sequence: Mutex::new(0),
            call,
            received: Mutex::new(received),
            writes: Mutex::default(),
            open: Mutex::default(),
            span: spans::of_run(run, verb, connection),
        };
        emitter.emit(EventKind::RunStarted { verb });
        emitter
    }

    /// Which run it is.
    pub(crate) const fn run(&self) -> RunId {
        self.run
    }

    /// A call whose events are told as those of a step, or of none while tenant and site are being read.
    pub(crate) fn call(&self, step: impl Into<Option<Step>>) -> Call {
        self.call.tagged(tag_of(step.into()))
    }

    /// Says which tenant the run works on.
    pub(crate) fn tenant(&self, tenant: TenantId) {
        spans::record_tenant(&self.span, tenant);
    }

    /// Drives the work of one step inside the step's span.
    pub(crate) fn step_of<T>(&self, step: Step, work: impl Future<Output = T>) -> impl Future<Output = T> {
        work.instrument(spans::of_step(&self.span, step))
    }

    /// Drives the site's work inside a span of its own: the site does all of its items in one go.
    pub(crate) fn site<T>(&self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        work.instrument(spans::of_site(&self.span))
    }

    /// Drives the work inside the span of the run, and passes on what its calls tell as soon as they tell it.
    pub(crate) async fn listening<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work.instrument(self.span.clone()));
        poll_fn(|context| {
            let result = work.as_mut().poll(context);
            self.poll_received(context);
            result
        })
        .await
    }

    /// Tells of something that happened, after all that calls have told before.
    pub(crate) fn emit(&self, kind: EventKind) {
        while let Some((tag, event)) = lock(&self.received).try_next_tagged() {
            self.receive(tag, event);
        }
        self.send(kind);
    }

    /// Tells of the end of the run. A second end is ignored.
    pub(crate) fn end(&self, kind: EventKind) {
        if !self.has_ended.swap(true, Ordering::Relaxed) {
            self.emit(kind);
        }
    }

    /// How long the run has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells how a run ended that writes nothing.
    pub(crate) fn end_of_reading<T, E: Diagnostic>(&self, result: &Result<T, E>) {
        self.end(match result {
            Ok(_) => EventKind::RunFinished { changed: false },
            Err(error) if error.code() == CANCELLED => EventKind::RunCancelled,
            Err(error) => EventKind::RunFailed {
                error: crate::error::chain(error),
                help: error.help().into_owned(),
            },
        });
    }

    /// Tells how a run ended that may have changed something.
    pub(crate) fn end_of_run(&self, result: &Result<Outcome, OnboardingError>) {
        match result {
            Ok(outcome) => self.end(EventKind::RunFinished { changed: outcome.changed }),
            Err(_) => self.end_of_reading(result),
        }
    }

    /// The writes that a step has sent so far.
    pub(crate) fn writes_of(&self, step: Step) -> Vec<RequestTrace> {
        while let Some((tag, event)) = lock(&self.received).try_next_tagged() {
            self.receive(tag, event);
        }
        lock(&self.writes).get(&step).cloned().unwrap_or_default()
    }

    /// Keeps what a write of a step was answered with.
    pub(crate) fn answered(&self, step: Step, trace: RequestTrace) {
        if trace.method != "GET" {
            lock(&self.writes).entry(step).or_default().push(trace);
        }
    }

    fn poll_received(&self, context: &mut Context<'_>) {
        loop {
            let next = lock(&self.received).poll_next_tagged(context);
            let Poll::Ready(Some((tag, event))) = next else { return };
            self.receive(tag, event);
        }
    }

    fn receive(&self, tag: Tag, event: CallEvent) {
        let step = step_of(tag);
        match event {
            CallEvent::Retried(retry) => self.send(EventKind::Retried { step, retry }),
            CallEvent::Answered(trace) => {
                if let Some(step) = step {
                    self.answered(step, trace);
                }
            }
            // The import listens to its own call.
            CallEvent::Progress(_) => {}
        }
    }

    fn send(&self, kind: EventKind) {
        let event = {
            let mut sequence = lock(&self.sequence);
            *sequence += 1;
            Event {
                version: current_version(),
                run: self.run,
                sequence: *sequence,
                at: self.clock.now(),
                elapsed: self.elapsed(),
                kind,
            }
        };
        spans::log(&self.span, &event, self.lasted(&event.kind));
        (self.listener)(&event);
    }

    /// How long a step took, if the event ends one.
    fn lasted(&self, kind: &EventKind) -> Option<Duration> {
        match kind {
            EventKind::StepStarted { step, .. } => {
                lock(&self.open).insert(*step, Instant::now());
                None
            }
            EventKind::StepDone { step, .. } | EventKind::StepFailed { step, .. } | EventKind::StepSkipped { step, .. } => {
                lock(&self.open).remove(step).map(|began| began.elapsed())
            }
            _ => None,
        }
    }
}

impl Drop for Emitter<'_> {
    fn drop(&mut self) {
        self.end(EventKind::RunCancelled);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tag_of(step: Option<Step>) -> Tag {
    let position = step.and_then(|step| Step::ALL.iter().position(|other| *other == step));
    position.map_or(0, |position| Tag::try_from(position + 1).unwrap_or_default())
}

fn step_of(tag: Tag) -> Option<Step> {
    Step::ALL.get(usize::from(tag).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_tag_of_its_own() {
        for step in Step::ALL.iter().copied() {
            assert_eq!(step_of(tag_of(Some(step))), Some(step));
        }
        assert_eq!(step_of(tag_of(None)), None);
    }
}
