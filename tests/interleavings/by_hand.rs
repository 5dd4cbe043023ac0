//! Single orders that the explorer has found, or has to meet, played step by step.

use cmg_onboarding::{OnboardingError, connection::StepError, error::DirectoryError, ids::KeyId};

use crate::{
    directory::Ends,
    execution::{Choice, Execution},
    gate::Fate,
    world::{Scenario, Start, World},
};

const ADDS: &str = "add a secret to";

async fn begin(scenario: Scenario) -> Execution {
    Execution::begin(World::new(scenario).await).await
}

fn lost(runs: usize) -> Scenario {
    Scenario {
        start: Start::LostSecret,
        ..Scenario::of(runs)
    }
}

/// Lets one run go on alone until a request whose name begins so was answered, or to its end.
async fn go(execution: &mut Execution, run: usize, until: Option<&str>) {
    while execution.is_going(run) {
        let choices = execution.choices();
        let own = |(choice, _): &(Choice, _)| matches!(choice, Choice::Request(other, _, Fate::Answered) if *other == run);
        let found = choices.into_iter().find(own);
        let choice = found.map_or(Choice::Time, |(choice, _)| choice);
        let is_last = matches!((&choice, until), (Choice::Request(_, name, _), Some(until)) if name.starts_with(until));
        execution.make(choice).await;
        execution.check_step();
        if is_last {
            return;
        }
    }
    assert!(
        until.is_none(),
        "run {run} has ended before it could {until:?}: {}",
        execution.case()
    );
}

/// The requests of one run whose names begin so.
fn count(execution: &Execution, run: usize, begins: &str) -> usize {
    let is_one = |choice: &&Choice| matches!(choice, Choice::Request(other, name, _) if *other == run && name.starts_with(begins));
    execution.path().iter().filter(is_one).count()
}

fn secrets(execution: &Execution) -> Vec<KeyId> {
    let directory = &execution.world().directory;
    let all = directory.secrets_of(directory.server_app().unwrap());
    all.into_iter().map(|(key, _)| key).collect()
}

/// Lets a run go on until it has added a secret, and tells which one.
async fn add(execution: &mut Execution, run: usize) -> KeyId {
    let before = secrets(execution);
    go(execution, run, Some(ADDS)).await;
    let added: Vec<KeyId> = secrets(execution).into_iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(added.len(), 1, "{}", execution.case());
    added[0]
}

/// The slower run reads back that its secret is not there, which is not "it can be told from the others".
#[tokio::test(start_paused = true)]
async fn a_run_whose_new_secret_a_faster_run_removes_as_lost_adds_another_one_and_leaves_the_faster_ones_alone() {
    let mut execution = begin(lost(2)).await;
    let removed = add(&mut execution, 0).await;
    go(&mut execution, 1, None).await;
    assert!(
        !secrets(&execution).contains(&removed),
        "run 1 has removed it: {}",
        execution.case()
    );
    let held = execution.world().gates.held();
    go(&mut execution, 0, None).await;
    assert_eq!(count(&execution, 0, ADDS), 2, "{}", execution.case());
    assert_eq!(execution.world().gates.held(), held);
    assert!(!execution.check_end().await, "one secret is left: {}", execution.case());
}

/// Neither run can say which of the two the site will show by its date, so neither is handed over, and neither run
/// removes the other one's.
#[tokio::test(start_paused = true)]
async fn two_secrets_that_end_alike_are_both_unknown_and_each_run_issues_one_more() {
    for first in [0, 1] {
        let mut execution = begin(Scenario {
            ends: Ends::FirstOnesAlike,
            ..lost(2)
        })
        .await;
        // Each has looked before the other one adds, so that neither knows of the other one's end.
        for run in [0, 1] {
            go(&mut execution, run, Some("look at the consents")).await;
        }
        let alike = [add(&mut execution, 0).await, add(&mut execution, 1).await];
        let other = 1 - first;
        // Each reads back before the other one hands anything over.
        add(&mut execution, first).await;
        add(&mut execution, other).await;
        go(&mut execution, first, None).await;
        assert!(
            secrets(&execution).contains(&alike[other]),
            "the secret of the run that goes on stays: {}",
            execution.case()
        );
        go(&mut execution, other, None).await;
        for run in [0, 1] {
            assert_eq!(count(&execution, run, ADDS), 2, "{}", execution.case());
            let others = format!("remove the secret {}", alike[1 - run]);
            assert_eq!(count(&execution, run, &others), 0, "{}", execution.case());
        }
        assert!(!execution.check_end().await, "one secret is left: {}", execution.case());
    }
}

/// A secret that the directory never shows is not handed to the site: the run fails, and the next one mends.
#[tokio::test(start_paused = true)]
async fn a_directory_that_shows_no_added_secret_ends_the_run_before_the_site_is_given_one() {
    let mut execution = begin(Scenario {
        hides_added: true,
        ..lost(1)
    })
    .await;
    go(&mut execution, 0, None).await;
    let Some(Err(OnboardingError::Apply(error))) = execution.result(0) else {
        panic!("{:?}", execution.result(0))
    };
    let StepError::Directory(DirectoryError::ExceededMaxWait(error)) = error.error() else {
        panic!("{error:?}")
    };
    assert!(matches!(error.last(), DirectoryError::NotVisible(_)), "{error:?}");
    assert_eq!(count(&execution, 0, ADDS), 2, "{}", execution.case());
    assert_eq!(execution.world().gates.held(), None);
    execution.world().alone().onboard(|_| ()).await.unwrap();
    let (app, held) = execution.world().held().unwrap();
    let live = execution.world().directory.secrets_of(app);
    assert!(live.iter().any(|(_, text)| *text == held), "{live:?}");
}
