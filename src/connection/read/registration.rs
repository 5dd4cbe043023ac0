//! Reads the server app's registration alone, with its secrets: one request, for a watch over many tenants.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use futures_util::future::poll_fn;
use tokio::time::{Instant, sleep_until};

use crate::{
    call::{Call, CallEvent, CallEvents, RetryReason},
    connection::{check::apps, read::snapshot::Unread},
    directory::{Application, ApplicationKey, Directory},
    error::{DirectoryError, RequestTrace, TransportKind, Unreachable},
    ids::TenantId,
};

/// Reads the registration with this key, if there is one, and tells the tenant as the token names it. `longest_silence` is
/// how long the directory may say nothing at all; a time that it asks to wait for does not count. Signing in has limits of
/// its own.
pub(crate) async fn read_registration(
    directory: &dyn Directory,
    key: &ApplicationKey,
    expected: Option<TenantId>,
    longest_silence: Duration,
    call: &Call,
) -> Result<(Option<Application>, Option<TenantId>), Unread> {
    let signed_in = directory.signed_in(call.clone()).await?;
    if let (Some(expected), Some(tenant)) = (expected, signed_in.tenant_id)
        && expected != tenant
    {
        let findings = vec![apps::wrong_tenant(expected, tenant, None)];
        let signed_in = Box::new(signed_in);
        return Err(Unread::UnusableToken { signed_in, findings });
    }
    let (heard, events) = Call::channel();
    let read = unless_silent(directory.application(heard, key), events, call, longest_silence).await;
    let found = read.unwrap_or_else(|| Err(silent(directory, longest_silence)))?;
    Ok((found, signed_in.tenant_id.or(expected)))
}

/// `None` if nothing came back for so long. An answer that is no success, of which the call tells, is a sign of life, and
/// the wait that follows it is asked for. What the call tells is passed on.
async fn unless_silent<T>(work: impl Future<Output = T>, mut events: CallEvents, pass_on: &Call, longest: Duration) -> Option<T> {
    let mut work = pin!(work);
    let mut timer = pin!(sleep_until(Instant::now() + longest));
    poll_fn(|context| {
        let result = work.as_mut().poll(context);
        while let Poll::Ready(Some((_, event))) = events.poll_next_tagged(context) {
            if let CallEvent::Retried(retry) = &event
                && retry.reason != RetryReason::Connection
            {
                timer.as_mut().reset(Instant::now() + retry.delay + longest);
            }
            pass_on.tell(event);
        }
        match result {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        }
    })
    .await
}

fn silent(directory: &dyn Directory, longest: Duration) -> DirectoryError {
    let host = directory
        .endpoints()
        .and_then(|endpoints| endpoints.graph().host_str().map(str::to_owned));
    let said_nothing = format!("it said nothing for {} s", longest.as_secs());
    let host = host.unwrap_or_else(|| "the directory".to_owned());
    Unreachable::new(TransportKind::TimedOut, host, RequestTrace::default(), said_nothing).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Retry;
    use tokio::time::sleep;

    const LONGEST: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn what_says_nothing_ends_after_the_longest_silence() {
        let (call, events) = Call::channel();
        let started = Instant::now();
        let silent = async {
            // An attempt that broke is no sign of life.
            sleep(Duration::from_secs(20)).await;
            call.retried(Retry::new("GET /", 1, Duration::from_secs(1), RetryReason::Connection));
            sleep(Duration::from_secs(600)).await;
        };
        assert_eq!(unless_silent(silent, events, &Call::quiet(), LONGEST).await, None);
        assert_eq!(started.elapsed(), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_asked_for_is_no_silence() {
        let (call, events) = Call::channel();
        let throttled = async {
            for attempt in 1..=3 {
                sleep(Duration::from_secs(20)).await;
                let wait = Duration::from_secs(60);
                call.retried(Retry::new("GET /", attempt, wait, RetryReason::Throttled));
                sleep(wait).await;
            }
            7
        };
        let (pass_on, mut told) = Call::channel();
        assert_eq!(unless_silent(throttled, events, &pass_on, LONGEST).await, Some(7));
        let told: Vec<CallEvent> = std::iter::from_fn(|| told.try_next()).collect();
        assert_eq!(told.len(), 3, "{told:?}");
    }
}
