//! Tenants with policies, callers that may read them or not, and apps that were registered by hand.

use std::{sync::Arc, time::Duration as Wait};

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, ClientSecret, ConnectionSpec, Directory, ImportedServerApp, SecretValidity,
    clock::FixedClock,
    connection::AzureServicesConnectionBuilder,
    spec::{AdoptedServerApp, ClientAppSpec, ServerAppSpec},
};
use cmg_onboarding_emulator::{AppManagementPolicy, Caller, EmulatedSite, EmulatedTenant, EmulatedTenantBuilder, RecordedRequest};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

/// What time it is for tenant, site and job.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00.25 UTC);

/// What the tenant refuses by policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) secrets_forbidden: bool,
    pub(crate) longest_days: Option<i64>,
    pub(crate) uris_need_an_owner: bool,
    pub(crate) only_default_uris: bool,
}

pub(crate) const OPEN: Policy = Policy {
    secrets_forbidden: false,
    longest_days: None,
    uris_need_an_owner: false,
    only_default_uris: false,
};

impl Policy {
    pub(crate) fn tenant(self, is_hidden: bool, lag: Wait) -> EmulatedTenant {
        self.builder(is_hidden, lag).build()
    }

    pub(crate) fn builder(self, is_hidden: bool, lag: Wait) -> EmulatedTenantBuilder {
        let mut policy = AppManagementPolicy::default();
        policy.secrets_forbidden = self.secrets_forbidden;
        policy.longest_secret = self.longest_days.map(Duration::days);
        policy.uris_need_an_owner = self.uris_need_an_owner;
        policy.only_default_uris = self.only_default_uris;
        let builder = EmulatedTenant::builder().policy(policy).replication_lag(lag).clock(|| NOW);
        builder.caller(caller(is_hidden))
    }
}

/// A caller that may read the policies of the tenant, or not.
pub(crate) fn caller(is_hidden: bool) -> Caller {
    let mut scopes = vec![
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "User.Read",
    ];
    if !is_hidden {
        scopes.push("Policy.Read.All");
    }
    Caller::global_administrator().with_scopes(scopes)
}

/// How the connection gets its server app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Create,
    Import,
    Adopt,
}

/// The specification, with a client app that is created.
pub(crate) fn spec(server: impl Into<cmg_onboarding::spec::ServerAppDraft>) -> ConnectionSpec {
    let spec = ConnectionSpec::builder("Contoso CMG").server_app(server);
    spec.client_app(ClientAppSpec::builder("ConfigMgr Client")).build().unwrap()
}

pub(crate) fn creating(validity: SecretValidity) -> ConnectionSpec {
    spec(ServerAppSpec::builder("ConfigMgr Server").secret_validity(validity))
}

pub(crate) async fn spec_of(way: Way, validity: SecretValidity, tenant: &EmulatedTenant) -> ConnectionSpec {
    match way {
        Way::Create => creating(validity),
        Way::Adopt => spec(AdoptedServerApp::builder(by_hand(tenant, &[]).await).secret_validity(validity)),
        Way::Import => {
            let uri = "https://contoso.com/cmg";
            let app = ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id(tenant.tenant_id())
                .name("Made by hand")
                .client_id(by_hand(tenant, &[uri]).await)
                .secret_key(ClientSecret::new("by-hand~not-a-secret"))
                .secret_key_expiry(NOW + Duration::days(170))
                .app_id_uri(uri);
            spec(app)
        }
    }
}

/// A server app that was registered by hand, with its service principal; both can be seen everywhere.
async fn by_hand(tenant: &EmulatedTenant, uris: &[&str]) -> ApplicationId {
    let passwords = match uris {
        [] => json!([]),
        _ => json!([{"displayName": "by hand", "secretText": "by-hand~not-a-secret",
            "endDateTime": (NOW + Duration::days(170)).format(&time::format_description::well_known::Rfc3339).unwrap()}]),
    };
    let id: ApplicationId = tenant
        .add_application(json!({
            "displayName": "Made by hand",
            "signInAudience": "AzureADMyOrg",
            "identifierUris": uris,
            "passwordCredentials": passwords,
            "api": {"oauth2PermissionScopes": [{"id": "7c1e0f4a-5a52-4bb4-8f56-b9b41a3f1a77", "value": "user_impersonation",
                "type": "User", "isEnabled": true, "adminConsentDisplayName": "Access", "adminConsentDescription": "Access"}]},
        }))
        .into();
    let administrator = tenant.with_caller(Caller::global_administrator()).directory();
    administrator.create_service_principal(Call::quiet(), id).await.unwrap();
    settle().await;
    id
}

/// A site with nothing in it.
pub(crate) fn site_of_today() -> EmulatedSite {
    EmulatedSite::builder().clock(Arc::new(FixedClock(NOW))).build()
}

/// Waits until everything can be seen everywhere.
pub(crate) async fn settle() {
    tokio::time::sleep(Wait::from_secs(60)).await;
}

pub(crate) fn job(spec: &ConnectionSpec, tenant: &EmulatedTenant, site: Option<&EmulatedSite>) -> AzureServicesConnectionBuilder {
    let job = job_with(spec, tenant.directory());
    match site {
        Some(site) => job.site(site.clone()),
        None => job,
    }
}

/// The same with a directory of another kind.
pub(crate) fn job_with(spec: &ConnectionSpec, directory: impl Directory + 'static) -> AzureServicesConnectionBuilder {
    let job = AzureServicesConnection::builder(spec.clone()).directory(directory);
    job.clock(Arc::new(FixedClock(NOW)))
}

/// The requests that write.
pub(crate) fn writes(tenant: &EmulatedTenant) -> Vec<RecordedRequest> {
    let requests = tenant.requests().into_iter();
    let is_write = |request: &RecordedRequest| request.method != "GET" && !request.path.contains("checkMemberObjects");
    requests.filter(is_write).collect()
}

pub(crate) fn list<'a>(state: &'a Value, kind: &str) -> &'a Vec<Value> {
    state[kind].as_array().unwrap()
}

/// The app registration with this client id.
pub(crate) fn app(state: &Value, id: ApplicationId) -> &Value {
    let found = list(state, "applications").iter().find(|app| app["appId"] == json!(id));
    found.unwrap_or_else(|| panic!("no app {id}"))
}
