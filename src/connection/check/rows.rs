//! Compares the rows that a site has of the tenant and of both apps with what is registered and what is wanted.
//!
//! The product has no way to change most of them, so no plan does. What a site does not tell is unknown, and told as one
//! note.

use time::{Duration, OffsetDateTime};

use crate::{
    connection::{
        check::{apps, rules::Rules},
        plan::{
            registration::SERVER_REDIRECT,
            target::{AppSource, AppTarget, Target},
        },
        read::snapshot::Snapshot,
        report::{
            finding::{Finding, FindingCode},
            reading::{Answer, Reading},
        },
    },
    site::{SiteApplication, SiteInfo, SiteTenant},
};

/// The build of version 2309, which demands a redirect URI of the server app, in the site and in Microsoft Entra.
///
/// Source: *What's new in version 2309*.
const DEMANDS_REDIRECT: u32 = 9122;

/// The build of version 2409, which renews no secret of an app that is too old.
///
/// Source: *What's new in version 2409*.
const REFUSES_OLD_APPS: u32 = 9132;

/// The greatest age of an app whose secret version 2409 and later renew.
const GREATEST_AGE: Duration = Duration::days(800);

/// How long before the end of that time it is told.
const TOLD_BEFORE: Duration = Duration::days(100);

/// Compares what the site has of the tenant and of the apps, if it knows them already.
pub(crate) fn check_rows(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    let Some(site) = &snapshot.site else {
        return;
    };
    let mut unread = Vec::new();
    if let Some(row) = site.tenant(target.tenant_id) {
        check_tenant(rules, row, target, findings, &mut unread);
    }
    let row_of = |app: &AppTarget| app.id_in_site().and_then(|id| site.application(id));
    if let Some(row) = row_of(&target.server) {
        check_kind(apps::SERVER, row, &target.server, findings);
        check_name(apps::SERVER, row, &target.server, findings);
        check_uri(rules, row, snapshot, target, findings, &mut unread);
        check_reply_url(&site.info, row, findings, &mut unread);
        check_age(rules, &site.info, row, findings, &mut unread);
    }
    if let Some(row) = row_of(&target.client) {
        check_kind(apps::CLIENT, row, &target.client, findings);
        check_name(apps::CLIENT, row, &target.client, findings);
    }
    if !unread.is_empty() {
        findings.push(Finding::note(FindingCode::SiteFieldsUnread).with("fields", unread));
    }
}

fn check_tenant(rules: &Rules<'_>, row: &SiteTenant, target: &Target, findings: &mut Vec<Finding>, unread: &mut Vec<&'static str>) {
    let wanted = rules.spec.environment();
    match row.environment {
        None => unread.push("tenant.environment"),
        Some(held) if held != wanted => {
            let other = Finding::warning(FindingCode::SiteTenantInOtherCloud);
            findings.push(other.with("site", held).with("wanted", wanted));
        }
        Some(_) => {}
    }
    // A specification that reuses an app asks for no name.
    let is_wanted = target.server.app.source != AppSource::Reuse;
    if is_wanted && !row.name.eq_ignore_ascii_case(&target.tenant_name) {
        let other = Finding::note(FindingCode::SiteTenantNameDiffers);
        findings.push(other.with("site", &row.name).with("wanted", &target.tenant_name));
    }
}

/// Of a reused app another check tells that the site does not know it as this kind.
fn check_kind(role: &str, row: &SiteApplication, app: &AppTarget, findings: &mut Vec<Finding>) {
    if app.app.source != AppSource::Reuse && row.is_client_app != (role == apps::CLIENT) {
        let wrong = Finding::blocker(FindingCode::WrongKindOfApp);
        findings.push(wrong.with("app", role).with("clientId", row.client_id));
    }
}

fn check_name(role: &str, row: &SiteApplication, app: &AppTarget, findings: &mut Vec<Finding>) {
    let Some(wanted) = app.app.name.as_ref().filter(|name| **name != row.name) else {
        return;
    };
    let other = Finding::note(FindingCode::SiteAppNameDiffers);
    findings.push(other.with("app", role).with("site", &row.name).with("wanted", wanted));
}

