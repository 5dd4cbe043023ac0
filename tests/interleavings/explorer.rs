//! Explores what a scheduler can do, depth first: each execution replays the choices that lead to a state and goes on from
//! there, along one way, until it meets a state that it has seen.
//!
//! Two prefixes lead to the same state if directory and site hold the same, and each run has heard the same answers: what
//! a run does next depends on nothing else. Chance is taken out beforehand, and an id says which run has made the object.
//!
//! Requests that touch different things commute, so that only one of their two orders is followed (sleep sets, which keep
//! every state; with states remembered as by Godefroid, Holzmann and Pirottin, 1995). `REDUCTION=off` follows both, and
//! must find as many states.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use crate::{
    execution::{Choice, Execution},
    gate::{Touched, digest},
    world::{Scenario, World},
};

/// Choices that need not be made in a state, because what they lead to is reached another way.
type Sleep = BTreeMap<Choice, Touched>;

/// What was explored.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    /// Different states.
    pub(crate) states: usize,
    /// Executions from the beginning.
    pub(crate) executions: usize,
    /// Executions that came to an end of their own, and not to a state that was seen before.
    pub(crate) ended: usize,
    /// Ends of an execution with more than one secret, which the next run leaves alone because it cannot tell them apart.
    pub(crate) untold: usize,
}

/// Explores everything that can happen, and checks what must hold after each step and at each end.
pub(crate) fn explore(scenario: Scenario) -> Tally {
    let reduces = std::env::var("REDUCTION").map_or(true, |reduction| reduction != "off");
    let mut explorer = Explorer {
        scenario,
        reduces,
        seen: HashMap::new(),
        open: vec![(Vec::new(), Sleep::new())],
        tally: Tally::default(),
    };
    while let Some((prefix, sleep)) = explorer.open.pop() {
        crate::runtime().block_on(explorer.execute(prefix, sleep));
    }
    explorer.tally.states = explorer.seen.len();
    explorer.tally
}

struct Explorer {
    scenario: Scenario,
    reduces: bool,
    seen: HashMap<u128, Sleep>,
    open: Vec<(Vec<Choice>, Sleep)>,
    tally: Tally,
}

impl Explorer {
    async fn execute(&mut self, prefix: Vec<Choice>, mut sleep: Sleep) {
        self.tally.executions += 1;
        let world = World::new(self.scenario).await;
        let mut execution = Execution::begin(world).await;
        for choice in prefix {
            execution.make(choice).await;
        }
        execution.check_step();
        while !execution.is_over() {
            let ways = self.ways(&execution, &sleep);
            let mut done = sleep.clone();
            let mut own = None;
            for (choice, touched) in ways {
                let its_sleep: Sleep = done
                    .iter()
                    .filter(|(slept, its)| commute((slept, its), (&choice, &touched)))
                    .map(clone)
                    .collect();
                if self.reduces {
                    done.insert(choice.clone(), touched);
                }
                if own.is_none() {
                    own = Some((choice, its_sleep));
                } else {
                    let mut prefix = execution.path().to_vec();
                    prefix.push(choice);
                    self.open.push((prefix, its_sleep));
                }
            }
            let Some((choice, its_sleep)) = own else { return };
            sleep = its_sleep;
            execution.make(choice).await;
            execution.check_step();
        }
        self.tally.ended += 1;
        self.tally.untold += usize::from(execution.check_end().await);
    }

    /// The choices that are still to be followed from a state.
    fn ways(&mut self, execution: &Execution, sleep: &Sleep) -> Vec<(Choice, Touched)> {
        let mut choices = execution.choices();
        assert!(!choices.is_empty(), "nothing can go on: {}", execution.case());
        match self.seen.entry(wide_digest(&execution.key())) {
            Entry::Vacant(entry) => {
                choices.retain(|(choice, _)| !sleep.contains_key(choice));
                entry.insert(sleep.clone());
            }
            Entry::Occupied(mut entry) => {
                let slept = entry.get_mut();
                choices.retain(|(choice, _)| slept.contains_key(choice) && !sleep.contains_key(choice));
                slept.retain(|choice, _| sleep.contains_key(choice));
            }
        }
        choices
    }
}

fn clone((choice, touched): (&Choice, &Touched)) -> (Choice, Touched) {
    (choice.clone(), touched.clone())
}

/// Whether two choices lead to the same in either order, and neither takes the other one away.
fn commute((one, its): (&Choice, &Touched), (other, others): (&Choice, &Touched)) -> bool {
    one.is_apart_from(other) && its.commutes_with(others)
}

fn wide_digest(text: &str) -> u128 {
    u128::from(digest((0, text))) << 64 | u128::from(digest((1, text)))
}
