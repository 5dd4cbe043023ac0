//! What a program keeps in its memory after it has run a whole job over HTTPS and has dropped everything: another process
//! reads all of it, as a core dump would hold it. SECURITY.md has the figures.
//!
//! Linux alone has `/proc/PID/mem`.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

use std::{
    env, fs,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::fd::AsFd,
    process::{Child, Command, Stdio},
};

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ClientSecret, CloudEndpoints, ConnectionSpec, GraphDirectory, ServerAppSpec, TenantId,
    http::{HttpClient, HttpOptions},
    token::ClientSecretSignIn,
};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};
use secrecy::zeroize::Zeroizing;

const URL: &str = "CMG_WIPED_URL";
const CERTIFICATE: &str = "CMG_WIPED_CERTIFICATE";
const TENANT: &str = "CMG_WIPED_TENANT";
const CLIENT: &str = "CMG_WIPED_CLIENT";

/// Where the other program's output ends.
const DONE: u8 = b'!';

/// The program that is looked at. It does nothing unless the test below has started it.
#[test]
#[ignore = "the test below starts it as a program of its own"]
fn the_program_that_is_looked_at() {
    let Ok(url) = env::var(URL) else { return };
    // Without buffers of the standard library, which would keep copies of their own.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut output = File::from(io::stderr().as_fd().try_clone_to_owned().unwrap());
    let mut given = Zeroizing::new(vec![0; 256]);
    let length = input.read(&mut given).unwrap();
    let secret = ClientSecret::new(str::from_utf8(&given[..length]).unwrap());
    drop(given);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&url, secret, &mut output));
    drop(runtime);
    output.write_all(&[DONE]).unwrap();
    // Until it was looked at.
    let _ = input.read(&mut [0]);
}

async fn run(url: &str, secret: ClientSecret, output: &mut File) {
    let url: url::Url = url.parse().unwrap();
    let tenant: TenantId = env::var(TENANT).unwrap().parse().unwrap();
    let endpoints = CloudEndpoints::default()
        .with_authority(url.clone())
        .unwrap()
        .with_graph(url)
        .unwrap();
    let options = HttpOptions::default().trusted_root_pem(env::var(CERTIFICATE).unwrap()).unwrap();
    let http = HttpClient::new(options);
    let sign_in = ClientSecretSignIn::new(endpoints.clone(), tenant, env::var(CLIENT).unwrap().parse().unwrap(), secret);
    let directory = GraphDirectory::builder(endpoints, sign_in.http(http.clone()))
        .tenant(tenant)
        .http(http)
        .build();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"));
    let job = AzureServicesConnection::builder(spec.build().unwrap())
        .directory(directory)
        .build()
        .unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    output.write_all(outcome.secret.unwrap().value.expose().as_bytes()).unwrap();
}

/// How often each is found.
#[derive(Debug, Default)]
struct Copies {
    issued_secret: usize,
    sign_in_secret: usize,
    bearer_tokens: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_keeps_of_its_secrets_after_everything_is_dropped_is_as_security_md_says() {
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).tls(true).start().await.unwrap();
    let application = tenant.automation_client();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "the_program_that_is_looked_at",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(URL, server.url().as_str())
        .env(CERTIFICATE, server.certificate_pem().unwrap())
        .env(TENANT, tenant.tenant_id().to_string())
        .env(CLIENT, application.id().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let secret = application.secret().to_owned();
    let (copies, issued) = tokio::task::spawn_blocking(move || {
        let found = look_into(&mut child, &secret);
        child.kill().unwrap();
        child.wait().unwrap();
        found
    })
    .await
    .unwrap();
    let app = tenant.state()["applications"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|app| (!app["passwordCredentials"].as_array()?.is_empty()).then(|| app["appId"].as_str()?.parse::<uuid::Uuid>().ok())?)
        .unwrap();
    assert!(tenant.secret_is_live(app, &issued), "it is the issued secret that is looked for");
    println!("{copies:?}");
    assert_eq!(copies.sign_in_secret, 0, "{copies:?}");
    // Which freed buffers of the libraries are written to again differs from run to run.
    assert!(copies.issued_secret <= 4 && copies.bearer_tokens <= 3, "{copies:?}");
}

fn look_into(child: &mut Child, sign_in_secret: &str) -> (Copies, String) {
    child.stdin.as_mut().unwrap().write_all(sign_in_secret.as_bytes()).unwrap();
    let mut told = Vec::new();
    let mut byte = [0];
    let output = child.stderr.as_mut().unwrap();
    while byte[0] != DONE {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&told));
        told.push(byte[0]);
    }
    told.pop();
    let issued = String::from_utf8(told).unwrap();
    assert!(issued.len() >= 16 && !issued.contains(char::is_whitespace), "{issued}");
    let mut copies = Copies::default();
    for memory in memory_of(child.id()) {
        copies.issued_secret += count(&memory, issued.as_bytes());
        copies.sign_in_secret += count(&memory, sign_in_secret.as_bytes());
        copies.bearer_tokens += tokens(&memory);
    }
    (copies, issued)
}

/// Everything that a process can write to.
fn memory_of(process: u32) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut parts = Vec::new();
    for line in maps
        .lines()
        .filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw")))
    {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut part = vec![0; usize::try_from(to - from).unwrap()];
        memory.seek(SeekFrom::Start(from)).unwrap();
        if memory.read_exact(&mut part).is_ok() {
            parts.push(part);
        }
    }
    assert!(
        parts.len() > 3 && parts.iter().map(Vec::len).sum::<usize>() > 500_000,
        "the memory can be read"
    );
    parts
}

fn count(memory: &[u8], what: &[u8]) -> usize {
    memory.windows(what.len()).filter(|window| *window == what).count()
}

/// Whole access tokens: three parts in base64, the first one a JSON object.
fn tokens(memory: &[u8]) -> usize {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    memory
        .chunk_by(|one, other| is_of_token(one) == is_of_token(other))
        .filter(|run| run.len() > 100)
        .map(|run| {
            run.windows(3)
                .filter(|window| window == b"eyJ")
                .count()
                .min(run.split(|byte| *byte == b'.').count() / 2)
        })
        .sum()
}
