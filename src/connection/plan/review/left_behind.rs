//! What stays if the connection is removed.

use super::{AZURE_SERVICES, LeftBehind};
use crate::connection::{
    plan::{
        document::PlanDocument,
        target::{AppSource, PlannedApp},
    },
    report::{event::Verb, finding::FindingCode, step::AppRole},
};

pub(super) fn of(document: &PlanDocument) -> Vec<LeftBehind> {
    match document.verb {
        Verb::Remove => after_removal(document),
        Verb::RenewSecret => after_renewal(document),
        Verb::RemoveOldSecrets => Vec::new(),
        _ => if_removed(document),
    }
}

/// A plan that removes has found what stays.
fn after_removal(document: &PlanDocument) -> Vec<LeftBehind> {
    use FindingCode as Code;
    let stays = document.findings.iter().filter(|finding| {
        matches!(
            finding.code(),
            Code::SiteRowStays | Code::AdoptedAppStays | Code::AppsUsedByAnotherSite | Code::AppsUsedByConnection
        )
    });
    let stays = stays.map(|finding| LeftBehind {
        what: finding.message().to_owned(),
        why: finding.remedy().to_owned(),
        source: None,
    });
    let apps = LeftBehind {
        what: "Both app registrations in the tenant, with their service principals, consents and secrets.".to_owned(),
        why: "This plan is for the connection only.".to_owned(),
        source: None,
    };
    stays.chain((!document.removal_scope.takes_apps()).then_some(apps)).collect()
}

/// A renewal cuts nothing.
fn after_renewal(document: &PlanDocument) -> Vec<LeftBehind> {
    let is_issued = document.issued_end().is_some();
    let old = is_issued.then(|| LeftBehind {
        what: "Every secret that the server app has now, until its own end.".to_owned(),
        why: "The site may use any of them until it has the new one. An earlier removal is a plan of its own.".to_owned(),
        source: None,
    });
    old.into_iter().collect()
}

fn if_removed(document: &PlanDocument) -> Vec<LeftBehind> {
    let mut left = Vec::new();
    if document.site.is_some() {
        left.push(LeftBehind {
            what: "If the connection is deleted in the console: both app registrations in the tenant, with their service principals, \
                   consents and secrets."
                .to_owned(),
            why: "The console deletes the connection in the site only. Remove the apps in the Entra admin center, or by a removal of \
                  this specification."
                .to_owned(),
            source: Some(AZURE_SERVICES.to_owned()),
        });
        left.push(LeftBehind {
            what: "The site's own entries of the tenant and of both apps.".to_owned(),
            why: "The product has no cmdlet that removes them.".to_owned(),
            source: None,
        });
    }
    let apps = [(AppRole::Server, &document.server_app), (AppRole::Client, &document.client_app)];
    let planned = apps.iter().filter(|(role, _)| document.only.is_none_or(|only| only == *role));
    left.extend(planned.map(|(role, app)| registration(*role, app)));
    left
}

fn registration(role: AppRole, app: &PlannedApp) -> LeftBehind {
    let (what, why) = match app.source {
        AppSource::Create => (
            format!("If the tenant refuses to remove deleted objects for good: the {role}, as a deleted registration, for 30 days."),
            "A removal of this specification deletes the registration and its service principal, and then removes the deleted \
             registration for good.",
        ),
        AppSource::Adopt => (
            format!("The {role}, with what this plan changes on it and with its consents."),
            "Another administrator registered it, so a removal of this specification leaves it and removes only the secrets that \
             this program has issued for it.",
        ),
        AppSource::Import | AppSource::Reuse => (
            format!("The {role}, as it is registered in the tenant."),
            "This plan does not register it, so a removal of this specification does not remove it.",
        ),
    };
    LeftBehind {
        what,
        why: why.to_owned(),
        source: None,
    }
}
