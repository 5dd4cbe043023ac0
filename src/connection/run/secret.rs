//! The server app's secret: the run issues it if the site has none, hands it over once, and removes it if it
//! is unused.
//!
//! A secret's text cannot be read back, so a secret that reached no site is lost, and one that is in use must
//! never be removed. Hence the order: a new secret is added, the caller's sink and the site get it, and only
//! then the lost ones go. The site decides which secret is in use: it takes a server app once. Of two runs at
//! the same time one imports it, and the other removes its own secret.

use time::OffsetDateTime;

use crate::{
    connection::{
        plan::{
            change::When,
            details::shown_in_words,
            operation::{Operation, PlannedAction, PlannedSecret},
            own_secret::{OwnSecret, distinct_end},
        },
        report::{
            event::Verb,
            finding::{Finding, FindingCode},
            outcome::{IssuedSecret, StepReport},
            step::{Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::{
            context::Run,
            read_back::is_not_shown,
            secret_sink::NewSecret,
            wait::{Origin, settle, settle_once},
        },
    },
    directory::{Application, NewPassword, PasswordCredential},
    error::{DirectoryError, RefusalReason},
    ids::KeyId,
    site::SecretHeld,
    spec::SecretValidity,
};

/// How often a secret is added before giving up, if each one came back without its text or too close to
/// another one.
const ATTEMPTS: i32 = 4;

impl Run<'_> {
    /// Issues a secret. `IfNeeded` stands for a secret that is created together with the app: it is issued by
    /// itself only if the app turns out to be another run's.
    pub(crate) async fn issue_secret(&self, when: When, secret: PlannedSecret) -> Result<(), StepFailure> {
        let step = Step::IssueSecret;
        let Some(server) = self.server() else {
            return Err(self.failed(step, StepError::NotRegistered));
        };
        let known: Vec<OwnSecret> = server.password_credentials.iter().filter_map(OwnSecret::of).collect();
        match when {
            When::Always => self.note_planned_unused(),
            When::IfNeeded if issued_with(&server).is_some() => {
                self.skip(step);
                return Ok(());
            }
            // Without a site nothing decides between two runs, and the other one may be handing its secret
            // over.
            When::IfNeeded if self.origin(step) == Origin::Elsewhere && self.document.site.is_none() => {
                let note = "another run made the app at the same time, and has its secret";
                self.done(StepReport::new(step, StepAction::Found).with_note(note));
                return Ok(());
            }
            When::IfNeeded | When::IfRefused => self.note_unused_of_site(&known),
        }
        self.step(step, async {
            let issued = self.add_secret(&server, secret, known).await?;
            Ok(StepReport::new(step, StepAction::Created)
                .with_id("keyId", issued.key_id)
                .with_note(format!("valid to {}", issued.expires_on.date())))
        })
        .await
    }

    /// The server app: as this run knows it, or as it was when the plan was made.
    pub(crate) fn server(&self) -> Option<Application> {
        let of_run = self.state().server.clone();
        of_run.or_else(|| self.snapshot.server().map(|found| found.application.clone()))
    }

    /// Whether the site did not know the server app when the plan was made.
    fn item_is_new(&self) -> bool {
        let import = self.planned(Step::ImportServerApp);
        import.is_some_and(|change| change.action == PlannedAction::Create)
    }

    /// Takes note of what the plan says is unused: certainly, if there is no site to ask again or if the site's row has told.
    pub(crate) fn note_planned_unused(&self) {
        let keys = match self.planned(Step::RetireSecrets).map(|change| &change.operation) {
            Some(Operation::RemoveSecrets { keys, .. }) => keys.clone(),
            _ => Vec::new(),
        };
        let item_is_new = self.item_is_new();
        let mut state = self.state();
        match item_is_new {
            true => state.unused_unless_held = keys,
            false => state.unused = keys,
        }
    }

    /// Takes note of those of these secrets whose text never arrived at this run, and of those that were issued for this
    /// site.
    fn note_unused_of_site(&self, own: &[OwnSecret]) {
        let site = self.document.site.as_ref().and_then(|site| site.identity.as_ref());
        let mut state = self.state();
        for secret in own {
            if secret.description == self.description {
                state.unused.push(secret.key_id);
            } else if secret.is_for(site) {
                state.unused_unless_held.push(secret.key_id);
            }
        }
    }

    /// Adds one secret. Adding cannot be repeated blindly, because each attempt would leave one more: after
    /// one without an answer the app is looked at, and what it left is counted among the lost.
    async fn add_secret(
        &self,
        server: &Application,
        mut secret: PlannedSecret,
        mut known: Vec<OwnSecret>,
    ) -> Result<IssuedSecret, StepError> {
        let step = Step::IssueSecret;
        let (directory, call) = (self.directory()?, self.call(step));
        let (mut attempt, mut was_missing, mut is_uncertain) = (0, false, false);
        loop {
            attempt += 1;
            let new = NewPassword::new(&self.description, distinct_end(&secret, self.clock().now(), &known, attempt));
            let added = settle_once(self.attempt(step, self.origin(step).is_fresh()), || {
                directory.add_password(call.clone(), server.object_id, &new)
            });
            let trouble = match added.await {
                Ok(mut password) => {
                    password.display_name.get_or_insert_with(|| self.description.clone());
                    password.end_date_time.get_or_insert(new.end_date_time);
                    let own = OwnSecret::of(&password);
                    if let Some(issued) = issued(&password) {
                        self.accept(server, issued.clone()).await?;
                        let is_distinct = match self.read_back(server, &mut known, own.as_ref()).await {
                            // A faster run may have handed its own secret to the site and removed this one as lost, so one
                            // more is added. If that one is missing as well, the directory is too far behind, and nothing
                            // that it does not show is handed to the site.
                            Err(error) if !was_missing && is_not_shown(&error) => {
                                // It may still show: the next one ends far from it.
                                known.extend(own);
                                was_missing = true;
                                false
                            }
                            is_distinct => is_distinct?,
                        };
                        if is_distinct || attempt == ATTEMPTS {
                            self.tell_shortened(&issued, secret.validity);
                            return Ok(issued);
                        }
                        // Its text is in this process alone, unless a sink has it.
                        if self.inner.sink.is_none() {
                            self.state().unused.push(issued.key_id);
                        } else {
                            self.state().unused_unless_held.push(issued.key_id);
                        }
                        continue;
                    }
                    self.state().unused.push(password.key_id);
                    known.extend(own);
                    StepError::SecretTextMissing
                }
                Err(error) if error.may_have_been_carried_out() => {
                    is_uncertain = true;
                    self.attempt(step, true).pause(error.clone()).await?;
                    let looked = self.own_secrets_of(step, server, |_| true).await;
                    for secret in looked.map_err(|failed| lost(&error, failed))? {
                        // Each that this run has handed over or counted before is known.
                        if known.iter().any(|known| known.key_id == secret.key_id) {
                            continue;
                        }
                        if secret.description == self.description {
                            self.state().unused.push(secret.key_id);
                        }
                        known.push(secret);
                    }
                    error.into()
                }
                Err(error) => match self.shorter(&secret, &error) {
                    Some(shorter) => {
                        secret = shorter;
                        attempt -= 1;
                        continue;
                    }
                    None if is_uncertain => return Err(error.after_lost_write().into()),
                    None => return Err(error.into()),
                },
            };
            if attempt >= ATTEMPTS - 1 {
                return Err(trouble);
            }
        }
    }

    /// Takes an issued secret over: the caller's sink has it before anything else is written.
    pub(crate) async fn accept(&self, server: &Application, secret: IssuedSecret) -> Result<(), StepError> {
        self.state().issued = Some(secret.clone());
        let Some(sink) = &self.inner.sink else { return Ok(()) };
        let new = NewSecret {
            tenant_id: self.document.tenant_id,
            application_id: server.app_id,
            object_id: server.object_id,
            secret,
        };
        sink.store(&new).await.map_err(StepError::SecretSink)
    }

    /// Takes note of which secret the site holds, now that it has said so: that tells what is unused. `None` if the
    /// site was given no secret.
    pub(crate) fn settle_unused(&self, answer: Option<SecretHeld>) {
        let item_is_new = self.item_is_new();
        let held = answer.unwrap_or_default();
        let (issued, unused) = {
            let mut state = self.state();
            (state.issued.clone(), state.settle_unused(held, item_is_new))
        };
        if let Some(unused) = unused {
            self.find(Finding::note(FindingCode::NewSecretNotUsed).with("keyId", unused));
        }
        // An item that was there may get the secret later, so what the site does not hold yet stays.
        let is_open = answer == Some(SecretHeld::NotSaid) || (answer == Some(SecretHeld::Another) && !item_is_new);
        if let Some(issued) = issued.filter(|_| is_open) {
            self.find(Finding::warning(FindingCode::SecretHolderUnknown).with("keyId", issued.key_id));
        }
    }

    /// The secrets to remove now: those that this run knows to be unused. A plan that only removes has looked
    /// at none.
    fn to_retire(&self, planned: &[KeyId]) -> Vec<KeyId> {
        match self.document.verb {
            Verb::Remove | Verb::RemoveOldSecrets => planned.to_vec(),
            _ => std::mem::take(&mut self.state().unused),
        }
    }

    /// Removes the own secrets that nothing can be using.
    pub(crate) async fn retire_secrets(&self, planned: &[KeyId], shown_since: Option<OffsetDateTime>) -> Result<(), StepFailure> {
        let step = Step::RetireSecrets;
        let keys = self.to_retire(planned);
        let Some(server) = self.server().filter(|_| !keys.is_empty()) else {
            self.skip(step);
            return Ok(());
        };
        self.step(step, async {
            let (directory, call) = (self.directory()?, self.call(step));
            let mut gone = 0;
            // One after the other: changes of one app at the same moment are refused.
            for key in &keys {
                let removed = settle(self.attempt(step, self.origin(step).is_fresh()), || {
                    directory.remove_password(call.clone(), server.object_id, *key)
                })
                .await;
                if let Err(error) = removed {
                    if !self.is_retired(&server, *key, &error).await? {
                        return Err(error.into());
                    }
                    // By an attempt whose answer was lost, or by another run; one that never showed may show yet.
                    gone += usize::from(!error.may_have_been_carried_out());
                }
            }
            let mut note = format!("{} removed", keys.len() - gone);
            if gone > 0 {
                note.push_str(&format!(", {gone} not to be found"));
            }
            if let Some(since) = shown_since {
                note.push_str(". The caller stated that ");
                note.push_str(&shown_in_words(since));
                note.push('.');
            }
            Ok(StepReport::new(step, StepAction::Removed).with_note(note))
        })
        .await
    }

    /// Whether a secret is gone although removing it failed: by a lost answer, or by another run.
    async fn is_retired(&self, server: &Application, key: KeyId, error: &DirectoryError) -> Result<bool, StepError> {
        let may_be_gone = matches!(
            error.refusal(),
            Some(RefusalReason::NotFound | RefusalReason::ReferenceNotFound | RefusalReason::Other)
        );
        if !may_be_gone && !error.may_have_been_carried_out() {
            return Ok(false);
        }
        let own = self.own_secrets_of(Step::RetireSecrets, server, |_| true).await;
        let own = own.map_err(|failed| lost(error, failed))?;
        let is_there = own.iter().any(|secret| secret.key_id == key);
        Ok(!is_there)
    }

    /// The secret that is created together with an app.
    pub(crate) fn first_password(&self, secret: &PlannedSecret) -> NewPassword {
        NewPassword::new(&self.description, secret.end_after(self.clock().now()))
    }

    /// The next shorter secret of the plan, if a policy has refused this one as too long.
    pub(crate) fn shorter(&self, refused: &PlannedSecret, error: &DirectoryError) -> Option<PlannedSecret> {
        if error.refusal() != Some(RefusalReason::SecretLifetimeTooLong) {
            return None;
        }
        let Some(Operation::ShortenSecret { secrets }) = self.planned(Step::ShortenSecret).map(|change| &change.operation) else {
            return None;
        };
        let tried = secrets.iter().position(|secret| secret.validity == refused.validity);
        secrets.get(tried.map_or(0, |tried| tried + 1)).copied()
    }

    /// Tells of a secret that is shorter than the first one that was asked for.
    pub(crate) fn tell_shortened(&self, issued: &IssuedSecret, validity: SecretValidity) {
        let planned = self.planned(Step::ShortenSecret).map(|change| &change.operation);
        if matches!(planned, Some(Operation::ShortenSecret { secrets }) if secrets.iter().any(|secret| secret.validity == validity)) {
            let note = format!("the tenant's policy refuses longer ones; valid to {}", issued.expires_on.date());
            self.done(StepReport::new(Step::ShortenSecret, StepAction::Updated).with_note(note));
        }
    }

    /// Whether an app registration was made by this very run: its secret bears the run's description.
    pub(crate) fn has_made(&self, application: &Application) -> bool {
        let passwords = &application.password_credentials;
        passwords
            .iter()
            .any(|secret| secret.display_name.as_deref() == Some(self.description.as_str()))
    }
}

/// The error of a write after which a look has failed, too. A look that finds no app has not failed.
fn lost(error: &DirectoryError, of_look: StepError) -> StepError {
    match of_look {
        StepError::Directory(failed) => error.clone().unless_certain(failed).into(),
        other => other,
    }
}

/// The secret that was issued together with an app.
pub(crate) fn issued_with(app: &Application) -> Option<IssuedSecret> {
    app.password_credentials.iter().find_map(issued)
}

fn issued(password: &PasswordCredential) -> Option<IssuedSecret> {
    Some(IssuedSecret {
        value: password.secret_text.clone()?,
        key_id: password.key_id,
        expires_on: password.end_date_time?,
    })
}
