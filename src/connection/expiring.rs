//! When the secrets of many tenants end, from one process.

use std::{future::Future, num::NonZeroUsize, sync::Arc, time::Duration};

use futures_core::Stream;
use futures_util::{
    StreamExt,
    future::{OptionFuture, join},
    stream,
};

use crate::{
    clock::{Clock, SystemClock},
    connection::{
        AzureServicesConnection, ManyResult,
        check::{apps, as_it_is::conclude, expiries::tell_expiries, weight::Weight},
        plan::registration::UniqueNames,
        read::{registration::read_registration, snapshot::Unread},
        report::{
            check::Check,
            emitter::Emitter,
            event::{Event, EventKind, Verb},
            finding::{Finding, FindingCode},
            incomplete::IncompleteConnection,
            problem::Problem,
            read_error::{CANCELLED, ReadError},
            step::Step,
        },
        run::cancel::{Cancel, within},
    },
    directory::{Application, ApplicationKey, DirectoryHandle},
    error::SiteError,
    ids::{ApplicationId, TenantId},
    site::{SiteHandle, SiteSnapshot},
    spec::ImportedServerApp,
};

/// How long a directory may say nothing.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// What the directory has answered: the app, and the tenant that the token names.
type Registration = Result<(Option<Application>, Option<TenantId>), Unread>;

/// What the site has answered.
type Rows = Result<SiteSnapshot, SiteError>;

/// A server app whose secret is watched: where it is read, and by what it is found.
///
/// An [`AzureServicesConnection`] is one as well: its specification tells the app, and its
/// [`cancel`](super::AzureServicesConnectionBuilder::cancel) and [`deadline`](super::AzureServicesConnectionBuilder::deadline)
/// end the reading. Of an app that other programs have registered, tenant and client id suffice.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, StaticToken, connection::WatchedApp};
///
/// let tenant = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?;
/// let directory = GraphDirectory::builder(CloudEndpoints::default(), StaticToken::new("eyJ0...")).tenant(tenant).build();
/// let app = WatchedApp::new(tenant, "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse()?).directory(directory);
/// # let _ = app;
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is watched until it is given to expiring()"]
pub struct WatchedApp {
    key: ApplicationKey,
    name: Option<String>,
    tenant: Option<TenantId>,
    directory: Option<DirectoryHandle>,
    site: Option<SiteHandle>,
    longest_silence: Duration,
    /// The key of the specification, if there is one.
    specification: Option<String>,
    cancel: Option<Cancel>,
    deadline: Option<Duration>,
    clock: Arc<dyn Clock>,
}

