//! Sees connections as they are: what the site has and what Microsoft Entra ID has, side by side, and what the checks find.
//!
//! [`connections`] needs nothing but a site and, if it is there, a directory;
//! [`AzureServicesConnection::view`] is of one specification. Both read by the same functions and give the same view. Reading
//! never writes, and what cannot be read is unknown.

mod assemble;
mod findings;
pub(crate) mod inventory;
pub(crate) mod model;
mod page;
mod removal;
mod subject;

use std::sync::Arc;

use futures_util::future::{OptionFuture, join};
use time::OffsetDateTime;

use crate::{
    call::Call,
    clock::{Clock, SystemClock},
    connection::{
        check::{
            apps,
            directory::check_claims,
            rules::{Consents, RemovalScope, Rules},
            term::{DEFAULT_DAYS, SecretThresholds},
        },
        handle::{AzureServicesConnection, Inner},
        plan::registration::UniqueNames,
        read::{
            parts::{PairParts, TenantParts, WantedApps, read_parts},
            snapshot::Snapshot,
        },
        report::{
            emitter::Emitter,
            error::ReadError,
            event::{Event, Verb},
            finding::{Finding, Severity},
            reading::{Answer, Reading},
        },
        view::{
            model::{ConnectionView, ConnectionsView, VERSION},
            subject::Subject,
        },
    },
    directory::{Application, ApplicationKey, DirectoryHandle, SignedIn, Tenant},
    error::DirectoryError,
    ids::{ApplicationId, TenantId},
    site::{SiteHandle, SiteIdentity, SiteSnapshot},
    spec::ConnectionSpec,
};

