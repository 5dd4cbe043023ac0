//! Serves the emulated tenant by itself, for front ends and for other tools' clients.
//!
//! ```text
//! cargo run --bin cmg-emulator -- --port 8123 --tls --certificate /tmp/emulator.pem --lag 2000
//! ```

use std::{path::PathBuf, process::ExitCode, time::Duration};

use cmg_onboarding_emulator::{AppManagementPolicy, AutomationClient, Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

const USAGE: &str = "Usage: cmg-emulator [--port PORT] [--tls] [--certificate FILE] [--latency MILLISECONDS] [--lag MILLISECONDS] \
[--change-lag MILLISECONDS] [--stale-reads MILLISECONDS] [--hard-delete-protection] [--app-management-policy FILE] \
[--client-certificate PEM] [--federated-credential ISSUER SUBJECT AUDIENCE KEYS] \
[--policy no-secrets|short-secrets|uris-need-an-owner|default-uris-only|none]...";

#[derive(Default)]
struct Options {
    port: u16,
    tls: bool,
    certificate: Option<PathBuf>,
    latency: Duration,
    lag: Duration,
    change_lag: Duration,
    stale_reads: Duration,
    hard_delete_protection: bool,
    app_management_policy: Option<PathBuf>,
    client_certificates: Vec<PathBuf>,
    /// Issuer, subject, audience, and the file with the issuer's keys.
    federated_credentials: Vec<[String; 4]>,
    policy: Option<AppManagementPolicy>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match read_options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The emulator cannot be served: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> std::io::Result<()> {
    let mut builder = EmulatedTenant::builder()
        .replication_lag(options.lag)
        .change_lag(options.change_lag)
        .stale_reads(options.stale_reads)
        .hard_delete_protection(options.hard_delete_protection);
    if let Some(policy) = options.policy {
        builder = builder.policy(policy);
    }
    if let Some(path) = options.app_management_policy {
        let policy = serde_json::from_slice(&std::fs::read(path)?).map_err(std::io::Error::other)?;
        builder = builder.app_management_policy(policy);
    }
    let mut client = AutomationClient::default();
    for path in options.client_certificates {
        let certificate = CertificateDer::from_pem_file(path).map_err(std::io::Error::other)?;
        client = client.with_certificate(certificate.to_vec());
    }
    for [issuer, subject, audience, _] in &options.federated_credentials {
        client = client.with_federated_credential(issuer, subject, audience);
    }
    let tenant = builder.automation_client(client).build();
    for [issuer, .., keys] in options.federated_credentials {
        tenant.trust_issuer(
            issuer,
            &serde_json::from_slice(&std::fs::read(keys)?).map_err(std::io::Error::other)?,
        );
    }
    let server = EmulatorServer::builder(tenant.clone())
        .site(EmulatedSite::new())
        .port(options.port)
        .latency(options.latency)
        .tls(options.tls)
        .start()
        .await?;

    println!("address        {}", server.url());
    println!("tenant         {}", tenant.tenant_id());
    println!("domain         {}", tenant.initial_domain());
    println!("client id      {}", tenant.automation_client().id());
    println!("client secret  {}", tenant.automation_client().secret());
    println!("               (the emulator's own throw-away value: it opens nothing anywhere else)");
    if let Some(certificate) = server.certificate_pem() {
        let path = options
            .certificate
            .unwrap_or_else(|| std::env::temp_dir().join("cmg-onboarding-emulator.pem"));
        std::fs::write(&path, certificate)?;
        println!("certificate    {}", path.display());
    }
    println!("token          {}", tenant.token_for(&Caller::global_administrator()));
    println!("               (an administrator's, for this emulator only; cmg-onboard takes it with --token-env)");
    println!("Device codes are approved at {}devicelogin. Stop with Ctrl+C.", server.url());
    std::future::pending::<()>().await;
    Ok(())
}

fn read_options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--port" => options.port = number(&value()?)?,
            "--tls" => options.tls = true,
            "--certificate" => options.certificate = Some(value()?.into()),
            "--latency" => options.latency = Duration::from_millis(number(&value()?)?),
            "--lag" => options.lag = Duration::from_millis(number(&value()?)?),
            "--change-lag" => options.change_lag = Duration::from_millis(number(&value()?)?),
            "--stale-reads" => options.stale_reads = Duration::from_millis(number(&value()?)?),
            "--hard-delete-protection" => options.hard_delete_protection = true,
            "--app-management-policy" => options.app_management_policy = Some(value()?.into()),
            "--client-certificate" => options.client_certificates.push(value()?.into()),
            "--federated-credential" => options.federated_credentials.push([value()?, value()?, value()?, value()?]),
            "--policy" => restrict(options.policy.get_or_insert_default(), &value()?)?,
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number that can be used here"))
}

fn restrict(policy: &mut AppManagementPolicy, restriction: &str) -> Result<(), String> {
    match restriction {
        "no-secrets" => policy.secrets_forbidden = true,
        "short-secrets" => policy.longest_secret = Some(time::Duration::days(180)),
        "uris-need-an-owner" => policy.uris_need_an_owner = true,
        "default-uris-only" => policy.only_default_uris = true,
        "none" => *policy = AppManagementPolicy::default(),
        other => return Err(format!("{other} is not a policy")),
    }
    Ok(())
}
