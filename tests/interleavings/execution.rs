//! One execution: its runs are futures that are polled by hand, and nothing happens but by a choice.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use cmg_onboarding::{OnboardingError, Outcome};
use tokio::{task::yield_now, time::timeout};

use crate::{
    gate::{Fate, Touched},
    world::World,
};

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Choice {
    /// A request of a run goes through.
    Request(usize, String, Fate),
    /// A run is gone, as after a power cut.
    Death(usize),
    /// Time goes on until a run that waits for it is woken.
    Time,
}

impl Choice {
    /// Whether neither takes the other one away, or changes what the other one does by itself.
    pub(crate) fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Time, _) | (_, Self::Time) => false,
            // At most so many things go wrong.
            _ if self.is_trouble() && other.is_trouble() => false,
            (Self::Death(one), Self::Death(other) | Self::Request(other, ..)) | (Self::Request(other, ..), Self::Death(one)) => {
                one != other
            }
            (Self::Request(one, name, _), Self::Request(other, others, _)) => one != other || name != others,
        }
    }

    fn is_trouble(&self) -> bool {
        match self {
            Self::Request(_, _, fate) => *fate != Fate::Answered,
            Self::Death(_) => true,
            Self::Time => false,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(run, name, Fate::Answered) => write!(formatter, "run {run}: {name}"),
            Self::Request(run, name, fate) => write!(formatter, "run {run}: {name}, {fate:?}"),
            Self::Death(run) => write!(formatter, "run {run} dies"),
            Self::Time => formatter.write_str("time goes on"),
        }
    }
}

/// Whether a run is to be polled, and who is to be told of it.
#[derive(Default)]
struct Flag {
    is_up: AtomicBool,
    scheduler: Arc<Mutex<Option<Waker>>>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.is_up.store(true, Ordering::SeqCst);
        if let Some(scheduler) = self.scheduler.lock().unwrap().take() {
            scheduler.wake();
        }
    }
}

enum Run {
    Going(Pin<Box<dyn Future<Output = Result<Outcome, OnboardingError>>>>),
    Ended(Box<Result<Outcome, OnboardingError>>),
    Dead,
}

/// One execution.
pub(crate) struct Execution {
    world: World,
    runs: Vec<(Run, Arc<Flag>)>,
    scheduler: Arc<Mutex<Option<Waker>>>,
    path: Vec<Choice>,
    losses: u8,
    deaths: u8,
    /// Whether run 0 has written anything: before, its death leaves nothing behind.
    has_written: bool,
    preemptions: Option<u8>,
    last: Option<usize>,
}

impl Execution {
    /// Lets every run go to its first requests.
    pub(crate) async fn begin(world: World) -> Self {
        let scheduler: Arc<Mutex<Option<Waker>>> = Arc::default();
        let runs = (0..world.scenario.runs).map(|number| {
            let job = world.run(number);
            let flag = Flag {
                is_up: true.into(),
                scheduler: Arc::clone(&scheduler),
            };
            let going = Box::pin(async move { job.onboard(|_| ()).await });
            (Run::Going(going), Arc::new(flag))
        });
        let mut execution = Self {
            runs: runs.collect(),
            scheduler,
            path: Vec::new(),
            losses: world.scenario.losses,
            deaths: world.scenario.deaths,
            has_written: false,
            preemptions: world.scenario.preemptions,
            last: None,
            world,
        };
        execution.settle().await;
        execution
    }

    pub(crate) fn path(&self) -> &[Choice] {
        &self.path
    }

    /// The way here, for people.
    pub(crate) fn case(&self) -> String {
        let lines: Vec<String> = self.path.iter().map(|choice| format!("  {choice}")).collect();
        format!("{:?}\n{}", self.world.scenario, lines.join("\n"))
    }

    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn is_going(&self, run: usize) -> bool {
        matches!(self.runs[run].0, Run::Going(_))
    }