/// What [`connections`] goes by besides what it reads. Each setting has the default of
/// [`AzureServicesConnectionBuilder`](super::AzureServicesConnectionBuilder).
///
/// ```
/// use cmg_onboarding::connection::ViewOptions;
///
/// let mut options = ViewOptions::default();
/// options.secret_threshold_days = vec![60, 14];
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ViewOptions {
    /// The text that tells this site from other ones, if the runs were given one. Default: what the site tells.
    pub site_identity: Option<SiteIdentity>,
    /// How many days before its end a secret is a finding. Default: 90, 30 and 7.
    pub secret_threshold_days: Vec<u16>,
    /// Where the time of day comes from. Default: the operating system.
    pub clock: Arc<dyn Clock>,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self {
            site_identity: None,
            secret_threshold_days: DEFAULT_DAYS.to_vec(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Every Azure service of type Cloud Management that a site has, from nothing but the site and, if there is one, the directory
/// of its tenant. Services of other types are left alone and not listed.
///
/// The registrations are found by the client ids of the site's rows, never by a display name. Without a directory, and for the
/// connections of another tenant than the directory's, what only the directory tells is unknown. The site is read first, then
/// the directory: one round of parallel requests, and a second one for the consents.
///
/// ```
/// use cmg_onboarding::{DirectoryHandle, SiteHandle, connection::{ViewOptions, connections}};
/// use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (site, directory) = (SiteHandle::from(EmulatedSite::new()), DirectoryHandle::from(EmulatedTenant::new().directory()));
/// let view = connections(&site, Some(&directory), &ViewOptions::default(), |_| ()).await?;
/// for connection in &view.connections {
///     println!("{connection}");
/// }
/// assert!(view.connections.is_empty(), "nothing is set up yet");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the site cannot be read. A directory that cannot be read, in whole or in part, is a finding, and its part of the view is
/// unknown.
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn connections(
    site: &SiteHandle,
    directory: Option<&DirectoryHandle>,
    options: &ViewOptions,
    events: impl Fn(&Event) + Send + Sync,
) -> Result<ConnectionsView, ReadError> {
    let emitter = Emitter::begin(Verb::View, &events, options.clock.as_ref());
    let result = emitter.listening(read_connections(site, directory, options, emitter.call(None))).await;
    emitter.end_of_reading(&result);
    result
}

async fn read_connections(
    site: &SiteHandle,
    directory: Option<&DirectoryHandle>,
    options: &ViewOptions,
    call: Call,
) -> Result<ConnectionsView, ReadError> {
    let read_at = options.clock.now();
    let signed_in = OptionFuture::from(directory.map(|directory| directory.as_directory().signed_in(call.clone())));
    let (site, signed_in) = join(site.as_site().snapshot(call.clone()), signed_in).await;
    let site = site.map_err(ReadError::Site)?;
    let thresholds = SecretThresholds::new(options.secret_threshold_days.iter().copied());
    let looker = Looker {
        directory,
        identity: options.site_identity.as_ref(),
        thresholds: &thresholds,
        environment: None,
        expected_tenant: None,
        read_at,
    };
    let subjects = subject::all(&site);
    let mut looked: Vec<Looked> = subjects.iter().map(|_| Looked::default()).collect();
    if let (Some(directory), Some(signed_in)) = (directory, signed_in) {
        looked = look(&looker, directory, signed_in, &site, &subjects, call).await;
    }
    let views = subjects.iter().zip(&looked);
    Ok(ConnectionsView {
        version: VERSION,
        read_at,
        connections: views.map(|(subject, looked)| looker.view(None, Some(&site), subject, looked)).collect(),
        unread: site.unread.clone(),
        site: site.info,
    })
}

/// Stands for a native app of which nothing tells which it is.
const NOT_KNOWN: ApplicationId = ApplicationId::new(uuid::Uuid::nil());

/// What the directory has shown of one connection.
#[derive(Debug, Default)]
struct Looked {
    tenant: Option<Arc<TenantParts>>,
    pair: Option<PairParts>,
    /// Why it was not asked: a token for something else, or for another tenant.
    refused: Vec<Finding>,
    /// Why it could not be asked.
    error: Option<DirectoryError>,
}

/// Asks the directory for the apps of the connections that are of its tenant.
async fn look(
    looker: &Looker<'_>,
    directory: &DirectoryHandle,
    signed_in: Result<SignedIn, DirectoryError>,
    site: &SiteSnapshot,
    subjects: &[Subject<'_>],
    call: Call,
) -> Vec<Looked> {
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let failed = |_: &Subject<'_>| Looked {
                error: Some(error.clone()),
                ..Looked::default()
            };
            return subjects.iter().map(failed).collect();
        }
    };
    let refused: Vec<Vec<Finding>> = subjects
        .iter()
        .map(|subject| looker.claims(subject, site, &signed_in))
        .collect();
    // Of a connection of another tenant, this directory knows nothing: that it does not find the apps says nothing.
    let wanted = subjects.iter().zip(&refused).map(|(subject, refused)| match refused.is_empty() {
        true => subject.wanted(),
        false => WantedApps::default(),
    });
    let wanted: Vec<WantedApps> = wanted.collect();
    let (tenant, pairs) = read_parts(directory.as_directory(), signed_in, &wanted, call).await;
    let tenant = Arc::new(tenant);
    let found = subjects.iter().zip(refused).zip(pairs);
    found
        .map(|((subject, mut refused), pair)| {
            if refused.is_empty() {
                refused.extend(other_tenant(subject.tenant.map(|row| row.tenant_id), tenant.tenant.as_ref().ok()));
            }
            let is_asked = refused.is_empty();
            Looked {
                tenant: is_asked.then(|| Arc::clone(&tenant)),
                pair: Some(pair).filter(|_| is_asked),
                refused,
                error: None,
            }
        })
        .collect()
}

fn other_tenant(of_row: Option<TenantId>, directory: Option<&Tenant>) -> Option<Finding> {
    let (of_row, directory) = (of_row?, directory?);
    let other = || apps::wrong_tenant(of_row, directory.id, Some(&directory.display_name)).at_most(Severity::Warning);
    (of_row != directory.id).then(other)
}

/// What a view goes by besides what was read.
struct Looker<'a> {
    directory: Option<&'a DirectoryHandle>,
    identity: Option<&'a SiteIdentity>,
    thresholds: &'a SecretThresholds,
    /// The cloud that is asked for, if it is.
    environment: Option<crate::CloudEnvironment>,
    expected_tenant: Option<TenantId>,
    read_at: OffsetDateTime,
}

