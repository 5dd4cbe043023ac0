//! The server app's secret: issued if the site has none, handed over once, and never left lying about.
//!
//! A secret's text cannot be read back, so a secret that reached no site is lost, and one that is in use must never be
//! removed. Hence the order: a new secret is added, the caller's sink and the site get it, and only then the lost ones
//! go. The site decides which secret is in use: it takes a server app once. Of two runs at the same time one imports it,
//! and the other removes its own secret.

use crate::connection::{
    plan::own_secret::{OwnSecret, distinct_end},
    plan::work::SecretWork,
    report::error::StepError,
    report::outcome::{IssuedSecret, StepAction, StepReport},
    report::step::Step,
    run::context::{Failed, Run},
    run::register::{Origin, Registered},
    run::secret_sink::NewSecret,
    run::wait::{settle, settle_once},
};
use crate::{
    directory::{Application, ApplicationKey, Directory, NewPassword, PasswordCredential},
    error::{DirectoryError, NotVisible, RefusalReason, RequestTrace, UnexpectedAnswer},
    ids::{ApplicationId, KeyId},
    site::SecretHeld,
    spec::SecretValidity,
};

/// How often a secret is added before giving up, if each one came back without its text or too close to another one.
const ATTEMPTS: i32 = 4;

/// The secrets that may be removed once a run is over, by what has to be known first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unused {
    /// What no one can have: the plan found it unused, or this run issued it and its text never arrived.
    certain: Vec<KeyId>,
    /// Secrets for this site that are in use only if the site's item holds one of them: unused, once the site has made
    /// its item in this run and holds this run's secret.
    unless_held: Vec<KeyId>,
}

impl Unused {
    /// What may go, now that the site has said which secret it holds. `own` is this run's secret.
    ///
    /// `item_is_new` says that the site did not know the app when the run began: its item cannot have held any secret
    /// but the one that it was made with.
    pub(crate) fn after_import(self, own: Option<KeyId>, held: SecretHeld, item_is_new: bool) -> Vec<KeyId> {
        let mut unused = self.certain;
        match held {
            SecretHeld::This if item_is_new => unused.extend(self.unless_held),
            // Another run's secret is in the site, and may be one of those that looked lost; this run's own is not.
            SecretHeld::Another if item_is_new => unused.extend(own),
            _ => {}
        }
        unused
    }

    /// What may go if there is no site to ask.
    pub(crate) fn without_site(self) -> Vec<KeyId> {
        self.certain
    }
}

impl Registered {
    /// The secret that was issued together with the app.
    pub(crate) fn issued_secret(&self) -> Option<IssuedSecret> {
        self.secrets.iter().find_map(issued)
    }
}

