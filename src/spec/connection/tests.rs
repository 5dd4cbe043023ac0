use super::*;
use crate::Diagnostic;
use crate::spec::{ClientAppSpec, ServerAppSpec};

fn paths(text: &str) -> Vec<String> {
    let error = text.parse::<ConnectionSpec>().unwrap_err();
    error.violations().iter().map(|violation| violation.path().to_owned()).collect()
}

#[test]
fn every_wrong_field_is_reported_at_once() {
    let found = paths(
        r#"{"name": "", "environment": "AzureChinaCloud", "descripton": "typo", "issueIdTokens": "yes",
           "serverApp": {"create": {"name": 7, "homePageUrl": "nowhere", "appIdUri": "https://contoso.com/", "secretValidity": "threeYears"}},
           "clientApp": {"import": {"clientId": "not-a-guid"}},
           "discovery": {"groups": {"names": [], "deltaMinutes": 0, "fullSchedule": "daily"}}}"#,
    );
    assert_eq!(
        found,
        [
            "issueIdTokens",
            "serverApp.create.name",
            "descripton",
            "name",
            "environment",
            "serverApp.create.name",
            "serverApp.create.homePageUrl",
            "serverApp.create.appIdUri",
            "serverApp.create.secretValidity",
            "clientApp.import.name",
            "clientApp.import.clientId",
            "discovery.groups.names",
            "discovery.groups.fullSchedule",
            "discovery.groups.deltaMinutes",
        ]
    );
}

