//! A rename, discovery switched off, groups taken out and another schedule are changes.

use cmg_onboarding::{
    AzureServicesConnection, Call, ConnectionSpec, DiscoverySpec, Site, SiteError, Step, async_trait,
    connection::{FindingCode, NextStepCode, Operation, PlannedAction, Severity, StepAction},
    error::SiteUnreachable,
    site::{SiteAction, SiteFailure, SiteGateway, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteSnapshot},
    spec::DiscoverySpecBuilder,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};
use serde_json::{Value, json};
use time::macros::datetime;

use super::{at_site, found, imported, job, rows};
use crate::support::{assert_documented, connection, directory, over_http, spec};

fn renamed(key: Option<&str>) -> ConnectionSpec {
    let spec: Value = serde_json::to_value(spec()).unwrap();
    let mut spec = spec;
    spec["name"] = json!("Fabrikam CMG");
    if let Some(key) = key {
        spec["key"] = json!(key);
    }
    serde_json::from_value(spec).unwrap()
}

#[tokio::test]
async fn a_connection_is_renamed_if_the_key_says_what_it_was_and_the_next_plan_is_empty() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let (row, apps) = (rows(&site).connections[0].id, tenant.state()["applications"].clone());
    // Over the remote face, which carries the rename as data.
    let job = over_http(renamed(Some("Contoso CMG")), &server, &tenant).site(RemoteSite::builder(server.url().clone()).build());
    let job = job.build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    let change = plan.step(Step::CreateConnection).unwrap();
    let Operation::UpdateConnection { name, new_name, .. } = &change.operation else {
        panic!("{change:?}")
    };
    assert_eq!((name.as_str(), new_name.as_deref()), ("Contoso CMG", Some("Fabrikam CMG")));
    assert_eq!(change.action, PlannedAction::Update);
    assert!(plan.to_string().contains("Name: Contoso CMG -> Fabrikam CMG"), "{plan}");

    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::CreateConnection).unwrap().action, StepAction::Updated);
    let connections = rows(&site).connections;
    assert_eq!(
        (connections.len(), connections[0].id, connections[0].name.as_str()),
        (1, row, "Fabrikam CMG")
    );
    assert_eq!(outcome.connection.unwrap().name, "Fabrikam CMG");
    assert_eq!(tenant.state()["applications"], apps, "the apps stay as they are");
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_imported_connection_is_renamed_with_a_key_and_only_told_without_one() {
    let site = EmulatedSite::new();
    let expiry = datetime!(2099-01-01 00:00 UTC);
    at_site(imported("Contoso CMG", "a~value", expiry), &site)
        .onboard(|_| ())
        .await
        .unwrap();
    let other = imported("Fabrikam CMG", "a~value", expiry);
    let plan = at_site(other.clone(), &site).plan(|_| ()).await.unwrap();
    let told = found(plan.findings(), FindingCode::ConnectionNamedOtherwise).unwrap();
    assert_eq!(
        (told.severity(), &told.parameters()["connection"]),
        (Severity::Warning, &"Contoso CMG".into())
    );
    assert!(told.remedy().contains("give the specification a key"), "{told}");
    assert!(matches!(
        plan.step(Step::CreateConnection).unwrap().operation,
        Operation::CreateConnection { .. }
    ));
    let keyed = other.to_builder().key("contoso").build().unwrap();
    at_site(keyed, &site).onboard(|_| ()).await.unwrap();
    assert_eq!(rows(&site).connections[0].name, "Fabrikam CMG");
}

