//! The three phases of a renewal, and what each one leaves as it is.

use cmg_onboarding::{
    ConnectionSpec, OnboardingError, Step,
    connection::{EventKind, FindingCode, NextStepCode, Operation, PlannedAction, Severity, StepAction, Verb},
};
use cmg_onboarding_emulator::Timeline;
use time::macros::datetime;
use tokio::time::sleep;

use crate::{
    support::{Recorder, assert_documented},
    world::{DAY, HOUR, World, blocked, found, key, next, parameter, spec},
};

#[tokio::test(start_paused = true)]
async fn a_renewal_issues_a_secret_and_leaves_its_typing_to_a_person() {
    let world = World::new();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let job = world.job();
    let plan = job.plan_renewal(|_| ()).await.unwrap();
    assert_eq!(plan.document().verb, Verb::RenewSecret);
    let steps: Vec<(Step, PlannedAction)> = plan.changes().iter().map(|change| (change.step, change.action)).collect();
    assert_eq!(
        steps,
        [
            (Step::IssueSecret, PlannedAction::Create),
            (Step::ImportServerApp, PlannedAction::ByHand),
            (Step::RetireSecrets, PlannedAction::Remove),
        ]
    );
    assert!(
        plan.to_string().contains("Secret Key Expiry: 2027-02-22 -> about 2027-04-2"),
        "{plan}"
    );
    assert_eq!(parameter(plan.findings(), FindingCode::SecretNotRenewed, "heldUntil"), "2027-02-22");
    let recorder = Recorder::default();
    let outcome = plan.apply(recorder.listen()).await.unwrap();
    let secret = outcome.secret.as_ref().expect("the value, once");
    assert!(world.is_live(app, secret.value.expose()) && world.is_live(app, &old));
    assert!(world.site.holds_secret(app, &old), "the site has not changed");
    assert_eq!(
        world.vault.find(&secret.key_id.to_string()).unwrap().secret.value.expose(),
        secret.value.expose()
    );
    assert!(found(&outcome.findings, FindingCode::NewSecretProven).is_some());
    let events = recorder.events();
    let tried = |kind: &EventKind| matches!(kind, EventKind::SecretTried { accepted: Some(true), .. });
    assert!(events.iter().any(|event| tried(&event.kind)));
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Differs);
    assert_eq!(outcome.report.step(Step::RetireSecrets), None, "nothing is removed");
    let task = next(&outcome, NextStepCode::RenewSecretInSite).unwrap();
    let expected = [
        ("expiresOn", secret.expires_on.date().to_string()),
        ("heldUntil", "2027-02-22".to_owned()),
        ("clientId", app.to_string()),
        ("name", "ConfigMgr Server".to_owned()),
        ("tenantId", outcome.tenant_id.to_string()),
        ("tenantName", "contoso.onmicrosoft.com".to_owned()),
    ];
    for (name, value) in expected {
        assert_eq!(task.parameters[name], value, "{task:?}");
    }
    assert!(
        task.how
            .contains("console > Administration > Cloud Services > Microsoft Entra tenants > (the server app) > Renew Secret Key"),
        "{task}"
    );
    assert!(next(&outcome, NextStepCode::SetUpGateway).is_none(), "the gateway is there");
    assert_eq!(
        next(&outcome, NextStepCode::RecordSecretExpiry).unwrap().parameters["expiresOn"],
        "2027-02-22",
        "the one that the site has"
    );
    outcome.findings.iter().for_each(assert_documented);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_site_does_not_show_is_waited_for_until_another_one_is_asked_for() {
    let world = World::new();
    let (app, old, first) = world.renewed().await;
    sleep(DAY).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let text = "Nothing will be changed now; what the renewal waits for is said above.";
    assert!(plan.to_string().trim_end().ends_with(text), "{plan}");
    assert_eq!(
        parameter(plan.findings(), FindingCode::RenewalWaiting, "keyId"),
        key(&first).to_string()
    );
    assert_eq!(parameter(plan.findings(), FindingCode::RenewalWaiting, "since"), "2027-01-23");
    assert_eq!(parameter(plan.findings(), FindingCode::RenewalWaiting, "heldUntil"), "2027-02-22");
    assert_eq!(found(plan.findings(), FindingCode::SecretNotRenewed), None, "told once");
    plan.findings().iter().for_each(assert_documented);
    let waited = plan.apply(|_| ()).await.unwrap();
    assert!(!waited.changed && waited.secret.is_none());
    let task = next(&waited, NextStepCode::RenewSecretInSite).expect("the task stays open");
    assert_eq!(
        task.parameters["expiresOn"],
        first.secret.as_ref().unwrap().expires_on.date().to_string()
    );
    assert_eq!(world.keys(app).len(), 2);

    let again = world.builder().reissue_secret(true).build().unwrap();
    let second = again.renew_secret(|_| ()).await.unwrap();
    let apart = second.secret.as_ref().unwrap().expires_on - first.secret.as_ref().unwrap().expires_on;
    assert!(apart.abs() >= time::Duration::days(3) - time::Duration::MINUTE, "{apart}");
    let live = [
        &old,
        first.secret.as_ref().unwrap().value.expose(),
        second.secret.as_ref().unwrap().value.expose(),
    ];
    assert!(live.iter().all(|secret| world.is_live(app, secret)), "all three stay");
    // The one that was asked for last is the one that is waited for now.
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert_eq!(
        parameter(plan.findings(), FindingCode::RenewalWaiting, "keyId"),
        key(&second).to_string()
    );
}

