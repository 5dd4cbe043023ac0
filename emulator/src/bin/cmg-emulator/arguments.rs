//! The words of the command line.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    str::FromStr,
};

pub(crate) const HELP: &str = "\
A Microsoft Entra tenant in memory, as Microsoft Graph and its sign-in service, with a Configuration Manager site.

Usage: cmg-emulator [OPTIONS]

What it serves:
  --config FILE                A configuration, as JSON; its schema is emulator/src/configuration/schema.json
  --preset NAME                empty, onboarded, made-by-console, imported, expiring, expired, drifted, hardened or half-done
  --latency MILLISECONDS       How long every answer takes
  --lag MILLISECONDS           How long new objects cannot be seen
  --change-lag MILLISECONDS    How long changes and deletions cannot be seen
  --stale-reads MILLISECONDS   How long a reader repeats old answers
  --hard-delete-protection     Refuse permanent deletion for seven days
  --app-management-policy FILE The app management policy, as Microsoft Graph has it
  --policy RULE                no-secrets, short-secrets, uris-need-an-owner, default-uris-only or none; may be repeated
  --client-certificate FILE    A certificate (PEM) that the automation client signs in with; may be repeated
  --federated-credential ISSUER SUBJECT AUDIENCE KEYS
                               Tokens that the automation client signs in with; KEYS is a file; may be repeated

Where and how:
  --host ADDRESS               Where to listen [default: 127.0.0.1]
  --port PORT                  [default: one that the system chooses]
  --name NAME                  Another name that clients reach it by, for certificate and admin API; may be repeated
  --tls                        HTTPS, with a certificate made when it starts
  --certificate FILE           Where to write the certificate that clients have to trust
  --certificate-authority FILE HTTPS, with a certificate of the authority in FILE, which is made if it is missing
  --tls-certificate FILE       HTTPS, with this certificate's chain (PEM); needs --tls-key
  --tls-key FILE               Its private key (PEM)

What it says:
  --print-env                  What clients need, as one line of JSON, once it can be asked
  --quiet                      No line on standard error for each request
  --help                       This text
  --version                    The version
";

/// What the command line asks for.
pub(crate) enum Command {
    Help,
    Version,
    Serve(Box<Options>),
}

pub(crate) struct Options {
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    pub(crate) names: Vec<String>,
    pub(crate) tls: bool,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) certificate_authority: Option<PathBuf>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) preset: Option<String>,
    pub(crate) prints_environment: bool,
    pub(crate) quiet: bool,
    pub(crate) latency: Option<u64>,
    pub(crate) lag: Option<u64>,
    pub(crate) change_lag: Option<u64>,
    pub(crate) stale_reads: Option<u64>,
    pub(crate) hard_delete_protection: bool,
    pub(crate) app_management_policy: Option<PathBuf>,
    pub(crate) client_certificates: Vec<PathBuf>,
    /// Issuer, subject, audience, and the file with the issuer's keys.
    pub(crate) federated_credentials: Vec<[String; 4]>,
    pub(crate) restrictions: Vec<String>,
}

impl Options {
    fn new() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            names: Vec::new(),
            tls: false,
            certificate: None,
            certificate_authority: None,
            tls_certificate: None,
            tls_key: None,
            config: None,
            preset: None,
            prints_environment: false,
            quiet: false,
            latency: None,
            lag: None,
            change_lag: None,
            stale_reads: None,
            hard_delete_protection: false,
            app_management_policy: None,
            client_certificates: Vec::new(),
            federated_credentials: Vec::new(),
            restrictions: Vec::new(),
        }
    }

    /// The files of a certificate that was given.
    pub(crate) fn given_certificate(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_deref())
    }
}

pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut options = Options::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => return Ok(Command::Version),
            "--host" => options.host = parsed(&value()?)?,
            "--port" => options.port = parsed(&value()?)?,
            "--name" => options.names.push(value()?),
            "--tls" => options.tls = true,
            "--certificate" => options.certificate = Some(value()?.into()),
            "--certificate-authority" => options.certificate_authority = Some(value()?.into()),
            "--tls-certificate" => options.tls_certificate = Some(value()?.into()),
            "--tls-key" => options.tls_key = Some(value()?.into()),
            "--config" => options.config = Some(value()?.into()),
            "--preset" => options.preset = Some(value()?),
            "--print-env" => options.prints_environment = true,
            "--quiet" => options.quiet = true,
            "--latency" => options.latency = Some(parsed(&value()?)?),
            "--lag" => options.lag = Some(parsed(&value()?)?),
            "--change-lag" => options.change_lag = Some(parsed(&value()?)?),
            "--stale-reads" => options.stale_reads = Some(parsed(&value()?)?),
            "--hard-delete-protection" => options.hard_delete_protection = true,
            "--app-management-policy" => options.app_management_policy = Some(value()?.into()),
            "--client-certificate" => options.client_certificates.push(value()?.into()),
            "--federated-credential" => options.federated_credentials.push([value()?, value()?, value()?, value()?]),
            "--policy" => options.restrictions.push(value()?),
            other => return Err(format!("{other} is not known")),
        }
    }
    if options.tls_certificate.is_some() != options.tls_key.is_some() {
        return Err("--tls-certificate and --tls-key go together".to_owned());
    }
    if options.config.is_some() && options.preset.is_some() {
        return Err("--preset stands in the configuration if there is one, as \"preset\"".to_owned());
    }
    Ok(Command::Serve(Box::new(options)))
}

fn parsed<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a value that can be used here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> impl Iterator<Item = String> {
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_help_names_every_flag_that_is_read() {
        let source = include_str!("arguments.rs");
        let flags = source.lines().filter_map(|line| line.trim().strip_prefix("\"--"));
        let flags: Vec<&str> = flags.filter_map(|rest| rest.split('"').next()).collect();
        assert!(flags.len() >= 23, "{flags:?}");
        for flag in flags {
            assert!(HELP.contains(&format!("--{flag}")), "{flag}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for wrong in ["--tls-key x", "--config x --preset empty", "--port 99999", "--port", "--colour red"] {
            assert!(read(words(wrong)).is_err(), "{wrong}");
        }
        assert!(matches!(read(words("--port 1 --help")), Ok(Command::Help)));
        assert!(matches!(read(words("--host 127.0.0.1 --print-env")), Ok(Command::Serve(_))));
    }
}
