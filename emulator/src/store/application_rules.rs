//! The rules of an app registration that do not concern its App ID URIs or secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Context, Store, list, list_below, redirect_uris,
    restrictions::{Write, created},
    text, text_of,
};
use crate::{object::Object, refusal::Refusal, texts};

const LONGEST_NAME: usize = 120;
const LONGEST_SCOPE_NAME: usize = 120;
const AUDIENCES: [&str; 4] = [
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
];

impl Store {
    pub(super) fn check_application(&self, context: Context<'_>, object: &Object, old: Option<&Object>) -> Result<(), Refusal> {
        check_name(object)?;
        if !AUDIENCES.contains(&text(object, "signInAudience")) {
            return Err(Refusal::invalid_value("signInAudience", "Application"));
        }
        if old.is_none_or(|old| text(old, "signInAudience") != text(object, "signInAudience")) {
            self.check_audience(text(object, "signInAudience"), Write::of(context, object))?;
        }
        let is_kept = |key: &&Value| old.is_some_and(|old| list(old, "keyCredentials").contains(key));
        let new_keys: Vec<Value> = list(object, "keyCredentials").iter().filter(|key| !is_kept(key)).cloned().collect();
        self.check_new_keys(context, created(object), &new_keys)?;
        check_scopes(object, old)?;
        redirect_uris::check(object, old)?;
        if let Some(old) = old {
            let scopes = |object| list_below(object, "api", "oauth2PermissionScopes");
            check_enabled_entries("api.oauth2PermissionScopes", scopes(old), scopes(object))?;
            check_enabled_entries("appRoles", list(old, "appRoles"), list(object, "appRoles"))?;
        }
        check_pre_authorized(object, old)?;
        self.check_identifier_uris(context, object, old)
    }
}

fn check_name(object: &Object) -> Result<(), Refusal> {
    let name = text(object, "displayName");
    if name.is_empty() {
        return Err(Refusal::missing_value("displayName", "Application"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Refusal::invalid_value("displayName", "Application"));
    }
    Ok(())
}

fn check_scopes(object: &Object, old: Option<&Object>) -> Result<(), Refusal> {
    let kept = old.map_or(&[][..], |old| list_below(old, "api", "oauth2PermissionScopes"));
    let (mut ids, mut values) = (BTreeSet::new(), BTreeSet::new());
    for scope in list_below(object, "api", "oauth2PermissionScopes") {
        let (id, value) = (text_of(scope, "id").to_ascii_lowercase(), text_of(scope, "value"));
        let is_kind_known = matches!(text_of(scope, "type"), "User" | "Admin");
        let is_value_usable = value.chars().count() <= LONGEST_SCOPE_NAME && !value.contains(char::is_whitespace);
        let is_new = !id.is_empty() && ids.insert(id) && (value.is_empty() || values.insert(value.to_owned()));
        if !is_kind_known || !is_value_usable || !is_new {
            return Err(Refusal::invalid_value("api.oauth2PermissionScopes", "Application"));
        }
        // Source: microsoftgraph/microsoft-graph-docs #4615: both texts are mandatory.
        let is_enabled = scope.get("isEnabled") == Some(&Value::Bool(true));
        for name in ["adminConsentDisplayName", "adminConsentDescription"] {
            if is_enabled && text_of(scope, name).is_empty() && !kept.contains(scope) {
                let property = format!("api.oauth2PermissionScopes.{name}");
                return Err(Refusal::missing_value(&property, "Application"));
            }
        }
    }
    Ok(())
}

/// An enabled scope or role stays as it is, or is switched off; only then may it be changed or removed.
fn check_enabled_entries(property: &str, old: &[Value], new: &[Value]) -> Result<(), Refusal> {
    for before in old.iter().filter(|entry| entry.get("isEnabled") == Some(&Value::Bool(true))) {
        let id = text_of(before, "id");
        let after = new.iter().find(|entry| text_of(entry, "id").eq_ignore_ascii_case(id));
        if !after.is_some_and(|after| is_same_or_disabled(before, after)) {
            return Err(Refusal::new(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                texts::ENABLED_ENTITLEMENT.with(&[("property", property)]),
            ));
        }
    }
    Ok(())
}

fn is_same_or_disabled(before: &Value, after: &Value) -> bool {
    let parts = |value: &Value| -> Object {
        let object = value.as_object().cloned().unwrap_or_default();
        let relevant = object
            .into_iter()
            .filter(|(name, value)| !matches!(name.as_str(), "isEnabled" | "id") && !value.is_null());
        relevant.collect()
    };
    parts(before) == parts(after)
}

/// A scope can be pre-authorised only after it was created by an earlier request.
fn check_pre_authorized(object: &Object, old: Option<&Object>) -> Result<(), Refusal> {
    let known: Vec<_> = old
        .map(|old| list_below(old, "api", "oauth2PermissionScopes"))
        .unwrap_or_default()
        .iter()
        .map(|scope| text_of(scope, "id"))
        .collect();
    let clients = list_below(object, "api", "preAuthorizedApplications").iter();
    let mut wanted = clients.flat_map(|client| client.get("delegatedPermissionIds").and_then(Value::as_array).into_iter().flatten());
    let is_known = |id: &Value| {
        id.as_str()
            .is_some_and(|id| known.iter().any(|known| known.eq_ignore_ascii_case(id)))
    };
    if wanted.all(is_known) {
        return Ok(());
    }
    Err(Refusal::invalid_value(
        "api.preAuthorizedApplications.delegatedPermissionIds",
        "Application",
    ))
}
