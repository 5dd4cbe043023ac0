//! The configuration that file and flags make together: a flag counts for the first tenant, and above the file.

use std::{io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use cmg_onboarding_emulator::EmulatorConfiguration;
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::arguments::Options;

pub(crate) fn of(options: &Options) -> io::Result<EmulatorConfiguration> {
    let text = match &options.config {
        Some(file) => read(file)?,
        None => b"{}".to_vec(),
    };
    // The file as it is, so that what is wrong with it is told by its line.
    let as_it_is = EmulatorConfiguration::from_json(&text).map_err(io::Error::other)?;
    let first = from_flags(options)?;
    let changes_the_first = first.as_object().is_some_and(|first| !first.is_empty());
    if options.preset.is_none() && options.latency.is_none() && !changes_the_first {
        return Ok(as_it_is);
    }
    drop(as_it_is);
    let mut whole: Value = serde_json::from_slice(&text).map_err(io::Error::other)?;
    if let Some(preset) = &options.preset {
        whole["preset"] = json!(preset);
    }
    if let Some(latency) = options.latency {
        whole["latencyMilliseconds"] = json!(latency);
    }
    if changes_the_first {
        lay_upon_the_first_tenant(&mut whole, first);
    }
    EmulatorConfiguration::from_json(&serde_json::to_vec(&whole).map_err(io::Error::other)?).map_err(io::Error::other)
}

fn from_flags(options: &Options) -> io::Result<Value> {
    let mut tenant = json!({});
    for (name, value) in [
        ("createMilliseconds", options.lag),
        ("changeMilliseconds", options.change_lag),
        ("staleReadsMilliseconds", options.stale_reads),
    ] {
        if let Some(value) = value {
            tenant["lag"][name] = json!(value);
        }
    }
    if options.hard_delete_protection {
        tenant["hardDeleteProtection"] = json!(true);
    }
    if let Some(file) = &options.app_management_policy {
        let policy: Value = serde_json::from_slice(&read(file)?).map_err(io::Error::other)?;
        tenant["policies"]["appManagement"] = policy;
    }
    if !options.restrictions.is_empty() {
        tenant["restrictions"] = json!(options.restrictions);
    }
    let mut certificates = Vec::new();
    for file in &options.client_certificates {
        let certificate = CertificateDer::from_pem_file(file).map_err(io::Error::other)?;
        certificates.push(STANDARD.encode(&certificate));
    }
    if !certificates.is_empty() {
        tenant["automationClient"]["certificates"] = json!(certificates);
    }
    let (mut credentials, mut issuers) = (Vec::new(), Vec::new());
    for [issuer, subject, audience, keys] in &options.federated_credentials {
        let keys: Value = serde_json::from_slice(&read(Path::new(keys))?).map_err(io::Error::other)?;
        credentials.push(json!({"issuer": issuer, "subject": subject, "audience": audience}));
        issuers.push(json!({"issuer": issuer, "keys": keys}));
    }
    if !credentials.is_empty() {
        tenant["automationClient"]["federatedCredentials"] = json!(credentials);
        tenant["trustedIssuers"] = json!(issuers);
    }
    Ok(tenant)
}

fn lay_upon_the_first_tenant(whole: &mut Value, flags: Value) {
    if whole["tenants"].as_array().is_none_or(Vec::is_empty) {
        whole["tenants"] = json!([{}]);
    }
    lay_upon(&mut whole["tenants"][0], flags);
}

fn lay_upon(below: &mut Value, above: Value) {
    match above {
        Value::Object(above) if below.is_object() => {
            for (name, value) in above {
                lay_upon(&mut below[name], value);
            }
        }
        above => *below = above,
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}
