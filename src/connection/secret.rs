//! The server app's secret: issued where nobody has one, handed over once, and never left lying about.
//!
//! A secret's text cannot be read back, so a secret that reached nobody is lost, and one that is in use must never be
//! removed. Hence the order: a new secret is added, it is handed over, and only then the lost ones go. Who uses which is
//! decided by the site, which takes a server app once: of two runs at the same time one imports it, and the other
//! removes its own secret.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    apply::{Failed, Run, call, retries_of},
    failure::StepError,
    register::{Origin, Registered},
    registration::{SECRET_MARKER, own_secrets},
    report::{IssuedSecret, StepAction, StepReport},
    step::Step,
    wait::{settle, settle_once},
    work::{OWN_SECRETS_APART, OwnSecret, SecretWork},
};
use crate::{
    directory::{Application, ApplicationKey, Directory, NewPassword, PasswordCredential},
    error::{DirectoryError, NotSupported, RefusalReason, Refused, RequestTrace, UnexpectedAnswer},
    ids::KeyId,
    spec::SecretValidity,
};

/// An added secret ends at most so many times [`OWN_SECRETS_APART`] early: six hours.
const MOST_TAKEN_OFF: u64 = 360;

/// How often a secret is added before giving up, where each one came back without its text.
const ATTEMPTS: usize = 3;

/// A description for the secrets of one run: this crate's own, and the run's.
pub(crate) fn new_mark() -> String {
    let (run, _) = Uuid::new_v4().as_u64_pair();
    format!("{SECRET_MARKER} {:08x}", run >> 32)
}

/// What issuing a secret has come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretIssue {
    pub(crate) issued: Option<IssuedSecret>,
    /// Own secrets that nobody will use once this one is handed over.
    pub(crate) stale: Vec<KeyId>,
}

impl Registered {
    /// The secret that was issued together with the app.
    pub(crate) fn issued_secret(&self) -> Option<IssuedSecret> {
        self.secrets.iter().find_map(|secret| issued(secret, None))
    }
}

