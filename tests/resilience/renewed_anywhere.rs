//! A renewal of the server app's secret, and the early removal of an old one, go wrong anywhere. Whatever happens, the secret
//! that the site holds is valid, the old one stays until its removal is asked for, and no secret of another administrator is
//! touched.

use std::{sync::Arc, time::Duration};

use cmg_onboarding::{
    AccessToken, ApplicationId, AzureServicesConnection, Call, ClientSecret, Directory,
    clock::{Clock, ManualClock, SystemClock},
    connection::{FindingCode, NextStepCode, OnboardingError, Outcome, PlannedAction, Step},
    directory::{ApplicationKey, NewPassword},
    error::SiteUnreachable,
    site::{SiteItem, SiteSnapshot},
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, Timeline, WireFault};
use futures_util::future::join_all;
use serde_json::Value;
use time::macros::datetime;

use crate::{
    any_single_fault::assert_never_twice_without_looking, dropped_anywhere::polled, end_state::list, support::spec_with_discovery,
    two_at_once::uneven, world::World,
};

/// A world that was onboarded, with a secret of another administrator on the server app.
struct Onboarded {
    world: World,
    /// The time of day of tenant, site and every process that renews.
    clock: ManualClock,
    app: ApplicationId,
    old: ClientSecret,
    theirs: String,
}

/// A process that renews.
struct Renewing {
    wire: EmulatedWire,
    timeline: Timeline,
    job: AzureServicesConnection,
}

impl Onboarded {
    async fn new(is_taking: bool, lag: Duration) -> Self {
        let clock = ManualClock::new(SystemClock.now());
        let of_tenant = clock.clone();
        let tenant = EmulatedTenant::builder()
            .clock(move || of_tenant.now())
            .replication_lag(lag)
            .change_lag(lag);
        let site = EmulatedSite::builder()
            .clock(Arc::new(clock.clone()))
            .takes_renewed_secrets(is_taking);
        let world = World {
            tenant: tenant.build(),
            site: site.build(),
        };
        let outcome = world.process().onboard().await.unwrap();
        tokio::time::sleep(lag * 2).await;
        let app = outcome.server_app.unwrap().application_id;
        let directory = world.tenant.directory();
        let key = ApplicationKey::ApplicationId(app);
        let object = directory.application(Call::quiet(), &key).await.unwrap().unwrap().object_id;
        let new = NewPassword::new("theirs", datetime!(2099-01-01 00:00 UTC));
        let theirs = directory.add_password(Call::quiet(), object, &new).await.unwrap();
        tokio::time::sleep(lag * 2).await;
        clock.advance(time::Duration::days(200));
        Self {
            old: outcome.secret.unwrap().value,
            theirs: theirs.key_id.to_string(),
            clock,
            world,
            app,
        }
    }

    fn process(&self, timeline: Timeline, lossless: bool, reissue: bool) -> Renewing {
        let wire = EmulatedWire::new(&self.world.tenant).following(&timeline).lossless(lossless);
        let token = AccessToken::new(self.world.tenant.token_for(&Caller::global_administrator()));
        let tokens = token_fn(move |_| {
            let token = token.clone();
            async move { Ok(token) }
        });
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(wire.directory(tokens))
            .site(self.world.site.following(&timeline))
            .clock(Arc::new(self.clock.clone()))
            .reissue_secret(reissue);
        Renewing {
            wire,
            timeline,
            job: job.build().unwrap(),
        }
    }

    fn secrets(&self) -> Vec<Value> {
        let state = self.world.tenant.state();
        let apps = list(&state, "applications");
        let server = apps.iter().find(|app| app["appId"] == self.app.to_string()).unwrap();
        list(server, "passwordCredentials").to_vec()
    }

    fn is_live(&self, secret: &ClientSecret) -> bool {
        self.world.tenant.secret_is_live(self.app, secret.expose())
    }

    /// What holds at any moment, however a renewal has ended.
    fn assert_nothing_is_cut(&self, case: &str) {
        assert!(self.is_live(&self.old), "{case}: the old secret is gone");
        let held = self.world.site.secret_of(self.app).unwrap();
        assert!(self.is_live(&held), "{case}: the site holds a secret that is no more");
        let is_theirs = |secret: &Value| secret["keyId"] == self.theirs.as_str();
        assert!(
            self.secrets().iter().any(is_theirs),
            "{case}: a secret of another administrator is gone"
        );
        let rows: SiteSnapshot = serde_json::from_value(self.world.site.state()).unwrap();
        let shown = rows.application(self.app).unwrap().secret_expiry.unwrap();
        let ends: Vec<_> = self.secrets().iter().map(|secret| secret["endDateTime"].clone()).collect();
        let shown = shown.format(&time::format_description::well_known::Rfc3339).unwrap();
        assert!(
            ends.iter().any(|end| *end == *shown),
            "{case}: the site shows {shown}, which is not among {ends:?}"
        );
    }

