//! The proof: a gateway signs in all the time with the secret that it has, while its secret is renewed, and is never refused.
//!
//! Each instance of the gateway takes the secret that the site has only some time after the site shows it, up to 25 hours.
//! In one case of ten the person at the console types the new date with the old value. The renewing process is killed at each
//! of its moments. Everything is drawn from a seed, so that each case can be played again.

use std::time::Duration;

use cmg_onboarding::{
    ApplicationId, Outcome,
    connection::{FindingCode, OnboardingError},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, Timeline};
use tokio::time::{Instant, sleep};

use crate::world::{DAY, HOUR, World, found, spec};

/// How many instances the gateway has, each with a delay of its own.
const INSTANCES: usize = 3;

/// How far the directory is behind at most.
const LONGEST_LAG: Duration = Duration::from_secs(30);

/// The longest delay of an instance.
const LONGEST_DELAY: Duration = Duration::from_secs(25 * 60 * 60);

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn seconds(&mut self, most: Duration) -> Duration {
        Duration::from_secs(self.below(most.as_secs() + 1))
    }
}

/// One instance of the gateway: what it signs in with, and what it will take later.
struct Instance {
    delay: Duration,
    held: String,
    coming: Vec<(Instant, String)>,
}

/// A gateway that signs in with every tick.
struct Gateway {
    app: ApplicationId,
    instances: Vec<Instance>,
    at_site: String,
    changed: Instant,
    sign_ins: u64,
    refused: u64,
}

impl Gateway {
    fn new(app: ApplicationId, secret: &str, chance: &mut Chance) -> Self {
        let mut delays: Vec<Duration> = (0..INSTANCES).map(|_| chance.seconds(LONGEST_DELAY)).collect();
        // The ends of the range come up more often than chance would have it.
        match chance.below(4) {
            0 => delays[0] = Duration::ZERO,
            1 => delays[0] = LONGEST_DELAY,
            _ => {}
        }
        let instance = |delay| Instance {
            delay,
            held: secret.to_owned(),
            coming: Vec::new(),
        };
        Self {
            app,
            instances: delays.into_iter().map(instance).collect(),
            at_site: secret.to_owned(),
            changed: Instant::now(),
            sign_ins: 0,
            refused: 0,
        }
    }

    /// Every instance takes what has come to it by now, and signs in.
    fn tick(&mut self, world: &World) {
        let now = Instant::now();
        let at_site = world.site.secret_of(self.app).unwrap();
        if at_site.expose() != self.at_site {
            at_site.expose().clone_into(&mut self.at_site);
            self.changed = now;
            for instance in &mut self.instances {
                instance.coming.push((now + instance.delay, self.at_site.clone()));
            }
        }
        for instance in &mut self.instances {
            while instance.coming.first().is_some_and(|(when, _)| *when <= now) {
                instance.held = instance.coming.remove(0).1;
            }
            self.sign_ins += 1;
            self.refused += u64::from(!world.tenant.secret_is_live(self.app, &instance.held));
        }
    }

    /// Lets time pass, in small steps as long as an instance may still change its secret.
    async fn pass(&mut self, world: &World, time: Duration) {
        let end = Instant::now() + time;
        self.tick(world);
        while Instant::now() < end {
            let is_settled = self.changed.elapsed() > LONGEST_DELAY + HOUR;
            let step = if is_settled { HOUR * 5 } else { Duration::from_secs(600) };
            sleep(step.min(end - Instant::now())).await;
            self.tick(world);
        }
    }

    /// Lets a process run beside the load, which signs in ten times a second meanwhile.
    async fn beside<T>(&mut self, world: &World, process: impl Future<Output = T>) -> T {
        // On the heap, since such a future is large and several are within each other.
        let mut process = Box::pin(process);
        loop {
            self.tick(world);
            tokio::select! {
                biased;
                result = &mut process => break result,
                () = sleep(Duration::from_millis(100)) => {}
            }
        }
    }

