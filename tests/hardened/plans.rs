//! What a plan says of policies, and of what it does if one refuses.

use std::time::Duration as Wait;

use cmg_onboarding::{
    Diagnostic, OnboardingError, SecretValidity, Step,
    connection::{FindingCode, Operation, Plan, PlannedAction, When},
    spec::ServerAppSpec,
};
use cmg_onboarding_emulator::Caller;
use serde_json::{Value, json};
use time::Duration;

use crate::tenant::{NOW, OPEN, Policy, app, caller, creating, job, list, site_of_today, spec};

const STRICT: Policy = Policy {
    only_default_uris: true,
    ..OPEN
};

async fn plan(policy: Policy, is_hidden: bool, validity: SecretValidity) -> Plan {
    let tenant = policy.tenant(is_hidden, Wait::ZERO);
    job(&creating(validity), &tenant, None).build().unwrap().plan(|_| ()).await.unwrap()
}

fn if_refused(plan: &Plan) -> Vec<Step> {
    let changes = plan.changes().iter().filter(|change| change.when == When::IfRefused);
    changes.map(|change| change.step).collect()
}

fn has(plan: &Plan, code: FindingCode) -> bool {
    plan.findings().iter().any(|finding| finding.code() == code)
}

#[tokio::test]
async fn a_hidden_policy_is_told_and_what_the_run_does_if_it_refuses_is_in_the_plan() {
    let plan = plan(OPEN, true, SecretValidity::LongestAllowed).await;
    let finding = plan
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::PolicyNotRead)
        .unwrap();
    assert_eq!(finding.parameters()["permission"], "Policy.Read.All");
    assert_eq!(
        if_refused(&plan),
        [Step::SetAppIdUri, Step::ShortenSecret, Step::RemoveServerApp, Step::RemoveClientApp]
    );
    let Operation::ShortenSecret { secrets } = &plan.step(Step::ShortenSecret).unwrap().operation else {
        panic!("shorter secrets")
    };
    let validities: Vec<String> = secrets.iter().map(|secret| secret.validity.to_string()).collect();
    assert_eq!(validities, ["P365D", "P180D", "P90D", "P30D"]);
    let printed = plan.to_string();
    let (_, refused) = printed
        .split_once("Only if the directory refuses by a policy of the tenant")
        .unwrap();
    for line in [
        "api://{tenantId}/{appId}",
        "valid to",
        "Remove the native (client) app",
        "this run has made it",
    ] {
        assert!(refused.contains(line), "{line} in\n{printed}");
    }
    let written = serde_json::to_value(&plan).unwrap();
    let changes = written["changes"].as_array().unwrap();
    let whens: Vec<&Value> = changes
        .iter()
        .map(|change| &change["when"])
        .filter(|when| **when == json!("ifRefused"))
        .collect();
    assert_eq!(whens.len(), 4);
}

#[tokio::test]
async fn what_was_asked_for_by_name_is_not_made_shorter_and_an_empty_plan_says_nothing_of_policies() {
    assert!(!if_refused(&plan(OPEN, true, SecretValidity::OneYear).await).contains(&Step::ShortenSecret));
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let job = job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    job.onboard(|_| ()).await.unwrap();
    let again = job.plan(|_| ()).await.unwrap();
    assert!(again.is_empty() && if_refused(&again).is_empty(), "{again}");
    assert!(!has(&again, FindingCode::PolicyNotRead));
}

#[tokio::test]
async fn a_policy_that_was_read_leaves_nothing_to_be_refused() {
    assert_eq!(if_refused(&plan(OPEN, false, SecretValidity::OneYear).await), []);
    let plan = plan(
        Policy {
            longest_days: Some(180),
            ..STRICT
        },
        false,
        SecretValidity::LongestAllowed,
    )
    .await;
    assert_eq!(if_refused(&plan), []);
    assert!(!has(&plan, FindingCode::PolicyNotRead) && !has(&plan, FindingCode::AppIdUriResolved));
    let told = plan
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::AppIdUriByPolicy)
        .unwrap();
    assert_eq!(told.parameters()["uri"], "api://{tenantId}/{appId}");
    assert_eq!(plan.step(Step::SetAppIdUri).unwrap().action, PlannedAction::Update);
    let Operation::CreateApp {
        secret: Some(secret),
        properties,
        ..
    } = &plan.step(Step::RegisterServerApp).unwrap().operation
    else {
        panic!("the server app is created with its secret")
    };
    assert_eq!(secret.allowed_seconds, Some(180 * 86_400));
    assert_eq!(secret.expires_about, (NOW + Duration::days(180) - Duration::MINUTE).date());
    assert_eq!(properties.identifier_uris, None);
    let approved = serde_json::to_string(plan.document()).unwrap();
    assert_eq!(
        &serde_json::from_str::<cmg_onboarding::connection::PlanDocument>(&approved).unwrap(),
        plan.document()
    );
}

