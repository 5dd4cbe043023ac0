//! Makes a [`SiteSnapshot`] of the rows that the administration service has given: pure, without requests.
//!
//! Rows refer to each other by number, and two of these numbers are documented nowhere: what `ServiceType` and
//! `AgentType` mean. Nothing is guessed from them. What the site has and the reader does not understand goes into
//! [`SiteSnapshot::unread`], so that it is unknown to the rest of the crate and never absent.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rows::{ApplicationRow, ConnectionRow, DiscoveryRow, EnvironmentRow, GatewayRow, Row, SiteRow, TenantRow};
use crate::site::{
    SiteApplication, SiteConnection, SiteDiscovery, SiteGateway, SiteHierarchy, SiteInfo, SiteRowId, SiteSnapshot, SiteTenant, UnreadRow,
};

/// Everything that was read of a site.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) sites: Vec<SiteRow>,
    pub(super) environments: Vec<EnvironmentRow>,
    pub(super) tenants: Vec<TenantRow>,
    pub(super) applications: Vec<ApplicationRow>,
    pub(super) connections: Vec<ConnectionRow>,
    pub(super) discovery: Vec<DiscoveryRow>,
    /// `None` if the service did not give them.
    pub(super) gateways: Option<Vec<GatewayRow>>,
}

impl Rows {
    /// The site as this crate knows it. A row without the values that make it what it is goes into `unread`.
    pub(super) fn into_snapshot(self) -> SiteSnapshot {
        let environments: HashMap<i64, String> = self.environments.into_iter().filter_map(|row| Some((row.id?, row.name?))).collect();
        let mut unread = Vec::new();
        let discovery = Discovery::sort(self.discovery, &mut unread);
        SiteSnapshot {
            info: info(&self.sites),
            tenants: understood(self.tenants, &mut unread, |row| tenant(row, &environments)),
            applications: understood(self.applications, &mut unread, application),
            connections: understood(self.connections, &mut unread, |row| connection(row, &discovery)),
            gateways: self.gateways.map(|rows| rows.into_iter().map(gateway).collect()),
            unread,
        }
    }
}

/// The site at the top of its hierarchy, which is the one that Azure services belong to. One that does not tell where it is
/// is taken only if none tells that it is at the top.
fn info(sites: &[SiteRow]) -> SiteInfo {
    let is_top = |row: &&SiteRow| row.reporting_site_code.as_deref().is_some_and(|code| code.trim().is_empty());
    let is_untold = |row: &&SiteRow| row.reporting_site_code.is_none();
    let top = sites.iter().find(is_top).or_else(|| sites.iter().find(is_untold));
    let Some(top) = top.or_else(|| sites.first()) else {
        return SiteInfo::default();
    };
    let mut info = SiteInfo::new(top.site_code.clone().unwrap_or_default(), top.version.clone().unwrap_or_default());
    info.hierarchy = SiteHierarchy::of(top.reporting_site_code.as_deref());
    info
}

/// A number that was never set is 0, which is the row of no connection.
fn gateway(row: GatewayRow) -> SiteGateway {
    let connection = row.connection.filter(|number| *number != 0);
    SiteGateway::new(row.name.unwrap_or_default(), connection.map(SiteRowId))
}

pub(super) fn application(row: ApplicationRow) -> Result<SiteApplication, UnreadRow> {
    let unread = |property| UnreadRow::new(ApplicationRow::CLASS, row.id.map(SiteRowId), property);
    let id = row.id.ok_or_else(|| unread("ID"))?;
    let client_id = guid(row.client_id.as_deref()).ok_or_else(|| unread("ClientID"))?;
    let tenant = row.tenant.ok_or_else(|| unread("TenantID"))?;
    let is_client_app = row.is_client_app.ok_or_else(|| unread("IsClientApp"))?;
    let name = row.name.unwrap_or_default();
    let mut application = SiteApplication::new(SiteRowId(id), client_id, name, SiteRowId(tenant), is_client_app);
    application.identifier_uri = row.identifier_uri.filter(|uri| !uri.is_empty());
    application.reply_url = row.reply_url.filter(|url| !url.is_empty());
    application.secret_expiry = row.secret_expiry;
    application.created = row.created;
    application.secret_created = row.secret_created;
    application.updated = row.updated;
    application.source = row.source;
    application.associated_applications = row.associated.unwrap_or_default();
    Ok(application)
}

fn tenant(row: TenantRow, environments: &HashMap<i64, String>) -> Result<SiteTenant, UnreadRow> {
    let unread = |property| UnreadRow::new(TenantRow::CLASS, row.id.map(SiteRowId), property);
    let id = row.id.ok_or_else(|| unread("ID"))?;
    let tenant_id = guid(row.tenant_id.as_deref()).ok_or_else(|| unread("TenantID"))?;
    let name = row.environment.and_then(|number| environments.get(&number));
    let environment = name.and_then(|name| name.parse().ok());
    let mut tenant = SiteTenant::new(SiteRowId(id), tenant_id, row.name.unwrap_or_default(), environment);
    tenant.environment_number = row.environment;
    tenant.environment_name = name.cloned();
    Ok(tenant)
}

