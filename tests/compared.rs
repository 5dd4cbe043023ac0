//! What is there already is compared as a whole: secrets, the site's rows, and what clients are told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::sync::Arc;

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, ClientAppSpec, ClientSecret, CloudEnvironment, ConnectionSpec, Directory,
    ImportedServerApp, Outcome, Plan, ReusedApp, SecretValidity, ServerAppSpec,
    clock::{Clock, ManualClock},
    connection::{Finding, FindingCode, Severity},
    directory::{ApplicationKey, NewPassword},
    ids::ApplicationObjectId,
    site::SiteSnapshot,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use support::spec;
use time::{Duration, OffsetDateTime, macros::datetime};

/// A connection that was set up and is healthy.
struct Healthy {
    clock: ManualClock,
    tenant: EmulatedTenant,
    site: EmulatedSite,
    outcome: Outcome,
}

impl Healthy {
    async fn new() -> Self {
        Self::of(spec(), "5.00.9128.1000").await
    }

    async fn of(spec: ConnectionSpec, site_version: &str) -> Self {
        let clock = ManualClock::new(datetime!(2026-11-24 12:00 UTC));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let of_tenant = clock.clone();
        let tenant = EmulatedTenant::builder().clock(move || of_tenant.now()).build();
        let site = EmulatedSite::builder().version(site_version).clock(shared.clone()).build();
        let job = AzureServicesConnection::builder(spec)
            .directory(tenant.directory())
            .site(site.clone())
            .clock(shared);
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        Self {
            clock,
            tenant,
            site,
            outcome,
        }
    }

    /// Everything's clock, set to this moment.
    fn clock_at(&self, now: OffsetDateTime) -> Arc<dyn Clock> {
        self.clock.advance(now - self.clock.now());
        Arc::new(self.clock.clone())
    }

    fn server(&self) -> ApplicationId {
        self.outcome.server_app.as_ref().unwrap().application_id
    }

    fn client(&self) -> ApplicationId {
        self.outcome.client_app.as_ref().unwrap().application_id
    }

    fn object(&self) -> ApplicationObjectId {
        self.outcome.server_app.as_ref().unwrap().object_id.unwrap()
    }

    fn end(&self) -> OffsetDateTime {
        self.outcome.secret.as_ref().unwrap().expires_on
    }

    /// A plan for the specification at this moment.
    async fn plan_at(&self, spec: ConnectionSpec, now: OffsetDateTime) -> Plan {
        let clock = self.clock_at(now);
        let job = AzureServicesConnection::builder(spec)
            .directory(self.tenant.directory())
            .site(self.site.clone())
            .clock(clock);
        job.build().unwrap().plan(|_| ()).await.unwrap()
    }

    /// A second plan for the same specification, now.
    async fn plan(&self) -> Plan {
        self.plan_at(spec(), self.clock.now()).await
    }

    /// The same without a directory: the site's apps are used as they are.
    async fn plan_of_site_at(&self, now: OffsetDateTime) -> Plan {
        let job = AzureServicesConnection::builder(self.reusing())
            .site(self.site.clone())
            .clock(self.clock_at(now));
        job.build().unwrap().plan(|_| ()).await.unwrap()
    }

    fn reusing(&self) -> ConnectionSpec {
        ConnectionSpec::builder("Contoso CMG")
            .server_app(ReusedApp::new(self.server()))
            .client_app(ReusedApp::new(self.client()))
            .build()
            .unwrap()
    }

    async fn remove_secrets(&self) {
        let directory = self.tenant.directory();
        let key = ApplicationKey::ApplicationId(self.server());
        let app = directory.application(Call::quiet(), &key).await.unwrap().unwrap();
        for secret in app.password_credentials {
            directory
                .remove_password(Call::quiet(), self.object(), secret.key_id)
                .await
                .unwrap();
        }
    }

    async fn add_secret(&self, name: &str, end: OffsetDateTime) {
        let new = NewPassword::new(name, end);
        self.tenant
            .directory()
            .add_password(Call::quiet(), self.object(), &new)
            .await
            .unwrap();
    }

