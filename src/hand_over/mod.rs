//! The sealed hand-over: one file from the administrator of the tenant to the administrator of the site.
//!
//! The file has everything that the import needs, the secret included. It is a message in the Cryptographic Message
//! Syntax (RFC 5652, EnvelopedData, AES-256 in CBC mode) to the recipient's document-encryption certificate, so that the
//! script opens it with `Unprotect-CmsMessage` in Windows PowerShell 5.1 and in PowerShell 7, and this crate without
//! PowerShell.
//!
//! | who | call | what it gives |
//! | --- | --- | --- |
//! | registers | [`Recipient::from_certificate`] | the certificate, checked before anything is registered |
//! | registers | [`HandOver::new`] and [`HandOver::seal`] | [`SealedHandOver`]: the file's text, and the fingerprint to read out |
//! | imports | [`SealedHandOver::from_text`] and [`SealedHandOver::open`] | [`HandOver`]: what it says, to show and to compare |
//! | imports | [`HandOver::into_spec`] | the specification that imports both apps |
//!
//! ```
//! use cmg_onboarding::{
//!     AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec,
//!     clock::{Clock, SystemClock},
//!     hand_over::{HandOver, Recipient, RecipientKey, SealedHandOver},
//! };
//! use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
//! use time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let certificate = std::fs::read("src/hand_over/test-data/certificate.pem")?;
//! # let private_key = std::fs::read("src/hand_over/test-data/key.pem")?;
//! let now = SystemClock.now();
//!
//! // The administrator of the tenant. The certificate comes first: no secret is issued that cannot be handed over.
//! let recipient = Recipient::from_certificate(&certificate, now)?;
//! let spec = ConnectionSpec::builder("Contoso CMG")
//!     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
//!     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
//!     .build()?;
//! let registering = AzureServicesConnection::builder(spec.clone())
//!     .directory(EmulatedTenant::new().directory())
//!     .build()?;
//! let outcome = registering.onboard(|_| ()).await?;
//! let sealed = HandOver::new(&spec, &outcome)?.seal(&recipient, now + Duration::days(14))?;
//! println!("Read this out by telephone: {}", sealed.fingerprint());
//! let file = sealed.text(); // to be sent
//!
//! // The administrator of the site.
//! let sealed = SealedHandOver::from_text(&file)?;
//! let opened = sealed.open(&RecipientKey::from_pem(&private_key)?, now)?;
//! println!("{opened}"); // to be compared, and asked about, before anything is imported
//! let importing = AzureServicesConnection::builder(opened.into_spec())
//!     .site(EmulatedSite::new())
//!     .build()?;
//! importing.onboard(|_| ()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What sealing says, and what not
//!
//! - Only who has the certificate's private key can read the file.
//! - It does not say who wrote it: the certificate is public, so that any person can seal anything to it. That is what the
//!   fingerprint is for: 128 bits of the digest of the sealed bytes, which both administrators compare by telephone
//!   before anything is imported.
//! - The mode of encryption does not notice changes by itself, and PowerShell refuses the ones that do (it knows no
//!   AuthEnvelopedData, such as AES in GCM mode). So the content carries a SHA-256 digest of its own: a file that was
//!   damaged, cut or changed by a person who cannot read it does not open. It does not help against a person who writes
//!   a file anew.
//! - The file ends on a date. That bounds how long a forgotten copy is accepted; a reader that was written to ignore the
//!   date can still read it, so the secret's own end is what counts if a file and its key are lost.
//! - Every trouble below the message's structure (key, padding, digest) is one and the same error,
//!   [`HandOverError::NotOpened`], so that nothing can be learnt by sending changed files.
//!
//! # How the key is transported
//!
//! RSAES-OAEP with its defaults (SHA-1, MGF1). The sample in Microsoft's *Cryptographic Message Syntax (CMS) cmdlets*,
//! which `Protect-CmsMessage` of Windows PowerShell made and `Unprotect-CmsMessage` opens, has exactly this form, and
//! PowerShell 7.6 was seen to open it; it has not been tried in a Windows PowerShell 5.1. OAEP needs no digest that
//! withstands collisions, which is what SHA-1 lacks. RSAES-PKCS1-v1_5 is opened, too: other programs write it.

mod armour;
mod document;
mod envelope;
mod error;
mod fingerprint;
#[cfg(all(any(fuzzing, test), feature = "http"))]
pub(crate) mod fuzzing;
mod issuer_and_serial;
mod recipient;
mod recipient_key;
mod sealed;
mod syntax;

use std::fmt;

use serde::Serialize;
use time::{OffsetDateTime, UtcOffset, macros::format_description};

pub use error::HandOverError;
pub use fingerprint::Fingerprint;
pub use recipient::Recipient;
pub use recipient_key::RecipientKey;
pub use sealed::SealedHandOver;

use crate::{
    connection::Outcome,
    spec::{ClientApp, ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp, InvalidSpec, ServerApp},
    text::clean,
};

