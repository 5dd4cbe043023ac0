//! The site behind the script.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    answer::Answer,
    host::ScriptHost,
    request::{Address, Task},
    run::run,
};
use crate::{
    call::Call,
    error::{InvalidValue, SiteError, SiteRefused, ValueKind},
    site::{
        SecretHeld, Site, SiteConnection, SiteFailure, SiteIdentity, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRemoval, SiteRemoved,
        SiteSnapshot,
    },
};

/// Long enough for a cold start of the module and a slow provider; one step takes seconds.
const TIME_OUT: Duration = Duration::from_secs(600);

/// A site that is read and written with the product's own cmdlets.
///
/// It is a [`Site`] like any other: hand it to [`AzureServicesConnection`](crate::AzureServicesConnection).
/// Version 2010 (5.00.9040) or later can be written to. The account that runs the script needs
/// *Infrastructure Administrator* or *Full Administrator* in the site, and the machine the Configuration
/// Manager console.
///
/// Group discovery is set by name, which the cmdlet has to look up in Microsoft Entra: it may ask for a sign-in, which
/// no person answers in an unattended run. Then everything else is done, and the error says where the console has it.
#[cfg_attr(feature = "power-shell", doc = "```no_run")]
#[cfg_attr(not(feature = "power-shell"), doc = "```ignore")]
/// use cmg_onboarding::{Call, Site, site::power_shell::PowerShellSite};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let site = PowerShellSite::builder("P01", "provider.contoso.com").build()?;
/// println!("{:?}", site.snapshot(Call::quiet()).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PowerShellSite {
    host: Arc<dyn ScriptHost>,
    address: Address,
    time_out: Duration,
}

impl PowerShellSite {
    /// Begins with the three-character site code and the full name of an SMS Provider.
    ///
    /// With the feature `power-shell` the script runs on this machine, unless another host is given.
    pub fn builder(site_code: impl Into<String>, provider: impl Into<String>) -> PowerShellSiteBuilder {
        PowerShellSiteBuilder {
            #[cfg(feature = "power-shell")]
            host: Some(Arc::new(super::LocalProcess::new())),
            #[cfg(not(feature = "power-shell"))]
            host: None,
            address: Address {
                site_code: site_code.into(),
                provider: provider.into(),
            },
            time_out: TIME_OUT,
        }
    }

    fn identity(&self) -> SiteIdentity {
        SiteIdentity::of(&self.address.site_code, &self.address.provider)
    }

    async fn run(&self, task: Task<'_>, take: &mut (dyn FnMut(Answer) + Send)) -> Result<(), SiteError> {
        run(self.host.as_ref(), self.time_out, &self.address, task, take).await
    }
}

/// Puts a [`PowerShellSite`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct PowerShellSiteBuilder {
    host: Option<Arc<dyn ScriptHost>>,
    address: Address,
    time_out: Duration,
}

impl PowerShellSiteBuilder {
    /// Who runs the script.
    pub fn host(mut self, host: impl ScriptHost + 'static) -> Self {
        self.host = Some(Arc::new(host));
        self
    }

    /// How long one run of the script may take. Default: ten minutes.
    pub const fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// The site.
    ///
    /// # Errors
    ///
    /// When site code or provider cannot be ones, or there is no host to run the script.
    pub fn build(self) -> Result<PowerShellSite, InvalidValue> {
        self.address.check()?;
        let host = self.host.ok_or(InvalidValue::new(ValueKind::ScriptHost))?;
        Ok(PowerShellSite {
            host,
            address: self.address,
            time_out: self.time_out,
        })
    }
}

impl Address {
    pub(super) fn check(&self) -> Result<(), InvalidValue> {
        let is_code = self.site_code.len() == 3 && self.site_code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_code {
            return Err(InvalidValue::new(ValueKind::SiteCode).with_given(&self.site_code));
        }
        let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_host = (1..=253).contains(&self.provider.len()) && self.provider.bytes().all(is_of_host);
        if !is_host {
            return Err(InvalidValue::new(ValueKind::Provider).with_given(&self.provider));
        }
        Ok(())
    }
}

#[async_trait]
impl Site for PowerShellSite {
    /// A site older than 2010 answers with its version and nothing else. A connection for tenant attach is left out. A row
    /// whose id cannot be read is among [`SiteSnapshot::unread`].
    ///
    /// The numbers that tell user from group discovery are not documented: what has groups is taken for group
    /// discovery, and what has none for user discovery where there is one of it. Where the site does not tell whether a
    /// row is switched on, or how its groups are named, [`SiteConnection::is_discovery_unread`] says so.
    async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
        let mut snapshot = SiteSnapshot::default();
        let (mut gateways, mut read) = (Vec::new(), None);
        let mut take = |answer| match answer {
            Answer::Site(info) => snapshot.info = info.identified_by(self.identity()),
            Answer::Tenant(tenant) => snapshot.tenants.push(tenant),
            Answer::Application(application) => snapshot.applications.push(application),
            Answer::Connection(connection) => snapshot.connections.push(*connection),
            Answer::Gateway(gateway) => gateways.push(gateway),
            Answer::Facts(facts) => read = Some(facts),
            Answer::Unread(row) => snapshot.unread.push(row),
            _ => {}
        };
        self.run(Task::Snapshot, &mut take).await?;
        snapshot.gateways = read.filter(|facts| facts.are_gateways_known).map(|_| gateways);
        snapshot.info.is_service_connection_point_online = read.and_then(|facts| facts.is_service_connection_point_online);
        Ok(snapshot)
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let mut told = Told::default();
        let mut take = |answer| {
            if let Answer::Progress(step, _) = &answer {
                call.progress(step.clone());
            }
            told.take(answer);
        };
        let ended = self.run(Task::Onboard(wanted), &mut take).await;
        told.into_result(ended)
    }

    async fn remove(&self, _call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        let mut removed = None;
        let mut take = |answer| {
            if let Answer::Removed(answer) = answer {
                removed = Some(answer);
            }
        };
        self.run(Task::Remove(removal), &mut take).await?;
        removed.ok_or_else(|| nothing_said("remove the connection"))
    }
}

/// What the script has told of an onboarding.
#[derive(Default)]
pub(super) struct Told {
    done: Vec<SiteProgress>,
    connection: Option<SiteConnection>,
    /// Which secret the site holds is the script's own word: what became of the row does not tell it.
    secret: SecretHeld,
}

impl Told {
    pub(super) fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Progress(step, held) => {
                self.secret = held.unwrap_or(self.secret);
                self.done.push(step);
            }
            Answer::Connection(read_back) => self.connection = Some(*read_back),
            _ => {}
        }
    }

    pub(super) fn into_result(self, ended: Result<(), SiteError>) -> Result<SiteOnboarded, SiteFailure> {
        match (ended, self.connection) {
            (Err(error), _) => Err(SiteFailure::new(self.done, error)),
            (Ok(()), Some(connection)) => Ok(SiteOnboarded::new(self.done, connection).holding(self.secret)),
            (Ok(()), None) => Err(SiteFailure::new(self.done, nothing_said("read the connection back"))),
        }
    }
}

fn nothing_said(operation: &str) -> SiteError {
    let help = "If a signed copy of the script is used, sign the one of this version.";
    SiteRefused::new(operation, "the script said nothing of it", help).into()
}
