//! Every policy, known to the caller or not, with every validity and every way to a server app.
//!
//! What has to happen comes from the rules of Microsoft's documentation as they stand in this file, and what did happen is
//! read from the emulated tenant and site, not from what the run says of itself.

use std::time::Duration as Wait;

use cmg_onboarding::{
    ApplicationId, OnboardingError, Outcome, SecretValidity,
    connection::{FindingCode, Severity},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::tenant::{NOW, OPEN, Policy, Way, app, job, list, settle, site_of_today, spec_of, writes};

#[derive(Debug, Clone, Copy)]
struct Case {
    policy: Policy,
    is_hidden: bool,
    way: Way,
    validity: SecretValidity,
    lag: Wait,
    has_site: bool,
}

/// What has to become of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Set up, with a secret of this many days if one is issued.
    Done { days: Option<i64> },
    /// Refused by the rule for secrets.
    Refused,
}

impl Case {
    fn expected(&self) -> Expected {
        if self.way == Way::Import {
            return Expected::Done { days: None };
        }
        if self.policy.secrets_forbidden {
            return Expected::Refused;
        }
        let today = NOW;
        let asked = match self.validity {
            SecretValidity::OneYear => (SecretValidity::OneYear.end_after(today) - today + Duration::MINUTE).whole_days(),
            SecretValidity::Days(days) => days.into(),
            SecretValidity::Until(day) => (day.midnight().assume_utc() + Duration::DAY - today).whole_days() + 1,
            // What the policy allows, or two years; if it is hidden, the longest of the fixed ones that it allows.
            _ => self.policy.longest_days.unwrap_or(730),
        };
        match self.policy.longest_days {
            Some(longest) if asked > longest => Expected::Refused,
            _ => Expected::Done { days: Some(asked) },
        }
    }

    /// The App ID URI of a server app that this crate gives one.
    fn uri(&self, tenant: &EmulatedTenant, server: ApplicationId) -> String {
        let tenant = tenant.tenant_id();
        match self.way {
            Way::Import => "https://contoso.com/cmg".to_owned(),
            _ if self.policy.only_default_uris => format!("api://{tenant}/{server}"),
            _ => format!("api://{tenant}/ConfigMgrService"),
        }
    }
}

fn cases() -> Vec<Case> {
    let secrets = [
        Policy {
            secrets_forbidden: true,
            ..OPEN
        },
        Policy {
            longest_days: Some(90),
            ..OPEN
        },
        Policy {
            longest_days: Some(180),
            ..OPEN
        },
        Policy {
            longest_days: Some(365),
            ..OPEN
        },
        OPEN,
    ];
    let uris = [(false, false), (true, false), (false, true)];
    let in_sixty_days = (NOW + Duration::days(60)).date();
    let validities = [
        SecretValidity::OneYear,
        SecretValidity::Days(180),
        SecretValidity::Until(in_sixty_days),
        SecretValidity::LongestAllowed,
    ];
    let mut cases = Vec::new();
    for secrets in secrets {
        for (uris_need_an_owner, only_default_uris) in uris {
            let policy = Policy {
                uris_need_an_owner,
                only_default_uris,
                ..secrets
            };
            for is_hidden in [false, true] {
                for (lag, has_site) in [(0, false), (0, true), (2, false), (2, true)] {
                    let case = |way, validity| Case {
                        policy,
                        is_hidden,
                        way,
                        validity,
                        lag: Wait::from_secs(lag),
                        has_site,
                    };
                    // If no secret is allowed, it makes no difference how long it would be valid.
                    let asked = if policy.secrets_forbidden {
                        &validities[3..]
                    } else {
                        &validities[..]
                    };
                    cases.extend(asked.iter().map(|validity| case(Way::Create, *validity)));
                    // The first and the last, which is the longest that is allowed.
                    let asked = [asked.first(), asked.get(3)].into_iter().flatten();
                    cases.extend(asked.map(|validity| case(Way::Adopt, *validity)));
                    cases.push(case(Way::Import, SecretValidity::default()));
                }
            }
        }
    }
    cases
}