impl Looker<'_> {
    fn rules<'b>(&'b self, spec: &'b ConnectionSpec) -> Rules<'b> {
        Rules {
            verb: Verb::View,
            spec,
            endpoints: self.directory.and_then(|directory| directory.as_directory().endpoints()),
            expected_tenant: self.expected_tenant,
            policy_exempt: false,
            consents: Consents::LeaveToAdministrator,
            reissue_secret: false,
            remove_superseded: false,
            verify_alive: false,
            no_gateway_stated: false,
            apps_unused_stated: false,
            created_by_console: None,
            shown_since: None,
            removal_wait: time::Duration::ZERO,
            tries_secrets: false,
            removal_scope: RemovalScope::default(),
            unique_names: None,
            only: None,
            site_identity: self.identity,
            thresholds: self.thresholds,
            now: self.read_at,
        }
    }

    /// The cloud that the checks compare with.
    fn environment(&self, subject: &Subject<'_>) -> Option<crate::CloudEnvironment> {
        let of_row = subject.tenant.and_then(|row| row.environment);
        self.environment.or_else(|| findings::cloud_of(self.directory)).or(of_row)
    }

    /// What the token's own claims say against asking for a connection's apps. Nothing is sent then.
    fn claims(&self, subject: &Subject<'_>, site: &SiteSnapshot, signed_in: &SignedIn) -> Vec<Finding> {
        let name = subject.connection.map_or("", |connection| &connection.name);
        let spec = self.as_it_is(name, subject, Looked::default().ids(subject), false);
        let mut found = spec.map_or_else(Vec::new, |spec| check_claims(&self.rules(&spec), signed_in));
        let of_row = subject.tenant.map(|row| row.tenant_id);
        if let (Some(of_row), Some(tenant)) = (of_row, signed_in.tenant_id)
            && of_row != tenant
            && found.is_empty()
        {
            let name = site.tenant(tenant).map(|row| row.name.as_str());
            found.push(apps::wrong_tenant(of_row, tenant, name).at_most(Severity::Warning));
        }
        found
    }

    fn as_it_is(
        &self,
        name: &str,
        subject: &Subject<'_>,
        (server, client): (Option<ApplicationId>, Option<ApplicationId>),
        discovers: bool,
    ) -> Option<ConnectionSpec> {
        subject::as_it_is(name, self.environment(subject).unwrap_or_default(), server, client, discovers)
    }

    fn view(&self, spec: Option<&ConnectionSpec>, site: Option<&SiteSnapshot>, subject: &Subject<'_>, looked: &Looked) -> ConnectionView {
        let connection = assemble::connection(site, subject);
        let user_discovery = assemble::discovery(&connection, |row| row.user_discovery.as_ref());
        let group_discovery = assemble::discovery(&connection, |row| row.group_discovery.as_ref());
        let is_on = |discovery: &Reading<_>| discovery.present().is_some();
        let discovers = is_on(&user_discovery) || is_on(&group_discovery);
        let may_discover = discovers || user_discovery.is_unknown() || group_discovery.is_unknown();
        let name = subject.connection.map(|row| row.name.clone());
        let name = name.or_else(|| Some(spec?.name().to_owned())).unwrap_or_default();
        let here = self.identity.or_else(|| site.and_then(|site| site.info.identity.as_ref()));
        let (tenant, pair) = (looked.tenant.as_deref(), looked.pair.as_ref());
        let tenant_name = match tenant.map(|tenant| &tenant.tenant) {
            Some(Ok(tenant)) => Reading::Present(tenant.site_name().to_owned()),
            Some(Err(_)) | None => Reading::Unknown,
        };
        let app = |row, is_unread, parts| assemble::app(row, is_unread, parts, site, here);
        let kind = subject.connection.zip(site).and_then(|(row, site)| site.is_cloud_management(row));
        ConnectionView {
            version: VERSION,
            read_at: self.read_at,
            environment: subject.tenant.and_then(|row| row.environment).or_else(|| self.environment(subject)),
            site_code: site.map(|site| site.info.site_code.clone()),
            is_cloud_management: Answer::of(kind),
            tenant_id: subject
                .tenant
                .map(|row| row.tenant_id)
                .or_else(|| tenant.and_then(TenantParts::tenant_id)),
            tenant: match (subject.tenant, site) {
                (Some(row), _) => Reading::Present(row.clone()),
                (None, Some(site)) if subject.server.is_none() && !subject.server_unread && site.unread.is_empty() => Reading::Absent,
                (None, _) => Reading::Unknown,
            },
            tenant_name,
            server_app: app(subject.server, subject.server_unread, pair.map(|pair| &pair.server)),
            client_app: app(subject.client, subject.client_unread, pair.map(|pair| &pair.client)),
            consents: assemble::consents(tenant, pair, may_discover),
            user_discovery,
            group_discovery,
            gateways: assemble::gateways(site, subject.connection),
            findings: self.findings(&name, site, subject, looked, discovers),
            connection,
            name,
        }
    }

    fn findings(&self, name: &str, site: Option<&SiteSnapshot>, subject: &Subject<'_>, looked: &Looked, discovers: bool) -> Vec<Finding> {
        let mut found = looked.refused.clone();
        let snapshot = match (&looked.tenant, &looked.pair) {
            (Some(tenant), Some(pair)) => tenant.snapshot(pair, site, self.read_at),
            _ => Snapshot {
                read_at: self.read_at,
                directory: None,
                unread: None,
                tried: None,
                site: site.cloned(),
                unusable_token: None,
            },
        };
        let error = looked.error.as_ref().or_else(|| {
            let (tenant, pair) = (looked.tenant.as_deref()?, looked.pair.as_ref()?);
            tenant.first_error(pair)
        });
        found.extend(error.map(findings::directory_unread));
        let (server, client) = looked.ids(subject);
        // Without knowing which native app it is, everything else is checked all the same.
        let spec = self.as_it_is(name, subject, (server, client.or(Some(NOT_KNOWN))), discovers);
        let is_client_known = client.is_some();
        found.extend(match &spec {
            Some(spec) => findings::of(&self.rules(spec), &snapshot, is_client_known),
            None => findings::without_apps(site, subject.connection),
        });
        if let Some(row) = subject.connection.filter(|row| row.is_discovery_unread) {
            let unread = Finding::warning(crate::connection::FindingCode::DiscoveryUnread);
            found.push(unread.with("connection", &row.name));
        }
        findings::sorted(found)
    }
}

