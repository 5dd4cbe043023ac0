//! A renewal that one person approves and a job carries out, and what no paper and no log ever shows.

#[path = "../support/log.rs"]
mod log;

use cmg_onboarding::{
    Diagnostic, OnboardingError, Step,
    connection::{PlanDocument, PlannedAction},
    error::SiteRefused,
    site::SiteItem,
};
use tokio::time::sleep;

use self::log::Log;
use crate::{
    support::Recorder,
    world::{DAY, HOUR, World, key},
};

fn stored(document: &PlanDocument) -> PlanDocument {
    serde_json::from_str(&serde_json::to_string(document).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_approved_a_day_ago_is_done_by_another_process() {
    let world = World::new();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let plan = world.job().plan_renewal(|_| ()).await.unwrap();
    let approved = stored(plan.document());
    assert_eq!((approved.verb, &approved.changes), (plan.document().verb, &plan.document().changes));
    sleep(DAY).await;
    let plan = world.job().renewal_from(&approved, |_| ()).await.unwrap();
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(world.is_live(app, outcome.secret.as_ref().unwrap().value.expose()) && world.is_live(app, &old));
    // It was approved once: the same paper issues no second secret.
    let Err(OnboardingError::Stale(stale)) = world.job().renewal_from(&approved, |_| ()).await else {
        panic!("the renewal waits by now")
    };
    assert!(
        stale.differences.iter().any(|difference| difference.path.contains("issueSecret")),
        "{stale:?}"
    );
    assert_eq!(world.keys(app).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_paper_of_a_renewal_says_that_every_old_secret_stays_and_nothing_of_a_later_removal() {
    let world = World::new();
    world.onboard().await;
    sleep(DAY * 60).await;
    let review = world.job().plan_renewal(|_| ()).await.unwrap().review();
    let stays: Vec<&str> = review.left_behind.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(stays, ["Every secret that the server app has now, until its own end."]);
    let paper = review.to_string();
    assert!(
        paper.starts_with("Renewal of the secret that a Configuration Manager site signs in with"),
        "{paper}"
    );
    assert!(paper.contains("What stays") && !paper.contains("is removed one day"), "{paper}");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_approved_is_refused_if_the_site_shows_something_else_by_then() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    sleep(HOUR * 27).await;
    let plan = world.job().plan_secret_removal(|_| ()).await.unwrap();
    let approved = stored(plan.document());
    assert_eq!((approved.verb, &approved.changes), (plan.document().verb, &plan.document().changes));
    // A person takes the renewal back in the console.
    let former = world.clock_end_of_first();
    world.site.renew_secret_key(app, None, Some(former)).unwrap();
    assert!(matches!(
        world.job().secret_removal_from(&approved, |_| ()).await,
        Err(OnboardingError::Blocked(_))
    ));
    // A plan of this process that has grown old is read again as well.
    sleep(std::time::Duration::from_secs(61)).await;
    assert!(matches!(
        plan.apply(|_| ()).await,
        Err(OnboardingError::Blocked(_) | OnboardingError::Stale(_))
    ));
    assert!(world.is_live(app, &old));
}

#[tokio::test(start_paused = true)]
async fn each_verb_takes_documents_of_its_own_kind_only() {
    let world = World::new();
    let (app, old, outcome) = world.renewed().await;
    world.type_in(app, &outcome);
    sleep(HOUR * 27).await;
    let job = world.job();
    let onboarding = stored(job.plan(|_| ()).await.unwrap().document());
    let renewal = stored(job.plan_renewal(|_| ()).await.unwrap().document());
    let removal = stored(job.plan_secret_removal(|_| ()).await.unwrap().document());
    let before = (world.tenant.state(), world.site.state());
    for other in [&onboarding, &removal] {
        assert!(matches!(job.renewal_from(other, |_| ()).await, Err(OnboardingError::Stale(_))));
    }
    for other in [&onboarding, &renewal] {
        assert!(matches!(
            job.secret_removal_from(other, |_| ()).await,
            Err(OnboardingError::Stale(_))
        ));
    }
    for other in [&renewal, &removal] {
        assert!(matches!(job.plan_from(other, |_| ()).await, Err(OnboardingError::Stale(_))));
        assert!(matches!(job.removal_from(other, |_| ()).await, Err(OnboardingError::Stale(_))));
    }
    assert_eq!((world.tenant.state(), world.site.state()), before);
    assert!(world.is_live(app, &old));
}

#[tokio::test(start_paused = true)]
async fn no_renewed_secret_is_to_be_found_anywhere() {
    let (log, _guard) = Log::of_this_thread();
    let world = World::taking();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let recorder = Recorder::default();
    let job = world.builder().reissue_secret(true).build().unwrap();
    // One that ends badly, and one that ends well.
    world
        .site
        .fail_at(SiteItem::ServerApp, SiteRefused::new("renew the secret", "no", "help"));
    let error = job.renew_secret(recorder.listen()).await.unwrap_err();
    let lost = error.secret().unwrap().value.expose().to_owned();
    let plan = job.plan_renewal(recorder.listen()).await.unwrap();
    assert_eq!(plan.step(Step::IssueSecret).unwrap().action, PlannedAction::Create);
    let outcome = plan.clone().apply(recorder.listen()).await.unwrap();
    let new = outcome.secret.as_ref().unwrap().value.expose().to_owned();
    assert!(world.site.holds_secret(app, &new) && world.vault.find(&key(&outcome).to_string()).is_some());
    sleep(HOUR * 27).await;
    let removal = job.plan_secret_removal(recorder.listen()).await.unwrap();
    let removed = removal.clone().apply(recorder.listen()).await.unwrap();
    let shown = format!(
        "{} {job:#?} {plan:#?} {plan} {} {outcome:#?} {error:#?} {} {} {:?} {removal:#?} {removed:#?} {:#?} {} {} {} {} {} {}",
        log.text(),
        plan.review(),
        cmg_onboarding::error::chain(&error),
        error.help(),
        error.problem(),
        recorder.events(),
        world.tenant.state(),
        serde_json::to_string(&plan).unwrap(),
        serde_json::to_string(&outcome).unwrap(),
        serde_json::to_string(error.report().unwrap()).unwrap(),
        serde_json::to_string(&removed).unwrap(),
        serde_json::to_string(&recorder.events()).unwrap(),
    );
    assert!(shown.contains("addPassword"), "there must be something to search");
    for canary in [&old, &lost, &new] {
        assert!(!shown.contains(canary.as_str()), "a secret is to be found");
    }
}
