//! What a tenant forbids new apps.

use time::Duration;

/// The tenant's default app management policy, as far as it bears on a single-tenant app with a secret. The default
/// forbids nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AppManagementPolicy {
    /// No secret may be added (`passwordAddition`).
    pub secrets_forbidden: bool,
    /// The longest validity of a secret (`passwordLifetime`).
    pub longest_secret: Option<Duration>,
    /// App ID URIs must contain a verified domain, the tenant id or the app id (`uriAdditionWithoutUniqueTenantIdentifier`).
    pub uris_need_an_owner: bool,
    /// Only `api://{appId}` and `api://{tenantId}/{appId}` are allowed (`nonDefaultUriAddition`).
    pub only_default_uris: bool,
}