impl WatchedApp {
    /// The server app with this client id in this tenant. It needs a directory, a site, or both.
    pub fn new(tenant: TenantId, client_id: ApplicationId) -> Self {
        Self {
            key: ApplicationKey::ApplicationId(client_id),
            name: None,
            tenant: Some(tenant),
            directory: None,
            site: None,
            longest_silence: LONGEST_SILENCE,
            specification: None,
            cancel: None,
            deadline: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// What the answer calls it: [`Check::name`](super::Check::name). Default: the connection's name, else none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The Entra tenant, in which the app's secrets are read. Default: none; the site alone tells the date.
    pub fn directory(mut self, directory: impl Into<DirectoryHandle>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The site, which tells by its date which secret it uses. Default: none; the first secret that ends decides.
    pub fn site(mut self, site: impl Into<SiteHandle>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// How long the directory may say nothing, even if its HTTP client allows more, before the app counts as unknown. A wait
    /// that the directory asks for does not count, nor does signing in. Default: 30 seconds.
    pub const fn longest_silence(mut self, silence: Duration) -> Self {
        self.longest_silence = silence;
        self
    }

    /// A handle by which the caller ends the reading, which is unknown then. Default: that of the connection, else none.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// How long the reading of directory and site may take, by tokio's timer; what was not read by then is unknown. Default:
    /// that of the connection, else no limit.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Where the time of day comes from. Default: the operating system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn client_id(&self) -> Option<ApplicationId> {
        match &self.key {
            ApplicationKey::ApplicationId(id) => Some(*id),
            ApplicationKey::UniqueName(_) => None,
        }
    }

    async fn watch(&self, thresholds: &[u16], events: &(dyn Fn(&Event) + Send + Sync)) -> Check {
        let emitter = Emitter::begin(Verb::Check, self.specification.as_deref(), events, self.clock.as_ref());
        if let Some(tenant) = self.tenant {
            emitter.tenant(tenant);
        }
        let call = emitter.call(None);
        let directory = self.directory.as_ref().map(DirectoryHandle::as_directory);
        let registration = OptionFuture::from(
            directory.map(|directory| read_registration(directory, &self.key, self.tenant, self.longest_silence, &call)),
        );
        let rows = OptionFuture::from(self.site.as_ref().map(|site| site.as_site().snapshot(call.clone())));
        // Each by itself, so that what one of them has answered is told if the other one is cut off.
        let both = join(self.unless_ended(&emitter, registration), self.unless_ended(&emitter, rows));
        let (registration, rows) = emitter.listening(both).await;
        let check = self.conclude(registration, rows, thresholds);
        if let (None, Some(tenant)) = (self.tenant, check.tenant_id) {
            emitter.tenant(tenant);
        }
        emitter.end(match &check.problem {
            None => EventKind::RunFinished { changed: false },
            Some(problem) if problem.code == CANCELLED => EventKind::RunCancelled,
            Some(problem) => EventKind::RunFailed {
                error: problem.message.clone(),
                help: problem.help.clone(),
            },
        });
        check
    }

    /// Does the work, unless the handle or the deadline of the connection ends it early.
    async fn unless_ended<T>(&self, emitter: &Emitter<'_>, work: impl Future<Output = T>) -> Result<T, ReadError> {
        within(self.cancel.as_ref(), self.deadline, emitter.elapsed(), Box::pin(work)).await
    }

    /// What follows from what was read, and from why something could not be.
    fn conclude(
        &self,
        registration: Result<Option<Registration>, ReadError>,
        rows: Result<Option<Rows>, ReadError>,
        thresholds: &[u16],
    ) -> Check {
        let mut check = Check::new(self.clock.now());
        check.name.clone_from(&self.name);
        (check.tenant_id, check.application_id) = (self.tenant, self.client_id());
        if self.directory.is_none() && self.site.is_none() {
            check.problem = Some(Problem::of(&IncompleteConnection::NothingToRead));
        }
        let mut findings = Vec::new();
        let registered = match registration {
            Ok(Some(Ok((app, tenant)))) => {
                check.tenant_id = check.tenant_id.or(tenant);
                check.application_id = check.application_id.or_else(|| Some(app.as_ref()?.app_id));
                self.check_registered(app.as_ref(), check.tenant_id, &mut findings);
                app
            }
            Ok(Some(Err(Unread::UnusableToken { findings: told, .. }))) => {
                findings.extend(told);
                None
            }
            Ok(Some(Err(Unread::Failed(error)))) => {
                tell_problem(&mut check, &ReadError::Directory(error));
                None
            }
            Ok(None) => None,
            Err(ended) => {
                tell_problem(&mut check, &ended);
                None
            }
        };
        let rows = rows.and_then(|rows| rows.transpose().map_err(ReadError::Site));
        let rows = rows.unwrap_or_else(|error| {
            tell_problem(&mut check, &error);
            None
        });
        let row = check.application_id.and_then(|id| rows.as_ref()?.application(id));
        if let (Some(rows), Some(id), None) = (&rows, check.application_id, row) {
            findings.extend(not_in_site(rows, id));
        }
        let has_no_secret = registered.as_ref().is_some_and(|app| app.password_credentials.is_empty());
        if row.is_none() && has_no_secret {
            findings.push(not_done(Step::IssueSecret));
        }
        findings.extend(tell_expiries(&mut check, registered.as_ref(), row, thresholds));
        conclude(&mut check, findings, |finding| Weight::status_of(finding, thresholds), None);
        check
    }

    /// What the directory tells of the app; `None` if it said that there is no such app.
    fn check_registered(&self, app: Option<&Application>, tenant: Option<TenantId>, findings: &mut Vec<Finding>) {
        match (app, self.client_id(), tenant) {
            (Some(app), ..) => apps::check_registration_enabled(apps::SERVER, app, findings),
            (None, Some(id), Some(tenant)) => findings.push(apps::not_found(apps::SERVER, Some(id), tenant)),
            (None, ..) => findings.push(not_done(Step::RegisterServerApp)),
        }
    }
}

impl From<AzureServicesConnection> for WatchedApp {
    fn from(connection: AzureServicesConnection) -> Self {
        let inner = &connection.inner;
        let server = inner.spec.server_app();
        let names = || inner.unique_names.clone().unwrap_or_else(|| UniqueNames::of(inner.spec.key()));
        let created = || ApplicationKey::UniqueName(names().server);
        Self {
            key: server.client_id().map_or_else(created, ApplicationKey::ApplicationId),
            name: Some(inner.spec.name().to_owned()),
            tenant: inner
                .expected_tenant
                .or_else(|| server.imported().map(ImportedServerApp::tenant_id)),
            directory: inner.directory.clone(),
            site: inner.site.clone(),
            longest_silence: LONGEST_SILENCE,
            specification: Some(inner.spec.key().to_owned()),
            cancel: inner.cancel.clone(),
            deadline: inner.deadline,
            clock: Arc::clone(&inner.clock),
        }
    }
}

/// The directory's error, which is told first, is the one that decides.
fn tell_problem(check: &mut Check, error: &ReadError) {
    let tenant = check.tenant_id;
    check.problem.get_or_insert_with(|| {
        let mut problem = Problem::from(error);
        problem.tenant = tenant;
        problem
    });
}

fn not_done(step: Step) -> Finding {
    Finding::blocker(FindingCode::StepNotDone).with("step", step)
}

/// The site does not know the app, unless one of the rows that could not be read is the app's.
fn not_in_site(rows: &SiteSnapshot, id: ApplicationId) -> Vec<Finding> {
    if rows.unread.is_empty() {
        let missing = Finding::blocker(FindingCode::AppNotInSite).with("app", apps::SERVER);
        return vec![missing.with("clientId", id)];
    }
    rows.unread.iter().map(crate::connection::check::site::unread_row).collect()
}

/// Reads when the secret of each of many server apps ends, at most `at_once` of them at the same time, and says how well
/// each is.
///
/// It asks Microsoft Graph one question for each app, and its site, if there is one, what it knows. With a site, the end
/// of the secret that *the site uses* counts. Without one, every valid secret is told, with
/// [`used_by_site`](super::Expiry::used_by_site) unknown, and the first one that ends decides. `Application.Read.All`
/// suffices. [`AzureServicesConnection::check`] looks at everything else as well, with more requests.
///
/// `thresholds` are the days before its end from which on a secret is a warning, in any order; within the last of them it
/// is critical. They count for every tenant, also for a connection that has thresholds of its own.
///
/// `jobs` gives a key of the caller's choice and an app or a connection for each tenant. It is asked for the next one only
/// if there is room, and nothing is kept of one that has ended: with a lazy iterator, memory does not grow with the number
/// of tenants. `events` is called with every event and its tenant's key. `on_result` is called as soon as a tenant ends, in
/// the order in which they end. A tenant that cannot be read is [`Unknown`](super::CheckStatus::Unknown), with its
/// [`problem`](super::Check::problem) or a finding; none is left out.
///
/// Tenants do not affect each other: one that is throttled, or that says nothing, occupies one of the `at_once` places for
/// as long as [`WatchedApp::longest_silence`] and `Retry-After` say, and nothing else. No task is spawned; everything runs
/// in the caller's task. `on_result` is not awaited, so it must be quick; [`expiring_stream`] is for one that is not.
///
/// To start no new tenant and let those under way end, let `jobs` end. To end those under way as well, each as unknown, give
/// them a [`Cancel`](super::Cancel).
///
/// To share connections between tenants, make one [`GraphDirectory`](crate::GraphDirectory) and derive the others with
/// [`GraphDirectory::for_tenant`](crate::GraphDirectory::for_tenant).
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use cmg_onboarding::connection::{CheckStatus, WatchedApp, expiring};
/// use cmg_onboarding_emulator::EmulatedTenant;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tenant = EmulatedTenant::new();
/// let nowhere = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse()?;
/// let jobs = [("contoso", WatchedApp::new(tenant.tenant_id().into(), nowhere).directory(tenant.directory()))];
/// let mut worst = CheckStatus::Ok;
/// expiring(jobs, NonZeroUsize::MIN, [90, 30, 7], |_, _| (), |tenant| {
///     println!("{}: {}", tenant.key, tenant.result);
///     worst = worst.max(tenant.result.status);
/// })
/// .await;
/// assert_eq!(worst, CheckStatus::Critical, "there is no such app");
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn expiring<K, A>(
    jobs: impl IntoIterator<Item = (K, A)>,
    at_once: NonZeroUsize,
    thresholds: impl IntoIterator<Item = u16>,
    events: impl Fn(&K, &Event) + Send + Sync,
    mut on_result: impl FnMut(ManyResult<K, Check>),
) where
    K: Send + Sync,
    A: Into<WatchedApp>,
{
    let (thresholds, events): (&[u16], _) = (&thresholds.into_iter().collect::<Vec<_>>(), &events);
    let watches = jobs.into_iter().map(|(key, app)| watch(key, app.into(), thresholds, events));
    let mut results = stream::iter(watches).buffer_unordered(at_once.get());
    while let Some(result) = results.next().await {
        on_result(result);
    }
}

/// The stream form of [`expiring`]: it gives each result as soon as its tenant has ended and the consumer asks for it.
///
/// The stream works only while it is polled. Memory does not grow with the number of tenants.
///
/// # Cancel safety
///
/// Dropping the stream drops what is under way: nothing is written. To let it end and start nothing new, let `jobs` end and
/// go on polling.
pub fn expiring_stream<'a, K, A>(
    jobs: impl IntoIterator<Item = (K, A), IntoIter: Send + 'a>,
    at_once: NonZeroUsize,
    thresholds: impl IntoIterator<Item = u16>,
    events: impl Fn(&K, &Event) + Send + Sync + Clone + 'a,
) -> impl Stream<Item = ManyResult<K, Check>> + Send + 'a
where
    K: Send + Sync + 'a,
    A: Into<WatchedApp> + 'a,
{
    let thresholds: Arc<[u16]> = thresholds.into_iter().collect();
    let watches = jobs.into_iter().map(move |(key, app)| {
        let (app, thresholds, events) = (app.into(), Arc::clone(&thresholds), events.clone());
        async move { watch(key, app, &thresholds, &events).await }
    });
    stream::iter(watches).buffer_unordered(at_once.get())
}

async fn watch<K: Send + Sync>(
    key: K,
    app: WatchedApp,
    thresholds: &[u16],
    events: &(impl Fn(&K, &Event) + Send + Sync),
) -> ManyResult<K, Check> {
    let result = app.watch(thresholds, &|event| events(&key, event)).await;
    ManyResult { key, result }
}
