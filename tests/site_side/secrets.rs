//! A renewed secret of a server app that the site knows.

use std::sync::{Arc, Mutex};

use cmg_onboarding::{
    AzureServicesConnection, Call, Diagnostic, OnboardingError, Outcome, Site, SiteError, Step, async_trait,
    connection::{FindingCode, NewSecret, NextStep, NextStepCode, Operation, PlannedAction, SecretSink, SecretSinkError, StepAction},
    error::SiteUnreachable,
    ids::ApplicationId,
    site::{SecretHeld, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteSnapshot},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use time::{OffsetDateTime, macros::datetime};

use super::{SERVER, at_site, codes, found, imported, job, rows};
use crate::support::{connection, spec};

const FIRST: OffsetDateTime = datetime!(2098-11-24 00:00 UTC);
const SECOND: OffsetDateTime = datetime!(2099-11-18 00:00 UTC);

fn server() -> ApplicationId {
    SERVER.parse().unwrap()
}

fn takes() -> EmulatedSite {
    EmulatedSite::builder().takes_renewed_secrets(true).build()
}

fn step(outcome: &Outcome, code: NextStepCode) -> Option<&NextStep> {
    outcome.next_steps.iter().find(|step| step.code == code)
}

/// Imports the app once, and gives the connection for the renewed secret.
async fn renewing(site: &EmulatedSite) -> AzureServicesConnection {
    at_site(imported("Contoso CMG", "first~value", FIRST), site)
        .onboard(|_| ())
        .await
        .unwrap();
    at_site(imported("Contoso CMG", "second~value", SECOND), site)
}

#[tokio::test]
async fn a_renewed_secret_of_an_import_goes_to_a_site_that_takes_it() {
    let site = takes();
    let job = renewing(&site).await;
    let plan = job.plan(|_| ()).await.unwrap();
    let change = plan.step(Step::ImportServerApp).unwrap();
    assert_eq!(change.action, PlannedAction::Update);
    assert!(plan.to_string().contains("Secret Key Expiry: 2098-11-24 -> 2099-11-18"), "{plan}");
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Updated);
    assert!(site.holds_secret(server(), "second~value"));
    assert_eq!(
        step(&outcome, NextStepCode::RecordSecretExpiry).unwrap().parameters["expiresOn"],
        "2099-11-18"
    );
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_site_that_takes_none_leaves_an_open_task_and_every_date_is_the_one_it_has() {
    let site = EmulatedSite::new();
    let job = renewing(&site).await;
    let plan = job.plan(|_| ()).await.unwrap();
    let change = plan.step(Step::ImportServerApp).unwrap();
    assert!(matches!(change.operation, Operation::RenewSecret { by_hand: true, .. }), "{plan}");
    assert!(plan.to_string().contains("by hand   Import the server app into the site"), "{plan}");
    let warning = found(plan.findings(), FindingCode::SecretNotRenewed).unwrap();
    assert_eq!(
        (&warning.parameters()["heldUntil"], &warning.parameters()["expiresOn"]),
        (&"2098-11-24".into(), &"2099-11-18".into())
    );
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(!outcome.changed && site.holds_secret(server(), "first~value"));
    let report = outcome.report.step(Step::ImportServerApp).unwrap();
    assert_eq!(report.action, StepAction::Differs, "not called unchanged");
    let task = step(&outcome, NextStepCode::RenewSecretInSite).unwrap();
    assert!(
        task.how.contains("Microsoft Entra tenants > (the server app) > Renew Secret Key"),
        "{task}"
    );
    assert_eq!(
        (&task.parameters["heldUntil"], &task.parameters["expiresOn"]),
        (&"2098-11-24".into(), &"2099-11-18".into())
    );
    let reminder = step(&outcome, NextStepCode::RecordSecretExpiry).unwrap();
    assert_eq!(reminder.parameters["expiresOn"], "2098-11-24", "the one that the site has");
    // Once a person has typed it in, nothing is open.
    site.change(|rows| rows.applications[0].secret_expiry = Some(SECOND));
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(step(&outcome, NextStepCode::RenewSecretInSite), None);
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Unchanged);
}

#[tokio::test]
async fn an_open_task_stays_one_beside_another_change_in_the_site() {
    let site = EmulatedSite::new();
    renewing(&site).await;
    let spec = imported("Contoso CMG", "second~value", SECOND)
        .to_builder()
        .description("new")
        .build()
        .unwrap();
    let outcome = at_site(spec, &site).onboard(|_| ()).await.unwrap();
    assert!(outcome.changed && site.holds_secret(server(), "first~value"));
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Differs);
    assert_eq!(outcome.report.step(Step::CreateConnection).unwrap().action, StepAction::Updated);
}

