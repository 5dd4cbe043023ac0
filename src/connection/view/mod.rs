//! Sees connections as they are: what the site has and what Microsoft Entra ID has, side by side, and what the checks find.
//!
//! [`connections`] needs nothing but a site and, if it is there, a directory;
//! [`AzureServicesConnection::view`] is of one specification. Both read by the same functions and give the same view. Reading
//! never writes, and what cannot be read is unknown.

mod assemble;
mod findings;
pub(crate) mod inventory;
mod look;
pub(crate) mod model;
mod page;
mod removal;
mod subject;

use std::sync::Arc;

use futures_util::future::{OptionFuture, join};

use crate::{
    call::Call,
    clock::{Clock, SystemClock},
    connection::{
        check::term::DEFAULT_DAYS,
        handle::{AzureServicesConnection, Inner},
        report::{
            emitter::Emitter,
            event::{Event, Verb},
            read_error::ReadError,
        },
        view::{
            look::{Looked, Looker, ids, look, look_up, other_tenant},
            model::{ConnectionView, ConnectionsView, VERSION},
            subject::Subject,
        },
    },
    directory::DirectoryHandle,
    site::{SiteHandle, SiteIdentity},
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
    let emitter = Emitter::begin(Verb::View, None, &events, options.clock.as_ref());
    let result = emitter
        .listening(read_connections(site, directory, options, emitter.call(None)))
        .await;
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
    let looker = Looker {
        directory,
        identity: options.site_identity.as_ref(),
        thresholds: &options.secret_threshold_days,
        environment: None,
        expected_tenant: None,
        read_at,
    };
    let subjects = subject::all(&site);
    let mut looked: Vec<Looked> = subjects.iter().map(|_| Err(Vec::new())).collect();
    if let (Some(directory), Some(signed_in)) = (directory, signed_in) {
        looked = look(&looker, directory, signed_in, &site, &subjects, call).await;
    }
    let views = subjects.iter().zip(&looked);
    Ok(ConnectionsView {
        version: VERSION,
        read_at,
        connections: views
            .map(|(subject, looked)| looker.view(None, Some(&site), subject, looked))
            .collect(),
        unread: site.unread.clone(),
        site: site.info,
    })
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
    /// If the site cannot be read, or if the caller's `Cancel` or deadline ends the reading. A directory that cannot be
    /// read, in whole or in part, is a finding, and its part of the view is unknown.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn view(&self, events: impl Fn(&Event) + Send + Sync) -> Result<ConnectionView, ReadError> {
        let emitter = self.inner.begin(Verb::View, &events);
        let result = self
            .inner
            .drive(&emitter, self.inner.look(emitter.call(None)))
            .await
            .and_then(|read| read);
        emitter.end_of_reading(&result);
        result
    }
}

impl Inner {
    async fn look(&self, call: Call) -> Result<ConnectionView, ReadError> {
        let rules = self.rules(Verb::View);
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
        let mut looked = looked.unwrap_or_else(|| Err(Vec::new()));
        let (server, client) = ids(looked.as_ref().ok().map(|(_, pair)| pair), &Subject::default());
        let server = server.or_else(|| self.spec.server_app().client_id());
        let client = client.or_else(|| self.spec.client_app().client_id());
        let tenant = looked.as_ref().ok().and_then(|(tenant, _)| tenant.tenant_id());
        let of_spec = |site| Subject::of_spec(site, &self.spec, server, client, tenant);
        let subject = site.as_ref().map(of_spec).unwrap_or_default();
        let other = looked.as_ref().ok().and_then(|(found, _)| {
            let of_row = subject.tenant.map(|row| row.tenant_id);
            other_tenant(of_row, found.tenant.as_ref().ok())
        });
        if let Some(other) = other {
            // The directory that was asked is not the connection's.
            looked = Err(vec![other]);
        }
        Ok(looker.view(Some(&self.spec), site.as_ref(), &subject, &looked))
    }
}