impl Run<'_> {
    /// Issues a secret where the app has none whose text is known to anybody.
    pub(crate) async fn issue_secret(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        work: &SecretWork,
    ) -> Result<SecretIssue, Failed> {
        let step = Step::IssueSecret;
        let (validity, known) = match work {
            SecretWork::Keep { leftover } => {
                self.done(StepReport::new(step, StepAction::Unchanged));
                return Ok(SecretIssue {
                    issued: None,
                    stale: leftover.clone(),
                });
            }
            SecretWork::WithApp(_) if server.issued_secret().is_some() => return Ok(SecretIssue::default()),
            // Without a site nobody decides between two runs, and the other one may be handing its secret over.
            SecretWork::WithApp(_) if server.origin == Origin::Elsewhere && self.site.is_none() => {
                let note = "another run made the app at the same time, and has its secret";
                self.done(StepReport::new(step, StepAction::Adopted).with_note(note));
                return Ok(SecretIssue::default());
            }
            SecretWork::WithApp(validity) => (*validity, server.secrets.iter().map(OwnSecret::from).collect()),
            SecretWork::Add { validity, lost } => (*validity, lost.clone()),
        };
        self.step(step, || async {
            let (issued, stale) = self.add_secret(directory, server, validity, known).await?;
            let report = StepReport::new(step, StepAction::Created)
                .with_id("keyId", issued.key_id)
                .with_note(format!("valid to {}", issued.expires_on.date()));
            let issue = SecretIssue {
                issued: Some(issued),
                stale,
            };
            Ok((issue, report))
        })
        .await
    }

    /// Adds one secret. Adding cannot be repeated blindly, because each attempt would leave one more: after one without
    /// an answer the app is looked at, and what it left is counted among the lost.
    async fn add_secret(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        validity: SecretValidity,
        mut known: Vec<OwnSecret>,
    ) -> Result<(IssuedSecret, Vec<KeyId>), DirectoryError> {
        let step = Step::IssueSecret;
        let observer = retries_of(step, self.listener);
        let call = call(&observer);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let new = NewPassword::new(&self.mark, self.distinct_end(validity, &known));
            let added = settle_once(self.attempt(step, server.origin.is_fresh()), || {
                directory.add_password(call, server.object_id, &new)
            });
            let trouble = match added.await {
                Ok(password) => {
                    if let Some(issued) = issued(&password, Some(new.end_date_time)) {
                        let stale = known.iter().map(|secret| secret.key_id);
                        return Ok((issued, stale.filter(|key| *key != password.key_id).collect()));
                    }
                    known.push(OwnSecret::from(&password));
                    let problem = "a secret was added and came back without its text";
                    UnexpectedAnswer::new("the directory", problem, RequestTrace::default()).into()
                }
                Err(error) if error.may_have_been_carried_out() => {
                    self.attempt(step, true).pause(error.clone()).await?;
                    for secret in self.own_secrets_of(directory, step, server).await? {
                        if !known.contains(&secret) {
                            known.push(secret);
                        }
                    }
                    error
                }
                Err(error) => return Err(error),
            };
            if attempts == ATTEMPTS {
                return Err(trouble);
            }
        }
    }

    /// The own secrets that an app has now. An app that this run has made may not be seen yet, which is waited for: not
    /// seeing it is not having looked.
    async fn own_secrets_of(&self, directory: &dyn Directory, step: Step, server: &Registered) -> Result<Vec<OwnSecret>, DirectoryError> {
        let observer = retries_of(step, self.listener);
        let key = ApplicationKey::ApplicationId(server.app_id);
        let attempt = self.attempt(step, server.origin.is_fresh());
        let current = settle(attempt, || async {
            let found = directory.application(call(&observer), &key).await?;
            found.ok_or_else(|| not_found(server))
        })
        .await?;
        Ok(own_secrets(&current).map(OwnSecret::from).collect())
    }

    /// Removes the own secrets that nobody uses.
    pub(crate) async fn retire_secrets(&self, server: Option<&Registered>, stale: &[KeyId]) -> Result<(), Failed> {
        let step = Step::RetireSecrets;
        let Some(server) = server.filter(|_| !stale.is_empty()) else {
            return Ok(());
        };
        let Some(directory) = self.directory else {
            let missing = NotSupported::new("remove_password", "a connection without a directory");
            return Err(self.failed(step, StepError::Directory(missing.into())));
        };
        self.step(step, || async {
            let observer = retries_of(step, self.listener);
            let call = call(&observer);
            // One after the other: changes of one app at the same moment are refused.
            for key in stale {
                let removed = settle(self.attempt(step, server.origin.is_fresh()), || {
                    directory.remove_password(call, server.object_id, *key)
                })
                .await;
                if let Err(error) = removed
                    && !self.is_retired(directory, server, *key, &error).await?
                {
                    return Err(error);
                }
            }
            Ok((
                (),
                StepReport::new(step, StepAction::Mended).with_note(format!("{} removed", stale.len())),
            ))
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
    ) -> Result<bool, DirectoryError> {
        let may_be_gone = matches!(
            error.refusal(),
            Some(RefusalReason::NotFound | RefusalReason::ReferenceNotFound | RefusalReason::Other)
        );
        if !may_be_gone && !error.may_have_been_carried_out() {
            return Ok(false);
        }
        let own = self.own_secrets_of(directory, Step::RetireSecrets, server).await?;
        let is_there = own.iter().any(|secret| secret.key_id == key);
        Ok(!is_there)
    }

    /// The secret that is created together with an app.
    pub(crate) fn first_password(&self, validity: SecretValidity) -> NewPassword {
        NewPassword::new(&self.mark, validity.end_after(self.clock.now()))
    }

    /// Whether an app registration was made by this very run: its secret bears the run's mark.
    pub(crate) fn has_made(&self, application: &Application) -> bool {
        own_secrets(application).any(|secret| secret.display_name.as_deref() == Some(self.mark.as_str()))
    }

    /// The end of an added secret: as long as was asked for, less what keeps it apart from the app's other own secrets,
    /// so that the expiry date in the site tells them apart later.
    ///
    /// Of two runs at the same time neither knows the other's secret, so each takes off another time by chance.
    fn distinct_end(&self, validity: SecretValidity, known: &[OwnSecret]) -> OffsetDateTime {
        let (chance, _) = Uuid::new_v4().as_u64_pair();
        let less = i32::try_from(chance % MOST_TAKEN_OFF).unwrap_or_default();
        let mut end = validity.end_after(self.clock.now()) - OWN_SECRETS_APART * (less + 1);
        let is_taken = |end: OffsetDateTime| {
            known
                .iter()
                .filter_map(|secret| secret.ends)
                .any(|other| (other - end).abs() < OWN_SECRETS_APART)
        };
        while is_taken(end) {
            end -= OWN_SECRETS_APART;
        }
        end
    }
}

fn not_found(app: &Registered) -> DirectoryError {
    let message = format!("the app registration {} is not there, or not yet", app.app_id);
    Refused::new(RefusalReason::NotFound, "ApplicationNotFound", message, RequestTrace::default()).into()
}

fn issued(password: &PasswordCredential, fallback: Option<OffsetDateTime>) -> Option<IssuedSecret> {
    Some(IssuedSecret {
        value: password.secret_text.clone()?,
        key_id: password.key_id,
        expires_on: password.end_date_time.or(fallback)?,
    })
}
