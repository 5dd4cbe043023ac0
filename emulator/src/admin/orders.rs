//! What a test orders of tenants and clock.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{Admin, AdminAnswer, refused, unusable};
use crate::{
    Caller, EmulatedTenant, SignInTrouble,
    clock::MovableClock,
    configuration::{Policies, User, role_named},
};

/// The longest lag or latency: a day.
const LONGEST: u64 = 86_400_000;
const MOST_TIMES: u32 = 1_000;

/// Everything that there is, without any secret.
pub(super) fn state(admin: &Admin) -> Value {
    let tenants = admin.0.running.tenants();
    let shown = tenants
        .all()
        .map(|tenant| json!({"tenantId": tenant.tenant_id(), "initialDomain": tenant.initial_domain(), "state": tenant.state()}));
    let shown: Vec<Value> = shown.collect();
    #[cfg(feature = "onboarding")]
    if let Some(site) = admin.0.running.site() {
        return json!({"tenants": shown, "site": site.state()});
    }
    json!({"tenants": shown})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LagChange {
    create_milliseconds: Option<u64>,
    change_milliseconds: Option<u64>,
    stale_reads_milliseconds: Option<u64>,
    /// 0 ends the flapping.
    flapping_milliseconds: Option<u64>,
    latency_milliseconds: Option<u64>,
}

pub(super) fn set_lag(admin: &Admin, tenant: &EmulatedTenant, change: &LagChange) {
    let milliseconds = |number: u64| Duration::from_millis(number.min(LONGEST));
    let mut lags = tenant.lags();
    if let Some(number) = change.create_milliseconds {
        lags.creation = milliseconds(number);
    }
    if let Some(number) = change.change_milliseconds {
        lags.change = milliseconds(number);
    }
    if let Some(number) = change.stale_reads_milliseconds {
        lags.stale_reads = milliseconds(number);
    }
    if let Some(number) = change.flapping_milliseconds {
        lags.flapping = Some(milliseconds(number)).filter(|turn| !turn.is_zero());
    }
    tenant.set_lags(lags);
    if let Some(number) = change.latency_milliseconds {
        admin.0.running.set_latency(number.min(LONGEST));
    }
}

pub(super) fn lag(admin: &Admin, tenant: &EmulatedTenant) -> Value {
    let lags = tenant.lags();
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(LONGEST);
    json!({
        "createMilliseconds": milliseconds(lags.creation),
        "changeMilliseconds": milliseconds(lags.change),
        "staleReadsMilliseconds": milliseconds(lags.stale_reads),
        "flappingMilliseconds": lags.flapping.map_or(0, milliseconds),
        "latencyMilliseconds": milliseconds(admin.0.running.latency()),
    })
}

pub(super) fn policies(tenant: &EmulatedTenant) -> Value {
    let store = tenant.store();
    json!({"appManagement": store.policy, "conditionalAccess": store.conditional_access_policies})
}

pub(super) fn set_policies(tenant: &EmulatedTenant, change: Policies) -> Result<(), AdminAnswer> {
    let wrong = |name: &str| {
        refused(
            400,
            "bodyUnusable",
            &format!("{name} is made of JSON objects, as Microsoft Graph has them."),
        )
    };
    if change.app_management.as_ref().is_some_and(|policy| !policy.is_object()) {
        return Err(wrong("appManagement"));
    }
    if change.conditional_access.iter().flatten().any(|policy| !policy.is_object()) {
        return Err(wrong("conditionalAccess"));
    }
    if let Some(policy) = change.app_management {
        tenant.set_app_management_policy(policy);
    }
    if let Some(policies) = change.conditional_access {
        let shown = policies.iter().map(crate::tenant_builder::conditional_access_policy);
        tenant.store().conditional_access_policies = shown.collect();
    }
    Ok(())
}

pub(super) fn users(tenant: &EmulatedTenant) -> Value {
    let users = tenant.users();
    let shown = users.iter().map(|user| {
        let account = user.account_in(tenant.initial_domain());
        json!({"account": account, "directoryRoles": user.directory_roles(), "scopes": user.scopes()})
    });
    json!({"value": shown.collect::<Vec<_>>()})
}

pub(super) fn set_users(tenant: &EmulatedTenant, users: &[User]) -> Result<(), AdminAnswer> {
    let callers: Result<Vec<Caller>, _> = users.iter().map(User::caller).collect();
    tenant.set_users(callers.map_err(unusable)?);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TroubleOrder {
    trouble: SignInTrouble,
    times: Option<u32>,
}

pub(super) fn trouble_sign_in(tenant: &EmulatedTenant, order: &TroubleOrder) -> Result<(), AdminAnswer> {
    let times = order.times.unwrap_or(1);
    if times > MOST_TIMES {
        return Err(refused(400, "bodyUnusable", &format!("times is at most {MOST_TIMES}.")));
    }
    for _ in 0..times {
        tenant.trouble_sign_in(order.trouble);
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClockChange {
    /// Whether it stands still.
    frozen: Option<bool>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    now: Option<OffsetDateTime>,
    move_by_seconds: Option<i64>,
}

pub(super) fn set_clock(clock: &MovableClock, change: &ClockChange) -> Result<(), AdminAnswer> {
    if let Some(moment) = change.now {
        clock.set(moment);
    }
    if let Some(seconds) = change.move_by_seconds {
        let distance = time::Duration::seconds(seconds);
        if distance.abs() > crate::configuration::FARTHEST {
            return Err(refused(400, "bodyUnusable", "The clock is moved by a hundred years at most."));
        }
        clock.move_by(distance);
    }
    match change.frozen {
        Some(true) => clock.freeze_at(clock.now()),
        Some(false) => clock.run(),
        None => {}
    }
    Ok(())
}

pub(super) fn clock(clock: &MovableClock) -> Value {
    json!({"now": clock.now().format(&Rfc3339).unwrap_or_default(), "frozen": clock.is_frozen()})
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct TokenOrder {
    /// A person's account. Without it and without an application: the first person of the tenant.
    account: Option<String>,
    application: Option<Uuid>,
    scopes: Option<Vec<String>>,
    roles: Vec<String>,
    directory_roles: Option<Vec<String>>,
    audience: Option<String>,
    authentication_context: Option<String>,
    expired: bool,
}

pub(super) fn token(tenant: &EmulatedTenant, order: TokenOrder) -> Result<Value, AdminAnswer> {
    let mut caller = match (order.application, &order.account) {
        (Some(_), Some(_)) => {
            return Err(refused(
                400,
                "bodyUnusable",
                "A token is a person's or an application's, and not both.",
            ));
        }
        (Some(application), None) => Caller::application(application, order.roles.clone()),
        (None, Some(account)) => tenant.user_named(account).unwrap_or_else(|| Caller::user(account.as_str())),
        (None, None) => tenant.first_user(),
    };
    if order.application.is_none() && !order.roles.is_empty() {
        return Err(refused(400, "bodyUnusable", "roles are an application's; a person has scopes."));
    }
    if let Some(scopes) = order.scopes {
        caller = caller.with_scopes(scopes);
    }
    if let Some(roles) = &order.directory_roles {
        let roles: Result<Vec<Uuid>, _> = roles.iter().map(|role| role_named(role)).collect();
        caller = caller.with_directory_roles(roles.map_err(unusable)?);
    }
    if let Some(audience) = order.audience {
        caller = caller.with_audience(audience);
    }
    if let Some(context) = order.authentication_context {
        caller = caller.with_authentication_context(context);
    }
    if order.expired {
        caller = caller.expired();
    }
    Ok(json!({"token_type": "Bearer", "access_token": tenant.token_for(&caller)}))
}
