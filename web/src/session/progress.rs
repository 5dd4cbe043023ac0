//! The steps of a run as they are, folded from its events.

use cmg_onboarding::{
    Event, Step,
    connection::{EventKind, PlanDocument, StepAction, When},
};
use serde::{Deserialize, Serialize};

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum StepState {
    #[default]
    Waiting,
    Running,
    Done,
    Failed,
    Skipped,
}

/// One step of a run, as a page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepProgress {
    step: Step,
    title: String,
    round: u8,
    when: When,
    state: StepState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<StepAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    retries: u32,
    waits: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// The steps of a plan, before it runs.
pub(super) fn planned(plan: &PlanDocument) -> Vec<StepProgress> {
    let step = |change: &cmg_onboarding::connection::Change| new(change.step, change.round, change.when);
    plan.changes.iter().map(step).collect()
}

fn new(step: Step, round: u8, when: When) -> StepProgress {
    StepProgress {
        step,
        title: step.title().to_owned(),
        round,
        when,
        state: StepState::Waiting,
        action: None,
        object: None,
        retries: 0,
        waits: 0,
        error: None,
        help: None,
    }
}

/// Takes an event in.
pub(super) fn learn(steps: &mut Vec<StepProgress>, event: &Event) {
    match &event.kind {
        EventKind::StepStarted { step, .. } => at(steps, *step).state = StepState::Running,
        EventKind::StepDone { step, action, object, .. } => {
            let shown = at(steps, *step);
            shown.state = StepState::Done;
            shown.action = Some(*action);
            shown.object.clone_from(object);
        }
        EventKind::StepSkipped { step, .. } => at(steps, *step).state = StepState::Skipped,
        EventKind::StepFailed { step, error, help, .. } => {
            let shown = at(steps, *step);
            shown.state = StepState::Failed;
            shown.error = Some(error.clone());
            shown.help = Some(help.clone());
        }
        EventKind::Retried { step: Some(step), .. } => at(steps, *step).retries += 1,
        EventKind::WaitingForReplication { step, .. } => at(steps, *step).waits += 1,
        _ => {}
    }
}

/// The run has ended: what was under way is not known to be done, and is told as waiting.
pub(super) fn stop(steps: &mut [StepProgress]) {
    for step in steps.iter_mut().filter(|step| step.state == StepState::Running) {
        step.state = StepState::Waiting;
    }
}

/// The step; one that was in no plan is added.
fn at(steps: &mut Vec<StepProgress>, step: Step) -> &mut StepProgress {
    let place = steps.iter().position(|known| known.step == step).unwrap_or_else(|| {
        steps.push(new(step, step.round(), When::IfNeeded));
        steps.len() - 1
    });
    &mut steps[place]
}
