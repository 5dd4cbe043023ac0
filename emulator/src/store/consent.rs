//! Consent: delegated permission grants and application permissions.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Collection, Context, Key, Shape, Store, find, list, position, text, text_of, timestamp};
use crate::{graph_types, ids::well_known::MICROSOFT_GRAPH, object::Object, refusal::Refusal, texts};

/// The application permission "may sign in" of an app that defines no permissions of its own.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

impl Store {
    /// Creates an `oauth2PermissionGrant`.
    ///
    /// Whether the service checks the names of the scopes against the resource is not documented; here it does not.
    pub(crate) fn create_grant(&mut self, context: Context<'_>, body: &Object) -> Result<Value, Refusal> {
        context.access.may_write_grants()?;
        graph_types::check("oAuth2PermissionGrant", &without_beta_properties(body))?;
        for name in ["clientId", "resourceId"] {
            let id = text(body, name);
            if id.is_empty() {
                return Err(Refusal::missing_value(name, "OAuth2PermissionGrant"));
            }
            find(&self.service_principals, &Key::id(id), context.instant).map_err(|_| Refusal::reference_not_found(id))?;
        }
        let (kind, principal) = (text(body, "consentType"), text(body, "principalId"));
        let is_for_all = match kind {
            "AllPrincipals" if principal.is_empty() => true,
            "Principal" if !principal.is_empty() => false,
            _ => return Err(Refusal::invalid_value("consentType", "OAuth2PermissionGrant")),
        };
        let is_same = |name: &str, grant: &super::Entry| grant.text(name).eq_ignore_ascii_case(text(body, name));
        let names = ["clientId", "resourceId", "consentType", "principalId"];
        if self.grants.iter().any(|grant| names.iter().all(|name| is_same(name, grant))) {
            return Err(Refusal::new(409, "Request_MultipleObjectsWithSameKeyValue", texts::GRANT_EXISTS));
        }
        let grant = json!({
            "clientId": text(body, "clientId").to_ascii_lowercase(),
            "consentType": kind,
            "id": opaque_id(),
            "principalId": if is_for_all { Value::Null } else { json!(principal) },
            "resourceId": text(body, "resourceId").to_ascii_lowercase(),
            "scope": text(body, "scope"),
        });
        let entry = self.new_entry(context, Shape::Plain, super::defaults::object(grant.clone()));
        self.grants.push(entry);
        Ok(grant)
    }

    /// Replaces the scopes of a grant.
    pub(crate) fn change_grant(&mut self, context: Context<'_>, key: &Key, body: &Object) -> Result<(), Refusal> {
        context.access.may_write_grants()?;
        graph_types::check("oAuth2PermissionGrant", &without_beta_properties(body))?;
        let found = position(&self.grants, key, context.instant)?;
        let Some(grant) = self.grants.get_mut(found) else {
            return Err(Refusal::not_found(&key.value));
        };
        for name in ["id", "clientId", "resourceId", "consentType", "principalId"] {
            let given = text(body, name);
            if !given.is_empty() && !given.eq_ignore_ascii_case(grant.text(name)) {
                return Err(Refusal::read_only(name));
            }
        }
        if let Some(scope) = body.get("scope") {
            let mut changed = grant.object.clone();
            changed.insert("scope".to_owned(), scope.clone());
            grant.change(context, changed);
        }
        Ok(())
    }

    /// Deletes a grant.
    pub(crate) fn delete_grant(&mut self, context: Context<'_>, key: &Key) -> Result<(), Refusal> {
        context.access.may_write_grants()?;
        let found = position(&self.grants, key, context.instant)?;
        let gone = self.grants.remove(found);
        self.keep_for_readers(context, Collection::Grants, &gone);
        Ok(())
    }

    /// Assigns an application permission. `owner` is the service principal in the path, and `side` the property that
    /// must name it.
    pub(crate) fn create_assignment(&mut self, context: Context<'_>, owner: &Key, side: &str, body: &Object) -> Result<Value, Refusal> {
        graph_types::check("appRoleAssignment", body)?;
        let (principal_id, resource_id, role_id) = (text(body, "principalId"), text(body, "resourceId"), text(body, "appRoleId"));
        for (name, value) in [("principalId", principal_id), ("resourceId", resource_id), ("appRoleId", role_id)] {
            if value.is_empty() {
                return Err(Refusal::missing_value(name, "AppRoleAssignment"));
            }
        }
        let any = self.service_principals.iter();
        let is_for_graph = any
            .clone()
            .any(|entry| entry.text("id").eq_ignore_ascii_case(resource_id) && entry.text("appId") == MICROSOFT_GRAPH.to_string());
        context.access.may_assign_roles(is_for_graph)?;
        let in_path = find(&self.service_principals, owner, context.instant)?;
        let not_a_reference = || Refusal::new(400, "Request_BadRequest", texts::NOT_A_REFERENCE);
        if !in_path.text("id").eq_ignore_ascii_case(text(body, side)) {
            return Err(not_a_reference());
        }
        let principal = self.assignee(context, principal_id).ok_or_else(not_a_reference)?;
        let resource = find(&self.service_principals, &Key::id(resource_id), context.instant).map_err(|_| not_a_reference())?;
        check_role(&resource.object, role_id, if principal.is_user { "User" } else { "Application" })?;
        let is_there = self.assignments.iter().any(|assignment| {
            let same = |name: &str, value: &str| assignment.text(name).eq_ignore_ascii_case(value);
            same("principalId", principal_id) && same("resourceId", resource_id) && same("appRoleId", role_id)
        });
        if is_there {
            return Err(Refusal::new(400, "Request_BadRequest", texts::ASSIGNMENT_EXISTS));
        }
        let assignment = json!({
            "id": opaque_id(),
            "deletedDateTime": null,
            "appRoleId": role_id.to_ascii_lowercase(),
            "createdDateTime": timestamp(context.now),
            "principalDisplayName": principal.name,
            "principalId": principal_id.to_ascii_lowercase(),
            "principalType": if principal.is_user { "User" } else { "ServicePrincipal" },
            "resourceDisplayName": resource.text("displayName"),
            "resourceId": resource.text("id"),
        });
        let entry = self.new_entry(context, Shape::Plain, super::defaults::object(assignment.clone()));
        self.assignments.push(entry);
        Ok(assignment)
    }