    fn all_hold(&self, secret: &str) -> bool {
        self.instances.iter().all(|instance| instance.held == secret)
    }
}

/// One case.
#[derive(Debug, Clone, Copy)]
struct Case {
    seed: u64,
    /// The moment at which the first renewal dies; `None` if it lives.
    killed_at: Option<u32>,
    is_lossless: bool,
    /// Whether the site takes the secret from the program.
    is_taking: bool,
    /// Whether the old secret is removed early, and at which moment that dies first.
    removes_early: bool,
}

/// What came of a case.
struct Played {
    was_killed: bool,
    removal_was_killed: bool,
    is_wrong_value: bool,
    sign_ins: u64,
    reissued: u32,
}

type Renewed = Option<Result<Outcome, OnboardingError>>;

async fn until_killed(timeline: &Timeline, run: impl Future<Output = Result<Outcome, OnboardingError>>) -> Renewed {
    tokio::select! {
        biased;
        result = Box::pin(run) => Some(result),
        () = timeline.ended() => None,
    }
}

impl Case {
    async fn play(self) -> Played {
        let mut chance = Chance(self.seed);
        let lag = Duration::from_millis(chance.below(30_001));
        let world = World::of(
            EmulatedTenant::builder().replication_lag(lag).change_lag(lag),
            EmulatedSite::builder().takes_renewed_secrets(self.is_taking),
        );
        let (app, old) = world.onboard().await;
        let old_end = world.instant_of(world.vault.first().secret.expires_on);
        let mut gateway = Gateway::new(app, &old, &mut chance);
        // An end of its own lies up to a month earlier, and must still lie behind the old one.
        let before_renewal = DAY * 60 + chance.seconds(DAY * 20);
        gateway.pass(&world, before_renewal).await;
        // A renewal that is killed, and one that is not.
        let timeline = Timeline::new();
        if let Some(moment) = self.killed_at {
            timeline.end_at(moment);
        }
        let job = world.process(spec(), &timeline, self.is_lossless).build().unwrap();
        let first = gateway
            .beside(&world, Box::pin(until_killed(&timeline, job.renew_secret(|_| ()))))
            .await;
        drop(job);
        let was_killed = first.is_none();
        let (value, reissued) = Box::pin(self.finish(&world, &mut gateway, app, first, &mut chance)).await;
        let is_wrong_value = !self.is_taking && !self.removes_early && chance.below(10) == 0;
        if !self.is_taking {
            gateway.pass(&world, chance.seconds(DAY * 2)).await;
            let kept = world.vault.find(&value).unwrap();
            let typed = Some(kept.secret.value).filter(|_| !is_wrong_value);
            world.site.renew_secret_key(app, typed, Some(kept.secret.expires_on)).unwrap();
        }
        gateway.tick(&world);
        let new = world.vault.find(&value).unwrap().secret.value.expose().to_owned();
        let removal_was_killed = match self.removes_early {
            true => Box::pin(self.remove_early(&world, &mut gateway, app, &old, &mut chance)).await,
            false => false,
        };
        // Nothing that a person or a schedule starts meanwhile cuts anything.
        let left = old_end - Instant::now() - Duration::from_secs(1);
        for _ in 0..3 {
            gateway.pass(&world, left / 4).await;
            let plan = Box::pin(world.job().plan_renewal(|_| ())).await.unwrap();
            assert!(plan.is_empty() || self.removes_early, "{self:?}: {plan}");
        }
        gateway.pass(&world, old_end - Instant::now() - Duration::from_secs(1)).await;
        assert_eq!(gateway.refused, 0, "{self:?}: refused while the old secret was valid");
        assert_eq!(world.is_live(app, &old), !self.removes_early, "{self:?}");
        if !is_wrong_value {
            assert!(gateway.all_hold(&new), "{self:?}");
            gateway.pass(&world, DAY * 2).await;
            assert_eq!(gateway.refused, 0, "{self:?}: refused after the end of the old secret");
        }
        Played {
            was_killed,
            removal_was_killed,
            is_wrong_value,
            sign_ins: gateway.sign_ins,
            reissued,
        }
    }

