//! The tenant's app management policy: kept as Microsoft Graph shows it, and enforced as it is kept.
//!
//! Sources: *tenantAppManagementPolicy resource type* and the types below it; *Configure app management policies*,
//! 2025-07. An app that is new has no policy of its own, so that the tenant's default is what counts.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Context, Store, moment, text, text_of};
use crate::{
    AppManagementPolicy,
    object::{Object, merge},
    refusal::Refusal,
    texts,
};

/// The tenant's default policy has this id, and refusals name it.
pub(super) const DEFAULT_POLICY_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Names that a PATCH of the policy may carry.
const WRITABLE: [&str; 5] = [
    "isEnabled",
    "displayName",
    "description",
    "applicationRestrictions",
    "servicePrincipalRestrictions",
];

/// What a restriction is held against: an app that was created at this moment, written by this user or service principal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub(super) created: OffsetDateTime,
    pub(super) actor: Uuid,
}

impl Write {
    pub(super) fn of(context: Context<'_>, application: &Object) -> Self {
        Self::at(context, created(application))
    }

    pub(super) const fn at(context: Context<'_>, created: OffsetDateTime) -> Self {
        Self {
            created,
            actor: context.access.object_id,
        }
    }
}

impl Store {
    /// `PATCH /policies/defaultAppManagementPolicy`: complex properties by their parts, lists as a whole.
    pub(crate) fn change_policy(&mut self, context: Context<'_>, body: &Object) -> Result<(), Refusal> {
        context.access.may_write_policies()?;
        if let Some(unknown) = body.keys().find(|name| !name.contains('@') && !WRITABLE.contains(&name.as_str())) {
            let message = texts::NO_SUCH_PROPERTY.with(&[("property", unknown), ("type", "tenantAppManagementPolicy")]);
            return Err(Refusal::bad_request(message));
        }
        merge(&mut self.policy, body);
        Ok(())
    }

    /// The restriction on secrets of a kind that covers an app created at this moment.
    fn password_restriction(&self, kind: &str, write: Write) -> Option<&Object> {
        self.restriction_in("passwordCredentials", kind, write)
    }

    fn restriction_in(&self, list: &str, kind: &str, write: Write) -> Option<&Object> {
        let restrictions = self.restrictions()?.get(list)?.as_array()?;
        restrictions
            .iter()
            .filter_map(Value::as_object)
            .find(|restriction| text(restriction, "restrictionType") == kind && self.binds(restriction, write))
    }

    fn restrictions(&self) -> Option<&Object> {
        let is_on = self.policy.get("isEnabled") == Some(&Value::Bool(true));
        is_on.then(|| self.policy.get("applicationRestrictions")?.as_object())?
    }

    /// Whether a rule for App ID URIs covers an app. Apps that receive version 2 tokens, and apps for SAML, are excluded
    /// unless the rule says otherwise.
    pub(super) fn has_uri_rule(&self, context: Context<'_>, rule: &str, application: &Object) -> bool {
        let rule = self
            .restrictions()
            .and_then(|all| all.get("identifierUris")?.get(rule)?.as_object());
        let excludes = |name: &str| rule.is_some_and(|rule| rule.get(name) != Some(&Value::Bool(false)));
        let version = application.get("api").and_then(|api| api.get("requestedAccessTokenVersion"));
        let principal = self.service_principals.of_app(text(application, "appId"));
        let is_for_saml = principal.is_some_and(|entry| entry.text("preferredSingleSignOnMode").eq_ignore_ascii_case("saml"));
        let is_excluded =
            (version == Some(&Value::from(2)) && excludes("excludeAppsReceivingV2Tokens")) || (is_for_saml && excludes("excludeSaml"));
        rule.is_some_and(|rule| self.binds(rule, Write::of(context, application))) && !is_excluded
    }