/// Everything that the administrator of the site needs, the server app's secret included.
///
/// In JSON and in `Debug` it is without the secret. It prints as the page that is compared before anything is imported.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    /// With both apps to import.
    spec: ConnectionSpec,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

/// The file that a hand-over came from.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    fingerprint: Fingerprint,
    recipient: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_on: OffsetDateTime,
}

impl HandOver {
    /// What a run without a site has registered, with name, description and discovery as the specification has them.
    ///
    /// # Errors
    ///
    /// [`HandOverError::Nothing`] if the run has issued no secret, or if the name of an app is not known.
    pub fn new(spec: &ConnectionSpec, outcome: &Outcome) -> Result<Self, HandOverError> {
        let (server_app, client_app) = outcome.hand_over().ok_or(HandOverError::Nothing)?;
        let mut builder = ConnectionSpec::builder(spec.name())
            .environment(outcome.environment)
            .server_app(server_app)
            .client_app(client_app);
        if spec.has_key() {
            builder = builder.key(spec.key());
        }
        if let Some(description) = spec.description() {
            builder = builder.description(description);
        }
        if let Some(discovery) = spec.discovery() {
            builder = builder.discovery(discovery.clone());
        }
        builder.build().map(Self::written_here).map_err(HandOverError::from)
    }

    /// What a specification imports that has the values of both apps: of a run that has not come to its end, put together in
    /// a [`SecretSink`](crate::connection::SecretSink), or with a secret that was added by hand.
    ///
    /// # Errors
    ///
    /// [`HandOverError::Nothing`] unless it imports both apps.
    pub fn from_spec(spec: ConnectionSpec) -> Result<Self, HandOverError> {
        let hand_over = Self::written_here(spec);
        match hand_over.apps() {
            Some(_) => Ok(hand_over),
            None => Err(HandOverError::Nothing),
        }
    }

    /// The specification that imports both apps, with the secret in it. Show the hand-over and have its fingerprint
    /// compared first: sealing says who can read a file, not who wrote it.
    #[must_use]
    pub fn into_spec(self) -> ConnectionSpec {
        self.spec
    }

    /// The same as [`into_spec`](Self::into_spec), to look at: tenant, apps, name, discovery.
    #[must_use]
    pub const fn spec(&self) -> &ConnectionSpec {
        &self.spec
    }

    /// The fingerprint of the file that this came from; `None` if it was made here.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        self.origin.as_ref().map(|origin| &origin.fingerprint)
    }

    fn written_here(spec: ConnectionSpec) -> Self {
        Self { spec, origin: None }
    }

    /// Both apps, which a hand-over always has to import.
    fn apps(&self) -> Option<(&ImportedServerApp, &ImportedClientApp)> {
        match (self.spec.server_app(), self.spec.client_app()) {
            (ServerApp::Import(server), ClientApp::Import(client)) => Some((server, client)),
            _ => None,
        }
    }
}

/// What becomes of user and group discovery, for people.
fn discovery(discovery: Option<&DiscoverySpec>) -> (&'static str, String) {
    const LEFT: &str = "left as it is";
    const OFF: &str = "switched off";
    let Some(discovery) = discovery else {
        return (LEFT, LEFT.to_owned());
    };
    let users = match discovery.users() {
        Some(_) => "enabled",
        None if discovery.users_are_off() => OFF,
        None => LEFT,
    };
    let groups = match discovery.groups() {
        Some(groups) => format!("enabled: {}", groups.names.join(", ")),
        None if discovery.groups_are_off() => OFF.to_owned(),
        None => LEFT.to_owned(),
    };
    (users, groups)
}

/// A moment for people.
fn to_the_minute(moment: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let utc = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(moment);
    utc.format(format).unwrap_or_else(|_| moment.to_string())
}

impl From<InvalidSpec> for HandOverError {
    fn from(invalid: InvalidSpec) -> Self {
        Self::Content {
            reason: invalid.to_string(),
        }
    }
}

impl fmt::Display for HandOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |label: &str, value: &str| writeln!(formatter, "{label:<20}{}", clean(value));
        if let Some(origin) = &self.origin {
            row("Sealed to:", &origin.recipient)?;
            row("Can be used until:", &to_the_minute(origin.expires_on))?;
            row("Fingerprint:", &origin.fingerprint.to_string())?;
        }
        if let Some((server, client)) = self.apps() {
            row("Tenant:", &format!("{} ({})", server.tenant_name(), server.tenant_id()))?;
            row("Azure environment:", self.spec.environment().as_str())?;
            row("Web app:", &format!("{} ({})", server.name(), server.client_id()))?;
            row("App ID URI:", server.app_id_uri().as_str())?;
            row(
                "Secret key:",
                &format!("not shown, expires on {}", to_the_minute(server.secret_key_expiry())),
            )?;
            row("Native Client app:", &format!("{} ({})", client.name(), client.client_id()))?;
        }
        row("Connection:", self.spec.name())?;
        if let Some(description) = self.spec.description() {
            row("Description:", description)?;
        }
        let (users, groups) = discovery(self.spec.discovery());
        row("User discovery:", users)?;
        row("Group discovery:", &groups)
    }
}
