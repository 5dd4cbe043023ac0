//! The tenant behind the [`Directory`] trait: every operation is the Microsoft Graph request that it stands for.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    EmulatedTenant,
    graph::{GraphAnswer, GraphRequest},
    refusal::Refusal,
    tenant::Bearer,
};
use crate::{
    call::{Call, Retry, RetryReason},
    cloud::CloudEndpoints,
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, DeletedApplication, Directory, NewApplication,
        NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal,
        SignedIn, Tenant, VerifiedDomain,
    },
    error::{DirectoryError, RefusalReason, RequestTrace, UnexpectedAnswer},
    ids::{ApplicationId, ApplicationObjectId, KeyId, PermissionGrantId, RoleTemplateId, ServicePrincipalId},
    token::TokenClaims,
};

/// How often a throttled request is repeated, as a client of the service would.
const REPETITIONS: u32 = 5;
const USUAL_WAIT: Duration = Duration::from_secs(1);

impl EmulatedTenant {
    async fn ask(&self, call: Call, request: &GraphRequest) -> Result<GraphAnswer, (Refusal, RequestTrace)> {
        let bearer = Bearer {
            authorization: None,
            own_address: None,
        };
        let mut attempt = 1;
        loop {
            let refusal = match self.answer(request, bearer) {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            // Only what provably did nothing is repeated: throttled requests.
            if refusal.reason != RefusalReason::Throttled || attempt > REPETITIONS {
                let mut trace = RequestTrace::new(&request.method, request.name().split_once(' ').map_or("", |(_, path)| path));
                trace.attempts = attempt;
                return Err((refusal, trace));
            }
            let wait = refusal.retry_after.unwrap_or(USUAL_WAIT);
            call.retried(Retry::new(request.name(), attempt, wait, RetryReason::Throttled));
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn want(&self, call: Call, request: GraphRequest) -> Result<Value, DirectoryError> {
        let answer = self.ask(call, &request).await;
        answer
            .map(GraphAnswer::into_json)
            .map_err(|(refusal, trace)| refusal.into_directory_error(trace))
    }

    async fn read<T: DeserializeOwned>(&self, call: Call, request: GraphRequest) -> Result<T, DirectoryError> {
        let name = request.name();
        from_json(&name, self.want(call, request).await?)
    }

    async fn read_if_there<T: DeserializeOwned>(&self, call: Call, request: GraphRequest) -> Result<Option<T>, DirectoryError> {
        match self.ask(call, &request).await {
            Ok(answer) => from_json(&request.name(), answer.into_json()).map(Some),
            Err((refusal, _)) if refusal.code == "Request_ResourceNotFound" => Ok(None),
            Err((refusal, trace)) => Err(refusal.into_directory_error(trace)),
        }
    }

    /// All pages of a collection.
    async fn list<T: DeserializeOwned>(&self, call: Call, mut request: GraphRequest) -> Result<Vec<T>, DirectoryError> {
        let mut items = Vec::new();
        loop {
            let name = request.name();
            let mut page = self.want(call.clone(), request.clone()).await?;
            items.extend(from_json::<Vec<T>>(&name, page["value"].take())?);
            let next = page.get("@odata.nextLink").and_then(Value::as_str);
            let Some((_, query)) = next.and_then(|link| link.split_once('?')) else {
                return Ok(items);
            };
            request.query = super::graph::Query::read(query);
        }
    }
}

fn from_json<T: DeserializeOwned>(request: &str, value: Value) -> Result<T, DirectoryError> {
    let (method, path) = request.split_once(' ').unwrap_or(("", request));
    let trace = RequestTrace::new(method, path);
    serde_json::from_value(value).map_err(|error| UnexpectedAnswer::new("the emulator", error.to_string(), trace).into())
}

fn get(operation: &'static str, path: &str) -> GraphRequest {
    GraphRequest::of_operation(operation, "GET", path)
}

fn post(operation: &'static str, path: &str, body: Value) -> GraphRequest {
    GraphRequest::of_operation(operation, "POST", path).with_body(body)
}

fn patch(operation: &'static str, path: &str, body: Value) -> GraphRequest {
    GraphRequest::of_operation(operation, "PATCH", path).with_body(body)
}

fn delete(operation: &'static str, path: &str) -> GraphRequest {
    GraphRequest::of_operation(operation, "DELETE", path)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn to_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[async_trait]
impl Directory for EmulatedTenant {
    fn endpoints(&self) -> Option<&CloudEndpoints> {
        Some(self.cloud_endpoints())
    }

    async fn signed_in(&self, _call: Call) -> Result<SignedIn, DirectoryError> {
        let claims = TokenClaims::read(&self.token_for(self.caller())).unwrap_or_default();
        Ok(SignedIn {
            tenant_id: claims.tenant_id,
            audience: claims.audience,
            issuer: claims.issuer,
            account: claims.account,
            application_id: claims.application_id,
            is_application: claims.is_application,
            scopes: Some(claims.scopes),
            app_roles: Some(claims.app_roles),
            directory_roles: claims.directory_roles,
            expires_on: claims.expires_on,
        })
    }

    async fn tenant(&self, call: Call) -> Result<Tenant, DirectoryError> {
        let answer = self.want(call, get("tenant", "organization")).await?;
        let organization = &answer["value"][0];
        let domain = |domain: &Value| {
            let is = |name: &str| domain[name].as_bool().unwrap_or_default();
            VerifiedDomain::new(domain["name"].as_str().unwrap_or_default(), is("isInitial"), is("isDefault"))
        };
        let domains = organization["verifiedDomains"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = organization["displayName"].as_str().unwrap_or_default().to_owned();
        Ok(Tenant::new(self.tenant_id(), name, domains.iter().map(domain).collect()))
    }

    async fn held_roles(&self, call: Call, roles: &[RoleTemplateId]) -> Result<Vec<RoleTemplateId>, DirectoryError> {
        let request = post("held_roles", "me/checkMemberObjects", json!({"ids": roles}));
        let mut answer = self.want(call, request).await?;
        from_json("POST /me/checkMemberObjects", answer["value"].take())
    }

    async fn app_management_policy(&self, call: Call) -> Result<AppManagementPolicy, DirectoryError> {
        self.want(call, get("app_management_policy", "policies/defaultAppManagementPolicy"))
            .await?;
        Ok(self.settings().policy.clone())
    }

    async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        let path = match key {
            ApplicationKey::ApplicationId(id) => format!("applications(appId='{id}')"),
            ApplicationKey::UniqueName(name) => {
                // The path is split at slashes, which a name may have.
                let mut request = get("application", "");
                request.segments = vec![format!("applications(uniqueName={})", quoted(name))];
                return self.read_if_there(call, request).await;
            }
        };
        self.read_if_there(call, get("application", &path)).await
    }

    async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        let filter = format!("identifierUris/any(u:u eq {})", quoted(uri));
        let found = self
            .list(call, get("application_with_uri", "applications").with_filter(filter))
            .await?;
        Ok(found.into_iter().next())
    }

    async fn deleted_applications(&self, call: Call, unique_names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        if unique_names.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = unique_names.iter().map(|name| format!("uniqueName eq {}", quoted(name))).collect();
        let request = get("deleted_applications", "directory/deletedItems/microsoft.graph.application");
        self.list(call, request.with_filter(names.join(" or "))).await
    }

    async fn deleted_service_principals(
        &self,
        call: Call,
        applications: &[ApplicationId],
    ) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        let path = "directory/deletedItems/microsoft.graph.servicePrincipal";
        let mut found: Vec<ServicePrincipal> = self.list(call, get("deleted_service_principals", path)).await?;
        found.retain(|deleted| applications.contains(&deleted.app_id));
        Ok(found)
    }

    async fn service_principal(&self, call: Call, application: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        let path = format!("servicePrincipals(appId='{application}')");
        self.read_if_there(call, get("service_principal", &path)).await
    }

    async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        let filter = format!("clientId eq '{client}' and consentType eq 'AllPrincipals'");
        self.list(call, get("permission_grants", "oauth2PermissionGrants").with_filter(filter))
            .await
    }

    async fn role_assignments(&self, call: Call, principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let path = format!("servicePrincipals/{principal}/appRoleAssignments");
        self.list(call, get("role_assignments", &path)).await
    }

    async fn create_application(&self, call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let mut body = to_json(&new.properties);
        if let Some(password) = &new.password {
            body["passwordCredentials"] = json!([to_json(password)]);
        }
        self.read(call, post("create_application", "applications", body)).await
    }

    async fn update_application(
        &self,
        call: Call,
        application: ApplicationObjectId,
        change: &ApplicationProperties,
    ) -> Result<(), DirectoryError> {
        let request = patch("update_application", &format!("applications/{application}"), to_json(change));
        self.want(call, request).await.map(drop)
    }

    async fn add_password(
        &self,
        call: Call,
        application: ApplicationObjectId,
        new: &NewPassword,
    ) -> Result<PasswordCredential, DirectoryError> {
        let path = format!("applications/{application}/addPassword");
        self.read(call, post("add_password", &path, json!({"passwordCredential": to_json(new)})))
            .await
    }

    async fn remove_password(&self, call: Call, application: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
        let path = format!("applications/{application}/removePassword");
        self.want(call, post("remove_password", &path, json!({"keyId": key})))
            .await
            .map(drop)
    }

    async fn create_service_principal(&self, call: Call, application: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        let request = post("create_service_principal", "servicePrincipals", json!({"appId": application}));
        self.read(call, request).await
    }

    async fn create_permission_grant(&self, call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        let body = json!({
            "clientId": new.client_id, "consentType": "AllPrincipals", "resourceId": new.resource_id, "scope": new.scope,
        });
        self.read(call, post("create_permission_grant", "oauth2PermissionGrants", body))
            .await
    }

    async fn update_permission_grant(&self, call: Call, grant: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
        let request = patch(
            "update_permission_grant",
            &format!("oauth2PermissionGrants/{grant}"),
            json!({"scope": scope}),
        );
        self.want(call, request).await.map(drop)
    }

    async fn assign_role(&self, call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        let path = format!("servicePrincipals/{}/appRoleAssignedTo", new.resource_id);
        self.read(call, post("assign_role", &path, to_json(new))).await
    }

    async fn delete_application(&self, call: Call, application: ApplicationObjectId) -> Result<(), DirectoryError> {
        let request = delete("delete_application", &format!("applications/{application}"));
        self.want(call, request).await.map(drop)
    }

    async fn delete_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        let request = delete("delete_service_principal", &format!("servicePrincipals/{principal}"));
        self.want(call, request).await.map(drop)
    }

    async fn purge_application(&self, call: Call, application: ApplicationObjectId) -> Result<(), DirectoryError> {
        let request = delete("purge_application", &format!("directory/deletedItems/{application}"));
        self.want(call, request).await.map(drop)
    }

    async fn purge_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        let request = delete("purge_service_principal", &format!("directory/deletedItems/{principal}"));
        self.want(call, request).await.map(drop)
    }
}
