//! What goes wrong with a sealed hand-over.

use std::borrow::Cow;

use time::OffsetDateTime;

use super::to_the_minute;
use crate::{error::Diagnostic, text::clean};

/// The line that makes a certificate for this, in Windows PowerShell 5.1 or PowerShell 7 on Windows, and the one that
/// writes its public half to a file. Parameters and values are those of Microsoft's reference of
/// `New-SelfSignedCertificate` and `Export-Certificate`.
const MAKE_A_CERTIFICATE: &str = "The recipient makes a certificate, for the account that will open the file, with:\n\
    $certificate = New-SelfSignedCertificate -Type DocumentEncryptionCert -Subject 'CN=CMG hand-over' -KeyUsage \
    KeyEncipherment, DataEncipherment -KeyAlgorithm RSA -KeyLength 3072 -CertStoreLocation Cert:\\CurrentUser\\My \
    -NotAfter (Get-Date).AddDays(30)\n\
    Export-Certificate -Cert $certificate -FilePath .\\cmg-hand-over.cer\n\
    and sends cmg-hand-over.cer, which holds no private key.";

/// A hand-over that cannot be sealed or opened. It never has anything of the content of a file that did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The run has issued no secret, so that there is nothing to hand over.
    #[error("there is nothing to hand over: the run has issued no secret, or the name of an app is not known")]
    Nothing,
    /// The given bytes are not a certificate.
    #[error("the recipient's certificate cannot be read")]
    CertificateUnreadable,
    /// The certificate has no RSA key of at least 2048 bits.
    #[error("the certificate of {} has no RSA key of 2048 bits or more", clean(.subject))]
    CertificateWithoutRsa {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate has expired, or is not valid yet.
    #[error("the certificate of {} is valid from {} until {}, and it is {}", clean(.subject), to_the_minute(*.from), to_the_minute(*.until), to_the_minute(*.now))]
    CertificateNotValid {
        /// Whose certificate it is.
        subject: String,
        /// Its beginning.
        from: OffsetDateTime,
        /// Its end.
        until: OffsetDateTime,
        /// When it was looked at.
        now: OffsetDateTime,
    },
    /// The certificate is for another use, so that PowerShell would not take it.
    #[error("the certificate of {} is not one for document encryption: it lacks the {lacks}", clean(.subject))]
    CertificateForOtherUse {
        /// Whose certificate it is.
        subject: String,
        /// What it lacks.
        lacks: &'static str,
    },
    /// The private key cannot be read.
    #[error("the private key cannot be read: {reason}")]
    KeyUnreadable {
        /// Why not.
        reason: &'static str,
    },
    /// PowerShell would take a text of the hand-over for a date, and could not give it back as it was.
    #[error("PowerShell would take {:?} for a date", clean(.text))]
    TakenForADate {
        /// Which text.
        text: String,
    },
    /// The machine could not encrypt.
    #[error("the hand-over could not be encrypted")]
    NotSealed,
    /// The text is not a whole sealed hand-over.
    #[error("this is not a whole sealed hand-over: {reason}")]
    Unreadable {
        /// What is wrong.
        reason: &'static str,
    },
    /// The file is a message of a kind that this crate or PowerShell does not open.
    #[error("the file is sealed in a way that is not supported: {}", clean(.what))]
    NotSupported {
        /// What is not supported.
        what: String,
    },
    /// The file is sealed to other certificates than the given one.
    #[error("the file is sealed to {}, and the given key belongs to {}", clean(&.sealed_to.join(" and to ")), clean(.own))]
    WrongRecipient {
        /// The certificates that the file names, by issuer and serial number.
        sealed_to: Vec<String>,
        /// The given certificate in the same form, or the digest of the given public key.
        own: String,
    },
    /// The key does not open the file. For an intruder's sake there is one error for every reason.
    #[error("the file, which is sealed to {}, does not open with this key: the key is another one, or the file was damaged", clean(&.sealed_to.join(" and to ")))]
    NotOpened {
        /// The certificates that the file names, by issuer and serial number.
        sealed_to: Vec<String>,
    },
    /// The file was written by a later version of this crate.
    #[error("the hand-over is of version {version}, and this program knows version 1")]
    UnknownVersion {
        /// Its version.
        version: u64,
    },
    /// The day until which the file may be used is over.
    #[error("the hand-over could be used until {}", to_the_minute(*.expired_on))]
    Expired {
        /// When it ended.
        expired_on: OffsetDateTime,
    },
    /// The file opened, and what it says cannot be imported.
    #[error("what the hand-over says cannot be imported: {}", clean(.reason))]
    Content {
        /// Why not.
        reason: String,
    },
}

impl Diagnostic for HandOverError {
    fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothingToHandOver",
            Self::CertificateUnreadable => "recipientCertificateUnreadable",
            Self::CertificateWithoutRsa { .. } => "recipientCertificateWithoutRsa",
            Self::CertificateNotValid { .. } => "recipientCertificateNotValid",
            Self::CertificateForOtherUse { .. } => "recipientCertificateForOtherUse",
            Self::KeyUnreadable { .. } => "recipientKeyUnreadable",
            Self::TakenForADate { .. } => "handOverTextTakenForADate",
            Self::NotSealed => "handOverNotSealed",
            Self::Unreadable { .. } => "handOverUnreadable",
            Self::NotSupported { .. } => "handOverNotSupported",
            Self::WrongRecipient { .. } => "handOverForAnotherRecipient",
            Self::NotOpened { .. } => "handOverNotOpened",
            Self::UnknownVersion { .. } => "handOverOfUnknownVersion",
            Self::Expired { .. } => "handOverExpired",
            Self::Content { .. } => "handOverContentInvalid",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing => "Register without a site. If an earlier run has issued the secret already, ask for another one (reissue_secret, --reissue-secret).".into(),
            Self::CertificateUnreadable => {
                format!("Give a certificate in PEM, or in DER as Export-Certificate writes it, without its private key. {MAKE_A_CERTIFICATE}").into()
            }
            Self::CertificateWithoutRsa { .. } | Self::CertificateNotValid { .. } | Self::CertificateForOtherUse { .. } => {
                MAKE_A_CERTIFICATE.into()
            }
            Self::KeyUnreadable { .. } => "Give the RSA key of 2048 bits or more that belongs to the certificate, in PEM, without a password (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY); openssl pkey -in key.pem takes a password off. If the key is in the certificate store of Windows, let the script open the file instead.".into(),
            Self::TakenForADate { .. } => "Choose another name or description.".into(),
            Self::NotSealed => "Try again; if it fails again, report this as an error of the crate.".into(),
            Self::Unreadable { .. } => "Copy the file again, whole, from the line BEGIN CMS to the line END CMS.".into(),
            Self::NotSupported { .. } => "Seal it with this crate, or with AES in CBC mode and without streaming: openssl cms -encrypt -aes-256-cbc -binary -outform PEM.".into(),
            Self::WrongRecipient { .. } => "Open it with the key that belongs to the certificate it is sealed to, or have it sealed anew to your own certificate.".into(),
            Self::NotOpened { .. } => "Compare the fingerprint with the one that the sender sees: if it differs, the file was damaged or is another one. If it is the same, look for the key that belongs to the certificate, or have it sealed anew.".into(),
            Self::UnknownVersion { .. } => "Use the version of this program, or of the script, that the sender has.".into(),
            Self::Expired { .. } => "Have it sealed anew. If this computer's clock is wrong, set it.".into(),
            Self::Content { .. } => "Have it sealed anew by a program of the same version; import nothing of it by hand.".into(),
        }
    }
}
