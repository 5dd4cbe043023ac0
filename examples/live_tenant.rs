//! Creates, views, renews and removes in a *test tenant*, and writes down what no document tells about Microsoft Graph.
//!
//! ```text
//! CMG_TOKEN=$(az account get-access-token --resource-type ms-graph --query accessToken --output tsv)
//! export CMG_TOKEN
//! cargo run --example live_tenant -- --this-is-a-test-tenant [--cloud global|us-government|dod] [--out FILE]
//! ```
//!
//! It registers a pair of apps of its own, renews the secret, removes the pair, and creates and purges two apps that have one
//! App ID URI. Nothing else of the tenant is written. The file has no names, ids, messages and secrets: a name or id is
//! replaced by a digest with a random key that is forgotten, so that equal values stay equal. `cargo run --example lab -- FILE`
//! reads it. Please send such files.
//!
//! Whether `PATCH /applications(uniqueName='..')` with `Prefer: create-if-missing` works in each cloud is not tried: this crate looks first and
//! then creates or changes, and never asks for both in one request.

use std::{
    error::Error,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cmg_onboarding::{
    AzureServicesConnection, Call, ClientAppSpec, CloudEndpoints, CloudEnvironment, ConnectionSpec, Diagnostic, Directory, DirectoryError,
    DiscoverySpec, EnvironmentToken, GraphDirectory, HttpClient, OnboardingError, ServerAppSpec, TenantId, TokenProvider, TokenRequest,
    async_trait,
    connection::AzureServicesConnectionBuilder,
    directory::{Application, ApplicationProperties, NewApplication},
    http::{Attempt, RawAnswer, Transport, TransportFailure},
    token::TenantDiscovery,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How often what may pass is tried, and how long it is waited in between: two minutes in all.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(2);

/// Which tenant, and how it is reached.
pub(crate) struct TestTenant {
    pub(crate) endpoints: CloudEndpoints,
    /// Where to ask for the cloud of the tenant.
    pub(crate) discovery: TenantDiscovery,
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) http: HttpClient,
}

/// What the program was asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) endpoints: CloudEndpoints,
    pub(crate) out: PathBuf,
}

