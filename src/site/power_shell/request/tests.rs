use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::{
    cloud::CloudEnvironment,
    error::Diagnostic,
    site::{NamedConnection, SiteRowId},
    spec::DiscoverySpec,
};

const fn in_console(wanted: &SiteOnboarding, updates_server_app: bool) -> Task<'_> {
    Task::InConsole {
        wanted,
        updates_server_app,
    }
}

const RUN: &str = "00112233445566778899aabbccddeeff";
const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
const CLIENT: &str = "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02";

fn address() -> Address {
    Address {
        site_code: "P01".to_owned(),
        provider: "provider.contoso.com".to_owned(),
    }
}

fn wanted(text: &str, secret: &str) -> SiteOnboarding {
    let server = ServerAppImport::Import {
        name: text.to_owned(),
        client_id: SERVER.parse().unwrap(),
        secret_key: ClientSecret::new(secret),
        secret_key_expiry: datetime!(2099-01-01 00:00 UTC),
        app_id_uri: format!("api://{TENANT}/ConfigMgrService").parse().unwrap(),
    };
    let client = ClientAppImport::Import {
        name: text.to_owned(),
        client_id: CLIENT.parse().unwrap(),
    };
    let mut wanted = SiteOnboarding::new(
        TENANT.parse().unwrap(),
        text,
        CloudEnvironment::AzurePublicCloud,
        server,
        client,
        text,
    );
    wanted.description = Some(text.to_owned());
    wanted
}

fn value(task: Task<'_>) -> Value {
    serde_json::from_slice(&line(RUN, &address(), task).unwrap()).unwrap()
}

/// What the script does to get at the secret.
fn secret_of(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).unwrap();
    let (_, after) = text.split_once("\"secretKey\":[")?;
    let (numbers, _) = after.split_once(']')?;
    let units: Vec<u16> = numbers.split(',').map(|unit| unit.parse().unwrap()).collect();
    Some(String::from_utf16(&units).unwrap())
}

