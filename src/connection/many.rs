//! Many tenants from one process.

use std::num::NonZeroUsize;

use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::connection::{AzureServicesConnection, Event, OnboardingError, Outcome};

/// How one tenant of many ended: its onboarding in [`onboard_many`] or [`onboard_stream`], or its check in
/// [`expiring`](super::expiring) or [`expiring_stream`](super::expiring_stream).
#[derive(Debug)]
#[non_exhaustive]
pub struct ManyResult<K, R = Result<Outcome, OnboardingError>> {
    /// The caller's key for the tenant.
    pub key: K,
    /// The outcome or the error of an onboarding; the [`Check`](super::Check) of a watch.
    pub result: R,
}

/// Onboards many tenants, at most `at_once` of them at the same time, each as
/// [`AzureServicesConnection::onboard`] does.
///
/// `jobs` gives a key of the caller's choice and a connection for each tenant. It is asked for the next job
/// only if there is room for one, and nothing is kept of a tenant that has ended: with a lazy iterator,
/// memory does not grow with the number of tenants. `events` is called with every event and its tenant's key.
/// `on_result` is called as soon as a tenant ends, in the order in which they end. It gets the only copy of
/// the tenant's secret if there is neither a site nor a [`SecretSink`](super::SecretSink).
///
/// Tenants do not affect each other: one that fails, or that waits because it is throttled, occupies one of
/// the `at_once` places and nothing else. No task is spawned; everything runs in the caller's task.
///
/// To start no new tenant and let those under way end, let `jobs` end: `take_while` over a flag does. To end those under
/// way as well, each with its report if it writes, give their connections a [`Cancel`](super::Cancel).
///
/// `on_result` is not awaited, and all tenants wait while it runs, so it must be quick. Use
/// [`onboard_stream`] if handling a result takes its time.
///
/// To share connections between tenants, make one [`GraphDirectory`](crate::GraphDirectory) and derive the
/// others with [`GraphDirectory::for_tenant`](crate::GraphDirectory::for_tenant).
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec, connection::onboard_many};
/// use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let spec = ConnectionSpec::builder("Contoso CMG")
///     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()?;
/// let jobs = ["north", "south", "west"].into_iter().map(|name| {
///     let job = AzureServicesConnection::builder(spec.clone())
///         .directory(EmulatedTenant::new().directory())
///         .site(EmulatedSite::new())
///         .build();
///     (name, job.expect("directory and site are there"))
/// });
/// let mut done = 0;
/// onboard_many(jobs, NonZeroUsize::MIN, |_, _| (), |tenant| done += usize::from(tenant.result.is_ok())).await;
/// assert_eq!(done, 3);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// The future may be dropped at any await. What was done for each tenant stays, and the tenant's next run
/// finds it. At most the secrets of the tenants under way are lost, and their next run replaces them.
pub async fn onboard_many<K>(
    jobs: impl IntoIterator<Item = (K, AzureServicesConnection)>,
    at_once: NonZeroUsize,
    events: impl Fn(&K, &Event) + Send + Sync,
    mut on_result: impl FnMut(ManyResult<K>),
) where
    K: Send + Sync,
{
    let events = &events;
    let mut results = stream::iter(jobs.into_iter().map(|(key, job)| run(key, job, events))).buffer_unordered(at_once.get());
    while let Some(result) = results.next().await {
        on_result(result);
    }
}

/// The stream form of [`onboard_many`]: it gives each result as soon as its tenant has ended and the consumer
/// asks for it.
///
/// The stream works only while it is polled. A consumer that does not poll stops every tenant under way, and
/// their requests may time out: do slow work in a task of its own. Memory does not grow with the number of
/// tenants.
///
/// # Cancel safety
///
/// Dropping the stream drops the runs under way, with the effect that [`onboard_many`] describes. To let them
/// end and start no new one, let `jobs` end and go on polling.
pub fn onboard_stream<'a, K>(
    jobs: impl IntoIterator<Item = (K, AzureServicesConnection), IntoIter: Send + 'a>,
    at_once: NonZeroUsize,
    events: impl Fn(&K, &Event) + Send + Sync + Clone + 'a,
) -> impl Stream<Item = ManyResult<K>> + Send + 'a
where
    K: Send + Sync + 'a,
{
    let runs = jobs.into_iter().map(move |(key, job)| {
        let events = events.clone();
        async move { run(key, job, &events).await }
    });
    stream::iter(runs).buffer_unordered(at_once.get())
}

async fn run<K: Send + Sync>(key: K, job: AzureServicesConnection, events: &(impl Fn(&K, &Event) + Send + Sync)) -> ManyResult<K> {
    let result = job.onboard(|event| events(&key, event)).await;
    ManyResult { key, result }
}