    /// What a run has ended with.
    pub(crate) fn result(&self, run: usize) -> Option<&Result<Outcome, OnboardingError>> {
        match &self.runs[run].0 {
            Run::Ended(result) => Some(result),
            _ => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        !self.runs.iter().any(|(run, _)| matches!(run, Run::Going(_)))
    }

    /// Everything that can happen now.
    pub(crate) fn choices(&self) -> Vec<(Choice, Touched)> {
        let waiting = self.world.gates.waiting();
        let can_go_on = |number: usize| waiting.iter().any(|(run, ..)| *run == number);
        // The runs are alike: without trouble, run 0 begins.
        let are_alike = self.losses + self.deaths == 0 && self.path.is_empty();
        let may_go = |number: usize| match (self.preemptions, self.last) {
            _ if are_alike => number == 0,
            (Some(0), Some(last)) => number == last || !can_go_on(last),
            _ => true,
        };
        let mut choices = Vec::new();
        let mut last_run = None;
        for (run, name, touched) in &waiting {
            let is_first = last_run.replace(*run) != Some(*run);
            if !may_go(*run) || (!self.world.scenario.any_own_order && !is_first) {
                continue;
            }
            choices.push((Choice::Request(*run, name.clone(), Fate::Answered), touched.clone()));
            let may_be_lost = self.losses > 0 && *run == 0 && touched.is_write() && !touched.writes.iter().any(|what| what == "site");
            if may_be_lost {
                for fate in [Fate::LostBefore, Fate::LostAfter] {
                    choices.push((Choice::Request(*run, name.clone(), fate), touched.clone()));
                }
            }
        }
        let waits_for_time = (0..self.runs.len()).any(|number| self.is_going(number) && !can_go_on(number));
        if waits_for_time && (self.preemptions.is_none() || waiting.is_empty()) {
            choices.push((Choice::Time, Touched::default()));
        }
        if self.deaths > 0 && self.has_written && self.is_going(0) {
            choices.push((Choice::Death(0), Touched::default()));
        }
        choices
    }

    /// Makes a choice, and lets the runs go on to their next requests.
    pub(crate) async fn make(&mut self, choice: Choice) {
        match &choice {
            Choice::Request(run, name, fate) => {
                let waiting = self.world.gates.waiting();
                let touched = waiting
                    .iter()
                    .find(|(other, its, _)| other == run && its == name)
                    .map(|(.., touched)| touched);
                self.has_written |= *run == 0 && touched.is_some_and(Touched::is_write);
                if let (Some(left), Some(last)) = (&mut self.preemptions, self.last)
                    && last != *run
                    && waiting.iter().any(|(other, ..)| *other == last)
                {
                    *left -= 1;
                }
                self.losses -= u8::from(*fate != Fate::Answered);
                self.last = Some(*run);
                self.world.gates.open(*run, name, *fate);
            }
            Choice::Death(run) => {
                self.deaths -= 1;
                self.runs[*run].0 = Run::Dead;
            }
            Choice::Time => self.let_time_pass().await,
        }
        self.path.push(choice);
        self.settle().await;
    }

    /// Polls every run until none can go on by itself.
    async fn settle(&mut self) {
        loop {
            for (run, flag) in &mut self.runs {
                if let Run::Going(going) = run
                    && flag.is_up.swap(false, Ordering::SeqCst)
                {
                    let waker = Waker::from(Arc::clone(flag));
                    if let Poll::Ready(result) = going.as_mut().poll(&mut Context::from_waker(&waker)) {
                        *run = Run::Ended(Box::new(result));
                    }
                }
            }
            // Wakers that tokio has put off are woken now.
            yield_now().await;
            if !self.is_any_woken() {
                return;
            }
        }
    }

    fn is_any_woken(&self) -> bool {
        self.runs
            .iter()
            .any(|(run, flag)| matches!(run, Run::Going(_)) && flag.is_up.load(Ordering::SeqCst))
    }

    async fn let_time_pass(&self) {
        let woken = poll_fn(|context| {
            if self.is_any_woken() {
                return Poll::Ready(());
            }
            *self.scheduler.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        });
        let in_time = timeout(Duration::from_secs(3_600), woken).await;
        assert!(in_time.is_ok(), "a run waits for nothing: {}", self.case());
    }

    /// Everything that the further course depends on, as text.
    pub(crate) fn key(&self) -> String {
        let runs: Vec<char> = self
            .runs
            .iter()
            .map(|(run, _)| match run {
                Run::Going(_) => 'g',
                Run::Ended(result) if result.is_ok() => 'k',
                Run::Ended(_) => 'f',
                Run::Dead => 'd',
            })
            .collect();
        let last = self.preemptions.map(|left| (left, self.last));
        let (directory, heard) = (self.world.directory.key(), self.world.gates.heard());
        format!(
            "{runs:?} {} {} {} {last:?} {} {directory} {heard}",
            self.losses,
            self.deaths,
            self.has_written,
            self.world.directory.elapsed()
        )
    }

    /// What holds at every moment: the secret that the site holds is there.
    pub(crate) fn check_step(&self) {
        let Some((app, held)) = self.world.gates.held() else { return };
        let live = self.world.directory.secrets_of(app);
        assert!(
            live.iter().any(|(_, text)| *text == held),
            "the secret that the site holds was removed: {}",
            self.case()
        );
    }

    /// What holds at the end, after the next run if one of these has died or failed. Tells whether secrets are left that
    /// nothing tells apart.
    pub(crate) async fn check_end(&self) -> bool {
        let mut told = Vec::new();
        let mut is_whole = true;
        for (number, (run, _)) in self.runs.iter().enumerate() {
            match run {
                Run::Ended(result) => match result.as_ref() {
                    Ok(outcome) => told.extend(outcome.secret.as_ref().map(|secret| secret.value.expose().to_owned())),
                    Err(error) => {
                        let is_hit = number == 0 && self.losses < self.world.scenario.losses;
                        assert!(is_hit, "run {number} failed: {error:#?}\n{}", self.case());
                        is_whole = false;
                    }
                },
                _ => is_whole = false,
            }
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        let app = self.world.directory.server_app();
        let live = |text: &String| app.is_some_and(|app| self.world.directory.secrets_of(app).iter().any(|(_, live)| live == text));
        assert!(told.len() <= 1, "two runs say that theirs is the secret in use: {}", self.case());
        assert!(
            told.iter().all(live),
            "a run has ended with a secret that is no more: {}",
            self.case()
        );
        if self.world.scenario.with_site {
            let held = self.world.gates.held();
            assert!(
                told.iter().all(|told| held.as_ref().is_some_and(|(_, held)| held == told)),
                "{}",
                self.case()
            );
        }
        if !is_whole {
            let mended = self.world.alone().onboard(|_| ()).await;
            mended.unwrap_or_else(|error| panic!("the next run failed: {error:#?}\n{}", self.case()));
            tokio::time::sleep(Duration::from_secs(120)).await;
        }
        self.check_whole(is_whole, &told).await
    }

    async fn check_whole(&self, is_first: bool, told: &[String]) -> bool {
        self.world.directory.assert_nothing_twice(&|| self.case());
        let discovers = self.world.scenario.with_discovery;
        assert_eq!(self.world.directory.counts(), [2, 2, 2, usize::from(discovers)], "{}", self.case());
        let app = self.world.directory.server_app().unwrap();
        let secrets = self.world.directory.secrets_of(app);
        if self.world.scenario.with_site {
            let (holder, held) = self
                .world
                .held()
                .unwrap_or_else(|| panic!("the site holds no secret: {}", self.case()));
            assert_eq!(holder, app, "{}", self.case());
            assert!(secrets.iter().any(|(_, text)| *text == held), "{}", self.case());
        } else if is_first {
            assert_eq!(told.len(), 1, "no run has the secret: {}", self.case());
        }
        let plan = self.world.alone().plan(|_| ()).await.unwrap();
        assert!(plan.is_empty(), "{plan}\n{}", self.case());
        if self.world.scenario.with_site && secrets.len() > 1 {
            return true;
        }
        assert_eq!(secrets.len(), 1, "{}", self.case());
        false
    }
}
