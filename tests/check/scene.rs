//! A connection with discovery that was set up on a day that the test decides.

use std::sync::Arc;

use cmg_onboarding::{
    AzureServicesConnection, Call, ConnectionSpec, Directory, Outcome,
    clock::{Clock, ManualClock},
    connection::{AzureServicesConnectionBuilder, Check, Finding},
    directory::{Application, ApplicationKey},
    site::{SiteApplication, SiteSnapshot},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::support::spec_with_discovery;

/// The day of the onboarding. The secret is valid for a year.
pub(crate) const ONBOARDED: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

pub(crate) struct Scene {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    pub(crate) clock: ManualClock,
    pub(crate) outcome: Outcome,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::new(ONBOARDED);
        let of_tenant = clock.clone();
        let tenant = EmulatedTenant::builder().clock(move || of_tenant.now()).build();
        let site = EmulatedSite::builder()
            .version("5.00.9132.1000")
            .clock(Arc::new(clock.clone()))
            .build();
        let outcome = AzureServicesConnection::builder(spec_with_discovery())
            .directory(tenant.directory())
            .site(site.clone())
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap()
            .onboard(|_| ())
            .await
            .unwrap();
        Self {
            tenant,
            site,
            clock,
            outcome,
        }
    }

    /// The connection without a site.
    pub(crate) fn without_site(&self) -> AzureServicesConnectionBuilder {
        self.of(spec_with_discovery())
    }

    pub(crate) fn of(&self, spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnection::builder(spec)
            .directory(self.tenant.directory())
            .clock(Arc::new(self.clock.clone()))
    }

    pub(crate) fn with_site(&self) -> AzureServicesConnectionBuilder {
        self.without_site().site(self.site.clone())
    }

    pub(crate) async fn check(&self) -> Check {
        check(self.with_site()).await
    }

    /// Moves the clock to this many days before the secret ends.
    pub(crate) fn days_before_the_end(&self, days: i64) {
        let ends = self
            .outcome
            .secret
            .as_ref()
            .map_or_else(|| self.row().secret_expiry.unwrap(), |secret| secret.expires_on);
        self.clock.advance(ends - Duration::days(days) - self.clock.now());
    }

    pub(crate) fn row(&self) -> SiteApplication {
        let mut found = None;
        self.site.change(|rows| found = Some(server(rows).clone()));
        found.unwrap()
    }

    pub(crate) async fn server_app(&self) -> Application {
        let id = self.outcome.server_app.as_ref().unwrap().application_id;
        let key = ApplicationKey::ApplicationId(id);
        self.tenant.directory().application(Call::quiet(), &key).await.unwrap().unwrap()
    }
}

pub(crate) async fn check(connection: AzureServicesConnectionBuilder) -> Check {
    connection.build().unwrap().check(|_| ()).await.unwrap()
}

pub(crate) fn server(rows: &mut SiteSnapshot) -> &mut SiteApplication {
    rows.applications.iter_mut().find(|row| !row.is_client_app).unwrap()
}

pub(crate) fn codes(check: &Check) -> Vec<String> {
    let code = |finding: &Finding| serde_json::to_value(finding.code()).unwrap().as_str().unwrap().to_owned();
    check.findings.iter().map(code).collect()
}