proptest! {
    #[test]
    fn any_request_arrives_as_it_was_or_is_refused(text in "\\PC{0,40}|[\"\\\\{}:\\[\\]0-9T/Dateskrc]{0,40}", secret in ".{1,60}") {
        let wanted = wanted(&text, &secret);
        match line(RUN, &address(), Task::Onboard(&wanted)) {
            Ok(line) => {
                prop_assert!(line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
                prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
                prop_assert_eq!(secret_of(&line), Some(secret));
                let value: Value = serde_json::from_slice(&line).unwrap();
                prop_assert_eq!(&value["wanted"]["name"], &text);
                prop_assert_eq!(&value["wanted"]["description"], &text);
                prop_assert_eq!(&value["wanted"]["serverApp"]["name"], &text);
            }
            Err(_) => prop_assert!(is_taken_for_a_date(&text)),
        }
    }
}

#[test]
fn a_name_that_looks_like_the_secrets_key_is_not_taken_for_it() {
    let hostile = r#"x","secretKey":[1,2,3],"y":"secretKey":[4]"#;
    let wanted = wanted(hostile, "right");
    let line = line(RUN, &address(), Task::Onboard(&wanted)).unwrap();
    assert_eq!(secret_of(&line).as_deref(), Some("right"));
    assert_eq!(value(Task::Onboard(&wanted))["wanted"]["name"], hostile);
}

#[test]
fn a_text_that_powershell_takes_for_a_date_is_refused_before_anything_is_sent() {
    for text in ["2026-01-01T00:00:00Z", "/Date(1700000000000)/"] {
        let error = line(RUN, &address(), Task::Onboard(&wanted(text, "s"))).unwrap_err();
        assert!(error.to_string().contains("for a date"), "{error}");
    }
    assert!(line(RUN, &address(), Task::Onboard(&wanted("2026-01-01", "s"))).is_ok());
}

#[test]
fn every_key_that_the_script_reads_is_always_there() {
    let mut wanted = wanted("Contoso", "s");
    wanted.description = None;
    wanted.server_app = ServerAppImport::Known(SERVER.parse().unwrap());
    wanted.client_app = ClientAppImport::Known(CLIENT.parse().unwrap());
    let app = |id: &str| json!({"import": false, "clientId": id, "name": null, "secretKeyExpiry": null, "appIdUri": null});
    assert_eq!(
        value(Task::Onboard(&wanted)),
        json!({
            "request": 2, "run": RUN, "operation": "onboard", "siteCode": "P01", "provider": "provider.contoso.com",
            "promptForSecret": false, "updateServerApp": false, "secretKey": null, "removal": null,
            "wanted": {
                "tenantId": TENANT, "tenantName": "Contoso", "environment": "AzurePublicCloud",
                "serverApp": app(SERVER), "clientApp": app(CLIENT),
                "name": "Contoso", "rename": null, "description": null, "users": null, "groups": null
            }
        })
    );
}

#[test]
fn discovery_goes_as_tokens_and_minutes_and_what_is_not_given_stays_open() {
    let mut wanted = wanted("Contoso", "s");
    let schedule = "0001170000100038".parse().unwrap();
    let discovery = DiscoverySpec::builder()
        .user_schedule(schedule)
        .groups(["Ops"])
        .group_delta_minutes(30)
        .build();
    wanted.discovery = Some(discovery.unwrap());
    let value = value(Task::Onboard(&wanted));
    assert_eq!(
        value["wanted"]["users"],
        json!({"off": false, "names": [], "removedNames": [], "fullSchedule": "0001170000100038", "deltaMinutes": null})
    );
    assert_eq!(
        value["wanted"]["groups"],
        json!({"off": false, "names": ["Ops"], "removedNames": [], "fullSchedule": null, "deltaMinutes": 30})
    );
}

#[test]
fn a_rename_names_the_row_and_what_is_off_or_taken_out_is_said() {
    let mut wanted = wanted("Contoso", "s");
    wanted.renamed_from = Some(NamedConnection::new(SiteRowId(16_777_220), "Former"));
    wanted.discovery = Some(DiscoverySpec::builder().users_off().remove_groups(["Old"]).build().unwrap());
    let value = value(Task::Onboard(&wanted));
    assert_eq!(value["wanted"]["rename"], json!({"row": 16_777_220, "name": "Former"}));
    assert_eq!(value["wanted"]["users"]["off"], true);
    assert_eq!(value["wanted"]["groups"]["removedNames"], json!(["Old"]));
    wanted.discovery = Some(DiscoverySpec::builder().groups_off().build().unwrap());
    assert_eq!(self::value(Task::Onboard(&wanted))["wanted"]["groups"]["off"], true);
}

#[test]
fn a_renewed_secret_is_refused_before_anything_is_sent() {
    let mut wanted = wanted("Contoso", "s");
    wanted.server_app = ServerAppImport::Renew {
        client_id: SERVER.parse().unwrap(),
        secret_key: ClientSecret::new("canary-7Q"),
        secret_key_expiry: datetime!(2099-01-01 00:00 UTC),
    };
    let error = line(RUN, &address(), Task::Onboard(&wanted)).unwrap_err();
    assert!(error.help().contains("Renew Secret Key"), "{error:?}");
}

#[test]
fn a_prompt_is_asked_for_only_where_an_app_is_imported() {
    let mut wanted = wanted("Contoso", "canary-7Q");
    let asked = value(in_console(&wanted, true));
    assert_eq!(asked["updateServerApp"], true);
    let asked = value(in_console(&wanted, false));
    assert_eq!(asked["updateServerApp"], false);
    assert_eq!((&asked["promptForSecret"], &asked["secretKey"]), (&json!(true), &Value::Null));
    wanted.server_app = ServerAppImport::Known(SERVER.parse().unwrap());
    assert_eq!(value(in_console(&wanted, false))["promptForSecret"], false);
}

#[test]
fn a_removal_names_row_and_name() {
    let removal = SiteRemoval::new(SiteRowId(16_777_217), "Contoso");
    assert_eq!(
        value(Task::Remove(&removal))["removal"],
        json!({"connection": 16_777_217, "name": "Contoso", "noGatewayStated": false})
    );
    assert_eq!(value(Task::Snapshot)["operation"], "snapshot");
}