/// Byte for byte: clients ask for the site's App ID URI, and Microsoft Entra knows only what is registered.
fn check_uri(
    rules: &Rules<'_>,
    row: &SiteApplication,
    snapshot: &Snapshot,
    target: &Target,
    findings: &mut Vec<Finding>,
    unread: &mut Vec<&'static str>,
) {
    let Some(held) = row.identifier_uri.as_deref() else {
        unread.push("serverApp.appIdUri");
        return;
    };
    let wanted = target.app_id_uri.as_ref().map(|uri| uri.as_str());
    let is_wanted = wanted == Some(held);
    // What this run writes has the wanted one at its end.
    let will_be_registered = is_wanted && target.server.shape.is_some();
    let registered = snapshot
        .server()
        .map(|app| app.application.properties.identifier_uris.as_deref().unwrap_or_default());
    if let Some(registered) = registered
        && !will_be_registered
        && !registered.iter().any(|uri| uri == held)
    {
        let unknown = Finding::warning(FindingCode::SiteUriNotRegistered).with("site", held);
        findings.push(unknown.with("registered", Some(registered).filter(|registered| !registered.is_empty())));
        return;
    }
    // An adopted app may have several, of which the plan names the first.
    let app = rules.spec.server_app();
    let is_asked_for = app.chosen_uri().is_some() || app.is_created() || app.imported().is_some();
    if is_asked_for && !is_wanted {
        let kept = Finding::warning(FindingCode::AppIdUriKeptBySite).with("site", held);
        findings.push(kept.with("wanted", wanted));
    }
}

/// Whether the site's column `ReplyUrl` of the server app has the redirect URI, or the site's version does not ask for it. The
/// site may have several in one text; how it writes them is not documented.
pub(crate) fn has_reply_url(site: &SiteInfo, row: &SiteApplication) -> Answer {
    if site.build().is_none_or(|build| build < DEMANDS_REDIRECT) {
        return Answer::Yes;
    }
    let is_demanded = |url: &str| url.trim_end_matches('/').eq_ignore_ascii_case(SERVER_REDIRECT);
    let separates = |character: char| character.is_whitespace() || matches!(character, ',' | ';' | '|');
    Answer::of(row.reply_url.as_deref().map(|held| held.split(separates).any(is_demanded)))
}

/// Tells what the site's column `ReplyUrl` of the server app lacks.
pub(crate) fn check_reply_url(site: &SiteInfo, row: &SiteApplication, findings: &mut Vec<Finding>, unread: &mut Vec<&'static str>) {
    match has_reply_url(site, row) {
        Answer::Yes => {}
        Answer::Unknown => unread.push("serverApp.replyUrl"),
        Answer::No => {
            let missing = Finding::warning(FindingCode::SiteReplyUrlMissing);
            findings.push(missing.with("site", &row.reply_url).with("wanted", SERVER_REDIRECT));
        }
    }
}

/// Until when the site renews the secret of the app, for 800 days from its creation on. `Absent` if the site is of a version
/// that does not ask for the age, `Unknown` if it does not tell when the app was created.
pub(crate) fn renewed_until(site: &SiteInfo, row: &SiteApplication) -> Reading<OffsetDateTime> {
    match row.created {
        _ if site.build().is_none_or(|build| build < REFUSES_OLD_APPS) => Reading::Absent,
        None => Reading::Unknown,
        Some(created) => Reading::Present(created.saturating_add(GREATEST_AGE)),
    }
}

fn check_age(rules: &Rules<'_>, site: &SiteInfo, row: &SiteApplication, findings: &mut Vec<Finding>, unread: &mut Vec<&'static str>) {
    match renewed_until(site, row) {
        Reading::Absent => {}
        Reading::Unknown => unread.push("serverApp.created"),
        Reading::Present(until) if until < rules.now => findings.push(with_age(Finding::warning(FindingCode::AppTooOldToRenew), until)),
        Reading::Present(until) => findings.extend(last_day_near(rules, until)),
    }
}

/// The last day on which the console renews the secret, if it is near.
pub(crate) fn last_day_near(rules: &Rules<'_>, until: OffsetDateTime) -> Option<Finding> {
    let renewable = || with_age(Finding::note(FindingCode::AppRenewableUntil), until).with("until", until.date().to_string());
    (until - rules.now <= TOLD_BEFORE).then(renewable)
}

fn with_age(finding: Finding, until: OffsetDateTime) -> Finding {
    let created = until.saturating_sub(GREATEST_AGE);
    let finding = finding.with("createdOn", created.date().to_string());
    finding.with("days", GREATEST_AGE.whole_days())
}
