//! Who is signed in, to which tenant, under which rules.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::ids::{ApplicationId, DirectoryObjectId, RoleTemplateId, TenantId};

/// Who acts on the directory, as far as the token tells. Every field may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedIn {
    /// The tenant of the token.
    pub tenant_id: Option<TenantId>,
    /// The resource the token is for.
    pub audience: Option<String>,
    /// Who issued the token.
    pub issuer: Option<String>,
    /// The account, where a user is signed in.
    pub account: Option<String>,
    /// The application that asked for the token.
    pub application_id: Option<ApplicationId>,
    /// Whether an application acts by itself, without a user.
    pub is_application: bool,
    /// The user or the service principal that acts; `None` where the token does not tell.
    pub object_id: Option<DirectoryObjectId>,
    /// The delegated permissions; `None` where the token cannot be read.
    pub scopes: Option<Vec<String>>,
    /// The application permissions; `None` where the token cannot be read.
    pub app_roles: Option<Vec<String>>,
    /// The directory roles the token names; `None` where it names none, which proves nothing.
    pub directory_roles: Option<Vec<RoleTemplateId>>,
    /// The end of the token's validity.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub expires_on: Option<OffsetDateTime>,
}

/// The tenant that the token belongs to.
///
/// ```
/// use cmg_onboarding::directory::{Tenant, VerifiedDomain};
///
/// let domains = vec![VerifiedDomain::new("contoso.com", false, true), VerifiedDomain::new("contoso.onmicrosoft.com", true, false)];
/// let tenant = Tenant::new("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?, "Contoso".to_owned(), domains);
/// assert_eq!(tenant.site_name(), "contoso.onmicrosoft.com");
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    /// The name its people gave it.
    pub display_name: String,
    /// The domains that are the tenant's own.
    pub verified_domains: Vec<VerifiedDomain>,
}

impl Tenant {
    /// Describes a tenant.
    #[must_use]
    pub const fn new(id: TenantId, display_name: String, verified_domains: Vec<VerifiedDomain>) -> Self {
        Self {
            id,
            display_name,
            verified_domains,
        }
    }

    /// What Configuration Manager calls the tenant name: the initial `onmicrosoft.com` domain.
    ///
    /// Where the directory does not tell which domain that is, the display name stands in.
    #[must_use]
    pub fn site_name(&self) -> &str {
        let initial = self.verified_domains.iter().find(|domain| domain.is_initial);
        initial.map_or(&self.display_name, |domain| &domain.name)
    }

    /// The names of the verified domains.
    #[must_use]
    pub fn domain_names(&self) -> Vec<String> {
        self.verified_domains.iter().map(|domain| domain.name.clone()).collect()
    }
}

/// A domain that a tenant has proven to be its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VerifiedDomain {
    /// The domain.
    pub name: String,
    /// Whether it is the `onmicrosoft.com` name the tenant began with.
    pub is_initial: bool,
    /// Whether it is the default for new users.
    pub is_default: bool,
}

impl VerifiedDomain {
    /// Describes a domain.
    #[must_use]
    pub fn new(name: impl Into<String>, is_initial: bool, is_default: bool) -> Self {
        Self {
            name: name.into(),
            is_initial,
            is_default,
        }
    }
}

/// What the tenant's default app management policy means for a new single-tenant app with a secret.
///
/// Source: `tenantAppManagementPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppManagementPolicy {
    /// No secret may be added (`passwordAddition`).
    pub secrets_forbidden: bool,
    /// The longest validity of a secret (`passwordLifetime`).
    #[serde(with = "whole_seconds", rename = "longestSecretSeconds")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub longest_secret: Option<Duration>,
    /// App ID URIs must contain a verified domain, the tenant id or the app id (`uriAdditionWithoutUniqueTenantIdentifier`).
    pub uris_need_an_owner: bool,
    /// Only `api://{appId}` and `api://{tenantId}/{appId}` are allowed (`nonDefaultUriAddition`).
    pub only_default_uris: bool,
    /// A restriction that is in force exempts callers with a custom security attribute (`excludeActors`). Whether this caller
    /// is one of them is not known, so that what follows from the policy is a warning then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_exempt_caller: bool,
}

/// A duration as whole seconds.
mod whole_seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use time::Duration;

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_some(&duration.whole_seconds()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Duration::seconds))
    }
}