#[tokio::test]
async fn a_caller_whom_no_policy_binds_is_not_told_of_one_and_the_plan_holds_if_one_does() {
    for is_hidden in [false, true] {
        let tenant = STRICT.tenant(is_hidden, Wait::ZERO);
        let job = job(&creating(SecretValidity::OneYear), &tenant, None);
        let plan = job.policy_exempt(true).build().unwrap().plan(|_| ()).await.unwrap();
        assert!(
            !has(&plan, FindingCode::PolicyNotRead) && !has(&plan, FindingCode::AppIdUriByPolicy),
            "{plan}"
        );
        let default = format!("api://{}/ConfigMgrService", tenant.tenant_id());
        assert_eq!(plan.app_id_uri().unwrap().as_str(), default);
        assert_eq!(if_refused(&plan), [Step::SetAppIdUri, Step::RemoveServerApp, Step::RemoveClientApp]);
        let outcome = plan.apply(|_| ()).await.unwrap();
        let id = outcome.server_app.unwrap().application_id;
        let expected = format!("api://{}/{id}", tenant.tenant_id());
        assert_eq!(outcome.app_id_uri.unwrap().as_str(), expected);
    }
}

#[tokio::test]
async fn both_placeholders_can_be_asked_for_and_client_and_site_get_the_same_text() {
    for (asked, with_tenant) in [("api://{appId}", false), ("api://{tenantId}/{appId}", true)] {
        for policy in [OPEN, STRICT] {
            let (tenant, site) = (policy.tenant(false, Wait::ZERO), site_of_today());
            let job = job(&spec(ServerAppSpec::builder("Server").app_id_uri(asked)), &tenant, Some(&site))
                .build()
                .unwrap();
            let plan = job.plan(|_| ()).await.unwrap();
            assert_eq!(plan.app_id_uri().unwrap().as_str(), asked);
            let outcome = plan.apply(|_| ()).await.unwrap();
            let id = outcome.server_app.as_ref().unwrap().application_id;
            let expected = match with_tenant {
                true => format!("api://{}/{id}", tenant.tenant_id()),
                false => format!("api://{id}"),
            };
            assert_eq!(app(&tenant.state(), id)["identifierUris"], json!([expected]));
            assert_eq!(outcome.client_settings().unwrap().app_id_uri.unwrap().as_str(), expected);
            assert!(site.state().to_string().contains(&expected));
            assert!(job.plan(|_| ()).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn an_outcome_never_has_an_app_id_uri_with_placeholders() {
    let tenant = STRICT.tenant(false, Wait::ZERO);
    let job = job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    assert_eq!(job.remove(|_| ()).await.unwrap().app_id_uri, None, "nothing is there");
    let uri = job.onboard(|_| ()).await.unwrap().app_id_uri.unwrap();
    assert!(!uri.has_placeholders(), "{uri}");
}

#[tokio::test]
async fn no_remedy_recommends_the_app_id_uri_that_is_refused() {
    let tenant = STRICT.tenant(false, Wait::ZERO);
    let chosen = format!("api://{}/ConfigMgrService", tenant.tenant_id());
    let asked = spec(ServerAppSpec::builder("Server").app_id_uri(&chosen));
    let OnboardingError::Blocked(blocked) = job(&asked, &tenant, None).build().unwrap().plan(|_| ()).await.unwrap_err() else {
        panic!("the policy refuses it")
    };
    let finding = blocked
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::AppIdUriBlockedByPolicy)
        .unwrap();
    assert!(!finding.remedy().contains("{string}"), "{finding}");
    let hidden = tenant.with_caller(caller(true));
    let OnboardingError::Apply(error) = job(&asked, &hidden, None).build().unwrap().onboard(|_| ()).await.unwrap_err() else {
        panic!("the policy refuses it")
    };
    let help = error.failures()[0].error.help().into_owned();
    assert!(help.contains("api://{tenantId}/{appId}") && !help.contains("{string}"), "{help}");
    assert_eq!(list(&tenant.state(), "applications").len(), 0);
    // The words of the remedy, taken at their word.
    let remedy = spec(ServerAppSpec::builder("Server").app_id_uri("api://{tenantId}/{appId}"));
    job(&remedy, &hidden, None).build().unwrap().onboard(|_| ()).await.unwrap();
}

#[tokio::test]
async fn a_day_that_has_passed_is_found_beforehand_and_365_days_are_told_as_365() {
    let yesterday = (NOW - Duration::DAY).date();
    let blocked = |policy: Policy, validity| async move {
        let tenant = policy.tenant(false, Wait::ZERO);
        match job(&creating(validity), &tenant, None)
            .build()
            .unwrap()
            .plan(|_| ())
            .await
            .unwrap_err()
        {
            OnboardingError::Blocked(blocked) => blocked,
            other => panic!("{other:?}"),
        }
    };
    let passed = blocked(OPEN, SecretValidity::Until(yesterday)).await;
    assert!(
        passed
            .findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::SecretEndPassed)
    );
    let short = Policy {
        longest_days: Some(180),
        ..OPEN
    };
    for (validity, days) in [(SecretValidity::Days(365), 365), (SecretValidity::Days(181), 181)] {
        let long = blocked(short, validity).await;
        let finding = long
            .findings()
            .iter()
            .find(|finding| finding.code() == FindingCode::SecretTooLong)
            .unwrap();
        assert_eq!(
            (&finding.parameters()["wantedDays"], &finding.parameters()["longestDays"]),
            (&json!(days), &json!(180))
        );
        assert!(finding.remedy().contains("LongestAllowed"), "{finding}");
    }
}

#[tokio::test]
async fn a_secret_until_a_day_ends_with_that_day_in_utc() {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let day = (NOW + Duration::days(100)).date();
    let outcome = job(&creating(SecretValidity::Until(day)), &tenant, None)
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let end = day.midnight().assume_utc() + Duration::DAY - Duration::SECOND;
    assert_eq!(outcome.secret.unwrap().expires_on, end);
}

#[tokio::test]
async fn owners_are_set_when_the_apps_are_created() {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let owner = "5d0c77f1-7f2e-4f4c-8b8e-000000000001";
    let asked = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("Server").owner(owner))
        .client_app(cmg_onboarding::ClientAppSpec::builder("Client").owner(owner))
        .build()
        .unwrap();
    let again = serde_json::to_value(&asked).unwrap();
    assert_eq!(again["serverApp"]["create"]["owners"], json!([owner]));
    let plan = job(&asked, &tenant, None).build().unwrap().plan(|_| ()).await.unwrap();
    assert!(plan.to_string().contains(&format!("Owner: {owner}")), "{plan}");
    plan.apply(|_| ()).await.unwrap();
    let created = tenant
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/applications"));
    let bound: Vec<Value> = created.map(|request| request.body.unwrap()["owners@odata.bind"].clone()).collect();
    let address = |bound: &Value| bound[0].as_str().unwrap().ends_with(&format!("/v1.0/directoryObjects/{owner}"));
    assert!(bound.len() == 2 && bound.iter().all(address), "{bound:?}");
}

#[tokio::test]
async fn a_policy_that_was_not_read_matters_to_a_plan_only_if_it_adds_an_app_id_uri_or_a_secret() {
    for (change, matters) in [(json!({"identifierUris": []}), true), (json!({"web": {"redirectUris": []}}), false)] {
        let tenant = OPEN.tenant(true, Wait::ZERO);
        let job = job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
        let server = job.onboard(|_| ()).await.unwrap().server_app.unwrap().application_id;
        assert!(tenant.change_object(server, change));
        let plan = job.plan(|_| ()).await.unwrap();
        assert_eq!(plan.step(Step::RegisterServerApp).unwrap().action, PlannedAction::Update);
        assert_eq!(has(&plan, FindingCode::PolicyNotRead), matters, "{plan}");
    }
}

#[tokio::test]
async fn an_application_that_writes_what_it_owns_is_told_which_app_it_must_own() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let wanted = creating(SecretValidity::OneYear);
    let outcome = job(&wanted, &tenant, None).build().unwrap().onboard(|_| ()).await.unwrap();
    let (server, client) = (
        outcome.server_app.unwrap().application_id,
        outcome.client_app.unwrap().application_id,
    );
    let roles = [
        "Application.ReadWrite.OwnedBy",
        "Application.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Organization.Read.All",
        "Policy.Read.All",
    ];
    let pipeline = tenant.with_caller(Caller::application(uuid::Uuid::from_u128(5), roles));
    let owned = async || {
        let plan = job(&wanted, &pipeline, None).build().unwrap().plan(|_| ()).await.unwrap();
        let told = plan
            .findings()
            .iter()
            .find(|finding| finding.code() == FindingCode::OwnershipUnread);
        told.map(|finding| finding.parameters()["clientIds"].clone())
    };
    assert_eq!(owned().await, None);
    assert!(tenant.change_object(server, json!({"web": {"redirectUris": []}})));
    assert_eq!(owned().await, Some(json!([server])));
    assert!(tenant.change_object(client, json!({"publicClient": {"redirectUris": []}})));
    let mut both = [server, client];
    both.sort_unstable();
    assert_eq!(owned().await, Some(json!(both)));
}

#[tokio::test]
async fn the_days_on_which_shorter_secrets_would_end_make_no_approved_plan_stale() {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let job = job(&creating(SecretValidity::LongestAllowed), &tenant, None).build().unwrap();
    let document = serde_json::to_value(job.plan(|_| ()).await.unwrap().document()).unwrap();
    let mut approved = document.clone();
    let changes = approved["changes"].as_array_mut().unwrap();
    let shorten = changes.iter_mut().find(|change| change["step"] == "shortenSecret").unwrap();
    for secret in shorten["operation"]["secrets"].as_array_mut().unwrap() {
        secret["expiresAbout"] = json!("2026-11-23");
    }
    assert_ne!(approved, document);
    job.plan_from(&serde_json::from_value(approved).unwrap(), |_| ()).await.unwrap();
}
