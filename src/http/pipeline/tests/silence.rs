//! Hosts that say nothing.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_reported_within_half_a_minute() {
    for (takes, attempts) in [(10, 2), (6, 4), (20, 1), (0, 5)] {
        let script = Arc::new(Script {
            answers: Mutex::new((0..5).map(|_| broken(TransportKind::Connect)).collect()),
            takes: Duration::from_secs(takes),
            ..Script::default()
        });
        let transport: Arc<dyn Transport> = script.clone();
        let client = crate::http::HttpClient::over(transport);
        let request = Request::new(Method::Get, "https://graph.example/".parse().unwrap());
        let began = Instant::now();
        assert!(client.send(Call::quiet(), &request).await.is_err());
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!(script.attempts.lock().unwrap().len(), attempts, "of {takes} s");
    }
}

/// How often a host that takes connections and says nothing is asked, and for how long, by a client that gives up after
/// `patience` and has had these answers before.
async fn silent(patience: u64, before: Vec<Result<RawAnswer, TransportFailure>>) -> (usize, Duration) {
    let heard = before.len();
    let silence = (0..12).map(|_| broken(TransportKind::TimedOut));
    let mut script = Script {
        answers: Mutex::new(before.into_iter().chain(silence).collect()),
        ..Script::default()
    };
    script.takes = Duration::from_secs(patience);
    let script = Arc::new(script);
    let transport: Arc<dyn Transport> = script.clone();
    let client = crate::http::HttpClient::over(transport);
    let request = || Request::new(Method::Get, "https://graph.example/".parse().unwrap());
    for _ in 0..heard {
        assert!(client.clone().send(Call::quiet(), &request()).await.is_ok());
    }
    let began = Instant::now();
    assert!(client.send(Call::quiet(), &request()).await.is_err());
    (script.attempts.lock().unwrap().len() - heard, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_host_that_takes_connections_and_has_never_said_anything_is_reported_within_half_a_minute() {
    for (patience, attempts) in [(25, 2), (28, 2), (40, 1)] {
        let (asked, took) = silent(patience, Vec::new()).await;
        assert_eq!(asked, attempts, "of {patience} s");
        assert!(took <= Duration::from_secs(patience.max(31)), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_has_answered_before_is_waited_for_up_to_the_deadline() {
    let (asked, took) = silent(25, vec![status(200)]).await;
    assert!(asked >= 4 && took > Duration::from_secs(90), "{asked} attempts in {took:?}");
}
