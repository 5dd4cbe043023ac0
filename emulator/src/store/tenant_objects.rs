//! The tenant itself, the signed-in user, and the tenant's policies.

use super::{Context, Store};
use crate::{refusal::Refusal, settings::Settings, texts};
use serde_json::{Value, json};

impl Store {
    /// The one element of `GET /organization`.
    pub(crate) fn organization(settings: &Settings) -> Value {
        let domains: Vec<Value> = settings
            .domains()
            .map(|domain| {
                json!({
                    "capabilities": "Email, OfficeCommunicationsOnline",
                    "isDefault": domain == settings.default_domain(),
                    "isInitial": domain == settings.initial_domain,
                    "name": domain,
                    "type": "Managed",
                })
            })
            .collect();
        json!({
            "id": settings.tenant_id,
            "deletedDateTime": null,
            "displayName": settings.display_name,
            "tenantType": "AAD",
            "verifiedDomains": domains,
        })
    }

    /// The signed-in user.
    pub(crate) fn me(context: Context<'_>) -> Result<Value, Refusal> {
        let Some(account) = context.access.account.as_deref() else {
            return Err(Refusal::new(400, "BadRequest", texts::ME_WITHOUT_USER));
        };
        Ok(json!({
            "id": context.access.object_id,
            "displayName": account.split('@').next(),
            "userPrincipalName": account,
            "mail": account,
            "businessPhones": [],
            "givenName": null,
            "jobTitle": null,
            "mobilePhone": null,
            "officeLocation": null,
            "preferredLanguage": null,
            "surname": null,
        }))
    }

    /// Which of these ids, role template ids among them, the signed-in user is a member of.
    pub(crate) fn check_member_objects(context: Context<'_>, body: &super::Object) -> Result<Vec<Value>, Refusal> {
        const MOST: usize = 20;
        Self::me(context)?;
        let Some(ids) = body.get("ids").and_then(Value::as_array) else {
            return Err(Refusal::missing_value("ids", "DirectoryObject"));
        };
        if ids.len() > MOST {
            return Err(Refusal::invalid_value("ids", "DirectoryObject"));
        }
        let holds = |id: &&Value| {
            let role = id.as_str().and_then(|id| id.parse().ok());
            role.is_some_and(|role| context.access.directory_roles.contains(&role))
        };
        Ok(ids.iter().filter(holds).cloned().collect())
    }

    /// `GET /policies/authorizationPolicy`, as far as app registrations are concerned.
    pub(crate) fn authorization_policy(settings: &Settings) -> Value {
        json!({
            "id": "authorizationPolicy",
            "displayName": "Authorization Policy",
            "description": "Used to manage authorization related settings across the company.",
            "defaultUserRolePermissions": {"allowedToCreateApps": settings.users_may_create_apps},
        })
    }
}
