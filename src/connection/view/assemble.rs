//! Puts a view together from what was read. It sends no request.

use crate::{
    connection::{
        check::used_secret::{fitting, is_used},
        plan::{
            consents::{DIRECTORY_READ_ALL, USER_READ},
            own_secret::OwnSecret,
            registration::{USER_IMPERSONATION, UniqueNames},
        },
        read::parts::{AppParts, PairParts, TenantParts},
        report::{
            reading::{Answer, Reading},
            step::AppRole,
        },
        view::{
            model::{AppView, ConsentView, RegistrationView, SecretIssuer, SecretView},
            subject::Subject,
        },
    },
    directory::{Application, PasswordCredential, PermissionGrant},
    ids::{ServicePrincipalId, well_known::DIRECTORY_READ_ALL_ROLE},
    site::{SiteApplication, SiteConnection, SiteDiscovery, SiteGateway, SiteIdentity, SiteSnapshot},
};

/// An app of both sides. `has_site` says whether a site was read.
pub(super) fn app(
    row: Option<&SiteApplication>,
    is_row_unread: bool,
    parts: Option<&AppParts>,
    site: Option<&SiteSnapshot>,
    here: Option<&SiteIdentity>,
) -> AppView {
    let registered = parts.and_then(|parts| parts.application.present());
    let item = match (row, site) {
        (Some(row), _) => Reading::Present(row.clone()),
        (None, Some(_)) if !is_row_unread => Reading::Absent,
        (None, _) => Reading::Unknown,
    };
    AppView {
        application_id: row.map(|row| row.client_id).or_else(|| Some(registered?.app_id)),
        registration: parts.map_or(Reading::Unknown, |parts| {
            map(&parts.application, |app| registration(app, row, site, here))
        }),
        service_principal: parts.map_or(Reading::Unknown, |parts| parts.principal.clone()),
        item,
    }
}

fn registration(
    app: &Application,
    row: Option<&SiteApplication>,
    site: Option<&SiteSnapshot>,
    here: Option<&SiteIdentity>,
) -> RegistrationView {
    let shown = row.and_then(|row| row.secret_expiry);
    let fitting = fitting(&app.password_credentials, shown);
    let secret = |secret: &PasswordCredential| SecretView {
        key_id: secret.key_id,
        description: secret.display_name.clone(),
        starts: secret.start_date_time,
        ends: secret.end_date_time,
        hint: secret.hint.clone(),
        issued: issuer(secret, site, here),
        in_use: match (site, row) {
            // A site that was read and does not know the app uses none of its secrets.
            (Some(site), None) if site.application(app.app_id).is_none() && site.unread.is_empty() => Answer::No,
            (_, Some(row)) if row.is_client_app => Answer::No,
            _ => is_used(secret, &fitting, shown),
        },
    };
    let unique_name = app.properties.unique_name.as_deref();
    RegistrationView {
        object_id: app.object_id,
        made_by_this_crate: unique_name.and_then(UniqueNames::of_pair).is_some(),
        is_disabled: Answer::of(app.is_disabled),
        disabled_by_microsoft_status: app.disabled_by_microsoft_status.clone(),
        secrets: app.password_credentials.iter().map(secret).collect(),
        certificates: app.key_credentials.len(),
        properties: app.properties.clone(),
    }
}

fn issuer(secret: &PasswordCredential, site: Option<&SiteSnapshot>, here: Option<&SiteIdentity>) -> SecretIssuer {
    let Some(own) = OwnSecret::of(secret) else {
        return SecretIssuer::Other;
    };
    let Some(issued_for) = own.site() else {
        return SecretIssuer::WithoutSite;
    };
    let issued_for_text = issued_for.to_owned();
    match (site, here) {
        (Some(_), Some(_)) if own.is_for(here) => SecretIssuer::ForThisSite,
        (Some(_), Some(_)) => SecretIssuer::ForAnotherSite { site: issued_for_text },
        _ => SecretIssuer::ForUnknownSite { site: issued_for_text },
    }
}

