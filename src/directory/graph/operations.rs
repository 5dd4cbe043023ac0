//! The questions and orders of [`Directory`] in the words of Microsoft Graph v1.0.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{
    GraphDirectory,
    address::{filtered, keyed, literal, segment},
    client::json_of,
    conditional_access, groups, policy,
};
use crate::{
    call::Call,
    cloud::CloudEndpoints,
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, ConditionalAccessPolicy, DeletedApplication, Directory,
        NewApplication, NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment,
        ServicePrincipal, SignedIn, Tenant, VerifiedDomain,
    },
    error::DirectoryError,
    http::Method,
    ids::{ApplicationId, ApplicationObjectId, DirectoryObjectId, KeyId, PermissionGrantId, RoleTemplateId, ServicePrincipalId, TenantId},
};

/// The properties of an app registration that this job looks at. All others stay unread.
const APPLICATION: &str = "$select=id,appId,displayName,uniqueName,signInAudience,identifierUris,web,publicClient,isFallbackPublicClient,\
                           isDeviceOnlyAuthSupported,api,requiredResourceAccess,passwordCredentials,keyCredentials,isDisabled,\
                           disabledByMicrosoftStatus";

/// The properties by which the apps of one maker are found in a list of the whole tenant.
const MARKS: &str = "$select=id,appId,displayName,uniqueName,tags,createdDateTime";

/// The most ids that `checkMemberObjects` takes.
const MOST_MEMBER_IDS: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    id: TenantId,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    verified_domains: Option<Vec<Domain>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Domain {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    is_initial: Option<bool>,
    #[serde(default)]
    is_default: Option<bool>,
}

#[derive(Deserialize)]
struct Owner {
    id: DirectoryObjectId,
}

#[derive(Deserialize)]
struct FederatedCredential {
    #[serde(default)]
    name: Option<String>,
}

#[async_trait]
impl Directory for GraphDirectory {
    fn endpoints(&self) -> Option<&CloudEndpoints> {
        Some(&self.client.endpoints)
    }

    async fn signed_in(&self, _call: Call) -> Result<SignedIn, DirectoryError> {
        let token = self.client.token().await?;
        let Some(claims) = token.claims() else {
            return Ok(SignedIn {
                expires_on: token.expires_on(),
                // What the sign-in service said beside a token that only Microsoft Graph can read.
                scopes: token.granted_scopes().map(<[String]>::to_vec),
                ..SignedIn::default()
            });
        };
        Ok(SignedIn {
            tenant_id: claims.tenant_id,
            audience: claims.audience,
            issuer: claims.issuer,
            account: claims.account,
            application_id: claims.application_id,
            is_application: claims.is_application,
            object_id: claims.object_id,
            scopes: Some(claims.scopes),
            app_roles: Some(claims.app_roles),
            directory_roles: claims.directory_roles,
            expires_on: token.expires_on().or(claims.expires_on),
        })
    }

    async fn tenant(&self, call: Call) -> Result<Tenant, DirectoryError> {
        let query = Some("$select=id,displayName,verifiedDomains");
        let request = self.client.request(Method::Get, "organization", query);
        let answer = self.client.send(&call, &request).await?;
        let mut list: Value = answer.json()?;
        // One token is for one tenant, so there is one organization.
        let first = list.pointer_mut("/value/0").map(Value::take);
        let first = first.and_then(|first| Organization::deserialize(first).ok());
        let found = first.ok_or_else(|| answer.unexpected("it names no organization"))?;
        let domains = found.verified_domains.unwrap_or_default().into_iter();
        let domains = domains.filter_map(|domain| {
            let (is_initial, is_default) = (domain.is_initial.unwrap_or_default(), domain.is_default.unwrap_or_default());
            Some(VerifiedDomain::new(domain.name?, is_initial, is_default))
        });
        Ok(Tenant::new(found.id, found.display_name.unwrap_or_default(), domains.collect()))
    }

