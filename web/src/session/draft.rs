//! Filling the draft in.

use cmg_onboarding::spec::ConnectionDraft;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Session, phase::Phase};
use crate::refusal::ServiceError;

impl Session {
    /// Sets fields of the draft, by their paths; `null` takes a field out. A plan that was made is dropped.
    ///
    /// # Errors
    ///
    /// If the draft has another revision than the caller has seen, or if a job is under way.
    pub fn edit(&mut self, revision: u64, fields: &Map<String, Value>, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        for (path, value) in fields {
            self.draft.set(path, value.clone());
        }
        // The wizard has no way to say "discovery, but of nothing".
        if self.draft.field("discovery").and_then(Value::as_object).is_some_and(Map::is_empty) {
            self.draft.set("discovery", Value::Null);
        }
        self.edited(now);
        Ok(())
    }

    /// Takes another draft.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn replace_draft(&mut self, revision: u64, draft: ConnectionDraft, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        self.draft = draft;
        self.edited(now);
        Ok(())
    }

    fn editable(&self, revision: u64) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        if revision != self.draft_revision {
            return Err(ServiceError::DraftMovedOn);
        }
        Ok(())
    }

    fn edited(&mut self, now: OffsetDateTime) {
        self.draft_revision += 1;
        self.drop_plan();
        self.changed(now);
    }

    pub(super) fn drop_plan(&mut self) {
        self.phase = Phase::Draft;
        self.problem = None;
        self.preflight = None;
        self.preflight_findings.clear();
        self.plan = None;
        self.steps.clear();
        self.outcome = None;
        self.notice = None;
    }
}
