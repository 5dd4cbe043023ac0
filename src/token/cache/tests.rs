use super::*;
use crate::ids::TenantId;
use futures_util::future::join_all;
use std::{
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    time::Duration as Wait,
};
use time::Duration;
use uuid::Uuid;

const START: OffsetDateTime = time::macros::datetime!(2026-11-23 12:00 UTC);

/// A clock that a test moves on.
#[derive(Debug, Default)]
struct TestClock(AtomicI64);

impl TestClock {
    fn forward(&self, by: Duration) {
        self.0.fetch_add(by.whole_seconds(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        START + Duration::seconds(self.0.load(Ordering::Relaxed))
    }
}

/// Gives "token 1", "token 2" and so on, each after a second at first, each valid for `life`.
#[derive(Debug)]
struct Counting {
    clock: Arc<TestClock>,
    calls: AtomicUsize,
    life: Option<Duration>,
    failing: AtomicUsize,
    /// How many seconds each one takes.
    takes: AtomicU64,
    asks: AtomicBool,
    asked: Mutex<Vec<TokenRequest>>,
}

#[async_trait]
impl TokenProvider for Counting {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        lock(&self.asked).push(request.clone());
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        tokio::time::sleep(Wait::from_secs(self.takes.load(Ordering::Relaxed))).await;
        let left = self.failing.load(Ordering::Relaxed);
        if left > 0 {
            self.failing.store(left - 1, Ordering::Relaxed);
            return Err(TokenError::new(TokenFailure::Cancelled, "closed", "Sign in again."));
        }
        let token = AccessToken::new(format!("token {call}"));
        Ok(self
            .life
            .map_or_else(|| token.clone(), |life| token.clone().expiring_on(self.clock.now() + life)))
    }

    fn asks_a_person(&self) -> bool {
        self.asks.load(Ordering::Relaxed)
    }
}

struct Scene {
    clock: Arc<TestClock>,
    provider: Arc<Counting>,
    cache: CachedTokens<Arc<Counting>>,
}

impl Scene {
    fn new(life: impl Into<Option<Duration>>) -> Self {
        let clock = Arc::new(TestClock::default());
        let provider = Arc::new(Counting {
            clock: clock.clone(),
            calls: AtomicUsize::default(),
            life: life.into(),
            failing: AtomicUsize::default(),
            takes: AtomicU64::new(1),
            asks: AtomicBool::default(),
            asked: Mutex::default(),
        });
        let cache = CachedTokens::new(provider.clone()).with_clock(clock.clone());
        Self { clock, provider, cache }
    }

    async fn text(&self, request: &TokenRequest) -> String {
        self.cache.token(request).await.unwrap().expose().to_owned()
    }

    fn calls(&self) -> usize {
        self.provider.calls.load(Ordering::Relaxed)
    }

    fn takes(&self, seconds: u64) {
        self.provider.takes.store(seconds, Ordering::Relaxed);
    }

