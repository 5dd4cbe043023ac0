//! Asks the directory for the apps of connections, and makes the views of what it shows.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::{
    call::Call,
    cloud::CloudEnvironment,
    connection::{
        check::{
            apps,
            directory::check_claims,
            rules::{Consents, RemovalScope, Rules},
        },
        plan::registration::UniqueNames,
        read::{
            parts::{AppParts, PairParts, TenantParts, read_parts},
            snapshot::Snapshot,
        },
        report::{
            event::Verb,
            finding::{Finding, FindingCode, Severity},
            reading::{Answer, Reading},
        },
        view::{
            assemble, findings,
            model::{ConnectionView, VERSION},
            subject::{self, Subject},
        },
    },
    directory::{ApplicationKey, DirectoryHandle, SignedIn, Tenant},
    error::DirectoryError,
    ids::{ApplicationId, TenantId},
    site::{SiteIdentity, SiteSnapshot},
    spec::ConnectionSpec,
};

/// Stands for a native app of which nothing tells which it is.
const NOT_KNOWN: ApplicationId = ApplicationId::new(uuid::Uuid::nil());

/// What the directory has shown of one connection, or what there is to tell of why it was not asked: it is not given, it could
/// not be, or the token is for something else.
pub(super) type Looked = Result<(Arc<TenantParts>, PairParts), Vec<Finding>>;

/// Asks the directory for the apps of the connections that are of its tenant.
pub(super) async fn look(
    looker: &Looker<'_>,
    directory: &DirectoryHandle,
    signed_in: Result<SignedIn, DirectoryError>,
    site: &SiteSnapshot,
    subjects: &[Subject<'_>],
    call: Call,
) -> Vec<Looked> {
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let unread = findings::directory_unread(&error);
            return subjects.iter().map(|_| Err(vec![unread.clone()])).collect();
        }
    };
    let refused: Vec<Vec<Finding>> = subjects.iter().map(|subject| looker.claims(subject, site, &signed_in)).collect();
    // Of a connection of another tenant, this directory knows nothing: that it does not find the apps says nothing.
    let wanted = subjects.iter().zip(&refused).map(|(subject, refused)| match refused.is_empty() {
        true => subject.wanted(),
        false => (None, None),
    });
    let wanted: Vec<_> = wanted.collect();
    let (tenant, pairs) = read_parts(directory.as_directory(), signed_in, &wanted, call).await;
    let tenant = Arc::new(tenant);
    let found = subjects.iter().zip(refused).zip(pairs);
    found
        .map(|((subject, mut refused), pair)| {
            if refused.is_empty() {
                refused.extend(other_tenant(subject.tenant.map(|row| row.tenant_id), tenant.tenant.as_ref().ok()));
            }
            match refused.is_empty() {
                true => Ok((Arc::clone(&tenant), pair)),
                false => Err(refused),
            }
        })
        .collect()
}

pub(super) fn other_tenant(of_row: Option<TenantId>, directory: Option<&Tenant>) -> Option<Finding> {
    let (of_row, directory) = (of_row?, directory?);
    let other = || apps::wrong_tenant(of_row, directory.id, Some(&directory.display_name)).at_most(Severity::Warning);
    (of_row != directory.id).then(other)
}

/// What a view goes by besides what was read.
pub(super) struct Looker<'a> {
    pub(super) directory: Option<&'a DirectoryHandle>,
    pub(super) identity: Option<&'a SiteIdentity>,
    pub(super) thresholds: &'a [u16],
    /// The cloud that is asked for, if it is.
    pub(super) environment: Option<CloudEnvironment>,
    pub(super) expected_tenant: Option<TenantId>,
    pub(super) read_at: OffsetDateTime,
}

