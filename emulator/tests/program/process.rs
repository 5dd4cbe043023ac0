//! The program itself: how it starts, what it prints, how it stops.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cmg-emulator");

/// A running program, ended when it is dropped.
struct Running {
    child: Child,
    environment: Value,
}

impl Running {
    fn with(flags: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(flags)
            .arg("--print-env")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let environment = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        Self { child, environment }
    }

    fn text(&self, name: &str) -> &str {
        self.environment[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {}", self.environment))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(flags: &[&str]) -> Output {
    Command::new(PROGRAM).args(flags).output().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

#[test]
fn help_and_version_are_told_and_a_wrong_word_is_refused() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(help.contains("--print-env") && help.contains("half-done"), "{help}");
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert_eq!(version, concat!("cmg-emulator ", env!("CARGO_PKG_VERSION"), "\n"));
    let wrong = run(&["--colour", "red"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("--colour is not known"));
}

#[test]
fn a_configuration_that_cannot_be_used_is_told_with_the_key_and_the_line() {
    let file = scratch("wrong.json");
    std::fs::write(&file, "{\n\"tenants\": [{\"colour\": 1}]}").unwrap();
    let wrong = run(&["--config", file.to_str().unwrap()]);
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text.contains("`colour`") && text.contains("line 2"), "{text}");
    let missing = run(&["--config", "/nowhere/there.json"]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/nowhere/there.json"));
}

#[tokio::test]
async fn what_it_prints_leads_to_a_client_that_works_and_each_request_is_logged() {
    let mut running = Running::with(&["--preset", "onboarded", "--lag", "5"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let graph = format!("{}/applications?$top=1", running.text("graph"));
    let answer = client.get(graph).bearer_auth(running.text("token")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let lag = client
        .get(format!("{}/lag", running.text("admin")))
        .header("x-emulator-key", running.text("adminKey"));
    assert!(lag.send().await.unwrap().text().await.unwrap().contains("\"createMilliseconds\":5"));
    let _ = running.child.kill();
    let mut log = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("200 GET /v1.0/applications ") && !log.contains("$top"), "{log}");
    assert!(
        !log.contains(running.text("adminKey")) && !log.contains(running.text("token")),
        "{log}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_stops_it_with_success_after_what_is_under_way() {
    let mut running = Running::with(&["--latency", "600"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .get(format!("{}/applications", running.text("graph")))
        .bearer_auth(running.text("token"));
    let under_way = tokio::spawn(request.send());
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    let killed = Command::new("kill")
        .args(["-TERM", &running.child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(under_way.await.unwrap().unwrap().status().as_u16(), 200);
    let ended = tokio::task::spawn_blocking(move || running.child.wait().unwrap()).await.unwrap();
    assert!(ended.success(), "{ended}");
}

#[tokio::test]
async fn an_authority_is_made_once_and_trusted_under_every_name() {
    let (authority, trusted) = (scratch("authority.pem"), scratch("trusted.pem"));
    let flags = [
        "--certificate-authority",
        authority.to_str().unwrap(),
        "--certificate",
        trusted.to_str().unwrap(),
        "--name",
        "graph.example",
    ];
    let first = Running::with(&flags);
    let kept = std::fs::read(&trusted).unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("PRIVATE KEY"));
    drop(first);
    let second = Running::with(&flags);
    assert_eq!(std::fs::read(&trusted).unwrap(), kept, "clients trust it once");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&authority).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(second.text("address").starts_with("https://localhost:"));
    let port: u16 = second.text("address").rsplit(':').next().unwrap().parse().unwrap();
    for (name, expected) in [("localhost", true), ("graph.example", true), ("other.example", false)] {
        assert_eq!(handshake(&kept, name, port).await, expected, "{name}");
    }
    // A file of another authority is not taken for ours.
    let foreign = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
    std::fs::write(&authority, format!("{}{}", foreign.cert.pem(), foreign.signing_key.serialize_pem())).unwrap();
    let refused = run(&["--certificate-authority", authority.to_str().unwrap()]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("not made here"));
    // But a certificate may be given.
    let (chain, key) = (scratch("chain.pem"), scratch("key.pem"));
    std::fs::write(&chain, foreign.cert.pem()).unwrap();
    std::fs::write(&key, foreign.signing_key.serialize_pem()).unwrap();
    let given = Running::with(&[
        "--tls-certificate",
        chain.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--certificate",
        trusted.to_str().unwrap(),
    ]);
    let port: u16 = given.text("address").rsplit(':').next().unwrap().parse().unwrap();
    assert!(handshake(foreign.cert.pem().as_bytes(), "x", port).await);
}

/// Whether a client that trusts one certificate takes the server for one of a name.
async fn handshake(trusted: &[u8], name: &str, port: u16) -> bool {
    use tokio_rustls::rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(std::sync::Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    connector
        .connect(ServerName::try_from(name.to_owned()).unwrap(), stream)
        .await
        .is_ok()
}