    /// The next run comes to the end of the renewal: with another secret if the last one may be lost.
    async fn assert_finished_by_the_next(&self, is_taking: bool, most: usize, case: &str) {
        tokio::time::sleep(Duration::from_secs(120)).await;
        self.clock.advance(time::Duration::HOUR);
        let plan = self.process(Timeline::new(), false, false).job.plan_renewal(|_| ()).await;
        let plan = plan.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
        let codes: Vec<FindingCode> = plan.findings().iter().map(|finding| finding.code()).collect();
        let is_shown = codes.contains(&FindingCode::RenewedSecretUnproven);
        let is_waiting = codes.contains(&FindingCode::RenewalWaiting);
        let issues = plan.step(Step::IssueSecret).unwrap().action == PlannedAction::Create;
        assert_eq!(
            usize::from(is_shown) + usize::from(is_waiting) + usize::from(issues),
            1,
            "{case}: {plan}"
        );
        if !is_shown {
            let last = self.process(Timeline::new(), false, is_waiting);
            let outcome = last.job.renew_secret(|_| ()).await;
            let outcome = outcome.unwrap_or_else(|error| panic!("the run after {case}: {error:#?}"));
            let new = outcome.secret.as_ref().unwrap_or_else(|| panic!("{case}: no secret"));
            assert!(self.is_live(&new.value), "{case}");
            match is_taking {
                true => assert!(self.world.site.holds_secret(self.app, new.value.expose()), "{case}"),
                false => self.type_in(&outcome, case),
            }
        }
        self.assert_nothing_is_cut(case);
        let after = self.process(Timeline::new(), false, false).job.plan_renewal(|_| ()).await.unwrap();
        assert!(after.is_empty(), "{case}: {after}");
        assert_ends_are_apart(&self.secrets(), case);
        assert!(self.secrets().len() <= most + 2, "{case}: {:#?}", self.secrets());
    }

    fn type_in(&self, outcome: &Outcome, case: &str) {
        let secret = outcome.secret.as_ref().unwrap();
        let is_open = outcome.next_steps.iter().any(|step| step.code == NextStepCode::RenewSecretInSite);
        assert!(is_open, "{case}: the task is not told");
        let typed = Some(secret.value.clone());
        self.world.site.renew_secret_key(self.app, typed, Some(secret.expires_on)).unwrap();
    }
}

/// The secrets of this crate end at least three days apart, so that the site's date tells which one it has.
fn assert_ends_are_apart(secrets: &[Value], case: &str) {
    let own = secrets.iter().filter(|secret| secret["displayName"] != "theirs");
    let ends = own.map(|secret| secret["endDateTime"].as_str().unwrap().to_owned());
    let parsed = |text: String| time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).unwrap();
    let mut ends: Vec<_> = ends.map(parsed).collect();
    ends.sort_unstable();
    for pair in ends.windows(2) {
        assert!(
            pair[1] - pair[0] >= time::Duration::days(3) - time::Duration::MINUTE,
            "{case}: {ends:?}"
        );
    }
}

const EITHER: [bool; 2] = [false, true];

