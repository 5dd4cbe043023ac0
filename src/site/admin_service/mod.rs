//! Reads a Configuration Manager site over its administration service: [`AdminServiceSite`].
//!
//! The administration service is the REST interface of the SMS Provider (OData, route `wmi`). An [`AdminServiceAddress`]
//! says where it is, an [`AdminServiceSignIn`] how the caller signs in to it, and the site reads what a
//! [`SiteSnapshot`] holds: site, clouds, tenants, applications, connections and their discovery. It writes nothing.
//!
//! What it guarantees: a property that the service leaves out or that cannot be read is told as unknown
//! ([`SiteSnapshot::unread`]) and never as absent; an answer without any site is an error, because a caller without
//! rights gets empty lists; an app's `SecretKey` is not asked for and not kept.
//!
//! Inside: `address` writes the questions, `client` sends them, `rows` and `lenient` read the answers, `assemble` makes
//! the snapshot, `refusal` says what an error of the service means, `sign_in` and `kerberos` sign in.

mod address;
mod assemble;
mod builder;
mod client;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
#[cfg(feature = "kerberos")]
mod kerberos;
mod lenient;
mod refusal;
mod rows;
mod sign_in;
mod tickets;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use time::OffsetDateTime;

pub use address::AdminServiceAddress;
pub use builder::AdminServiceSiteBuilder;
pub use sign_in::AdminServiceSignIn;

use self::{
    address::Query,
    assemble::{Rows, application},
    client::AdminServiceClient,
    rows::{ApplicationRow, ConnectionRow, DiscoveryRow, EnvironmentRow, GatewayRow, LazyRow, Row, TenantRow},
};
use super::{
    Site, SiteApplication, SiteFailure, SiteIdentity, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved, SiteSnapshot, UnreadRow,
};
use crate::{
    call::Call,
    error::{SiteError, SiteRefusalReason, SiteRefused, SiteTrouble, SiteUnreachable, chain},
    ids::ApplicationId,
};

/// How many rows the reader asks for once more, one by one, because a list leaves some of their properties out.
const MOST_SINGLE_ROWS: usize = 64;

/// Reads a Configuration Manager site over its administration service (REST), version 2002 or later.
///
/// It only reads. No safe way to write Azure services over REST is documented: what the SMS Provider takes as an app's
/// secret is not, and a wrong guess leaves it in clear text or of no use.
/// [`PowerShellSite`](super::power_shell::PowerShellSite) writes, and [`SplitSite`](super::SplitSite) puts the two together.
///
/// ```no_run
/// use cmg_onboarding::{Call, Site, StaticToken, site::admin_service::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite}};
///
/// # async fn example(uri: cmg_onboarding::spec::AppIdUri) -> Result<(), Box<dyn std::error::Error>> {
/// let address = AdminServiceAddress::gateway("cmg.contoso.com", "72057594037928038")?;
/// let site = AdminServiceSite::builder(address, AdminServiceSignIn::bearer(&uri, StaticToken::new("eyJ0..."))).build()?;
/// let snapshot = site.snapshot(Call::quiet()).await?;
/// println!("{} has {} connections", snapshot.info.site_code, snapshot.connections.len());
/// # Ok(())
/// # }
/// ```
///
/// # What is asked, and how often
///
/// A snapshot is seven requests side by side, and one more for each row whose lists the service leaves out of its answer
/// (64 at most; the others are told as unread). That is far below the 200 requests a second that the service takes
/// from one address. The reader never asks for an app's `SecretKey`, and drops it if the service sends it unasked.
///
/// # Pooling and cloning
///
/// It is a handle: clones are cheap and share connections. Nothing is sent before the first call.
///
/// # Trouble
///
/// Lost connections, time-outs, 429 and bare 5xx are repeated with back-off to a deadline; a 500 with the SMS Provider's
/// own words is not. Redirects are never followed, and neither is a link to a next page on another host.
#[derive(Debug, Clone)]
pub struct AdminServiceSite {
    client: Arc<AdminServiceClient>,
}

impl AdminServiceSite {
    /// A site at this address, for a caller that signs in this way.
    pub fn builder(address: AdminServiceAddress, sign_in: AdminServiceSignIn) -> AdminServiceSiteBuilder {
        AdminServiceSiteBuilder::new(address, sign_in)
    }