    fn change(&self, change: impl FnOnce(&mut SiteSnapshot)) {
        self.site.change(change);
    }
}

fn told(findings: &[Finding]) -> Vec<(FindingCode, Severity)> {
    findings.iter().for_each(support::assert_documented);
    let told = findings.iter().map(|finding| (finding.code(), finding.severity()));
    // What the tenant's policy may refuse, and what the site tells of itself, is the business of other tests.
    let others = [
        FindingCode::AppIdUriResolved,
        FindingCode::PolicyNotRead,
        FindingCode::SiteFactsUnknown,
    ];
    told.filter(|(code, _)| !others.contains(code)).collect()
}

fn parameter<'a>(plan: &'a Plan, code: FindingCode, name: &str) -> &'a serde_json::Value {
    let finding = plan.findings().iter().find(|finding| finding.code() == code);
    &finding.unwrap_or_else(|| panic!("{code:?} is not told: {plan}")).parameters()[name]
}

#[tokio::test]
async fn nothing_is_told_of_a_connection_that_is_healthy() {
    for version in ["5.00.9128.1000", "5.00.9141.1000"] {
        let healthy = Healthy::of(support::spec_with_discovery(), version).await;
        let plan = healthy.plan_at(support::spec_with_discovery(), healthy.clock.now()).await;
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(told(plan.findings()), [], "{plan}");
        let reused = healthy.plan_of_site_at(healthy.clock.now()).await;
        assert_eq!(told(reused.findings()), [], "{reused}");
    }
}

#[tokio::test]
async fn the_end_of_the_sites_secret_is_told_by_threshold_with_and_without_a_directory() {
    let healthy = Healthy::new().await;
    let end = healthy.end();
    for (left, expected) in [
        (Duration::days(91), None),
        (Duration::days(60), Some((FindingCode::SiteSecretExpiresSoon, Severity::Note))),
        (Duration::days(20), Some((FindingCode::SiteSecretExpiresSoon, Severity::Warning))),
        (Duration::days(5), Some((FindingCode::SiteSecretExpiresSoon, Severity::Warning))),
        (Duration::days(-35), Some((FindingCode::SiteSecretExpired, Severity::Warning))),
    ] {
        let expected: Vec<_> = expected.into_iter().collect();
        let both = healthy.plan_at(spec(), end - left).await;
        assert!(both.is_empty(), "{both}");
        assert_eq!(told(both.findings()), expected, "{left}");
        let of_site = healthy.plan_of_site_at(end - left).await;
        assert_eq!(told(of_site.findings()), expected, "{left}");
    }
    let plan = healthy.plan_at(spec(), end - Duration::days(5)).await;
    assert_eq!(parameter(&plan, FindingCode::SiteSecretExpiresSoon, "withinDays"), 7);
    assert_eq!(
        parameter(&plan, FindingCode::SiteSecretExpiresSoon, "expiresOn"),
        &end.date().to_string()
    );
}

#[tokio::test]
async fn the_expired_row_of_an_imported_app_is_told_although_a_later_end_is_given() {
    let healthy = Healthy::new().await;
    let later = healthy.end() + Duration::days(35);
    let importing = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name(&healthy.outcome.tenant_name)
                .tenant_id(healthy.tenant.tenant_id())
                .name("ConfigMgr Server")
                .client_id(healthy.server())
                .secret_key(ClientSecret::new("a~value"))
                .secret_key_expiry(later + Duration::days(300))
                .app_id_uri(healthy.outcome.app_id_uri.as_ref().unwrap().as_str()),
        )
        .client_app(ReusedApp::new(healthy.client()))
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(importing)
        .site(healthy.site.clone())
        .clock(healthy.clock_at(later));
    let plan = job.build().unwrap().plan(|_| ()).await.unwrap();
    let told = told(plan.findings());
    assert!(told.contains(&(FindingCode::SiteSecretExpired, Severity::Warning)), "{told:?}");
}

