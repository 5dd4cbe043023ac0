//! Another caller is at work while this run issues a secret: no secret is counted as unused that may be in use, none that is
//! lost stays, and the only copy of one is never dropped.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

use cmg_onboarding::{
    AdoptedClientApp, ApplicationId, AzureServicesConnection, ClientSecret, ConnectionSpec, Event, OnboardingError, Outcome,
    SecretValidity, ServerAppSpec, Step, WaitPolicy, async_trait,
    clock::FixedClock,
    connection::{AzureServicesConnectionBuilder, EventKind, NewSecret, SecretSink, SecretSinkError, StepAction, StepError},
    error::RefusalReason,
    spec::AdoptedServerApp,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::json;

use crate::{
    beside::{Beside, Overtaken, reason},
    tenant::{NOW, OPEN, Policy, Way, creating, list, spec, spec_of},
};

/// A tenant whose server app has a secret that was handed over, and the run that gives a site one of its own.
struct SecondSecret {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    directory: Arc<Overtaken>,
    handed_over: (ApplicationId, String),
}

impl SecondSecret {
    async fn new(beside: &[Beside]) -> Self {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(tenant.directory());
        let first = job.build().unwrap().onboard(|_| ()).await.unwrap();
        Self {
            directory: Overtaken::new(&tenant, beside),
            handed_over: (
                first.server_app.unwrap().application_id,
                first.secret.unwrap().value.expose().to_owned(),
            ),
            tenant,
            site,
        }
    }

    fn job(&self) -> AzureServicesConnectionBuilder {
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(self.directory.clone());
        job.site(self.site.clone())
    }

    async fn run(&self) -> Result<Outcome, OnboardingError> {
        self.job().build().unwrap().onboard(|_| ()).await
    }

    fn secrets(&self) -> usize {
        let state = self.tenant.state();
        crate::tenant::app(&state, self.handed_over.0)["passwordCredentials"]
            .as_array()
            .unwrap()
            .len()
    }

    fn additions(&self) -> usize {
        self.directory.additions.load(Ordering::SeqCst)
    }

    /// The secret that was handed over and the one that the site has are live.
    fn assert_in_use_is_live(&self) {
        let (app, handed_over) = &self.handed_over;
        assert!(self.tenant.secret_is_live(*app, handed_over), "the secret that was handed over");
        let held = self.site.secret_of(*app).unwrap();
        assert!(self.tenant.secret_is_live(*app, held.expose()), "the site's secret");
    }
}

fn note_of(outcome: &Outcome) -> Option<String> {
    outcome.report.step(Step::RetireSecrets)?.note.clone()
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_text_never_arrived_goes_and_no_other_does() {
    for (unanswered, another) in [(1, false), (2, false), (1, true)] {
        let mut beside = vec![Beside::AddingUnanswered(unanswered)];
        beside.extend(another.then_some(Beside::AnotherAdds(60)));
        let scene = SecondSecret::new(&beside).await;
        let outcome = scene.run().await.unwrap();
        assert_eq!(scene.additions(), unanswered + 1, "{beside:?}");
        assert_eq!(note_of(&outcome).unwrap(), format!("{unanswered} removed"), "{beside:?}");
        scene.assert_in_use_is_live();
        assert_eq!(scene.secrets(), 2 + usize::from(another), "{beside:?}");
        let state = scene.tenant.state().to_string();
        assert_eq!(state.contains("0badcafe"), another, "another run may be handing its secret over");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_never_shows_is_followed_by_one_more_and_by_no_third() {
    let scene = SecondSecret::new(&[Beside::AddedHidden(1)]).await;
    let outcome = scene.run().await.unwrap();
    assert_eq!((scene.additions(), scene.secrets()), (2, 2));
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    scene.assert_in_use_is_live();

    let scene = SecondSecret::new(&[Beside::AddedHidden(usize::MAX)]).await;
    let error = scene.run().await.unwrap_err();
    assert_eq!((reason(&error), scene.additions()), (None, 2));
    assert!(
        scene.site.secret_of(scene.handed_over.0).is_none(),
        "what the directory does not show is not handed over"
    );
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_does_not_show_is_followed_by_one_more_in_a_run_that_may_not_wait() {
    let scene = SecondSecret::new(&[Beside::AddedHidden(1)]).await;
    let hasty = WaitPolicy::default().with_deadline(std::time::Duration::ZERO);
    let outcome = scene.job().wait_policy(hasty).build().unwrap().onboard(|_| ()).await.unwrap();
    assert_eq!((scene.additions(), scene.secrets()), (2, 2), "{}", outcome.report);
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    scene.assert_in_use_is_live();
}

/// Keeps the texts of secrets.
#[derive(Debug, Default)]
struct Vault(Mutex<Vec<ClientSecret>>);

#[async_trait]
impl SecretSink for Vault {
    async fn store(&self, new: &NewSecret) -> Result<(), SecretSinkError> {
        self.0.lock().unwrap().push(new.secret.value.clone());
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_a_vault_has_is_not_taken_for_the_lost_one_that_follows_it() {
    // The first ends as another run's does, the second one's text never arrives.
    let scene = SecondSecret::new(&[Beside::AnotherAdds(0), Beside::SecondUnanswered]).await;
    let vault = Arc::new(Vault::default());
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(scene.directory.clone());
    let job = job.reissue_secret(true).secret_sink(vault.clone()).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(scene.additions(), 3, "{}", outcome.report);
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    let kept = vault.0.lock().unwrap().clone();
    let is_live = |secret: &ClientSecret| scene.tenant.secret_is_live(scene.handed_over.0, secret.expose());
    assert!(kept.len() == 2 && kept.iter().all(is_live), "what is in the vault may be in use");
    assert_eq!(
        scene.secrets(),
        4,
        "with those that were handed over and that another run has added"
    );
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_read_after_a_secret_was_added_gets_no_second_one() {
    let scene = SecondSecret::new(&[Beside::Unreadable]).await;
    let error = scene.run().await.unwrap_err();
    assert_eq!((reason(&error), scene.additions()), (Some(RefusalReason::PermissionMissing), 1));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_another_run_has_removed_first_is_told_and_one_that_stays_is_an_error() {
    let scene = SecondSecret::new(&[Beside::AddedHidden(1), Beside::RemovedByAnother]).await;
    let outcome = scene.run().await.unwrap();
    assert_eq!(note_of(&outcome).unwrap(), "0 removed, 1 not to be found");
    assert_eq!(scene.secrets(), 2);
    scene.assert_in_use_is_live();

    let scene = SecondSecret::new(&[Beside::AddedHidden(1), Beside::RemovingUnanswered]).await;
    let outcome = scene.run().await.unwrap();
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    assert_eq!(scene.secrets(), 2);

    for refusal in [RefusalReason::Other, RefusalReason::PermissionMissing] {
        let scene = SecondSecret::new(&[Beside::AddingUnanswered(1), Beside::RemovingRefused(refusal)]).await;
        let error = scene.run().await.unwrap_err();
        assert_eq!((reason(&error), scene.secrets()), (Some(refusal), 3));
        scene.assert_in_use_is_live();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_policy_takes_the_secret_with_the_server_app_and_leaves_that_of_an_adopted_one() {
    for is_adopted in [false, true] {
        let tenant = OPEN.tenant(true, std::time::Duration::ZERO);
        let app = |name: &str| -> ApplicationId {
            tenant
                .add_application(json!({"displayName": name, "signInAudience": "AzureADMyOrg"}))
                .into()
        };
        let wanted = ConnectionSpec::builder("Contoso CMG");
        let wanted = match is_adopted {
            true => spec(AdoptedServerApp::builder(app("Their server"))),
            false => {
                let adopted = wanted.client_app(AdoptedClientApp::new(app("Their client")));
                adopted.server_app(ServerAppSpec::builder("ConfigMgr Server")).build().unwrap()
            }
        };
        let directory = Overtaken::new(&tenant, &[Beside::ConsentsRefused]);
        let job = AzureServicesConnection::builder(wanted).directory(directory);
        let job = job.clock(Arc::new(FixedClock(NOW))).build().unwrap();
        let error = match job.onboard(|_| ()).await.unwrap_err() {
            OnboardingError::Apply(error) => error,
            other => panic!("the consents are refused, not {other:?}"),
        };
        let action = |step| error.report().step(step).map(|report| report.action);
        let (removed, stays) = match is_adopted {
            true => (Step::RemoveClientApp, Step::RemoveServerApp),
            false => (Step::RemoveServerApp, Step::RemoveClientApp),
        };
        assert_eq!((action(removed), action(stays)), (Some(StepAction::Removed), None), "{error:?}");
        assert_eq!(error.secret().is_some(), is_adopted, "without a site it is the only copy");
        assert_eq!(list(&tenant.state(), "applications").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_gone_after_a_secret_was_added_is_told_and_gets_no_second_one() {
    let scene = SecondSecret::new(&[Beside::AppGone]).await;
    let OnboardingError::Apply(error) = scene.run().await.unwrap_err() else {
        panic!("the app is gone")
    };
    assert!(
        matches!(error.error(), StepError::ApplicationGone { application_id } if *application_id == scene.handed_over.0),
        "{error:?}"
    );
    assert_eq!(scene.additions(), 1);
}

pub(crate) fn secrets_of(tenant: &EmulatedTenant, app: ApplicationId) -> usize {
    crate::tenant::app(&tenant.state(), app)["passwordCredentials"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test(start_paused = true)]
async fn adding_a_secret_ends_after_three_lost_answers_and_the_error_says_if_one_may_have_been_added() {
    let may_have_added = |error: &OnboardingError| match error {
        OnboardingError::Apply(error) => error.error().may_have_been_carried_out(),
        other => panic!("{other:?}"),
    };
    let scene = SecondSecret::new(&[Beside::AddingUnanswered(usize::MAX)]).await;
    let error = scene.run().await.unwrap_err();
    assert_eq!((reason(&error), scene.additions()), (Some(RefusalReason::ServiceUnavailable), 3));
    assert!(may_have_added(&error));
    for unanswered in [0, 1] {
        let beside = [Beside::AddingUnanswered(unanswered), Beside::AddingRefusedFrom(unanswered + 1)];
        let scene = SecondSecret::new(&beside).await;
        let error = scene.run().await.unwrap_err();
        assert_eq!(
            (reason(&error), scene.additions()),
            (Some(RefusalReason::PermissionMissing), unanswered + 1)
        );
        assert_eq!(may_have_added(&error), unanswered > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_shorter_because_of_a_policy_is_told_with_its_end() {
    for is_there in [false, true] {
        let policy = Policy {
            longest_days: Some(90),
            ..OPEN
        };
        let tenant = policy.tenant(true, std::time::Duration::ZERO);
        let wanted = match is_there {
            true => spec_of(Way::Adopt, SecretValidity::LongestAllowed, &tenant).await,
            false => creating(SecretValidity::LongestAllowed),
        };
        let job = crate::tenant::job(&wanted, &tenant, None).build().unwrap();
        let plan = job.plan(|_| ()).await.unwrap();
        let rounds: BTreeMap<Step, u8> = plan.changes().iter().map(|change| (change.step, change.round)).collect();
        assert_eq!(rounds[&Step::ShortenSecret], if is_there { 2 } else { 1 });
        let told = Mutex::new(BTreeMap::new());
        let listen = |event: &Event| {
            if let EventKind::StepStarted { step, round, .. } = event.kind {
                told.lock().unwrap().insert(step, round);
            }
        };
        let outcome = plan.apply(listen).await.unwrap();
        let told = told.into_inner().unwrap();
        assert!(told.contains_key(&Step::ShortenSecret));
        assert!(told.iter().all(|(step, round)| rounds[step] == *round), "{told:?}; {rounds:?}");
        let shortened = outcome.report.step(Step::ShortenSecret).unwrap();
        assert_eq!(shortened.action, StepAction::Updated);
        let ends = outcome.secret.unwrap().expires_on.date();
        let note = format!("the tenant's policy refuses longer ones; valid to {ends}");
        assert_eq!(shortened.note.as_deref(), Some(note.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_that_a_policy_refuses_as_too_long_do_not_count_as_attempts() {
    let policy = Policy {
        longest_days: Some(90),
        ..OPEN
    };
    let tenant = policy.tenant(true, std::time::Duration::ZERO);
    let wanted = spec_of(Way::Adopt, SecretValidity::LongestAllowed, &tenant).await;
    let before = list(&tenant.state(), "applications").len();
    // Two years, a year and half a year are refused; the answer to 90 days is lost, and they are asked for once more.
    let directory = Overtaken::new(&tenant, &[Beside::AddingUnanswered(4)]);
    let job = AzureServicesConnection::builder(wanted).directory(directory.clone());
    let job = job.clock(Arc::new(FixedClock(NOW))).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(directory.additions.load(Ordering::SeqCst), 5, "{}", outcome.report);
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    let app = outcome.server_app.unwrap().application_id;
    assert!(tenant.secret_is_live(app, outcome.secret.unwrap().value.expose()));
    assert_eq!(
        (secrets_of(&tenant, app), list(&tenant.state(), "applications").len()),
        (1, before + 1)
    );
}