#[test]
fn there_are_hundreds_of_cases() {
    let cases = cases();
    let of = |way| cases.iter().filter(|case| case.way == way).count();
    println!(
        "{} created, {} imported, {} adopted",
        of(Way::Create),
        of(Way::Import),
        of(Way::Adopt)
    );
    assert!(cases.len() >= 500, "{}", cases.len());
}

#[tokio::test(start_paused = true)]
async fn with_a_policy_that_is_read_a_tenant_ends_done_and_right_or_is_blocked_before_the_first_write() {
    let (done, blocked, refused) = try_out(false).await;
    assert!(done >= 150 && blocked >= 50 && refused == 0);
}

#[tokio::test(start_paused = true)]
async fn with_a_hidden_policy_a_tenant_ends_done_and_right_or_refused_with_nothing_of_the_run_left() {
    let (done, blocked, refused) = try_out(true).await;
    assert!(done >= 150 && blocked == 0 && refused >= 50);
}

async fn try_out(is_hidden: bool) -> (usize, usize, usize) {
    let (mut done, mut blocked, mut refused) = (0, 0, 0);
    let mut cases = cases();
    cases.retain(|case| case.is_hidden == is_hidden);
    for case in &cases {
        let tenant = case.policy.tenant(case.is_hidden, case.lag);
        let site = site_of_today();
        let spec = spec_of(case.way, case.validity, &tenant).await;
        let before = tenant.state();
        tenant.clear_requests();
        let job = job(&spec, &tenant, case.has_site.then_some(&site)).build().unwrap();
        let result = job.onboard(|_| ()).await;
        settle().await;
        match (case.expected(), result) {
            (Expected::Done { days }, Ok(outcome)) => {
                check_done(case, days, &outcome, &tenant, &site);
                let again = job.plan(|_| ()).await.unwrap();
                assert!(again.is_empty(), "{case:?}\n{again}");
                done += 1;
            }
            (Expected::Refused, Err(OnboardingError::Blocked(error))) if !case.is_hidden => {
                assert_eq!(writes(&tenant), [], "{case:?}");
                let by_policy = [FindingCode::SecretsForbidden, FindingCode::SecretTooLong];
                let blockers = error.findings().iter().filter(|finding| finding.severity() == Severity::Blocker);
                assert!(
                    blockers.clone().all(|finding| by_policy.contains(&finding.code())),
                    "{case:?} {error:?}"
                );
                assert!(blockers.count() > 0);
                blocked += 1;
            }
            (Expected::Refused, Err(OnboardingError::Apply(error))) if case.is_hidden => {
                let reason = error.failures()[0].error.refusal().unwrap();
                assert!(format!("{reason:?}").starts_with("Secret"), "{case:?} {reason:?}");
                assert!(
                    error.findings().iter().any(|finding| finding.code() == FindingCode::PolicyNotRead),
                    "{case:?}"
                );
                check_nothing_left(case, &before, &tenant.state());
                let with_site = site.state().to_string();
                assert!(!with_site.contains("ConfigMgr Client"), "{case:?}");
                refused += 1;
            }
            (expected, other) => panic!("{case:?}: {expected:?} was expected, not {other:#?}"),
        }
    }
    println!(
        "{} cases: {done} done and right, {blocked} blocked before the first write, {refused} refused and cleaned up",
        cases.len()
    );
    (done, blocked, refused)
}