    async fn held_roles(&self, call: Call, roles: &[RoleTemplateId]) -> Result<Vec<RoleTemplateId>, DirectoryError> {
        let mut held = Vec::new();
        for some in roles.chunks(MOST_MEMBER_IDS) {
            let request = self.client.request(Method::Post, "me/checkMemberObjects", None);
            // A read in the shape of a POST.
            let request = request.with_json(&json!({"ids": some})).repeatable();
            let answer = self.client.send(&call, &request).await?;
            let list: Value = answer.json()?;
            let ids = list["value"].as_array().ok_or_else(|| answer.unexpected("it has no list of ids"))?;
            let ids: Vec<RoleTemplateId> = ids.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
            held.extend(some.iter().filter(|role| ids.contains(role)));
        }
        Ok(held)
    }

    async fn app_management_policy(&self, call: Call) -> Result<AppManagementPolicy, DirectoryError> {
        let request = self.client.request(Method::Get, "policies/defaultAppManagementPolicy", None);
        let answer = self.client.send(&call, &request).await?;
        let policy: Value = answer.json()?;
        if policy.get("isEnabled").is_none() {
            return Err(answer.unexpected("it does not say whether the policy is on").into());
        }
        Ok(policy::evaluate(&policy, self.client.clock.now()))
    }

    async fn conditional_access_policies(&self, call: Call) -> Result<Vec<ConditionalAccessPolicy>, DirectoryError> {
        let query = Some("$select=id,displayName,state,conditions");
        let request = self.client.request(Method::Get, "identity/conditionalAccess/policies", query);
        let found: Vec<Value> = self.client.list(&call, request).await?;
        Ok(found.iter().filter_map(conditional_access::enforced).collect())
    }

    async fn groups_by_name(&self, call: Call, names: &[String]) -> Result<Vec<String>, DirectoryError> {
        groups::by_name(&self.client, &call, names).await
    }

    fn clock_lead(&self) -> Option<Duration> {
        self.client.clock_lead()
    }

