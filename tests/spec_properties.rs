//! What holds for every specification, not only for those of the other tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

use cmg_onboarding::{
    ClientAppSpec, ClientSecret, CloudEnvironment, ConnectionSpec, Diagnostic, DiscoverySpec, ImportedClientApp, ImportedServerApp,
    InvalidSpec, ReusedApp, SecretValidity, ServerAppSpec,
    spec::{ClientAppDraft, DiscoverySpecBuilder, Schedule, ServerAppDraft, Violation},
};
use proptest::{option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// A secret's text that appears nowhere else, so that any trace of it is a leak.
const SECRET: &str = "canary-7Q~value";

fn names(longest: usize) -> impl Strategy<Value = String> {
    let pattern = format!("\\PC{{1,{longest}}}");
    proptest::string::string_regex(&pattern)
        .unwrap()
        .prop_filter("a name is not blank", |name| !name.trim().is_empty())
}

fn guids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn moments() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..4_000_000_000, -14 * 60..=14 * 60, 0_i64..1_000_000_000).prop_map(|(seconds, minutes, nanoseconds)| {
        let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
        let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap() + Duration::nanoseconds(nanoseconds);
        moment.to_offset(offset)
    })
}

fn uris() -> impl Strategy<Value = String> {
    prop_oneof![
        guids().prop_map(|id| format!("api://{id}")),
        (guids(), "[A-Za-z0-9._~-]{1,40}").prop_map(|(id, name)| format!("api://{id}/{name}")),
        "https://[a-z]{1,12}\\.example/[A-Za-z0-9]{1,20}",
    ]
}

fn server_apps() -> impl Strategy<Value = ServerAppDraft> {
    let created = (
        names(120),
        option::of(uris()),
        any::<bool>(),
        option::of("https?://[a-z]{1,20}(/[a-z]{0,20})?"),
    )
        .prop_map(|(name, uri, two_years, home_page)| {
            let mut app = ServerAppSpec::builder(name);
            if let Some(uri) = uri {
                app = app.app_id_uri(uri);
            }
            if two_years {
                app = app.secret_validity(SecretValidity::TwoYears);
            }
            if let Some(home_page) = home_page {
                app = app.home_page_url(home_page);
            }
            app.into()
        });
    let imported = (names(60), guids(), names(120), guids(), moments(), uris()).prop_map(|(tenant_name, tenant, name, id, expiry, uri)| {
        ImportedServerApp::builder()
            .tenant_name(tenant_name)
            .tenant_id(tenant)
            .name(name)
            .client_id(id)
            .secret_key(ClientSecret::new(SECRET))
            .secret_key_expiry(expiry)
            .app_id_uri(uri)
            .into()
    });
    prop_oneof![created, imported, guids().prop_map(|id| ReusedApp::new(id.into()).into())]
}

fn client_apps() -> impl Strategy<Value = ClientAppDraft> {
    prop_oneof![
        names(120).prop_map(|name| ClientAppSpec::builder(name).into()),
        (names(120), guids()).prop_map(|(name, id)| ImportedClientApp::builder().name(name).client_id(id).into()),
        guids().prop_map(|id| ReusedApp::new(id.into()).into()),
    ]
}

fn schedules() -> impl Strategy<Value = Schedule> {
    (1_u8..=31, any::<bool>()).prop_map(|(days, utc)| {
        let schedule = Schedule::every_days(days);
        if utc { schedule.in_utc() } else { schedule }.build().unwrap()
    })
}

fn discoveries() -> impl Strategy<Value = DiscoverySpecBuilder> {
    let settings = || (option::of(schedules()), option::of(1_u32..));
    let users = option::of(settings());
    let groups = option::of((proptest::collection::vec(names(40), 1..4), settings()));
    (users, groups)
        .prop_filter("at least one is on", |(users, groups)| users.is_some() || groups.is_some())
        .prop_map(|(users, groups)| {
            let mut discovery = DiscoverySpec::builder();
            if let Some((schedule, minutes)) = users {
                discovery = schedule.into_iter().fold(discovery.users(), DiscoverySpecBuilder::user_schedule);
                discovery = minutes.into_iter().fold(discovery, DiscoverySpecBuilder::user_delta_minutes);
            }
            if let Some((names, (schedule, minutes))) = groups {
                discovery = schedule
                    .into_iter()
                    .fold(discovery.groups(names), DiscoverySpecBuilder::group_schedule);
                discovery = minutes.into_iter().fold(discovery, DiscoverySpecBuilder::group_delta_minutes);
            }
            discovery
        })
}

