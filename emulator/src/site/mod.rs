//! A Configuration Manager site in memory: [`EmulatedSite`].
//!
//! It is a [`Site`] like any other: `ensure` keeps what is there, makes what is missing and tells what differs, and
//! `remove` removes one connection. `console` is what a person does beside every program. The emulator's server shows
//! the same site to other processes: `admin_service` for reading, as the product's administration service does, and
//! `remote` for [`RemoteSite`], over a route of the emulator's own.

mod admin_service;
mod console;
mod discovery;
mod ensure;
mod remote;
mod remove;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use serde_json::Value;

pub(crate) use admin_service::{AdminServiceAnswer, AdminServiceRequest, answer as answer_admin_service};
pub(crate) use remote::{PATH as REMOTE_PATH, answer as answer_remote};
pub use remote::{RemoteSite, RemoteSiteBuilder};

use super::{
    locked::lock,
    timeline::{Moment, Timeline},
};
use cmg_onboarding::{
    ClientSecret,
    call::Call,
    clock::{Clock, SystemClock},
    error::{SiteError, SiteRefused},
    ids::ApplicationId,
    site::{
        Site, SiteAction, SiteFailure, SiteHierarchy, SiteIdentity, SiteInfo, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress,
        SiteRemoval, SiteRemoved, SiteRowId, SiteSnapshot,
    },
};

/// The first row id that a site gives: 0x01000001, as sites of the field have it.
const FIRST_ROW: i64 = 16_777_217;

/// A Configuration Manager site in memory. Clones share one site.
///
/// ```
/// use cmg_onboarding::{Call, Site};
/// use cmg_onboarding_emulator::EmulatedSite;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cmg_onboarding::SiteError> {
/// let site = EmulatedSite::builder().site_code("CMG").build();
/// assert_eq!(site.snapshot(Call::quiet()).await?.info.site_code, "CMG");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EmulatedSite {
    clock: Arc<dyn Clock>,
    access: Arc<Access>,
    held: Arc<Mutex<Contents>>,
    timeline: Timeline,
}

/// Who is let in to the administration service.
#[derive(Debug, Clone, Default)]
struct Access {
    ticket: Option<ClientSecret>,
    token: Option<ClientSecret>,
}

/// Rows, secrets and the next row's id.
#[derive(Debug, Clone)]
pub(crate) struct SavedSite(SiteSnapshot, HashMap<ApplicationId, ClientSecret>, i64);

/// What the site holds.
#[derive(Debug)]
struct Contents {
    rows: SiteSnapshot,
    secrets: HashMap<ApplicationId, ClientSecret>,
    next_row: i64,
    next_error: Option<SiteError>,
    errors_at: HashMap<SiteItem, SiteError>,
    errors_after: HashMap<SiteItem, SiteError>,
}

impl EmulatedSite {
    /// Site `P01`, current branch 2403, without any tenant, with full rights.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins a site with everything as in [`EmulatedSite::new`].
    pub fn builder() -> EmulatedSiteBuilder {
        EmulatedSiteBuilder {
            info: info(),
            clock: Arc::new(SystemClock),
            access: Access::default(),
        }
    }

    /// Everything in the site, without any secret: equal before and after, if nothing changed.
    #[must_use]
    pub fn state(&self) -> Value {
        serde_json::to_value(&lock(&self.held).rows).unwrap_or_default()
    }

    /// Whether the site holds this secret for an application.
    #[must_use]
    pub fn holds_secret(&self, application: ApplicationId, secret: &str) -> bool {
        let held = lock(&self.held);
        held.secrets.get(&application).is_some_and(|kept| kept.expose() == secret)
    }

    /// Puts rows in place as a console or another tool would have: `change` may do with them what it likes.
    pub fn change(&self, change: impl FnOnce(&mut SiteSnapshot)) {
        change(&mut lock(&self.held).rows);
    }

    /// The secret that the site holds for a server app. A real site never shows it; a test compares it with the live one.
    #[must_use]
    pub fn secret_of(&self, application: ApplicationId) -> Option<ClientSecret> {
        lock(&self.held).secrets.get(&application).cloned()
    }

    /// The same site, with the moments of what is done through this handle on a timeline: three for reading, three for
    /// each item of an onboarding, three for a removal.
    #[must_use]
    pub fn following(&self, timeline: &Timeline) -> Self {
        Self {
            timeline: timeline.clone(),
            ..self.clone()
        }
    }

    /// Lets the next operation fail before it does anything.
    pub fn fail_next(&self, error: impl Into<SiteError>) {
        lock(&self.held).next_error = Some(error.into());
    }

    /// Lets the next onboarding fail when it comes to an item; what it did before stays.
    pub fn fail_at(&self, item: SiteItem, error: impl Into<SiteError>) {
        lock(&self.held).errors_at.insert(item, error.into());
    }

    /// Lets the next onboarding fail when it has done an item, as where the connection to the site breaks then: the item
    /// is done, and the caller is not told.
    pub fn fail_after(&self, item: SiteItem, error: impl Into<SiteError>) {
        lock(&self.held).errors_after.insert(item, error.into());
    }

    /// What it holds, to be put back.
    pub(crate) fn saved(&self) -> SavedSite {
        let held = lock(&self.held);
        SavedSite(held.rows.clone(), held.secrets.clone(), held.next_row)
    }

    pub(crate) fn put_back(&self, saved: SavedSite) {
        let mut held = lock(&self.held);
        held.rows = saved.0;
        held.secrets = saved.1;
        held.next_row = saved.2;
    }

    fn take_error(&self) -> Result<(), SiteError> {
        lock(&self.held).next_error.take().map_or(Ok(()), Err)
    }
}

