//! The program against Microsoft Entra, as far as it goes without a network: what it asks, where, and what it says if there is no answer.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::client::{Answer, draft, send};

/// The program, with the key of its address.
struct Program {
    child: Child,
    port: u16,
    key: String,
}

impl Program {
    /// What leaves this machine goes to the proxy.
    fn start(proxy: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmg-onboard-web"));
        for name in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"] {
            command.env_remove(name);
        }
        command.env("HTTPS_PROXY", proxy).env("https_proxy", proxy);
        command.args(["--against", "entra", "--port", "0", "--json"]).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let address: Url = told["address"].as_str().unwrap().parse().unwrap();
        let key = address.query_pairs().find(|(name, _)| name == "key").unwrap().1.into_owned();
        Self {
            child,
            port: address.port().unwrap(),
            key,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let authorization = format!("Bearer {}", self.key);
        let headers = [("authorization", authorization.as_str())];
        send(self.port, method, path, &headers, body.map(|body| body.to_string())).await
    }

    /// A session, and the path of its sign-in.
    async fn session(&self) -> (String, String) {
        let begun = self
            .ask("POST", "/api/sessions", Some(json!({ "draft": draft() })))
            .await
            .expect(201);
        let path = format!("/api/sessions/{}", begun["id"].as_str().unwrap());
        let sign_in = format!("{path}/sign-in");
        (path, sign_in)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Heads = Arc<Mutex<Vec<String>>>;

/// Answers every request with the same, and keeps the first lines of what it was asked.
async fn answering(listener: TcpListener, answer: String) -> Heads {
    let heads = Heads::default();
    let told = heads.clone();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut part = [0; 4096];
            let read = client.read(&mut part).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&part[..read]).into_owned();
            told.lock().unwrap().push(text.lines().next().unwrap_or_default().to_owned());
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    heads
}

/// A proxy that leads nowhere.
async fn closed_proxy() -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    (address, answering(listener, answer.to_owned()).await)
}

#[tokio::test]
async fn without_a_network_the_page_is_served_and_a_sign_in_says_what_was_not_reached() {
    let (proxy, asked) = closed_proxy().await;
    let program = Program::start(&proxy, &[]);
    let service = program.ask("GET", "/api/service", None).await.expect(200);
    assert_eq!(
        (&service["against"], &service["site"], &service["signInWays"]),
        (&json!("entra"), &json!(null), &json!(["browser", "deviceCode", "token"]))
    );
    assert!(program.ask("GET", "/", None).await.text.contains("modules/main.js"));
    assert!(asked.lock().unwrap().is_empty(), "nothing is asked before a person signs in");

    let (path, sign_in) = program.session().await;
    let needed = program.ask("POST", &format!("{path}/plan"), Some(json!({}))).await;
    assert_eq!(needed.code(), "signInNeeded");
    let failed = program
        .ask("POST", &format!("{sign_in}?wait=60"), Some(json!({ "way": "browser" })))
        .await
        .expect(200);
    let told = &failed["signIn"];
    assert_eq!(
        (&told["state"], &told["problem"]["code"]),
        (&json!("failed"), &json!("signInUnreachable")),
        "{told}"
    );
    let message = told["problem"]["message"].as_str().unwrap();
    assert!(
        message.contains("proxy") && message.contains("login.microsoftonline.com"),
        "{message}"
    );
    assert!(
        told["problem"]["help"].as_str().is_some_and(|help| help.len() > 20) && told["problem"]["retryable"] == true,
        "{told}"
    );
    let asked = asked.lock().unwrap();
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line.starts_with("CONNECT login.microsoftonline.com:443 ")),
        "{asked:?}"
    );
    assert!(
        failed["may"].as_array().unwrap().contains(&json!("signIn")),
        "it can be tried again"
    );
}

#[tokio::test]
async fn a_sign_in_with_the_browser_leads_to_the_sign_in_page_with_what_the_job_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("http://{}", listener.local_addr().unwrap());
    let document = json!({
        "issuer": format!("{authority}/{{tenantid}}/v2.0"),
        "authorization_endpoint": format!("{authority}/organizations/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{authority}/organizations/oauth2/v2.0/token"),
    })
    .to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{document}",
        document.len()
    );
    answering(listener, answer).await;
    let (proxy, elsewhere) = closed_proxy().await;
    let program = Program::start(&proxy, &["--authority", &authority]);
    let (path, sign_in) = program.session().await;
    program.ask("POST", &sign_in, Some(json!({ "way": "browser" }))).await.expect(202);
    let page: Url = loop {
        let session = program.ask("GET", &path, None).await.expect(200);
        assert_eq!(session["signIn"]["state"], "waiting", "{}", session["signIn"]);
        if let Some(page) = session["signIn"]["address"].as_str() {
            break page.parse().unwrap();
        }
        tokio::task::yield_now().await;
    };
    assert!(
        page.as_str()
            .starts_with(&format!("{authority}/organizations/oauth2/v2.0/authorize?")),
        "{page}"
    );
    let asked = |name: &str| {
        page.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    assert_eq!(asked("client_id"), "14d82eec-204b-4c2f-b7e8-296a70dab67e");
    assert_eq!(
        (asked("response_type").as_str(), asked("code_challenge_method").as_str()),
        ("code", "S256")
    );
    assert!(asked("redirect_uri").starts_with("http://localhost:") && asked("code_challenge").len() == 43 && !asked("state").is_empty());
    assert_eq!(asked("prompt"), "select_account");
    for scope in ["https://graph.microsoft.com/Application.ReadWrite.All", "openid", "offline_access"] {
        assert!(asked("scope").split(' ').any(|asked| asked == scope), "{}", asked("scope"));
    }
    assert!(elsewhere.lock().unwrap().is_empty(), "nothing else is asked");
    let given_up = program
        .ask("POST", &format!("{path}/cancel?wait=60"), Some(json!({})))
        .await
        .expect(200);
    assert_eq!(given_up["signIn"]["state"], "signedOut");
}

#[test]
fn a_flag_for_a_real_tenant_is_refused_with_the_emulator_and_not_ignored() {
    for flag in [
        ["--authority", "https://login.microsoftonline.us/"],
        ["--client-id", "14d82eec-204b-4c2f-b7e8-296a70dab67e"],
        ["--trusted-root", "root.pem"],
        ["--domain", "contoso.com"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmg-onboard-web"));
        let ended = command.args(flag).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && told.contains(flag[0]), "{told}");
    }
}
