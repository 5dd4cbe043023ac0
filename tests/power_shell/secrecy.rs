//! The secret is on standard input and nowhere else.

use std::{fs, path::PathBuf};

use cmg_onboarding::{
    Call, Diagnostic, Site, SiteError, error,
    site::{
        ServerAppImport,
        power_shell::{ConsoleScript, ConsoleScriptError},
    },
};

use crate::support::{CONNECTION, END, FakeHost, SECRET, SITE, failed, progress, wanted};

/// The secret as the request has it.
fn units() -> String {
    let units: Vec<String> = SECRET.encode_utf16().map(|unit| unit.to_string()).collect();
    units.join(",")
}

fn assert_clean(what: &str, text: &str) {
    for needle in [SECRET, "canary", &units()] {
        assert!(!text.contains(needle), "{what} contains the secret: {text}");
    }
}

fn shown(error: &SiteError) -> String {
    format!("{error:?} {error:#?} {} {}", error::chain(error), error.help())
}

#[tokio::test]
async fn the_request_holds_it_once_and_nothing_that_is_not_ascii() {
    let host = FakeHost::saying(&[SITE]);
    let failure = host.site().onboard(Call::quiet(), &wanted()).await.unwrap_err();
    let (script, request) = host.seen().remove(0);
    assert!(request.is_ascii() && script.is_ascii());
    let request = String::from_utf8(request).unwrap();
    assert_eq!(request.matches(&units()).count(), 1);
    assert!(!request.contains("canary"));
    assert_clean("the script", &script);
    assert_clean("the failure", &format!("{failure:?} {}", shown(&failure.error)));
    assert_clean("the site", &format!("{:?}", host.site()));
    assert_clean("what is wanted", &format!("{:?}", wanted()));
}

#[tokio::test]
async fn a_host_that_repeats_it_does_not_get_it_into_anything() {
    let echo = format!("{SECRET} and [{}] and \"{SECRET}\"", units());
    let message = failed("refused", "import the server app", &format!("{SECRET} {}", units()));
    for host in [
        FakeHost::saying(&[echo.as_str()]).then_ending(1, &echo),
        FakeHost::saying(&[SITE, message.as_str()]),
        FakeHost::saying(&[message.replace("refused", "unreachable")]),
        FakeHost::saying(&[format!("{{\"cmg\":2,\"run\":\"RUN\",\"event\":\"{SECRET}\"}}")]),
        FakeHost::saying(&[progress("serverApp", "differs", 1, &[SECRET])]),
    ] {
        let failure = host.site().onboard(Call::quiet(), &wanted()).await.unwrap_err();
        assert_clean("the failure", &format!("{failure:?} {}", shown(&failure.error)));
        assert_clean("the report", &serde_json::to_string(&failure.done).unwrap());
    }
}

#[test]
fn the_console_form_has_no_secret_and_asks_for_it() {
    let console = ConsoleScript::new("P01", "provider.contoso.com", &wanted()).unwrap();
    assert_clean("the request", console.request());
    assert_clean("the console form", &format!("{console:?}"));
    let request: serde_json::Value = serde_json::from_str(console.request()).unwrap();
    assert_eq!(
        (&request["promptForSecret"], &request["secretKey"]),
        (&true.into(), &serde_json::Value::Null)
    );
    assert_eq!(request["wanted"]["serverApp"]["name"], "Z\u{fc}rich Server");
    assert!(console.request().is_ascii());

    let folder: PathBuf = std::env::temp_dir().join(format!("cmg-onboarding-console-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [script, request] = console.write_to(&folder).unwrap();
    assert_eq!(fs::read_to_string(&script).unwrap(), console.script());
    assert_eq!(fs::read_to_string(&request).unwrap(), console.request());
    for path in [&script, &request] {
        assert!(console.command_line().contains(path.file_name().unwrap().to_str().unwrap()));
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_answers_of_the_console_form_are_read_back() {
    let folder: PathBuf = std::env::temp_dir().join(format!("cmg-onboarding-result-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let console = ConsoleScript::new("P01", "provider.contoso.com", &wanted()).unwrap();
    console.write_to(&folder).unwrap();
    let request: serde_json::Value = serde_json::from_str(console.request()).unwrap();
    let told = |run: &str, last: &str| {
        let step = progress("tenant", "created", 1, &[]);
        [SITE, &step, CONNECTION, last].join("\r\n").replace("RUN", run)
    };
    let run = request["run"].as_str().unwrap();
    assert!(matches!(
        ConsoleScript::read_result(&folder),
        Err(ConsoleScriptError::NotRead { .. })
    ));
    let result = folder.join(ConsoleScript::RESULT_FILE);

    fs::write(&result, told(run, END)).unwrap();
    assert_eq!(ConsoleScript::read_result(&folder).unwrap().done.len(), 1);

    fs::write(&result, told(run, &failed("refused", "import the server app", "no"))).unwrap();
    let Err(ConsoleScriptError::Failed(failure)) = ConsoleScript::read_result(&folder) else {
        panic!("the script has failed")
    };
    assert_eq!(failure.done.len(), 1);

    fs::write(&result, told("00112233445566778899aabbccddeeff", END)).unwrap();
    assert!(ConsoleScript::read_result(&folder).is_err(), "the answers of another request");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_console_form_asks_for_nothing_where_the_site_knows_the_app() {
    let mut wanted = wanted();
    wanted.server_app = ServerAppImport::Known(wanted.server_app.client_id());
    let console = ConsoleScript::new("P01", "provider.contoso.com", &wanted).unwrap();
    assert!(console.request().contains("\"promptForSecret\":false"));
    assert!(console.request().contains("\"updateServerApp\":false"));
    let updating = ConsoleScript::updating_server_app("P01", "provider.contoso.com", &wanted).unwrap();
    assert!(updating.request().contains("\"updateServerApp\":true"));
    assert!(ConsoleScript::new("P0", "provider.contoso.com", &wanted).is_err());
}
