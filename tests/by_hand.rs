//! The connection by hand: a portal and a console that do nothing but follow the steps, through plain requests, and the
//! verifier that finds nothing wrong afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]
#![cfg(feature = "sign-in")]

mod support;

use std::collections::BTreeMap;

use cmg_onboarding::{
    AdoptedClientApp, AdoptedServerApp, AzureServicesConnection, ClientAppSpec, ClientSecret, ConnectionSpec, DiscoverySpec,
    ImportedClientApp, ImportedServerApp, ReusedApp, ServerAppSpec,
    clock::{Clock, SystemClock},
    connection::{ImportVerifier, Verification},
    spec::by_hand::{ByHand, Part, PartKind, Step},
    token::EntraSecretProbe,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use support::{directory, spec, spec_with_discovery};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const USER_READ: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
const DIRECTORY_READ_ALL: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";

/// A person at the portal and at the console, who follows the steps and notes the values in braces.
struct Administrator {
    tenant: EmulatedTenant,
    server: EmulatorServer,
    http: Client,
    token: String,
    noted: BTreeMap<String, String>,
    /// The app whose pages are open.
    open: String,
    /// The owners that were to be added, with the place.
    added_owners: Vec<(String, String)>,
}

impl Administrator {
    async fn of(tenant: EmulatedTenant) -> Self {
        let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
        Self {
            token: tenant.token_for(&Caller::global_administrator()),
            tenant,
            server,
            http: Client::builder().no_proxy().build().unwrap(),
            noted: BTreeMap::new(),
            open: String::new(),
            added_owners: Vec::new(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method.clone(), format!("{}v1.0/{path}", self.server.url()));
        request = request.bearer_auth(&self.token);
        if let Some(body) = &body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path} {body:?}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn app(&self) -> Value {
        self.send(Method::GET, &format!("applications(appId='{}')", self.open), None).await
    }

    async fn change(&self, change: Value) {
        self.send(Method::PATCH, &format!("applications(appId='{}')", self.open), Some(change))
            .await;
    }

    fn filled(&self, text: &str) -> String {
        let put_in = |text: String, (name, value): (&String, &String)| text.replace(name, value);
        self.noted.iter().fold(text.to_owned(), put_in)
    }

    /// The value of a field, with what was noted put in.
    fn value(&self, step: &Step, name: &str) -> String {
        self.find(step, name).unwrap_or_else(|| panic!("{} has no {name}", step.page))
    }

    fn find(&self, step: &Step, name: &str) -> Option<String> {
        let field = step.fields.iter().find(|field| field.name == name)?;
        let value = self.filled(&field.value);
        assert!(
            !value.contains("{server") && !value.contains("{client") && !value.contains("{tenant"),
            "{value} was never noted"
        );
        Some(value)
    }

    /// Notes a value under its placeholder, if the step has one there.
    fn note(&mut self, step: &Step, name: &str, value: &str) {
        let field = step.fields.iter().find(|field| field.name == name).unwrap();
        self.noted.insert(field.value.clone(), value.to_owned());
    }

    async fn follow(&mut self, part: &Part) {
        for step in &part.steps {
            self.take(step).await;
        }
    }

    async fn take(&mut self, step: &Step) {
        match step.page.as_str() {
            "Custom domain names" => self.note(step, "Name", "contoso.onmicrosoft.com"),
            "Properties" => {
                let id = self.tenant.tenant_id().to_string();
                self.note(step, "Tenant ID", &id);
            }
            "App registrations > New registration" => self.register(step).await,
            "App registrations > All applications" => {
                self.open = self.value(step, "Application (client) ID");
                let name = self.app().await["displayName"].as_str().unwrap().to_owned();
                self.note(step, "Display name", &name);
            }
            "Overview" => {
                let id = self.open.clone();
                self.note(step, "Application (client) ID", &id);
            }
            "Authentication" => {
                self.change(json!({"signInAudience": audience(&self.value(step, "Supported account types"))}))
                    .await;
                if let Some(uri) = self.find(step, "Redirect URI") {
                    assert_eq!(self.value(step, "Redirect URI, platform"), "Web");
                    self.append("/web/redirectUris", json!(uri), |list| json!({"web": {"redirectUris": list}}))
                        .await;
                }
            }
            "Certificates & secrets > New client secret" => self.add_secret(step).await,
            "API permissions > Microsoft Graph" => {
                assert_eq!(self.value(step, "Application permissions"), "Directory.Read.All");
                assert_eq!(self.value(step, "Delegated permissions, to remove"), "User.Read");
                let access = json!([{"id": DIRECTORY_READ_ALL, "type": "Role"}]);
                self.change(json!({"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": access}]}))
                    .await;
            }
            "API permissions" => self.consent().await,
            "Expose an API > Application ID URI > Add" => {
                let uri = self.value(step, "Application ID URI");
                if self.app().await["identifierUris"].as_array().is_none_or(Vec::is_empty) {
                    self.change(json!({"identifierUris": [uri]})).await;
                }
            }
            "Expose an API > Add a scope" => {
                let scope = json!({
                    "id": uuid::Uuid::new_v4(), "isEnabled": true,
                    "type": match self.value(step, "Who can consent").as_str() { "Admins and users" => "User", _ => "Admin" },
                    "value": self.value(step, "Scope name"),
                    "adminConsentDisplayName": self.value(step, "Admin consent display name"),
                    "adminConsentDescription": self.value(step, "Admin consent description"),
                });
                self.change(json!({"api": {"oauth2PermissionScopes": [scope]}})).await;
            }
            "Manifest" => self.manifest(step).await,
            "Microsoft Graph, such as Graph Explorer" => {
                let address = self.value(step, "PATCH");
                let (host, path) = address.split_once("/v1.0/").unwrap();
                assert_eq!(host, "https://graph.microsoft.com");
                let body = serde_json::from_str(&self.value(step, "Body")).unwrap();
                self.send(Method::PATCH, path, Some(body)).await;
            }
            "Authentication > Add a platform > Mobile and desktop applications" => {
                let uri = self.value(step, "Custom redirect URIs");
                self.append(
                    "/publicClient/redirectUris",
                    json!(uri),
                    |list| json!({"publicClient": {"redirectUris": list}}),
                )
                .await;
            }
            "Authentication > Advanced settings" => {
                let allows = self.value(step, "Allow public client flows") == "Yes";
                self.change(json!({"isFallbackPublicClient": allows})).await;
            }
            "API permissions > Add a permission > My APIs" => self.ask_server_app(step).await,
            "Owners > Add owners" => {
                let path = format!("applications(appId='{}')/owners/$ref", self.open);
                let id = self.value(step, "Object ID");
                self.added_owners.push((path, id));
            }
            other => panic!("there is no page {other}"),
        }
    }

    /// As the portal does: with a service principal, and with User.Read.
    async fn register(&mut self, step: &Step) {
        let mut app = json!({
            "displayName": self.value(step, "Name"),
            "signInAudience": audience(&self.value(step, "Supported account types")),
            "requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}],
        });
        if let Some(uri) = self.find(step, "Redirect URI") {
            assert_eq!(self.value(step, "Redirect URI, platform"), "Web");
            app["web"] = json!({"redirectUris": [uri]});
        }
        let made = self.send(Method::POST, "applications", Some(app)).await;
        made["appId"].as_str().unwrap().clone_into(&mut self.open);
        self.send(Method::POST, "servicePrincipals", Some(json!({"appId": self.open})))
            .await;
    }

    async fn append(&self, place: &str, value: Value, change: impl FnOnce(Value) -> Value) {
        let mut list = self
            .app()
            .await
            .pointer(place)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if !list.contains(&value) {
            list.push(value);
        }
        self.change(change(json!(list))).await;
    }

    async fn add_secret(&mut self, step: &Step) {
        let expires = self.value(step, "Expires");
        let custom = expires
            .strip_prefix("Custom: ")
            .and_then(|text| text.strip_suffix(" days from today"));
        let days = match expires.as_str() {
            "12 months" => 365,
            "24 months" => 730,
            other => custom
                .unwrap_or_else(|| panic!("the portal does not offer {other}"))
                .parse()
                .unwrap(),
        };
        let ends = (SystemClock.now() + Duration::days(days)).replace_nanosecond(0).unwrap();
        let body = json!({"passwordCredential": {
            "displayName": self.value(step, "Description"), "endDateTime": ends.format(&Rfc3339).unwrap(),
        }});
        let path = format!("applications(appId='{}')/addPassword", self.open);
        let added = self.send(Method::POST, &path, Some(body)).await;
        self.note(step, "Value, to copy", added["secretText"].as_str().unwrap());
        self.note(step, "Expires, to copy", &ends.format(&Rfc3339).unwrap());
    }

    async fn manifest(&self, step: &Step) {
        if let Some(wanted) = self.find(step, "oauth2AllowIdTokenImplicitFlow") {
            let on = wanted == "true";
            self.change(json!({"web": {"implicitGrantSettings": {"enableIdTokenIssuance": on}}}))
                .await;
        }
        if self.find(step, "requestedAccessTokenVersion").is_some() && self.app().await["api"]["requestedAccessTokenVersion"] == 2 {
            self.change(json!({"api": {"requestedAccessTokenVersion": 1}})).await;
        }
    }

    async fn ask_server_app(&self, step: &Step) {
        let api = self.value(step, "Application (client) ID of the API");
        let offered = self.send(Method::GET, &format!("applications(appId='{api}')"), None).await;
        assert_eq!(offered["displayName"], self.value(step, "API"));
        let wanted = self.value(step, "Delegated permission");
        let scopes = offered["api"]["oauth2PermissionScopes"].as_array().unwrap();
        let Some(scope) = scopes.iter().find(|scope| scope["value"] == wanted.as_str()) else {
            return; // The page has nothing to select.
        };
        let access = json!({"resourceAppId": api, "resourceAccess": [{"id": scope["id"], "type": "Scope"}]});
        self.append("/requiredResourceAccess", access, |list| json!({"requiredResourceAccess": list}))
            .await;
    }

    /// *Grant admin consent*: to all that is configured.
    async fn consent(&self) {
        let principal = async |app: &str| self.send(Method::GET, &format!("servicePrincipals(appId='{app}')"), None).await;
        let own = principal(&self.open).await;
        let app = self.app().await;
        for resource in app["requiredResourceAccess"].as_array().unwrap() {
            let offers = principal(resource["resourceAppId"].as_str().unwrap()).await;
            let mut names = Vec::new();
            for access in resource["resourceAccess"].as_array().unwrap() {
                if access["type"] == "Role" {
                    let body = json!({"principalId": own["id"], "resourceId": offers["id"], "appRoleId": access["id"]});
                    let path = format!("servicePrincipals/{}/appRoleAssignedTo", offers["id"].as_str().unwrap());
                    self.send(Method::POST, &path, Some(body)).await;
                    continue;
                }
                let scopes = offers["oauth2PermissionScopes"].as_array().unwrap();
                let scope = scopes.iter().find(|scope| scope["id"] == access["id"]).unwrap();
                names.push(scope["value"].as_str().unwrap().to_owned());
            }
            if !names.is_empty() {
                let body = json!({
                    "clientId": own["id"], "consentType": "AllPrincipals", "resourceId": offers["id"], "scope": names.join(" "),
                });
                self.send(Method::POST, "oauth2PermissionGrants", Some(body)).await;
            }
        }
    }

    /// What is typed into the *Import apps* dialogs.
    fn typed(&self, by_hand: &ByHand) -> (ImportedServerApp, ImportedClientApp) {
        let import = part(by_hand, PartKind::Import).unwrap();
        let page = |page: &str| import.steps.iter().find(|step| step.page == page).unwrap();
        let (server, client) = (
            page("App > Web app > Browse > Import"),
            page("App > Native Client app > Browse > Import"),
        );
        let server = ImportedServerApp::builder()
            .tenant_name(self.value(server, "Microsoft Entra tenant Name"))
            .tenant_id(self.value(server, "Microsoft Entra tenant ID"))
            .name(self.value(server, "Application Name"))
            .client_id(self.value(server, "Client ID"))
            .secret_key(ClientSecret::new(self.value(server, "Secret Key")))
            .secret_key_expiry(OffsetDateTime::parse(&self.value(server, "Secret Key Expiry"), &Rfc3339).unwrap())
            .app_id_uri(self.value(server, "App ID URI"))
            .build()
            .unwrap();
        let client = ImportedClientApp::builder()
            .name(self.value(client, "Application Name"))
            .client_id(self.value(client, "Client ID"))
            .build()
            .unwrap();
        (server, client)
    }

    async fn verify(&self, server: ImportedServerApp, client: ImportedClientApp, discovers: bool) -> Verification {
        ImportVerifier::new(server)
            .client_app(client)
            .discovery(discovers)
            .probe(EntraSecretProbe::new(self.server.endpoints().clone()))
            .directory(directory(&self.server, &self.tenant, &Caller::global_administrator()))
            .verify(|_| ())
            .await
            .unwrap()
    }
}