    /// The row of an application; `None` if the site does not know it.
    ///
    /// # Errors
    ///
    /// If the site is not reached, refuses, or has a row with this client id that cannot be read.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn application(&self, call: Call, client_id: ApplicationId) -> Result<Option<SiteApplication>, SiteError> {
        let id = client_id.to_string();
        // Whether the site compares texts by their case is not documented, and neither is the case that it keeps.
        let query = Query::selecting(ApplicationRow::PROPERTIES).equal_to_any("ClientID", &[&id, &id.to_uppercase()]);
        let found = self.applications_of(&call, &query).await?;
        Ok(found.into_iter().find(|row| row.client_id == client_id))
    }

    /// The applications of a friendly name, which need not be unique.
    ///
    /// # Errors
    ///
    /// If the site is not reached, refuses, or has a row of this name that cannot be read.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn applications_named(&self, call: Call, name: &str) -> Result<Vec<SiteApplication>, SiteError> {
        let query = Query::selecting(ApplicationRow::PROPERTIES).equal_to_any("Name", &[name]);
        self.applications_of(&call, &query).await
    }

    /// When the secret of an application expires; `None` if the site does not know the application, or no date.
    ///
    /// Worth asking regularly: the site raises no notification when the secret of an imported app comes to its end.
    ///
    /// # Errors
    ///
    /// As [`application`](Self::application).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn secret_expiry(&self, call: Call, client_id: ApplicationId) -> Result<Option<OffsetDateTime>, SiteError> {
        let application = self.application(call, client_id).await?;
        Ok(application.and_then(|application| application.secret_expiry))
    }

    async fn applications_of(&self, call: &Call, query: &Query) -> Result<Vec<SiteApplication>, SiteError> {
        let found = self.client.list::<ApplicationRow>(call, query).await?;
        let understood: Result<Vec<_>, UnreadRow> = found.into_iter().map(application).collect();
        understood.map_err(|unread| {
            let message = format!("a row of {} cannot be read, because of its {}", unread.class, unread.property);
            SiteUnreachable::new(message, "Look at the app in the console: Cloud Services > Microsoft Entra tenants.")
                .of_kind(SiteTrouble::UnusableAnswer)
                .into()
        })
    }

    async fn gateways(&self, call: &Call) -> Option<Vec<GatewayRow>> {
        let read = self.all(call).await;
        read.inspect_err(|error| tracing::debug!(error = chain(error), "the gateways could not be read"))
            .ok()
    }

    async fn all<R: Row>(&self, call: &Call) -> Result<Vec<R>, SiteError> {
        self.client.list(call, &Query::selecting(R::PROPERTIES)).await
    }

    /// Asks by its key for each row that a list may have given without its lazy properties.
    async fn complete<R: LazyRow>(&self, call: &Call, rows: &mut [R]) -> Result<(), SiteError> {
        let incomplete = rows.iter_mut().filter_map(|row| Some((row.incomplete()?, row)));
        for (key, row) in incomplete.take(MOST_SINGLE_ROWS) {
            if let Some(found) = self.client.row::<R>(call, key).await? {
                *row = found.asked_for_by_key();
            }
        }
        Ok(())
    }
}

/// The provider shows an account only what it may see, so a list without a site says nothing about the site.
fn no_site() -> SiteError {
    let help = "Make the account an administrative user with the security role Infrastructure Administrator or Full Administrator and all scopes (console > Administration > Security > Administrative Users).";
    SiteRefused::new("read SMS_Site", "it shows no site to this account", help)
        .because(SiteRefusalReason::RightsMissing)
        .into()
}

#[async_trait]
impl Site for AdminServiceSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let surroundings = try_join3(self.all(&call), self.all::<EnvironmentRow>(&call), self.all::<TenantRow>(&call));
        let services = try_join3(self.all(&call), self.all::<ConnectionRow>(&call), self.all::<DiscoveryRow>(&call));
        // Which connection a gateway uses is not told by every site: then the gateways are unknown, and nothing else is.
        let gateways = async { Ok(self.gateways(&call).await) };
        let ((sites, environments, tenants), (applications, mut connections, mut discovery), gateways) =
            try_join3(surroundings, services, gateways).await?;
        self.complete(&call, &mut connections).await?;
        self.complete(&call, &mut discovery).await?;
        let rows = Rows {
            sites,
            environments,
            tenants,
            applications,
            connections,
            discovery,
            gateways,
        };
        let mut snapshot = rows.into_snapshot();
        if snapshot.info.site_code.is_empty() {
            return Err(no_site());
        }
        let provider = self.client.address.provider_name();
        snapshot.info.provider = provider.map(str::to_owned);
        snapshot.info.identity = provider.map(|provider| SiteIdentity::of(&snapshot.info.site_code, provider));
        Ok(snapshot)
    }

    async fn onboard(&self, _call: Call, _wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        Err(read_only("onboard").into())
    }

    async fn remove(&self, _call: Call, _removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        Err(read_only("remove"))
    }
}

const fn read_only(operation: &'static str) -> SiteError {
    SiteError::ReadOnly {
        operation,
        reader: "AdminServiceSite",
        help: "Write with PowerShellSite, which runs the product's own cmdlets; SplitSite::new(reader, writer) makes one site of the two.",
    }
}

#[cfg(test)]
mod tests;
