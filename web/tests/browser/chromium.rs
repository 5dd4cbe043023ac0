//! A headless Chromium, driven over its debugging pipe: no port, and no WebSocket.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,1400",
    "--remote-debugging-pipe",
];

/// The pipe is file descriptors 3 and 4 of the browser, which only a shell can give it without unsafe code.
const SHELL: &str = r#"exec "$0" "$@" about:blank 3<&0 4>&1 >/dev/null"#;

/// What the browser says if a page ends while it is asked.
const NAVIGATED: &str = "Inspected target navigated or closed";

/// How long anything may take. The gate's machine may have much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser that the environment names, or Debian's.
pub(crate) fn binary() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CMG_TEST_BROWSER") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|file| file.is_file())
}

/// A browser with one page and a profile of its own. Everything that its page logs is kept.
pub(crate) struct Chromium {
    profile: PathBuf,
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    asked: u64,
    session: Option<String>,
    /// What the page has told its console, and errors that nothing caught.
    pub(crate) told: Vec<String>,
}

impl Chromium {
    pub(crate) fn open(binary: &Path) -> Self {
        let profile = env::temp_dir().join(format!("cmg-onboarding-{}", Uuid::new_v4()));
        let mut child = Command::new("sh")
            .args(["-c", SHELL])
            .arg(binary)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let (to, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { return };
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            profile,
            child,
            to,
            from,
            asked: 0,
            session: None,
            told: Vec::new(),
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.ask("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({}));
        }
        browser
    }

    /// One command of the DevTools protocol.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {method}"));
            if answer["id"] == self.asked {
                // Another page came in the middle of it: who waits asks that one.
                let error = &answer["error"];
                if method == "Runtime.evaluate" && error["message"] == NAVIGATED {
                    return json!({ NAVIGATED: true });
                }
                assert!(error.is_null(), "{method}: {error}");
                return answer["result"].clone();
            }
            let is_told = matches!(
                answer["method"].as_str(),
                Some("Runtime.exceptionThrown" | "Log.entryAdded" | "Runtime.consoleAPICalled")
            );
            // No page has an icon, and what the service refuses on purpose is no fault of the page. Neither is a recommendation, such
            // as that a field for a token should stand beside one for an account.
            let source = &answer["params"]["entry"]["source"];
            if is_told && source != "network" && source != "recommendation" {
                self.told.push(answer["params"].to_string());
            }
        }
    }

    pub(crate) fn go(&mut self, address: &str) {
        self.ask("Page.navigate", json!({ "url": address }));
    }

    pub(crate) fn reload(&mut self) {
        self.value("window.isBeforeReload = true");
        self.ask("Page.reload", json!({}));
        self.until("window.isBeforeReload === undefined && document.readyState === 'complete'");
    }

    /// The value of an expression; a promise is waited for.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.ask("Runtime.evaluate", asked);
        assert!(
            answer.get("exceptionDetails").is_none() && answer.get(NAVIGATED).is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true. The page is looked at between two frames of it, not by the clock of the test.
    pub(crate) fn until(&mut self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        let waits = format!(
            "new Promise(done => {{ const end = performance.now() + 2000; const look = () => {{ if ({expression}) done(true); \
             else if (performance.now() > end) done(false); else setTimeout(look, 20); }}; look(); }})"
        );
        loop {
            let asked = json!({ "expression": waits, "awaitPromise": true, "returnByValue": true });
            let answer = self.ask("Runtime.evaluate", asked);
            // The page may be another one by now: it is asked again.
            if answer["result"]["value"] == true {
                return;
            }
            if Instant::now() > end {
                let text = self.value("document.body.innerText");
                panic!("waited for {expression}: {answer}\n{:?}\n{text}", self.told);
            }
        }
    }

    pub(crate) fn until_there(&mut self, selector: &str) {
        self.until(&format!("document.querySelector({}) !== null", json!(selector)));
    }

    pub(crate) fn text(&mut self, selector: &str) -> String {
        self.until_there(selector);
        let text = self.value(&format!("document.querySelector({}).textContent", json!(selector)));
        text.as_str().unwrap().to_owned()
    }

    /// Clicks with the mouse's effects: the focus moves there first.
    pub(crate) fn click(&mut self, selector: &str) {
        self.until_there(&format!("{selector}:not(:disabled)"));
        self.value(&format!(
            "(() => {{ const target = document.querySelector({}); target.focus(); target.click(); }})()",
            json!(selector)
        ));
    }

    /// Types into an input, in the place of what it has.
    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.until_there(&format!("{selector}:not(:disabled)"));
        self.value(&format!(
            "(() => {{ const target = document.querySelector({}); target.focus(); target.select(); }})()",
            json!(selector)
        ));
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            other => panic!("the key {other} is not known here"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut pressed = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                pressed["text"] = text.into();
            }
            self.ask("Input.dispatchKeyEvent", pressed);
        }
    }

    /// Moves on with the Tab key until this has the focus.
    pub(crate) fn tab_to(&mut self, selector: &str) {
        self.until_there(&format!("{selector}:not(:disabled)"));
        for _ in 0..60 {
            if self.value(&format!("document.activeElement.matches({})", json!(selector))) == true {
                return;
            }
            self.press("Tab");
        }
        panic!("the Tab key does not come to {selector}");
    }

    /// Types with the keyboard into what has the focus.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Keeps a picture of the page, as far as the window shows it, below the target folder.
    pub(crate) fn picture(&mut self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web-pages");
        fs::create_dir_all(&folder).unwrap();
        let picture = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
