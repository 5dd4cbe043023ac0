//! The sealed hand-over: written after registering, opened before importing.

use std::{
    fs,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use cmg_onboarding::{
    ConnectionSpec, Diagnostic, Outcome,
    clock::{Clock, SystemClock},
    hand_over::{HandOver, HandOverError, Recipient, RecipientKey, SealedHandOver},
    site::power_shell::ConsoleScript,
    spec::{ClientApp, ServerApp},
};
use serde_json::json;
use time::Duration;

use crate::{
    bad_input::BadInput,
    output::Output,
    site::{SiteChoice, make_writable, provisional},
};

/// The flags for a sealed hand-over.
#[derive(Debug, Default, Args)]
pub(crate) struct HandOverArguments {
    /// Register without a site, and write all that the import needs, the secret included, into this file, sealed to
    /// the certificate of --recipient.
    #[arg(long, value_name = "FILE", requires = "recipient", conflicts_with_all = ["site", "script_out", "remove"])]
    hand_over: Option<PathBuf>,
    /// With --hand-over: the certificate of who imports, in PEM or as Export-Certificate writes it. A line of PowerShell
    /// that makes one is in the help of a certificate that is refused.
    #[arg(long, value_name = "FILE", requires = "hand_over")]
    recipient: Option<PathBuf>,
    /// With --hand-over: for how many days the file can be used. Default: 14.
    #[arg(long, value_name = "DAYS", requires = "hand_over", value_parser = clap::value_parser!(u8).range(1..=90))]
    hand_over_days: Option<u8>,
    /// Import what a sealed hand-over says: open it, show it, ask, and import it into --site.
    #[arg(long, value_name = "FILE", requires_all = ["recipient_key", "site"], conflicts_with_all = ["spec", "remove", "hand_over"])]
    import_hand_over: Option<PathBuf>,
    /// With --import-hand-over: the private key, in PEM without a password; the certificate may stand in the same file.
    #[arg(long, value_name = "FILE", requires = "import_hand_over")]
    recipient_key: Option<PathBuf>,
    /// With --import-hand-over: the fingerprint that the sender has read out, instead of a question.
    #[arg(long, value_name = "TEXT", requires = "import_hand_over")]
    fingerprint: Option<String>,
    /// With --import-hand-over: import without a question and without a fingerprint to compare.
    #[arg(long, requires = "import_hand_over", conflicts_with = "fingerprint")]
    yes: bool,
}

/// Where the sealed file goes, with everything checked that could keep it from being written.
pub(crate) struct Prepared<'a> {
    file: &'a Path,
    recipient: Recipient,
    days: u8,
}

impl HandOverArguments {
    /// Whether the apps are registered for another administrator.
    pub(crate) const fn is_written(&self) -> bool {
        self.hand_over.is_some()
    }

    /// Whether a sealed file is imported.
    pub(crate) const fn is_imported(&self) -> bool {
        self.import_hand_over.is_some()
    }

    /// Checks all that could keep the file from being written, and makes its folder: once the secret is issued, a file
    /// that cannot be written would lose it.
    pub(crate) fn prepare(&self, spec: &ConnectionSpec) -> Result<Option<Prepared<'_>>, BadInput> {
        let (Some(file), Some(certificate)) = (&self.hand_over, &self.recipient) else {
            return Ok(None);
        };
        let registers = matches!(spec.server_app(), ServerApp::Create(_) | ServerApp::Adopt(_))
            && matches!(spec.client_app(), ClientApp::Create(_) | ClientApp::Adopt(_));
        if !registers {
            return Err(BadInput(
                "--hand-over is for apps that this run registers or adopts; this specification imports or reuses one.".to_owned(),
            ));
        }
        let recipient = Recipient::from_certificate(&read(certificate)?, SystemClock.now()).map_err(bad)?;
        // The script reads the names, too, and would take some texts for dates. The site does not matter here.
        ConsoleScript::new("AAA", "localhost", &provisional(spec)?).map_err(|error| BadInput(format!("{error}. {}", error.help())))?;
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| BadInput(format!("{} is not the name of a file.", file.display())))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        make_writable(folder.unwrap_or_else(|| Path::new(".")), &[name]).map_err(|error| cannot_write(file, &error))?;
        Ok(Some(Prepared {
            file,
            recipient,
            days: self.hand_over_days.unwrap_or(14),
        }))
    }

    /// Opens the file, shows it, and asks if anything is to be imported; the specification that imports it.
    pub(crate) fn open(&self, output: Output, site: Option<SiteChoice>, is_only_planned: bool) -> Result<Option<ConnectionSpec>, BadInput> {
        let (Some(file), Some(key)) = (&self.import_hand_over, &self.recipient_key) else {
            return Ok(None);
        };
        if site == Some(SiteChoice::None) {
            return Err(BadInput("--import-hand-over imports into a site: name it by --site.".to_owned()));
        }
        let text = String::from_utf8_lossy(&read(file)?).into_owned();
        let sealed = SealedHandOver::from_text(&text).map_err(bad)?;
        let key = RecipientKey::from_pem(&read(key)?).map_err(bad)?;
        let opened = sealed.open(&key, SystemClock.now()).map_err(bad)?;
        output.page("Hand-over", "handOver", &opened, &opened.to_string());
        if let Some(typed) = &self.fingerprint {
            if !sealed.fingerprint().is_typed_as(typed) {
                return Err(BadInput(format!(
                    "The fingerprint of this file is {}, not {typed}: it is not the file that the sender has sealed. Nothing was imported.",
                    sealed.fingerprint()
                )));
            }
        } else if !self.yes && !is_only_planned {
            ask(output)?;
        }
        Ok(Some(opened.into_spec()))
    }
}