async fn until_killed(
    renewing: &Renewing,
    run: impl Future<Output = Result<Outcome, OnboardingError>>,
) -> Option<Result<Outcome, OnboardingError>> {
    tokio::select! {
        biased;
        result = Box::pin(run) => Some(result),
        () = renewing.timeline.ended() => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_killed_anywhere_is_finished_by_the_next_one() {
    let mut cases = 0;
    for (lag, pace) in [(0, 0), (0, 50), (8, 20), (30, 20)] {
        for (is_taking, lossless) in EITHER.iter().flat_map(|taking| EITHER.map(|lossless| (*taking, lossless))) {
            // With lag, one kind of loss for each kind of site.
            if lag > 0 && is_taking != lossless {
                continue;
            }
            for moment in 1.. {
                let onboarded = Onboarded::new(is_taking, Duration::from_secs(lag)).await;
                let timeline = Timeline::new().with_pace(move |_| Duration::from_millis(pace));
                let first = onboarded.process(timeline, lossless, false);
                first.timeline.end_at(moment);
                let is_over = until_killed(&first, first.job.renew_secret(|_| ())).await.is_some();
                let last = first.timeline.last();
                let case = format!("renewal killed {last} ({moment}, lag {lag} s, taking {is_taking}, lossless {lossless})");
                drop(first);
                onboarded.assert_nothing_is_cut(&case);
                Box::pin(onboarded.assert_finished_by_the_next(is_taking, 3, &case)).await;
                cases += 1;
                if is_over {
                    break;
                }
            }
        }
    }
    assert!(cases > 400, "{cases}");
    tell!("renewal killed anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_dropped_anywhere_is_finished_by_the_next_one() {
    let mut cases = 0;
    for is_taking in EITHER {
        for polls in 1.. {
            let onboarded = Onboarded::new(is_taking, Duration::ZERO).await;
            let renewing = onboarded.process(Timeline::new(), true, false);
            let is_over = polled(renewing.job.renew_secret(|_| ()), polls).await.is_some();
            let case = format!("renewal dropped after {polls} polls, {}", renewing.timeline.last());
            onboarded.assert_nothing_is_cut(&case);
            Box::pin(onboarded.assert_finished_by_the_next(is_taking, 3, &case)).await;
            cases += 1;
            if is_over {
                break;
            }
        }
    }
    assert!(cases > 20, "{cases}");
    tell!("renewal dropped anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_of_a_renewal_is_survived_or_told_and_mended_by_the_next_one() {
    let (mut cases, mut succeeded) = (0, 0);
    for lag in [0, 5] {
        // With lag, those after which it is not known whether anything happened.
        let mut faults = WireFault::all();
        faults.retain(|fault| {
            let is_passing = matches!(fault, WireFault::StatusBefore(502..) | WireFault::StatusAfter(502..));
            lag == 0 || !(fault.proves_that_nothing_happened() || is_passing)
        });
        for (is_taking, fault) in EITHER.iter().flat_map(|taking| faults.iter().map(|fault| (*taking, fault.clone()))) {
            for number in 1.. {
                let onboarded = Onboarded::new(is_taking, Duration::from_secs(lag)).await;
                let first = onboarded.process(Timeline::new(), false, false);
                first.wire.fail_at(number, fault.clone());
                let result = Box::pin(first.job.renew_secret(|_| ())).await;
                let requests = first.wire.requests();
                let Some(hit) = requests.get(number - 1) else { break };
                let case = format!("{fault:?} at request {number}, {}, taking {is_taking}, lag {lag} s", hit.name());
                assert_never_twice_without_looking(&requests, &case);
                onboarded.assert_nothing_is_cut(&case);
                cases += 1;
                match result {
                    Ok(outcome) => {
                        succeeded += 1;
                        let new = outcome.secret.as_ref().unwrap_or_else(|| panic!("{case}: no secret"));
                        tokio::time::sleep(Duration::from_secs(lag)).await;
                        assert!(onboarded.is_live(&new.value), "{case}");
                        if !is_taking {
                            onboarded.type_in(&outcome, &case);
                        }
                    }
                    Err(OnboardingError::Read(_) | OnboardingError::Apply(_)) => {}
                    Err(error) => panic!("{case}: {error:#?}"),
                }
                Box::pin(onboarded.assert_finished_by_the_next(is_taking, 4, &case)).await;
            }
        }
    }
    assert!(cases > 400, "{cases}");
    tell!("any single fault of a renewal: {cases} cases, of which {succeeded} succeed at once");
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_of_the_site_at_a_renewal_cuts_nothing() {
    let lost = || SiteUnreachable::new("the connection to the site broke", "Run the same again.");
    let mut cases = 0;
    for (is_done, item) in EITHER
        .iter()
        .flat_map(|done| [SiteItem::Tenant, SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection].map(|item| (*done, item)))
    {
        let onboarded = Onboarded::new(true, Duration::ZERO).await;
        if is_done {
            onboarded.world.site.fail_after(item, lost());
        } else {
            onboarded.world.site.fail_at(item, lost());
        }
        let case = format!("the site broke off at the {item}, done: {is_done}");
        let renewing = onboarded.process(Timeline::new(), false, false);
        let Err(OnboardingError::Apply(error)) = Box::pin(renewing.job.renew_secret(|_| ())).await else {
            panic!("{case}: the site fails")
        };
        assert!(onboarded.is_live(&error.secret().expect("the error carries it").value), "{case}");
        onboarded.assert_nothing_is_cut(&case);
        Box::pin(onboarded.assert_finished_by_the_next(true, 3, &case)).await;
        cases += 1;
    }
    tell!("any single fault of the site at a renewal: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn two_renewals_at_once_cut_nothing_and_their_secrets_can_be_told_apart() {
    let mut cases = 0;
    for lag in [0, 8] {
        for (is_taking, seed) in EITHER.iter().flat_map(|taking| (0..40_u64).map(|seed| (*taking, seed))) {
            let onboarded = Onboarded::new(is_taking, Duration::from_secs(lag)).await;
            let apart = Duration::from_millis([0, 50, 150, 300][usize::try_from(seed % 4).unwrap()]);
            let runs = (0..2_u32).map(|run| {
                let renewing = onboarded.process(uneven(seed * 10 + u64::from(run)), true, false);
                async move {
                    tokio::time::sleep(apart * run).await;
                    Box::pin(renewing.job.renew_secret(|_| ())).await
                }
            });
            let case = format!("two renewals, seed {seed}, {apart:?} apart, taking {is_taking}, lag {lag} s");
            let results = join_all(runs).await;
            tokio::time::sleep(Duration::from_secs(lag * 2)).await;
            for result in results {
                match result {
                    // The later one may have found the other one's secret, and waits for that.
                    Ok(outcome) => assert!(outcome.secret.is_none_or(|secret| onboarded.is_live(&secret.value)), "{case}"),
                    Err(error) => panic!("{case}: {error:#?}"),
                }
            }
            onboarded.assert_nothing_is_cut(&case);
            Box::pin(onboarded.assert_finished_by_the_next(is_taking, 5, &case)).await;
            cases += 1;
        }
    }
    tell!("two renewals at once: {cases} cases");
}

/// A world in which the renewed secret is in the site.
async fn renewed() -> (Onboarded, ClientSecret) {
    let onboarded = Onboarded::new(true, Duration::ZERO).await;
    let renewing = onboarded.process(Timeline::new(), false, false);
    let outcome = Box::pin(renewing.job.renew_secret(|_| ())).await.unwrap();
    onboarded.clock.advance(time::Duration::hours(27));
    (onboarded, outcome.secret.unwrap().value)
}

/// The old secret is gone, the new one and that of another administrator are not.
async fn assert_removed_by_the_next(onboarded: &Onboarded, new: &ClientSecret, case: &str) {
    assert!(
        onboarded.is_live(new) && onboarded.world.site.holds_secret(onboarded.app, new.expose()),
        "{case}"
    );
    let last = onboarded.process(Timeline::new(), false, false);
    let result = Box::pin(last.job.remove_old_secrets(|_| ())).await;
    result.unwrap_or_else(|error| panic!("the removal after {case}: {error:#?}"));
    assert!(!onboarded.is_live(&onboarded.old) && onboarded.is_live(new), "{case}");
    let secrets = onboarded.secrets();
    assert!(
        secrets.len() == 2 && secrets.iter().any(|secret| secret["keyId"] == onboarded.theirs.as_str()),
        "{case}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_early_removal_that_was_killed_or_failed_anywhere_removes_the_old_secret_alone() {
    let mut cases = 0;
    for lossless in EITHER {
        for moment in 1.. {
            let (onboarded, new) = Box::pin(renewed()).await;
            let removing = onboarded.process(Timeline::new(), lossless, false);
            removing.timeline.end_at(moment);
            let is_over = until_killed(&removing, removing.job.remove_old_secrets(|_| ())).await.is_some();
            let case = format!("early removal killed {}", removing.timeline.last());
            drop(removing);
            Box::pin(assert_removed_by_the_next(&onboarded, &new, &case)).await;
            cases += 1;
            if is_over {
                break;
            }
        }
    }
    for fault in WireFault::all() {
        for number in 1.. {
            let (onboarded, new) = Box::pin(renewed()).await;
            let removing = onboarded.process(Timeline::new(), false, false);
            removing.wire.fail_at(number, fault.clone());
            let _ = Box::pin(removing.job.remove_old_secrets(|_| ())).await;
            let requests = removing.wire.requests();
            let Some(hit) = requests.get(number - 1) else { break };
            let case = format!("early removal, {fault:?} at {number}, {}", hit.name());
            Box::pin(assert_removed_by_the_next(&onboarded, &new, &case)).await;
            cases += 1;
        }
    }
    assert!(cases > 200, "{cases}");
    tell!("early removal killed or failed anywhere: {cases} cases");
}