#[tokio::test]
async fn a_connection_to_rename_is_told_unless_a_gateway_shows_that_its_type_is_cloud_management() {
    let site = EmulatedSite::new();
    let expiry = datetime!(2099-01-01 00:00 UTC);
    at_site(imported("Contoso CMG", "a~value", expiry), &site)
        .onboard(|_| ())
        .await
        .unwrap();
    let keyed = imported("Fabrikam CMG", "a~value", expiry)
        .to_builder()
        .key("contoso")
        .build()
        .unwrap();
    let told = async || {
        let plan = at_site(keyed.clone(), &site).plan(|_| ()).await.unwrap();
        let change = plan.step(Step::CreateConnection).unwrap();
        assert!(matches!(change.operation, Operation::UpdateConnection { .. }), "{plan}");
        [
            FindingCode::ConnectionOfUnknownType,
            FindingCode::ConnectionNamedOtherwise,
            FindingCode::ConnectionOfAnotherServerApp,
        ]
        .map(|code| found(plan.findings(), code).map(|finding| finding.severity()))
    };
    assert_eq!(told().await, [Some(Severity::Warning), None, None]);
    site.change(|rows| rows.gateways = Some(vec![SiteGateway::new("cmg.contoso.com", Some(rows.connections[0].id))]));
    assert_eq!(told().await, [None, None, None]);
}

#[tokio::test]
async fn a_rename_whose_answer_was_lost_is_found_done() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    site.fail_after(
        SiteItem::Connection,
        SiteUnreachable::new("the connection broke", "Run the same again."),
    );
    let job = connection(renamed(Some("Contoso CMG")), &tenant, &site);
    job.onboard(|_| ()).await.unwrap_err();
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
    assert_eq!(rows(&site).connections.len(), 1);
}

async fn with(discovery: DiscoverySpecBuilder) -> (EmulatedTenant, EmulatedSite) {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(discovering(discovery), &tenant, &site).onboard(|_| ()).await.unwrap();
    (tenant, site)
}

fn discovering(discovery: DiscoverySpecBuilder) -> ConnectionSpec {
    spec().to_builder().discovery(discovery).build().unwrap()
}

/// Applies a change of discovery, and gives what the plan says of it.
async fn change(job: &AzureServicesConnection) -> Vec<Value> {
    let plan = job.plan(|_| ()).await.unwrap();
    let properties = plan.step(Step::ConfigureDiscovery).unwrap().properties();
    let told = properties
        .iter()
        .map(|change| json!([change.property, change.from, change.to]))
        .collect();
    let shown = plan.to_string();
    plan.apply(|_| ()).await.unwrap();
    assert!(job.plan(|_| ()).await.unwrap().is_empty(), "after {shown}");
    told
}

#[tokio::test]
async fn discovery_that_is_off_in_the_specification_is_switched_off_and_what_is_absent_is_left() {
    let (tenant, site) = with(DiscoverySpec::builder().users().groups(["Ops", "Sales"])).await;
    assert!(
        connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap().is_empty(),
        "absent means: leave it"
    );
    let job = connection(discovering(DiscoverySpec::builder().users_off()), &tenant, &site);
    assert_eq!(change(&job).await, [json!(["users", "on", "off"])]);
    let held = rows(&site).connections.remove(0);
    assert!(held.user_discovery.is_none() && held.group_discovery.is_some());
    let job = connection(discovering(DiscoverySpec::builder().groups_off()), &tenant, &site);
    assert_eq!(change(&job).await, [json!(["groups", "on", "off"])]);
    assert_eq!(rows(&site).connections[0].group_discovery, None);
}

#[tokio::test]
async fn names_of_groups_are_told_apart_without_their_case() {
    let (tenant, site) = with(DiscoverySpec::builder().groups(["CMG Users", "Old"])).await;
    let same = connection(discovering(DiscoverySpec::builder().groups(["cmg users"])), &tenant, &site);
    assert!(same.plan(|_| ()).await.unwrap().is_empty(), "it is there already");
    let job = connection(discovering(DiscoverySpec::builder().remove_groups(["cmg users"])), &tenant, &site);
    assert_eq!(change(&job).await, [json!(["groups.names", ["CMG Users", "Old"], ["Old"]])]);
    assert_eq!(rows(&site).connections[0].group_discovery.clone().unwrap().group_names, ["Old"]);
    let both = DiscoverySpec::builder().groups(["Ops"]).remove_groups(["ops"]);
    assert!(spec().to_builder().discovery(both).build().is_err());
}

