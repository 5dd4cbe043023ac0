#![allow(clippy::unwrap_used, reason = "clippy knows only plain `cfg(test)` as tests")]

mod damage;

use std::{env, fs, process::Command};

use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use time::{Duration, macros::datetime};

use super::*;
use crate::{
    error::Diagnostic,
    secret::ClientSecret,
    site::{ClientAppImport, ServerAppImport, SiteOnboarding, power_shell::ConsoleScript},
    spec::{ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp, Schedule},
};

const CANARY: &str = "canary~Zürich-7Q";
const NOW: OffsetDateTime = datetime!(2027-01-15 12:00 UTC);
const END: OffsetDateTime = datetime!(2027-01-29 12:00 UTC);
const SECRET_END: OffsetDateTime = datetime!(2028-01-15 12:00 UTC);

const CERTIFICATE: &[u8] = include_bytes!("../test-data/certificate.pem");
const KEY: &[u8] = include_bytes!("../test-data/key.pem");
const OTHER: &[u8] = include_bytes!("../test-data/other.pem");

fn server_app() -> ImportedServerApp {
    let app = ImportedServerApp::builder()
        .tenant_name("contoso.onmicrosoft.com")
        .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
        .name("ConfigMgr Server Zürich 🔐")
        .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
        .secret_key(ClientSecret::new(CANARY))
        .secret_key_expiry(SECRET_END)
        .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService");
    app.build().unwrap()
}

fn hand_over_of(name: &str) -> HandOver {
    let client_app = ImportedClientApp::builder()
        .name("ConfigMgr Client")
        .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02");
    let discovery = DiscoverySpec::builder()
        .user_schedule("0001200000100038".parse().unwrap())
        .user_delta_minutes(5)
        .groups(["\"Süd\", \\ 日本"])
        .group_delta_minutes(60);
    let spec = ConnectionSpec::builder(name)
        .description("\u{fc}ber \"alles\" \u{1f510}")
        .server_app(server_app())
        .client_app(client_app)
        .discovery(discovery);
    HandOver::written_here(spec.build().unwrap())
}

fn hand_over() -> HandOver {
    hand_over_of("Zürich 日本")
}

fn recipient() -> Recipient {
    Recipient::from_certificate(CERTIFICATE, NOW).unwrap()
}

fn key() -> RecipientKey {
    RecipientKey::from_pem(KEY).unwrap()
}

fn sealed() -> SealedHandOver {
    hand_over().seal(&recipient(), END).unwrap()
}

fn json(hand_over: &HandOver) -> Value {
    serde_json::to_value(hand_over.spec()).unwrap()
}

fn secret(hand_over: &HandOver) -> String {
    hand_over.apps().unwrap().0.secret_key().expose().to_owned()
}

/// Seals any content, as a person with the certificate and other plans might.
fn seal(content: &[u8]) -> SealedHandOver {
    SealedHandOver::of(envelope::seal(Zeroizing::new(content.to_vec()), &recipient()).unwrap())
}

fn with_digest(json: &str) -> Vec<u8> {
    let digest = document::key_digest(json.as_bytes());
    format!("cmg-onboarding hand-over sha256 {digest}\n{json}").into_bytes()
}

fn content_of(sealed: &SealedHandOver) -> Vec<u8> {
    let envelope = Envelope::read(&sealed.message).unwrap();
    envelope.contents(&key()).next().unwrap().to_vec()
}