    fn fail(&self, times: usize) {
        self.provider.failing.store(times, Ordering::Relaxed);
    }
}

fn request() -> TokenRequest {
    TokenRequest::new(["b", "a"])
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_once_until_it_nears_its_end() {
    let scene = Scene::new(Duration::hours(1));
    assert_eq!(scene.text(&request()).await, "token 1");
    scene.clock.forward(Duration::minutes(54));
    assert_eq!(scene.text(&request()).await, "token 1");
    scene.clock.forward(Duration::minutes(2));
    assert_eq!(scene.text(&request()).await, "token 2");
    assert_eq!(scene.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_waiters_share_one_flight() {
    let scene = Scene::new(Duration::hours(1));
    let request = request();
    let tokens = join_all((0..20).map(|_| scene.cache.token(&request))).await;
    assert!(tokens.iter().all(|token| token.as_ref().unwrap().expose() == "token 1"));
    assert_eq!(scene.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiters_share_a_failure_and_a_later_request_tries_again() {
    let scene = Scene::new(Duration::hours(1));
    scene.fail(1);
    let request = request();
    let results = join_all((0..5).map(|_| scene.cache.token(&request))).await;
    assert!(
        results
            .iter()
            .all(|result| result.as_ref().unwrap_err().failure() == TokenFailure::Cancelled)
    );
    assert_eq!(scene.calls(), 1);
    assert_eq!(scene.text(&request).await, "token 2");
}

#[tokio::test(start_paused = true)]
async fn other_scopes_and_tenants_do_not_wait_for_each_other() {
    let scene = Scene::new(Duration::hours(1));
    let requests = [
        request(),
        TokenRequest::new(["a", "b", "a"]),
        TokenRequest::new(["c"]),
        request().in_tenant(TenantId::new(Uuid::from_u128(1))),
    ];
    let begin = tokio::time::Instant::now();
    join_all(requests.iter().map(|request| scene.cache.token(request))).await;
    assert_eq!(scene.calls(), 3);
    assert_eq!(begin.elapsed(), Wait::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn when_the_flying_request_is_dropped_the_next_waiter_flies() {
    let scene = Scene::new(Duration::hours(1));
    let request = request();
    let dropped = timeout(Wait::from_millis(500), scene.cache.token(&request));
    let (dropped, waiting) = tokio::join!(dropped, scene.cache.token(&request));
    assert!(dropped.is_err());
    assert_eq!(waiting.unwrap().expose(), "token 2");
}

#[tokio::test(start_paused = true)]
async fn one_request_refreshes_early_and_the_others_do_not_wait() {
    let scene = Scene::new(Duration::hours(1));
    let request = request();
    scene.text(&request).await;
    scene.clock.forward(Duration::minutes(57));
    let results = join_all((0..5).map(|_| scene.text(&request))).await;
    assert_eq!(results, ["token 2", "token 1", "token 1", "token 1", "token 1"]);
    assert_eq!(scene.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_old_token_serves_until_its_end_when_an_early_refresh_fails() {
    let scene = Scene::new(Duration::hours(1));
    scene.text(&request()).await;
    scene.fail(2);
    scene.clock.forward(Duration::minutes(56));
    for _ in 0..10 {
        assert_eq!(scene.text(&request()).await, "token 1");
    }
    assert_eq!(scene.calls(), 2, "half a minute passes between two attempts");
    scene.clock.forward(Duration::seconds(31));
    assert_eq!(scene.text(&request()).await, "token 1");
    assert_eq!(scene.calls(), 3);
    scene.fail(1);
    scene.clock.forward(Duration::minutes(4));
    assert!(scene.cache.token(&request()).await.is_err(), "past its end nothing is left to give");
    assert_eq!(scene.text(&request()).await, "token 5");
}

#[tokio::test(start_paused = true)]
async fn a_person_is_not_asked_while_the_old_token_is_good() {
    let scene = Scene::new(Duration::hours(1));
    scene.provider.asks.store(true, Ordering::Relaxed);
    let cache = CachedTokens::new(scene.cache.clone()).with_clock(scene.clock.clone());
    let text = async || cache.token(&request()).await.unwrap().expose().to_owned();
    assert_eq!(text().await, "token 1");
    scene.clock.forward(Duration::minutes(59));
    let began = tokio::time::Instant::now();
    assert_eq!(text().await, "token 1");
    assert_eq!((scene.calls(), began.elapsed()), (1, Wait::ZERO));
    scene.clock.forward(Duration::minutes(1));
    assert_eq!(text().await, "token 2");
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_takes_long_is_given_up_and_not_begun_again() {
    let scene = Scene::new(Duration::hours(1));
    scene.text(&request()).await;
    scene.takes(900);
    scene.clock.forward(Duration::minutes(56));
    let began = tokio::time::Instant::now();
    assert_eq!(scene.text(&request()).await, "token 1");
    assert_eq!(began.elapsed(), EARLY_REFRESH_TIMEOUT);
    for _ in 0..3 {
        scene.clock.forward(Duration::minutes(1));
        assert_eq!(scene.text(&request()).await, "token 1");
    }
    assert_eq!(
        (scene.calls(), began.elapsed()),
        (2, EARLY_REFRESH_TIMEOUT),
        "it is not begun again"
    );
    scene.takes(1);
    scene.clock.forward(Duration::minutes(2));
    assert_eq!(scene.text(&request()).await, "token 3");
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_is_dropped_is_put_off() {
    let scene = Scene::new(Duration::hours(1));
    scene.text(&request()).await;
    scene.clock.forward(Duration::minutes(56));
    let dropped = timeout(Wait::from_millis(500), scene.text(&request())).await;
    assert!(dropped.is_err());
    for _ in 0..5 {
        assert_eq!(scene.text(&request()).await, "token 1");
    }
    assert_eq!(scene.calls(), 2);
    scene.clock.forward(Duration::seconds(31));
    assert_eq!(scene.text(&request()).await, "token 3");
}

#[tokio::test(start_paused = true)]
async fn many_requests_refused_with_the_same_token_cause_one_new_one() {
    let scene = Scene::new(Duration::hours(1));
    let refused = scene.cache.token(&request()).await.unwrap();
    let again = request().after_refusal_of(&refused);
    let tokens = join_all((0..5).map(|_| scene.text(&again))).await;
    assert!(tokens.iter().all(|token| token == "token 2"));
    // One whose refusal arrives long after the others.
    assert_eq!(scene.text(&again).await, "token 2");
    assert_eq!(scene.calls(), 2);
    assert_eq!(scene.text(&request()).await, "token 2");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_its_token_shares_what_comes_while_it_waits() {
    let scene = Scene::new(Duration::hours(1));
    scene.text(&request()).await;
    let again = request().renewed(None);
    let tokens = join_all((0..5).map(|_| scene.text(&again))).await;
    assert!(tokens.iter().all(|token| token == "token 2"));
    assert_eq!(scene.text(&again).await, "token 3");
}

#[tokio::test(start_paused = true)]
async fn a_token_with_claims_serves_everybody_from_then_on() {
    let scene = Scene::new(Duration::hours(1));
    let refused = scene.cache.token(&request()).await.unwrap();
    let challenged = request()
        .renewed(Some("{\"access_token\":{}}".to_owned()))
        .after_refusal_of(&refused);
    assert_eq!(scene.text(&challenged).await, "token 2");
    assert_eq!(scene.text(&request()).await, "token 2");
    assert_eq!(scene.text(&challenged).await, "token 2");
    let other = request().renewed(Some("{\"id_token\":{}}".to_owned()));
    assert_eq!(scene.text(&other).await, "token 3");
    scene.clock.forward(Duration::hours(2));
    assert_eq!(scene.text(&request()).await, "token 4");
    assert_eq!(lock(&scene.provider.asked).last().unwrap().claims, other.claims);
}

#[tokio::test(start_paused = true)]
async fn a_token_born_nearly_expired_does_not_cause_a_storm() {
    for life in [Duration::minutes(4), Duration::seconds(40), Duration::minutes(-10)] {
        let scene = Scene::new(life);
        for _ in 0..29 {
            scene.text(&request()).await;
            scene.clock.forward(Duration::seconds(1));
        }
        assert_eq!(scene.calls(), 1, "{life}");
        scene.clock.forward(Duration::minutes(4));
        scene.text(&request()).await;
        assert_eq!(scene.calls(), 2, "{life}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_end_serves_until_it_is_refused() {
    let scene = Scene::new(None);
    let first = scene.cache.token(&request()).await.unwrap();
    scene.clock.forward(Duration::days(30));
    assert_eq!(scene.text(&request()).await, "token 1");
    assert_eq!(scene.text(&request().after_refusal_of(&first)).await, "token 2");
}

#[tokio::test(start_paused = true)]
async fn clones_share_their_tokens_and_show_none() {
    let scene = Scene::new(Duration::hours(1));
    scene.text(&request()).await;
    let clone = scene.cache.clone();
    assert_eq!(clone.token(&request()).await.unwrap().expose(), "token 1");
    assert!(!format!("{clone:?}").contains("token 1"));
}

fn graph(names: &[&str]) -> TokenRequest {
    TokenRequest::new(names.iter().map(|name| format!("https://graph.microsoft.com/{name}")))
}

#[tokio::test(start_paused = true)]
async fn a_token_for_more_serves_until_its_end_and_its_successor_is_asked_for_as_much() {
    let scene = Scene::new(Duration::hours(1));
    let (wide, narrow) = (graph(&["A", "B"]), graph(&["A"]));
    assert_eq!(scene.text(&wide).await, "token 1");
    assert_eq!(scene.text(&narrow).await, "token 1");
    let refused = scene.cache.token(&narrow).await.unwrap();
    assert_eq!(scene.text(&narrow.clone().after_refusal_of(&refused)).await, "token 2");
    scene.clock.forward(Duration::minutes(58));
    assert_eq!(scene.text(&narrow).await, "token 3");
    assert_eq!(scene.text(&wide).await, "token 3");
    assert!(lock(&scene.provider.asked).iter().all(|asked| asked.scopes == wide.scopes));
    scene.clock.forward(Duration::hours(2));
    assert_eq!(scene.text(&narrow).await, "token 4");
    assert_eq!(
        lock(&scene.provider.asked).last().unwrap().scopes,
        narrow.scopes,
        "nothing is known of an old token"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_for_less_does_not_serve() {
    let scene = Scene::new(Duration::hours(1));
    assert_eq!(scene.text(&graph(&["A"])).await, "token 1");
    assert_eq!(scene.text(&graph(&["A", "B"])).await, "token 2");
    // Its own token serves as long as it is good; after that, the one for more.
    assert_eq!(scene.text(&graph(&["A"])).await, "token 1");
    let refused = scene.cache.token(&graph(&["A"])).await.unwrap();
    assert_eq!(scene.text(&graph(&["A"]).after_refusal_of(&refused)).await, "token 2");
    assert_eq!(scene.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_less_waits_for_the_sign_in_for_more_that_is_under_way() {
    let scene = Scene::new(Duration::hours(1));
    let (wide, narrow) = (graph(&["A", "B"]), graph(&["A"]));
    let (one, two) = tokio::join!(scene.cache.token(&wide), scene.cache.token(&narrow));
    assert!(one.unwrap().is_same_as(&two.unwrap()));
    assert_eq!(scene.calls(), 1);

    let scene = Scene::new(Duration::hours(1));
    scene.fail(1);
    let (one, two) = tokio::join!(scene.cache.token(&wide), scene.cache.token(&narrow));
    assert!(
        one.is_err() && two.is_err(),
        "a person who has closed the page is not asked again at once"
    );
    assert_eq!(scene.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cache_over_many_tenants_does_not_grow_without_bound() {
    let scene = Scene::new(None);
    let number = u128::try_from(MOST_TOKENS).unwrap() * 3;
    for tenant in 0..number {
        scene.text(&request().in_tenant(TenantId::new(Uuid::from_u128(tenant)))).await;
        assert!(lock(&scene.cache.shared.slots).len() <= MOST_TOKENS);
    }
    let last = request().in_tenant(TenantId::new(Uuid::from_u128(number - 1)));
    assert_eq!(scene.text(&last).await, format!("token {number}"), "the last one is still there");

    let scene = Scene::new(Duration::hours(1));
    for tenant in 0..number {
        scene.text(&request().in_tenant(TenantId::new(Uuid::from_u128(tenant)))).await;
        scene.clock.forward(Duration::minutes(1));
    }
    let kept = lock(&scene.cache.shared.slots)
        .values()
        .filter(|slot| slot.is_usable(scene.clock.now()))
        .count();
    assert!(kept >= 59, "{kept} of those that are still valid are kept");
}
