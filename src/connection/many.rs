//! Many tenants from one process.

use std::num::NonZeroUsize;

use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::connection::{AzureServicesConnection, Event, OnboardingError, Outcome};

/// One tenant's end in [`onboard_many`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ManyResult<K> {
    /// By what the caller knows the tenant.
    pub key: K,
    /// How its onboarding ended.
    pub result: Result<Outcome, OnboardingError>,
}

/// Onboards many tenants, at most `at_once` of them at the same time, each as [`AzureServicesConnection::onboard`] does.
///
/// `jobs` gives a key of the caller's choice and a connection for each tenant. It is asked for the next job only when
/// there is room for one, so a lazy iterator keeps memory flat in the number of tenants: nothing is kept of a tenant
/// that has ended. `events` hears every event together with the key. `on_result` is called the moment a tenant ends, in
/// the order of the ends, with the only copy of its secret if there is neither a site nor a
/// [`SecretSink`](super::SecretSink).
///
/// The tenants do not know of each other: one that fails, or that waits because it is throttled, takes up its own place
/// and nothing else. No task is spawned; everything runs in the caller's.
///
/// `on_result` is awaited by no one, so it is quick. [`onboard_stream`] is the form for results that take their time.
///
/// To share connections between tenants, make one [`GraphDirectory`](crate::GraphDirectory) and derive the others with
/// [`GraphDirectory::for_tenant`](crate::GraphDirectory::for_tenant).
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
/// The future may be dropped at any await. What was done for each tenant stays, and its next run finds it. At most the
/// secrets of the tenants under way are lost, and the next run replaces them.
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

/// The same as a stream: each result as soon as its tenant ends and the consumer asks for it.
///
/// The stream does its work while it is polled. A consumer that does not poll holds up every tenant under way, whose
/// requests then run into their time-outs: hand slow work to a task of its own. Memory is flat in the number of tenants.
///
/// # Cancel safety
///
/// Dropping the stream is dropping the runs under way, as [`onboard_many`] says. To let them end and start no new one,
/// let `jobs` end and go on polling.
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
