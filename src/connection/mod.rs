//! The job itself: preflight, plan, apply, and the way back.
//!
//! Tenant and site are *read* into a snapshot; *checks* and the *plan* are made of the snapshot and the specification
//! without any request; a *run* carries the plan's changes out; what a caller gets of all this is in *report*.

mod builder;
mod check;
mod handle;
mod many;
mod plan;
mod preflight;
mod read;
mod report;
mod run;
mod verbs;

pub use builder::AzureServicesConnectionBuilder;
pub use check::{
    sign_in::SignInSummary,
    verify::{ImportVerifier, Verification},
};
pub use handle::AzureServicesConnection;
pub use many::{ManyResult, onboard_many, onboard_stream};
pub use plan::{
    Plan,
    change::{Change, Operation, PlannedAction, PlannedSecret, Reference, When},
    difference::PropertyChange,
    document::{PlanDocument, PlannedSite},
    target::{AppSource, PlannedApp},
};
pub use preflight::Preflight;
pub use report::{
    blocked::Blocked,
    error::{ApplyError, OnboardingError, ReadError},
    event::{Event, EventKind, RunId, Verb},
    finding::{Finding, FindingCode, Severity},
    incomplete::IncompleteConnection,
    next_step::NextStep,
    next_step_code::NextStepCode,
    outcome::{AppOutcome, ClientSettings, IssuedSecret, Outcome, Report, StepReport},
    problem::{Problem, ProblemFailure},
    stale_plan::{PlanDifference, StalePlan},
    step::{AppRole, Step, StepAction},
    step_error::{StepError, StepFailure},
    written::Written,
};
pub use run::{
    cancel::Cancel,
    secret_sink::{NewSecret, SecretSink, SecretSinkError},
};
