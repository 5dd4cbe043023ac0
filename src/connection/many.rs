//! Many tenants from one process.

use std::num::NonZeroUsize;

use futures_util::{StreamExt, stream};

use super::{AzureServicesConnection, Event, OnboardingError, Outcome};

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
/// there is room for one, so that a lazy iterator keeps memory flat whatever the number of tenants. `events` hears every
/// event together with the key. The results come in the order of the jobs.
///
/// The tenants do not know of each other: one that fails, or that waits because it is throttled, takes up its own place
/// and nothing else. No task is spawned; everything runs in the caller's.
///
/// To share connections between tenants, make one [`GraphDirectory`](crate::GraphDirectory) and derive the others with
/// [`GraphDirectory::for_tenant`](crate::GraphDirectory::for_tenant).
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use cmg_onboarding::{
///     AzureServicesConnection, ClientAppSpec, ConnectionSpec, ServerAppSpec,
///     connection::onboard_many,
/// };
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
/// let results = onboard_many(jobs, NonZeroUsize::MIN, |_, _| ()).await;
/// assert!(results.iter().all(|tenant| tenant.result.is_ok()));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// The future may be dropped at any await. What was done for each tenant stays, and its next run finds it.
pub async fn onboard_many<K>(
    jobs: impl IntoIterator<Item = (K, AzureServicesConnection)>,
    at_once: NonZeroUsize,
    events: impl Fn(&K, &Event) + Send + Sync,
) -> Vec<ManyResult<K>>
where
    K: Send + Sync,
{
    let events = &events;
    let runs = jobs.into_iter().enumerate().map(|(index, (key, job))| async move {
        let result = job.onboard(|event| events(&key, event)).await;
        (index, ManyResult { key, result })
    });
    let mut results: Vec<(usize, ManyResult<K>)> = stream::iter(runs).buffer_unordered(at_once.get()).collect().await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