impl Looker<'_> {
    fn rules<'b>(&'b self, spec: &'b ConnectionSpec) -> Rules<'b> {
        Rules {
            verb: Verb::View,
            spec,
            endpoints: self.directory.and_then(|directory| directory.as_directory().endpoints()),
            expected_tenant: self.expected_tenant,
            policy_exempt: false,
            consents: Consents::LeaveToAdministrator,
            reissue_secret: false,
            remove_superseded: false,
            verify_alive: false,
            no_gateway_stated: false,
            apps_unused_stated: false,
            removal_scope: RemovalScope::default(),
            created_by_console: None,
            shown_since: None,
            removal_wait: time::Duration::ZERO,
            tries_secrets: false,
            unique_names: None,
            only: None,
            being_made: &[],
            may_write: false,
            site_identity: self.identity,
            thresholds: self.thresholds,
            now: self.read_at,
        }
    }

    /// The cloud that the checks compare with.
    fn environment(&self, subject: &Subject<'_>) -> Option<CloudEnvironment> {
        let of_row = subject.tenant.and_then(|row| row.environment);
        self.environment.or_else(|| findings::cloud_of(self.directory)).or(of_row)
    }

    /// What the token's own claims say against asking for a connection's apps. Nothing is sent then.
    fn claims(&self, subject: &Subject<'_>, site: &SiteSnapshot, signed_in: &SignedIn) -> Vec<Finding> {
        let name = subject.connection.map_or("", |connection| &connection.name);
        let spec = self.as_it_is(name, subject, ids(None, subject), false);
        let mut found = spec.map_or_else(Vec::new, |spec| check_claims(&self.rules(&spec), signed_in));
        let of_row = subject.tenant.map(|row| row.tenant_id);
        if let (Some(of_row), Some(tenant)) = (of_row, signed_in.tenant_id)
            && of_row != tenant
            && found.is_empty()
        {
            let name = site.tenant(tenant).map(|row| row.name.as_str());
            found.push(apps::wrong_tenant(of_row, tenant, name).at_most(Severity::Warning));
        }
        found
    }

    fn as_it_is(
        &self,
        name: &str,
        subject: &Subject<'_>,
        (server, client): (Option<ApplicationId>, Option<ApplicationId>),
        discovers: bool,
    ) -> Option<ConnectionSpec> {
        subject::as_it_is(name, self.environment(subject).unwrap_or_default(), server, client, discovers)
    }

    /// The view of one connection.
    pub(super) fn view(
        &self,
        spec: Option<&ConnectionSpec>,
        site: Option<&SiteSnapshot>,
        subject: &Subject<'_>,
        looked: &Looked,
    ) -> ConnectionView {
        let connection = assemble::connection(site, subject);
        let user_discovery = assemble::discovery(&connection, |row| row.user_discovery.as_ref());
        let group_discovery = assemble::discovery(&connection, |row| row.group_discovery.as_ref());
        let is_on = |discovery: &Reading<_>| discovery.present().is_some();
        let discovers = is_on(&user_discovery) || is_on(&group_discovery);
        let may_discover = discovers || user_discovery.is_unknown() || group_discovery.is_unknown();
        let name = subject.connection.map(|row| row.name.clone());
        let name = name.or_else(|| Some(spec?.name().to_owned())).unwrap_or_default();
        let here = self.identity.or_else(|| site.and_then(|site| site.info.identity.as_ref()));
        let (tenant, pair) = looked.as_ref().ok().map(|(tenant, pair)| (tenant.as_ref(), pair)).unzip();
        let tenant_name = match tenant.map(|tenant| &tenant.tenant) {
            Some(Ok(tenant)) => Reading::Present(tenant.site_name().to_owned()),
            Some(Err(_)) | None => Reading::Unknown,
        };
        let app = |row, is_unread, parts| assemble::app(row, is_unread, parts, site, here);
        let kind = subject.connection.zip(site).and_then(|(row, site)| site.is_cloud_management(row));
        ConnectionView {
            version: VERSION,
            read_at: self.read_at,
            environment: subject.tenant.and_then(|row| row.environment).or_else(|| self.environment(subject)),
            site_code: site.map(|site| site.info.site_code.clone()),
            is_cloud_management: Answer::of(kind),
            tenant_id: subject
                .tenant
                .map(|row| row.tenant_id)
                .or_else(|| tenant.and_then(TenantParts::tenant_id)),
            tenant: match (subject.tenant, site) {
                (Some(row), _) => Reading::Present(row.clone()),
                (None, Some(site)) if subject.server.is_none() && !subject.server_unread && site.unread.is_empty() => Reading::Absent,
                (None, _) => Reading::Unknown,
            },
            tenant_name,
            server_app: app(subject.server, subject.server_unread, pair.map(|pair| &pair.server)),
            client_app: app(subject.client, subject.client_unread, pair.map(|pair| &pair.client)),
            consents: assemble::consents(tenant, pair, may_discover),
            user_discovery,
            group_discovery,
            gateways: assemble::gateways(site, subject.connection),
            findings: self.findings(&name, site, subject, looked, discovers),
            connection,
            name,
        }
    }

    fn findings(&self, name: &str, site: Option<&SiteSnapshot>, subject: &Subject<'_>, looked: &Looked, discovers: bool) -> Vec<Finding> {
        let mut found = looked.as_ref().err().cloned().unwrap_or_default();
        let snapshot = match looked {
            Ok((tenant, pair)) => tenant.snapshot(pair, site, self.read_at),
            Err(_) => Snapshot {
                read_at: self.read_at,
                directory: None,
                unread: None,
                tried: None,
                site: site.cloned(),
            },
        };
        let error = looked.as_ref().ok().and_then(|(tenant, pair)| tenant.first_error(pair));
        found.extend(error.map(findings::directory_unread));
        let (server, client) = ids(looked.as_ref().ok().map(|(_, pair)| pair), subject);
        // Without knowing which native app it is, everything else is checked all the same.
        let spec = self.as_it_is(name, subject, (server, client.or(Some(NOT_KNOWN))), discovers);
        let is_client_known = client.is_some();
        found.extend(match &spec {
            Some(spec) => findings::of(&self.rules(spec), &snapshot, is_client_known),
            None => findings::without_apps(site, subject.connection),
        });
        if let Some(row) = subject.connection.filter(|row| row.is_discovery_unread) {
            let unread = Finding::warning(FindingCode::DiscoveryUnread);
            found.push(unread.with("connection", &row.name));
        }
        findings::sorted(found)
    }
}

