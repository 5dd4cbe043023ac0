//! A safe place that gets every issued secret before anything else can fail.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    connection::report::outcome::IssuedSecret,
    error::Diagnostic,
    ids::{ApplicationId, ApplicationObjectId, TenantId},
    text::excerpt,
};

/// A safe place for issued secrets, such as a vault.
///
/// A run awaits it with every secret that it issues, before it writes anything else: if the run fails
/// afterwards, or the process ends, the secret's text is not lost. Without a sink the text is in the
/// [`Outcome`](crate::connection::Outcome) or in the [`ApplyError`](crate::connection::ApplyError), and
/// nowhere else. One request may be under way meanwhile: the one that makes the client app is sent together with
/// the one that makes the server app, and with it its secret.
///
/// A secret that reaches the sink may yet be replaced within the same run, if another run has chosen the same
/// end or if the site holds another run's secret. The secret that counts is the one in the `Outcome`.
///
/// ```
/// use std::sync::Mutex;
///
/// use cmg_onboarding::{
///     async_trait,
///     connection::{NewSecret, SecretSink, SecretSinkError},
/// };
///
/// /// Keeps secrets in memory, by their *Secret ID*.
/// #[derive(Debug, Default)]
/// struct InMemory(Mutex<Vec<NewSecret>>);
///
/// #[async_trait]
/// impl SecretSink for InMemory {
///     async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
///         let mut kept = self.0.lock().map_err(|_| SecretSinkError::new("the memory is poisoned", "Restart."))?;
///         kept.push(secret.clone());
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait SecretSink: fmt::Debug + Send + Sync {
    /// Stores a secret that has just been issued. The run goes on when this returns.
    ///
    /// # Errors
    ///
    /// If the secret could not be stored. The run then stops before its next write, and its error carries the
    /// secret.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await, if the caller drops the run.
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError>;
}

#[async_trait]
impl<S: SecretSink + ?Sized> SecretSink for Arc<S> {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        self.as_ref().store(secret).await
    }
}

/// A secret that has just been issued, with the app that it belongs to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewSecret {
    /// The tenant.
    pub tenant_id: TenantId,
    /// *Application (client) ID* of the server app.
    pub application_id: ApplicationId,
    /// *Object ID* of the app registration.
    pub object_id: ApplicationObjectId,
    /// The secret with its text.
    pub secret: IssuedSecret,
}

/// The sink could not store a secret.
#[derive(Debug, Clone)]
pub struct SecretSinkError {
    message: String,
    help: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl SecretSinkError {
    /// Describes the failure in one sentence without a full stop, with what to do about it. Both may be shown
    /// and logged: they are cut after 2,000 characters, and control characters and bidirectional formatting
    /// characters become spaces.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: excerpt(&message.into()),
            help: excerpt(&help.into()),
            source: None,
        }
    }

    /// The same with a source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl Diagnostic for SecretSinkError {
    fn code(&self) -> &'static str {
        "secretNotStored"
    }

    fn help(&self) -> Cow<'_, str> {
        self.help.as_str().into()
    }
}

impl fmt::Display for SecretSinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the secret sink did not store the issued secret: {}", self.message)
    }
}

impl Error for SecretSinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_sink_keeps_its_source() {
        let error = SecretSinkError::new("the vault is sealed", "Unseal the vault.");
        assert!(error.source().is_none());
        let error = error.with_source("HTTP status 503");
        assert_eq!(error.source().unwrap().to_string(), "HTTP status 503");
        assert!(!error.to_string().contains("503"), "the text does not repeat the source");
    }
}