impl Run<'_> {
    /// Issues a secret if the app has none that the site could have.
    pub(crate) async fn issue_secret(&self, directory: &dyn Directory, server: &Registered, work: &SecretWork) -> Result<Unused, Failed> {
        let step = Step::IssueSecret;
        let (validity, known, planned) = match work {
            SecretWork::Keep { unused } => {
                self.done(StepReport::new(step, StepAction::Unchanged));
                return Ok(self.planned_unused(unused.clone()));
            }
            SecretWork::WithApp(_) if server.issued_secret().is_some() => {
                self.skip(step);
                return Ok(Unused::default());
            }
            // Without a site nothing decides between two runs, and the other one may be handing its secret over.
            SecretWork::WithApp(_) if server.origin == Origin::Elsewhere && self.site.is_none() => {
                let note = "another run made the app at the same time, and has its secret";
                self.done(StepReport::new(step, StepAction::Found).with_note(note));
                return Ok(Unused::default());
            }
            SecretWork::WithApp(validity) => {
                let own: Vec<OwnSecret> = server.secrets.iter().filter_map(OwnSecret::of).collect();
                let unused = self.for_this_site(&own);
                (*validity, own, unused)
            }
            SecretWork::Add { validity, known, unused } => (*validity, known.clone(), self.planned_unused(unused.clone())),
        };
        self.step(step, || async {
            let (issued, unused) = self.add_secret(directory, server, validity, known, planned).await?;
            let report = StepReport::new(step, StepAction::Created)
                .with_id("keyId", issued.key_id)
                .with_note(format!("valid to {}", issued.expires_on.date()));
            Ok((unused, report))
        })
        .await
    }

    /// What the plan says is unused: certain if there is no site to ask again, or if the site's row has told.
    fn planned_unused(&self, keys: Vec<KeyId>) -> Unused {
        if self.site.is_some() && self.item_is_new() {
            Unused {
                certain: Vec::new(),
                unless_held: keys,
            }
        } else {
            Unused {
                certain: keys,
                unless_held: Vec::new(),
            }
        }
    }

    /// Of these secrets, those whose text never arrived at this run, and those that were issued for this site.
    fn for_this_site(&self, own: &[OwnSecret]) -> Unused {
        let keys = |wanted: &dyn Fn(&OwnSecret) -> bool| own.iter().filter(|secret| wanted(secret)).map(|secret| secret.key_id).collect();
        Unused {
            certain: keys(&|secret| secret.description == self.description),
            unless_held: keys(&|secret| secret.description != self.description && secret.is_for(self.work.site_identity.as_ref())),
        }
    }

    /// Adds one secret. Adding cannot be repeated blindly, because each attempt would leave one more: after one without
    /// an answer the app is looked at, and what it left is counted among the lost.
    async fn add_secret(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        validity: SecretValidity,
        mut known: Vec<OwnSecret>,
        mut unused: Unused,
    ) -> Result<(IssuedSecret, Unused), StepError> {
        let step = Step::IssueSecret;
        let call = self.call(step);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let new = NewPassword::new(&self.description, distinct_end(validity, self.clock.now(), &known, attempt));
            let added = settle_once(self.attempt(step, server.origin.is_fresh()), || {
                directory.add_password(call.clone(), server.object_id, &new)
            });
            let trouble = match added.await {
                Ok(mut password) => {
                    password.display_name.get_or_insert_with(|| self.description.clone());
                    password.end_date_time.get_or_insert(new.end_date_time);
                    let own = OwnSecret::of(&password);
                    if let Some(issued) = issued(&password) {
                        self.accept(server, issued.clone()).await?;
                        let is_distinct = self.is_distinct(directory, server, &mut known, own.as_ref()).await?;
                        if is_distinct || attempt == ATTEMPTS {
                            return Ok((issued, unused));
                        }
                        // Its text is in this process alone, unless a sink has it.
                        if self.sink.is_none() {
                            unused.certain.push(issued.key_id);
                        } else {
                            unused.unless_held.push(issued.key_id);
                        }
                        continue;
                    }
                    unused.certain.push(password.key_id);
                    known.extend(own);
                    let problem = "a secret was added and came back without its text";
                    UnexpectedAnswer::new("the directory", problem, RequestTrace::default()).into()
                }
                Err(error) if error.may_have_been_carried_out() => {
                    self.attempt(step, true).pause(error.clone()).await?;
                    for secret in self.own_secrets_of(directory, step, server, |_| true).await? {
                        let is_handed_over = self.issued().is_some_and(|issued| issued.key_id == secret.key_id);
                        if known.iter().any(|known| known.key_id == secret.key_id) {
                            continue;
                        }
                        if secret.description == self.description && !is_handed_over && !unused.certain.contains(&secret.key_id) {
                            unused.certain.push(secret.key_id);
                        }
                        known.push(secret);
                    }
                    error
                }
                Err(error) => return Err(error.into()),
            };
            if attempt >= ATTEMPTS - 1 {
                return Err(trouble.into());
            }
        }
    }

    /// Whether no other own secret ends so close to the added one that a site's date would not tell them apart. Another
    /// run may have added one at the same time: the app is read back, until it shows the added one.
    async fn is_distinct(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        known: &mut Vec<OwnSecret>,
        added: Option<&OwnSecret>,
    ) -> Result<bool, StepError> {
        let Some(added) = added else { return Ok(false) };
        let shows_it = |own: &[OwnSecret]| own.iter().any(|secret| secret.key_id == added.key_id);
        let now = self.own_secrets_of(directory, Step::IssueSecret, server, shows_it).await?;
        let is_distinct = !now
            .iter()
            .filter(|other| other.key_id != added.key_id && !known.iter().any(|known| known.key_id == other.key_id))
            .any(|other| other.is_close_to(added));
        for secret in now {
            if !known.iter().any(|known| known.key_id == secret.key_id) {
                known.push(secret);
            }
        }
        Ok(is_distinct)
    }

    /// Takes an issued secret over: the caller's sink has it before anything else is written.
    pub(crate) async fn accept(&self, server: &Registered, secret: IssuedSecret) -> Result<(), StepError> {
        self.hold(secret.clone());
        let Some(sink) = self.sink else { return Ok(()) };
        let new = NewSecret {
            tenant_id: self.work.tenant_id,
            application_id: server.app_id,
            object_id: server.object_id,
            secret,
        };
        sink.store(&new).await.map_err(StepError::SecretSink)
    }

    /// The own secrets that an app has now. An app that this run has made, or a secret that it has just added, may not
    /// be seen yet, which is waited for: not seeing it is not having looked.
    async fn own_secrets_of(
        &self,
        directory: &dyn Directory,
        step: Step,
        server: &Registered,
        is_seen: impl Fn(&[OwnSecret]) -> bool + Sync,
    ) -> Result<Vec<OwnSecret>, StepError> {
        let call = self.call(step);
        let key = ApplicationKey::ApplicationId(server.app_id);
        let own = settle(self.attempt(step, true), || async {
            let found = directory.application(call.clone(), &key).await?;
            match found.as_ref().map(OwnSecret::all_of) {
                Some(own) if is_seen(&own) => Ok(Some(own)),
                // An app that was there before this run and is gone now does not come back.
                None if !server.origin.is_fresh() => Ok(None),
                _ => Err(not_visible(server.app_id)),
            }
        })
        .await?;
        own.ok_or(StepError::ApplicationGone {
            application_id: server.app_id,
        })
    }

    /// Removes the own secrets that nothing can be using.
    pub(crate) async fn retire_secrets(&self, server: Option<&Registered>, unused: &[KeyId]) -> Result<(), Failed> {
        let step = Step::RetireSecrets;
        let Some(server) = server.filter(|_| !unused.is_empty()) else {
            self.skip(step);
            return Ok(());
        };
        let Some(directory) = self.directory else {
            return Err(self.failed(step, StepError::DirectoryMissing));
        };
        self.step(step, || async {
            let call = self.call(step);
            // One after the other: changes of one app at the same moment are refused.
            for key in unused {
                let removed = settle(self.attempt(step, server.origin.is_fresh()), || {
                    directory.remove_password(call.clone(), server.object_id, *key)
                })
                .await;
                if let Err(error) = removed
                    && !self.is_retired(directory, server, *key, &error).await?
                {
                    return Err(error.into());
                }
            }
            let report = StepReport::new(step, StepAction::Removed).with_note(format!("{} removed", unused.len()));
            Ok(((), report))
        })
        .await
    }

    /// Whether a secret is gone although removing it failed: by a lost answer, or by another run.
    async fn is_retired(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        key: KeyId,
        error: &DirectoryError,
    ) -> Result<bool, StepError> {
        let may_be_gone = matches!(
            error.refusal(),
            Some(RefusalReason::NotFound | RefusalReason::ReferenceNotFound | RefusalReason::Other)
        );
        if !may_be_gone && !error.may_have_been_carried_out() {
            return Ok(false);
        }
        let own = self.own_secrets_of(directory, Step::RetireSecrets, server, |_| true).await?;
        let is_there = own.iter().any(|secret| secret.key_id == key);
        Ok(!is_there)
    }

    /// The secret that is created together with an app.
    pub(crate) fn first_password(&self, validity: SecretValidity) -> NewPassword {
        NewPassword::new(&self.description, validity.end_after(self.clock.now()))
    }

    /// Whether an app registration was made by this very run: its secret bears the run's description.
    pub(crate) fn has_made(&self, application: &Application) -> bool {
        let passwords = &application.password_credentials;
        passwords
            .iter()
            .any(|secret| secret.display_name.as_deref() == Some(self.description.as_str()))
    }
}

fn not_visible(app: ApplicationId) -> DirectoryError {
    NotVisible::new(format!("the app registration {app} with its latest secret")).into()
}

fn issued(password: &PasswordCredential) -> Option<IssuedSecret> {
    Some(IssuedSecret {
        value: password.secret_text.clone()?,
        key_id: password.key_id,
        expires_on: password.end_date_time?,
    })
}