impl Looked {
    /// The client ids of both apps, as the site or the directory tells them.
    fn ids(&self, subject: &Subject<'_>) -> (Option<ApplicationId>, Option<ApplicationId>) {
        let registered = |app: Option<&Reading<Application>>| Some(app?.present()?.app_id);
        let server = registered(self.pair.as_ref().map(|pair| &pair.server.application));
        let client = registered(self.pair.as_ref().map(|pair| &pair.client.application));
        (
            subject.server.map(|row| row.client_id).or(server),
            subject.client.map(|row| row.client_id).or(client),
        )
    }
}

impl AzureServicesConnection {
    /// Sees the connection as it is: what site and directory have, side by side, and what the checks find. It compares nothing
    /// with the specification, which only says which connection and which apps are meant; a plan compares.
    ///
    /// Apps that this crate registers are found by their unique names, all others by their client ids. What cannot be read is
    /// unknown; without a site or without a directory, so is their part. [`connections`] gives the same view without a
    /// specification.
    ///
    /// # Errors
    ///
    /// If the site cannot be read. A directory that cannot be read, in whole or in part, is a finding, and its part of the view
    /// is unknown.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn view(&self, events: impl Fn(&Event) + Send + Sync) -> Result<ConnectionView, ReadError> {
        let emitter = self.inner.begin(Verb::View, &events);
        let result = emitter.listening(self.inner.look(emitter.call(None))).await;
        emitter.end_of_reading(&result);
        result
    }
}

impl Inner {
    async fn look(&self, call: Call) -> Result<ConnectionView, ReadError> {
        let rules = self.rules(self.goal(Verb::View));
        let looker = Looker {
            directory: self.directory.as_ref(),
            identity: self.site_identity.as_ref(),
            thresholds: &self.thresholds,
            environment: Some(self.spec.environment()),
            expected_tenant: self.expected_tenant,
            read_at: self.clock.now(),
        };
        let in_site = OptionFuture::from(self.site().map(|site| site.snapshot(call.clone())));
        let in_directory = OptionFuture::from(self.directory.as_ref().map(|directory| look_up(&rules, directory, call.clone())));
        let (site, looked) = join(in_site, in_directory).await;
        let site = site.transpose().map_err(ReadError::Site)?;
        let mut looked = looked.unwrap_or_default();
        let (server, client) = looked.ids(&Subject::default());
        let server = server.or_else(|| self.spec.server_app().client_id());
        let client = client.or_else(|| self.spec.client_app().client_id());
        let tenant = looked.tenant.as_deref().and_then(TenantParts::tenant_id);
        let of_spec = |site| Subject::of_spec(site, &self.spec, server, client, tenant);
        let subject = site.as_ref().map(of_spec).unwrap_or_default();
        let other = looked.tenant.as_deref().and_then(|found| {
            let of_row = subject.tenant.map(|row| row.tenant_id);
            other_tenant(of_row, found.tenant.as_ref().ok())
        });
        if let Some(other) = other {
            // The directory that was asked is not the connection's.
            looked = Looked {
                refused: vec![other],
                ..Looked::default()
            };
        }
        Ok(looker.view(Some(&self.spec), site.as_ref(), &subject, &looked))
    }
}

/// Looks the apps of a specification up.
async fn look_up(rules: &Rules<'_>, directory: &DirectoryHandle, call: Call) -> Looked {
    let signed_in = match directory.as_directory().signed_in(call.clone()).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            return Looked {
                error: Some(error),
                ..Looked::default()
            };
        }
    };
    let refused = check_claims(rules, &signed_in);
    if !refused.is_empty() {
        return Looked {
            refused,
            ..Looked::default()
        };
    }
    let UniqueNames { server, client } = rules.unique_names();
    let key = |id: Option<ApplicationId>, name: String| match id {
        Some(id) => ApplicationKey::ApplicationId(id),
        None => ApplicationKey::UniqueName(name),
    };
    let wanted = WantedApps {
        server: Some(key(rules.spec.server_app().client_id(), server)),
        client: Some(key(rules.spec.client_app().client_id(), client)),
    };
    let (tenant, mut pairs) = read_parts(directory.as_directory(), signed_in, &[wanted], call).await;
    Looked {
        tenant: Some(Arc::new(tenant)),
        pair: pairs.pop(),
        refused: Vec::new(),
        error: None,
    }
}
