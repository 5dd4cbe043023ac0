//! A client as small as it can be, so that it can send what no good client would.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{
    AccessToken,
    clock::{Clock, SystemClock},
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use cmg_onboarding_web::{Guard, Place, Service, SignInWay, SiteKind, User, router};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A service against an emulator, and the key of its address.
pub(crate) struct Served {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    /// Stops when it is dropped.
    _emulator: EmulatorServer,
    pub(crate) place: Place,
    pub(crate) port: u16,
    pub(crate) key: Arc<Mutex<String>>,
    pub(crate) folder: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    service: Service,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body, if the status is this one.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) struct Options {
    pub(crate) latency: Duration,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) with_site: bool,
    pub(crate) is_provided: bool,
    pub(crate) tenant: EmulatedTenant,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            folder: None,
            with_site: true,
            is_provided: true,
            tenant: EmulatedTenant::new(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let (tenant, site) = (options.tenant, EmulatedSite::new());
        let emulator = EmulatorServer::builder(tenant.clone()).site(site.clone()).latency(options.latency);
        let emulator = emulator.start().await.unwrap();
        let mut place = Place::default();
        place.endpoints = Some(emulator.endpoints().clone());
        if options.with_site {
            place.site = Some(site.clone().into());
            place.site_kind = SiteKind::Emulated;
        }
        place.is_emulated = true;
        place.sign_in_ways = vec![SignInWay::DeviceCode, SignInWay::Token];
        if options.is_provided {
            let tenant = tenant.clone();
            place.tokens = Some(Arc::new(token_fn(move |_| {
                let token = tenant.token_for(&Caller::global_administrator());
                async move { Ok(AccessToken::new(token)) }
            })));
        }
        let (service, port, key, serving) = serve(&place, options.folder.as_ref(), &options.clock).await;
        Self {
            tenant,
            site,
            _emulator: emulator,
            place,
            port,
            key,
            folder: options.folder,
            clock: options.clock,
            service,
            serving,
        }
    }

    /// Kills the service in the middle of its work, and starts another one on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.crash_with(|| ()).await;
    }

    /// The same, with something done to the folder in between.
    pub(crate) async fn crash_with(&mut self, meanwhile: impl FnOnce()) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
        self.service.stop();
        meanwhile();
        (self.service, self.port, self.key, self.serving) = serve(&self.place, self.folder.as_ref(), &self.clock).await;
    }

    pub(crate) fn key(&self) -> String {
        self.key.lock().unwrap().clone()
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let authorization = format!("Bearer {}", self.key());
        let headers = [("authorization", authorization.as_str())];
        self.send(method, path, &headers, body.map(Value::to_string)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(&body)).await
    }

    /// Exactly these headers, and `Host` unless they name one.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        send(self.port, method, path, headers, body).await
    }

    /// A stream of events, from its beginning.
    pub(crate) async fn events(&self, session: &str, after: u64) -> Events {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let head = format!(
            "GET /api/sessions/{session}/events HTTP/1.1\r\nhost: localhost:{}\r\nauthorization: Bearer {}\r\nlast-event-id: {after}\r\n\r\n",
            self.port,
            self.key()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Events {
            stream,
            text: String::new(),
        }
    }

    /// A new session with a draft that is whole.
    pub(crate) async fn session(&self) -> String {
        let session = self.post("/api/sessions", json!({ "draft": draft() })).await.expect(201);
        session["id"].as_str().unwrap().to_owned()
    }

    /// A plan that is approved, and its id.
    pub(crate) async fn approved(&self, session: &str, settings: Value) -> String {
        let planned = self
            .post(&format!("/api/sessions/{session}/plan?wait=60"), settings)
            .await
            .expect(200);
        assert_eq!(planned["phase"], "planned", "{}", planned["problem"]);
        let plan = planned["pages"][3]["plan"]["id"].as_str().unwrap().to_owned();
        let approved = self
            .post(&format!("/api/sessions/{session}/approve"), json!({ "planId": plan }))
            .await;
        assert_eq!(approved.expect(200)["phase"], "approved");
        plan
    }

    /// The whole way from a session to the end of its run.
    pub(crate) async fn carry_out(&self, session: &str, settings: Value) -> Value {
        let plan = self.approved(session, settings).await;
        let done = self
            .post(&format!("/api/sessions/{session}/apply?wait=60"), json!({ "planId": plan }))
            .await;
        done.expect(200)
    }

    pub(crate) async fn read(&self, session: &str) -> Value {
        self.get(&format!("/api/sessions/{session}")).await.expect(200)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Exactly these headers, and `Host` unless they name one.
pub(crate) async fn send(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        head.push_str(&format!("host: 127.0.0.1:{}\r\n", port));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = &body {
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // The service may have answered and closed before it has read a body that it refuses.
    let _ = stream.write_all(body.unwrap_or_default().as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    read(&answer)
}

async fn serve(place: &Place, folder: Option<&PathBuf>, clock: &Arc<dyn Clock>) -> (Service, u16, Arc<Mutex<String>>, JoinHandle<()>) {
    let place = place.clone();
    let mut builder = Service::builder(move |_| place.clone()).clock(clock.clone());
    if let Some(folder) = folder {
        builder = builder.folder(folder).unwrap();
    }
    let service = builder.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = Arc::new(Mutex::new(String::new()));
    let told = key.clone();
    let guard = Guard::new(port, User::new("local").unwrap(), move |address| {
        *told.lock().unwrap() = address.split_once("?key=").unwrap().1.to_owned();
    });
    let app = guard.guard(router(service.clone()));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (service, port, key, serving)
}

fn read(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    assert!(!headers.contains_key("transfer-encoding"), "{head}");
    Answer {
        status,
        headers,
        text: body.to_owned(),
    }
}

/// The events of a stream.
pub(crate) struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    /// The next one: its name and its data.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(event) = self.take() {
                return Some(event);
            }
            let mut part = [0; 4096];
            let read = tokio::time::timeout(Duration::from_secs(60), self.stream.read(&mut part)).await;
            match read.expect("no event within a minute").unwrap() {
                0 => return None,
                count => self.text.push_str(&String::from_utf8_lossy(&part[..count])),
            }
        }
    }

    /// Events up to the one that ends a run.
    pub(crate) async fn until_phase(&mut self, phases: &[&str]) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            let is_last = event.0 == "session" && phases.iter().any(|phase| event.1["phase"] == *phase);
            all.push(event);
            if is_last {
                break;
            }
        }
        all
    }

    fn take(&mut self) -> Option<(String, Value)> {
        let start = self.text.find("event: ")?;
        let length = self.text[start..].find("\n\n")?;
        // A chunk may begin in the middle of what is between two events, never within one.
        let event = self.text[start..start + length].to_owned();
        self.text.drain(..start + length + 2);
        let mut lines = event.lines();
        let name = lines.next()?.strip_prefix("event: ")?.to_owned();
        let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
        Some((
            name,
            serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {event:?}")),
        ))
    }
}

pub(crate) fn draft() -> Value {
    json!({
        "name": "Contoso CMG",
        "serverApp": { "create": { "name": "ConfigMgr Server" } },
        "clientApp": { "create": { "name": "ConfigMgr Client" } },
        "discovery": { "users": {} },
    })
}

/// A folder of its own, which is not there yet.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cmg-onboard-web-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
