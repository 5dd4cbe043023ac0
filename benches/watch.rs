//! Ten thousand tenants watched from one process, in virtual time: each from its sign-in on with a client secret, at 100 ms
//! a request. Of a hundred tenants five are throttled with `Retry-After`, one says nothing, and one has withdrawn its
//! consent.
//!
//! `cargo bench --bench watch` prints how long that takes against the floor, how many requests go to Microsoft Graph, and
//! the memory of the process. The floor is what the requests take, the waits that are asked for, and one bound on silence
//! for each silent tenant, shared by as many tenants as are watched at once. `tests/watch.rs` runs the same, and holds the
//! README's figures to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench has no caller to report to"
)]

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ClientSecret, ClientSecretSignIn, CloudEndpoints, ConnectionSpec, GraphDirectory,
    ServerAppSpec, TenantId, async_trait,
    connection::{Check, CheckStatus, ManyResult, WatchedApp, expiring},
    error::TransportKind,
    http::{Attempt, HttpClient, RawAnswer, Transport, TransportFailure},
    ids::ApplicationId,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

pub(crate) const TENANTS: usize = 10_000;
pub(crate) const AT_ONCE: NonZeroUsize = NonZeroUsize::new(32).unwrap();
const LATENCY: Duration = Duration::from_millis(100);
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// How long a directory may say nothing: the default of [`WatchedApp::longest_silence`].
const SILENCE: Duration = Duration::from_secs(30);
/// How long one attempt over the network may be silent: the default of `HttpOptions::longest_silence`.
const SILENT_ATTEMPT: Duration = Duration::from_secs(25);
const FIRST_TENANT: u128 = 0xC0FF_EE00_0000_4000_8000_0000_0000_0000;
const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

/// What becomes of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Healthy,
    Throttled,
    Silent,
    WithoutConsent,
}

/// Every hundred tenants, mixed.
const fn day_of(number: usize) -> Day {
    match number % 100 {
        7 | 23 | 41 | 66 | 89 => Day::Throttled,
        13 => Day::Silent,
        57 => Day::WithoutConsent,
        _ => Day::Healthy,
    }
}

/// How long its secret is valid yet.
const fn days_left(number: usize) -> i64 {
    match number % 50 {
        3 => 5,
        4 => 20,
        5 => -2,
        _ => 200,
    }
}

const fn expected(number: usize) -> CheckStatus {
    match (day_of(number), days_left(number)) {
        (Day::Silent | Day::WithoutConsent, _) => CheckStatus::Unknown,
        (_, ..7) => CheckStatus::Critical,
        (_, ..90) => CheckStatus::Warning,
        _ => CheckStatus::Ok,
    }
}

/// Sign-in service and Microsoft Graph of all tenants. Memory is that of a counter for each tenant.
#[derive(Debug)]
struct Internet(Mutex<Counted>);

#[derive(Debug)]
struct Counted {
    to_graph: Vec<u8>,
    answered: u32,
    throttled: HashSet<usize>,
}

#[async_trait]
impl Transport for Internet {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let path = attempt.request().url().path();
        let Some(header) = attempt.authorization() else {
            let id = path.split('/').nth(1).and_then(|id| Uuid::parse_str(id).ok());
            let number = id.expect("an address of one tenant").as_u128() - FIRST_TENANT;
            let number = usize::try_from(number).expect("one of the tenants");
            if path.ends_with("/.well-known/openid-configuration") {
                // It is asked for beside the token, and takes no time of its own.
                sleep(LATENCY).await;
                return Ok(answer(200, &openid_document(number)));
            }
            self.answer().await;
            return Ok(sign_in(number));
        };
        // The tokens end in the tenant's number.
        let number = header.expose_secret().rsplit('.').next().and_then(|text| text.parse().ok());
        let number: usize = number.expect("a token from here");
        self.counted(|counted| counted.to_graph[number] += 1);
        if day_of(number) == Day::Silent {
            sleep(attempt.time_limit().min(SILENT_ATTEMPT)).await;
            return Err(TransportFailure::new(TransportKind::TimedOut, "no answer"));
        }
        self.answer().await;
        if day_of(number) == Day::Throttled && self.counted(|counted| counted.throttled.insert(number)) {
            let refusal = json!({"error": {"code": "TooManyRequests", "message": "Too many requests."}});
            let wait = RETRY_AFTER.as_secs().to_string();
            return Ok(graph(429, &refusal).with_header("retry-after", &wait));
        }
        Ok(graph(200, &application(number)))
    }
}

