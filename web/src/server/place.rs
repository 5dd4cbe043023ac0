//! Where a user's sessions work: tenant, ways to sign in, site.

use std::sync::Arc;

use cmg_onboarding::{ApplicationId, CloudEndpoints, CloudEnvironment, HttpClient, HttpOptions, SiteHandle, TenantId, TokenProvider};
use serde::{Deserialize, Serialize};

use crate::session::sign_in::PROVIDED;

/// Where a user's sessions work. The default is the real clouds, with a device code to sign in, and no site.
#[derive(Clone)]
#[non_exhaustive]
pub struct Place {
    /// Where sign-in service and Microsoft Graph are. Default: as the specification's cloud has them.
    pub endpoints: Option<CloudEndpoints>,
    /// The tenant. Default: the one that the account signs in to.
    pub tenant: Option<TenantId>,
    /// The HTTP client, whose connections all sessions share.
    pub http: HttpClient,
    /// The ways that a user may choose to sign in. A browser on the machine of the service is for a service on the user's
    /// own machine. Default: a device code.
    pub sign_in_ways: Vec<SignInWay>,
    /// The application that a person signs in to. Default: the library's.
    pub client_id: Option<ApplicationId>,
    /// Where tokens come from without a user's doing, as the way *provided*. Default: none.
    pub tokens: Option<Arc<dyn TokenProvider>>,
    /// The site. Default: none; apps are registered, and handed over.
    pub site: Option<SiteHandle>,
    /// What kind of site it is, for a page.
    pub site_kind: SiteKind,
    /// Whether a new secret is tried out before the site gets it. Default: yes.
    pub tries_secrets: bool,
    /// Whether tenant and site are emulated, for a page. Default: no.
    pub is_emulated: bool,
}

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SignInWay {
    /// By the [`Place`] itself.
    Provided,
    /// In a browser on the machine of the service.
    Browser,
    /// With a code, in a browser anywhere.
    DeviceCode,
    /// With a token for Microsoft Graph from the host's own sign-in.
    Token,
}

impl SignInWay {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Provided => PROVIDED,
            Self::Browser => "browser",
            Self::DeviceCode => "deviceCode",
            Self::Token => "token",
        }
    }
}

/// What kind of site a place has, for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SiteKind {
    /// One of the emulator.
    Emulated,
    /// A real one, written by PowerShell.
    PowerShell,
    /// Another one.
    #[default]
    Other,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            endpoints: None,
            tenant: None,
            http: HttpClient::new(HttpOptions::new()),
            sign_in_ways: vec![SignInWay::DeviceCode],
            client_id: None,
            tokens: None,
            site: None,
            site_kind: SiteKind::Other,
            tries_secrets: true,
            is_emulated: false,
        }
    }
}

impl Place {
    pub(super) fn endpoints(&self, environment: CloudEnvironment) -> CloudEndpoints {
        self.endpoints.clone().unwrap_or_else(|| CloudEndpoints::of(environment))
    }

    pub(super) fn offers(&self, way: SignInWay) -> bool {
        match way {
            SignInWay::Provided => self.tokens.is_some(),
            other => self.sign_in_ways.contains(&other),
        }
    }

    /// The ways, the one without a user's doing first.
    pub(super) fn ways(&self) -> Vec<SignInWay> {
        let provided = self.tokens.is_some().then_some(SignInWay::Provided);
        let others = self.sign_in_ways.iter().copied().filter(|way| *way != SignInWay::Provided);
        provided.into_iter().chain(others).collect()
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Place");
        shown.field("endpoints", &self.endpoints).field("tenant", &self.tenant);
        shown.field("sign_in_ways", &self.ways()).field("site_kind", &self.site_kind);
        shown.finish_non_exhaustive()
    }
}
