//! The emulated site from another process, over a private route of the emulator's server.
//!
//! A real site has no such route. It is here so that a program which runs more than once, as `examples/onboard` does,
//! meets the same site each time.

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use super::EmulatedSite;
use cmg_onboarding::{
    ClientSecret, Diagnostic,
    call::Call,
    cloud::CloudEnvironment,
    error::{SiteError, SiteRefused, SiteUnreachable},
    http::{HttpClient, HttpError, Method, Request},
    ids::{ApplicationId, TenantId},
    site::{
        ClientAppImport, NamedConnection, ServerAppImport, Site, SiteConnection, SiteFailure, SiteOnboarded, SiteOnboarding, SiteProgress,
        SiteRemoval, SiteRemoved, SiteRowId, SiteSnapshot,
    },
    spec::{AppIdUri, DiscoverySpec},
};

/// Where the server has it.
pub(crate) const PATH: &str = "emulator/site";

/// An [`EmulatedSite`] in another process, reached through its [`EmulatorServer`](super::super::EmulatorServer).
#[derive(Debug, Clone)]
pub struct RemoteSite {
    url: Url,
    http: HttpClient,
}

impl RemoteSite {
    /// Begins with the address of the emulator's server.
    pub fn builder(server: Url) -> RemoteSiteBuilder {
        RemoteSiteBuilder {
            server,
            http: HttpClient::default(),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, call: &Call, question: &Value) -> Result<Result<T, Stopped>, SiteError> {
        // Every operation of the site is an ensure, so repeating one does no harm.
        let request = Request::new(Method::Post, self.url.clone()).with_json(question).repeatable();
        let answer = self.http.send(call.clone(), &request).await.map_err(unreachable)?;
        if answer.is_success() {
            return answer.json().map(Ok).map_err(|error| unreachable(HttpError::Unexpected(error)));
        }
        answer.json().map(Err).map_err(|error| unreachable(HttpError::Unexpected(error)))
    }
}

/// Puts a [`RemoteSite`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct RemoteSiteBuilder {
    server: Url,
    http: HttpClient,
}

impl RemoteSiteBuilder {
    /// The HTTP client to use, one that trusts the certificate of the emulator.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = client;
        self
    }

    /// Puts it together. Nothing is sent yet.
    #[must_use]
    pub fn build(self) -> RemoteSite {
        let mut url = self.server;
        url.set_path(PATH);
        RemoteSite { url, http: self.http }
    }
}

#[async_trait]
impl Site for RemoteSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.ask(&call, &json!({"operation": "snapshot"}))
            .await?
            .map_err(|stopped| stopped.error.into())
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let question = onboarding_to_json(wanted);
        let answer: Result<SiteOnboarded, Stopped> = self.ask(&call, &question).await?;
        let done = match &answer {
            Ok(onboarded) => &onboarded.done,
            Err(stopped) => &stopped.done,
        };
        done.iter().cloned().for_each(|step| call.progress(step));
        answer.map_err(|stopped| SiteFailure::new(stopped.done, SiteRefused::from(stopped.error)))
    }

    async fn remove(&self, call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        let question = json!({
            "operation": "remove",
            "connection": removal.connection,
            "name": removal.name,
            "noGatewayStated": removal.no_gateway_stated,
        });
        self.ask(&call, &question).await?.map_err(|stopped| stopped.error.into())
    }
}

/// Answers the other side's question, as status and body.
pub(crate) async fn answer(site: &EmulatedSite, body: &[u8]) -> (u16, Value) {
    match serde_json::from_slice::<Question>(body) {
        Ok(Question::Snapshot) => told(site.snapshot(Call::quiet()).await.map_err(SiteFailure::from)),
        Ok(Question::Onboard(wanted)) => told(site.onboard(Call::quiet(), &wanted.into()).await),
        Ok(Question::Remove {
            connection,
            name,
            no_gateway_stated,
        }) => {
            let removal = SiteRemoval::new(connection, name).stating_no_gateway(no_gateway_stated);
            told(site.remove(Call::quiet(), &removal).await.map_err(SiteFailure::from))
        }
        Err(error) => {
            let refused = SiteRefused::new("understand the request", error.to_string(), "Use RemoteSite of the same version.");
            told::<SiteConnection>(Err(SiteFailure::new(Vec::new(), refused)))
        }
    }
}

fn told<T: Serialize>(result: Result<T, SiteFailure>) -> (u16, Value) {
    match result {
        Ok(value) => (200, json!(value)),
        Err(failure) => {
            let operation = match &failure.error {
                SiteError::Refused(refused) => refused.operation(),
                _ => "answer",
            };
            let message = match &failure.error {
                SiteError::Refused(refused) => refused.message().to_owned(),
                other => other.to_string(),
            };
            let error = json!({"operation": operation, "message": message, "help": failure.error.help()});
            (400, json!({"error": error, "done": failure.done}))
        }
    }
}

