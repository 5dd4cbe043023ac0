//! The program as a pipeline starts it: signed in without a secret, against a served emulator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cmg_onboarding_emulator::{AutomationClient, EmulatedTenant, EmulatorServer};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

/// A folder of this test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmg-onboard-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Stage {
    tenant: EmulatedTenant,
    server: EmulatorServer,
    certificate: String,
    key: String,
}

async fn stage() -> Stage {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec!["pipeline.contoso.com".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&pair).unwrap();
    let client = AutomationClient::default().with_certificate(certificate.der().to_vec());
    let tenant = EmulatedTenant::builder().automation_client(client).build();
    Stage {
        server: EmulatorServer::builder(tenant.clone()).start().await.unwrap(),
        tenant,
        certificate: certificate.pem(),
        key: pair.serialize_pem(),
    }
}

impl Stage {
    /// Runs the program beside the server, signed in this way.
    async fn run(&self, way: &[&str], variables: &[(&str, &str)]) -> Output {
        let endpoints = self.server.endpoints();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmg-onboard"));
        for variable in ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"] {
            command.env_remove(variable);
        }
        command
            .args([
                "plan",
                "--register-only",
                "--spec",
                concat!(env!("CARGO_MANIFEST_DIR"), "/src/example.json"),
            ])
            .args(["--graph", endpoints.graph().as_str(), "--authority", endpoints.authority().as_str()])
            .args(way)
            .envs(variables.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    fn ids(&self) -> (String, String) {
        (
            self.tenant.tenant_id().to_string(),
            self.tenant.automation_client().id().to_string(),
        )
    }
}

/// What the program has said, on both of its outputs.
fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_one_file_or_two_signs_the_pipeline_in() {
    let stage = stage().await;
    let folder = Folder::new("certificate");
    let both = folder.write("both.pem", &format!("{}{}", stage.key, stage.certificate));
    let (certificate, key) = (folder.write("cert.pem", &stage.certificate), folder.write("key.pem", &stage.key));
    let (tenant, client) = stage.ids();
    let common = ["--sign-in", "certificate", "--tenant", &tenant, "--client-id", &client];
    let in_one = [&common[..], &["--certificate", text(&both)]].concat();
    let in_two = [&common[..], &["--certificate", text(&certificate), "--private-key", text(&key)]].concat();
    for way in [in_one, in_two] {
        let output = stage.run(&way, &[]).await;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("Register the web (server) app"));
        assert!(!said(&output).contains("PRIVATE"));
    }
    // What cannot sign in is bad input, told by its reason.
    let without_key = [&common[..], &["--certificate", text(&certificate)]].concat();
    let output = stage.run(&without_key, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no private key"), "{}", said(&output));
    let output = stage.run(&common, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--certificate"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_identity_is_taken_from_what_the_platform_sets() {
    let stage = stage().await;
    let folder = Folder::new("workload");
    let (tenant, client) = stage.ids();
    // The token of a provider that the application does not trust: it is sent, and refused by name.
    let token = folder.write("token", "e30.eyJpc3MiOiJodHRwczovL3Rva2VuLmV4YW1wbGUifQ.c2lnbmF0dXJl\n");
    let variables = [
        ("AZURE_FEDERATED_TOKEN_FILE", text(&token)),
        ("AZURE_CLIENT_ID", &client),
        ("AZURE_TENANT_ID", &tenant),
    ];
    let output = stage.run(&["--sign-in", "workload-identity"], &variables).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("AADSTS700211"), "{}", said(&output));
    assert!(!said(&output).contains("eyJpc3Mi"), "the token is not shown");
    for missing in 0..variables.len() {
        let some: Vec<_> = variables
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != missing)
            .map(|(_, one)| *one)
            .collect();
        let output = stage.run(&["--sign-in", "workload-identity"], &some).await;
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(variables[missing].0), "{}", said(&output));
    }
}
