//! An application that signs in by itself with an assertion of another identity provider.

use std::{
    fmt, fs,
    future::Future,
    io::Read,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use url::Url;

use super::{
    application::{self, Field, Proof},
    service::{SignInService, common_settings},
};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::{TokenError, TokenFailure},
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    token::{AccessToken, TokenProvider, TokenRequest},
};

/// Longer files are no assertions.
const LONGEST_FILE: u64 = 64 * 1024;

/// Signs an application in with an assertion that another identity provider has issued (workload identity federation):
/// no secret and no key of its own.
///
/// The assertion is read anew for each sign-in, because it is good for minutes only. The app registration, or the
/// user-assigned managed identity, has to trust its issuer and its subject (Entra admin center > App registrations >
/// Certificates & secrets > Federated credentials). A tenant that the request names wins over the one given here.
///
/// Source: *Workload identity federation*; *OAuth 2.0 client credentials flow*, third case (federated credential).
///
/// ```
/// use cmg_onboarding::{ApplicationId, CloudEndpoints, TenantId, TokenError, token::ClientAssertionSignIn};
/// use secrecy::SecretString;
///
/// # fn example(tenant: TenantId, application: ApplicationId) {
/// // From a file that the platform keeps fresh, as Kubernetes does:
/// let endpoints = CloudEndpoints::default();
/// let sign_in = ClientAssertionSignIn::from_file(endpoints.clone(), tenant, application, "/var/run/secrets/azure/tokens/azure-identity-token");
/// // From anywhere else:
/// let sign_in = ClientAssertionSignIn::new(endpoints, tenant, application, || async {
///     let assertion = ask_the_build_server().await.map_err(TokenError::provider)?;
///     Ok(SecretString::from(assertion))
/// });
/// # let _ = sign_in;
/// # }
/// # async fn ask_the_build_server() -> Result<String, std::io::Error> { Ok(String::new()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientAssertionSignIn {
    service: SignInService,
    source: Source,
}

type Answer = Pin<Box<dyn Future<Output = Result<SecretString, TokenError>> + Send>>;

#[derive(Clone)]
enum Source {
    File(PathBuf),
    Caller(Arc<dyn Fn() -> Answer + Send + Sync>),
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Caller(_) => formatter.write_str("Caller(..)"),
        }
    }
}

impl ClientAssertionSignIn {
    /// Signs this application in to its tenant with what `assertion` gives, which is asked for each sign-in.
    pub fn new<F, R>(endpoints: CloudEndpoints, tenant: TenantId, application: ApplicationId, assertion: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<SecretString, TokenError>> + Send + 'static,
    {
        let source = Source::Caller(Arc::new(move || Box::pin(assertion())));
        Self::over(endpoints, tenant, application, source)
    }

    /// Signs this application in to its tenant with the assertion in this file, which is read for each sign-in. Platforms
    /// name it in `AZURE_FEDERATED_TOKEN_FILE`.
    pub fn from_file(endpoints: CloudEndpoints, tenant: TenantId, application: ApplicationId, path: impl AsRef<Path>) -> Self {
        Self::over(endpoints, tenant, application, Source::File(path.as_ref().to_owned()))
    }

    fn over(endpoints: CloudEndpoints, tenant: TenantId, application: ApplicationId, source: Source) -> Self {
        Self {
            service: SignInService::of_tenant(endpoints, tenant, application),
            source,
        }
    }

    common_settings!();
}

#[async_trait]
impl Proof for Source {
    async fn fields(&self, _: &SignInService, _: &Url) -> Result<Vec<Field>, TokenError> {
        let assertion = match self {
            Self::File(path) => read(path)?,
            Self::Caller(ask) => Zeroizing::new(ask().await?.expose_secret().to_owned()),
        };
        let text = assertion.trim();
        if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(TokenError::new(
                TokenFailure::Unusable,
                "what was given as the assertion is not the text of a token",
                "Give the token of the federated identity provider alone, without quotes or line breaks.",
            ));
        }
        Ok(application::assertion(Zeroizing::new(text.to_owned())))
    }
}

/// The text of the file. It is a few kilobytes, in memory on the platforms that write one.
fn read(path: &Path) -> Result<Zeroizing<String>, TokenError> {
    // Bounded while it is read: a device or a pipe tells no length. Enough is taken at once, so that no copy is left behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST_FILE + 1).unwrap_or_default()));
    let found = fs::File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_string(&mut text));
    if text.len() as u64 > LONGEST_FILE {
        return Err(TokenError::new(
            TokenFailure::Unusable,
            format!("{} is too long for an assertion", path.display()),
            "Name the file that holds the token of the federated identity provider.",
        ));
    }
    found.map(|_| text).map_err(|error| {
        TokenError::new(
            TokenFailure::NotAvailable,
            format!("the federated token in {} cannot be read", path.display()),
            "Check that the platform provides workload identity here (AZURE_FEDERATED_TOKEN_FILE), and that this program may read the file.",
        )
        .with_source(error)
    })
}

#[async_trait]
impl TokenProvider for ClientAssertionSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        application::sign_in(&self.service, &self.source, request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn service() -> SignInService {
        SignInService::new(CloudEndpoints::default(), ApplicationId::new(Uuid::from_u128(1)))
    }

    async fn fields(source: &Source) -> Result<Vec<Field>, TokenError> {
        source
            .fields(&service(), &"https://login.microsoftonline.com/".parse().unwrap())
            .await
    }

    #[tokio::test]
    async fn a_file_is_read_for_each_sign_in() {
        let path = std::env::temp_dir().join(format!("cmg-assertion-{}", std::process::id()));
        let source = Source::File(path.clone());
        for text in ["one", "two"] {
            fs::write(&path, format!("{text}\n")).unwrap();
            let fields = fields(&source).await.unwrap();
            assert_eq!(fields[0].1.as_str(), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
            assert_eq!((fields[1].0, fields[1].1.as_str()), ("client_assertion", text));
        }
        fs::write(&path, "x".repeat(70_000)).unwrap();
        assert_eq!(fields(&source).await.unwrap_err().failure(), TokenFailure::Unusable);
        fs::remove_file(&path).unwrap();
        let error = fields(&source).await.unwrap_err();
        assert!(
            error.failure().concerns_this_provider_only(),
            "another way in a chain may be open: {error}"
        );
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused_before_it_is_sent_and_not_shown() {
        for text in ["", " \n", "Bearer abc"] {
            let source = Source::Caller(Arc::new(move || Box::pin(async move { Ok(SecretString::from(text)) })));
            assert_eq!(fields(&source).await.unwrap_err().failure(), TokenFailure::Unusable, "{text:?}");
            assert_eq!(format!("{source:?}"), "Caller(..)");
        }
    }
}
