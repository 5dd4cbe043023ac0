//! A host that plays what it is told, and the values most tests use.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{
    Call, ClientSecret, CloudEnvironment, async_trait,
    call::{CallEvent, CallEvents},
    error::SiteUnreachable,
    site::{
        ClientAppImport, ServerAppImport, SiteOnboarding, SiteProgress,
        power_shell::{PowerShellError, PowerShellSite, ScriptEnd, ScriptHost, ScriptRun},
    },
};
use time::macros::datetime;

pub(crate) const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
pub(crate) const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
pub(crate) const CLIENT: &str = "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02";
pub(crate) const SECRET: &str = "canary-7Q~\u{fc}";

pub(crate) const SITE: &str = r#"{"cmg":2,"run":"RUN","event":"site","revision":"x","siteCode":"P01","version":"5.00.9128.1000"}"#;
pub(crate) const END: &str = r#"{"cmg":2,"run":"RUN","event":"end"}"#;
pub(crate) const CONNECTION: &str = r#"{"cmg":2,"run":"RUN","event":"connection","id":16777220,"name":"Contoso CMG","description":"","webApplications":[16777218],"userDiscovery":{"fullSchedule":"0001170000100038","deltaMinutes":30,"groupNames":[]},"groupDiscovery":null}"#;

/// Script and request of one run.
type Seen = (String, Vec<u8>);

/// Plays pieces of output, then ends as told.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeHost {
    pieces: Vec<Vec<u8>>,
    hangs: bool,
    end: ScriptEnd,
    missing: bool,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeHost {
    pub(crate) fn saying<T: AsRef<str>>(lines: &[T]) -> Self {
        let pieces = lines.iter().map(|line| format!("{}\r\n", line.as_ref()).into_bytes()).collect();
        Self { pieces, ..Self::default() }
    }

    pub(crate) fn writing(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            pieces: vec![bytes.into()],
            ..Self::default()
        }
    }

    pub(crate) fn then_hanging(mut self) -> Self {
        self.hangs = true;
        self
    }

    pub(crate) fn then_ending(mut self, code: i32, errors: &str) -> Self {
        self.end = ScriptEnd::new(Some(code), errors);
        self
    }

    pub(crate) fn missing() -> Self {
        Self {
            missing: true,
            ..Self::default()
        }
    }

    pub(crate) fn site(&self) -> PowerShellSite {
        let builder = PowerShellSite::builder("P01", "provider.contoso.com").host(self.clone());
        builder.time_out(Duration::from_secs(60)).build().unwrap()
    }

    /// What was run: script and request.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl ScriptHost for FakeHost {
    async fn run(
        &self,
        run: ScriptRun<'_>,
        output: &mut (dyn for<'p> FnMut(&'p [u8]) -> ControlFlow<()> + Send),
    ) -> Result<ScriptEnd, SiteUnreachable> {
        self.seen.lock().unwrap().push((run.script().to_owned(), run.request().to_vec()));
        assert!(!format!("{run:?}").contains("siteCode"));
        if self.missing {
            return Err(SiteUnreachable::new("there is no remoting", "Switch it on."));
        }
        let request: serde_json::Value = serde_json::from_slice(run.request()).unwrap();
        let number = request["run"].as_str().unwrap().as_bytes();
        for piece in &self.pieces {
            if output(&numbered(piece, number)).is_break() {
                return Ok(ScriptEnd::default());
            }
        }
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(self.end.clone())
    }
}

/// The same with the number of the run for its placeholder.
fn numbered(piece: &[u8], number: &[u8]) -> Vec<u8> {
    const PLACEHOLDER: &[u8] = b"\"RUN\"";
    let (mut text, mut rest) = (Vec::with_capacity(piece.len()), piece);
    while let Some(start) = rest.windows(PLACEHOLDER.len()).position(|window| window == PLACEHOLDER) {
        text.extend_from_slice(&rest[..=start]);
        text.extend_from_slice(number);
        rest = &rest[start + PLACEHOLDER.len() - 1..];
    }
    text.extend_from_slice(rest);
    text
}

/// The same line of progress with the secret that the site holds.
pub(crate) fn holding(progress: &str, secret: &str) -> String {
    progress.replace("\"secret\":null", &format!("\"secret\":\"{secret}\""))
}

pub(crate) fn progress(item: &str, action: &str, row: u32, differences: &[&str]) -> String {
    let differences = serde_json::to_string(differences).unwrap();
    format!(
        r#"{{"cmg":2,"run":"RUN","event":"progress","item":"{item}","action":"{action}","row":{row},"differences":{differences},"secret":null}}"#
    )
}

pub(crate) fn failed(code: &str, operation: &str, message: &str) -> String {
    format!(r#"{{"cmg":2,"run":"RUN","event":"error","code":"{code}","operation":"{operation}","message":"{message}","help":"Do this."}}"#)
}

pub(crate) fn wanted() -> SiteOnboarding {
    SiteOnboarding::new(
        TENANT.parse().unwrap(),
        "contoso.onmicrosoft.com",
        CloudEnvironment::AzurePublicCloud,
        ServerAppImport::Import {
            name: "Z\u{fc}rich Server".to_owned(),
            client_id: SERVER.parse().unwrap(),
            secret_key: ClientSecret::new(SECRET),
            secret_key_expiry: datetime!(2099-01-01 00:00 UTC),
            app_id_uri: format!("api://{TENANT}/ConfigMgrService").parse().unwrap(),
        },
        ClientAppImport::Import {
            name: "Client".to_owned(),
            client_id: CLIENT.parse().unwrap(),
        },
        "Contoso CMG",
    )
}

/// Keeps the progress of a call.
pub(crate) struct Received {
    call: Call,
    events: Mutex<(CallEvents, Vec<SiteProgress>)>,
}

impl Default for Received {
    fn default() -> Self {
        let (call, events) = Call::channel();
        Self {
            call,
            events: Mutex::new((events, Vec::new())),
        }
    }
}

impl Received {
    pub(crate) fn call(&self) -> Call {
        self.call.clone()
    }

    pub(crate) fn all(&self) -> Vec<SiteProgress> {
        let mut events = self.events.lock().unwrap();
        while let Some(event) = events.0.try_next() {
            if let CallEvent::Progress(progress) = event {
                events.1.push(progress);
            }
        }
        events.1.clone()
    }
}

/// What is behind an error of the site.
pub(crate) fn cause(error: &cmg_onboarding::SiteError) -> Option<PowerShellError> {
    std::error::Error::source(error)?.downcast_ref().cloned()
}
