//! Tells what a plan takes away from an app that another administrator has registered, and what it leaves at that
//! administrator's wish.

use crate::{
    connection::{
        check::{apps, rules::Rules},
        plan::{
            registration::SINGLE_TENANT,
            target::{AppSource, AppTarget, Target},
        },
        read::snapshot::{RegisteredApp, Snapshot},
        report::finding::{Finding, FindingCode},
    },
    directory::ApplicationProperties,
    spec::{ClientApp, ServerApp},
};

/// The version of the access tokens that the gateway refuses.
const REFUSED_VERSION: i32 = 2;

/// Compares who may sign in to adopted apps, and the version of their tokens, with what the plan makes of it.
pub(crate) fn check_adopted(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    if let Some((found, shape)) = adopted(snapshot.server(), &target.server) {
        check_audience(apps::SERVER, found, shape, findings);
        check_token_version(found, shape, findings);
    }
    if let Some((found, shape)) = adopted(snapshot.client(), &target.client) {
        check_audience(apps::CLIENT, found, shape, findings);
    }
    if let (ServerApp::Adopt(app), Some(found)) = (rules.spec.server_app(), snapshot.server()) {
        let found = &found.application.properties;
        if app.keeps_sign_in_audience() {
            tell_audience(apps::SERVER, found, findings);
        }
        if app.keeps_token_version() && version(found) == REFUSED_VERSION {
            findings.push(Finding::warning(FindingCode::TokenVersion));
        }
    }
    if let (ClientApp::Adopt(app), Some(found)) = (rules.spec.client_app(), snapshot.client())
        && app.keeps_sign_in_audience()
    {
        tell_audience(apps::CLIENT, &found.application.properties, findings);
    }
}

fn adopted<'a>(found: Option<&'a RegisteredApp>, target: &'a AppTarget) -> Option<(&'a ApplicationProperties, &'a ApplicationProperties)> {
    let shape = target.shape.as_ref().filter(|_| target.app.source == AppSource::Adopt)?;
    Some((&found?.application.properties, shape))
}

fn check_audience(role: &str, found: &ApplicationProperties, shape: &ApplicationProperties, findings: &mut Vec<Finding>) {
    if let (Some(from), Some(to)) = (&found.sign_in_audience, &shape.sign_in_audience)
        && from != to
    {
        let narrowed = Finding::warning(FindingCode::AudienceNarrowed).with("app", role);
        findings.push(narrowed.with("from", from).with("to", to));
    }
}

fn check_token_version(found: &ApplicationProperties, shape: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let from = version(found);
    let to = shape.api.as_ref().and_then(|api| api.requested_access_token_version);
    if let Some(to) = to.filter(|to| *to != from) {
        let lowered = Finding::warning(FindingCode::TokenVersionLowered);
        findings.push(lowered.with("from", from).with("to", to));
    }
}

/// The caller has asked for it, so this is for information.
fn tell_audience(role: &str, found: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let audience = found.sign_in_audience.as_deref();
    if let Some(audience) = audience.filter(|audience| *audience != SINGLE_TENANT) {
        let open = Finding::note(FindingCode::SignInAudience).with("app", role);
        findings.push(open.with("audience", audience));
    }
}

/// Nothing and 1 are the same for a single-tenant app.
fn version(properties: &ApplicationProperties) -> i32 {
    let version = properties.api.as_ref().and_then(|api| api.requested_access_token_version);
    version.unwrap_or(1)
}