    async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        let path = match key {
            ApplicationKey::ApplicationId(id) => keyed("applications", "appId", &id.to_string()),
            ApplicationKey::UniqueName(name) => keyed("applications", "uniqueName", name),
        };
        self.client
            .find(&call, &self.client.request(Method::Get, &path, Some(APPLICATION)))
            .await
    }

    async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        let query = filtered(&format!("identifierUris/any(u:u eq {})", literal(uri)), APPLICATION);
        let request = self.client.request(Method::Get, "applications", Some(&query));
        let found: Vec<Application> = self.client.list(&call, request).await?;
        Ok(found.into_iter().next())
    }

    async fn deleted_applications(&self, call: Call, unique_names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        // Filtering deleted items by unique name is not documented, so they are filtered here.
        let query = "$select=id,appId,displayName,uniqueName,passwordCredentials&$top=999";
        let path = "directory/deletedItems/microsoft.graph.application";
        let has_name = |deleted: &DeletedApplication| deleted.unique_name.as_ref().is_some_and(|name| unique_names.contains(name));
        self.client
            .list_of(&call, self.client.request(Method::Get, path, Some(query)), has_name)
            .await
    }

    async fn marked_applications(&self, call: Call, beginnings: &[String], tag: &str) -> Result<Vec<Application>, DirectoryError> {
        // Filtering by the beginning of a unique name is not documented, and apps of older versions have no tag.
        let query = format!("{MARKS}&$top=999");
        let has_mark = |app: &Application| {
            let properties = &app.properties;
            is_marked(
                properties.unique_name.as_deref(),
                properties.tags.as_deref().unwrap_or_default(),
                beginnings,
                tag,
            )
        };
        self.client
            .list_of(&call, self.client.request(Method::Get, "applications", Some(&query)), has_mark)
            .await
    }

    async fn marked_deleted_applications(
        &self,
        call: Call,
        beginnings: &[String],
        tag: &str,
    ) -> Result<Vec<DeletedApplication>, DirectoryError> {
        let query = format!("{MARKS},deletedDateTime&$top=999");
        let path = "directory/deletedItems/microsoft.graph.application";
        let has_mark = |app: &DeletedApplication| is_marked(app.unique_name.as_deref(), &app.tags, beginnings, tag);
        self.client
            .list_of(&call, self.client.request(Method::Get, path, Some(&query)), has_mark)
            .await
    }

    async fn deleted_service_principals(
        &self,
        call: Call,
        applications: &[ApplicationId],
    ) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        // As above: filtered here.
        let path = "directory/deletedItems/microsoft.graph.servicePrincipal";
        let request = self.client.request(Method::Get, path, Some("$select=id,appId&$top=999"));
        let is_of_these = |deleted: &ServicePrincipal| applications.contains(&deleted.app_id);
        self.client.list_of(&call, request, is_of_these).await
    }

    async fn service_principal(&self, call: Call, application: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        let path = keyed("servicePrincipals", "appId", &application.to_string());
        let request = self.client.request(Method::Get, &path, Some("$select=id,appId,accountEnabled"));
        self.client.find(&call, &request).await
    }

    async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        let filter = format!("clientId eq {} and consentType eq 'AllPrincipals'", literal(&client.to_string()));
        let query = filtered(&filter, "");
        let request = self.client.request(Method::Get, "oauth2PermissionGrants", Some(&query));
        self.client.list(&call, request).await
    }

    async fn role_assignments(&self, call: Call, principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let path = format!("servicePrincipals/{principal}/appRoleAssignments");
        self.client.list(&call, self.client.request(Method::Get, &path, None)).await
    }

    async fn create_application(&self, call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let mut body = json_of(&new.properties)?;
        if let Some(password) = &new.password {
            body["passwordCredentials"] = json!([secret(password)?]);
        }
        if !new.owners.is_empty() {
            let owners = new
                .owners
                .iter()
                .map(|owner| self.client.address(&format!("directoryObjects/{owner}")));
            body["owners@odata.bind"] = json!(owners.collect::<Vec<String>>());
        }
        let request = self.client.request(Method::Post, "applications", None).with_json(&body);
        self.client.object(&call, &request).await
    }

    async fn update_application(
        &self,
        call: Call,
        application: ApplicationObjectId,
        change: &ApplicationProperties,
    ) -> Result<(), DirectoryError> {
        let path = format!("applications/{application}");
        let request = self.client.request(Method::Patch, &path, None).with_json(&json_of(change)?);
        self.client.order(&call, &request).await
    }

    async fn add_password(
        &self,
        call: Call,
        application: ApplicationObjectId,
        new: &NewPassword,
    ) -> Result<PasswordCredential, DirectoryError> {
        let path = format!("applications/{application}/addPassword");
        let body = json!({"passwordCredential": secret(new)?});
        let request = self.client.request(Method::Post, &path, None).with_json(&body);
        self.client.object(&call, &request).await
    }

    async fn remove_password(&self, call: Call, application: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
        let path = format!("applications/{application}/removePassword");
        // Removing by its id what is gone already does no harm.
        let request = self
            .client
            .request(Method::Post, &path, None)
            .with_json(&json!({"keyId": key}))
            .repeatable();
        self.client.order(&call, &request).await
    }

    async fn create_service_principal(&self, call: Call, application: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        let request = self.client.request(Method::Post, "servicePrincipals", None);
        self.client.object(&call, &request.with_json(&json!({"appId": application}))).await
    }

    async fn create_permission_grant(&self, call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        let body = json!({
            "clientId": new.client_id,
            "consentType": "AllPrincipals",
            "resourceId": new.resource_id,
            "scope": new.scope,
        });
        let request = self.client.request(Method::Post, "oauth2PermissionGrants", None).with_json(&body);
        self.client.object(&call, &request).await
    }

    async fn update_permission_grant(&self, call: Call, grant: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
        let path = format!("oauth2PermissionGrants/{}", segment(grant.as_str()));
        let request = self.client.request(Method::Patch, &path, None).with_json(&json!({"scope": scope}));
        self.client.order(&call, &request).await
    }

    async fn assign_role(&self, call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        // The resource's side is the one that the documentation prefers.
        let path = format!("servicePrincipals/{}/appRoleAssignedTo", new.resource_id);
        let request = self.client.request(Method::Post, &path, None).with_json(&json_of(new)?);
        self.client.object(&call, &request).await
    }

    async fn delete_application(&self, call: Call, application: ApplicationObjectId) -> Result<(), DirectoryError> {
        self.delete(call, &format!("applications/{application}")).await
    }

    async fn delete_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        self.delete(call, &format!("servicePrincipals/{principal}")).await
    }

    async fn purge_application(&self, call: Call, application: ApplicationObjectId) -> Result<(), DirectoryError> {
        self.delete(call, &format!("directory/deletedItems/{application}")).await
    }

    fn restores_applications(&self) -> bool {
        true
    }

    async fn restore_application(&self, call: Call, application: ApplicationObjectId) -> Result<(), DirectoryError> {
        let path = format!("directory/deletedItems/{application}/restore");
        // An action without parameters: an empty object, so that no proxy asks for the length of a body that is not there.
        let request = self.client.request(Method::Post, &path, None).with_json(&json!({}));
        self.client.order(&call, &request).await
    }

    async fn application_owners(&self, call: Call, application: ApplicationObjectId) -> Result<Vec<DirectoryObjectId>, DirectoryError> {
        let path = format!("applications/{application}/owners");
        let request = self.client.request(Method::Get, &path, Some("$select=id&$top=999"));
        let owners: Vec<Owner> = self.client.list(&call, request).await?;
        Ok(owners.into_iter().map(|owner| owner.id).collect())
    }

    async fn federated_credentials(&self, call: Call, application: ApplicationObjectId) -> Result<Vec<String>, DirectoryError> {
        let path = format!("applications/{application}/federatedIdentityCredentials");
        let request = self.client.request(Method::Get, &path, Some("$select=id,name"));
        let credentials: Vec<FederatedCredential> = self.client.list(&call, request).await?;
        Ok(credentials
            .into_iter()
            .map(|credential| credential.name.unwrap_or_default())
            .collect())
    }

    async fn purge_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        self.delete(call, &format!("directory/deletedItems/{principal}")).await
    }
}

impl GraphDirectory {
    async fn delete(&self, call: Call, path: &str) -> Result<(), DirectoryError> {
        self.client.remove(&call, &self.client.request(Method::Delete, path, None)).await
    }
}

/// Whether an app has one of the marks. Unique names are the same in any case.
fn is_marked(unique_name: Option<&str>, tags: &[String], beginnings: &[String], tag: &str) -> bool {
    let begins = |name: &str| {
        let begins_with = |wanted: &String| name.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted));
        beginnings.iter().any(begins_with)
    };
    unique_name.is_some_and(begins) || tags.iter().any(|held| held == tag)
}

/// A secret to be created. The end is always sent, because the service's own default is two years.
fn secret(new: &NewPassword) -> Result<Value, DirectoryError> {
    let mut body = json_of(new)?;
    if let Some(end) = moment(new.end_date_time) {
        body["endDateTime"] = json!(end);
    }
    Ok(body)
}

/// A moment in whole seconds of UTC, which every reader of `DateTimeOffset` takes.
fn moment(moment: OffsetDateTime) -> Option<String> {
    let whole = moment.to_offset(UtcOffset::UTC).replace_nanosecond(0).ok()?;
    whole.format(&Rfc3339).ok()
}
