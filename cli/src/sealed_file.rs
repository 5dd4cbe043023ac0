//! The file of a sealed hand-over, which holds an issued secret from the moment on at which it can be of use.
//!
//! The file is the secret's sink: as soon as both apps are registered, it holds the whole hand-over, and a run that fails
//! afterwards leaves a file that opens. In front of the sealed message stand some lines in plain text, without any secret,
//! by which this program knows its own file again.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cmg_onboarding::{
    ConnectionSpec, Outcome, Plan, async_trait,
    clock::{Clock, SystemClock},
    connection::{ApplyError, Event, NewSecret, SecretSink, SecretSinkError},
    hand_over::{Fingerprint, HandOver, HandOverError, Recipient, SealedHandOver},
};
use serde_json::json;
use time::Duration;

use crate::{bad_input::BadInput, ending::Ending, files, hand_over_so_far::SoFar, label::Label, output::Output};

/// Where the sealed file goes, with everything checked that could keep it from being written.
#[derive(Clone)]
pub(crate) struct SealedFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    recipient: Recipient,
    days: u8,
    may_replace: bool,
    /// What the file that is there already says of itself.
    held: Option<Label>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    so_far: SoFar,
    /// The hand-over that the file holds.
    sealed: Option<Sealed>,
    /// Why the last attempt to write it failed.
    trouble: Option<String>,
}

/// What a run that failed has left in the file.
#[derive(Debug)]
pub(crate) enum Left {
    /// A hand-over that opens and imports.
    Good(Sealed),
    /// A hand-over whose secret went again with its app: a policy of the tenant has refused the rest.
    Void(Sealed),
    /// No hand-over, although this secret was issued.
    Lost(String),
    /// No hand-over, and no secret was issued.
    Nothing,
}

#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    fingerprint: Fingerprint,
    label: Label,
}

