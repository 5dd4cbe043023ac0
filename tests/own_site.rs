//! Sites and administrators as others bring them: a site that tells everything at the end or nothing at all, and a
//! hand-over from one administrator to another.

#![allow(clippy::unwrap_used, reason = "clippy knows only test functions as tests")]

mod support;

use cmg_onboarding::{
    AzureServicesConnection, Call, ConnectionSpec, Site, SiteError, Step, async_trait,
    connection::{FindingCode, StepAction},
    error::RequestTrace,
    permissions::DirectoryRole,
    site::{
        SecretHeld, SiteAction, SiteConnection, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRowId, SiteSnapshot,
    },
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant};
use support::{connection, spec, spec_with_discovery};

/// Stores what it is given, and says `done` in its answer only.
#[derive(Debug)]
struct LateTeller {
    done: Vec<SiteProgress>,
    held: SecretHeld,
}

impl LateTeller {
    fn of(items: &[SiteItem], action: &SiteAction) -> Self {
        let done = items.iter().map(|item| SiteProgress::new(*item, action.clone(), None));
        Self {
            done: done.collect(),
            held: SecretHeld::NotSaid,
        }
    }

    fn holding(mut self, held: SecretHeld) -> Self {
        self.held = held;
        self
    }
}

const ALL: [SiteItem; 4] = [SiteItem::Tenant, SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection];

#[async_trait]
impl Site for LateTeller {
    async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
        Ok(SiteSnapshot::default())
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        call.answered(RequestTrace::new("GET", "/rows"));
        call.answered(RequestTrace::new("POST", "/import"));
        let connection = SiteConnection::new(SiteRowId(1), &wanted.name, None, vec![SiteRowId(2)]);
        Ok(SiteOnboarded::new(self.done.clone(), connection).holding(self.held))
    }
}

async fn onboard(site: LateTeller) -> (cmg_onboarding::Outcome, EmulatedTenant) {
    let tenant = EmulatedTenant::new();
    let job = AzureServicesConnection::builder(spec()).directory(tenant.directory()).site(site);
    (job.build().unwrap().onboard(|_| ()).await.unwrap(), tenant)
}

#[tokio::test]
async fn what_a_site_tells_only_at_the_end_is_in_the_report() {
    let (outcome, tenant) = onboard(LateTeller::of(&ALL, &SiteAction::Created)).await;
    for step in [
        Step::ImportTenant,
        Step::ImportServerApp,
        Step::ImportClientApp,
        Step::CreateConnection,
    ] {
        assert_eq!(outcome.report.step(step).unwrap().action, StepAction::Created, "{step}");
    }
    let requests = &outcome.report.step(Step::ImportTenant).unwrap().requests;
    let written: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(written, ["/import"], "the site's own write is told, and what it reads is not");
    let secret = outcome.secret.as_ref().unwrap().value.expose();
    assert!(tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, secret));
}

#[tokio::test]
async fn a_secret_is_kept_where_the_site_does_not_say_whether_it_took_it() {
    let (outcome, tenant) = onboard(LateTeller::of(&[], &SiteAction::Created)).await;
    let secret = outcome.secret.as_ref().unwrap().value.expose();
    assert!(tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, secret));
}

#[tokio::test]
async fn a_secret_is_kept_whatever_became_of_the_row_if_the_site_does_not_say_which_secret_it_holds() {
    let differs = SiteAction::Differs("read back a little differently".to_owned());
    for action in [SiteAction::Created, SiteAction::Unchanged, SiteAction::Changed, differs] {
        let (outcome, tenant) = onboard(LateTeller::of(&ALL, &action)).await;
        let secret = outcome.secret.as_ref().expect("the secret may be in the site").value.expose();
        assert!(
            tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, secret),
            "{action:?}"
        );
        let told = outcome
            .findings
            .iter()
            .any(|finding| finding.code() == FindingCode::SecretHolderUnknown);
        assert!(told, "{action:?}");
    }
}

#[tokio::test]
async fn a_secret_that_the_site_did_not_take_is_removed() {
    let (outcome, _) = onboard(LateTeller::of(&ALL, &SiteAction::Unchanged).holding(SecretHeld::Another)).await;
    assert!(outcome.secret.is_none());
    assert_eq!(outcome.report.step(Step::RetireSecrets).unwrap().action, StepAction::Removed);
}

#[tokio::test]
async fn one_administrator_registers_and_another_one_imports() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let registering = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .build()
        .unwrap();
    let registered = registering.onboard(|_| ()).await.unwrap();
    let (server, client) = registered.hand_over().unwrap();

    let importing = ConnectionSpec::builder("Contoso CMG")
        .server_app(server)
        .client_app(client)
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(importing).site(site.clone()).build().unwrap();
    let imported = job.onboard(|_| ()).await.unwrap();
    assert_eq!(imported.client_settings(), registered.client_settings());
    let secret = registered.secret.as_ref().unwrap().value.expose();
    assert!(site.holds_secret(registered.server_app.as_ref().unwrap().application_id, secret));
    assert!(imported.hand_over().is_none(), "an import makes no secret");
}

#[tokio::test]
async fn who_finds_everything_in_place_needs_no_role_to_consent() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec_with_discovery(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let developer = Caller::global_administrator().with_directory_roles([DirectoryRole::ApplicationDeveloper.id()]);
    let weaker = tenant.with_caller(developer);
    let plan = connection(spec_with_discovery(), &weaker, &site).plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
}