fn check_done(case: &Case, days: Option<i64>, outcome: &Outcome, tenant: &EmulatedTenant, site: &EmulatedSite) {
    let state = tenant.state();
    let (server, client) = (outcome.server_app.as_ref().unwrap(), outcome.client_app.as_ref().unwrap());
    let registered = app(&state, server.application_id);
    let uri = case.uri(tenant, server.application_id);
    assert_eq!(registered["identifierUris"], json!([uri]), "{case:?}");
    assert_eq!(outcome.app_id_uri.as_ref().unwrap().as_str(), uri, "{case:?}");
    assert_eq!(outcome.client_settings().unwrap().app_id_uri.unwrap().as_str(), uri, "{case:?}");
    let broker = format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{}", client.application_id);
    assert_eq!(
        app(&state, client.application_id)["publicClient"]["redirectUris"],
        json!([broker]),
        "{case:?}"
    );
    assert_eq!(list(&state, "applications").len(), 2, "{case:?}");
    assert_eq!(list(&state, "oauth2PermissionGrants").len(), 2, "{case:?}");
    assert_eq!(list(&state, "deletedApplications").len(), 0, "{case:?}");
    let made: &[ApplicationId] = match case.way {
        Way::Create => &[server.application_id, client.application_id],
        _ => &[client.application_id],
    };
    for id in made {
        let lock = &app(&state, *id)["servicePrincipalLockConfiguration"];
        assert_eq!(
            (&lock["isEnabled"], &lock["allProperties"]),
            (&json!(true), &json!(true)),
            "{case:?}"
        );
    }
    let end = days.map(|days| check_secret(case, days, outcome, registered));
    if case.has_site {
        check_site(case, outcome, &uri, end, site);
    }
}

/// The one secret ends as asked for, and all are told the end that the directory has.
fn check_secret(case: &Case, days: i64, outcome: &Outcome, registered: &Value) -> OffsetDateTime {
    let [secret] = registered["passwordCredentials"].as_array().unwrap().as_slice() else {
        panic!("{case:?}: one secret is expected in {registered}");
    };
    let end = OffsetDateTime::parse(secret["endDateTime"].as_str().unwrap(), &Rfc3339).unwrap();
    assert_eq!(outcome.secret.as_ref().unwrap().expires_on, end, "{case:?}");
    let told = outcome.next_steps.iter().filter_map(|step| step.parameters.get("expiresOn"));
    assert_eq!(told.collect::<Vec<_>>(), [&json!(end.date().to_string())], "{case:?}");
    let valid = end - NOW;
    let longest = Duration::days(days) + Duration::DAY;
    // A secret that is added ends some days earlier than asked for, so that its end tells it from others.
    let shortest = match case.way {
        Way::Create => Duration::days(days - 1),
        _ => Duration::days(days / 2),
    };
    assert!(valid <= longest && valid >= shortest, "{case:?}: {valid} of {days} days");
    end
}

fn check_site(case: &Case, outcome: &Outcome, uri: &str, end: Option<OffsetDateTime>, site: &EmulatedSite) {
    let server = outcome.server_app.as_ref().unwrap().application_id;
    site.change(|snapshot| {
        let row = snapshot.applications.iter().find(|row| row.client_id == server).unwrap();
        assert_eq!(row.identifier_uri.as_deref(), Some(uri), "{case:?}");
        if let Some(end) = end {
            assert_eq!(row.secret_expiry, Some(end), "{case:?}");
        }
    });
    if let Some(secret) = &outcome.secret {
        assert!(site.holds_secret(server, secret.value.expose()), "{case:?}");
    }
}

/// No app, no service principal, no consent, no secret, and nothing in the recycle bin.
fn check_nothing_left(case: &Case, before: &Value, after: &Value) {
    let ids = |state: &Value, kind: &str| -> Vec<Value> { list(state, kind).iter().map(|object| object["id"].clone()).collect() };
    for kind in [
        "applications",
        "servicePrincipals",
        "oauth2PermissionGrants",
        "appRoleAssignments",
        "deletedApplications",
        "deletedServicePrincipals",
    ] {
        assert_eq!(ids(before, kind), ids(after, kind), "{case:?}: {kind}");
    }
    let secrets = |state: &Value| -> Vec<(Value, Value)> {
        let apps = list(state, "applications").iter();
        apps.map(|app| (app["appId"].clone(), app["passwordCredentials"].clone())).collect()
    };
    assert_eq!(secrets(before), secrets(after), "{case:?}");
}