    /// Takes an application permission away.
    pub(crate) fn delete_assignment(&mut self, context: Context<'_>, key: &Key) -> Result<(), Refusal> {
        let found = position(&self.assignments, key, context.instant)?;
        let resource = self
            .assignments
            .get(found)
            .map(|entry| entry.text("resourceId").to_owned())
            .unwrap_or_default();
        let mut resources = self.service_principals.iter();
        let is_for_graph = resources.any(|entry| entry.text("id") == resource && entry.text("appId") == MICROSOFT_GRAPH.to_string());
        context.access.may_remove_assigned_roles(is_for_graph)?;
        let gone = self.assignments.remove(found);
        self.keep_for_readers(context, Collection::Assignments, &gone);
        Ok(())
    }
}

/// To whom a permission is assigned.
struct Assignee {
    name: String,
    is_user: bool,
}

impl Store {
    fn assignee(&self, context: Context<'_>, id: &str) -> Option<Assignee> {
        if let Ok(principal) = find(&self.service_principals, &Key::id(id), context.instant) {
            let name = principal.text("displayName").to_owned();
            return Some(Assignee { name, is_user: false });
        }
        let user = self.users.get(&id.parse().ok()?)?;
        let name = user.account.split('@').next().unwrap_or_default().to_owned();
        Some(Assignee { name, is_user: true })
    }

    /// Puts a grant in place past every rule.
    pub(crate) fn seed_grant(&mut self, grant: Value) {
        self.grants.push(super::Entry::seeded(Shape::Plain, super::defaults::object(grant)));
    }

    /// The id of an application permission of a service principal, by its value or its id.
    pub(crate) fn role_id(&self, resource: &str, role: &str) -> Option<String> {
        let resource = self.service_principals.with_id(resource)?;
        let mut roles = list(&resource.object, "appRoles").iter();
        let found = roles.find(|known| text_of(known, "value") == role || text_of(known, "id").eq_ignore_ascii_case(role));
        found.map(|found| text_of(found, "id").to_owned())
    }

    /// Puts an assignment in place past every rule.
    pub(crate) fn seed_assignment(&mut self, id: Uuid, (principal, resource): (&str, &str), role: &str, now: time::OffsetDateTime) {
        let name = |id: &str| {
            let found = self.service_principals.with_id(id);
            found.map(|entry| entry.text("displayName").to_owned())
        };
        let assignment = json!({
            "id": id.simple().to_string(),
            "deletedDateTime": null,
            "appRoleId": role,
            "createdDateTime": timestamp(now),
            "principalDisplayName": name(principal),
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": name(resource),
            "resourceId": resource,
        });
        self.assignments
            .push(super::Entry::seeded(Shape::Plain, super::defaults::object(assignment)));
    }
}

fn check_role(resource: &Object, role_id: &str, member: &str) -> Result<(), Refusal> {
    let roles = list(resource, "appRoles");
    let is_role = |role: &Value| {
        let is_for_applications = role.get("allowedMemberTypes").and_then(Value::as_array);
        text_of(role, "id").eq_ignore_ascii_case(role_id)
            && role.get("isEnabled") == Some(&Value::Bool(true))
            && is_for_applications.is_some_and(|types| types.iter().any(|kind| kind == member))
    };
    if roles.iter().any(is_role) || (roles.is_empty() && role_id == DEFAULT_ACCESS) {
        return Ok(());
    }
    let message = texts::ROLE_NOT_FOUND.with(&[("appId", text(resource, "appId"))]);
    Err(Refusal::bad_request(message))
}

/// Clients of older versions send the times that only the beta version knows.
fn without_beta_properties(body: &Object) -> Object {
    let known = body.iter().filter(|(name, _)| !matches!(name.as_str(), "startTime" | "expiryTime"));
    known.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// An id as the service makes them for grants and assignments: opaque, not a GUID.
fn opaque_id() -> String {
    let random: Vec<u8> = [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect();
    URL_SAFE_NO_PAD.encode(random)
}