#[tokio::test]
async fn a_secret_with_the_same_end_is_told_as_uncompared_and_goes_to_the_site_by_wish() {
    let site = takes();
    renewing(&site).await;
    let same_end = imported("Contoso CMG", "third~value", FIRST);
    let plan = at_site(same_end.clone(), &site).plan(|_| ()).await.unwrap();
    assert!(
        plan.is_empty() && found(plan.findings(), FindingCode::ImportedSecretUncompared).is_some(),
        "{plan}"
    );
    let job = AzureServicesConnection::builder(same_end).site(site.clone()).reissue_secret(true);
    job.build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(site.holds_secret(server(), "third~value"));
}

#[tokio::test]
async fn an_end_that_is_up_to_thirty_hours_from_the_given_one_is_the_same_and_a_second_more_is_another() {
    let site = takes();
    renewing(&site).await;
    let job = at_site(imported("Contoso CMG", "first~value", FIRST), &site);
    let most = time::Duration::hours(30);
    for (off, is_same) in [
        (most, true),
        (-most, true),
        (most + time::Duration::SECOND, false),
        (-most - time::Duration::SECOND, false),
    ] {
        site.change(|rows| rows.applications[0].secret_expiry = Some(FIRST + off));
        let plan = job.plan(|_| ()).await.unwrap();
        let renews = matches!(plan.step(Step::ImportServerApp).unwrap().operation, Operation::RenewSecret { .. });
        assert_eq!((plan.is_empty(), renews), (is_same, !is_same), "{off}: {plan}");
    }
}

#[tokio::test]
async fn a_secret_is_told_as_replaced_if_the_site_never_got_it_and_as_kept_if_no_site_is_given() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let with_site = connection(spec(), &tenant, &site);
    let alone = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .build()
        .unwrap();
    let told = async |job: &AzureServicesConnection| {
        let plan = job.plan(|_| ()).await.unwrap();
        let mut told = codes(plan.findings());
        told.retain(|code| [FindingCode::SecretKept, FindingCode::SecretReplaced].contains(code));
        told
    };
    assert_eq!((told(&with_site).await, told(&alone).await), (vec![], vec![]), "there is none");
    with_site.onboard(|_| ()).await.unwrap();
    assert_eq!(told(&with_site).await, [], "the site has it");
    assert_eq!(told(&alone).await, [FindingCode::SecretKept]);
    site.change(|rows| {
        rows.applications.clear();
        rows.connections.clear();
    });
    assert_eq!(told(&with_site).await, [FindingCode::SecretReplaced]);
}

/// Remembers the secrets that it gets, and whether the old one was live by then.
#[derive(Debug, Clone)]
struct Sink {
    tenant: EmulatedTenant,
    old: (ApplicationId, String),
    kept: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl SecretSink for Sink {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        assert!(
            self.tenant.secret_is_live(self.old.0, &self.old.1),
            "removed before its successor was handed over"
        );
        self.kept.lock().unwrap().push(secret.secret.value.expose().to_owned());
        Ok(())
    }
}

async fn reissue(site: &EmulatedSite) -> (EmulatedTenant, Sink, Outcome) {
    let tenant = EmulatedTenant::new();
    let first = connection(spec(), &tenant, site).onboard(|_| ()).await.unwrap();
    let server = first.server_app.unwrap().application_id;
    // The site has had the app for a while.
    site.change(|rows| {
        for row in &mut rows.applications {
            row.created = row.created.map(|created| created - time::Duration::HOUR);
        }
    });
    let sink = Sink {
        tenant: tenant.clone(),
        old: (server, first.secret.unwrap().value.expose().to_owned()),
        kept: Arc::default(),
    };
    let job = job(spec(), &tenant, site).reissue_secret(true).secret_sink(sink.clone());
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    (tenant, sink, outcome)
}