impl Internet {
    async fn answer(&self) {
        self.counted(|counted| counted.answered += 1);
        sleep(LATENCY).await;
    }

    fn counted<T>(&self, count: impl FnOnce(&mut Counted) -> T) -> T {
        count(&mut self.0.lock().expect("no panic"))
    }
}

fn answer(status: u16, body: &Value) -> RawAnswer {
    RawAnswer::new(status)
        .with_header("content-type", "application/json")
        .with_body(body.to_string().as_bytes())
}

fn graph(status: u16, body: &Value) -> RawAnswer {
    answer(status, body).with_header("request-id", "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
}

fn openid_document(number: usize) -> Value {
    let authority = format!("https://login.microsoftonline.com/{}", tenant(number));
    json!({"issuer": format!("{authority}/v2.0"), "token_endpoint": format!("{authority}/oauth2/v2.0/token")})
}

fn sign_in(number: usize) -> RawAnswer {
    if day_of(number) == Day::WithoutConsent {
        let refusal = json!({
            "error": "invalid_grant",
            "error_codes": [65001],
            "error_description": "AADSTS65001: The user or administrator has not consented to use the application.",
        });
        return answer(400, &refusal);
    }
    let claims = json!({"tid": tenant(number), "idtyp": "app", "roles": ["Application.Read.All"]});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.{number}", part(&json!({"alg": "none"})), part(&claims));
    answer(200, &json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
}

/// A registration as Microsoft Graph shows it, with an older secret beside the one that counts.
fn application(number: usize) -> Value {
    let secret = |days: i64, key: u128| {
        let ends = NOW + time::Duration::days(days);
        json!({"keyId": Uuid::from_u128(key), "displayName": "Configuration Manager", "endDateTime": ends.format(&Rfc3339).expect("a date")})
    };
    json!({
        "id": Uuid::from_u128(number as u128),
        "appId": app(number),
        "displayName": "ConfigMgr Server",
        "identifierUris": ["https://ConfigMgrService"],
        "passwordCredentials": [secret(days_left(number), 1), secret(-300, 2)],
    })
}

fn tenant(number: usize) -> TenantId {
    TenantId::new(Uuid::from_u128(FIRST_TENANT + number as u128))
}

fn app(number: usize) -> ApplicationId {
    ApplicationId::new(Uuid::from_u128(FIRST_TENANT / 2 + number as u128))
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) answers: usize,
    /// The first answers that were not as expected.
    pub(crate) wrong: Vec<String>,
    pub(crate) most_requests_of_a_healthy_tenant: u8,
    pub(crate) time: Duration,
    pub(crate) floor: Duration,
    /// The most memory that the process has held, in MiB; `None` if this system does not tell.
    pub(crate) most_memory: Option<u64>,
}

impl Figures {
    pub(crate) fn ratio(&self) -> f64 {
        self.time.as_secs_f64() / self.floor.as_secs_f64()
    }

    pub(crate) fn assert_good(&self) {
        assert_eq!(self.answers, TENANTS, "each tenant is answered once");
        assert!(self.wrong.is_empty(), "{:?}", self.wrong);
        assert!(self.most_requests_of_a_healthy_tenant <= 2);
        assert!(self.ratio() <= 1.3, "{:?} for a floor of {:?}", self.time, self.floor);
        assert!(self.most_memory.is_none_or(|memory| memory < 100), "{:?}", self.most_memory);
    }
}

/// Watches all tenants once.
pub(crate) fn measure() -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(watch_all())
}

