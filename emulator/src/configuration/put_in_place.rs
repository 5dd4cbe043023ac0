//! Makes tenants and a site of a configuration.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use uuid::{Uuid, uuid};

use super::{
    ConfigurationError,
    contents::{Automation, Cloud, Restriction, Tenant},
    dates,
};
use crate::{AppManagementPolicy, AutomationClient, Caller, CloudEnvironment, EmulatedTenant, clock::MovableClock};

/// Ids of things that are given none are made of this, the seed and their place in the file.
const NAMESPACE: Uuid = uuid!("c0170505-5eed-5000-8000-00000000c0de");

pub(super) fn tenant(
    wanted: &Tenant,
    number: usize,
    seed: Option<&str>,
    clock: &MovableClock,
) -> Result<EmulatedTenant, ConfigurationError> {
    let tenant = empty_tenant(wanted, number, seed, clock)?;
    let id_of = |kind: &str, place: usize| made_id(seed, &format!("{}/{kind}/{place}", tenant.tenant_id()));
    let now = clock.now();
    for permission in &wanted.graph_permissions {
        tenant.add_graph_permission(&permission.value, permission.delegated_id, permission.application_id);
    }
    for (place, application) in wanted.applications.iter().enumerate() {
        let mut object = application.clone();
        dates::fill_in(&mut object, now);
        for name in ["id", "appId"] {
            object
                .entry(name)
                .or_insert_with(|| json!(id_of(&format!("application/{name}"), place)));
        }
        for (list_name, kind) in [("passwordCredentials", "secret"), ("keyCredentials", "key")] {
            for (key, credential) in list(&mut object, list_name).enumerate() {
                credential
                    .entry("keyId")
                    .or_insert_with(|| json!(id_of(&format!("{kind}/{place}"), key)));
            }
        }
        tenant.add_application(Value::Object(object));
    }
    for (place, principal) in wanted.service_principals.iter().enumerate() {
        let mut object = principal.clone();
        dates::fill_in(&mut object, now);
        object.entry("id").or_insert_with(|| json!(id_of("servicePrincipal", place)));
        if object.get("appId").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(ConfigurationError::new("a service principal has no appId").at(&format!("servicePrincipals[{place}]")));
        }
        tenant.add_service_principal(Value::Object(object));
    }
    for (place, grant) in wanted.grants.iter().enumerate() {
        let id = id_of("grant", place);
        let found = tenant.add_grant(id, (grant.client, grant.resource), &grant.scope, grant.account.as_deref());
        found.map_err(|missing| missing_in("grants", place, &missing))?;
    }
    for (place, assignment) in wanted.assignments.iter().enumerate() {
        let id = id_of("assignment", place);
        let found = tenant.add_assignment(id, assignment.principal, assignment.resource, &assignment.role);
        found.map_err(|missing| missing_in("assignments", place, &missing))?;
    }
    for (place, application) in wanted.deleted_applications.iter().enumerate() {
        if !tenant.soft_delete(*application) {
            return Err(missing_in("deletedApplications", place, &format!("the application {application}")));
        }
    }
    // Only now: what was put in place before is old.
    tenant.set_lags(wanted.lag.lags());
    for (place, fault) in wanted.faults.iter().enumerate() {
        fault.order(&tenant).map_err(|error| error.at(&format!("faults[{place}]")))?;
    }
    for trouble in &wanted.sign_in_troubles {
        tenant.trouble_sign_in(*trouble);
    }
    Ok(tenant)
}