impl Default for EmulatedSite {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for EmulatedSite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = lock(&self.held).rows.info.clone();
        formatter.debug_struct("EmulatedSite").field("info", &info).finish_non_exhaustive()
    }
}

/// Puts an [`EmulatedSite`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct EmulatedSiteBuilder {
    info: SiteInfo,
    clock: Arc<dyn Clock>,
    access: Access,
}

impl EmulatedSiteBuilder {
    /// The three-character site code. Default: `P01`.
    pub fn site_code(mut self, code: impl Into<String>) -> Self {
        self.info.site_code = code.into();
        self
    }

    /// The version. Default: `5.00.9128.1000`. Sites before 2010 (build 9040) cannot be written to.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.info.version = version.into();
        self
    }

    /// Whether the caller's rights suffice to write. Default: they do.
    pub const fn may_write(mut self, may: bool) -> Self {
        self.info.may_write = Some(may);
        self
    }

    /// The site code of the site above. Default: none, the site is at the top of its hierarchy.
    pub fn reports_to(mut self, site_code: impl Into<String>) -> Self {
        self.info.hierarchy = SiteHierarchy::Below {
            reports_to: site_code.into(),
        };
        self
    }

    /// Whether the service connection point is online. Default: it is.
    pub const fn service_connection_point_online(mut self, is_online: bool) -> Self {
        self.info.is_service_connection_point_online = Some(is_online);
        self
    }

    /// Whether the site takes another secret for a server app that it knows. Default: it does not, as the product's
    /// cmdlets.
    pub const fn takes_renewed_secrets(mut self, takes: bool) -> Self {
        self.info.takes_renewed_secrets = takes;
        self
    }

    /// Where the time of day comes from. Default: the system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The `Negotiate` ticket that the administration service takes, in the place of a real one. Default: none.
    pub fn admin_service_ticket(mut self, ticket: impl Into<String>) -> Self {
        self.access.ticket = Some(ClientSecret::new(ticket.into()));
        self
    }

    /// A bearer token that the administration service takes, besides those for a server app that the site knows.
    /// Default: none.
    pub fn admin_service_token(mut self, token: impl Into<String>) -> Self {
        self.access.token = Some(ClientSecret::new(token.into()));
        self
    }

    /// The site.
    #[must_use]
    pub fn build(self) -> EmulatedSite {
        let identity = SiteIdentity::of(&self.info.site_code, "emulator");
        let mut rows = SiteSnapshot::default();
        rows.info = self.info.identified_by(identity);
        rows.gateways = Some(Vec::new());
        let held = Contents {
            rows,
            secrets: HashMap::new(),
            next_row: FIRST_ROW,
            next_error: None,
            errors_at: HashMap::new(),
            errors_after: HashMap::new(),
        };
        EmulatedSite {
            clock: self.clock,
            access: Arc::new(self.access),
            held: Arc::new(Mutex::new(held)),
            timeline: Timeline::new(),
        }
    }
}

#[async_trait]
impl Site for EmulatedSite {
    async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
        let what = "the site's snapshot";
        self.timeline.pass(Moment::BeforeSending, what).await;
        self.take_error()?;
        let rows = lock(&self.held).rows.clone();
        self.timeline.pass(Moment::CarriedOut, what).await;
        self.timeline.pass(Moment::Answered, what).await;
        Ok(rows)
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        const ITEMS: [SiteItem; 5] = [
            SiteItem::Tenant,
            SiteItem::ServerApp,
            SiteItem::ClientApp,
            SiteItem::Connection,
            SiteItem::Discovery,
        ];
        self.take_error()?;
        lock(&self.held).check(wanted, self.clock.now())?;
        let mut done = Vec::new();
        for item in ITEMS {
            // Where a real site would work on it, so that a dropped run leaves what it had done.
            let what = format!("the site's {item}");
            self.timeline.pass(Moment::BeforeSending, &what).await;
            let ensured = lock(&self.held).ensure(item, wanted, self.clock.now());
            self.timeline.pass(Moment::CarriedOut, &what).await;
            match ensured {
                Ok(Some((action, row))) => {
                    let step = SiteProgress::new(item, action, row);
                    call.progress(step.clone());
                    done.push(step);
                    self.timeline.pass(Moment::Answered, &what).await;
                }
                Ok(None) => {}
                Err(error) => return Err(SiteFailure::new(done, error)),
            }
        }
        let (connection, secret) = {
            let held = lock(&self.held);
            (held.connection_named(&wanted.name), held.held_secret(wanted))
        };
        match connection {
            Some(connection) => Ok(SiteOnboarded::new(done, connection).holding(secret)),
            None => {
                let error = SiteRefused::new("read the connection back", "it is not there any more", "Run the same again.");
                Err(SiteFailure::new(done, error))
            }
        }
    }

    async fn remove(&self, _call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        let what = "the removal from the site";
        self.timeline.pass(Moment::BeforeSending, what).await;
        self.take_error()?;
        let removed = {
            let mut held = lock(&self.held);
            held.check_rights("remove the connection")?;
            held.remove(removal)
        };
        self.timeline.pass(Moment::CarriedOut, what).await;
        self.timeline.pass(Moment::Answered, what).await;
        removed
    }
}

/// A site at the top of its hierarchy that tells everything of itself.
fn info() -> SiteInfo {
    let mut info = SiteInfo::new("P01", "5.00.9128.1000");
    info.may_write = Some(true);
    info.hierarchy = SiteHierarchy::Top;
    info.is_service_connection_point_online = Some(true);
    info
}

/// What became of an item, and its row.
type Ensured = Result<Option<(SiteAction, Option<SiteRowId>)>, SiteError>;