impl Prepared<'_> {
    /// Seals what was registered, writes it, and tells what to do with it.
    pub(crate) fn write(&self, spec: &ConnectionSpec, outcome: &Outcome, output: Output) -> Result<(), BadInput> {
        let hand_over = match HandOver::new(spec, outcome) {
            Ok(hand_over) => hand_over,
            Err(HandOverError::Nothing) if outcome.secret.is_none() => return self.leave(output),
            Err(error) => return Err(lost(bad(error))),
        };
        let expires_on = SystemClock.now() + Duration::days(self.days.into());
        let sealed = hand_over.seal(&self.recipient, expires_on).map_err(|error| lost(bad(error)))?;
        fs::write(self.file, sealed.text()).map_err(|error| lost(cannot_write(self.file, &error)))?;
        let (file, fingerprint, recipient) = (self.file.display(), sealed.fingerprint(), &self.recipient);
        let told = json!({
            "file": file.to_string(),
            "fingerprint": fingerprint,
            "recipient": recipient.subject(),
            "thumbprint": recipient.thumbprint(),
        });
        let text = format!(
            "Written: {file}, which can be used for {} days.\n\
             Sealed to: {} (thumbprint {}). Compare the thumbprint with the recipient: who has that key can read the secret.\n\
             Fingerprint: {fingerprint}\n\
             Send the file, and read the fingerprint out by telephone: the file does not say who wrote it.\n\
             The recipient imports it by the script that --script-out writes (-HandOverFile FILE -SiteCode ABC -Provider HOST), if \
             the private key is in the certificate store, or with: cmg-onboard --import-hand-over FILE --recipient-key KEY.pem \
             --site power-shell --site-code ABC --provider HOST",
            self.days,
            recipient.subject(),
            recipient.thumbprint(),
        );
        output.page("Hand-over", "sealed", &told, &text);
        Ok(())
    }

    /// A file of an earlier run is good as long as its secret is; nothing is written over it.
    fn leave(&self, output: Output) -> Result<(), BadInput> {
        let text = format!(
            "This run made no secret, so there is nothing new to hand over. To replace the secret and write {} anew, add --reissue-secret.",
            self.file.display()
        );
        if !self.file.exists() {
            return Err(BadInput(text));
        }
        output.next(&format!(
            "Not written, and the file that is there is left as it is: it may be past its end, or hold another secret. {text}"
        ));
        Ok(())
    }
}

/// What a run that could not be handed over leaves.
pub(crate) const LOST: &str = "The secret of this run is lost; add --reissue-secret to the next one.";

fn lost(BadInput(message): BadInput) -> BadInput {
    BadInput(format!("{}. {LOST}", message.trim_end_matches('.')))
}

/// Sealing says who can read a file, not who wrote it, so a person has to say.
fn ask(output: Output) -> Result<(), BadInput> {
    if output.json {
        return Err(BadInput(
            "With --json this program asks no questions: give --fingerprint, or --yes.".to_owned(),
        ));
    }
    print!("\nDoes the sender read out the same fingerprint, and are tenant and apps the right ones? Type yes to import: ");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(BadInput("Nothing was imported.".to_owned()))
}

fn read(file: &Path) -> Result<Vec<u8>, BadInput> {
    fs::read(file).map_err(|error| BadInput(format!("{} cannot be read: {error}", file.display())))
}

fn cannot_write(file: &Path, error: &io::Error) -> BadInput {
    BadInput(format!("{} cannot be written to: {error}", file.display()))
}