impl SealedFile {
    /// Checks all that could keep the file from being written, makes its folder, and reads the file that is there: once
    /// the secret is issued, a file that cannot be written would lose it.
    pub(crate) fn prepare(path: &Path, recipient: Recipient, days: u8, may_replace: bool) -> Result<Self, BadInput> {
        files::prepare(path).map_err(|error| BadInput::unwritable(path, &error))?;
        let held = match path.exists() {
            true => Label::read(&String::from_utf8_lossy(&files::read(path)?)),
            false => None,
        };
        if path.exists() && held.is_none() && !may_replace {
            return Err(BadInput(format!(
                "{} is there already, and it is not a sealed hand-over of this program. Name another file, or add --replace. Nothing was \
                 sent.",
                path.display()
            )));
        }
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            recipient,
            days,
            may_replace,
            held,
            state: Mutex::default(),
        })))
    }

    /// Learns from the plan what the run will register, and refuses to write over the hand-over of other apps.
    pub(crate) fn expect(&self, spec: &ConnectionSpec, plan: &Plan) -> Result<(), Ending> {
        let document = plan.document();
        if document.tenant_name.is_empty() {
            return Err(Ending::Refused(
                "The tenant's name is not known, and the import needs it: sign in with User.Read, or as an application with \
                 Organization.Read.All."
                    .to_owned(),
            ));
        }
        let is_same = |held: &Label| held.tenant == document.tenant_id && Some(held.server_app) == document.server_app.application_id;
        match &self.0.held {
            Some(held) if !self.0.may_replace && !is_same(held) => {
                return Err(Ending::Refused(format!(
                    "{} is the hand-over of another app: {held}. Name another file, or add --replace.",
                    self.0.path.display()
                )));
            }
            _ => {}
        }
        self.state().so_far = SoFar::planned(spec, document);
        Ok(())
    }

    /// Learns from the progress of the run, and writes the file as soon as it is of use. To be given every event.
    pub(crate) fn observe(&self, event: &Event) {
        if self.state().so_far.learn(&event.kind) {
            // The run tells at its end what became of the file.
            let _ = self.write_so_far();
        }
    }

    /// Seals what has come out, and tells what to do with it.
    pub(crate) fn finish(&self, spec: &ConnectionSpec, outcome: &Outcome, output: Output) -> Result<(), Ending> {
        let (hand_over, issued) = match (HandOver::new(spec, outcome), &outcome.secret) {
            (Ok(hand_over), Some(issued)) => (hand_over, issued),
            (Err(HandOverError::Nothing), None) => return self.leave(outcome, output),
            (Err(error), _) => return Err(lost(&BadInput::of(&error).0)),
            (Ok(_), None) => return Err(lost("The run has issued no secret.")),
        };
        let written = self.write(&hand_over, issued.key_id.to_string());
        let sealed = written.map_err(|error| lost(&error.0))?;
        self.tell(&sealed, true, output);
        Ok(())
    }

    /// What a run that failed has left in the file. `secret` is the Secret ID of the one that the app has of this run.
    pub(crate) fn left(&self, secret: Option<String>) -> Left {
        match (self.state().sealed.clone(), secret) {
            (Some(sealed), Some(_)) => Left::Good(sealed),
            (Some(sealed), None) => Left::Void(sealed),
            (None, Some(secret)) => Left::Lost(secret),
            (None, None) => Left::Nothing,
        }
    }

    /// Tells what a run that failed has left in the file.
    pub(crate) fn tell_failure(&self, error: &ApplyError, output: Output) {
        let path = self.0.path.display();
        match self.left(error.secret().map(|secret| secret.key_id.to_string())) {
            Left::Good(sealed) => {
                self.tell(&sealed, false, output);
                output.next(
                    "The run did not come to its end. Run the same command again before you send the file: it goes on from there, issues no \
                     other secret, and leaves the file as it is.",
                );
            }
            Left::Void(sealed) => {
                let secret = &sealed.label.secret;
                let told = json!({ "file": path.to_string(), "secretId": secret });
                let text = format!(
                    "{path} is void: this run removed the app again, and with it the secret that the file holds (Secret ID {secret}). Delete \
                     the file, and do not send it."
                );
                output.page("Hand-over", "void", &told, &text);
            }
            Left::Lost(secret) => {
                let why = self.state().trouble.clone();
                let why = why.unwrap_or_else(|| "not both apps were registered, so that the file could not have been imported.".to_owned());
                output.next(&format!(
                    "{path} was not written: {why} The secret of this run (Secret ID {secret}) is lost. Run the same command again with \
                     --reissue-secret, and then remove the lost one under Certificates & secrets."
                ));
            }
            Left::Nothing => output.next(&format!(
                "{path} was not written: no secret was issued yet. Run the same command again."
            )),
        }
    }

    /// A file of an earlier run is good as long as its secret is; nothing is written over it.
    fn leave(&self, outcome: &Outcome, output: Output) -> Result<(), Ending> {
        let path = self.0.path.display();
        let none = "This run made no secret, because the app has one already, so there is nothing new to hand over.";
        let anew = format!("To issue another secret and write {path} anew, add --reissue-secret.");
        let Some(held) = &self.0.held else {
            return Err(Ending::Failed(format!("{none} {anew}")));
        };
        let server_app = outcome.server_app.as_ref().map(|app| app.application_id);
        let other_uri = outcome.app_id_uri.as_ref().filter(|uri| uri.as_str() != held.app_id_uri);
        let why_not = if outcome.tenant_id != held.tenant || server_app != Some(held.server_app) {
            Some(format!("it is the hand-over of another app: {held}."))
        } else if held.usable_until < SystemClock.now() {
            Some(format!("it can no longer be used: {held}."))
        } else {
            other_uri.map(|uri| format!("it names another App ID URI than {uri}, which the app has now."))
        };
        if let Some(why_not) = why_not {
            return Err(Ending::Failed(format!("{none} {path} is left as it is, and {why_not} {anew}")));
        }
        output.next(&format!(
            "{none} {path} of an earlier run is left as it is: {held}. Its fingerprint is {}. {anew}",
            held.fingerprint
        ));
        Ok(())
    }

    fn tell(&self, sealed: &Sealed, is_finished: bool, output: Output) {
        let (file, recipient) = (self.0.path.display(), &self.0.recipient);
        let (fingerprint, label) = (&sealed.fingerprint, &sealed.label);
        let told = json!({
            "file": file.to_string(),
            "fingerprint": fingerprint,
            "recipient": recipient.subject(),
            "thumbprint": recipient.thumbprint(),
            "secretId": label.secret,
            "usableUntil": label.usable_until.unix_timestamp(),
            "isFinished": is_finished,
        });
        let mut text = format!(
            "Written:     {file} ({label})\n\
             Sealed to:   {} (thumbprint {}). Compare the thumbprint with the recipient: who has that key can read the secret.\n\
             Fingerprint: {fingerprint}",
            recipient.subject(),
            recipient.thumbprint(),
        );
        if is_finished {
            text.push_str("\n\nSend the file, and read the fingerprint out by telephone: the file does not say who wrote it.");
            let name = self.0.path.file_name().unwrap_or_default().to_string_lossy();
            text.push_str(&format!(
                "\nThe recipient imports it with the private key in a file:\n  \
                 cmg-onboard import-handover --file {name} --key KEY.pem --site power-shell --site-code ABC --provider HOST\n\
                 or, with the private key in the certificate store of Windows, by the script (cmg-onboard.ps1, which \
                 `cmg-onboard hand-over --script-out` writes):\n  \
                 .\\cmg-onboard.ps1 -HandOverFile {name} -SiteCode ABC -Provider HOST",
            ));
        }
        output.page("Hand-over", "sealed", &told, &text);
    }

    /// Writes what is known, if that is enough for an import.
    fn write_so_far(&self) -> Result<(), BadInput> {
        let (hand_over, secret) = {
            let state = self.state();
            match state.so_far.hand_over() {
                None => return Ok(()),
                Some((hand_over, secret)) => (hand_over, secret),
            }
        };
        let written = hand_over
            .map_err(|error| BadInput::of(&error))
            .and_then(|hand_over| self.write(&hand_over, secret));
        if let Err(error) = &written {
            self.state().trouble = Some(error.0.clone());
        }
        written.map(|_| ())
    }

    fn write(&self, hand_over: &HandOver, secret: String) -> Result<Sealed, BadInput> {
        let until = SystemClock.now() + Duration::days(self.0.days.into());
        let sealed: SealedHandOver = hand_over.seal(&self.0.recipient, until).map_err(|error| BadInput::of(&error))?;
        let nothing = || BadInput::of(&HandOverError::Nothing);
        let label = Label::of(hand_over.spec(), secret, until, *sealed.fingerprint()).ok_or_else(nothing)?;
        let text = format!("{}{}", label.to_text(), sealed.text());
        files::write_private(&self.0.path, text.as_bytes()).map_err(|error| BadInput::unwritable(&self.0.path, &error))?;
        let sealed = Sealed {
            fingerprint: *sealed.fingerprint(),
            label,
        };
        self.state().sealed = Some(sealed.clone());
        Ok(sealed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SecretSink for SealedFile {
    /// Before both apps are registered, a file with the secret could not be imported: the two are registered side by side,
    /// and the file is written when the second one is there, before the next round of the run.
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        self.state().so_far.issued(secret);
        self.write_so_far().map_err(|error| {
            SecretSinkError::new(
                error.0.trim_end_matches('.'),
                "Mend that, and run the same command again with --reissue-secret.",
            )
        })
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedFile({})", self.0.path.display())
    }
}

fn lost(message: &str) -> Ending {
    Ending::Failed(format!(
        "{}. The secret of this run is lost; add --reissue-secret to the next one.",
        message.trim_end_matches('.')
    ))
}