fn specifications() -> impl Strategy<Value = ConnectionSpec> {
    let apps = (server_apps(), client_apps(), option::of(discoveries()));
    let page = (names(60), option::of("(\\PC|[\r\n\t]){0,60}"), option::of(names(60)), any::<bool>());
    (page, select(&CloudEnvironment::ALL[..]), apps).prop_map(|(page, environment, (server, client, discovery))| {
        let (name, description, key, issue_id_tokens) = page;
        let mut builder = ConnectionSpec::builder(name)
            .environment(environment)
            .issue_id_tokens(issue_id_tokens)
            .server_app(server)
            .client_app(client);
        if let Some(description) = description {
            builder = builder.description(description);
        }
        if let Some(key) = key {
            builder = builder.key(key);
        }
        if let Some(discovery) = discovery {
            builder = builder.discovery(discovery);
        }
        builder.build().unwrap()
    })
}

/// JSON of any shape, with the specification's own words often enough to get far into it.
fn documents() -> impl Strategy<Value = Value> {
    const FIELDS: [&str; 24] = [
        "name",
        "description",
        "environment",
        "key",
        "issueIdTokens",
        "serverApp",
        "clientApp",
        "discovery",
        "create",
        "import",
        "reuse",
        "homePageUrl",
        "appIdUri",
        "secretValidity",
        "tenantName",
        "tenantId",
        "clientId",
        "secretKey",
        "secretKeyExpiry",
        "users",
        "groups",
        "names",
        "fullSchedule",
        "deltaMinutes",
    ];
    const TEXTS: [&str; 6] = [
        "AzurePublicCloud",
        "oneYear",
        "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
        "2027-11-23",
        "0001170000100038",
        "https://contoso.com/x",
    ];
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,130}".prop_map(Value::from),
        select(&TEXTS[..]).prop_map(Value::from),
    ];
    leaves.prop_recursive(5, 60, 8, |inner| {
        let field = prop_oneof![4 => select(&FIELDS[..]).prop_map(str::to_owned), 1 => ".{0,8}"];
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => proptest::collection::vec((field, inner), 0..8).prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn assert_explained(error: &InvalidSpec) {
    assert!(!error.violations().is_empty());
    for violation in error.violations() {
        // What was given may hold anything, a placeholder's beginning too; the words around it hold none.
        let given = violation.given().map(|given| format!("{given:?}")).unwrap_or_default();
        let message = violation.message();
        let words = [message.strip_prefix(given.as_str()).unwrap_or(message), violation.help()];
        assert!(words.iter().all(|text| !text.is_empty() && !text.contains("${")), "{violation:?}");
        let written = serde_json::to_value(violation).unwrap();
        assert_eq!(&serde_json::from_value::<Violation>(written).unwrap(), violation);
    }
    assert!(error.help().lines().count() > error.violations().len());
}

proptest! {
    #[test]
    fn every_specification_survives_json(spec in specifications()) {
        let written = serde_json::to_value(&spec).unwrap();
        prop_assert!(!written.to_string().contains(SECRET));
        let mut given = written.clone();
        if let Some(import) = given.pointer_mut("/serverApp/import") {
            import["secretKey"] = json!(SECRET);
        }
        let read: ConnectionSpec = given.to_string().parse().unwrap();
        prop_assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }

    #[test]
    fn every_violation_of_any_json_says_what_is_expected(document in documents()) {
        if let Err(error) = document.to_string().parse::<ConnectionSpec>() {
            assert_explained(&error);
        }
    }

    #[test]
    fn every_violation_of_any_text_says_what_is_expected(text in ".{0,200}") {
        if let Err(error) = text.parse::<ConnectionSpec>() {
            assert_explained(&error);
        }
    }

    #[test]
    fn a_field_that_is_unknown_is_named_and_not_repeated(spec in specifications(), text in "[a-z]{30}") {
        let mut given = serde_json::to_value(&spec).unwrap();
        given["unknownField"] = json!(text);
        let error = given.to_string().parse::<ConnectionSpec>().unwrap_err();
        prop_assert!(error.violations().iter().any(|violation| violation.path() == "unknownField"));
        prop_assert!(!error.help().contains(&text));
    }
}

#[test]
fn a_given_value_that_looks_like_a_placeholder_is_repeated_as_it_is() {
    let text = "${expected}\u{b}${";
    let error = json!({"name": text}).to_string().parse::<ConnectionSpec>().unwrap_err();
    assert_explained(&error);
    let name = error.violations().iter().find(|violation| violation.path() == "name").unwrap();
    assert_eq!(name.given(), Some(text));
    assert!(name.message().starts_with("\"${expected}\\u{b}${\" was given, expected "), "{name}");
}

#[test]
fn an_expiry_that_json_cannot_carry_is_refused() {
    let odd_offset = UtcOffset::from_hms(1, 0, 30).unwrap();
    let error = ImportedServerApp::builder()
        .secret_key_expiry(OffsetDateTime::UNIX_EPOCH.to_offset(odd_offset))
        .build()
        .unwrap_err();
    let refused = error
        .violations()
        .iter()
        .find(|violation| violation.path() == "secretKeyExpiry")
        .unwrap();
    assert!(refused.message().contains("2027-11-23"), "{refused}");
}