    /// Runs the same again until a secret is in the hands of the person, or of the site: gives its id.
    async fn finish(self, world: &World, gateway: &mut Gateway, app: ApplicationId, first: Renewed, chance: &mut Chance) -> (String, u32) {
        let (mut result, mut reissued) = (first, 0);
        for _ in 0..6 {
            if let Some(Ok(outcome)) = &result {
                let secret = outcome.secret.as_ref().map(|secret| secret.key_id.to_string());
                if let Some(key) = secret {
                    return (key, reissued);
                }
            }
            gateway.pass(world, chance.seconds(HOUR * 30)).await;
            let job = world.job();
            let plan = gateway.beside(world, job.plan_renewal(|_| ())).await.unwrap();
            // A process that was killed after the site had taken the secret has done all.
            if let Some(shown) = found(plan.findings(), FindingCode::RenewedSecretUnproven) {
                return (shown.parameters()["keyId"].as_str().unwrap().to_owned(), reissued);
            }
            let waited = found(plan.findings(), FindingCode::RenewalWaiting);
            let key = waited.map(|waited| waited.parameters()["keyId"].as_str().unwrap().to_owned());
            // The vault may have the value: then a person types it in. Else it is lost.
            if let Some(key) = key.as_ref().filter(|key| world.vault.find(key).is_some() && !self.is_taking) {
                return (key.clone(), reissued);
            }
            reissued += u32::from(key.is_some());
            let again = world.builder().reissue_secret(key.is_some()).build().unwrap();
            result = Some(gateway.beside(world, again.renew_secret(|_| ())).await);
            if let Some(Err(error)) = &result {
                panic!("{self:?}, {app}: {error:#?}");
            }
        }
        panic!("{self:?}: the renewal does not come to its end")
    }

    /// Tries the early removal every two hours until it is done; the first one that may run is killed.
    async fn remove_early(self, world: &World, gateway: &mut Gateway, app: ApplicationId, old: &str, chance: &mut Chance) -> bool {
        let shown = gateway.changed;
        let moment = 1 + u32::try_from(chance.below(70)).unwrap();
        let mut was_killed = false;
        for attempt in 0..60 {
            let timeline = Timeline::new();
            if shown.elapsed() > HOUR * 26 && !was_killed {
                timeline.end_at(moment);
            }
            let job = world.process(spec(), &timeline, self.is_lossless).build().unwrap();
            let result = gateway.beside(world, until_killed(&timeline, job.remove_old_secrets(|_| ()))).await;
            drop(job);
            match result {
                None => was_killed = true,
                Some(Ok(_)) => {
                    let waited = shown.elapsed() + Duration::from_secs(1);
                    assert!(waited >= HOUR * 26, "{self:?}: after {waited:?}, at attempt {attempt}");
                    assert!(!world.is_live(app, old), "{self:?}");
                    return was_killed;
                }
                Some(Err(OnboardingError::Blocked(_))) => assert!(world.is_live(app, old), "{self:?}"),
                Some(Err(error)) => panic!("{self:?}: {error:#?}"),
            }
            gateway.pass(world, HOUR * 2).await;
        }
        panic!("{self:?}: the old secret stays")
    }
}

/// How many moments a renewal has that is not killed.
async fn moments(is_taking: bool, lag: Duration) -> u32 {
    let tenant = EmulatedTenant::builder().replication_lag(lag).change_lag(lag);
    let world = World::of(tenant, EmulatedSite::builder().takes_renewed_secrets(is_taking));
    world.onboard().await;
    sleep(DAY).await;
    let timeline = Timeline::new();
    let job = world.process(spec(), &timeline, false).build().unwrap();
    job.renew_secret(|_| ()).await.unwrap();
    timeline.moments()
}

