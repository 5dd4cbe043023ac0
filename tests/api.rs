//! Promises about types that only the compiler can keep: what can be shared between threads and tasks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use std::{error::Error, fmt::Debug, sync::Arc};

use cmg_onboarding::{
    AccessToken, Call, Directory, DirectoryHandle, Site, SiteHandle, StaticToken, TokenProvider, TokenRequest, async_trait, call, clock,
    cloud, connection, directory, error, http, ids, permissions, secret, site, spec, token, token_fn,
};

fn is_shareable<T: Send + Sync + 'static>() {}

fn is_sent<F: Future + Send>(_future: F) {}

/// The errors of this crate go wherever errors go.
fn is_error<E: Error + Send + Sync + 'static>() {}

macro_rules! shareable {
    ($($type:ty),+ $(,)?) => { $(is_shareable::<$type>();)+ };
}

macro_rules! errors {
    ($($type:ty),+ $(,)?) => { $(is_error::<$type>();)+ };
}

#[test]
fn every_public_type_can_be_shared_between_threads() {
    shareable!(
        Call,
        call::Retry,
        call::RetryReason,
        clock::FixedClock,
        clock::SystemClock,
        cloud::CloudEndpoints,
        cloud::CloudEnvironment,
        ids::ApplicationId,
        ids::ApplicationObjectId,
        ids::KeyId,
        ids::PermissionGrantId,
        ids::PermissionId,
        ids::RoleAssignmentId,
        ids::RoleTemplateId,
        ids::ServicePrincipalId,
        ids::TenantId,
        secret::ClientSecret,
        Arc<dyn clock::Clock>,
    );
    shareable!(
        spec::AppIdUri,
        spec::ClientApp,
        spec::ClientAppDraft,
        spec::ClientAppSpec,
        spec::ClientAppSpecBuilder,
        spec::ConnectionSpec,
        spec::ConnectionSpecBuilder,
        spec::DayOfMonth,
        spec::DiscoverySpec,
        spec::DiscoverySpecBuilder,
        spec::GroupDiscovery,
        spec::ImportedClientApp,
        spec::ImportedClientAppBuilder,
        spec::ImportedServerApp,
        spec::ImportedServerAppBuilder,
        spec::Recurrence,
        spec::ReusedApp,
        spec::Schedule,
        spec::ScheduleBuilder,
        spec::SecretValidity,
        spec::ServerApp,
        spec::ServerAppDraft,
        spec::ServerAppSpec,
        spec::ServerAppSpecBuilder,
        spec::UserDiscovery,
        spec::Violation,
        spec::ViolationCode,
        spec::WeekOrder,
    );
    shareable!(
        directory::ApiApplication,
        directory::AppManagementPolicy,
        directory::Application,
        directory::ApplicationKey,
        directory::ApplicationProperties,
        directory::DeletedApplication,
        DirectoryHandle,
        directory::ImplicitGrantSettings,
        directory::NewApplication,
        directory::NewPassword,
        directory::NewPermissionGrant,
        directory::NewRoleAssignment,
        directory::PasswordCredential,
        directory::PermissionGrant,
        directory::PermissionKind,
        directory::PermissionScope,
        directory::PublicClientApplication,
        directory::RequiredResourceAccess,
        directory::ResourceAccess,
        directory::RoleAssignment,
        directory::ServicePrincipal,
        directory::SignedIn,
        directory::Tenant,
        directory::VerifiedDomain,
        directory::WebApplication,
        Arc<dyn Directory>,
    );
    shareable!(
        site::ClientAppImport,
        site::ServerAppImport,
        site::SiteAction,
        site::SiteApplication,
        site::SiteConnection,
        site::SiteDiscovery,
        SiteHandle,
        site::SiteInfo,
        site::SiteItem,
        site::SiteOnboarded,
        site::SiteOnboarding,
        site::SiteProgress,
        site::SiteRemoval,
        site::SiteRemoved,
        site::SiteRowId,
        site::SiteSnapshot,
        site::SiteTenant,
        Arc<dyn Site>,
    );
    shareable!(
        connection::ApplyError,
        connection::Problem,
        connection::ProblemFailure,
        connection::StepError,
        connection::StepFailure,
        connection::Written,
        permissions::DirectoryRole,
        permissions::PermissionType,
        permissions::Requirement,
        permissions::Use,
        permissions::WithoutRole,
    );
    shareable!(
        error::RefusalReason,
        error::RefusedDetail,
        error::RequestTrace,
        error::SignInRefusal,
        error::TokenFailure,
        error::TransportKind,
        AccessToken,
        token::AzureIdentity,
        token::BlockedWay<'static>,
        token::BrowserSignIn,
        token::ClientSecretSignIn,
        token::DeviceCode,
        token::DeviceCodeSignIn,
        token::EnvironmentToken,
        token::CachedTokens<StaticToken>,
        token::Explanation,
        token::FnTokenProvider<fn()>,
        token::TokenChain,
        StaticToken,
        token::TokenClaims,
        TokenRequest,
        Arc<dyn TokenProvider>,
    );
}

