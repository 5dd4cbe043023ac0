//! Discovery and rename from a connection that is there, without the specification by which it was made.

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, ConnectionSpec, DiscoverySpec, OnboardingError, Step, TenantId,
    connection::{Finding, FindingCode, Operation, StepAction, reusing},
    site::{SiteApplication, SiteConnection, SiteGateway, SiteRowId, UnreadRow},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};

use super::{job, rows};
use crate::support::{assert_documented, connection, spec};

const NAME: &str = "Contoso CMG";

async fn onboarded() -> (EmulatedTenant, EmulatedSite) {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let described = spec().to_builder().description("As it was").build().unwrap();
    connection(described, &tenant, &site).onboard(|_| ()).await.unwrap();
    (tenant, site)
}

fn as_it_is(site: &EmulatedSite) -> ConnectionSpec {
    reusing(&rows(site), NAME).unwrap()
}

/// What a plan says of one step: each property with its old and its new value.
async fn change(job: &AzureServicesConnection, step: Step) -> Vec<Value> {
    let plan = job.plan(|_| ()).await.unwrap();
    let properties = plan.step(step).unwrap().properties();
    let told = properties
        .iter()
        .map(|change| json!([change.property, change.from, change.to]))
        .collect();
    let shown = plan.to_string();
    let approved = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    job.plan_from(&approved, |_| ()).await.unwrap().apply(|_| ()).await.unwrap();
    let again = job.plan(|_| ()).await.unwrap();
    assert!(again.is_empty(), "after {shown}: {again}");
    told
}

#[tokio::test]
async fn a_specification_of_what_is_there_changes_nothing_and_names_both_apps() {
    let (tenant, site) = onboarded().await;
    let spec = as_it_is(&site);
    let plan = connection(spec.clone(), &tenant, &site).plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let ids = [spec.server_app().client_id(), spec.client_app().client_id()];
    let state = rows(&site);
    let of_kind = |is_client: bool| {
        state
            .applications
            .iter()
            .find(|row| row.is_client_app == is_client)
            .unwrap()
            .client_id
    };
    assert_eq!(ids, [Some(of_kind(false)), Some(of_kind(true))]);
    assert_eq!(
        (spec.name(), spec.key(), spec.description(), spec.discovery()),
        (NAME, NAME, None, None)
    );
}

#[tokio::test]
async fn a_name_is_changed_with_old_and_new_and_the_apps_stay() {
    let (tenant, site) = onboarded().await;
    let apps = tenant.state()["applications"].clone();
    let renamed = as_it_is(&site).to_builder().name("Fabrikam CMG").build().unwrap();
    let job = connection(renamed, &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.to_string().contains("Name: Contoso CMG -> Fabrikam CMG"), "{plan}");
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::CreateConnection).unwrap().action, StepAction::Updated);
    let held = rows(&site).connections;
    assert_eq!(
        (held.len(), held[0].name.as_str(), held[0].description.as_deref()),
        (1, "Fabrikam CMG", Some("As it was"))
    );
    assert_eq!(tenant.state()["applications"], apps);
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
    assert_eq!(reusing(&rows(&site), "Fabrikam CMG").unwrap().name(), "Fabrikam CMG");
}

#[tokio::test]
async fn of_two_services_that_share_the_apps_the_one_that_is_named_is_renamed_and_none_is_made() {
    let (tenant, site) = onboarded().await;
    site.change(|rows| {
        let web = rows.connections[0].web_applications.clone();
        rows.connections[0].service_type = None;
        rows.connections
            .push(SiteConnection::new(SiteRowId(900), "Administration Service", None, web));
    });
    let renamed = as_it_is(&site).to_builder().name("Fabrikam CMG").build().unwrap();
    let plan = connection(renamed, &tenant, &site).plan(|_| ()).await.unwrap();
    let Operation::UpdateConnection { row, name, .. } = &plan.step(Step::CreateConnection).unwrap().operation else {
        panic!("{plan}")
    };
    assert_eq!((*row, name.as_str()), (rows(&site).connections[0].id, NAME));
}

