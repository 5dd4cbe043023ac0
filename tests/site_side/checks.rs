//! What is found before a run.

use cmg_onboarding::{
    Call, ConnectionSpec, Site, SiteError, async_trait,
    connection::{FindingCode, Severity},
    site::{SiteApplication, SiteConnection, SiteGateway, SiteRowId, SiteSnapshot},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};

use super::{TENANT, blocked, codes, found, job, rows};
use crate::support::{connection, spec};

/// Another Azure service of the same tenant, with the web app of the connection, as sharing apps is allowed.
fn add_service(site: &EmulatedSite, name: &str, service_type: Option<i64>) {
    site.change(|rows| {
        let web_apps = rows.connections[0].web_applications.clone();
        let mut service = SiteConnection::new(SiteRowId(99), name, None, web_apps);
        service.service_type = service_type;
        rows.connections.push(service);
    });
}

/// A gateway that uses the connection, which tells the number of the type Cloud Management.
fn add_gateway(site: &EmulatedSite, name: &str) {
    site.change(|rows| {
        let connection = rows.connections[0].id;
        rows.gateways.get_or_insert_default().push(SiteGateway::new(name, Some(connection)));
    });
}

#[tokio::test]
async fn an_azure_service_of_another_type_is_told_and_no_conflict() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    add_service(&site, "Administration Service Management", Some(7));
    add_gateway(&site, "cmg.contoso.com");
    let plan = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let note = found(plan.findings(), FindingCode::OtherAzureService).unwrap();
    assert_eq!((note.severity(), &note.parameters()["serviceType"]), (Severity::Note, &7.into()));
}

#[tokio::test]
async fn a_service_whose_type_nothing_tells_is_a_warning_and_the_product_decides() {
    for (service_type, has_own_app, code) in [
        (Some(7), true, FindingCode::ConnectionNamedOtherwise),
        (None, true, FindingCode::ConnectionNamedOtherwise),
        (Some(7), false, FindingCode::ConnectionOfUnknownType),
        (None, false, FindingCode::ConnectionOfUnknownType),
    ] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
        add_service(&site, "Log Analytics", service_type);
        if !has_own_app {
            site.change(|rows| {
                let own = rows.applications[0].clone();
                let mut other = SiteApplication::new(SiteRowId(98), TENANT.parse().unwrap(), "Log Analytics", own.tenant, false);
                other.identifier_uri = Some("api://other".to_owned());
                rows.applications.push(other);
                rows.connections[1].web_applications = vec![SiteRowId(98)];
            });
        }
        let plan = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
        let warning = found(plan.findings(), code).unwrap_or_else(|| panic!("{code:?} in {plan}"));
        assert_eq!(warning.severity(), Severity::Warning);
        assert!(!warning.to_string().to_lowercase().contains("delete"), "{warning}");
    }
}

#[tokio::test]
async fn a_second_connection_of_the_type_cloud_management_blocks() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    add_service(&site, "Another gateway's", Some(1));
    add_gateway(&site, "cmg.contoso.com");
    let blocked = blocked(&connection(spec(), &tenant, &site)).await;
    assert!(
        found(blocked.findings(), FindingCode::ConnectionNamedOtherwise).is_some(),
        "{blocked:?}"
    );
}

#[tokio::test]
async fn a_connection_whose_name_differs_in_case_alone_blocks_whichever_app_it_uses() {
    let named = |name: &str, key: Option<&str>| {
        let builder = spec().to_builder().name(name);
        key.map_or_else(|| builder.clone(), |key| builder.clone().key(key)).build().unwrap()
    };
    for of_another_tenant in [false, true] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        connection(named("Contoso CMG", None), &tenant, &site)
            .onboard(|_| ())
            .await
            .unwrap();
        if of_another_tenant {
            site.change(|rows| {
                let other = SiteApplication::new(SiteRowId(98), TENANT.parse().unwrap(), "Other", SiteRowId(97), false);
                rows.applications.push(other);
                rows.connections[0].web_applications = vec![SiteRowId(98)];
            });
        }
        let blocked = blocked(&connection(named("CONTOSO cmg", None), &tenant, &site)).await;
        let taken = found(blocked.findings(), FindingCode::ConnectionNameTaken).unwrap_or_else(|| panic!("{blocked:?}"));
        assert_eq!(
            (taken.severity(), &taken.parameters()["connection"]),
            (Severity::Blocker, &"Contoso CMG".into())
        );
        assert!(taken.remedy().contains("as the site has it"), "{taken}");
    }
    // With the key, the very same connection gets the name.
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(named("Contoso CMG", None), &tenant, &site)
        .onboard(|_| ())
        .await
        .unwrap();
    connection(named("CONTOSO cmg", Some("Contoso CMG")), &tenant, &site)
        .onboard(|_| ())
        .await
        .unwrap();
    assert_eq!(rows(&site).connections[0].name, "CONTOSO cmg");
}