#[test]
fn an_app_that_is_not_there_is_told_apart_from_one_that_cannot_be_read() {
    let code = |text: &str| {
        let error = text.parse::<ConnectionSpec>().unwrap_err();
        let violations = error.violations().iter();
        violations
            .map(|violation| format!("{} {:?}", violation.path(), violation.code()))
            .collect::<Vec<_>>()
    };
    let (server, client) = (
        r#""serverApp": {"create": {"name": "a"}}"#,
        r#""clientApp": {"create": {"name": "b"}}"#,
    );
    assert_eq!(code(&format!(r#"{{"name": "n", {client}}}"#)), ["serverApp ServerAppMissing"]);
    assert_eq!(code(&format!(r#"{{"name": "n", {server}}}"#)), ["clientApp ClientAppMissing"]);
    assert_eq!(
        code(&format!(r#"{{"name": "n", "serverApp": 5, {client}}}"#)),
        ["serverApp ObjectExpected"]
    );
    assert_eq!(
        code(&format!(r#"{{"name": "n", {server}, "clientApp": 5}}"#)),
        ["clientApp ObjectExpected"]
    );
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let text = r#"{"name": {"secretKey": "canary-7Q"}, "key": ["canary-7Q"], "issueIdTokens": {"secretKey": "canary-7Q"},
        "serverApp": {"create": {"name": "a", "secretKey": "canary-7Q"}}, "clientApp": "canary-7Q",
        "discovery": {"groups": {"names": [{"secretKey": "canary-7Q"}], "deltaMinutes": ["canary-7Q"]}}}"#;
    let error = text.parse::<ConnectionSpec>().unwrap_err();
    let shown = format!("{error} {} {error:?}", error.help());
    assert!(!shown.contains("canary-7Q"), "{shown}");
}

#[test]
fn text_that_is_not_json_is_one_violation_with_its_place() {
    let error = "{\"name\": ".parse::<ConnectionSpec>().unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
    assert_eq!(paths("[]"), [""]);
    assert_eq!(paths("<html></html>"), [""]);
}

#[test]
fn one_client_id_for_both_apps_is_refused() {
    let id = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
    let text =
        format!(r#"{{"name": "x", "serverApp": {{"reuse": {{"clientId": "{id}"}}}}, "clientApp": {{"reuse": {{"clientId": "{id}"}}}}}}"#);
    assert_eq!(paths(&text), ["clientApp.reuse.clientId"]);
}

#[test]
fn a_choice_between_two_ways_must_be_made() {
    let text = r#"{"name": "x", "serverApp": {"create": {"name": "s"}, "reuse": {}}, "clientApp": {}}"#;
    assert_eq!(paths(text), ["serverApp", "clientApp"]);
}

#[test]
fn a_secret_is_read_from_json_and_not_written() {
    let text = r#"{"name": "x", "serverApp": {"import": {"tenantName": "contoso.onmicrosoft.com",
        "tenantId": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "name": "Server", "clientId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
        "secretKey": "canary-7Q~value", "secretKeyExpiry": "2027-11-23", "appIdUri": "https://contoso.com/x"}},
        "clientApp": {"create": {"name": "Client"}}}"#;
    let spec: ConnectionSpec = text.parse().unwrap();
    let ServerApp::Import(app) = spec.server_app() else {
        panic!("an import was given");
    };
    assert_eq!(app.secret_key().expose(), "canary-7Q~value");
    let written = serde_json::to_string(&spec).unwrap();
    assert!(!written.contains("canary-7Q") && !written.contains("secretKey\""), "{written}");
    assert!(!format!("{spec:?}").contains("canary-7Q"));
}

#[test]
fn a_misplaced_secret_is_not_repeated() {
    let text = r#"{"name": "x", "secretKey": "canary-7Q", "serverApp": {"create": {"name": "s"}}, "clientApp": {"create": {"name": "c"}}}"#;
    let error = text.parse::<ConnectionSpec>().unwrap_err();
    assert!(!error.help().contains("canary-7Q"));
}

#[test]
fn built_and_unbuilt_apps_give_the_same_specification() {
    let unbuilt = ConnectionSpec::builder("x")
        .server_app(ServerAppSpec::builder("s"))
        .client_app(ClientAppSpec::builder("c"))
        .build()
        .unwrap();
    let built = ConnectionSpec::builder("x")
        .server_app(ServerAppSpec::builder("s").build().unwrap())
        .client_app(ClientAppSpec::builder("c").build().unwrap())
        .build()
        .unwrap();
    assert_eq!(serde_json::to_value(unbuilt).unwrap(), serde_json::to_value(built).unwrap());
}
/// A specification rebuilt through its builder says the same in JSON, and holds the same secret, which JSON never has.
fn assert_rebuilt(text: &str) {
    let spec: ConnectionSpec = text.parse().unwrap();
    let rebuilt = spec.to_builder().build().unwrap();
    assert_eq!(serde_json::to_value(&rebuilt).unwrap(), serde_json::to_value(&spec).unwrap());
    let secret = |spec: &ConnectionSpec| match spec.server_app() {
        ServerApp::Import(app) => Some(app.secret_key().expose().to_owned()),
        ServerApp::Create(_) | ServerApp::Reuse(_) | ServerApp::Adopt(_) => None,
    };
    assert_eq!(secret(&rebuilt), secret(&spec));
}

#[test]
fn a_builder_of_a_specification_builds_the_same_specification() {
    assert_rebuilt(
        r#"{"name": "Contoso CMG", "description": "two\nlines", "environment": "AzureUSGovernmentCloud", "key": "k", "issueIdTokens": true,
            "serverApp": {"create": {"name": "s", "homePageUrl": "https://contoso.com/", "secretValidity": "twoYears",
                "appIdUri": "api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/x"}},
            "clientApp": {"create": {"name": "c"}},
            "discovery": {"users": {"fullSchedule": "0001170000100038", "deltaMinutes": 5}, "groups": {"names": ["a", "b"]}}}"#,
    );
    assert_rebuilt(
        r#"{"name": "x",
            "serverApp": {"import": {"tenantName": "contoso.onmicrosoft.com", "tenantId": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
                "name": "s", "clientId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "secretKey": "canary-7Q",
                "secretKeyExpiry": "2099-11-23T00:00:00.5+02:00", "appIdUri": "https://ConfigMgrService"}},
            "clientApp": {"import": {"name": "c", "clientId": "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"}}}"#,
    );
    let (reuse, adopt) = (
        r#"{"reuse": {"clientId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"}}"#,
        r#"{"adopt": {"clientId": "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"}}"#,
    );
    assert_rebuilt(&format!(r#"{{"name": "x", "serverApp": {reuse}, "clientApp": {adopt}}}"#));
    assert_rebuilt(&format!(r#"{{"name": "x", "serverApp": {adopt}, "clientApp": {reuse}}}"#));
}

#[test]
fn one_field_is_changed_through_a_builder_and_the_whole_checked_again() {
    let spec = ConnectionSpec::builder("x")
        .server_app(ServerAppSpec::builder("s"))
        .client_app(ClientAppSpec::builder("c"));
    let spec = spec.build().unwrap();
    assert_eq!(spec.to_builder().description("d").build().unwrap().description(), Some("d"));
    let error = spec.to_builder().key("").build().unwrap_err();
    assert_eq!(error.violations()[0].path(), "key");
}
