//! What the checks find of a connection as it is. No plan is made, so nothing is told of what one would do.

use crate::{
    connection::{
        check::{
            apps,
            conditional_access::check_conditional_access,
            directory::check_directory,
            registrations::check_registrations,
            rows::check_rows,
            rules::Rules,
            secrets::{check_last_secret, check_secrets, note_secrets_of_others},
            site::{check_info, check_site, unread_row},
        },
        plan::target::Target,
        read::snapshot::Snapshot,
        report::finding::{Finding, FindingCode},
    },
    directory::DirectoryHandle,
    error::{Diagnostic, DirectoryError, chain},
    site::{SiteConnection, SiteSnapshot},
};

/// What all checks find. `rules` have the specification that reuses what is there. If it is not known which native app it
/// uses, nothing is told of that one.
pub(super) fn of(rules: &Rules<'_>, snapshot: &Snapshot, is_client_known: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(directory) = &snapshot.directory {
        check_directory(rules, directory, &mut findings);
        check_conditional_access(directory, &mut findings);
    }
    check_registrations(rules, snapshot, &mut findings);
    if let Some(site) = &snapshot.site {
        check_site(rules, snapshot, site, &mut findings);
    }
    if let Some(target) = Target::resolve(rules, snapshot) {
        check_rows(rules, snapshot, &target, &mut findings);
        check_secrets(rules, snapshot, &target, &[], &mut findings);
    }
    if snapshot.site.is_none()
        && let Some(server) = snapshot.server()
    {
        // Which of its secrets is in use is not known then.
        check_last_secret(rules, &server.application.password_credentials, &mut findings);
    }
    note_secrets_of_others(snapshot, rules.site_identity(snapshot), &mut findings);
    let is_of_client = |finding: &Finding| finding.parameters().get("app").is_some_and(|app| app == apps::CLIENT);
    findings.retain(|finding| is_client_known || !is_of_client(finding));
    findings
}

/// What can be told if it is not known which apps a connection uses.
pub(super) fn without_apps(site: Option<&SiteSnapshot>, connection: Option<&SiteConnection>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(site) = site else { return findings };
    check_info(&site.info, &mut findings);
    findings.extend(site.unread.iter().map(unread_row));
    if let Some(unread) = connection.filter(|connection| !connection.is_read()) {
        findings.push(Finding::warning(FindingCode::ConnectionUnread).with("connection", &unread.name));
    }
    findings
}

/// A part of the directory could not be read.
pub(super) fn directory_unread(error: &DirectoryError) -> Finding {
    let unread = Finding::warning(FindingCode::DirectoryUnread).with("error", chain(error));
    unread.with("help", error.help())
}

/// The gravest first, each once.
pub(super) fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        if !told.contains(&finding) {
            told.push(finding);
        }
    }
    told
}

/// The cloud of a directory, if it says so.
pub(super) fn cloud_of(directory: Option<&DirectoryHandle>) -> Option<crate::CloudEnvironment> {
    let endpoints = directory.and_then(|directory| directory.as_directory().endpoints());
    endpoints.map(crate::CloudEndpoints::environment)
}