fn audience(words: &str) -> &'static str {
    match words {
        "Accounts in this organizational directory only" => "AzureADMyOrg",
        other => panic!("the portal offers no {other}"),
    }
}

fn part(by_hand: &ByHand, kind: PartKind) -> Option<&Part> {
    by_hand.parts.iter().find(|part| part.kind == kind)
}

fn with_everything() -> ConnectionSpec {
    ConnectionSpec::builder("O'Brien & Söhne")
        .description("Gateway \"one\"")
        .server_app(
            ServerAppSpec::builder("Server *1*")
                .app_id_uri("https://contoso.com/ConfigMgrService")
                .secret_validity(cmg_onboarding::SecretValidity::TwoYears),
        )
        .client_app(ClientAppSpec::builder("Client `1`"))
        .issue_id_tokens(true)
        .discovery(DiscoverySpec::builder().users().groups(["CMG users"]))
        .build()
        .unwrap()
}

/// As a tenant with strict policies wants it: a short secret, and an App ID URI of both ids.
fn hardened() -> ConnectionSpec {
    ConnectionSpec::builder("Hardened")
        .server_app(
            ServerAppSpec::builder("Server")
                .app_id_uri("api://{tenantId}/{appId}")
                .secret_validity(cmg_onboarding::SecretValidity::Days(180))
                .owner("3f1c2d4e-0000-4000-8000-000000000001"),
        )
        .client_app(ClientAppSpec::builder("Client"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn apps_that_are_registered_by_the_steps_pass_the_verifier_and_are_imported() {
    for spec in [spec(), spec_with_discovery(), with_everything(), hardened()] {
        let by_hand = spec.by_hand();
        let mut administrator = Administrator::of(EmulatedTenant::new()).await;
        for kind in [PartKind::Tenant, PartKind::ServerApp, PartKind::ClientApp] {
            administrator.follow(part(&by_hand, kind).unwrap()).await;
        }
        let owners = usize::from(spec.name() == "Hardened");
        assert_eq!(administrator.added_owners.len(), owners, "{:?}", administrator.added_owners);
        let (server, client) = administrator.typed(&by_hand);
        let discovers = spec.discovery().is_some();
        let verification = administrator.verify(server.clone(), client.clone(), discovers).await;
        assert!(verification.findings().is_empty(), "{}: {verification}", spec.name());
        assert_eq!(verification.is_secret_accepted, Some(true));
        assert!(verification.is_compared);

        // The wizard's other pages.
        let import = part(&by_hand, PartKind::Import).unwrap();
        let page = |page: &str| import.steps.iter().find(|step| step.page == page).unwrap();
        let first = page("Azure Services");
        let mut connection = ConnectionSpec::builder(administrator.value(first, "Name"))
            .environment(administrator.value(page("App"), "Azure environment").parse().unwrap())
            .server_app(server)
            .client_app(client);
        if let Some(description) = administrator.find(first, "Description") {
            connection = connection.description(description);
        }
        let site = EmulatedSite::new();
        let job = AzureServicesConnection::builder(connection.build().unwrap()).site(site.clone());
        job.build().unwrap().onboard(|_| ()).await.unwrap();
        let rows = site.state();
        assert_eq!(rows["connections"][0]["name"], spec.name());
        let discovery = page("Discovery");
        let is_on = |name: &str| administrator.value(discovery, name) == "selected";
        assert_eq!(is_on("Enable Microsoft Entra user Discovery"), discovers);
        let groups = spec.discovery().is_some_and(|discovery| discovery.groups().is_some());
        assert_eq!(is_on("Enable Microsoft Entra group Discovery"), groups);
    }
}

#[tokio::test]
async fn no_step_can_be_left_out_unnoticed() {
    // What the portal's defaults make right, and what no check asks for.
    const HARMLESS: [&str; 2] = ["Manifest", "Overview"];
    let spec = spec_with_discovery();
    let by_hand = spec.by_hand();
    let mut noticed = 0;
    for kind in [PartKind::ServerApp, PartKind::ClientApp] {
        // Without the first step there is no app.
        for left_out in 1..part(&by_hand, kind).unwrap().steps.len() {
            let mut shorter = by_hand.clone();
            let steps = &mut shorter.parts.iter_mut().find(|part| part.kind == kind).unwrap().steps;
            let step = steps.remove(left_out);
            if HARMLESS.contains(&step.page.as_str()) || step.page.starts_with("Certificates & secrets") {
                continue;
            }
            let mut administrator = Administrator::of(EmulatedTenant::new()).await;
            for kind in [PartKind::Tenant, PartKind::ServerApp, PartKind::ClientApp] {
                administrator.follow(part(&shorter, kind).unwrap()).await;
            }
            let (server, client) = administrator.typed(&by_hand);
            let verification = administrator.verify(server, client, true).await;
            assert!(!verification.findings().is_empty(), "{kind:?} without {} passes", step.page);
            noticed += 1;
        }
    }
    assert!(noticed >= 9, "{noticed}");
}

#[tokio::test]
async fn apps_that_are_there_are_brought_into_shape_by_the_steps() {
    let mut administrator = Administrator::of(EmulatedTenant::new()).await;
    let uri = format!("api://{}/Theirs", administrator.tenant.tenant_id());
    let app = |name: &str, uris: Value| json!({"displayName": name, "signInAudience": "AzureADMultipleOrgs", "identifierUris": uris});
    let server = administrator
        .send(Method::POST, "applications", Some(app("Their server", json!([uri]))))
        .await;
    let client = administrator
        .send(Method::POST, "applications", Some(app("Their client", json!([]))))
        .await;
    for app in [&server, &client] {
        let body = json!({"appId": app["appId"]});
        administrator.send(Method::POST, "servicePrincipals", Some(body)).await;
    }
    let id = |app: &Value| app["appId"].as_str().unwrap().parse().unwrap();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(id(&server)).app_id_uri(uri))
        .client_app(AdoptedClientApp::new(id(&client)))
        .build()
        .unwrap();
    let by_hand = spec.by_hand();
    for kind in [PartKind::Tenant, PartKind::ServerApp, PartKind::ClientApp] {
        administrator.follow(part(&by_hand, kind).unwrap()).await;
    }
    let (server, client) = administrator.typed(&by_hand);
    assert_eq!((server.name(), client.name()), ("Their server", "Their client"));
    let verification = administrator.verify(server, client, false).await;
    assert!(verification.findings().is_empty(), "{verification}");
}

#[test]
fn apps_that_are_imported_or_reused_have_steps_in_the_console_only_and_no_secret() {
    const CANARY: &str = "canary-7Q~secret";
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
                .name("ConfigMgr Server")
                .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
                .secret_key(ClientSecret::new(CANARY))
                .secret_key_expiry(datetime!(2027-11-23 00:00 UTC))
                .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService"),
        )
        .client_app(ReusedApp::new("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02".parse().unwrap()))
        .build()
        .unwrap();
    let by_hand = spec.by_hand();
    assert_eq!(by_hand.parts.iter().map(|part| part.kind).collect::<Vec<_>>(), [PartKind::Import]);
    let placeholders: Vec<&str> = by_hand.placeholders.iter().map(|placeholder| placeholder.name.as_str()).collect();
    assert_eq!(placeholders, ["{secretValue}"]);
    let text = format!("{by_hand} {} {}", by_hand.to_markdown(), serde_json::to_string(&by_hand).unwrap());
    assert!(!text.contains(CANARY));
    assert!(text.contains("2027-11-23") && text.contains("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"));
}

#[test]
fn a_tenant_of_the_government_has_its_own_portal_and_its_own_graph() {
    let spec = spec()
        .to_builder()
        .environment(cmg_onboarding::CloudEnvironment::AzureUsGovernmentCloud)
        .build()
        .unwrap();
    let text = spec.by_hand().to_string();
    assert!(
        text.contains("https://portal.azure.us/") && text.contains("https://graph.microsoft.us/v1.0/"),
        "{text}"
    );
    assert!(text.contains("AzureUSGovernmentCloud") && !text.contains("portal.azure.com"));
}

#[test]
fn every_placeholder_is_explained_before_it_is_used() {
    for spec in [spec(), spec_with_discovery(), with_everything(), hardened()] {
        let by_hand = spec.by_hand();
        let fields = by_hand.parts.iter().flat_map(|part| &part.steps).flat_map(|step| &step.fields);
        for field in fields.filter(|field| field.name != "Body") {
            for used in field.value.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()) {
                let explained = by_hand
                    .placeholders
                    .iter()
                    .any(|placeholder| placeholder.name == format!("{{{used}}}"));
                assert!(explained, "{used} of {} is not explained", field.name);
            }
        }
    }
}

#[test]
fn the_steps_read_well() {
    insta::assert_snapshot!("plain", spec_with_discovery().by_hand());
    insta::assert_snapshot!("markdown", with_everything().by_hand().to_markdown());
}