impl Arguments {
    /// Reads the command line. Without the statement that the tenant is a test tenant there are no arguments.
    pub(crate) fn read(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            endpoints: CloudEndpoints::default(),
            out: PathBuf::from("cmg-live-tenant.json"),
        };
        let mut is_test_tenant = false;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--this-is-a-test-tenant" => is_test_tenant = true,
                "--out" => arguments.out = PathBuf::from(value()?),
                "--cloud" => {
                    arguments.endpoints = match value()?.as_str() {
                        "global" => CloudEndpoints::default(),
                        "us-government" => CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud),
                        "dod" => CloudEndpoints::us_government_dod(),
                        other => return Err(format!("there is no cloud {other}")),
                    };
                }
                other => return Err(format!("there is no flag {other}")),
            }
        }
        if !is_test_tenant {
            return Err("this writes into the tenant of the token in CMG_TOKEN: state --this-is-a-test-tenant".to_owned());
        }
        Ok(arguments)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let tenant = TestTenant {
        endpoints: arguments.endpoints,
        discovery: TenantDiscovery::new(),
        tokens: Arc::new(EnvironmentToken::new("CMG_TOKEN")),
        http: HttpClient::default(),
    };
    let written = examine(tenant).await.and_then(|document| {
        let text = serde_json::to_string_pretty(&document)?;
        println!("{text}");
        Ok(std::fs::write(&arguments.out, text)?)
    });
    match written {
        Ok(()) => {
            eprintln!("Written: {}", arguments.out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", cmg_onboarding::error::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Runs every step, also if one before it failed, and tells what was seen.
pub(crate) async fn examine(tenant: TestTenant) -> Result<Value, Box<dyn Error>> {
    let token = tenant.tokens.token(&TokenRequest::default()).await?;
    let claims = token.claims().unwrap_or_default();
    let recorder = Arc::new(Recorder::around(tenant.http.transport()));
    let directory = Arc::new(
        GraphDirectory::builder(tenant.endpoints.clone(), Arc::clone(&tenant.tokens))
            .http(HttpClient::over(Arc::clone(&recorder)))
            .build(),
    );
    let name = format!("cmg-onboarding check {}", Uuid::new_v4());
    let pair = || connection(&name, &directory);

    let mut steps = Vec::new();
    recorder.begin("create");
    let created = pair()?.build()?.onboard(|_| ()).await;
    steps.push(told("create", created.as_ref().map(|_| ())));
    recorder.begin("view");
    steps.push(view(&pair()?.build()?).await);
    recorder.begin("renew");
    let renewed = pair()?.reissue_secret(true).build()?.onboard(|_| ()).await;
    steps.push(told("renew", renewed.as_ref().map(|_| ())));
    recorder.begin("retire");
    let retired = pair()?.remove_superseded_secrets(true).build()?.onboard(|_| ()).await;
    steps.push(told("retire", retired.as_ref().map(|_| ())));
    recorder.begin("remove");
    let removed = pair()?.build()?.remove(|_| ()).await;
    steps.push(told("remove", removed.as_ref().map(|_| ())));
    recorder.begin("deletedUri");
    let deleted_uri = match claims.tenant_id {
        Some(id) => deleted_uri(directory.as_ref(), id).await,
        None => json!({"answer": null, "problem": "the token does not say its tenant"}),
    };

    let found = match claims.tenant_id {
        Some(id) => tenant.discovery.find(&id.to_string()).await.ok(),
        None => None,
    };
    Ok(json!({
        "kit": "live-tenant",
        "version": 1,
        "graphHost": tenant.endpoints.graph().host_str(),
        "signIn": {
            "isReadable": token.claims().is_some(),
            "hasDirectoryRoles": claims.directory_roles.is_some(),
            "isApplication": claims.is_application,
            "application": claims.application_id.map(|id| recorder.placeholder(&id.to_string())),
        },
        "discovery": found.map(|found| json!({
            "graphHost": found.endpoints.graph().host_str(),
            "regionScope": found.region_scope,
            "regionSubScope": found.region_sub_scope,
        })),
        "steps": steps,
        "deletedUri": deleted_uri,
        "requests": recorder.requests(),
    }))
}

fn connection(name: &str, directory: &Arc<GraphDirectory>) -> Result<AzureServicesConnectionBuilder, Box<dyn Error>> {
    let spec = ConnectionSpec::builder(name)
        .server_app(ServerAppSpec::builder(format!("{name} server")))
        .client_app(ClientAppSpec::builder(format!("{name} client")))
        .discovery(DiscoverySpec::builder().users())
        .build()?;
    Ok(AzureServicesConnection::builder(spec).directory(Arc::clone(directory)))
}

fn told(name: &str, result: Result<(), &OnboardingError>) -> Value {
    match result {
        Ok(()) => json!({"name": name, "result": "done"}),
        Err(error) => json!({"name": name, "result": "failed", "code": error.code()}),
    }
}

/// Whether a deleted app that is not purged yet still holds its App ID URI.
async fn deleted_uri(directory: &dyn Directory, tenant: TenantId) -> Value {
    let uri = format!("api://{tenant}/{}", Uuid::new_v4());
    let create = async || {
        let mut properties = ApplicationProperties::default();
        properties.display_name = Some("cmg-onboarding check of an App ID URI".to_owned());
        properties.sign_in_audience = Some("AzureADMyOrg".to_owned());
        properties.identifier_uris = Some(vec![uri.clone()]);
        directory.create_application(Call::quiet(), &NewApplication::new(properties)).await
    };
    let left = || eprintln!("An app named \"cmg-onboarding check of an App ID URI\" may be left: remove it in the Entra admin center.");
    let first = match create().await {
        Ok(first) => first,
        Err(error) => return json!({"answer": null, "problem": error.code()}),
    };
    if let Err(error) = delete(directory, &first).await {
        left();
        return json!({"answer": null, "problem": error.code()});
    }
    // A deletion that is not known everywhere yet holds the URI as well: only what lasts is an answer.
    let second = repeated(&create, |error| !error.may_have_been_carried_out()).await;
    let answer = match &second {
        Ok(_) => json!({"answer": "free"}),
        Err(error) => json!({"answer": "held", "code": error.code()}),
    };
    let mut is_clean = purge(directory, &first).await.is_ok();
    if let Ok(second) = second {
        is_clean &= delete(directory, &second).await.is_ok() && purge(directory, &second).await.is_ok();
    }
    if !is_clean {
        left();
    }
    answer
}

async fn delete(directory: &dyn Directory, app: &Application) -> Result<(), DirectoryError> {
    let delete = async || directory.delete_application(Call::quiet(), app.object_id).await;
    repeated(&delete, DirectoryError::may_be_replication).await
}

async fn purge(directory: &dyn Directory, app: &Application) -> Result<(), DirectoryError> {
    let purge = async || directory.purge_application(Call::quiet(), app.object_id).await;
    repeated(&purge, DirectoryError::may_be_replication).await
}

/// Repeats what fails for a reason that may pass, for two minutes at most.
async fn repeated<T>(
    operation: &impl AsyncFn() -> Result<T, DirectoryError>,
    may_pass: fn(&DirectoryError) -> bool,
) -> Result<T, DirectoryError> {
    for _ in 1..TRIES {
        match operation().await {
            Err(error) if may_pass(&error) => sleep(PAUSE).await,
            ended => return ended,
        }
    }
    operation().await
}

/// Plans again until nothing is left to do: a tenant may show for a while what was before the run.
async fn view(connection: &AzureServicesConnection) -> Value {
    let mut tries = 0;
    loop {
        tries += 1;
        let viewed = connection.plan(|_| ()).await;
        let is_empty = viewed.as_ref().ok().map(cmg_onboarding::Plan::is_empty);
        if is_empty == Some(true) || tries == TRIES {
            let mut view = told("view", viewed.as_ref().map(|_| ()));
            view["isEmpty"] = json!(is_empty);
            view["tries"] = json!(tries);
            return view;
        }
        sleep(PAUSE).await;
    }
}

/// Notes each request and its answer without names and ids, and hands both on.
#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn Transport>,
    /// The key of the placeholders. It is written nowhere.
    key: [Uuid; 2],
    began: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    step: &'static str,
    requests: Vec<Value>,
}

impl Recorder {
    fn around(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            key: [Uuid::new_v4(), Uuid::new_v4()],
            began: Instant::now(),
            seen: Mutex::default(),
        }
    }

    fn begin(&self, step: &'static str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).step = step;
    }

    fn requests(&self) -> Vec<Value> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).requests.clone()
    }

    fn placeholder(&self, text: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.key[0].as_bytes());
        digest.update(self.key[1].as_bytes());
        digest.update(text.to_lowercase().as_bytes());
        let bytes = digest.finalize();
        bytes.iter().take(6).fold("x-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// A path whose ids and keys are placeholders. Words of the API are short and have letters and digits only; a GUID
    /// and a domain have other characters, and an id without them is long.
    fn path(&self, path: &str) -> String {
        let is_word = |segment: &str| segment.len() <= 30 && segment.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '$');
        let known = ["", "v1.0", "v2.0", ".well-known", "openid-configuration"];
        let shown = |segment: &str| match segment.split_once('(') {
            Some((word, key)) if is_word(word) => format!("{word}({})", self.placeholder(key)),
            None if is_word(segment) || known.contains(&segment) => segment.to_owned(),
            _ => self.placeholder(segment),
        };
        path.split('/').map(shown).collect::<Vec<_>>().join("/")
    }

    fn note(&self, attempt: &Attempt<'_>, answer: Result<&RawAnswer, &TransportFailure>) {
        let request = attempt.request();
        let sent: Option<Value> = request.body().and_then(|body| serde_json::from_slice(body).ok());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = json!({
            "step": seen.step,
            "at": u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "method": request.method().as_str(),
            "path": self.path(request.url().path()),
            "options": request.url().query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>(),
            "sent": sent.as_ref().and_then(Value::as_object).map(|body| body.keys().cloned().collect::<Vec<_>>()),
            "status": answer.ok().map(RawAnswer::status),
            "codes": answer.ok().map(|answer| codes(answer.body())).unwrap_or_default(),
        });
        seen.requests.push(noted);
    }
}

/// The machine-readable codes of a refusal: those of the error, of its details and of what is inside.
fn codes(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let error = &body["error"];
    let details = error["details"].as_array().into_iter().flatten().map(|detail| &detail["code"]);
    [&error["code"], &error["innerError"]["code"]]
        .into_iter()
        .chain(details)
        .filter_map(Value::as_str)
        .filter(|code| code.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter)))
        .map(str::to_owned)
        .collect()
}

#[async_trait]
impl Transport for Recorder {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let answer = self.inner.attempt(attempt).await;
        self.note(&attempt, answer.as_ref());
        answer
    }
}
