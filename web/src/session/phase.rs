//! How far a session has come.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Phase {
    /// There is no plan.
    #[default]
    Draft,
    /// There is a plan, which waits for its approval.
    Planned,
    /// The plan was approved.
    Approved,
    /// The plan is being carried out.
    Running,
    /// The plan was carried out.
    Done,
    /// Carrying it out has failed.
    Failed,
    /// Carrying it out was cancelled.
    Cancelled,
    /// The service ended while the plan was being carried out.
    Interrupted,
}

/// What a session can be busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum JobKind {
    /// Signing in.
    SignIn,
    /// Checking beforehand.
    Preflight,
    /// Making a plan.
    Plan,
    /// Carrying the plan out.
    Apply,
}

/// The job that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Job {
    /// What it is.
    pub kind: JobKind,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
}
