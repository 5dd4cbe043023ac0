//! The application of a tenant that may sign in by itself.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::{Uuid, uuid};

use crate::object::Object;

/// An application that may do all that onboarding needs by itself, without a user, so that other tools' clients can
/// be pointed at the emulator.
///
/// Its id and secret are the emulator's own and open nothing anywhere else.
#[derive(Clone)]
pub struct AutomationClient {
    id: Uuid,
    secret: SecretString,
    certificates: Vec<Vec<u8>>,
    federated: Vec<Object>,
    permissions: Vec<String>,
}

/// What the automation client may do unless something else is said.
const AUTOMATION_PERMISSIONS: [&str; 6] = [
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
];

impl AutomationClient {
    /// An automation client with this id and secret.
    #[must_use]
    pub fn new(id: impl Into<Uuid>, secret: impl Into<SecretString>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            certificates: Vec::new(),
            federated: Vec::new(),
            permissions: AUTOMATION_PERMISSIONS.map(str::to_owned).into(),
        }
    }

    /// The same with a certificate (DER) that it may sign in with, too; may be called repeatedly.
    #[must_use]
    pub fn with_certificate(mut self, certificate: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(certificate.into());
        self
    }

    /// The same with a federated identity credential, so that a token of this issuer for this subject and audience signs
    /// it in, too; may be called repeatedly. [`EmulatedTenant::trust_issuer`](crate::EmulatedTenant::trust_issuer) makes the issuer's keys known.
    #[must_use]
    pub fn with_federated_credential(mut self, issuer: &str, subject: &str, audience: &str) -> Self {
        let parts = [
            ("issuer", json!(issuer)),
            ("subject", json!(subject)),
            ("audiences", json!([audience])),
        ];
        self.federated
            .push(parts.map(|(name, value)| (name.to_owned(), value)).into_iter().collect());
        self
    }

    /// The same with these application permissions of Microsoft Graph and no others. Default: all that onboarding needs,
    /// and `Policy.Read.All`.
    #[must_use]
    pub fn with_permissions<I: IntoIterator<Item = S>, S: Into<String>>(mut self, permissions: I) -> Self {
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    pub(super) fn federated(&self) -> &[Object] {
        &self.federated
    }

    pub(super) fn permissions(&self) -> &[String] {
        &self.permissions
    }

    /// Its application (client) id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Its secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl Default for AutomationClient {
    fn default() -> Self {
        Self::new(uuid!("e4a11a70-0000-4000-8000-00000000a070"), "emulator-only~not-a-secret")
    }
}

impl fmt::Debug for AutomationClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AutomationClient")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