#[tokio::test(start_paused = true)]
async fn a_date_that_the_site_shows_proves_no_value_and_the_old_secret_stays() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    let secret = outcome.secret.as_ref().unwrap();
    // The date alone: a person has forgotten the value.
    world.site.renew_secret_key(app, None, Some(secret.expires_on)).unwrap();
    sleep(HOUR).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let shown = found(plan.findings(), FindingCode::RenewedSecretUnproven).unwrap();
    assert!(shown.message().contains("the value is not proven"), "{shown}");
    assert_eq!(shown.parameters()["oldUntil"], "2027-02-22");
    assert_eq!(shown.parameters()["shownSince"], "2027-01-23");
    plan.findings().iter().for_each(assert_documented);
    assert!(!plan.apply(|_| ()).await.unwrap().changed);
    assert!(world.is_live(app, &old) && world.site.holds_secret(app, &old));
    // Onboarding again removes nothing either.
    assert!(world.job().plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_the_old_secret_has_ended_the_next_renewal_begins() {
    let world = World::new();
    let (app, _, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    sleep(DAY * 31).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert_eq!(plan.step(Step::IssueSecret).unwrap().action, PlannedAction::Create, "{plan}");
}

#[tokio::test(start_paused = true)]
async fn a_site_that_takes_renewed_secrets_gets_it_and_nothing_else_of_it_changes() {
    let world = World::taking();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    world
        .site
        .change(|rows| rows.connections[0].description = Some("written in the console".to_owned()));
    let before = world.site.state();
    let other: ConnectionSpec = spec().to_builder().description("of the specification").build().unwrap();
    let job = world.process(other, &Timeline::new(), false).build().unwrap();
    let outcome = job.renew_secret(|_| ()).await.unwrap();
    let secret = outcome.secret.as_ref().unwrap();
    assert!(world.site.holds_secret(app, secret.value.expose()) && world.is_live(app, &old));
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Updated);
    assert_eq!(next(&outcome, NextStepCode::RenewSecretInSite), None);
    assert_eq!(
        next(&outcome, NextStepCode::RecordSecretExpiry).unwrap().parameters["expiresOn"],
        secret.expires_on.date().to_string()
    );
    let after = world.site.state();
    assert_eq!(
        (&before["connections"], &before["tenants"]),
        (&after["connections"], &after["tenants"])
    );
    assert_eq!(world.row(app).secret_expiry, Some(secret.expires_on));
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert!(
        plan.is_empty() && found(plan.findings(), FindingCode::RenewedSecretUnproven).is_some(),
        "{plan}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_site_that_works_gets_no_secret_that_was_not_accepted() {
    let world = World::taking();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    *world.sign_in.refuses.lock().unwrap() = true;
    let outcome = world.job().renew_secret(|_| ()).await.unwrap();
    assert!(world.site.holds_secret(app, &old));
    let report = outcome.report.step(Step::ImportServerApp).unwrap();
    assert_eq!(report.action, StepAction::Differs);
    assert!(report.note.as_ref().unwrap().contains("was not accepted"), "{report:?}");
    assert!(next(&outcome, NextStepCode::RenewSecretInSite).is_some());
    assert!(found(&outcome.findings, FindingCode::NewSecretNotYetAccepted).is_some());
    assert!(outcome.secret.is_some() && world.vault.len() == 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_site_the_new_secret_is_in_the_outcome_and_the_old_one_stays() {
    let world = World::new();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let job = world.without_site(spec(), &Timeline::new(), false).build().unwrap();
    let outcome = job.renew_secret(|_| ()).await.unwrap();
    assert!(world.is_live(app, &old) && world.is_live(app, outcome.secret.as_ref().unwrap().value.expose()));
    assert!(next(&outcome, NextStepCode::HandOverSecret).is_some());
    assert!(outcome.hand_over().is_some(), "both apps as the other administrator imports them");
    // There is nothing to tell whether it was handed over, so the next one is issued, too.
    assert!(job.renew_secret(|_| ()).await.unwrap().secret.is_some());
    assert_eq!(world.keys(app).len(), 3);
    let none = blocked(job.plan_secret_removal(|_| ()).await);
    assert!(found(none.findings(), FindingCode::RenewedSecretNotShown).is_some());
}

#[tokio::test(start_paused = true)]
async fn secrets_that_this_crate_has_not_made_are_never_touched() {
    let world = World::taking();
    let (app, _) = world.onboard().await;
    let theirs = world.add_secret(app, "theirs", datetime!(2099-01-01 00:00 UTC)).await;
    let elsewhere = world
        .add_secret(
            app,
            "Configuration Manager CMG (cmg-onboarding) 00000001, site another",
            datetime!(2098-01-01 00:00 UTC),
        )
        .await;
    let without = world
        .add_secret(
            app,
            "Configuration Manager CMG (cmg-onboarding) 00000002",
            datetime!(2097-01-01 00:00 UTC),
        )
        .await;
    sleep(DAY * 60).await;
    world.job().renew_secret(|_| ()).await.unwrap();
    sleep(HOUR * 27).await;
    world.job().remove_old_secrets(|_| ()).await.unwrap();
    let keys = world.keys(app);
    assert!([theirs, elsewhere, without].iter().all(|key| keys.contains(key)), "{keys:?}");
    assert_eq!(keys.len(), 4, "the old one of this site alone is gone");
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_a_probe_says_that_the_secret_is_not_tried_out() {
    let world = World::new();
    world.onboard().await;
    let job = cmg_onboarding::AzureServicesConnection::builder(spec())
        .directory(world.tenant.directory())
        .site(world.site.clone())
        .clock(std::sync::Arc::new(world.clock));
    let plan = job.build().unwrap().plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::NewSecretNotTried).is_some(), "{plan}");
    assert!(matches!(
        plan.step(Step::ImportServerApp).unwrap().operation,
        Operation::RenewSecret { by_hand: true, .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn check_and_view_tell_a_renewal_that_is_under_way() {
    let world = World::new();
    let (app, old, first) = world.renewed().await;
    sleep(DAY).await;
    let check = world.job().check(|_| ()).await.unwrap();
    assert_eq!(
        parameter(&check.findings, FindingCode::RenewalWaiting, "keyId"),
        key(&first).to_string()
    );
    let view = world.job().view(|_| ()).await.unwrap();
    assert!(found(&view.findings, FindingCode::RenewalWaiting).is_some(), "{view}");
    world.type_in(app, &first);
    sleep(DAY).await;
    let check = world.job().check(|_| ()).await.unwrap();
    assert!(found(&check.findings, FindingCode::RenewalWaiting).is_none(), "{check}");
    assert!(found(&check.findings, FindingCode::RenewedSecretUnproven).is_some(), "{check}");
    assert!(world.is_live(app, &old));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_on_the_first_day_says_that_the_new_secret_may_end_before_the_old_one() {
    let world = World::new();
    world.onboard().await;
    sleep(DAY).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    let early = FindingCode::RenewedSecretMayEndEarlier;
    assert_eq!(parameter(plan.findings(), early, "heldUntil"), "2027-02-22");
    let from = parameter(plan.findings(), early, "from");
    assert_eq!(
        from, "2026-12-27",
        "ten ends that tell it from the old one are free above that one by then"
    );
    sleep(DAY * 32).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), early).is_none(), "from {from} on: {plan}");
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(outcome.secret.unwrap().expires_on > datetime!(2027-02-23 0:00 UTC));
}

#[tokio::test(start_paused = true)]
async fn a_site_that_may_not_be_written_to_stands_in_the_way_of_a_renewal_only_if_it_takes_the_secret() {
    for (world, severity) in [(World::new(), Severity::Warning), (World::taking(), Severity::Blocker)] {
        world.onboard().await;
        sleep(DAY * 60).await;
        world.site.change(|rows| rows.info.may_write = Some(false));
        let findings = match world.job().plan_renewal(|_| ()).await {
            Ok(plan) => plan.findings().to_vec(),
            Err(OnboardingError::Blocked(blocked)) => blocked.findings().to_vec(),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(found(&findings, FindingCode::SiteRightsMissing).unwrap().severity(), severity);
    }
}
