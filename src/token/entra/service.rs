//! What all ways of signing in share: where, as which application, and over which pipeline.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;
use uuid::uuid;

use super::{
    endpoints::SignInEndpoints,
    exchange::{self, FormFailure, Repeat},
};
use crate::{
    clock::{Clock, SystemClock},
    cloud::CloudEndpoints,
    error::{TokenError, TokenFailure},
    http::{HttpClient, Pipeline},
    ids::{ApplicationId, TenantId},
    token::TokenRequest,
};

/// The application that people sign in to unless another one is named: *Microsoft Graph Command Line Tools*.
///
/// It is Microsoft's own and there in the public cloud and in US Government, its consent is incremental, and it needs no
/// registration. What speaks against it:
///
/// - Using Microsoft's client ids from other programs is widespread, and documented nowhere as supported.
/// - The first use shows a consent page and leaves an enterprise application in the tenant; a person who is
///   not an administrator reads *Need admin approval*.
/// - A tenant may disable it or aim Conditional Access at it, and the sign-in logs show its name, not your program's.
///
/// A registration of your own, with `http://localhost` as its redirect URI for public clients and public client flows
/// allowed, has none of these drawbacks; its id is a parameter everywhere.
pub const DEFAULT_SIGN_IN_CLIENT: ApplicationId = ApplicationId::new(uuid!("14d82eec-204b-4c2f-b7e8-296a70dab67e"));

/// A person waits at a sign-in page for these requests.
const DEADLINE: Duration = Duration::from_secs(30);

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(super) struct SignInService {
    pub(super) endpoints: CloudEndpoints,
    pub(super) client_id: ApplicationId,
    pub(super) tenant: Option<TenantId>,
    pub(super) clock: Arc<dyn Clock>,
    pipeline: Pipeline,
    http: HttpClient,
}

impl SignInService {
    /// For an application that signs in to this tenant.
    pub(super) fn of_tenant(endpoints: CloudEndpoints, tenant: TenantId, client_id: ApplicationId) -> Self {
        Self {
            tenant: Some(tenant),
            ..Self::new(endpoints, client_id)
        }
    }

    pub(super) fn new(endpoints: CloudEndpoints, client_id: ApplicationId) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let http = HttpClient::default();
        Self {
            endpoints,
            client_id,
            tenant: None,
            pipeline: pipeline(&http, &clock),
            clock,
            http,
        }
    }

    pub(super) fn set_http(&mut self, http: HttpClient) {
        self.pipeline = pipeline(&http, &self.clock);
        self.http = http;
    }

    pub(super) fn set_clock(&mut self, clock: Arc<dyn Clock>) {
        self.pipeline = pipeline(&self.http, &clock);
        self.clock = clock;
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Where the request's tenant signs in.
    pub(super) async fn sign_in_endpoints(&self, request: &TokenRequest) -> Result<SignInEndpoints, TokenError> {
        SignInEndpoints::find(&self.pipeline, &self.endpoints, request.tenant.or(self.tenant)).await
    }

    /// Sends a form in the name of the application.
    pub(super) async fn post<T: DeserializeOwned>(&self, url: &Url, form: &[(&str, &str)], repeat: Repeat) -> Result<T, FormFailure> {
        let client_id = self.client_id.to_string();
        let form = [&[("client_id", client_id.as_str())], form].concat();
        exchange::post(&self.pipeline, url, &form, repeat).await
    }
}

fn pipeline(http: &HttpClient, clock: &Arc<dyn Clock>) -> Pipeline {
    http.pipeline_within(DEADLINE, ATTEMPT_TIMEOUT, Arc::clone(clock))
}

/// The tenant offers no such sign-in.
pub(super) fn not_offered(what: &str) -> TokenError {
    TokenError::new(
        TokenFailure::NotAvailable,
        format!("the sign-in service offers no {what} for this tenant"),
        "Sign in another way.",
    )
}

/// The parts of a builder that every way of signing in has.
macro_rules! common_settings {
    () => {
        /// The tenant to sign in to, where the request names none. Default: the account's own
        /// (`organizations`).
        pub fn tenant(mut self, tenant: TenantId) -> Self {
            self.service.tenant = Some(tenant);
            self
        }

        /// The HTTP client to use. Default: one of its own, with the defaults of
        /// [`HttpOptions`](crate::http::HttpOptions). Give all that run in one process the same one: they share connections.
        pub fn http(mut self, client: HttpClient) -> Self {
            self.service.set_http(client);
            self
        }

        /// Another clock, for the end of tokens.
        pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
            self.service.set_clock(clock);
            self
        }
    };
}
pub(super) use common_settings;