#[test]
fn every_error_can_be_sent_and_boxed() {
    errors!(
        cloud::InvalidEndpoint,
        cloud::UnknownEnvironment,
        error::DirectoryError,
        error::NotSupported,
        error::Refused,
        error::SiteError,
        error::SiteRefused,
        error::SiteUnreachable,
        error::TokenError,
        error::UnexpectedAnswer,
        error::Unreachable,
        site::SiteFailure,
        spec::InvalidAppIdUri,
        spec::InvalidSchedule,
        spec::InvalidSecretValidity,
        spec::InvalidSpec,
        spec::UriOwnerProblem,
    );
}

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Directory for Nobody {}

#[async_trait]
impl Site for Nobody {}

#[tokio::test]
async fn futures_of_the_traits_can_be_sent_to_another_thread() {
    let directory: DirectoryHandle = Nobody.into();
    let directory = directory.as_directory();
    let call = Call::quiet();
    is_sent(directory.signed_in(call.clone()));
    is_sent(directory.tenant(call.clone()));
    is_sent(directory.application_with_uri(call.clone(), "api://x"));
    let site: SiteHandle = Nobody.into();
    is_sent(site.as_site().snapshot(call));
    let provider: Arc<dyn TokenProvider> = Arc::new(token_fn(|_| async { Ok(AccessToken::new("x")) }));
    is_sent(provider.token(&TokenRequest::default()));
    is_sent(token::CachedTokens::new(token::TokenChain::new()).token(&TokenRequest::default()));
}

#[tokio::test]
async fn an_empty_implementation_answers_that_it_does_not_offer_the_operation() {
    let error = Directory::tenant(&Nobody, Call::quiet()).await.unwrap_err();
    assert!(error.to_string().ends_with("Nobody does not offer the operation tenant"), "{error}");
    let error = Site::snapshot(&Nobody, Call::quiet()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("Nobody does not offer the operation snapshot"),
        "{error}"
    );
}

#[test]
fn handles_are_cheap_to_clone_and_printable() {
    fn is_handle<T: Clone + Debug + Send + Sync>() {}
    is_handle::<DirectoryHandle>();
    is_handle::<SiteHandle>();
    is_handle::<site::SplitSite>();
    is_handle::<site::admin_service::AdminServiceSite>();
    is_handle::<http::HttpClient>();
    is_handle::<connection::ImportVerifier>();
}

#[test]
fn the_reader_and_the_verifier_go_between_threads() {
    shareable!(
        connection::Verification,
        error::SiteRefusalReason,
        error::SiteTrouble,
        site::admin_service::AdminServiceAddress,
        site::admin_service::AdminServiceSignIn,
        site::admin_service::AdminServiceSiteBuilder,
        http::Answer,
        http::CertificateFingerprint,
        http::HttpClient,
        http::HttpOptions,
        http::Method,
        http::Proxy,
        http::RawAnswer,
        http::Request,
        http::RetryPolicy,
        Arc<dyn http::Transport>,
        token::ProbedResource,
        Arc<dyn token::SecretProbe>,
    );
    errors!(
        site::admin_service::InvalidAdminServiceAddress,
        http::HttpError,
        http::InvalidFingerprint,
        http::InvalidHttpOption,
        http::TransportFailure,
        site::admin_service::KerberosNeedsAName,
    );
}

/// Compiled alone: futures that wait for a site or for a sign-in go between threads, too.
#[allow(dead_code)]
fn what_is_awaited_is_sent(site: &site::admin_service::AdminServiceSite, verifier: &connection::ImportVerifier, id: ids::ApplicationId) {
    is_sent(site.snapshot(Call::quiet()));
    is_sent(site.application(Call::quiet(), id));
    is_sent(site.applications_named(Call::quiet(), "x"));
    is_sent(site.secret_expiry(Call::quiet(), id));
    is_sent(verifier.verify());
}
