//! The form of a configuration file. Keys that are not known are refused by their names.

use serde::Deserialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::ConfigurationError;
use crate::{Caller, SignInTrouble, faults, ids::well_known, settings::Lags};

const MOST_TENANTS: usize = 100;
const MOST_OBJECTS: usize = 50_000;
/// One order of trouble is for at most so many requests.
const MOST_TIMES: u32 = 1_000;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Contents {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) seed: Option<String>,
    pub(super) clock: Option<ClockAt>,
    pub(super) latency_milliseconds: u64,
    pub(super) tenants: Vec<Tenant>,
    pub(super) site: Option<SiteContents>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ClockAt {
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) frozen_at: Option<OffsetDateTime>,
    pub(super) move_by_seconds: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Tenant {
    pub(super) id: Option<Uuid>,
    pub(super) display_name: Option<String>,
    pub(super) initial_domain: Option<String>,
    pub(super) domains: Vec<String>,
    pub(super) cloud: Cloud,
    pub(super) users: Vec<User>,
    pub(super) automation_client: Option<Automation>,
    pub(super) graph_permissions: Vec<Permission>,
    pub(super) applications: Vec<Map<String, Value>>,
    pub(super) service_principals: Vec<Map<String, Value>>,
    pub(super) grants: Vec<Grant>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) deleted_applications: Vec<Uuid>,
    pub(super) policies: Policies,
    pub(super) restrictions: Vec<Restriction>,
    pub(super) trusted_issuers: Vec<TrustedIssuer>,
    pub(super) hard_delete_protection: bool,
    pub(super) protected_permanent_deletion: Option<String>,
    pub(super) users_may_create_apps: Option<bool>,
    pub(super) lag: Lag,
    pub(super) faults: Vec<Fault>,
    pub(super) sign_in_troubles: Vec<SignInTrouble>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) enum Cloud {
    #[default]
    AzurePublicCloud,
    #[serde(rename = "AzureUSGovernmentCloud")]
    AzureUsGovernmentCloud,
}

/// A person of the tenant, who may sign in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct User {
    pub(crate) account: String,
    directory_roles: Vec<String>,
    scopes: Option<Vec<String>>,
}

/// A rule of the app management policy by a short name; the default is `uris-need-an-owner`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Restriction {
    NoSecrets,
    ShortSecrets,
    UrisNeedAnOwner,
    DefaultUrisOnly,
    /// No rule at all, and none of those before it.
    None,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Automation {
    pub(super) id: Option<Uuid>,
    pub(super) secret: Option<String>,
    pub(super) permissions: Option<Vec<String>>,
    /// DER in base64.
    pub(super) certificates: Vec<String>,
    pub(super) federated_credentials: Vec<Federated>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Federated {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audience: String,
}

/// An identity provider with its JSON Web Key Set.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TrustedIssuer {
    pub(super) issuer: String,
    pub(super) keys: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Permission {
    pub(super) value: String,
    pub(super) delegated_id: Option<Uuid>,
    pub(super) application_id: Option<Uuid>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) client: Uuid,
    pub(super) resource: Uuid,
    pub(super) scope: String,
    /// The account it is for; for all people without one.
    pub(super) account: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Assignment {
    pub(super) principal: Uuid,
    pub(super) resource: Uuid,
    pub(super) role: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Policies {
    pub(crate) app_management: Option<Value>,
    pub(crate) conditional_access: Option<Vec<Value>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Lag {
    create_milliseconds: u64,
    change_milliseconds: u64,
    stale_reads_milliseconds: u64,
    flapping_milliseconds: Option<u64>,
}

impl Lag {
    pub(super) fn lags(self) -> Lags {
        let milliseconds = std::time::Duration::from_millis;
        Lags {
            creation: milliseconds(self.create_milliseconds),
            change: milliseconds(self.change_milliseconds),
            stale_reads: milliseconds(self.stale_reads_milliseconds),
            flapping: self.flapping_milliseconds.map(milliseconds),
        }
    }
}

/// Trouble for the next requests of one kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// The beginning of method and path below the version; any request without it.
    request: Option<String>,
    fault: FaultKind,
    #[serde(default = "once")]
    times: u32,
    retry_after_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum FaultKind {
    Throttled,
    ServiceUnavailable,
    ConcurrentChange,
    CarriedOutButNotFound,
}

const fn once() -> u32 {
    1
}

impl Fault {
    pub(crate) fn order(&self, tenant: &crate::EmulatedTenant) -> Result<(), ConfigurationError> {
        if self.times > MOST_TIMES {
            return Err(ConfigurationError::new(format!("a fault is for at most {MOST_TIMES} requests")));
        }
        let fault = match self.fault {
            FaultKind::Throttled => faults::Fault::Throttled(self.retry_after_seconds.map(std::time::Duration::from_secs)),
            FaultKind::ServiceUnavailable => faults::Fault::ServiceUnavailable,
            FaultKind::ConcurrentChange => faults::Fault::ConcurrentChange,
            FaultKind::CarriedOutButNotFound => faults::Fault::CarriedOutButNotFound,
        };
        for _ in 0..self.times {
            tenant.order_fault(self.request.clone(), fault);
        }
        Ok(())
    }
}

/// What a site has in it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct SiteContents {
    /// Rows, as the site's snapshot shows them; what is not given is as in an empty site.
    pub(super) rows: Map<String, Value>,
}

impl Contents {
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        if self.tenants.len() > MOST_TENANTS {
            return Err(ConfigurationError::new(format!("there are more than {MOST_TENANTS} tenants")));
        }
        let count = |tenant: &Tenant| {
            tenant.users.len()
                + tenant.applications.len()
                + tenant.service_principals.len()
                + tenant.grants.len()
                + tenant.assignments.len()
        };
        if self.tenants.iter().map(count).sum::<usize>() > MOST_OBJECTS {
            return Err(ConfigurationError::new(format!("there are more than {MOST_OBJECTS} objects")));
        }
        Ok(())
    }
}

impl User {
    /// The person as one who signs in. Without scopes: those that the administrators' sign-in asks for, if a role is given.
    pub(crate) fn caller(&self) -> Result<Caller, ConfigurationError> {
        if self.account.is_empty() {
            return Err(ConfigurationError::new("a user has no account"));
        }
        let roles: Result<Vec<Uuid>, _> = self.directory_roles.iter().map(|role| role_named(role)).collect();
        let roles = roles?;
        let caller = Caller::user(&*self.account);
        let caller = match &self.scopes {
            Some(scopes) => caller.with_scopes(scopes.clone()),
            None if roles.is_empty() => caller,
            None => caller.with_scopes(Caller::global_administrator().scopes().iter().cloned()),
        };
        Ok(caller.with_directory_roles(roles))
    }
}

/// A directory role by its name or by the id of its template.
pub(crate) fn role_named(text: &str) -> Result<Uuid, ConfigurationError> {
    let known = well_known::DIRECTORY_ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    let id = known.map(|(_, id)| *id).or_else(|| text.parse().ok());
    id.ok_or_else(|| {
        ConfigurationError::new(format!(
            "there is no directory role '{text}'; its template's id may be given instead"
        ))
    })
}

/// The longest way that a clock may be moved at once: a hundred years.
pub(crate) const FARTHEST: Duration = Duration::days(36_525);
