//! Puts the rows of a site together.

use std::collections::HashMap;

use super::rows::{ApplicationRow, ConnectionRow, DiscoveryRow, EnvironmentRow, SiteRow, TenantRow};
use crate::site::{SiteApplication, SiteConnection, SiteDiscovery, SiteInfo, SiteRowId, SiteSnapshot, SiteTenant};

/// Everything that was read of a site.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) sites: Vec<SiteRow>,
    pub(super) environments: Vec<EnvironmentRow>,
    pub(super) tenants: Vec<TenantRow>,
    pub(super) applications: Vec<ApplicationRow>,
    pub(super) connections: Vec<ConnectionRow>,
    pub(super) discovery: Vec<DiscoveryRow>,
}

impl Rows {
    /// The site as this crate knows it. Rows without the ids that make them what they are are left out, and told in
    /// the log.
    pub(super) fn into_snapshot(self) -> SiteSnapshot {
        let environments: HashMap<i64, String> = self.environments.into_iter().filter_map(|row| Some((row.id?, row.name?))).collect();
        let discovery = Discovery::sort(self.discovery);
        SiteSnapshot {
            info: info(&self.sites),
            tenants: kept("tenant", self.tenants, |row| tenant(row, &environments)),
            applications: kept("application", self.applications, application),
            connections: kept("connection", self.connections, |row| connection(row, &discovery)),
            gateways: None,
        }
    }
}

/// The site at the top of its hierarchy, which is the one that Azure services belong to.
fn info(sites: &[SiteRow]) -> SiteInfo {
    let is_top = |row: &&SiteRow| row.reporting_site_code.as_deref().is_none_or(|code| code.trim().is_empty());
    let Some(top) = sites.iter().find(is_top).or_else(|| sites.first()) else {
        return SiteInfo::default();
    };
    SiteInfo::new(top.site_code.clone().unwrap_or_default(), top.version.clone().unwrap_or_default())
}

pub(super) fn application(row: ApplicationRow) -> Option<SiteApplication> {
    let client_id = row.client_id?.trim().parse().ok()?;
    let mut application = SiteApplication::new(
        SiteRowId(row.id?),
        client_id,
        row.name.unwrap_or_default(),
        SiteRowId(row.tenant?),
        row.is_client_app.unwrap_or_default(),
    );
    application.identifier_uri = row.identifier_uri.filter(|uri| !uri.is_empty());
    application.reply_url = row.reply_url.filter(|url| !url.is_empty());
    application.secret_expiry = row.secret_expiry;
    application.created = row.created;
    application.source = row.source;
    application.associated_applications = row.associated.unwrap_or_default();
    Some(application)
}

fn tenant(row: TenantRow, environments: &HashMap<i64, String>) -> Option<SiteTenant> {
    let tenant_id = row.tenant_id?.trim().parse().ok()?;
    let name = row.environment.and_then(|number| environments.get(&number));
    let environment = name.and_then(|name| name.parse().ok());
    let mut tenant = SiteTenant::new(SiteRowId(row.id?), tenant_id, row.name.unwrap_or_default(), environment);
    tenant.environment_number = row.environment;
    tenant.environment_name = name.cloned();
    Some(tenant)
}

fn connection(row: ConnectionRow, discovery: &Discovery) -> Option<SiteConnection> {
    let id = row.id?;
    let description = row.description.filter(|text| !text.is_empty());
    let web_applications = row.web_applications.unwrap_or_default();
    let mut connection = SiteConnection::new(SiteRowId(id), row.name.unwrap_or_default(), description, web_applications);
    connection.service_type = row.service_type;
    connection.user_discovery = discovery.users.get(&id).cloned();
    connection.group_discovery = discovery.groups.get(&id).cloned();
    Some(connection)
}

fn kept<R, T>(kind: &str, rows: Vec<R>, read: impl Fn(R) -> Option<T>) -> Vec<T> {
    let found = rows.len();
    let kept: Vec<T> = rows.into_iter().filter_map(read).collect();
    if kept.len() < found {
        tracing::warn!(kind, left_out = found - kept.len(), "rows without usable ids");
    }
    kept
}

/// Discovery by connection.
///
/// What the numbers in `AgentType` mean is not documented. Only group discovery has scopes, so a row with scopes is a
/// group row, and so is every other row with its number. What is left of a connection is its user row, if it is one.
#[derive(Debug, Default)]
struct Discovery {
    users: HashMap<i64, SiteDiscovery>,
    groups: HashMap<i64, SiteDiscovery>,
}

impl Discovery {
    fn sort(rows: Vec<DiscoveryRow>) -> Self {
        let group_types: Vec<i64> = rows.iter().filter(|row| has_scopes(row)).filter_map(|row| row.agent_type).collect();
        let is_group = |row: &DiscoveryRow| has_scopes(row) || row.agent_type.is_some_and(|number| group_types.contains(&number));
        let (groups, others): (Vec<DiscoveryRow>, Vec<DiscoveryRow>) = rows.into_iter().partition(is_group);
        Self {
            groups: by_connection(groups),
            users: by_connection(others),
        }
    }
}

/// A connection with two rows of one kind is not understood, and gets none.
fn by_connection(rows: Vec<DiscoveryRow>) -> HashMap<i64, SiteDiscovery> {
    let mut found: HashMap<i64, Vec<DiscoveryRow>> = HashMap::new();
    for row in rows {
        if let Some(connection) = row.connection {
            found.entry(connection).or_default().push(row);
        }
    }
    let single = |(connection, mut rows): (i64, Vec<DiscoveryRow>)| {
        let row = rows.pop().filter(|_| rows.is_empty())?;
        is_on(&row).then(|| (connection, settings(row)))
    };
    found.into_iter().filter_map(single).collect()
}

/// Whether a row has scopes that only group discovery has.
fn has_scopes(row: &DiscoveryRow) -> bool {
    let is_given = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    is_given(&row.scope_ids) || is_given(&row.scope_names)
}

fn is_on(row: &DiscoveryRow) -> bool {
    row.full_enabled.unwrap_or_default() || row.delta_enabled.unwrap_or_default()
}

fn settings(row: DiscoveryRow) -> SiteDiscovery {
    let schedule = row.full_schedule.filter(|text| !text.trim().is_empty());
    let minutes = row.delta_minutes.filter(|_| row.delta_enabled.unwrap_or_default());
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