#[tokio::test]
async fn the_thresholds_are_the_callers_to_choose() {
    let healthy = Healthy::new().await;
    let clock = healthy.clock_at(healthy.end() - Duration::days(20));
    let job = |days: &[u16]| {
        AzureServicesConnection::builder(spec())
            .directory(healthy.tenant.directory())
            .site(healthy.site.clone())
            .secret_thresholds(days.iter().copied())
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    assert_eq!(told(job(&[14]).plan(|_| ()).await.unwrap().findings()), []);
    let plan = job(&[21]).plan(|_| ()).await.unwrap();
    assert_eq!(told(plan.findings()), [(FindingCode::SiteSecretExpiresSoon, Severity::Warning)]);
}

#[tokio::test]
async fn a_server_app_without_any_secret_is_told() {
    let healthy = Healthy::new().await;
    healthy.remove_secrets().await;
    let plan = healthy.plan().await;
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(told(plan.findings()), [(FindingCode::ServerAppWithoutSecret, Severity::Warning)]);
}

#[tokio::test]
async fn the_sites_expired_secret_is_told_although_an_unrelated_one_is_valid() {
    let healthy = Healthy::new().await;
    let later = healthy.end() + Duration::days(35);
    healthy.add_secret("a colleague's", later + Duration::days(900)).await;
    let plan = healthy.plan_at(spec(), later).await;
    assert_eq!(told(plan.findings()), [(FindingCode::SiteSecretExpired, Severity::Warning)]);
    assert_eq!(
        parameter(&plan, FindingCode::SiteSecretExpired, "expiredOn"),
        &healthy.end().date().to_string()
    );
}

#[tokio::test]
async fn a_secret_that_was_deleted_in_entra_is_told_although_the_site_tells_a_later_end() {
    let healthy = Healthy::new().await;
    healthy.remove_secrets().await;
    let other = healthy.end() + Duration::days(90);
    healthy.add_secret("a colleague's", other).await;
    let plan = healthy.plan().await;
    assert_eq!(told(plan.findings()), [(FindingCode::SiteSecretNotRegistered, Severity::Warning)]);
    assert_eq!(
        parameter(&plan, FindingCode::SiteSecretNotRegistered, "registered"),
        &serde_json::json!([other.date().to_string()])
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_matched_is_told_as_unknown() {
    let healthy = Healthy::new().await;
    healthy.change(|rows| rows.applications.iter_mut().for_each(|row| row.secret_expiry = None));
    assert_eq!(
        told(healthy.plan().await.findings()),
        [(FindingCode::SiteSecretUnknown, Severity::Note)]
    );
    let late = healthy.plan_at(spec(), healthy.end() + Duration::DAY).await;
    assert_eq!(
        told(late.findings()),
        [
            (FindingCode::RegisteredSecretExpired, Severity::Warning),
            (FindingCode::SiteSecretUnknown, Severity::Note)
        ]
    );
}

#[tokio::test]
async fn a_date_that_the_site_keeps_by_the_day_still_names_the_secret() {
    let healthy = Healthy::new().await;
    healthy.change(|rows| {
        for row in &mut rows.applications {
            row.secret_expiry = row.secret_expiry.map(|end| end.replace_time(time::Time::MIDNIGHT));
        }
    });
    assert_eq!(told(healthy.plan().await.findings()), []);
}

#[tokio::test]
async fn a_longer_validity_asked_for_than_the_sites_secret_has_is_told() {
    let healthy = Healthy::new().await;
    let lasting = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server").secret_validity(SecretValidity::TwoYears))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap();
    let plan = healthy.plan_at(lasting.clone(), healthy.clock.now()).await;
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(told(plan.findings()), [(FindingCode::SecretShorterThanAsked, Severity::Note)]);

    let without_site = AzureServicesConnection::builder(lasting)
        .directory(healthy.tenant.directory())
        .clock(healthy.clock_at(healthy.clock.now()));
    let plan = without_site.build().unwrap().plan(|_| ()).await.unwrap();
    let told = told(plan.findings());
    assert!(told.contains(&(FindingCode::SecretShorterThanAsked, Severity::Note)), "{told:?}");
}

#[tokio::test]
async fn each_property_of_the_sites_rows_that_differs_is_told() {
    type Spoil = fn(&mut SiteSnapshot);
    let cases: [(Spoil, FindingCode, Severity); 8] = [
        (
            |rows| rows.applications[0].identifier_uri = Some("https://ConfigMgrService".to_owned()),
            FindingCode::SiteUriNotRegistered,
            Severity::Warning,
        ),
        (
            |rows| rows.tenants[0].environment = Some(CloudEnvironment::AzureUsGovernmentCloud),
            FindingCode::SiteTenantInOtherCloud,
            Severity::Warning,
        ),
        (
            |rows| rows.tenants[0].name = "Old name".to_owned(),
            FindingCode::SiteTenantNameDiffers,
            Severity::Note,
        ),
        (
            |rows| rows.applications[0].name = "Renamed".to_owned(),
            FindingCode::SiteAppNameDiffers,
            Severity::Note,
        ),
        (
            |rows| rows.applications[1].name = "Renamed".to_owned(),
            FindingCode::SiteAppNameDiffers,
            Severity::Note,
        ),
        (
            |rows| rows.applications[0].reply_url = Some("https://ConfigMgrService".to_owned()),
            FindingCode::SiteReplyUrlMissing,
            Severity::Warning,
        ),
        (
            |rows| rows.applications[0].created = rows.applications[0].created.map(|at| at - Duration::days(710)),
            FindingCode::AppRenewableUntil,
            Severity::Note,
        ),
        (
            |rows| rows.applications[0].created = rows.applications[0].created.map(|at| at - Duration::days(801)),
            FindingCode::AppTooOldToRenew,
            Severity::Warning,
        ),
    ];
    for (spoil, code, severity) in cases {
        let healthy = Healthy::of(spec(), "5.00.9132.1000").await;
        healthy.change(spoil);
        assert_eq!(told(healthy.plan().await.findings()), [(code, severity)]);
    }
}

#[tokio::test]
async fn rules_of_later_versions_are_not_applied_to_earlier_ones() {
    let healthy = Healthy::of(spec(), "5.00.9106.1000").await;
    healthy.change(|rows| {
        rows.applications[0].reply_url = None;
        rows.applications[0].created = rows.applications[0].created.map(|at| at - Duration::days(900));
    });
    assert_eq!(told(healthy.plan().await.findings()), []);
}

#[tokio::test]
async fn what_the_site_does_not_tell_is_one_note_with_every_field() {
    let healthy = Healthy::of(spec(), "5.00.9132.1000").await;
    healthy.change(|rows| {
        rows.tenants[0].environment = None;
        let server = &mut rows.applications[0];
        (server.identifier_uri, server.reply_url, server.created) = (None, None, None);
    });
    let plan = healthy.plan().await;
    assert_eq!(told(plan.findings()), [(FindingCode::SiteFieldsUnread, Severity::Note)]);
    assert_eq!(
        parameter(&plan, FindingCode::SiteFieldsUnread, "fields"),
        &serde_json::json!([
            "tenant.environment",
            "serverApp.appIdUri",
            "serverApp.replyUrl",
            "serverApp.created"
        ])
    );
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.client_settings().unwrap().app_id_uri, None, "unknown is not guessed");
}

#[tokio::test]
async fn an_app_that_the_site_knows_as_the_other_kind_stops_the_job() {
    let healthy = Healthy::new().await;
    healthy.change(|rows| rows.applications[0].is_client_app = true);
    let job = AzureServicesConnection::builder(spec())
        .directory(healthy.tenant.directory())
        .site(healthy.site.clone())
        .clock(healthy.clock_at(healthy.clock.now()));
    let error = job.build().unwrap().plan(|_| ()).await.unwrap_err();
    let cmg_onboarding::OnboardingError::Blocked(blocked) = error else {
        panic!("the site would refuse the import: {error:?}");
    };
    assert_eq!(told(blocked.findings()), [(FindingCode::WrongKindOfApp, Severity::Blocker)]);
}

#[tokio::test]
async fn clients_are_told_the_app_id_uri_and_the_tenant_name_that_the_site_has() {
    let with_uri = |uri: &str| {
        ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("ConfigMgr Server").app_id_uri(uri))
            .client_app(ClientAppSpec::builder("ConfigMgr Client"))
            .build()
            .unwrap()
    };
    let (one, two) = ("https://contoso.com/one", "https://contoso.com/two");
    let healthy = Healthy::of(with_uri(one), "5.00.9128.1000").await;
    healthy.change(|rows| rows.tenants[0].name = "Contoso".to_owned());
    let plan = healthy.plan_at(with_uri(two), healthy.clock.now()).await;
    assert_eq!(
        told(plan.findings()),
        [
            (FindingCode::AppIdUriKeptBySite, Severity::Warning),
            (FindingCode::SiteTenantNameDiffers, Severity::Note)
        ],
        "{plan}"
    );
    assert_eq!(parameter(&plan, FindingCode::AppIdUriKeptBySite, "site"), one);
    let outcome = plan.apply(|_| ()).await.unwrap();
    let settings = outcome.client_settings().unwrap();
    assert_eq!(settings.tenant_name.as_deref(), Some("Contoso"));
    let properties = settings.ccmsetup_properties();
    assert!(properties.ends_with(&format!("AADRESOURCEURI={one}")), "{properties}");
}

#[tokio::test]
async fn from_the_second_of_its_end_on_the_sites_secret_is_told_as_expired_and_no_longer_as_gone() {
    let healthy = Healthy::new().await;
    let end = healthy.clock.now() + Duration::days(3);
    healthy.change(|rows| rows.applications.iter_mut().for_each(|row| row.secret_expiry = Some(end)));
    let before = healthy.plan_at(spec(), end - Duration::SECOND).await;
    assert_eq!(
        told(before.findings()),
        [
            (FindingCode::SiteSecretNotRegistered, Severity::Warning),
            (FindingCode::SiteSecretExpiresSoon, Severity::Warning)
        ]
    );
    let at = healthy.plan_at(spec(), end).await;
    assert_eq!(told(at.findings()), [(FindingCode::SiteSecretExpired, Severity::Warning)]);
}

#[tokio::test]
async fn a_secret_that_ends_up_to_31_days_before_the_end_that_is_asked_for_is_as_long_as_asked() {
    let healthy = Healthy::new().await;
    let asked = SecretValidity::OneYear.end_after(healthy.clock.now());
    let month = Duration::days(31);
    for (earlier, expected) in [
        (month, vec![]),
        (
            month + Duration::SECOND,
            vec![(FindingCode::SecretShorterThanAsked, Severity::Note)],
        ),
    ] {
        let end = asked - earlier;
        let state = healthy.tenant.state();
        let apps = state["applications"].as_array().unwrap().iter();
        let mut secrets = apps
            .map(|app| app["passwordCredentials"].clone())
            .find(|list| list[0].is_object())
            .unwrap();
        let written = end.format(&time::format_description::well_known::Rfc3339).unwrap();
        secrets[0]["endDateTime"] = written.into();
        assert!(
            healthy
                .tenant
                .change_object(healthy.server(), serde_json::json!({"passwordCredentials": secrets}))
        );
        healthy.change(|rows| rows.applications.iter_mut().for_each(|row| row.secret_expiry = Some(end)));
        let plan = healthy.plan().await;
        assert_eq!(told(plan.findings()), expected, "{earlier}");
    }
}

#[tokio::test]
async fn without_a_site_the_near_end_of_the_last_secret_is_told_unless_the_run_issues_another_one() {
    let healthy = Healthy::new().await;
    let soon = healthy.end() - Duration::days(20);
    for issues in [false, true] {
        let job = AzureServicesConnection::builder(spec())
            .directory(healthy.tenant.directory())
            .clock(healthy.clock_at(soon))
            .reissue_secret(issues);
        let plan = job.build().unwrap().plan(|_| ()).await.unwrap();
        let told = told(plan.findings());
        let soon = (FindingCode::RegisteredSecretExpiresSoon, Severity::Warning);
        assert_eq!(told.contains(&soon), !issues, "{told:?}");
    }
}
