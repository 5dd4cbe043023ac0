//! An old secret is removed before its own end only by a plan of its own, and only when its successor has been shown for
//! long enough.

use std::time::Duration;

use cmg_onboarding::{
    Call, ConnectionSpec, Site, SiteError, Step, async_trait,
    connection::{FindingCode, Operation, PlannedAction, Severity, StepAction, Verb},
    site::SiteSnapshot,
};
use cmg_onboarding_emulator::{EmulatedSite, Timeline};
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{
    support::assert_documented,
    world::{DAY, HOUR, START, World, blocked, found, key, parameter},
};

#[tokio::test(start_paused = true)]
async fn an_old_secret_goes_26_hours_after_the_site_has_shown_the_new_end_and_not_before() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    let not_shown = blocked(world.job().remove_old_secrets(|_| ()).await);
    assert_eq!(
        parameter(not_shown.findings(), FindingCode::RenewedSecretNotShown, "keyId"),
        key(&outcome).to_string()
    );
    not_shown.findings().iter().for_each(assert_documented);
    sleep(HOUR).await;
    world.type_in(app, &outcome);
    for _ in 0..26 {
        let early = blocked(world.job().remove_old_secrets(|_| ()).await);
        let early = found(early.findings(), FindingCode::SecretRemovalTooEarly).unwrap();
        assert_eq!(
            (&early.parameters()["since"], &early.parameters()["earliest"]),
            (&"2027-01-23 13:00 UTC".into(), &"2027-01-24 15:00 UTC".into())
        );
        assert_documented(early);
        assert!(world.is_live(app, &old));
        sleep(HOUR).await;
    }
    sleep(Duration::from_secs(1)).await;
    let plan = world.job().plan_secret_removal(|_| ()).await.unwrap();
    assert_eq!((plan.document().verb, plan.changes().len()), (Verb::RemoveOldSecrets, 1));
    let warning = found(plan.findings(), FindingCode::OldSecretMayBeInUse).unwrap();
    assert_eq!(warning.severity(), Severity::Warning);
    assert!(warning.message().contains("the new value is not proven"), "{warning}");
    plan.findings().iter().for_each(assert_documented);
    assert!(plan.review().to_string().contains("Removal of old secrets"), "{}", plan.review());
    assert_eq!(plan.review().left_behind, []);
    let removed = plan.apply(|_| ()).await.unwrap();
    let report = removed.report.step(Step::RetireSecrets).unwrap();
    assert_eq!((report.action, report.note.as_deref()), (StepAction::Removed, Some("1 removed")));
    assert!(!world.is_live(app, &old));
    assert_eq!(world.keys(app), [key(&outcome).to_string()]);
    assert!(removed.next_steps.is_empty() && removed.server_app.is_some());
    let again = world.job().plan_secret_removal(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && again.to_string().contains("There is no old secret to remove."),
        "{again}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_site_that_does_not_tell_since_when_takes_the_callers_statement_which_plan_and_report_keep() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    let untold = || {
        world.site.change(|rows| {
            for row in &mut rows.applications {
                (row.updated, row.secret_created) = (None, None);
            }
        });
    };
    untold();
    sleep(HOUR * 30).await;
    let unknown = blocked(world.job().remove_old_secrets(|_| ()).await);
    let unknown = found(unknown.findings(), FindingCode::ShownSinceUnknown).unwrap();
    assert!(unknown.remedy().contains("state_shown_since"), "{unknown}");
    assert_documented(unknown);
    let now = START + time::Duration::hours(60 * 24 + 30);
    let stating = |since: OffsetDateTime| world.builder().state_shown_since(since).build().unwrap();
    let early = blocked(stating(now - time::Duration::HOUR).remove_old_secrets(|_| ()).await);
    assert!(found(early.findings(), FindingCode::SecretRemovalTooEarly).is_some());
    // A statement from before the secret was issued counts from its issue.
    let plan = stating(START).plan_secret_removal(|_| ()).await.unwrap();
    assert_eq!(
        parameter(plan.findings(), FindingCode::OldSecretMayBeInUse, "since"),
        "2027-01-23 12:00 UTC"
    );
    let since = now - time::Duration::hours(27);
    let plan = stating(since).plan_secret_removal(|_| ()).await.unwrap();
    let change = plan.step(Step::RetireSecrets).unwrap();
    assert_eq!(change.action, PlannedAction::Remove);
    assert!(matches!(change.operation, Operation::RemoveSecrets { shown_since: Some(stated), .. } if stated == since));
    assert!(
        plan.to_string()
            .contains("Stated by the caller: the site has shown the new end since 2027-01-23 15:00 UTC"),
        "{plan}"
    );
    let removed = plan.apply(|_| ()).await.unwrap();
    let note = removed.report.step(Step::RetireSecrets).unwrap().note.clone().unwrap();
    assert_eq!(
        note,
        "1 removed. The caller stated that the site has shown the new end since 2027-01-23 15:00 UTC."
    );
    assert!(!world.is_live(app, &old));
}