#[tokio::test]
async fn taking_groups_out_where_discovery_is_off_changes_nothing_for_ever() {
    let (tenant, site) = with(DiscoverySpec::builder().users()).await;
    let schedule = "0001170000100038".parse().unwrap();
    let wanted = DiscoverySpec::builder().remove_groups(["Old"]).group_schedule(schedule);
    let plan = connection(discovering(wanted), &tenant, &site).plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
}

#[tokio::test]
async fn groups_are_taken_out_by_name_and_others_stay() {
    let (tenant, site) = with(DiscoverySpec::builder().groups(["Ops", "Sales", "Old"])).await;
    let job = connection(
        discovering(DiscoverySpec::builder().groups(["New"]).remove_groups(["Old"])),
        &tenant,
        &site,
    );
    let told = change(&job).await;
    assert_eq!(told, [json!(["groups.names", ["Ops", "Sales", "Old"], ["Ops", "Sales", "New"]])]);
    let held = rows(&site).connections[0].group_discovery.clone().unwrap();
    assert_eq!(held.group_names, ["Ops", "Sales", "New"]);
}

#[tokio::test]
async fn another_schedule_and_interval_are_told_with_old_and_new() {
    let first = "0001170000100038".parse().unwrap();
    let (tenant, site) = with(DiscoverySpec::builder().user_schedule(first).user_delta_minutes(30)).await;
    let second = "0001170000100018".parse().unwrap();
    let wanted = DiscoverySpec::builder().user_schedule(second).user_delta_minutes(15);
    let told = change(&connection(discovering(wanted), &tenant, &site)).await;
    let schedule = json!(["users.fullSchedule", "0001170000100038", "0001170000100018"]);
    assert_eq!(told, [schedule, json!(["users.deltaMinutes", 30, 15])]);
}

#[tokio::test]
async fn discovery_that_could_not_be_read_is_never_called_in_place() {
    let (tenant, site) = with(DiscoverySpec::builder().users()).await;
    site.change(|rows| {
        rows.connections[0].is_discovery_unread = true;
        rows.connections[0].user_discovery = None;
    });
    let plan = connection(discovering(DiscoverySpec::builder().users_off()), &tenant, &site)
        .plan(|_| ())
        .await
        .unwrap();
    assert!(found(plan.findings(), FindingCode::DiscoveryUnread).is_some(), "{plan}");
    let change = &plan.step(Step::ConfigureDiscovery).unwrap().properties()[0];
    assert_eq!((&change.from, &change.to), (&Value::Null, &json!("off")));
}

/// A site that says yes to everything and leaves discovery as it is.
#[derive(Debug)]
struct Deaf(EmulatedSite);

#[async_trait]
impl Site for Deaf {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.0.snapshot(call).await
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let mut heard = wanted.clone();
        heard.discovery = None;
        let mut onboarded = self.0.onboard(call, &heard).await?;
        onboarded
            .done
            .push(SiteProgress::new(SiteItem::Discovery, SiteAction::Changed, None));
        Ok(onboarded)
    }
}

#[tokio::test]
async fn what_the_site_has_not_taken_is_told_whatever_it_says_of_its_items() {
    let (tenant, site) = with(DiscoverySpec::builder().users().groups(["Ops"])).await;
    let wanted = DiscoverySpec::builder().users_off().groups(["New"]);
    let job = job(discovering(wanted), &tenant, &site).site(Deaf(site.clone())).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    let told = found(&outcome.findings, FindingCode::ConnectionReadBackDiffers).unwrap();
    assert_eq!(told.parameters()["properties"], json!(["users", "groups.names"]));
    let open = outcome
        .next_steps
        .iter()
        .find(|step| step.code == NextStepCode::ChooseDiscoveryGroups)
        .unwrap();
    assert_eq!(open.parameters["groups"], json!(["New"]));
}