#[tokio::test]
async fn a_description_is_changed_with_old_and_new() {
    let (tenant, site) = onboarded().await;
    let described = as_it_is(&site).to_builder().description("As it is").build().unwrap();
    let job = connection(described, &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    let Operation::UpdateConnection { from, to, new_name, .. } = &plan.step(Step::CreateConnection).unwrap().operation else {
        panic!("{plan}")
    };
    assert_eq!(
        (from.as_deref(), to.as_deref(), new_name),
        (Some("As it was"), Some("As it is"), &None)
    );
    plan.apply(|_| ()).await.unwrap();
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
    assert_eq!(rows(&site).connections[0].description.as_deref(), Some("As it is"));
}

#[tokio::test]
async fn discovery_is_switched_on_and_off_and_gets_schedule_and_groups() {
    let (tenant, site) = onboarded().await;
    let with = |discovery| {
        let spec = as_it_is(&site).to_builder().discovery(discovery).build().unwrap();
        connection(spec, &tenant, &site)
    };
    let step = Step::ConfigureDiscovery;
    let weekly = || "every 7 days from 02:30 UTC".parse().unwrap();
    let on = with(DiscoverySpec::builder().users());
    assert_eq!(change(&on, step).await, [json!(["users", "off", "on"])]);
    let state = tenant.state();
    assert_eq!(
        state["appRoleAssignments"].as_array().unwrap().len(),
        1,
        "with the consent that it needs"
    );

    let scheduled = with(DiscoverySpec::builder().user_schedule(weekly()).user_delta_minutes(30));
    let plan = scheduled.plan(|_| ()).await.unwrap().to_string();
    assert!(plan.contains("every 7 days from 02:30 UTC, first on 2001-01-01"), "{plan}");
    let token = "\"every 7 days from 02:30 UTC\"";
    let token: cmg_onboarding::spec::Schedule = serde_json::from_str(token).unwrap();
    assert_eq!(
        change(&scheduled, step).await,
        [
            json!(["users.fullSchedule", null, token.to_string()]),
            json!(["users.deltaMinutes", null, 30])
        ]
    );
    let groups = with(DiscoverySpec::builder().groups(["Ops", "Old"]));
    assert_eq!(
        change(&groups, step).await,
        [json!(["groups", "off", "on"]), json!(["groups.names", [], ["Ops", "Old"]])]
    );
    let out = with(DiscoverySpec::builder().groups(["New"]).remove_groups(["Old"]));
    assert_eq!(change(&out, step).await, [json!(["groups.names", ["Ops", "Old"], ["Ops", "New"]])]);
    let off = with(DiscoverySpec::builder().users_off().groups_off());
    assert_eq!(
        change(&off, step).await,
        [json!(["users", "on", "off"]), json!(["groups", "on", "off"])]
    );
    let held = rows(&site).connections.remove(0);
    assert_eq!((held.user_discovery, held.group_discovery), (None, None));
}

#[tokio::test]
async fn rename_and_discovery_need_no_directory_and_no_right_to_write_to_one() {
    let (tenant, site) = onboarded().await;
    let wanted = as_it_is(&site)
        .to_builder()
        .name("Fabrikam CMG")
        .discovery(DiscoverySpec::builder().users())
        .build()
        .unwrap();
    let reader = Caller::user("reader@contoso.com").with_scopes(["Directory.Read.All"]);
    let with_reader = job(wanted.clone(), &tenant, &site).directory(tenant.with_caller(reader).directory());
    let plan = with_reader.build().unwrap().plan(|_| ()).await.unwrap();
    let missing = plan
        .findings()
        .iter()
        .find(|found| found.code() == FindingCode::DirectoryReadMissing);
    assert!(missing.is_some() && plan.step(Step::ConsentDirectoryRead).is_none(), "{plan}");
    let alone = super::at_site(wanted, &site);
    alone.onboard(|_| ()).await.unwrap();
    assert!(alone.plan(|_| ()).await.unwrap().is_empty());
    assert!(rows(&site).connections[0].user_discovery.is_some());
    assert_eq!(tenant.state()["appRoleAssignments"], json!([]));
}

fn refused(site: &EmulatedSite, name: &str) -> Vec<FindingCode> {
    match reusing(&rows(site), name) {
        Err(OnboardingError::Blocked(blocked)) => {
            blocked.findings().iter().for_each(assert_documented);
            blocked.findings().iter().map(Finding::code).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_told_is_refused_with_the_reason() {
    let (_, site) = onboarded().await;
    assert_eq!(refused(&site, "Another"), [FindingCode::ConnectionNotFound]);
    assert_eq!(refused(&EmulatedSite::new(), NAME), [FindingCode::ConnectionNotFound]);
    let with = |change: fn(&mut cmg_onboarding::site::SiteSnapshot)| {
        let other = EmulatedSite::new();
        let held = rows(&site);
        other.change(|rows| *rows = held);
        other.change(change);
        other
    };
    let tenant_attach = with(|rows| rows.connections[0].service_type = Some(5));
    assert_eq!(refused(&tenant_attach, NAME), [FindingCode::ConnectionNotFound]);
    let without_apps = with(|rows| rows.connections[0].web_applications.clear());
    assert_eq!(refused(&without_apps, NAME), [FindingCode::ConnectionUnread]);
    let without_client = with(|rows| {
        rows.applications.retain(|row| !row.is_client_app);
        rows.unread
            .push(UnreadRow::new("SMS_AAD_Application_Ex", Some(SiteRowId(77)), "ClientID"));
    });
    assert_eq!(
        refused(&without_client, NAME),
        [FindingCode::ConnectionAppUnclear, FindingCode::SiteRowUnread]
    );
    let without_server = with(|rows| rows.applications.retain(|row| row.is_client_app));
    assert_eq!(refused(&without_server, NAME), [FindingCode::ConnectionAppUnclear]);
    let nameless = with(|rows| rows.connections[0].name = "\u{1}".to_owned());
    assert!(matches!(reusing(&rows(&nameless), "\u{1}"), Err(OnboardingError::Spec(_))));
}

#[tokio::test]
async fn of_several_client_apps_the_one_that_the_site_associates_is_taken_and_else_none() {
    let (_, site) = onboarded().await;
    let (server, client, tenant) = {
        let rows = rows(&site);
        let of_kind = |is_client: bool| rows.applications.iter().find(|row| row.is_client_app == is_client).unwrap().clone();
        (of_kind(false), of_kind(true), rows.tenants[0].id)
    };
    let other = ApplicationId::new(uuid::Uuid::from_u128(5));
    site.change(|rows| {
        let other = SiteApplication::new(SiteRowId(500), other, "Another client", tenant, true);
        rows.applications.push(other);
    });
    assert_eq!(refused(&site, NAME), [FindingCode::ConnectionAppUnclear]);
    let associate = |from: SiteRowId, to: SiteRowId| {
        site.change(|rows| {
            for row in &mut rows.applications {
                row.associated_applications.clear();
                if row.id == from {
                    row.associated_applications.push(to);
                }
            }
        });
        as_it_is(&site).client_app().client_id()
    };
    assert_eq!(associate(server.id, client.id), Some(client.client_id));
    assert_eq!(associate(server.id, SiteRowId(500)), Some(other));
    assert_eq!(associate(client.id, server.id), Some(client.client_id));
}

#[tokio::test]
async fn the_cloud_is_that_of_the_tenants_row() {
    let (_, site) = onboarded().await;
    let government = cmg_onboarding::CloudEnvironment::AzureUsGovernmentCloud;
    site.change(|rows| {
        rows.tenants[0].environment = Some(government);
        rows.tenants[0].tenant_id = TenantId::new(uuid::Uuid::from_u128(3));
        rows.gateways = Some(vec![SiteGateway::new("CMG", Some(rows.connections[0].id))]);
    });
    assert_eq!(as_it_is(&site).environment(), government);
}

#[tokio::test]
async fn another_client_app_is_not_taken_in_the_place_of_one_whose_row_was_not_read() {
    let (_, site) = onboarded().await;
    let held = rows(&site);
    let tenant = held.tenants[0].id;
    let reader = EmulatedSite::new();
    reader.change(|rows| {
        *rows = held;
        rows.applications.retain(|row| !row.is_client_app);
        let other = ApplicationId::new(uuid::Uuid::from_u128(5));
        rows.applications
            .push(SiteApplication::new(SiteRowId(500), other, "Another client", tenant, true));
        rows.unread
            .push(UnreadRow::new("SMS_AAD_Application_Ex", Some(SiteRowId(77)), "ClientID"));
    });
    let expected = [FindingCode::ConnectionAppUnclear, FindingCode::SiteRowUnread];
    assert_eq!(refused(&reader, NAME), expected);
    // The same if the site names a row that it does not show.
    reader.change(|rows| {
        rows.unread.clear();
        let server = rows.applications.iter_mut().find(|row| !row.is_client_app).unwrap();
        server.associated_applications = vec![SiteRowId(77)];
    });
    assert_eq!(refused(&reader, NAME), [FindingCode::ConnectionAppUnclear]);
}
