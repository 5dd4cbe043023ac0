use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{cloud::CloudEnvironment, site::admin_service::rows::Row};

fn read<R: Row>(rows: Value) -> Vec<R> {
    serde_json::from_value(rows).unwrap()
}

fn discovery(rows: Value) -> Discovery {
    let mut unread = Vec::new();
    let sorted = Discovery::sort(read(rows), &mut unread);
    assert_eq!(unread, []);
    sorted
}

/// The discovery rows that are not understood, each with the property.
fn not_understood(rows: Value) -> Vec<(i64, String)> {
    let mut unread = Vec::new();
    let sorted = Discovery::sort(read(rows), &mut unread);
    assert!(sorted.users.is_empty() && sorted.groups.is_empty());
    assert!(sorted.is_unread(10), "what is not understood may be the connection's");
    unread.into_iter().map(|row| (row.row.unwrap().0, row.property)).collect()
}

#[test]
fn environments_are_resolved_by_their_names_and_unknown_ones_stay_numbers() {
    let rows = Rows {
        environments: read(json!([
            {"ID": 7, "EnvironmentName": "AzurePublicCloud"},
            {"ID": "2", "EnvironmentName": "AzureUSGovernmentCloud"},
            {"ID": 3, "EnvironmentName": "AzureMoonCloud"},
        ])),
        tenants: read(json!([
            {"ID": 1, "TenantID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "Name": "a", "Environment": "7"},
            {"ID": 2, "TenantID": "{6F0C1A52-3D1C-4B55-9C6B-0A4F5B7A1E12}", "Name": "b", "Environment": 2},
            {"ID": 3, "TenantID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e13", "Name": "c", "Environment": 3},
            {"ID": 4, "TenantID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e14", "Name": null, "Environment": 0},
            {"ID": 5, "TenantID": "no guid"},
            {"TenantID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e15"},
        ])),
        ..Rows::default()
    };
    let snapshot = rows.into_snapshot();
    assert_eq!(
        snapshot.unread,
        [
            UnreadRow::new("SMS_AAD_Tenant_Ex", Some(SiteRowId(5)), "TenantID"),
            UnreadRow::new("SMS_AAD_Tenant_Ex", None, "ID"),
        ]
    );
    let tenants = snapshot.tenants;
    let told: Vec<_> = tenants
        .iter()
        .map(|tenant| (tenant.environment, tenant.environment_number, tenant.environment_name.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(CloudEnvironment::AzurePublicCloud), Some(7), Some("AzurePublicCloud")),
            (
                Some(CloudEnvironment::AzureUsGovernmentCloud),
                Some(2),
                Some("AzureUSGovernmentCloud")
            ),
            (None, Some(3), Some("AzureMoonCloud")),
            (None, Some(0), None),
        ]
    );
}

#[test]
fn a_site_that_does_not_tell_where_it_is_is_not_taken_for_the_one_at_the_top() {
    let top = |rows: Value| info(&read::<SiteRow>(rows));
    let untold = json!({"SiteCode": "P01", "Version": "5.00.9128.1000", "ReportingSiteCode": null});
    let at_top = json!({"SiteCode": "CAS", "Version": "5.00.9128.1000", "ReportingSiteCode": ""});
    let below = json!({"SiteCode": "P02", "Version": "5.00.9128.1000", "ReportingSiteCode": "CAS"});
    let found = top(json!([untold, at_top, below]));
    assert_eq!((found.site_code.as_str(), found.hierarchy), ("CAS", SiteHierarchy::Top));
    let found = top(json!([below, untold]));
    assert_eq!((found.site_code.as_str(), found.hierarchy), ("P01", SiteHierarchy::Unknown));
}

