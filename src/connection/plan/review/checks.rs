//! Which usual tenant checks will flag what a plan makes, and why the product needs it.
//!
//! Sources: *Configure Microsoft Entra for increased security* (the checks of the Zero Trust Assessment,
//! 2026-04-30) and CISA's secure configuration baseline as ScubaGear tests it (2026-04-21).

use time::Duration;

use super::TenantCheck;
use crate::connection::{
    plan::{
        change::Change,
        document::PlanDocument,
        operation::{Operation, PlannedAction},
        registration::SERVER_REDIRECT,
    },
    report::{event::Verb, step::Step},
};

const ZERO_TRUST: (&str, &str) = (
    "Zero Trust Assessment",
    "https://learn.microsoft.com/entra/fundamentals/configure-security",
);
const SCUBA: (&str, &str) = ("CISA SCuBA", "https://github.com/cisagov/ScubaGear/pull/2111");

/// The longest validity of a secret that MS.AAD.5.6v1 lets pass.
const SCUBA_LONGEST: Duration = Duration::days(180);

const ONLY_CREDENTIAL: &str = "A client secret is the only credential that a Configuration Manager site takes for its server app.";

pub(super) fn of(document: &PlanDocument) -> Vec<TenantCheck> {
    if matches!(document.verb, Verb::Remove | Verb::RemoveOldSecrets) {
        return Vec::new();
    }
    let mut checks = Vec::new();
    let mut add = |(suite, source): (&str, &str), check: &str, flags: String, needed_for: Option<&str>, remedy: Option<&str>| {
        checks.push(TenantCheck {
            suite: suite.to_owned(),
            check: check.to_owned(),
            flags,
            needed_for: needed_for.map(str::to_owned),
            remedy: remedy.map(str::to_owned),
            source: source.to_owned(),
        });
    };
    // A plan for the client app alone has nothing to do with the secret.
    if document.step(Step::RegisterServerApp).is_some() || document.step(Step::ImportServerApp).is_some() {
        add(
            ZERO_TRUST,
            "Applications don't have client secrets configured",
            "the secret of the server app".to_owned(),
            Some(ONLY_CREDENTIAL),
            None,
        );
    }
    if let Some(end) = document.issued_end() {
        add(
            ZERO_TRUST,
            "Enforce standards for app secrets and certificates",
            "the secret that this plan issues".to_owned(),
            Some(ONLY_CREDENTIAL),
            Some("Choose a validity that the tenant's app management policy allows."),
        );
        add(
            SCUBA,
            "MS.AAD.5.5v1: adding passwords to apps is blocked",
            "the secret that this plan issues: a tenant that follows this rule refuses it".to_owned(),
            Some(ONLY_CREDENTIAL),
            Some("Exempt the caller, or the server app, from the tenant's app management policy."),
        );
        if end - document.made_on.date() > SCUBA_LONGEST {
            add(
                SCUBA,
                "MS.AAD.5.6v1: passwords of apps live at most 180 days",
                format!("the secret that this plan issues: it ends about {end}"),
                None,
                Some("Choose a shorter validity: the site takes any date in the future."),
            );
        }
    }
    if adds_localhost(document) {
        add(
            ZERO_TRUST,
            "App registrations use safe redirect URIs",
            format!("the redirect URI {SERVER_REDIRECT} of the server app"),
            Some("Configuration Manager 2309 and later require it on the server app."),
            None,
        );
    }
    let mut created = document.changes.iter().filter_map(|change| match &change.operation {
        Operation::CreateApp { properties, .. } => Some(properties),
        _ => None,
    });
    if created.any(|properties| properties.service_principal_lock_configuration.is_none()) {
        add(
            ZERO_TRUST,
            "App instance property lock is configured for all applications",
            "each app that this plan creates".to_owned(),
            None,
            Some("Switch the lock on for each of them."),
        );
    }
    // Neither owners nor 'Assignment required' are written to a service principal.
    let is_principal = |change: &Change| matches!(change.operation, Operation::CreateServicePrincipal { .. });
    if document.changes.iter().any(is_principal) {
        add(
            ZERO_TRUST,
            "Enterprise applications have owners",
            "each service principal that this plan creates".to_owned(),
            None,
            Some("Add an owner to each of them."),
        );
        add(
            ZERO_TRUST,
            "Enterprise applications must require explicit assignment",
            "each service principal that this plan creates: it leaves 'Assignment required' at its default".to_owned(),
            None,
            None,
        );
    }
    checks
}

/// Whether this plan gives the server app its redirect URI.
fn adds_localhost(document: &PlanDocument) -> bool {
    let change = document
        .step(Step::RegisterServerApp)
        .filter(|change| change.action != PlannedAction::Keep);
    let properties = match change.map(|change| &change.operation) {
        Some(Operation::CreateApp { properties, .. }) => properties,
        Some(Operation::UpdateApp { adds, .. }) => adds,
        _ => return false,
    };
    let redirects = properties.web.as_ref().and_then(|web| web.redirect_uris.as_ref());
    redirects.is_some_and(|uris| uris.iter().any(|uri| uri == SERVER_REDIRECT))
}