/// The findings on groups of a plan, over HTTP and without a socket, for a caller with these permissions beside the usual ones.
async fn on_groups(more: &[&str], there: &[&str], wanted: &[&str], site: &EmulatedSite) -> Vec<(FindingCode, Severity, Value)> {
    let usual = [
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
    ];
    let scopes = usual.iter().chain(more).copied().chain(["User.Read"]);
    let caller = Caller::global_administrator().with_scopes(scopes);
    let tenant = there
        .iter()
        .fold(EmulatedTenant::builder().caller(caller.clone()), |tenant, name| tenant.group(*name));
    let tenant = tenant.build();
    let spec = discovering(DiscoverySpec::builder().groups(wanted.iter().copied()));
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let jobs = [
        connection(spec.clone(), &tenant, site),
        AzureServicesConnection::builder(spec)
            .directory(directory(&server, &tenant, &caller))
            .site(site.clone())
            .build()
            .unwrap(),
    ];
    let mut answers = Vec::new();
    for job in jobs {
        let plan = job.plan(|_| ()).await.unwrap();
        let on_groups = plan
            .findings()
            .iter()
            .filter(|finding| finding.field() == Some("discovery.groups.names"));
        let told = on_groups.map(|finding| {
            assert_documented(finding);
            assert_eq!(finding.step(), Some(Step::ConfigureDiscovery));
            (finding.code(), finding.severity(), finding.parameters()["groups"].clone())
        });
        answers.push(told.collect::<Vec<_>>());
    }
    assert_eq!(answers[0], answers[1], "over HTTP it is the same");
    answers.swap_remove(0)
}

#[tokio::test]
async fn a_misspelt_group_is_told_before_anything_is_written() {
    let there = ["Finance", "O'Neil & Söhne", "Ops", "ops"];
    for permission in ["GroupMember.Read.All", "Directory.Read.All"] {
        let found = on_groups(
            &[permission],
            &there,
            &["finance", "O'Neil & Söhne", "Finnance", "OPS"],
            &EmulatedSite::new(),
        )
        .await;
        let expected = [
            (FindingCode::GroupNotFound, Severity::Warning, json!(["Finnance"])),
            (FindingCode::GroupNameAmbiguous, Severity::Warning, json!(["OPS"])),
        ];
        assert_eq!(found, expected, "{permission}");
    }
}

#[tokio::test]
async fn groups_that_may_not_be_read_are_unknown_and_not_absent() {
    let found = on_groups(&[], &["Finance"], &["Finance"], &EmulatedSite::new()).await;
    assert_eq!(found, [(FindingCode::GroupsUnread, Severity::Note, json!(["Finance"]))]);
}

#[tokio::test]
async fn more_groups_than_one_question_takes_are_all_looked_up() {
    let there: Vec<String> = (0..31).map(|number| format!("Group {number}")).collect();
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    let wanted: Vec<&str> = there.iter().copied().chain(["Absent"]).collect();
    let found = on_groups(&["GroupMember.Read.All"], &there, &wanted, &EmulatedSite::new()).await;
    assert_eq!(found, [(FindingCode::GroupNotFound, Severity::Warning, json!(["Absent"]))]);
}

#[tokio::test]
async fn a_group_that_the_site_has_already_is_left_alone_even_if_it_was_renamed() {
    let (tenant, site) = with(DiscoverySpec::builder().groups(["Ops"])).await;
    let reader = Caller::global_administrator().with_scopes(["Application.ReadWrite.All", "Directory.Read.All", "User.Read"]);
    let job = connection(
        discovering(DiscoverySpec::builder().groups(["Ops", "New"])),
        &tenant.with_caller(reader),
        &site,
    );
    let plan = job.plan(|_| ()).await.unwrap();
    let told = found(plan.findings(), FindingCode::GroupNotFound).unwrap();
    assert_eq!(told.parameters()["groups"], json!(["New"]));
}

#[tokio::test]
async fn discovery_that_is_only_switched_off_asks_for_no_consent() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = connection(discovering(DiscoverySpec::builder().users_off().groups_off()), &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    assert_eq!(plan.step(Step::ConsentDirectoryRead), None, "{plan}");
    plan.apply(|_| ()).await.unwrap();
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}