#[test]
fn a_specification_that_imports_both_apps_is_a_hand_over_and_any_other_one_is_none() {
    let made = HandOver::from_spec(hand_over().into_spec()).unwrap();
    assert_eq!(made.to_string(), hand_over().to_string());
    let creating = ConnectionSpec::builder("Contoso CMG")
        .server_app(crate::ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(crate::ClientAppSpec::builder("ConfigMgr Client"));
    assert_eq!(HandOver::from_spec(creating.build().unwrap()).unwrap_err(), HandOverError::Nothing);
}

#[test]
fn what_is_sealed_opens_as_it_was() {
    let sealed = sealed();
    let sent = sealed.text().replace('\n', "\r\n");
    let received = SealedHandOver::from_text(&format!("See below.\r\n\r\n{sent}")).unwrap();
    assert_eq!(received, sealed);
    let opened = received.open(&key(), NOW).unwrap();
    assert_eq!(json(&opened), json(&hand_over()));
    assert_eq!(secret(&opened), CANARY);
    assert_eq!(opened.fingerprint(), Some(sealed.fingerprint()));
}

#[test]
fn a_key_and_discovery_that_is_switched_off_arrive_too() {
    let discovery = DiscoverySpec::builder().users_off().groups(["A"]).remove_groups(["B"]);
    let spec = hand_over().spec.to_builder().key("the former name").discovery(discovery).build();
    let hand_over = HandOver::written_here(spec.unwrap());
    let opened = hand_over.seal(&recipient(), END).unwrap().open(&key(), NOW).unwrap();
    assert_eq!(json(&opened), json(&hand_over));
    let page = opened.to_string();
    for shown in [
        "Key:                the former name (a connection of this name gets the name above)",
        "User discovery:     switched off",
        "Group discovery:    enabled: A; taken out: B",
    ] {
        assert!(page.lines().any(|line| line == shown), "{shown} is not in\n{page}");
    }
    let spec = hand_over.spec.to_builder().discovery(DiscoverySpec::builder().groups_off()).build();
    let hand_over = HandOver::written_here(spec.unwrap());
    let opened = hand_over.seal(&recipient(), END).unwrap().open(&key(), NOW).unwrap();
    assert_eq!(json(&opened), json(&hand_over));
}

#[test]
fn the_page_has_everything_that_becomes_of_discovery() {
    let schedule = || "0001170000100038".parse::<Schedule>().unwrap();
    let words = schedule().in_words();
    let full = format!("full schedule 0001170000100038 ({words})");
    let builder = DiscoverySpec::builder;
    for (discovery, users, groups) in [
        (builder().users(), "enabled".to_owned(), "left as it is".to_owned()),
        (builder().groups_off(), "left as it is".to_owned(), "switched off".to_owned()),
        (
            builder().remove_groups(["A", "B"]),
            "left as it is".to_owned(),
            "left as it is; taken out: A, B".to_owned(),
        ),
        (
            builder()
                .user_schedule(schedule())
                .user_delta_minutes(5)
                .remove_groups(["B"])
                .groups(["A"])
                .group_delta_minutes(30),
            format!("enabled; {full}; changes every 5 minutes"),
            "enabled: A; taken out: B; changes every 30 minutes".to_owned(),
        ),
        (
            builder().groups(["A"]).group_schedule(schedule()),
            "left as it is".to_owned(),
            format!("enabled: A; {full}"),
        ),
    ] {
        let page = HandOver::written_here(hand_over().spec.to_builder().discovery(discovery).build().unwrap()).to_string();
        for line in [format!("User discovery:     {users}"), format!("Group discovery:    {groups}")] {
            assert!(page.lines().any(|shown| shown == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("Key:                "), "no key was given:\n{page}");
    }
}

#[test]
fn opening_shows_what_is_to_be_compared() {
    let sealed = sealed();
    let page = sealed.open(&key(), NOW).unwrap().to_string();
    for shown in [
        "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
        "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
        "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02",
        "CN=CMG hand-over test",
        "2027-01-29",
        &sealed.fingerprint().to_string(),
    ] {
        assert!(page.contains(shown), "{shown} is not in\n{page}");
    }
}

#[test]
fn every_sealing_differs() {
    let (one, other) = (sealed(), sealed());
    assert_ne!(one.fingerprint(), other.fingerprint());
    assert!(!one.fingerprint().is_typed_as(&other.fingerprint().to_string()));
}

#[test]
fn the_secret_is_in_no_text_but_the_sealed_one() {
    let sealed = sealed();
    let opened = sealed.open(&key(), NOW).unwrap();
    let error = seal(&with_digest(r#"{"handOver":1,"expiresOn":1,"secretKey":"canary~Z"}"#))
        .open(&key(), NOW)
        .unwrap_err();
    let texts = [
        format!("{:?} {} {}", hand_over(), hand_over(), serde_json::to_string(&hand_over()).unwrap()),
        format!("{opened:?} {opened} {}", serde_json::to_string(&opened).unwrap()),
        format!("{sealed:?} {}", sealed.text()),
        format!("{error:?} {error} {}", error.help()),
        format!("{:?}", key()),
    ];
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains("99,97,110,97,114,121"), "{text}");
    }
}

#[test]
fn the_script_finds_the_secret_and_what_is_wanted_as_in_a_request() {
    let hand_over = hand_over();
    let (server, client) = hand_over.apps().unwrap();
    let mut wanted = SiteOnboarding::new(
        server.tenant_id(),
        server.tenant_name(),
        hand_over.spec.environment(),
        ServerAppImport::Import {
            name: server.name().to_owned(),
            client_id: server.client_id(),
            secret_key: server.secret_key().clone(),
            secret_key_expiry: server.secret_key_expiry(),
            app_id_uri: server.app_id_uri().clone(),
        },
        ClientAppImport::Import {
            name: client.name().to_owned(),
            client_id: client.client_id(),
        },
        hand_over.spec.name(),
    );
    wanted.description = hand_over.spec.description().map(str::to_owned);
    wanted.discovery = hand_over.spec.discovery().cloned();
    let request = ConsoleScript::new("P01", "cm01.contoso.com", &wanted).unwrap();
    let request: Value = serde_json::from_str(request.request()).unwrap();

    let content = content_of(&sealed());
    assert!(content.is_ascii(), "the code page of no console can change it");
    let text = String::from_utf8(content).unwrap();
    let (beginning, document) = text.split_once('\n').unwrap();
    assert!(beginning.starts_with("cmg-onboarding hand-over sha256 "));
    let units: Vec<String> = CANARY.encode_utf16().map(|unit| unit.to_string()).collect();
    assert!(document.contains(&format!("\"secretKey\":[{}]", units.join(","))));
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["wanted"], request["wanted"]);
    assert_eq!(document["expiresOn"], END.unix_timestamp());
    assert_eq!(document["handOver"], 1);
}

#[test]
fn what_the_script_has_done_with_the_file_is_read_back_and_no_other_answers() {
    let file = env::temp_dir().join(format!("cmg-hand-over-{}.cms-result.jsonl", std::process::id()));
    let (sealed, other) = (sealed(), sealed());
    let run = sealed.fingerprint().to_string().replace(' ', "").to_lowercase();
    let lines = [
        r#""event":"progress","item":"serverApp","action":"created","row":16777218,"differences":[],"secret":"this"}"#,
        r#""event":"connection","id":16777220,"name":"Contoso CMG","description":null,"webApplications":[16777218],"userDiscovery":null,"groupDiscovery":null}"#,
        r#""event":"end"}"#,
    ];
    let text: String = lines
        .iter()
        .map(|line| format!("{{\"cmg\":2,\"run\":\"{run}\",{line}\r\n"))
        .collect();
    fs::write(&file, text).unwrap();
    let done = sealed.read_result(&file);
    assert!(other.read_result(&file).is_err(), "the answers of another file");
    fs::remove_file(&file).unwrap();
    assert_eq!(done.unwrap().done.len(), 1);
    assert!(sealed.read_result(&file).is_err());
}

#[test]
fn openssl_opens_the_file() {
    let folder = env::temp_dir().join(format!("cmg-hand-over-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let sealed = sealed();
    fs::write(folder.join("sealed.pem"), sealed.text()).unwrap();
    fs::write(folder.join("key.pem"), KEY).unwrap();
    let arguments = [
        "cms",
        "-decrypt",
        "-inform",
        "PEM",
        "-in",
        "sealed.pem",
        "-inkey",
        "key.pem",
        "-binary",
    ];
    let ended = Command::new("openssl").args(arguments).current_dir(&folder).output();
    fs::remove_dir_all(&folder).unwrap();
    let Ok(output) = ended else {
        println!("skipped: there is no openssl on this machine, so that the file was opened by this crate alone");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, content_of(&sealed));
}

#[test]
fn files_that_openssl_has_sealed_open_with_their_letters_whole() {
    for file in [
        include_str!("../test-data/openssl-oaep.pem"),
        include_str!("../test-data/openssl-pkcs1.pem"),
        include_str!("../test-data/openssl-two-recipients.pem"),
        include_str!("../test-data/openssl-key-identifier.pem"),
    ] {
        let opened = SealedHandOver::from_text(file).unwrap().open(&key(), NOW).unwrap();
        assert_eq!(opened.spec().name(), "Zürich 🔐 日本");
        assert_eq!(opened.spec().description(), Some("for “Süd”"));
        assert_eq!(secret(&opened), CANARY);
    }
}

#[test]
fn what_power_shell_does_not_open_is_refused_with_the_reason() {
    for (file, reason) in [
        (include_str!("../test-data/openssl-gcm.pem"), "authenticated mode"),
        (include_str!("../test-data/openssl-des.pem"), "1.2.840.113549.3.7"),
        (include_str!("../test-data/openssl-streamed.pem"), "streaming"),
        (include_str!("../test-data/openssl-oaep-sha256.pem"), "other parameters"),
    ] {
        let error = SealedHandOver::from_text(file).unwrap_err();
        assert_eq!(error.code(), "handOverNotSupported");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn another_recipient_is_told_whose_it_is() {
    let error = sealed().open(&RecipientKey::from_pem(OTHER).unwrap(), NOW).unwrap_err();
    assert_eq!(error.code(), "handOverForAnotherRecipient");
    let text = error.to_string();
    assert!(
        text.contains("of CN=CMG hand-over test, and") && text.contains("of CN=CMG hand-over test other"),
        "{text}"
    );
    let both = [KEY, CERTIFICATE].concat();
    assert!(sealed().open(&RecipientKey::from_pem(&both).unwrap(), NOW).is_ok());
}

#[test]
fn a_content_that_was_sealed_on_to_another_key_is_refused() {
    let other = Recipient::from_certificate(OTHER, NOW).unwrap();
    let content = Zeroizing::new(content_of(&sealed()));
    let passed_on = SealedHandOver::of(envelope::seal(content, &other).unwrap());
    let error = passed_on.open(&RecipientKey::from_pem(OTHER).unwrap(), NOW).unwrap_err();
    assert_eq!(error.code(), "handOverForAnotherRecipient");
}

#[test]
fn a_file_ends_on_its_date_and_with_its_secret() {
    let sealed = sealed();
    assert!(sealed.open(&key(), END).is_ok());
    let expired = sealed.open(&key(), END + Duration::seconds(1)).unwrap_err();
    assert_eq!(expired, HandOverError::Expired { expired_on: END });
    let long = hand_over().seal(&recipient(), SECRET_END + Duration::days(90)).unwrap();
    assert!(long.open(&key(), SECRET_END).is_ok());
    assert!(long.open(&key(), SECRET_END + Duration::seconds(1)).is_err());
}

#[test]
fn a_later_version_and_a_wrong_content_are_told() {
    let later = seal(&with_digest(r#"{"handOver":2,"anything":{}}"#)).open(&key(), NOW).unwrap_err();
    assert_eq!(later, HandOverError::UnknownVersion { version: 2 });
    let text = String::from_utf8(content_of(&sealed())).unwrap();
    let (_, document) = text.split_once('\n').unwrap();
    for (from, to) in [
        ("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "tenant"),
        ("AzurePublicCloud", "AzureMoonCloud"),
        ("\"name\":\"ConfigMgr Client\"", "\"name\":\"\""),
        ("\"secretKey\":[", "\"secretKey\":[55296,"),
        ("\"secretKey\":[", "\"secretKey\":[70000,"),
        ("\"wanted\":", "\"wished\":"),
        ("{", "["),
    ] {
        let changed = document.replacen(from, to, 1);
        assert_ne!(changed, document);
        let error = seal(&with_digest(&changed)).open(&key(), NOW).unwrap_err();
        assert_eq!(error.code(), "handOverContentInvalid", "{to}");
    }
}

#[test]
fn a_text_that_power_shell_would_take_for_a_date_is_refused() {
    let error = hand_over_of("2027-01-01T00:00:00Z").seal(&recipient(), END).unwrap_err();
    assert_eq!(error.code(), "handOverTextTakenForADate");
}

#[test]
fn a_certificate_is_one_that_power_shell_takes() {
    let der = include_bytes!("../test-data/certificate.cer");
    let (armoured, plain) = (recipient(), Recipient::from_certificate(der, NOW).unwrap());
    assert_eq!(armoured.thumbprint(), plain.thumbprint());
    assert_eq!(plain.thumbprint(), "16AEA8EC81591DE163CDCDE1F0E24D5EA76A9C9B");
    assert_eq!(plain.subject(), "CN=CMG hand-over test");

    let refused = |bytes: &[u8], now| {
        let error = Recipient::from_certificate(bytes, now).unwrap_err();
        assert!(
            error.help().contains("New-SelfSignedCertificate -Type DocumentEncryptionCert"),
            "{error}"
        );
        error.code()
    };
    assert_eq!(
        refused(CERTIFICATE, datetime!(2300-01-01 00:00 UTC)),
        "recipientCertificateNotValid"
    );
    assert_eq!(
        refused(CERTIFICATE, datetime!(2020-01-01 00:00 UTC)),
        "recipientCertificateNotValid"
    );
    let (web, signing) = (
        include_bytes!("../test-data/certificate-web.pem"),
        include_bytes!("../test-data/certificate-signing.pem"),
    );
    assert_eq!(refused(web, NOW), "recipientCertificateForOtherUse");
    assert_eq!(refused(signing, NOW), "recipientCertificateForOtherUse");
    let (short, curve) = (
        include_bytes!("../test-data/certificate-short.pem"),
        include_bytes!("../test-data/certificate-curve.pem"),
    );
    assert_eq!(refused(short, NOW), "recipientCertificateWithoutRsa");
    assert_eq!(refused(curve, NOW), "recipientCertificateWithoutRsa");
    assert_eq!(refused(KEY, NOW), "recipientCertificateUnreadable");
    assert_eq!(refused(b"", NOW), "recipientCertificateUnreadable");
}

#[test]
fn a_key_is_read_in_both_forms_and_told_if_it_cannot_be() {
    let traditional = RecipientKey::from_pem(include_bytes!("../test-data/key-pkcs1.pem")).unwrap();
    assert!(sealed().open(&traditional, NOW).is_ok());
    let reason = |pem: &[u8]| RecipientKey::from_pem(pem).unwrap_err().to_string();
    assert!(reason(include_bytes!("../test-data/key-with-password.pem")).contains("protected by a password"));
    assert!(reason(CERTIFICATE).contains("no whole private key"));
    assert!(reason(&[0xff]).contains("not text"));
    let mixed = [KEY, include_bytes!("../test-data/certificate-web.pem")].concat();
    assert!(reason(&mixed).contains("belongs to another key"));
}
