//! Opens a connection while a token is being fetched, so that the first request with that token finds one.
//!
//! The opening runs inside the future of the request that it is for. It never holds the request up, and its
//! failure means nothing: the request meets the same trouble and tells it.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
};

use tokio::task::coop::has_budget_remaining;
use url::Url;

/// One opening, which runs beside the request that it is for and never holds it up.
///
/// It belongs to that request's future: nothing is spawned, and dropping the request drops the opening.
pub(super) struct Warming<'a> {
    opening: Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>,
    has_begun: bool,
}

impl<'a> Warming<'a> {
    /// `opening` does nothing before it is first polled.
    pub(super) fn new(opening: impl Future<Output = ()> + Send + 'a) -> Self {
        Self {
            opening: Some(Box::pin(opening)),
            has_begun: false,
        }
    }

    /// Awaits a token. If it is not there at once, the connection is opened in the meantime. A task that has used its turn
    /// up is told to wait even for a token that is there: that is no reason to open anything.
    pub(super) async fn beside_token<T>(&mut self, token: impl Future<Output = T>) -> T {
        self.beside(token, true).await
    }

    /// Awaits the attempt that shares the connection. What is left of the opening ends with it: if it went on unpolled, it
    /// would keep others from opening a connection of their own.
    pub(super) async fn beside_attempt<T>(&mut self, attempt: impl Future<Output = T>) -> T {
        let outcome = self.beside(attempt, self.has_begun).await;
        self.opening = None;
        outcome
    }

    async fn beside<T>(&mut self, first: impl Future<Output = T>, opens: bool) -> T {
        let mut first = pin!(first);
        poll_fn(|context| {
            let outcome = first.as_mut().poll(context);
            let is_over = match &mut self.opening {
                Some(opening) if opens && outcome.is_pending() && (self.has_begun || has_budget_remaining()) => {
                    self.has_begun = true;
                    opening.as_mut().poll(context).is_ready()
                }
                _ => false,
            };
            if is_over {
                self.opening = None;
            }
            outcome
        })
        .await
    }
}

impl fmt::Debug for Warming<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Warming")
            .field("has_begun", &self.has_begun)
            .finish_non_exhaustive()
    }
}

/// The root of a URL's origin.
pub(super) fn root_of(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    root
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use tokio::time::{Instant, sleep};

    use super::*;

    const TOKEN: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn nothing_is_opened_for_a_token_that_is_there_at_once() {
        let has_begun = AtomicBool::new(false);
        let mut warming = Warming::new(async { has_begun.store(true, Ordering::Relaxed) });
        warming.beside_token(async {}).await;
        warming.beside_attempt(sleep(TOKEN)).await;
        assert!(!has_begun.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn nothing_is_opened_for_tokens_that_are_there_if_the_task_has_used_its_turn_up() {
        let (has_begun, lock) = (AtomicBool::new(false), tokio::sync::Mutex::new(()));
        let tokens = (0..1_000).map(|_| async {
            let mut warming = Warming::new(async { has_begun.store(true, Ordering::Relaxed) });
            warming.beside_token(async { drop(lock.lock().await) }).await;
        });
        futures_util::future::join_all(tokens).await;
        assert!(!has_begun.load(Ordering::Relaxed));
    }

    #[tokio::test(start_paused = true)]
    async fn an_opening_goes_on_beside_the_attempt_and_holds_nothing_up() {
        let is_open = AtomicBool::new(false);
        for opens_within in [1, 3, 3_600] {
            is_open.store(false, Ordering::Relaxed);
            let mut warming = Warming::new(async {
                sleep(Duration::from_secs(opens_within)).await;
                is_open.store(true, Ordering::Relaxed);
            });
            let began = Instant::now();
            warming.beside_token(sleep(TOKEN)).await;
            warming.beside_attempt(sleep(TOKEN)).await;
            assert_eq!(began.elapsed(), TOKEN * 2);
            assert_eq!(is_open.load(Ordering::Relaxed), opens_within < 4);
            assert!(warming.opening.is_none(), "it does not outlive the attempt");
        }
    }

    #[test]
    fn the_root_has_nothing_of_the_requests_query() {
        let url = Url::parse("https://graph.example:8443/v1.0/x?y=canary#z").unwrap();
        assert_eq!(root_of(&url).as_str(), "https://graph.example:8443/");
    }
}