#[tokio::test]
async fn a_reissued_secret_goes_to_the_sink_and_to_a_site_that_takes_it_and_the_old_one_stays() {
    let site = takes();
    let (tenant, sink, outcome) = reissue(&site).await;
    let new = outcome.secret.unwrap();
    assert_eq!(*sink.kept.lock().unwrap(), [new.value.expose()]);
    assert!(site.holds_secret(sink.old.0, new.value.expose()));
    assert!(tenant.secret_is_live(sink.old.0, new.value.expose()) && tenant.secret_is_live(sink.old.0, &sink.old.1));
    let held = rows(&site).application(sink.old.0).unwrap().secret_expiry;
    assert_eq!(held, Some(new.expires_on));
    assert!(connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reissued_secret_for_a_site_that_takes_none_is_handed_over_with_an_open_task() {
    let site = EmulatedSite::new();
    let (tenant, sink, outcome) = reissue(&site).await;
    let new = outcome.secret.as_ref().expect("the outcome has it, and the site has it not");
    assert_eq!(*sink.kept.lock().unwrap(), [new.value.expose()]);
    assert!(site.holds_secret(sink.old.0, &sink.old.1) && tenant.secret_is_live(sink.old.0, &sink.old.1));
    assert!(tenant.secret_is_live(sink.old.0, new.value.expose()));
    assert!(step(&outcome, NextStepCode::HandOverSecret).is_some());
    let task = step(&outcome, NextStepCode::RenewSecretInSite).unwrap();
    assert_eq!(task.parameters["expiresOn"], new.expires_on.date().to_string());
    let held = rows(&site).application(sink.old.0).unwrap().secret_expiry.unwrap();
    let reminder = step(&outcome, NextStepCode::RecordSecretExpiry).unwrap();
    assert_eq!(reminder.parameters["expiresOn"], held.date().to_string());
    assert!(found(&outcome.findings, FindingCode::SecretNotRenewed).is_some());
    assert_eq!(
        found(&outcome.findings, FindingCode::SecretHolderUnknown),
        None,
        "it is known that the site has it not"
    );
}

#[tokio::test]
async fn a_site_that_took_the_secret_and_lost_its_answer_is_found_with_it_by_the_next_run() {
    let site = takes();
    let job = renewing(&site).await;
    site.fail_after(
        SiteItem::ServerApp,
        SiteUnreachable::new("the connection broke", "Run the same again."),
    );
    job.onboard(|_| ()).await.unwrap_err();
    assert!(site.holds_secret(server(), "second~value"));
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
}

#[tokio::test]
async fn a_reissued_secret_whose_answer_was_lost_stays_and_so_does_the_old_one() {
    let (tenant, site) = (EmulatedTenant::new(), takes());
    let first = connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let app = first.server_app.unwrap().application_id;
    site.change(|rows| {
        for row in &mut rows.applications {
            row.created = row.created.map(|created| created - time::Duration::HOUR);
        }
    });
    site.fail_after(
        SiteItem::ServerApp,
        SiteUnreachable::new("the connection broke", "Run the same again."),
    );
    let reissuing = job(spec(), &tenant, &site).reissue_secret(true).build().unwrap();
    let Err(OnboardingError::Apply(error)) = reissuing.onboard(|_| ()).await else {
        panic!("the answer was lost")
    };
    let new = error.secret().expect("the error carries it").value.expose().to_owned();
    let old = first.secret.unwrap();
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    assert!(site.holds_secret(app, &new) && tenant.secret_is_live(app, &new));
    assert!(tenant.secret_is_live(app, old.value.expose()));
}

#[tokio::test]
async fn a_site_that_says_it_takes_none_refuses_one_with_the_consoles_way() {
    use cmg_onboarding::{
        Call, CloudEnvironment, Site,
        site::{ClientAppImport, ServerAppImport, SiteOnboarding},
    };
    let site = EmulatedSite::new();
    renewing(&site).await;
    let wanted = SiteOnboarding::new(
        super::TENANT.parse().unwrap(),
        "contoso.onmicrosoft.com",
        CloudEnvironment::AzurePublicCloud,
        ServerAppImport::Renew {
            client_id: server(),
            secret_key: cmg_onboarding::ClientSecret::new("second~value"),
            secret_key_expiry: SECOND,
        },
        ClientAppImport::Known(super::CLIENT.parse().unwrap()),
        "Contoso CMG",
    );
    let failure = site.onboard(Call::quiet(), &wanted).await.unwrap_err();
    assert!(failure.error.help().contains("Renew Secret Key"), "{failure:?}");
    assert!(site.holds_secret(server(), "first~value"));
}

/// A site that says this of the secret that it has, no matter which that is.
#[derive(Debug)]
struct Saying(EmulatedSite, SecretHeld);

#[async_trait]
impl Site for Saying {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.0.snapshot(call).await
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let mut told = self.0.onboard(call, wanted).await?;
        told.secret = self.1;
        Ok(told)
    }
}

#[tokio::test]
async fn a_secret_stays_unless_a_new_item_of_the_site_is_said_to_have_another_one() {
    let unknown = FindingCode::SecretHolderUnknown;
    for (is_known, held, stays, is_told) in [
        (false, SecretHeld::This, true, false),
        (false, SecretHeld::Another, false, false),
        (false, SecretHeld::NotSaid, true, true),
        (true, SecretHeld::This, true, false),
        (true, SecretHeld::Another, true, true),
        (true, SecretHeld::NotSaid, true, true),
    ] {
        let (tenant, site) = (EmulatedTenant::new(), takes());
        if is_known {
            connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
        }
        let job = AzureServicesConnection::builder(spec())
            .directory(tenant.directory())
            .site(Saying(site, held))
            .reissue_secret(is_known);
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        let case = format!("{is_known} {held:?}: {}", outcome.report);
        assert_eq!(outcome.secret.is_some(), stays, "{case}");
        assert_eq!(found(&outcome.findings, unknown).is_some(), is_told, "{case}");
        let unused = found(&outcome.findings, FindingCode::NewSecretNotUsed);
        assert_eq!(unused.is_some(), !stays, "{case}");
        unused.into_iter().for_each(crate::support::assert_documented);
        let state = tenant.state();
        let apps = state["applications"].as_array().unwrap().iter();
        let secrets: usize = apps.map(|app| app["passwordCredentials"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(secrets, usize::from(is_known) + usize::from(stays), "{case}");
    }
}
