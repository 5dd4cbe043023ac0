#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]

use std::fs;

use clap::Parser;
use cmg_onboarding::{
    AzureServicesConnection,
    hand_over::{RecipientKey, SealedHandOver},
    spec::ServerApp,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, Fault};

use super::*;
use crate::{
    arguments::{Arguments, Command},
    run,
    sealed_file::Left,
    specification::example,
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/hand_over/test-data");
const OUTPUT: Output = Output { json: true };

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn data(name: &str) -> String {
    format!("{DATA}/{name}")
}

fn arguments(flags: &[&str]) -> Arguments {
    Arguments::try_parse_from(["cmg-onboard", "--json"].iter().chain(flags)).unwrap()
}

fn told(ending: Ending) -> String {
    match ending {
        Ending::BadInput(message) | Ending::Refused(message) | Ending::Failed(message) => message,
        Ending::Onboarding(error) => cmg_onboarding::error::chain(&error),
    }
}

async fn program(flags: &[&str]) -> Result<u8, String> {
    run(&arguments(flags), OUTPUT).await.map_err(told)
}

/// Hands over what is registered in this tenant.
async fn hand_over(tenant: &EmulatedTenant, flags: &[&str]) -> Result<(), Ending> {
    let arguments = arguments(&[&["hand-over", "--emulated"], flags].concat());
    let Some(Command::HandOver(command)) = &arguments.command else {
        panic!("another command");
    };
    let spec = example()?;
    let target = command.target.prepare(&spec)?;
    let builder = AzureServicesConnection::builder(spec).directory(tenant.directory());
    let builder = builder.reissue_secret(flags.contains(&"--reissue-secret"));
    Box::pin(command.register(builder, &target, OUTPUT)).await
}

/// What the recipient finds in the file.
fn opened(file: &str) -> ConnectionSpec {
    let sealed = SealedHandOver::from_text(&fs::read_to_string(file).unwrap()).unwrap();
    let key = RecipientKey::from_pem(&fs::read(data("key.pem")).unwrap()).unwrap();
    sealed.open(&key, SystemClock.now()).unwrap().into_spec()
}

/// That the file opens, imports, and holds a secret that signs in.
async fn assert_good(tenant: &EmulatedTenant, file: &str) {
    let spec = opened(file);
    let ServerApp::Import(app) = spec.server_app() else {
        panic!("nothing to import");
    };
    assert!(tenant.secret_is_live(app.client_id(), app.secret_key().expose()));
    let importing = AzureServicesConnection::builder(spec).site(EmulatedSite::new());
    importing.build().unwrap().onboard(|_| ()).await.unwrap();
}

#[tokio::test]
async fn one_run_seals_and_another_one_imports_after_the_fingerprint_was_compared() {
    let folder = Folder::new("sealed");
    // Its folder is made.
    let file = folder.file("below/hand-over.cms");
    let (certificate, key) = (data("certificate.pem"), data("key.pem"));
    program(&["hand-over", "--emulated", "--file", &file, "--recipient", &certificate])
        .await
        .unwrap();

    let sealed = SealedHandOver::from_text(&fs::read_to_string(&file).unwrap()).unwrap();
    let fingerprint = sealed.fingerprint().to_string();
    let import = ["import-handover", "--emulated", "--file", &file, "--key", &key];
    program(&[&import[..], &["--fingerprint", &fingerprint]].concat()).await.unwrap();
    program(&[&import[..], &["--yes"]].concat()).await.unwrap();
    program(&[&import[..], &["--plan-only"]].concat()).await.unwrap();
    let other = program(&[&import[..], &["--fingerprint", "0000 1111"]].concat()).await.unwrap_err();
    assert!(other.contains("Nothing was imported"), "{other}");
    let siteless = program(&["import-handover", "--file", &file, "--key", &key, "--yes"])
        .await
        .unwrap_err();
    assert!(siteless.contains("name it by --site"), "{siteless}");
    let unasked = program(&import).await.unwrap_err();
    assert!(unasked.contains("--fingerprint"), "{unasked}");
}

#[tokio::test]
async fn what_could_keep_the_file_from_being_written_is_told_before_the_first_request() {
    let folder = Folder::new("refused");
    let (certificate, web) = (data("certificate.pem"), data("certificate-web.pem"));
    let (file, new) = (folder.file("a file"), folder.file("new"));
    fs::write(&file, "what another program has written").unwrap();
    let below = folder.file("a file/hand-over.cms");
    // No tenant is named, so that only a check before the first request can be the one that refuses.
    for (target, recipient, reason) in [
        (&below, &certificate, "cannot be written to"),
        (&new, &web, "DocumentEncryptionCert"),
        (&new, &"/no such file".to_owned(), "cannot be read"),
        (&"/".to_owned(), &certificate, "cannot be written to"),
        (&file, &certificate, "it is not a sealed hand-over of this program"),
    ] {
        let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/src/example.json");
        let flags = ["hand-over", "--spec", spec, "--file", target, "--recipient", recipient];
        let refused = program(&flags).await.unwrap_err();
        assert!(refused.contains(reason), "{flags:?}: {refused}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "what another program has written");
    program(&["hand-over", "--emulated", "--file", &file, "--recipient", &certificate, "--replace"])
        .await
        .unwrap();
    assert!(fs::read_to_string(&file).unwrap().contains("BEGIN CMS"));
}

#[tokio::test]
async fn a_second_run_leaves_the_sealed_file_of_the_first_alone() {
    let folder = Folder::new("again");
    let (file, certificate) = (folder.file("hand-over.cms"), data("certificate.cer"));
    let flags = ["--file", &file, "--recipient", &certificate];
    let tenant = EmulatedTenant::new();
    hand_over(&tenant, &flags).await.unwrap();
    let first = fs::read_to_string(&file).unwrap();
    hand_over(&tenant, &flags).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), first);

    // Another secret is issued on request only, and the file is then of that one.
    hand_over(&tenant, &[&flags[..], &["--reissue-secret"]].concat()).await.unwrap();
    assert_ne!(fs::read_to_string(&file).unwrap(), first);
    assert_good(&tenant, &file).await;

    fs::remove_file(&file).unwrap();
    let message = told(hand_over(&tenant, &flags).await.unwrap_err());
    assert!(message.contains("--reissue-secret"), "{message}");
}

#[tokio::test]
async fn the_hand_over_of_another_app_is_not_written_over_unless_that_is_asked_for() {
    let folder = Folder::new("another");
    let (file, certificate) = (folder.file("hand-over.cms"), data("certificate.pem"));
    let flags = ["--file", &file, "--recipient", &certificate];
    let (tenant, other) = (EmulatedTenant::new(), EmulatedTenant::new());
    hand_over(&tenant, &flags).await.unwrap();
    let first = fs::read_to_string(&file).unwrap();
    let refused = hand_over(&other, &flags).await.unwrap_err();
    assert!(
        matches!(&refused, Ending::Refused(message) if message.contains("another app")),
        "{refused:?}"
    );
    assert!(
        other.requests().iter().all(|request| request.method == "GET"),
        "nothing was written"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    hand_over(&other, &[&flags[..], &["--replace"]].concat()).await.unwrap();
    assert_good(&other, &file).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_once_both_apps_are_registered_leaves_a_file_that_opens_and_imports() {
    let folder = Folder::new("failed");
    let (file, certificate) = (folder.file("hand-over.cms"), data("certificate.pem"));
    let flags = ["--file", &file, "--recipient", &certificate];
    let tenant = EmulatedTenant::new();
    for _ in 0..50 {
        tenant.fail_on("POST /oauth2PermissionGrants", Fault::ServiceUnavailable);
    }
    let failed = hand_over(&tenant, &flags).await.unwrap_err();
    assert!(matches!(failed, Ending::Onboarding(OnboardingError::Apply(_))), "{failed:?}");
    let first = fs::read_to_string(&file).unwrap();
    assert_good(&tenant, &file).await;
    assert!(!first.contains("secretKey"));

    // Once that has passed, the same command goes on from there, with the same secret.
    let mut runs = 0;
    while hand_over(&tenant, &flags).await.is_err() {
        runs += 1;
        assert!(runs < 50, "the trouble passes");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    assert_good(&tenant, &file).await;
}

#[tokio::test]
async fn a_file_that_can_no_longer_be_written_stops_the_run_or_fails_it_and_says_that_the_secret_is_lost() {
    let folder = Folder::new("gone");
    let (file, certificate) = (folder.file("below/hand-over.cms"), data("certificate.pem"));
    let flags = ["hand-over", "--emulated", "--file", &file, "--recipient", &certificate];
    let arguments = arguments(&flags);
    let Some(Command::HandOver(command)) = &arguments.command else {
        panic!("another command");
    };
    let tenant = EmulatedTenant::new();
    let spec = example().unwrap();
    let target = command.target.prepare(&spec).unwrap();
    fs::remove_dir_all(folder.0.join("below")).unwrap();
    let builder = AzureServicesConnection::builder(spec).directory(tenant.directory());
    let failed = Box::pin(command.register(builder, &target, OUTPUT)).await.unwrap_err();
    match failed {
        Ending::Failed(message) => assert!(message.contains("is lost") && message.contains("--reissue-secret"), "{message}"),
        Ending::Onboarding(OnboardingError::Apply(error)) => assert!(error.secret().is_some()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_whose_secret_went_again_with_its_app_is_void_and_one_whose_secret_stays_is_good() {
    let folder = Folder::new("void");
    let (file, certificate) = (folder.file("hand-over.cms"), data("certificate.pem"));
    let recipient = Recipient::from_certificate(&fs::read(certificate).unwrap(), SystemClock.now()).unwrap();
    let sealed = SealedFile::prepare(Path::new(&file), recipient, 14, false).unwrap();
    let (spec, tenant) = (example().unwrap(), EmulatedTenant::new());
    let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
    let plan = job.secret_sink(sealed.clone()).build().unwrap().plan(|_| ()).await.unwrap();
    sealed.expect(&spec, &plan).unwrap();
    assert!(matches!(sealed.left(None), Left::Nothing));
    assert!(matches!(sealed.left(Some("an id".to_owned())), Left::Lost(_)));
    let outcome = plan.apply(|event| sealed.observe(event)).await.unwrap();
    let secret = outcome.secret.unwrap().key_id.to_string();
    assert!(matches!(sealed.left(Some(secret)), Left::Good(_)));
    assert!(
        matches!(sealed.left(None), Left::Void(_)),
        "a run that failed tells of no secret that it removed again"
    );
}
