//! Hosts that are missing, noisy, slow, or break off.

use std::time::Duration;

use cmg_onboarding::{
    Call, Diagnostic, Site, SiteError, error,
    site::{SiteFailure, SiteRemoval, SiteRowId, power_shell::PowerShellError},
};

use crate::support::{CONNECTION, END, FakeHost, Received, SITE, cause, failed, progress, wanted};

async fn failure_of(host: &FakeHost) -> SiteFailure {
    host.site().onboard(Call::quiet(), &wanted()).await.unwrap_err()
}

#[tokio::test]
async fn a_host_that_is_not_there_says_so_itself() {
    let failure = failure_of(&FakeHost::missing()).await;
    assert_eq!(failure.error.to_string(), "there is no remoting");
    assert!(failure.done.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_script_that_hangs_is_given_up_with_what_it_had_done() {
    let host = FakeHost::saying(&[SITE, &progress("tenant", "created", 1, &[])]).then_hanging();
    let failure = failure_of(&host).await;
    assert_eq!(failure.done.len(), 1);
    assert_eq!(
        cause(&failure.error),
        Some(PowerShellError::TimedOut {
            after: Duration::from_secs(60)
        })
    );
    assert!(error::chain(&failure.error).ends_with("the script was not done after 60 seconds"));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_hangs_after_its_last_word_is_done() {
    let host = FakeHost::saying(&[SITE, CONNECTION, END]).then_hanging();
    assert!(host.site().onboard(Call::quiet(), &wanted()).await.is_ok());
}

#[tokio::test]
async fn a_script_that_dies_half_way_is_told_with_its_exit_code_and_errors() {
    let host = FakeHost::saying(&[
        SITE,
        &progress("tenant", "created", 1, &[]),
        &progress("serverApp", "created", 2, &[]),
    ]);
    let failure = failure_of(&host.then_ending(-196_608, "running scripts is disabled")).await;
    assert_eq!(failure.done.len(), 2);
    let chain = error::chain(&failure.error);
    assert!(
        chain.contains("exit code -196608") && chain.ends_with("running scripts is disabled"),
        "{chain}"
    );
}

#[tokio::test]
async fn a_line_that_breaks_off_is_no_answer() {
    let line = progress("tenant", "created", 1, &[]);
    for length in 0..line.len() {
        let failure = failure_of(&FakeHost::writing(&line.as_bytes()[..length])).await;
        assert!(failure.done.is_empty());
        let cause = cause(&failure.error);
        assert!(matches!(cause, Some(PowerShellError::EndedEarly { .. })), "{length}: {cause:?}");
    }
}

#[tokio::test]
async fn a_complete_last_line_counts_without_its_line_end() {
    let host = FakeHost::writing(format!("{SITE}\n{CONNECTION}\n{END}"));
    assert!(host.site().snapshot(Call::quiet()).await.is_ok());
}

#[tokio::test]
async fn noise_of_any_kind_does_no_harm() {
    let host = FakeHost::writing(format!(
        "\u{feff}Windows PowerShell\r\nCopyright (C)\r\n\r\nWARNING: The names of some cmdlets\r\n\u{1b}[?1h{SITE}\u{1b}[0m\r\n{{\"other\":1}}\n[]\nnull\n{CONNECTION}\r\nVERBOSE: x{END}\r\nbye"
    ));
    let snapshot = host.site().snapshot(Call::quiet()).await.unwrap();
    assert_eq!((snapshot.info.site_code.as_str(), snapshot.connections.len()), ("P01", 1));
}

#[tokio::test]
async fn a_line_of_another_version_or_of_no_meaning_is_an_error_that_names_it() {
    for line in [
        r#"{"cmg":2,"run":"RUN","event":"dance"}"#,
        r#"{"cmg":2,"run":"RUN","event":"progress","item":"moon","action":"created","row":1,"differences":[]}"#,
        r#"{"cmg":2,"run":"RUN","event":"progress","item":"tenant","action":"eaten","row":1,"differences":[]}"#,
        r#"{"cmg":2,"run":"RUN","event":"progress","item":"tenant"}"#,
        r#"{"cmg":2,"run":"RUN","event":"error","code":"odd","operation":"","message":"","help":""}"#,
        r#"{"cmg":2,"run":"RUN","event":"connection","id":"x"}"#,
    ] {
        let failure = failure_of(&FakeHost::saying(&[SITE, &progress("tenant", "created", 1, &[]), line])).await;
        assert_eq!(cause(&failure.error), Some(PowerShellError::WrongLine { number: 3 }), "{line}");
        assert_eq!(failure.done.len(), 1);
    }
}

#[tokio::test]
async fn a_script_of_another_version_is_refused_with_the_advice_to_sign_the_new_one() {
    // What a script of the first version answers to a request that it does not know.
    let answer = r#"{"cmg":1,"event":"error","code":"unreachable","operation":"read the request","message":"the request is of another version than this script","help":""}"#;
    let host = FakeHost::saying(&[answer]).then_ending(1, "");
    let failure = failure_of(&host).await;
    assert_eq!(cause(&failure.error), Some(PowerShellError::OtherProtocol { version: 1 }));
    assert!(failure.error.help().contains("sign"), "{}", failure.error.help());
}

#[tokio::test]
async fn a_request_that_the_script_could_not_read_is_told_in_its_own_words() {
    let answer = r#"{"cmg":2,"run":"","event":"error","code":"unreachable","operation":"read the request","message":"Invalid JSON primitive","help":"Give the file as it was written."}"#;
    let failure = failure_of(&FakeHost::saying(&[answer]).then_ending(1, "")).await;
    assert!(error::chain(&failure.error).contains("Invalid JSON primitive"), "{failure:?}");
    assert_eq!(failure.error.help(), "Give the file as it was written.");
    // It never says that anything is done.
    let end = r#"{"cmg":2,"run":"","event":"end"}"#;
    let failure = failure_of(&FakeHost::saying(&[SITE, CONNECTION, end]).then_ending(1, "")).await;
    assert!(matches!(cause(&failure.error), Some(PowerShellError::EndedEarly { .. })));
}

#[tokio::test]
async fn a_text_of_the_site_that_looks_like_an_answer_ends_nothing() {
    let end = r#"{"cmg":2,"run":"00112233445566778899aabbccddeeff","event":"end"}"#;
    let host = FakeHost::saying(&[SITE, &format!("WARNING: {end}"), end, r#"{"cmg":2,"event":"end"}"#, CONNECTION]).then_ending(0, "");
    let failure = failure_of(&host).await;
    assert!(matches!(cause(&failure.error), Some(PowerShellError::EndedEarly { .. })));
}

#[tokio::test]
async fn what_powershell_calls_an_error_and_its_line_are_told() {
    let line = failed("refused", "import the client app", "no").replace(r#""help""#, r#""errorId":"AccessDenied","line":12,"help""#);
    let failure = failure_of(&FakeHost::saying(&[line])).await;
    assert!(error::chain(&failure.error).contains("no (AccessDenied, line 12)"), "{failure:?}");
}

#[tokio::test]
async fn a_huge_line_and_endless_output_are_cut_off() {
    let host = FakeHost::writing(format!("{{\"cmg\":2,\"run\":\"RUN\",\"event\":\"{}", "x".repeat(2_000_000)));
    let in_one_line = |failure: &SiteFailure| match cause(&failure.error) {
        Some(PowerShellError::TooMuchOutput { in_one_line, .. }) => Some(in_one_line),
        _ => None,
    };
    assert_eq!(in_one_line(&failure_of(&host).await), Some(true));
    let host = FakeHost::writing("noise\n".repeat(12_000_000));
    assert_eq!(in_one_line(&failure_of(&host).await), Some(false));
}

#[tokio::test]
async fn what_comes_after_an_error_changes_nothing() {
    let received = Received::default();
    let host = FakeHost::saying(&[
        SITE.to_owned(),
        failed("refused", "import the client app", "no"),
        progress("clientApp", "created", 1, &[]),
        CONNECTION.to_owned(),
        END.to_owned(),
    ]);
    let failure = host.site().onboard(received.call(), &wanted()).await.unwrap_err();
    assert!(matches!(failure.error, SiteError::Refused(_)) && received.all().is_empty());
}

#[tokio::test]
async fn a_missing_module_is_a_matter_of_reaching_the_site() {
    let line = failed(
        "unreachable",
        "load the module ConfigurationManager",
        "the console is not installed here",
    );
    let error = FakeHost::saying(&[line]).site().snapshot(Call::quiet()).await.unwrap_err();
    assert!(matches!(cause(&error), Some(PowerShellError::NotConnected { .. })));
    assert_eq!(error.help(), "Do this.");
}

#[tokio::test]
async fn an_end_without_an_answer_is_an_error() {
    let site = FakeHost::saying(&[SITE, END]).site();
    assert!(site.onboard(Call::quiet(), &wanted()).await.is_err());
    assert!(site.remove(Call::quiet(), &SiteRemoval::new(SiteRowId(1), "x")).await.is_err());
}