    /// Refuses an audience that the policy keeps from apps created at this moment.
    pub(super) fn check_audience(&self, audience: &str, write: Write) -> Result<(), Refusal> {
        let rules: &[&str] = match audience {
            "AzureADMultipleOrgs" => &["azureAdMultipleOrgs"],
            "AzureADandPersonalMicrosoftAccount" => &["azureAdMultipleOrgs", "personalMicrosoftAccount"],
            "PersonalMicrosoftAccount" => &["personalMicrosoftAccount"],
            _ => &[],
        };
        let audiences = self.restrictions().and_then(|all| all.get("audiences")?.as_object());
        let is_forbidden = |rule: &&str| {
            let rule = audiences.and_then(|audiences| audiences.get(*rule)?.as_object());
            rule.is_some_and(|rule| self.binds(rule, write))
        };
        if rules.iter().any(is_forbidden) {
            let message = texts::AUDIENCE_FORBIDDEN.with(&[("audience", audience)]);
            return Err(Refusal::new(400, "SignInAudienceNotAllowedAsPerAppPolicy", message));
        }
        Ok(())
    }

    /// Refuses a secret that the policy keeps from an app created at this moment.
    pub(super) fn check_secret(&self, write: Write, is_custom: bool, start: OffsetDateTime, end: OffsetDateTime) -> Result<(), Refusal> {
        if self.password_restriction("passwordAddition", write).is_some() {
            return Err(type_not_allowed(&texts::SECRETS_FORBIDDEN));
        }
        if is_custom && self.password_restriction("customPasswordAddition", write).is_some() {
            return Err(type_not_allowed(&texts::CUSTOM_SECRETS_FORBIDDEN));
        }
        check_lifetime(
            self.password_restriction("passwordLifetime", write),
            start,
            end,
            &texts::SECRET_TOO_LONG,
        )
    }

    /// Refuses keys that are being added and that the policy keeps from an app created at this moment.
    pub(super) fn check_new_keys(&self, context: Context<'_>, created: OffsetDateTime, keys: &[Value]) -> Result<(), Refusal> {
        let write = Write::at(context, created);
        for key in keys {
            let start = moment(text_of(key, "startDateTime")).unwrap_or(context.now);
            let end = moment(text_of(key, "endDateTime"));
            let lifetime = if text_of(key, "type").eq_ignore_ascii_case("Symmetric") {
                if self.password_restriction("symmetricKeyAddition", write).is_some() {
                    return Err(type_not_allowed(&texts::SYMMETRIC_KEYS_FORBIDDEN));
                }
                self.password_restriction("symmetricKeyLifetime", write)
            } else {
                self.restriction_in("keyCredentials", "asymmetricKeyLifetime", write)
            };
            if let Some(end) = end {
                check_lifetime(lifetime, start, end, &texts::KEY_TOO_LONG)?;
            }
        }
        Ok(())
    }
}

impl Store {
    /// Whether a restriction is in force for an app and does not exempt who writes.
    fn binds(&self, restriction: &Object, write: Write) -> bool {
        is_in_force(restriction, write.created) && !self.exempts(restriction, write.actor)
    }

    /// One attribute that matches exempts, and the comparison is case-sensitive.
    ///
    /// Source: *appManagementPolicyActorExemptions* and *customSecurityAttributeExemption resource type*.
    fn exempts(&self, restriction: &Object, actor: Uuid) -> bool {
        let held = self.security_attributes.get(&actor).map_or(&[][..], Vec::as_slice);
        let exemptions = restriction
            .get("excludeActors")
            .and_then(|actors| actors.get("customSecurityAttributes")?.as_array());
        exemptions.into_iter().flatten().any(|exemption| {
            let is = |(id, value): &(String, String)| text_of(exemption, "id") == id && text_of(exemption, "value") == value;
            text_of(exemption, "operator") == "equals" && held.iter().any(is)
        })
    }
}