#[tokio::test]
async fn a_site_below_another_one_is_refused_with_the_one_at_the_top() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::builder().reports_to("CAS").build());
    let blocked = blocked(&connection(spec(), &tenant, &site)).await;
    let finding = found(blocked.findings(), FindingCode::SiteNotAtTop).unwrap();
    assert_eq!(finding.parameters()["reportsTo"], "CAS");
    assert_eq!(
        tenant.state()["applications"].as_array().unwrap().len(),
        0,
        "nothing was registered"
    );
}

#[tokio::test]
async fn an_offline_service_connection_point_is_told_and_a_site_that_tells_all_is_not_called_unknown() {
    let site = EmulatedSite::builder().service_connection_point_online(false).build();
    let plan = connection(spec(), &EmulatedTenant::new(), &site).plan(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::ServiceConnectionPointOffline).is_some());
    assert_eq!(found(plan.findings(), FindingCode::SiteFactsUnknown), None, "{plan}");
}

/// A site that tells its rows and nothing of itself.
#[derive(Debug)]
struct Silent(EmulatedSite);

#[async_trait]
impl Site for Silent {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let mut rows = self.0.snapshot(call).await?;
        rows.info = cmg_onboarding::site::SiteInfo::new("P01", "5.00.9128.1000");
        rows.gateways = None;
        rows.applications.iter_mut().for_each(|row| row.secret_expiry = None);
        Ok(rows)
    }
}

#[tokio::test]
async fn what_a_site_does_not_tell_is_told_as_unknown() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let plan = job(spec(), &tenant, &site)
        .site(Silent(site.clone()))
        .build()
        .unwrap()
        .plan(|_| ())
        .await
        .unwrap();
    let note = found(plan.findings(), FindingCode::SiteFactsUnknown).unwrap();
    let facts = ["rights", "hierarchy", "service connection point", "gateways"];
    assert_eq!(note.parameters()["facts"], serde_json::json!(facts));
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_unknown_and_not_new_enough() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    site.change(|rows| rows.info.version = "current".to_owned());
    let plan = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
    let note = found(plan.findings(), FindingCode::SiteFactsUnknown).unwrap();
    assert_eq!(note.parameters()["facts"], serde_json::json!(["version"]));
}

#[tokio::test]
async fn a_gateway_that_uses_the_connection_is_told_before_it_is_changed() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    add_gateway(&site, "cmg.contoso.com");
    let plan = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
    let note = found(plan.findings(), FindingCode::GatewayUsesConnection).unwrap();
    assert_eq!(
        (note.severity(), &note.parameters()["gateway"]),
        (Severity::Note, &"cmg.contoso.com".into())
    );
}

#[tokio::test]
async fn a_description_that_only_the_site_has_stays_and_is_no_change_for_ever() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let described: ConnectionSpec = spec().to_builder().description("The gateway of Contoso").build().unwrap();
    connection(described, &tenant, &site).onboard(|_| ()).await.unwrap();
    for _ in 0..2 {
        let job = connection(spec(), &tenant, &site);
        let plan = job.plan(|_| ()).await.unwrap();
        assert!(
            plan.is_empty() && codes(plan.findings()).contains(&FindingCode::AppIdUriResolved),
            "{plan}"
        );
        assert!(!job.onboard(|_| ()).await.unwrap().changed);
    }
    assert_eq!(rows(&site).connections[0].description.as_deref(), Some("The gateway of Contoso"));
}