#[tokio::test(start_paused = true)]
async fn what_the_site_tells_counts_more_than_a_statement_and_the_wait_can_be_set() {
    let world = World::new();
    let (app, _, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    sleep(HOUR * 2).await;
    let stated = world.builder().state_shown_since(START).build().unwrap();
    let early = blocked(stated.remove_old_secrets(|_| ()).await);
    assert_eq!(
        parameter(early.findings(), FindingCode::SecretRemovalTooEarly, "since"),
        "2027-01-23 12:00 UTC"
    );
    let soon = world.builder().secret_removal_wait(HOUR).build().unwrap();
    assert!(soon.remove_old_secrets(|_| ()).await.unwrap().changed);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_site_lacks_and_a_twin_of_its_date_keep_every_old_one() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    sleep(HOUR * 30).await;
    // Another administrator's secret ends on the same day.
    world.add_secret(app, "theirs", outcome.secret.as_ref().unwrap().expires_on).await;
    let uncertain = blocked(world.job().remove_old_secrets(|_| ()).await);
    assert!(found(uncertain.findings(), FindingCode::RenewedSecretNotShown).is_some());
    // And one more renewal is open.
    let again = world.builder().reissue_secret(true).build().unwrap();
    again.renew_secret(|_| ()).await.unwrap();
    let open = blocked(world.job().remove_old_secrets(|_| ()).await);
    assert!(found(open.findings(), FindingCode::RenewedSecretNotShown).is_some());
    assert!(world.is_live(app, &old));
}

/// A reader that does not tell which site it reads, as over a gateway.
#[derive(Debug)]
struct WithoutIdentity(EmulatedSite);

#[async_trait]
impl Site for WithoutIdentity {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let mut rows = self.0.snapshot(call).await?;
        rows.info.identity = None;
        Ok(rows)
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_without_a_site_stay_if_the_site_has_no_identity_since_another_site_may_use_them() {
    let world = World::new();
    let spec = crate::world::spec;
    let by_hand = || world.without_site(spec(), &Timeline::new(), false);
    // One hierarchy is given the first secret by hand, this one the second.
    let first = by_hand().build().unwrap().onboard(|_| ()).await.unwrap();
    let app = first.server_app.as_ref().unwrap().application_id;
    let import = ConnectionSpec::builder("Contoso CMG")
        .server_app(first.imported_server_app().unwrap())
        .client_app(first.imported_client_app().unwrap());
    let import = world.process(import.build().unwrap(), &Timeline::new(), false).build().unwrap();
    import.onboard(|_| ()).await.unwrap();
    sleep(DAY * 60).await;
    let second = by_hand().reissue_secret(true).build().unwrap().onboard(|_| ()).await.unwrap();
    world.type_in(app, &second);
    sleep(HOUR * 30).await;
    let reader = by_hand().site(WithoutIdentity(world.site.clone())).build().unwrap();
    let refused = blocked(reader.remove_old_secrets(|_| ()).await);
    assert!(found(refused.findings(), FindingCode::SiteIdentityUnknown).is_some(), "{refused:?}");
    refused.findings().iter().for_each(assert_documented);
    assert!(world.is_live(app, first.secret.unwrap().value.expose()));
}