#[derive(Default)]
struct Tally {
    cases: u32,
    killed: u32,
    removals_killed: u32,
    wrong_values: u32,
    reissued: u32,
    sign_ins: u64,
}

impl Tally {
    fn add(&mut self, played: &Played) {
        self.cases += 1;
        self.killed += u32::from(played.was_killed);
        self.removals_killed += u32::from(played.removal_was_killed);
        self.wrong_values += u32::from(played.is_wrong_value);
        self.reissued += played.reissued;
        self.sign_ins += played.sign_ins;
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} cases, of which {} killed while renewing, {} while removing, {} with the old value typed; {} reissued; {} sign-ins, none refused",
            self.cases, self.killed, self.removals_killed, self.wrong_values, self.reissued, self.sign_ins
        );
    }
}

/// Plays a case for each moment at which the renewing process may die, and some in which it lives.
async fn at_every_moment(is_taking: bool, removes_early: bool, seeds: std::ops::Range<u64>) -> Tally {
    let without_lag = moments(is_taking, Duration::ZERO).await;
    let last = moments(is_taking, LONGEST_LAG).await;
    assert!(without_lag > 30 && last > without_lag, "{without_lag}, {last}");
    let mut tally = Tally::default();
    for seed in seeds {
        // Lag makes more moments than there are without it. Some processes live.
        for moment in 1..=last + 12 {
            let seed = seed * 1_000 + u64::from(moment);
            let case = Case {
                seed,
                killed_at: Some(moment).filter(|moment| *moment <= last),
                is_lossless: seed % 2 == 0,
                is_taking,
                removes_early,
            };
            tally.add(&Box::pin(case.play()).await);
        }
    }
    assert!(tally.killed >= without_lag, "{}", tally.killed);
    tally
}

#[tokio::test(start_paused = true)]
async fn a_gateway_is_never_refused_while_a_person_types_the_renewed_secret_in() {
    let tally = at_every_moment(false, false, 0..3).await;
    assert!(tally.wrong_values > tally.cases / 20 && tally.reissued > 0);
    tally.print("by hand, without early removal");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_is_never_refused_while_its_site_takes_the_renewed_secret() {
    at_every_moment(true, false, 10..12)
        .await
        .print("taken by the site, without early removal");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_is_never_refused_although_the_old_secret_is_removed_early() {
    let tally = at_every_moment(false, true, 20..22).await;
    assert!(tally.removals_killed > tally.cases / 4, "{}", tally.removals_killed);
    tally.print("by hand, with early removal");
    at_every_moment(true, true, 30..31)
        .await
        .print("taken by the site, with early removal");
}

/// A load that cannot be refused proves nothing: cut too early, or with the old value typed, it is.
#[tokio::test(start_paused = true)]
async fn the_load_is_refused_if_the_old_secret_is_cut_too_early_or_its_value_was_typed_again() {
    for is_wrong_value in [false, true] {
        let world = World::new();
        let (app, old, outcome) = world.renewed().await;
        let mut gateway = Gateway::new(app, &old, &mut Chance(1));
        gateway.instances[0].delay = LONGEST_DELAY;
        let secret = outcome.secret.as_ref().unwrap();
        let value = Some(secret.value.clone()).filter(|_| !is_wrong_value);
        world.site.renew_secret_key(app, value, Some(secret.expires_on)).unwrap();
        gateway.pass(&world, HOUR * 2).await;
        let hurried = world.builder().secret_removal_wait(HOUR).build().unwrap();
        Box::pin(hurried.remove_old_secrets(|_| ())).await.unwrap();
        gateway.pass(&world, HOUR).await;
        assert!(gateway.refused > 0, "the value is wrong: {is_wrong_value}");
    }
}