/// The consents that the connection needs: that for discovery only if discovery is on, or if that is not known.
pub(super) fn consents(tenant: Option<&TenantParts>, pair: Option<&PairParts>, needs_directory_read: bool) -> Vec<ConsentView> {
    let grants = pair.map_or(&Reading::Unknown, |pair| &pair.grants);
    let server = pair.map_or(Reading::Unknown, |pair| map(&pair.server.principal, |principal| principal.id));
    let graph = tenant.map_or(Reading::Unknown, |tenant| map(&tenant.graph, |principal| principal.id));
    let consent = |app, permission: &str, offered_by, given| ConsentView {
        app,
        permission: permission.to_owned(),
        offered_by,
        given,
    };
    let mut consents = vec![
        consent(
            AppRole::Client,
            USER_IMPERSONATION,
            Some(AppRole::Server),
            granted(grants, &server, USER_IMPERSONATION),
        ),
        consent(AppRole::Client, USER_READ, None, granted(grants, &graph, USER_READ)),
    ];
    if needs_directory_read {
        let roles = pair.and_then(|pair| pair.roles.present());
        let is_given = roles.map(|roles| roles.iter().any(|role| role.app_role_id == DIRECTORY_READ_ALL_ROLE));
        consents.push(consent(AppRole::Server, DIRECTORY_READ_ALL, None, Answer::of(is_given)));
    }
    consents
}

fn granted(grants: &Reading<Vec<PermissionGrant>>, resource: &Reading<ServicePrincipalId>, scope: &str) -> Answer {
    match (grants, resource) {
        (Reading::Unknown, _) => Answer::Unknown,
        (Reading::Absent, _) | (_, Reading::Absent) => Answer::No,
        (Reading::Present(grants), Reading::Unknown) if grants.is_empty() => Answer::No,
        (Reading::Present(_), Reading::Unknown) => Answer::Unknown,
        (Reading::Present(grants), Reading::Present(resource)) => {
            let covers = |grant: &PermissionGrant| grant.is_tenant_wide() && grant.resource_id == *resource && grant.covers(scope);
            Answer::of(Some(grants.iter().any(covers)))
        }
    }
}

/// Discovery as the connection's row has it: off and not read are told apart.
pub(super) fn discovery(
    connection: &Reading<SiteConnection>,
    of: impl Fn(&SiteConnection) -> Option<&SiteDiscovery>,
) -> Reading<SiteDiscovery> {
    match connection {
        Reading::Unknown => Reading::Unknown,
        Reading::Absent => Reading::Absent,
        Reading::Present(row) => match of(row) {
            Some(discovery) => Reading::Present(discovery.clone()),
            None if row.is_discovery_unread => Reading::Unknown,
            None => Reading::Absent,
        },
    }
}

/// The gateways that use the connection or may be using it.
pub(super) fn gateways(site: Option<&SiteSnapshot>, connection: Option<&SiteConnection>) -> Reading<Vec<SiteGateway>> {
    let Some(gateways) = site.and_then(|site| site.gateways.as_ref()) else {
        return Reading::Unknown;
    };
    let row = connection.map(|connection| connection.id);
    let may_use = |gateway: &&SiteGateway| row.is_some() && (gateway.connection.is_none() || gateway.connection == row);
    Reading::Present(gateways.iter().filter(may_use).cloned().collect())
}

/// The row of the connection, or what is known without one.
pub(super) fn connection(site: Option<&SiteSnapshot>, subject: &Subject<'_>) -> Reading<SiteConnection> {
    match (site, subject.connection) {
        (_, Some(row)) => Reading::Present(row.clone()),
        (None, None) => Reading::Unknown,
        (Some(site), None) => {
            let is_unread = site.unread.iter().any(|row| row.class == "SMS_Azure_CloudService");
            let may_be_one = is_unread || site.unread_connections().next().is_some();
            if may_be_one { Reading::Unknown } else { Reading::Absent }
        }
    }
}

fn map<T, R>(reading: &Reading<T>, change: impl FnOnce(&T) -> R) -> Reading<R> {
    match reading {
        Reading::Unknown => Reading::Unknown,
        Reading::Absent => Reading::Absent,
        Reading::Present(found) => Reading::Present(change(found)),
    }
}