/// The client ids of both apps, as the site or the directory tells them.
pub(super) fn ids(pair: Option<&PairParts>, subject: &Subject<'_>) -> (Option<ApplicationId>, Option<ApplicationId>) {
    let registered = |app: Option<&AppParts>| Some(app?.application.present()?.app_id);
    let server = registered(pair.map(|pair| &pair.server));
    let client = registered(pair.map(|pair| &pair.client));
    (
        subject.server.map(|row| row.client_id).or(server),
        subject.client.map(|row| row.client_id).or(client),
    )
}

/// Looks the apps of a specification up.
pub(super) async fn look_up(rules: &Rules<'_>, directory: &DirectoryHandle, call: Call) -> Looked {
    let signed_in = match directory.as_directory().signed_in(call.clone()).await {
        Ok(signed_in) => signed_in,
        Err(error) => return Err(vec![findings::directory_unread(&error)]),
    };
    let refused = check_claims(rules, &signed_in);
    if !refused.is_empty() {
        return Err(refused);
    }
    let UniqueNames { server, client } = rules.unique_names();
    let key = |id: Option<ApplicationId>, name: String| match id {
        Some(id) => ApplicationKey::ApplicationId(id),
        None => ApplicationKey::UniqueName(name),
    };
    let server = key(rules.spec.server_app().client_id(), server);
    let client = key(rules.spec.client_app().client_id(), client);
    let wanted = (Some(server), Some(client));
    let (tenant, mut pairs) = read_parts(directory.as_directory(), signed_in, &[wanted], call).await;
    pairs.pop().map(|pair| (Arc::new(tenant), pair)).ok_or_else(Vec::new)
}