/// Web apps that could not be read stay an empty list, which [`SiteConnection`] takes for unread.
fn connection(row: ConnectionRow, discovery: &Discovery) -> Result<SiteConnection, UnreadRow> {
    let id = row.id.ok_or_else(|| UnreadRow::new(ConnectionRow::CLASS, None, "ID"))?;
    let description = row.description.filter(|text| !text.is_empty());
    let web_applications = row.web_applications.unwrap_or_default();
    let mut connection = SiteConnection::new(SiteRowId(id), row.name.unwrap_or_default(), description, web_applications);
    connection.service_type = row.service_type;
    connection.user_discovery = discovery.users.get(&id).cloned();
    connection.group_discovery = discovery.groups.get(&id).cloned();
    connection.is_discovery_unread = discovery.is_unread(id);
    Ok(connection)
}

fn guid<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.trim().parse().ok()
}

/// The rows that can be read; the others are told.
fn understood<R, T>(rows: Vec<R>, unread: &mut Vec<UnreadRow>, read: impl Fn(R) -> Result<T, UnreadRow>) -> Vec<T> {
    rows.into_iter()
        .filter_map(|row| read(row).map_err(|problem| unread.push(problem)).ok())
        .collect()
}

/// Discovery that is switched on, by connection.
///
/// Only group discovery has scopes, so a row with scopes is a group row, and so is every other row with its `AgentType`.
/// The row that is left of a connection is its user row, if it is a single one.
#[derive(Debug, Default)]
struct Discovery {
    users: HashMap<i64, SiteDiscovery>,
    groups: HashMap<i64, SiteDiscovery>,
    /// The connections of rows that are not understood; `None` is a row of which not even that is known.
    unread: HashSet<Option<i64>>,
}

impl Discovery {
    fn sort(rows: Vec<DiscoveryRow>, unread: &mut Vec<UnreadRow>) -> Self {
        let mut problems = Vec::new();
        let rows = readable(rows, &mut problems);
        let group_types: Vec<i64> = rows.iter().filter(|row| has_scopes(row)).filter_map(|row| row.agent_type).collect();
        let is_group = |row: &DiscoveryRow| has_scopes(row) || row.agent_type.is_some_and(|number| group_types.contains(&number));
        let (groups, others): (Vec<DiscoveryRow>, Vec<DiscoveryRow>) = rows.into_iter().partition(is_group);
        let groups = by_connection(groups, &mut problems);
        let users = by_connection(others, &mut problems);
        let (connections, rows): (HashSet<_>, Vec<_>) = problems.into_iter().unzip();
        unread.extend(rows);
        Self {
            users,
            groups,
            unread: connections,
        }
    }

    fn is_unread(&self, connection: i64) -> bool {
        self.unread.contains(&Some(connection)) || self.unread.contains(&None)
    }
}

/// A row that is not understood, with its connection.
type Problem = (Option<i64>, UnreadRow);

/// The rows of discovery that is switched on.
fn readable(rows: Vec<DiscoveryRow>, problems: &mut Vec<Problem>) -> Vec<DiscoveryRow> {
    let on = rows.into_iter().filter(|row| {
        let unread = match is_on(row) {
            Some(false) => return false,
            None => "FullSyncEnabled",
            Some(true) if row.connection.is_none() => "CloudServiceId",
            Some(true) if !has_scopes(row) && !row.are_scopes_known() => "DiscoveryScopeIds",
            Some(true) => return true,
        };
        problems.push(problem(row, unread));
        false
    });
    on.collect()
}

/// If a connection has two rows of one kind, which of them is which is not understood.
fn by_connection(rows: Vec<DiscoveryRow>, problems: &mut Vec<Problem>) -> HashMap<i64, SiteDiscovery> {
    let mut found: BTreeMap<i64, Vec<DiscoveryRow>> = BTreeMap::new();
    for row in rows {
        if let Some(connection) = row.connection {
            found.entry(connection).or_default().push(row);
        }
    }
    let mut single = HashMap::new();
    for (connection, mut rows) in found {
        match rows.pop() {
            Some(row) if rows.is_empty() => {
                single.insert(connection, settings(row));
            }
            last => problems.extend(rows.iter().chain(&last).map(|row| problem(row, "AgentType"))),
        }
    }
    single
}

fn problem(row: &DiscoveryRow, property: &str) -> Problem {
    (row.connection, UnreadRow::new(DiscoveryRow::CLASS, row.id.map(SiteRowId), property))
}

/// Whether a row has scopes that only group discovery has.
fn has_scopes(row: &DiscoveryRow) -> bool {
    let is_given = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| list.iter().any(|text| !text.is_empty()));
    is_given(&row.scope_ids) || is_given(&row.scope_names)
}

/// `None` if the flags could not be read.
fn is_on(row: &DiscoveryRow) -> Option<bool> {
    match (row.full_enabled, row.delta_enabled) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn settings(row: DiscoveryRow) -> SiteDiscovery {
    let schedule = row.full_schedule.filter(|text| !text.trim().is_empty());
    // The provider writes 0 for a number that was never set.
    let minutes = row
        .delta_minutes
        .filter(|minutes| *minutes > 0 && row.delta_enabled.unwrap_or_default());
    SiteDiscovery {
        full_schedule: schedule
            .as_deref()
            .filter(|_| row.full_enabled.unwrap_or_default())
            .and_then(|text| text.trim().parse().ok()),
        delta_minutes: minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        group_names: row.scope_names.unwrap_or_default(),
        group_ids: row.scope_ids.unwrap_or_default(),
        full_schedule_text: schedule,
        agent_type: row.agent_type,
        last_full_sync: row.last_full_sync,
        last_delta_sync: row.last_delta_sync,
    }
}

#[cfg(test)]
mod tests;
