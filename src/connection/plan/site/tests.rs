//! Which connection is the specification's, and what of it becomes another.

use super::*;
use crate::{
    connection::plan::operation::PlannedAction,
    site::{SiteGateway, SiteRowId, SiteTenant},
    spec::{ClientAppSpec, ServerAppSpec},
};

const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";

/// The specification of a connection that is named "New", and that was named "Former" if it has a key.
fn spec(key: Option<&str>, description: Option<&str>) -> ConnectionSpec {
    let mut builder = ConnectionSpec::builder("New")
        .server_app(ServerAppSpec::builder("Server"))
        .client_app(ClientAppSpec::builder("Client"));
    if let Some(key) = key {
        builder = builder.key(key);
    }
    if let Some(description) = description {
        builder = builder.description(description);
    }
    builder.build().unwrap()
}

fn named(name: &str, description: Option<&str>) -> SiteConnection {
    SiteConnection::new(SiteRowId(9), name, description.map(str::to_owned), vec![SiteRowId(2)])
}

/// A site with these connections of the server app, each with the number of its type, and a gateway for each that is named.
fn site(connections: &[(&str, i64)], used: &[&str]) -> SiteSnapshot {
    let tenant = SiteTenant::new(SiteRowId(1), TENANT.parse().unwrap(), "Contoso", None);
    let server = SiteApplication::new(SiteRowId(2), SERVER.parse().unwrap(), "Server", SiteRowId(1), false);
    let mut site = SiteSnapshot {
        tenants: vec![tenant],
        applications: vec![server],
        ..SiteSnapshot::default()
    };
    for ((name, service_type), row) in connections.iter().zip(10..) {
        let mut connection = named(name, None);
        connection.id = SiteRowId(row);
        connection.service_type = Some(*service_type);
        if used.contains(name) {
            let gateway = SiteGateway::new(format!("{name}.contoso.com"), Some(connection.id));
            site.gateways.get_or_insert_default().push(gateway);
        }
        site.connections.push(connection);
    }
    site
}

#[test]
fn the_connection_that_is_renamed_is_that_of_the_key_or_the_only_one_that_may_be_meant() {
    let key = Some("Former");
    for (key, connections, used, expected) in [
        // Whose type is not known may be meant.
        (key, &[("Other", 1), ("Former", 1)][..], &[][..], Some("Former")),
        (key, &[("Former", 7), ("Other", 1)], &["Other"], Some("Other")),
        (key, &[("Former", 1), ("Other", 1)], &["Other"], Some("Former")),
        (key, &[("Other", 1)], &[], Some("Other")),
        (key, &[("Other", 7), ("Third", 1)], &["Third"], Some("Third")),
        (key, &[("Other", 1), ("Third", 1)], &[], None),
        (key, &[("Other", 1), ("Third", 1)], &["Other", "Third"], None),
        (key, &[("New", 1), ("Former", 1)], &[], None),
        (key, &[], &[], None),
        (None, &[("Former", 1)], &[], None),
    ] {
        let site = site(connections, used);
        let (spec, server) = (spec(key, None), SERVER.parse().unwrap());
        let found = renamed_connection(&spec, &site, TENANT.parse().unwrap(), Some(server));
        assert_eq!(found.map(|found| found.name.as_str()), expected, "{connections:?} {used:?}");
        assert_eq!(renamed_connection(&spec, &site, TENANT.parse().unwrap(), None), None);
    }
}

#[test]
fn another_name_or_another_description_is_a_change_of_the_connection() {
    for (held, description, action) in [
        (named("New", Some("a")), Some("a"), PlannedAction::Keep),
        (named("New", Some("a")), None, PlannedAction::Keep),
        (named("New", Some("a")), Some("b"), PlannedAction::Update),
        (named("Former", Some("a")), Some("a"), PlannedAction::Update),
    ] {
        assert_eq!(connection(&spec(None, description), Some(&held)).action, action, "{held:?}");
    }
    assert_eq!(connection(&spec(None, None), None).action, PlannedAction::Create);
}

#[test]
fn what_was_read_back_is_compared_with_what_the_specification_gives() {
    for (held, description, expected) in [
        (named("New", Some("a")), Some("a"), &[][..]),
        (named("New", Some("a")), None, &[]),
        (named("New", Some("a")), Some("b"), &["description"]),
        (named("New", None), Some("b"), &["description"]),
        (named("Former", Some("a")), Some("a"), &["name"]),
        (named("Former", None), Some("a"), &["name", "description"]),
    ] {
        assert_eq!(not_as_wanted(&spec(None, description), &held), expected, "{held:?}");
    }
    let wanted = spec(None, None).to_builder().discovery(DiscoverySpec::builder().users());
    let wanted = wanted.build().unwrap();
    let mut held = named("New", None);
    assert_eq!(not_as_wanted(&wanted, &held), ["users"]);
    held.is_discovery_unread = true;
    assert!(not_as_wanted(&wanted, &held).is_empty());
}