fn bad(error: HandOverError) -> BadInput {
    BadInput(format!("{error}. {}", error.help()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]
mod tests {
    use clap::Parser;
    use cmg_onboarding::AzureServicesConnection;
    use cmg_onboarding_emulator::EmulatedTenant;

    use super::*;
    use crate::{Ending, arguments::Arguments, run};

    const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/hand_over/test-data");

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn data(name: &str) -> String {
        format!("{DATA}/{name}")
    }

    async fn program(flags: &[&str]) -> Result<(), String> {
        let arguments = Arguments::try_parse_from(["cmg-onboard", "--json"].iter().chain(flags)).map_err(|error| error.to_string())?;
        run(&arguments, Output { json: true }).await.map_err(|ending| match ending {
            Ending::BadInput(message) | Ending::Failed(message) => message,
            Ending::Onboarding(error) => cmg_onboarding::error::chain(&error),
        })
    }

    #[tokio::test]
    async fn one_run_seals_and_another_one_imports_after_the_fingerprint_was_compared() {
        let folder = folder("sealed");
        // Its folder is made.
        let file = folder.join("below").join("hand-over.cms");
        let file = file.to_str().unwrap();
        let (certificate, key) = (data("certificate.pem"), data("key.pem"));
        program(&["--hand-over", file, "--recipient", &certificate]).await.unwrap();

        let sealed = SealedHandOver::from_text(&fs::read_to_string(file).unwrap()).unwrap();
        let fingerprint = sealed.fingerprint().to_string();
        let import = ["--import-hand-over", file, "--recipient-key", &key, "--site", "emulated"];
        program(&[&import[..], &["--fingerprint", &fingerprint]].concat()).await.unwrap();
        program(&[&import[..], &["--yes"]].concat()).await.unwrap();
        program(&[&import[..], &["--plan"]].concat()).await.unwrap();
        let other = program(&[&import[..], &["--fingerprint", "0000 1111"]].concat()).await.unwrap_err();
        assert!(other.contains("Nothing was imported"), "{other}");
        let siteless = ["--import-hand-over", file, "--recipient-key", &key, "--site", "none", "--yes"];
        let siteless = program(&siteless).await.unwrap_err();
        assert!(siteless.contains("name it by --site"), "{siteless}");
        let unasked = program(&import).await.unwrap_err();
        assert!(unasked.contains("--fingerprint"), "{unasked}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn what_could_keep_the_file_from_being_written_is_told_before_the_first_request() {
        let folder = folder("refused");
        fs::create_dir_all(&folder).unwrap();
        let (certificate, web) = (data("certificate.pem"), data("certificate-web.pem"));
        let file = folder.join("a file");
        fs::write(&file, "").unwrap();
        let below = file.join("hand-over.cms");
        let (file, below) = (file.to_str().unwrap(), below.to_str().unwrap());
        // With --plan nothing is ever written, so that only a check before the first request can refuse.
        for (flags, reason) in [
            (["--hand-over", below, "--recipient", &certificate], "cannot be written to"),
            (["--hand-over", file, "--recipient", &web], "DocumentEncryptionCert"),
            (["--hand-over", file, "--recipient", "/no such file"], "cannot be read"),
            (["--hand-over", "/", "--recipient", &certificate], "not the name of a file"),
        ] {
            let refused = program(&[&flags[..], &["--plan"]].concat()).await.unwrap_err();
            assert!(refused.contains(reason), "{flags:?}: {refused}");
        }
        let alone = program(&["--hand-over", file]).await.unwrap_err();
        assert!(alone.contains("--recipient"), "{alone}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_second_run_leaves_the_sealed_file_of_the_first_alone() {
        let folder = folder("again");
        let file = folder.join("hand-over.cms");
        let arguments = HandOverArguments {
            hand_over: Some(file.clone()),
            recipient: Some(data("certificate.cer").into()),
            ..HandOverArguments::default()
        };
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let tenant = EmulatedTenant::new();
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(tenant.directory())
            .build()
            .unwrap();
        let prepared = arguments.prepare(&spec).unwrap().unwrap();
        let output = Output { json: true };
        prepared.write(&spec, &job.onboard(|_| ()).await.unwrap(), output).unwrap();
        let first = fs::read_to_string(&file).unwrap();
        let again = job.onboard(|_| ()).await.unwrap();
        prepared.write(&spec, &again, output).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), first);
        fs::remove_file(&file).unwrap();
        let BadInput(message) = prepared.write(&spec, &again, output).unwrap_err();
        assert!(message.contains("--reissue-secret"), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }
}