fn empty_tenant(wanted: &Tenant, number: usize, seed: Option<&str>, clock: &MovableClock) -> Result<EmulatedTenant, ConfigurationError> {
    let numbered = wanted.users.iter().enumerate();
    let callers: Result<Vec<Caller>, _> = numbered
        .map(|(place, user)| user.caller().map_err(|error| error.at(&format!("users[{place}]"))))
        .collect();
    let callers = callers?;
    let clock = clock.clone();
    let mut builder = EmulatedTenant::builder().clock(move || clock.now());
    let is_plain = number == 0 && seed.is_none();
    if let Some(id) = wanted
        .id
        .or_else(|| (!is_plain).then(|| made_id(seed, &format!("tenant/{number}"))))
    {
        builder = builder.tenant_id(id);
    }
    if let Some(name) = &wanted.display_name {
        builder = builder.display_name(name);
    }
    match &wanted.initial_domain {
        Some(domain) => builder = builder.initial_domain(domain),
        // Two tenants of one server need two names.
        None if number > 0 => builder = builder.initial_domain(format!("contoso{number}.onmicrosoft.com")),
        None => {}
    }
    for domain in &wanted.domains {
        builder = builder.verified_domain(domain);
    }
    builder = builder.environment(match wanted.cloud {
        Cloud::AzurePublicCloud => CloudEnvironment::AzurePublicCloud,
        Cloud::AzureUsGovernmentCloud => CloudEnvironment::AzureUsGovernmentCloud,
    });
    if let Some(client) = &wanted.automation_client {
        builder = builder.automation_client(automation_client(client).map_err(|error| error.at("automationClient"))?);
    }
    if !wanted.restrictions.is_empty() {
        builder = builder.policy(restricted(&wanted.restrictions));
    }
    if let Some(policy) = &wanted.policies.app_management {
        builder = builder.app_management_policy(policy.clone());
    }
    for policy in wanted.policies.conditional_access.iter().flatten() {
        builder = builder.conditional_access_policy(policy.clone());
    }
    if let Some(context) = &wanted.protected_permanent_deletion {
        builder = builder.protected_permanent_deletion(context);
    }
    if let Some(may) = wanted.users_may_create_apps {
        builder = builder.users_may_create_apps(may);
    }
    if let Some(first) = callers.first() {
        builder = builder.caller(first.clone());
    }
    let tenant = builder.hard_delete_protection(wanted.hard_delete_protection).build();
    tenant.set_users(callers);
    for trusted in &wanted.trusted_issuers {
        tenant.trust_issuer(&*trusted.issuer, &trusted.keys);
    }
    Ok(tenant)
}

fn automation_client(wanted: &Automation) -> Result<AutomationClient, ConfigurationError> {
    let usual = AutomationClient::default();
    let secret = wanted.secret.as_deref().unwrap_or_else(|| usual.secret()).to_owned();
    let mut client = AutomationClient::new(wanted.id.unwrap_or_else(|| usual.id()), secret);
    if let Some(permissions) = &wanted.permissions {
        client = client.with_permissions(permissions.clone());
    }
    for certificate in &wanted.certificates {
        let der = STANDARD.decode(certificate);
        client = client.with_certificate(der.map_err(|_| ConfigurationError::new("a certificate is not DER in base64"))?);
    }
    for one in &wanted.federated_credentials {
        client = client.with_federated_credential(&one.issuer, &one.subject, &one.audience);
    }
    Ok(client)
}

fn restricted(restrictions: &[Restriction]) -> AppManagementPolicy {
    let mut policy = AppManagementPolicy::default();
    for restriction in restrictions {
        match restriction {
            Restriction::NoSecrets => policy.secrets_forbidden = true,
            Restriction::ShortSecrets => policy.longest_secret = Some(time::Duration::days(180)),
            Restriction::UrisNeedAnOwner => policy.uris_need_an_owner = true,
            Restriction::DefaultUrisOnly => policy.only_default_uris = true,
            Restriction::None => policy = AppManagementPolicy::default(),
        }
    }
    policy
}

#[cfg(feature = "onboarding")]
pub(super) fn site(
    wanted: Option<&super::contents::SiteContents>,
    clock: &MovableClock,
) -> Result<crate::EmulatedSite, ConfigurationError> {
    let site = crate::EmulatedSite::builder().clock(std::sync::Arc::new(clock.clone())).build();
    let Some(wanted) = wanted else { return Ok(site) };
    let mut rows = wanted.rows.clone();
    dates::fill_in(&mut rows, clock.now());
    let mut whole = site.state().as_object().cloned().unwrap_or_default();
    crate::object::merge(&mut whole, &rows);
    let rows = serde_json::from_value(Value::Object(whole)).map_err(|error| ConfigurationError::new(error.to_string()).at("site: rows"))?;
    site.change(|all| *all = rows);
    Ok(site)
}

fn missing_in(list: &str, place: usize, missing: &str) -> ConfigurationError {
    ConfigurationError::new(format!("the tenant does not have {missing}, which is named here")).at(&format!("{list}[{place}]"))
}

fn made_id(seed: Option<&str>, place: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{}/{place}", seed.unwrap_or_default()).as_bytes())
}

fn list<'a>(object: &'a mut Map<String, Value>, name: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let items = object.get_mut(name).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}