async fn watch_all() -> Figures {
    let internet = Arc::new(Internet(Mutex::new(Counted {
        to_graph: vec![0; TENANTS],
        answered: 0,
        throttled: HashSet::new(),
    })));
    let http = HttpClient::over(Arc::clone(&internet));
    let jobs = Jobs::new(&http);
    let mut seen = vec![false; TENANTS];
    let (mut answers, mut wrong) = (0, Vec::new());
    let started = Instant::now();
    let tenants = (0..TENANTS).map(|number| (number, jobs.of(number)));
    expiring(
        tenants,
        AT_ONCE,
        [90, 30, 7],
        |_, _| (),
        |result: ManyResult<usize, Check>| {
            let (number, check) = (result.key, result.result);
            answers += usize::from(!std::mem::replace(&mut seen[number], true));
            let has_reason = check.problem.is_some() == (expected(number) == CheckStatus::Unknown);
            if check.status != expected(number) || check.tenant_id != Some(tenant(number)) || !has_reason {
                wrong.push(format!("{number}: {check}"));
                wrong.truncate(3);
            }
        },
    )
    .await;
    let time = started.elapsed();
    let counted = internet.0.lock().expect("no panic");
    let of_day = |day: Day| (0..TENANTS).filter(move |number| day_of(*number) == day);
    let waits = RETRY_AFTER * u32::try_from(of_day(Day::Throttled).count()).expect("few");
    let silence = SILENCE * u32::try_from(of_day(Day::Silent).count()).expect("few");
    let work = LATENCY * counted.answered + waits + silence;
    Figures {
        answers,
        wrong,
        most_requests_of_a_healthy_tenant: of_day(Day::Healthy).map(|number| counted.to_graph[number]).max().expect("some"),
        time,
        floor: work / u32::try_from(AT_ONCE.get()).expect("few"),
        most_memory: most_memory(),
    }
}

/// Makes one job at a time: connections are shared by all of them, tokens by none.
struct Jobs {
    http: HttpClient,
    endpoints: CloudEndpoints,
    shared: GraphDirectory,
    spec: ConnectionSpec,
}

impl Jobs {
    fn new(http: &HttpClient) -> Self {
        let endpoints = CloudEndpoints::default();
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("ConfigMgr Server"))
            .client_app(ClientAppSpec::builder("ConfigMgr Client"));
        Self {
            shared: GraphDirectory::builder(endpoints.clone(), sign_in_of(0, &endpoints, http))
                .http(http.clone())
                .build(),
            spec: spec.build().expect("the specification is valid"),
            http: http.clone(),
            endpoints,
        }
    }

    /// Every other tenant by its specification, the others by the client id.
    fn of(&self, number: usize) -> WatchedApp {
        let directory = self
            .shared
            .for_tenant(tenant(number), sign_in_of(number, &self.endpoints, &self.http));
        let clock = Arc::new(cmg_onboarding::clock::FixedClock(NOW));
        if number.is_multiple_of(2) {
            return WatchedApp::new(tenant(number), app(number)).directory(directory).clock(clock);
        }
        let connection = AzureServicesConnection::builder(self.spec.clone()).directory(directory);
        connection
            .tenant(tenant(number))
            .clock(clock)
            .build()
            .expect("a directory is there")
            .into()
    }
}

fn sign_in_of(number: usize, endpoints: &CloudEndpoints, http: &HttpClient) -> ClientSecretSignIn {
    let monitoring = ApplicationId::new(Uuid::from_u128(1));
    ClientSecretSignIn::new(endpoints.clone(), tenant(number), monitoring, ClientSecret::new("emulated")).http(http.clone())
}

/// The most memory that the process has held so far, in MiB, as Linux tells it (`VmHWM`).
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

fn main() {
    let began = std::time::Instant::now();
    let figures = measure();
    println!(
        "{} tenants, {AT_ONCE} at once, 100 ms a request: {:.1?} of virtual time, floor {:.1?}, ratio {:.2}; at most {} request(s) to \
         Microsoft Graph for a healthy tenant; {} MiB at most; measured in {:.1?}",
        figures.answers,
        figures.time,
        figures.floor,
        figures.ratio(),
        figures.most_requests_of_a_healthy_tenant,
        figures
            .most_memory
            .map_or_else(|| "unknown".to_owned(), |memory| memory.to_string()),
        began.elapsed(),
    );
    figures.assert_good();
}
