//! What a person does in the console, beside every program.

use time::{Duration, OffsetDateTime};

use super::{EmulatedSite, ensure::whole_second_after};
use crate::locked::lock;
use cmg_onboarding::{
    ClientSecret,
    error::{SiteError, SiteRefused},
    ids::ApplicationId,
};

/// The build of version 2409, which renews no secret of an app that is too old.
const REFUSES_OLD_APPS: u32 = 9132;

/// The greatest age of an app whose secret version 2409 and later renew.
const GREATEST_AGE: Duration = Duration::days(800);

impl EmulatedSite {
    /// Types into the console's dialog *Renew Secret Key* for an imported server app. A person types value and date apart: a
    /// value of `None` leaves the old one, a date of `None` leaves the old one, and nothing compares the two. The item's
    /// times change (`SecretKeyCreationTime`, `LastUpdateTime`).
    ///
    /// ```
    /// use cmg_onboarding::{ApplicationId, ClientSecret};
    /// use cmg_onboarding_emulator::EmulatedSite;
    ///
    /// let app = ApplicationId::new(uuid::Uuid::nil());
    /// let unknown = EmulatedSite::new().renew_secret_key(app, Some(ClientSecret::new("value")), None);
    /// assert!(unknown.is_err(), "the site does not know this app");
    /// ```
    ///
    /// # Errors
    ///
    /// If the site does not know the app as a server app, if the date is not in the future, and from version 2409 on if the
    /// app is older than 800 days.
    pub fn renew_secret_key(
        &self,
        application: ApplicationId,
        value: Option<ClientSecret>,
        expiry: Option<OffsetDateTime>,
    ) -> Result<(), SiteError> {
        let now = self.clock.now();
        let mut held = lock(&self.held);
        let is_new = held.rows.info.build().is_some_and(|build| build >= REFUSES_OLD_APPS);
        let refused = |message: &str| SiteRefused::new("Renew Secret Key", message, "Look at the app in the console.").into();
        let row = held.rows.applications.iter_mut();
        let Some(row) = row.into_iter().find(|row| row.client_id == application && !row.is_client_app) else {
            return Err(refused("the site does not know the server app"));
        };
        if is_new && row.created.is_some_and(|created| now - created > GREATEST_AGE) {
            return Err(refused("the app is older than 800 days"));
        }
        if expiry.is_some_and(|expiry| expiry <= now) {
            return Err(refused("the secret key expiry must be in the future"));
        }
        row.secret_expiry = expiry.or(row.secret_expiry);
        row.secret_created = Some(whole_second_after(now));
        row.updated = row.secret_created;
        if let Some(value) = value {
            held.secrets.insert(application, value);
        }
        Ok(())
    }
}