/// When an app was created, which decides whether a restriction covers it.
pub(super) fn created(application: &Object) -> OffsetDateTime {
    moment(text(application, "createdDateTime")).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn is_in_force(restriction: &Object, created: OffsetDateTime) -> bool {
    let is_on = restriction
        .get("state")
        .and_then(Value::as_str)
        .is_none_or(|state| state == "enabled");
    let after = moment(text(restriction, "restrictForAppsCreatedAfterDateTime"));
    is_on && after.is_none_or(|after| created >= after)
}

fn type_not_allowed(words: &texts::Text) -> Refusal {
    let message = words.with(&[("policy", DEFAULT_POLICY_ID)]);
    Refusal::new(400, "CredentialTypeNotAllowedAsPerAppPolicy", message)
}

fn check_lifetime(restriction: Option<&Object>, start: OffsetDateTime, end: OffsetDateTime, words: &texts::Text) -> Result<(), Refusal> {
    let longest = restriction.and_then(|restriction| length(text(restriction, "maxLifetime")));
    // Whole seconds are written, so that a second is not an excess.
    if longest.is_some_and(|longest| end - start > longest + Duration::SECOND) {
        let message = words.with(&[("policy", DEFAULT_POLICY_ID)]);
        let refusal = Refusal::new(400, "CredentialInvalidLifetimeAsPerAppPolicy", message);
        return Err(refusal.with_detail("InvalidKeyEndDate", "EndDate"));
    }
    Ok(())
}

/// The length of an ISO 8601 duration. A year has 365 days and a month 30, as in .NET's reading; that the service reads
/// it so is a guess.
fn length(text: &str) -> Option<Duration> {
    const DAY: i64 = 86_400;
    let (days, times) = text.strip_prefix('P')?.split_once('T').map_or((text.get(1..)?, ""), |parts| parts);
    let units = |text: &str, units: &[(char, i64)]| -> Option<i64> {
        let (mut seconds, mut number) = (0_i64, String::new());
        for letter in text.chars() {
            if letter.is_ascii_digit() {
                number.push(letter);
                continue;
            }
            let (_, unit) = units.iter().find(|(name, _)| *name == letter)?;
            seconds = seconds.checked_add(number.parse::<i64>().ok()?.checked_mul(*unit)?)?;
            number.clear();
        }
        number.is_empty().then_some(seconds)
    };
    let days = units(days, &[('Y', 365 * DAY), ('M', 30 * DAY), ('W', 7 * DAY), ('D', DAY)])?;
    let times = units(times, &[('H', 3600), ('M', 60), ('S', 1)])?;
    days.checked_add(times).map(Duration::seconds)
}

/// The policy of a new tenant, as Microsoft Graph shows it.
pub(super) fn shown(policy: &AppManagementPolicy) -> Value {
    let state = |on: bool| if on { "enabled" } else { "disabled" };
    let restriction = |kind: &str, on: bool, longest: Option<Duration>| {
        json!({
            "restrictionType": kind,
            "state": state(on),
            "maxLifetime": longest.map(duration),
            "restrictForAppsCreatedAfterDateTime": null,
            "excludeActors": null,
        })
    };
    let passwords = json!([
        restriction("passwordAddition", policy.secrets_forbidden, None),
        restriction("passwordLifetime", policy.longest_secret.is_some(), policy.longest_secret),
    ]);
    let uris = |on: bool| {
        json!({
            "state": state(on),
            "restrictForAppsCreatedAfterDateTime": null,
            "excludeAppsReceivingV2Tokens": true,
            "excludeSaml": true,
            "isStateSetByMicrosoft": false,
            "excludeActors": null,
        })
    };
    json!({
        "id": DEFAULT_POLICY_ID,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service principals.",
        "isEnabled": true,
        "applicationRestrictions": {
            "passwordCredentials": passwords,
            "keyCredentials": [],
            "identifierUris": {
                "nonDefaultUriAddition": uris(policy.only_default_uris),
                "uriAdditionWithoutUniqueTenantIdentifier": uris(policy.uris_need_an_owner),
            },
        },
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    })
}

/// An ISO 8601 duration: whole days where they are whole, seconds otherwise.
fn duration(length: Duration) -> String {
    let seconds = length.whole_seconds();
    if seconds % 86_400 == 0 {
        format!("P{}D", seconds / 86_400)
    } else {
        format!("PT{seconds}S")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_they_are_written() {
        for (text, days) in [("P180D", 180), ("P1Y", 365), ("P4DT12H30M5S", 4), ("P2W", 14), ("PT86400S", 1)] {
            assert_eq!(length(text).unwrap().whole_days(), days, "{text}");
        }
        for text in ["", "180D", "P1X", "P1", "PxD"] {
            assert_eq!(length(text), None, "{text}");
        }
        assert_eq!(length(&duration(Duration::days(90))), Some(Duration::days(90)));
    }
}