#[derive(Debug, Deserialize)]
struct Stopped {
    error: Refusal,
    #[serde(default)]
    done: Vec<SiteProgress>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    operation: String,
    message: String,
    help: String,
}

impl From<Refusal> for SiteRefused {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.operation, refusal.message, refusal.help)
    }
}

impl From<Refusal> for SiteError {
    fn from(refusal: Refusal) -> Self {
        SiteRefused::from(refusal).into()
    }
}

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Question {
    Snapshot,
    Onboard(Box<Onboard>),
    Remove {
        connection: SiteRowId,
        name: String,
        #[serde(default)]
        no_gateway_stated: bool,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Onboard {
    tenant_id: TenantId,
    tenant_name: String,
    environment: CloudEnvironment,
    server_app: ServerApp,
    client_app: ClientApp,
    name: String,
    renamed_from: Option<Former>,
    description: Option<String>,
    discovery: Option<DiscoverySpec>,
}

#[derive(Deserialize)]
struct Former {
    row: SiteRowId,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum ServerApp {
    Import {
        name: String,
        client_id: ApplicationId,
        secret_key: ClientSecret,
        #[serde(with = "time::serde::rfc3339")]
        secret_key_expiry: OffsetDateTime,
        app_id_uri: AppIdUri,
    },
    Renew {
        client_id: ApplicationId,
        secret_key: ClientSecret,
        #[serde(with = "time::serde::rfc3339")]
        secret_key_expiry: OffsetDateTime,
    },
    Known(ApplicationId),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum ClientApp {
    Import { name: String, client_id: ApplicationId },
    Known(ApplicationId),
}

impl From<Box<Onboard>> for SiteOnboarding {
    fn from(asked: Box<Onboard>) -> Self {
        let server_app = match asked.server_app {
            ServerApp::Import {
                name,
                client_id,
                secret_key,
                secret_key_expiry,
                app_id_uri,
            } => ServerAppImport::Import {
                name,
                client_id,
                secret_key,
                secret_key_expiry,
                app_id_uri,
            },
            ServerApp::Renew {
                client_id,
                secret_key,
                secret_key_expiry,
            } => ServerAppImport::Renew {
                client_id,
                secret_key,
                secret_key_expiry,
            },
            ServerApp::Known(id) => ServerAppImport::Known(id),
        };
        let client_app = match asked.client_app {
            ClientApp::Import { name, client_id } => ClientAppImport::Import { name, client_id },
            ClientApp::Known(id) => ClientAppImport::Known(id),
        };
        let mut wanted = Self::new(
            asked.tenant_id,
            asked.tenant_name,
            asked.environment,
            server_app,
            client_app,
            asked.name,
        );
        wanted.renamed_from = asked.renamed_from.map(|former| NamedConnection::new(former.row, former.name));
        wanted.description = asked.description;
        wanted.discovery = asked.discovery;
        wanted
    }
}

/// The one place where a secret becomes JSON: the emulator's own wire, on the loopback interface.
fn onboarding_to_json(wanted: &SiteOnboarding) -> Value {
    let server_app = match &wanted.server_app {
        ServerAppImport::Import {
            name,
            client_id,
            secret_key,
            secret_key_expiry,
            app_id_uri,
        } => json!({"import": {
            "name": name,
            "clientId": client_id,
            "secretKey": secret_key.expose(),
            "secretKeyExpiry": moment(*secret_key_expiry),
            "appIdUri": app_id_uri,
        }}),
        ServerAppImport::Renew {
            client_id,
            secret_key,
            secret_key_expiry,
        } => json!({"renew": {
            "clientId": client_id,
            "secretKey": secret_key.expose(),
            "secretKeyExpiry": moment(*secret_key_expiry),
        }}),
        ServerAppImport::Known(id) => json!({"known": id}),
        _ => Value::Null,
    };
    let client_app = match &wanted.client_app {
        ClientAppImport::Import { name, client_id } => json!({"import": {"name": name, "clientId": client_id}}),
        ClientAppImport::Known(id) => json!({"known": id}),
        _ => Value::Null,
    };
    json!({
        "operation": "onboard",
        "tenantId": wanted.tenant_id,
        "tenantName": wanted.tenant_name,
        "environment": wanted.environment,
        "serverApp": server_app,
        "clientApp": client_app,
        "name": wanted.name,
        "renamedFrom": wanted.renamed_from.as_ref().map(|former| json!({"row": former.row, "name": former.name})),
        "description": wanted.description,
        "discovery": wanted.discovery,
    })
}

fn moment(time: OffsetDateTime) -> String {
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

fn unreachable(error: HttpError) -> SiteError {
    let help = "Check the address of the emulator, and that it was started with a site.";
    let failure = SiteUnreachable::new("the emulated site did not answer as one", help);
    match error {
        HttpError::Unreachable(source) => failure.with_source(source).into(),
        HttpError::Unexpected(source) => failure.with_source(source).into(),
        HttpError::Authorization(source) => failure.with_source(source).into(),
        _ => failure.into(),
    }
}