#[test]
fn a_group_row_is_known_by_its_scopes_and_user_rows_by_what_is_left() {
    let sorted = discovery(json!([
        {"ID": 1, "CloudServiceId": 10, "AgentType": 31, "FullSyncEnabled": true, "FullSyncSchedule": "0001170000100038", "DiscoveryScopeIds": [], "DiscoveryScopeNames": []},
        {"ID": 2, "CloudServiceId": 10, "AgentType": 32, "DeltaSyncEnabled": 1, "DeltaSyncInterval": "5", "DiscoveryScopeIds": ["g"]},
        {"ID": 3, "CloudServiceId": 11, "AgentType": 32, "FullSyncEnabled": true, "DiscoveryScopeIds": [], "DiscoveryScopeNames": []},
    ]));
    assert_eq!(sorted.users.keys().collect::<Vec<_>>(), [&10]);
    assert_eq!(sorted.groups[&10].delta_minutes, Some(5));
    assert_eq!(sorted.groups[&10].agent_type, Some(32));
    assert_eq!(sorted.users[&10].full_schedule.as_ref().unwrap().to_string(), "0001170000100038");
    assert!(sorted.groups.contains_key(&11), "the number of a group row tells another one");
}

#[test]
fn what_cannot_be_told_apart_is_not_guessed() {
    let row = |id: i64, more: Value| {
        let mut row = json!({"ID": id, "CloudServiceId": 10, "AgentType": id, "FullSyncEnabled": true, "DeltaSyncEnabled": false,
            "DiscoveryScopeIds": [], "DiscoveryScopeNames": []});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let two_without_groups = json!([row(1, json!({})), row(2, json!({}))]);
    let agent_type = || "AgentType".to_owned();
    assert_eq!(not_understood(two_without_groups), [(1, agent_type()), (2, agent_type())]);
    for (more, property) in [
        (json!({"FullSyncEnabled": null}), "FullSyncEnabled"),
        (json!({"CloudServiceId": null}), "CloudServiceId"),
        // Without its scopes, a group row looks like a user row.
        (json!({"DiscoveryScopeIds": null}), "DiscoveryScopeIds"),
        (json!({"DiscoveryScopeNames": ["x", true]}), "DiscoveryScopeIds"),
        (json!({"__LAZYPROPERTIES": ["DiscoveryScopeIds"]}), "DiscoveryScopeIds"),
    ] {
        assert_eq!(not_understood(json!([row(1, more)])), [(1, property.to_owned())]);
    }
}

#[test]
fn an_application_whose_kind_cannot_be_read_is_no_server_app() {
    let rows = Rows {
        applications: read(json!([
            {"ID": 1, "ClientID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "TenantID": 1, "IsClientApp": null},
            {"ID": 2, "ClientID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e12", "IsClientApp": false},
        ])),
        ..Rows::default()
    };
    let snapshot = rows.into_snapshot();
    assert!(snapshot.applications.is_empty());
    let unread: Vec<_> = snapshot.unread.iter().map(|row| row.property.as_str()).collect();
    assert_eq!(unread, ["IsClientApp", "TenantID"]);
}

#[test]
fn discovery_that_is_off_is_none_and_an_odd_schedule_is_kept_as_text() {
    let sorted = discovery(json!([
        {"ID": 1, "CloudServiceId": 10, "FullSyncEnabled": false, "DeltaSyncEnabled": "false", "DeltaSyncInterval": 5},
        {"ID": 2, "CloudServiceId": 11, "FullSyncEnabled": true, "DiscoveryScopeIds": [], "DiscoveryScopeNames": [], "FullSyncSchedule": "00011700001000380001200000114000", "DeltaSyncInterval": -5, "DeltaSyncEnabled": true},
    ]));
    assert!(!sorted.users.contains_key(&10));
    let odd = &sorted.users[&11];
    assert_eq!((odd.full_schedule.as_ref(), odd.delta_minutes), (None, None));
    assert_eq!(odd.full_schedule_text.as_deref().map(str::len), Some(32));
}

#[test]
fn the_site_at_the_top_is_the_one_that_reports_to_no_other_site() {
    let rows = |sites: Value| {
        let rows = Rows {
            sites: read(sites),
            ..Rows::default()
        };
        rows.into_snapshot().info.site_code
    };
    let primary = json!({"SiteCode": "PR1", "ReportingSiteCode": "CAS", "Version": "5.00.9128.1000"});
    let top = json!({"SiteCode": "CAS", "ReportingSiteCode": "", "Version": "5.00.9128.1000"});
    assert_eq!(rows(json!([primary, top])), "CAS");
    assert_eq!(rows(json!([primary])), "PR1");
    assert_eq!(rows(json!([])), "");
}

#[test]
fn a_gateway_without_a_connection_says_nothing_about_any_and_no_answer_is_unknown() {
    let rows = Rows {
        gateways: Some(read(json!([
            {"Name": "A", "AzureCloudServiceId": 16777219},
            {"Name": "B", "AzureCloudServiceId": 0},
            {"Name": "C", "AzureCloudServiceId": null},
        ]))),
        ..Rows::default()
    };
    let connections: Vec<_> = rows
        .into_snapshot()
        .gateways
        .unwrap()
        .iter()
        .map(|gateway| gateway.connection)
        .collect();
    assert_eq!(connections, [Some(SiteRowId(16_777_219)), None, None]);
    assert_eq!(Rows::default().into_snapshot().gateways, None);
}

#[test]
fn a_site_that_reports_to_another_one_says_so() {
    let rows = |sites: Value| Rows {
        sites: read(sites),
        ..Rows::default()
    };
    let hierarchy = |sites: Value| rows(sites).into_snapshot().info.hierarchy;
    let below = SiteHierarchy::Below {
        reports_to: "CAS".to_owned(),
    };
    assert_eq!(hierarchy(json!([{"SiteCode": "PR1", "ReportingSiteCode": "CAS"}])), below);
    assert_eq!(hierarchy(json!([{"SiteCode": "PR1", "ReportingSiteCode": ""}])), SiteHierarchy::Top);
    assert_eq!(hierarchy(json!([{"SiteCode": "PR1"}])), SiteHierarchy::Unknown);
}

#[test]
fn an_applications_secret_never_gets_past_the_reader() {
    let rows: Vec<ApplicationRow> = read(json!([{
        "ID": 1, "ClientID": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "TenantID": 1, "IsClientApp": false, "SecretKey": "0C0100canary-7Q",
    }]));
    assert!(!format!("{rows:?}").contains("canary-7Q"));
    let application = application(rows.into_iter().next().unwrap()).unwrap();
    assert!(!serde_json::to_string(&application).unwrap().contains("canary-7Q"));
    assert!(!ApplicationRow::PROPERTIES.contains("Secret,") && !ApplicationRow::PROPERTIES.contains("SecretKey,"));
}

/// Any JSON value of a property.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("9999-12-31T23:59:59-08:00")),
        Just(json!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")),
        Just(json!("0001170000100038")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::hash_map("[a-z]{1,4}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_rows<R: Row + std::fmt::Debug>() -> impl Strategy<Value = Vec<R>> {
    let names: Vec<&str> = R::PROPERTIES.split(',').collect();
    let row = prop::collection::vec(any_value(), names.len()).prop_map(move |values| {
        let object = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
        serde_json::from_value::<R>(Value::Object(object)).unwrap()
    });
    prop::collection::vec(row, 0..4)
}

proptest! {
    #[test]
    fn whatever_stands_in_a_row_the_others_are_read(
        sites in any_rows::<SiteRow>(),
        environments in any_rows::<EnvironmentRow>(),
        tenants in any_rows::<TenantRow>(),
        applications in any_rows::<ApplicationRow>(),
        connections in any_rows::<ConnectionRow>(),
        discovery in any_rows::<DiscoveryRow>(),
        gateways in prop::option::of(any_rows::<GatewayRow>()),
    ) {
        let rows = Rows { sites, environments, tenants, applications, connections, discovery, gateways };
        let snapshot = rows.into_snapshot();
        prop_assert!(serde_json::to_string(&snapshot).is_ok());
    }
}
