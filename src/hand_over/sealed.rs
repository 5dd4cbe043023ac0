//! A hand-over that is sealed.

use std::{fmt, path::Path};

use time::OffsetDateTime;

use super::{
    Fingerprint, HandOver, HandOverError, Origin, Recipient, RecipientKey, armour,
    document::{self, Document},
    envelope::{self, Envelope},
};
use crate::{
    site::{
        SiteOnboarded,
        power_shell::{ConsoleScript, ConsoleScriptError},
    },
    text::excerpt,
};

/// The label of the armour, as `Unprotect-CmsMessage` looks for it.
const LABEL: &str = "CMS";

/// A file that a mail was pasted into may be this long, in bytes.
const LONGEST: usize = 256 * 1024;

/// The sealed file: safe to send, and worthless without the recipient's private key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedHandOver {
    message: Vec<u8>,
    fingerprint: Fingerprint,
}

impl HandOver {
    /// Seals it to a recipient. The file may be used until the given moment, or until the secret itself ends, if that is
    /// sooner.
    ///
    /// # Errors
    ///
    /// If PowerShell would take a name or the description for a date, or the machine cannot encrypt.
    pub fn seal(&self, recipient: &Recipient, expires_on: OffsetDateTime) -> Result<SealedHandOver, HandOverError> {
        let (server, _) = self.apps().ok_or(HandOverError::Nothing)?;
        let expires_on = expires_on.min(server.secret_key_expiry());
        let content = document::write(self, recipient.subject(), &recipient.public_key, expires_on)?;
        let message = envelope::seal(content, recipient).ok_or(HandOverError::NotSealed)?;
        Ok(SealedHandOver::of(message))
    }
}

impl SealedHandOver {
    /// Reads the text of a file. What stands before and after the armour is passed over, and so are line ends.
    ///
    /// # Errors
    ///
    /// If there is no whole message in it, or one of a kind that is not supported.
    pub fn from_text(text: &str) -> Result<Self, HandOverError> {
        let unreadable = |reason| HandOverError::Unreadable { reason };
        if text.len() > LONGEST {
            return Err(unreadable("it is too long"));
        }
        let message = armour::read(text, LABEL)
            .ok_or_else(|| unreadable("there is no text between the lines BEGIN CMS and END CMS, or it was changed"))?;
        Envelope::read(&message)?;
        Ok(Self::of(message.to_vec()))
    }

    /// The text of the file, in ASCII.
    #[must_use]
    pub fn text(&self) -> String {
        armour::write(LABEL, &self.message)
    }

    /// What both administrators compare, by telephone and not by the way that the file took.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Opens it at the given moment. Nothing is imported by this: show the hand-over, have the fingerprint compared, and
    /// ask; then [`HandOver::into_spec`].
    ///
    /// # Errors
    ///
    /// [`HandOverError::WrongRecipient`] if the certificate beside the key is not the one it is sealed to, or if the
    /// content was meant for another key; [`HandOverError::NotOpened`] for every other reason not to decrypt it, damage
    /// included; and what is wrong with the content: its version, its end, its values.
    pub fn open(&self, key: &RecipientKey, now: OffsetDateTime) -> Result<HandOver, HandOverError> {
        let envelope = Envelope::read(&self.message)?;
        let wrong_recipient = |own: String| HandOverError::WrongRecipient {
            sealed_to: envelope.sealed_to(),
            own,
        };
        if let Some(certificate) = key.certificate().filter(|_| envelope.is_for_another(key)) {
            return Err(wrong_recipient(certificate.issuer_and_serial.shown()));
        }
        let opened = envelope
            .contents(key)
            .find_map(|content| document::verified(&content).map(document::read));
        let Document {
            spec,
            recipient,
            public_key,
            expires_on,
        } = opened.ok_or_else(|| HandOverError::NotOpened {
            sealed_to: envelope.sealed_to(),
        })??;
        // A recipient can seal the content on to a third one, who must not take it for the sender's.
        let own = document::key_digest(key.public_key());
        if !public_key.eq_ignore_ascii_case(&own) {
            return Err(wrong_recipient(format!("the key with the digest {own}")));
        }
        if expires_on < now {
            return Err(HandOverError::Expired { expired_on: expires_on });
        }
        let origin = Origin {
            fingerprint: self.fingerprint,
            recipient: excerpt(&recipient),
            expires_on,
        };
        Ok(HandOver {
            spec,
            origin: Some(origin),
        })
    }

    /// Reads back what the script has done with this file, from the file with its answers, which it has written beside the
    /// sealed one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, the answers belong to another hand-over, or the script says that it failed.
    pub fn read_result(&self, answers: impl AsRef<Path>) -> Result<SiteOnboarded, ConsoleScriptError> {
        ConsoleScript::read_answers(&self.fingerprint.run(), answers.as_ref())
    }

    fn of(message: Vec<u8>) -> Self {
        Self {
            fingerprint: Fingerprint::of(&message),
            message,
        }
    }
}

impl fmt::Debug for SealedHandOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedHandOver({})", self.fingerprint)
    }
}

#[cfg(test)]
mod tests;
