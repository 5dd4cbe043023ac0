//! Filling the draft in.

use cmg_onboarding::spec::ConnectionDraft;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{
    Session,
    phase::Phase,
    sign_in::{PROVIDED, SignIn, SignInState},
};
use crate::refusal::ServiceError;

/// The longest draft, as JSON, in bytes.
const LONGEST: usize = 1024 * 1024;

impl Session {
    /// Sets fields of the draft, by their paths; `null` takes a field out. A plan that was made is dropped. If
    /// the Azure environment is another one then, the account is signed out, unless the place provides it.
    ///
    /// # Errors
    ///
    /// If the draft has another revision than the caller has seen, if a job is under way, or if the draft would be longer than
    /// 1 MiB. Then it stays as it was.
    pub fn edit(&mut self, revision: u64, fields: &Map<String, Value>, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        let mut draft = self.draft.clone();
        for (path, value) in fields {
            draft.set(path, value.clone());
        }
        // The wizard has no way to say "discovery, but of nothing".
        if draft.field("discovery").and_then(Value::as_object).is_some_and(Map::is_empty) {
            draft.set("discovery", Value::Null);
        }
        self.take_draft(draft, now)
    }

    /// Takes another draft.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn replace_draft(&mut self, revision: u64, draft: ConnectionDraft, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        self.take_draft(draft, now)
    }

    fn take_draft(&mut self, draft: ConnectionDraft, now: OffsetDateTime) -> Result<(), ServiceError> {
        let text = serde_json::to_string(&draft).map_err(|_| ServiceError::BodyUnreadable)?;
        if text.len() > LONGEST {
            return Err(ServiceError::DraftTooLarge);
        }
        let environment = self.environment();
        self.draft = draft;
        self.drop_plan();
        if self.environment() != environment {
            self.leave_cloud();
        }
        self.draft_revision += 1;
        self.changed(now);
        Ok(())
    }

    /// An account of one cloud is none of another. What the place provides is the place's own matter.
    fn leave_cloud(&mut self) {
        let is_signed_in = self.sign_in.state == SignInState::SignedIn || self.is_asked_again();
        if self.sign_in.way.as_deref() == Some(PROVIDED) || !is_signed_in {
            return;
        }
        self.sign_in = SignIn::default();
        self.also_notice("The account was signed out: the Azure environment is another one now.".to_owned());
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
