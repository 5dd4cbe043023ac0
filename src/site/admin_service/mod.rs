//! [`AdminServiceSite`]: a site as its administration service shows it.

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

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use time::OffsetDateTime;

pub use address::{AdminServiceAddress, InvalidAdminServiceAddress};
pub use builder::{AdminServiceSiteBuilder, KerberosNeedsAName};
pub use sign_in::AdminServiceSignIn;

use self::{
    address::Query,
    assemble::{Rows, application},
    client::AdminServiceClient,
    rows::{ApplicationRow, ConnectionRow, DiscoveryRow, EnvironmentRow, Row, TenantRow},
};
use super::{Site, SiteApplication, SiteFailure, SiteIdentity, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved, SiteSnapshot};
use crate::{call::Call, error::SiteError, ids::ApplicationId};

/// How many rows are asked for once more, one by one, because a list leaves some of their properties out.
const MOST_SINGLE_ROWS: usize = 64;

/// Reads a Configuration Manager site over its administration service (REST), version 2002 or later.
///
/// It only reads. Nobody has shown a safe way to write Azure services over REST: what the site wants as an app's secret
/// is documented nowhere, and a wrong guess leaves it in clear text or of no use. Writing is the business of
/// [`PowerShellSite`](super::power_shell::PowerShellSite), and [`SplitSite`](super::SplitSite) puts the two together.
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
/// A snapshot is six requests side by side, and one more for each row whose lists are left out of the answer. That is
/// far below the 200 requests a second that the service takes from one address. An app's `SecretKey` is never asked
/// for, and dropped should it come unasked.
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
    /// A site at this address, for whoever signs in this way.
    pub fn builder(address: AdminServiceAddress, sign_in: AdminServiceSignIn) -> AdminServiceSiteBuilder {
        AdminServiceSiteBuilder::new(address, sign_in)
    }

    /// The row of an application; `None` where the site does not know it.
    ///
    /// # Errors
    ///
    /// When the site is not reached, or refuses.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn application(&self, call: Call, client_id: ApplicationId) -> Result<Option<SiteApplication>, SiteError> {
        let id = client_id.to_string();
        // Whether the site compares texts by their case is not documented, and neither is the one it keeps.
        let query = Query::selecting(ApplicationRow::PROPERTIES).equal_to_any("ClientID", &[&id, &id.to_uppercase()]);
        let found = self.client.list::<ApplicationRow>(&call, &query).await?;
        Ok(found.into_iter().filter_map(application).find(|row| row.client_id == client_id))
    }

    /// The applications of a friendly name, which need not be unique.
    ///
    /// # Errors
    ///
    /// When the site is not reached, or refuses.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn applications_named(&self, call: Call, name: &str) -> Result<Vec<SiteApplication>, SiteError> {
        let query = Query::selecting(ApplicationRow::PROPERTIES).equal_to_any("Name", &[name]);
        let found = self.client.list::<ApplicationRow>(&call, &query).await?;
        Ok(found.into_iter().filter_map(application).collect())
    }

    /// When the secret of an application expires; `None` where the site does not know the application, or no date.
    ///
    /// Worth asking regularly: the site tells nobody when the secret of an imported app comes to its end.
    ///
    /// # Errors
    ///
    /// When the site is not reached, or refuses.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn secret_expiry(&self, call: Call, client_id: ApplicationId) -> Result<Option<OffsetDateTime>, SiteError> {
        let application = self.application(call, client_id).await?;
        Ok(application.and_then(|application| application.secret_expiry))
    }

    async fn whole<R: Row>(&self, call: &Call) -> Result<Vec<R>, SiteError> {
        self.client.list(call, &Query::selecting(R::PROPERTIES)).await
    }

    /// Lists of many rows leave out what the provider calls lazy; a row by its key has it.
    async fn fill_in<R: Row>(
        &self,
        call: &Call,
        rows: &mut [R],
        lacking: impl Fn(&R) -> Option<i64> + Send + Sync,
    ) -> Result<(), SiteError> {
        for row in rows.iter_mut().filter(|row| lacking(row).is_some()).take(MOST_SINGLE_ROWS) {
            let Some(key) = lacking(row) else { continue };
            if let Some(whole) = self.client.row::<R>(call, key).await? {
                *row = whole;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Site for AdminServiceSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let surroundings = try_join3(
            self.whole(&call),
            self.whole::<EnvironmentRow>(&call),
            self.whole::<TenantRow>(&call),
        );
        let services = try_join3(
            self.whole(&call),
            self.whole::<ConnectionRow>(&call),
            self.whole::<DiscoveryRow>(&call),
        );
        let ((sites, environments, tenants), (applications, mut connections, mut discovery)) =
            futures_util::future::try_join(surroundings, services).await?;
        self.fill_in(&call, &mut connections, |row| row.id.filter(|_| row.web_applications.is_none()))
            .await?;
        self.fill_in(&call, &mut discovery, |row| row.id.filter(|_| row.scope_ids.is_none()))
            .await?;
        let rows = Rows {
            sites,
            environments,
            tenants,
            applications,
            connections,
            discovery,
        };
        let mut snapshot = rows.into_snapshot();
        let provider = self.client.address.provider_name();
        snapshot.info.identity = provider
            .filter(|_| !snapshot.info.site_code.is_empty())
            .map(|provider| SiteIdentity::of(&snapshot.info.site_code, provider));
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
