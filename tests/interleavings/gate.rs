//! The gate before each request: it waits there until the scheduler lets it through, and the scheduler says what becomes
//! of its answer.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use cmg_onboarding::ApplicationId;

/// A digest that is the same in every execution.
pub(crate) fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What a request reads and writes, by names; two requests that write nothing which the other one touches commute.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touched {
    pub(crate) reads: Vec<String>,
    pub(crate) writes: Vec<String>,
}

impl Touched {
    pub(crate) fn read(what: impl Into<String>) -> Self {
        Self {
            reads: vec![what.into()],
            writes: Vec::new(),
        }
    }

    pub(crate) fn written(what: impl Into<String>) -> Self {
        Self {
            reads: Vec::new(),
            writes: vec![what.into()],
        }
    }

    pub(crate) fn commutes_with(&self, other: &Self) -> bool {
        let touches = |one: &Self, what: &String| one.reads.contains(what) || one.writes.contains(what);
        !self.writes.iter().any(|what| touches(other, what)) && !other.writes.iter().any(|what| touches(self, what))
    }

    pub(crate) const fn is_write(&self) -> bool {
        !self.writes.is_empty()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Answered,
    /// It never arrives, and its sender cannot know that.
    LostBefore,
    /// It is carried out, and its sender never hears of it.
    LostAfter,
}

/// The gate of all runs of one execution.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
    /// Digests of what each run has heard, by request: a run's further course depends on nothing else.
    heard: BTreeMap<(usize, String), Vec<u64>>,
    /// What the site holds, and the secret that it has taken.
    site: (u64, Option<(ApplicationId, String)>),
}

#[derive(Debug)]
struct Waiting {
    run: usize,
    name: String,
    touched: Touched,
    fate: Option<Fate>,
    waker: Option<Waker>,
}

impl Gates {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// One run's side of the gate.
    pub(crate) fn of_run(&self, run: usize) -> Gate {
        Gate(Some((self.clone(), run)))
    }

    /// The requests that wait, as run, name and what they touch.
    pub(crate) fn waiting(&self) -> Vec<(usize, String, Touched)> {
        let inner = self.inner();
        let waiting = inner.waiting.values().filter(|waiting| waiting.fate.is_none());
        let mut all: Vec<_> = waiting
            .map(|waiting| (waiting.run, waiting.name.clone(), waiting.touched.clone()))
            .collect();
        all.sort();
        all
    }

    /// Lets one request through.
    pub(crate) fn open(&self, run: usize, name: &str, fate: Fate) {
        let mut inner = self.inner();
        let meant = |waiting: &&mut Waiting| waiting.run == run && waiting.name == name && waiting.fate.is_none();
        let waiting = inner.waiting.values_mut().find(meant);
        let waiting = waiting.unwrap_or_else(|| panic!("run {run} has no request {name} that waits"));
        waiting.fate = Some(fate);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }

    /// What every run has heard so far, and what the site holds, as text.
    pub(crate) fn heard(&self) -> String {
        let inner = self.inner();
        format!("{:?} {:?}", inner.heard, inner.site)
    }

    /// Notes what the site holds.
    pub(crate) fn note_site(&self, digest: u64, held: Option<(ApplicationId, String)>) {
        self.inner().site = (digest, held);
    }

    /// The app of the site's row, and the secret that the site holds for it.
    pub(crate) fn held(&self) -> Option<(ApplicationId, String)> {
        self.inner().site.1.clone()
    }
}

/// One run's side of the gate; without a run everything passes.
#[derive(Clone, Default)]
pub(crate) struct Gate(Option<(Gates, usize)>);

impl Gate {
    /// Waits until the request may go on.
    pub(crate) async fn pass(&self, name: &str, touched: Touched) -> Fate {
        let Some((gates, run)) = &self.0 else { return Fate::Answered };
        let number = {
            let mut inner = gates.inner();
            inner.next += 1;
            let number = inner.next;
            inner.waiting.insert(
                number,
                Waiting {
                    run: *run,
                    name: name.to_owned(),
                    touched,
                    fate: None,
                    waker: None,
                },
            );
            number
        };
        Passing { gates, number }.await
    }

    /// Notes what the run is about to hear.
    pub(crate) fn told(&self, name: &str, answer: u64) {
        if let Some((gates, run)) = &self.0 {
            gates.inner().heard.entry((*run, name.to_owned())).or_default().push(answer);
        }
    }

    /// The gate of all runs, if there is one.
    pub(crate) fn of_all(&self) -> Option<&Gates> {
        self.0.as_ref().map(|(gates, _)| gates)
    }

    /// The run's number; a run without a gate has one of its own.
    pub(crate) fn run(&self) -> usize {
        self.0.as_ref().map_or(90, |(_, run)| *run)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the gate of run {}", self.run())
    }
}

/// A request that waits. It is forgotten if its run dies.
struct Passing<'a> {
    gates: &'a Gates,
    number: u64,
}

impl Future for Passing<'_> {
    type Output = Fate;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fate> {
        let mut inner = self.gates.inner();
        let waiting = inner.waiting.get_mut(&self.number).unwrap();
        match waiting.fate {
            Some(fate) => Poll::Ready(fate),
            None => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        self.gates.inner().waiting.remove(&self.number);
    }
}
