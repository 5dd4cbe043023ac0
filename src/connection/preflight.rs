//! Everything that can go wrong later, asked beforehand. Writes nothing.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::{Uuid, uuid};

use super::{
    AzureServicesConnection,
    check_directory::{Rules, check_directory, check_roles, check_secret_policy},
    check_site::check_site,
    decide::decide,
    document::{PlanDocument, PlannedSite},
    finding::{Finding, FindingCode, Severity},
    found::Found,
    own_secret::OwnSecret,
    plan::{Plan, PlannedStep, needed_uses},
    sign_in_summary::{SignInSummary, lacking},
    work::{SecretWork, ServerWork, Work},
};
use crate::{
    directory::{SignedIn, Tenant},
    error::Diagnostic,
    permissions::Use,
    site::{SiteIdentity, SiteInfo},
    spec::ConnectionSpec,
};

/// What preflight found: who is signed in, where, and everything worth knowing before anything is written.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preflight {
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in: Option<SignedIn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<Tenant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<SignInSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<SiteInfo>,
    findings: Vec<Finding>,
    #[serde(skip)]
    plan: Option<Plan>,
}

impl Preflight {
    pub(crate) fn new(connection: &AzureServicesConnection, found: Found) -> Self {
        let (rules, wish) = (&connection.rules(), connection.inner.wish);
        let mut findings = Vec::new();
        if let Some(directory) = &found.directory {
            check_directory(rules, directory, &mut findings);
        }
        if let Some(site) = &found.site {
            check_site(rules, &found, site, &mut findings);
        }
        let decided = decide(rules, &found, wish);
        if let Some((work, steps)) = &decided {
            let needed = needed_uses(steps);
            check_permissions(&found, &needed, &mut findings);
            if let Some(directory) = &found.directory {
                check_roles(&needed, directory, &mut findings);
            }
            note_secret(work, &mut findings);
            note_secrets_of_others(work, rules.site_identity(&found), &mut findings);
            if let (Some(directory), Some(validity)) = (&found.directory, work.new_secret()) {
                check_secret_policy(rules, validity, directory, &mut findings);
            }
        }
        let sign_in = found.directory.as_ref().map(|directory| {
            let needed = decided.as_ref().map(|(_, steps)| needed_uses(steps)).unwrap_or_default();
            SignInSummary::new(rules.spec.environment(), directory, &needed)
        });
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        let plan = decided.map(|(work, steps)| {
            let document = document(rules, &found, &work, steps, findings.clone());
            Plan::new(connection.clone(), work, document)
        });
        let (signed_in, tenant) = found.directory.map(|directory| (directory.signed_in, directory.tenant)).unzip();
        Self {
            signed_in,
            tenant,
            sign_in,
            site: found.site.map(|site| site.info),
            findings,
            plan,
        }
    }

    /// Who is signed in, where the directory has something to do.
    #[must_use]
    pub const fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }

    /// The tenant, where the directory has something to do. The wizard shows its name after signing in.
    #[must_use]
    pub const fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// What the wizard's page shows after signing in, with roles and permissions beside those needed.
    #[must_use]
    pub const fn sign_in(&self) -> Option<&SignInSummary> {
        self.sign_in.as_ref()
    }

    /// The site, where there is one.
    #[must_use]
    pub const fn site(&self) -> Option<&SiteInfo> {
        self.site.as_ref()
    }

    /// Every finding, the gravest first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.plan.is_some() && self.findings.iter().all(|finding| finding.severity() < Severity::Blocker)
    }

    /// The plan, unless something stands in the way.
    ///
    /// # Errors
    ///
    /// With the findings, if one of them is a blocker.
    pub fn into_plan(self) -> Result<Plan, Blocked> {
        let is_clear = self.is_clear();
        match self.plan {
            Some(plan) if is_clear => Ok(plan),
            _ => Err(Blocked { findings: self.findings }),
        }
    }
}

/// Something stands in the way; nothing has been written.
#[derive(Debug, Clone, Serialize, Deserialize, thiserror::Error)]
#[error("preflight found {} in the way: {}", count(.findings), codes(.findings))]
pub struct Blocked {
    findings: Vec<Finding>,
}

impl Blocked {
    /// Every finding, the gravest first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings that stand in the way.
    pub fn blockers(&self) -> impl Iterator<Item = &Finding> {
        blockers(&self.findings)
    }
}

impl Diagnostic for Blocked {
    fn code(&self) -> &'static str {
        "blocked"
    }

    fn help(&self) -> Cow<'_, str> {
        let lines: Vec<String> = self
            .blockers()
            .map(|finding| format!("{} {}", finding.message(), finding.remedy()))
            .collect();
        lines.join("\n").into()
    }
}

fn document(rules: &Rules<'_>, found: &Found, work: &Work, steps: Vec<PlannedStep>, findings: Vec<Finding>) -> PlanDocument {
    PlanDocument {
        version: PlanDocument::current_version(),
        name: work.name.clone(),
        description: work.description.clone(),
        environment: work.environment,
        tenant_id: work.tenant_id,
        tenant_name: work.tenant_name.clone(),
        app_id_uri: work.app_id_uri.clone(),
        site: found
            .site
            .as_ref()
            .map(|site| PlannedSite::new(site.info.site_code.clone(), work.site_identity.clone())),
        specification: digest(rules.spec),
        made_on: OffsetDateTime::replace_nanosecond(rules.now, 0).unwrap_or(rules.now),
        steps,
        findings,
    }
}

/// A digest of the specification as it is written, which is without its secrets. It tells two specifications apart and
/// guards nothing: what a plan does is compared by itself.
fn digest(spec: &ConnectionSpec) -> String {
    let text = serde_json::to_vec(spec).unwrap_or_default();
    Uuid::new_v5(&SPECIFICATIONS, &text).simple().to_string()
}

/// The namespace of the digests.
const SPECIFICATIONS: Uuid = uuid!("c1a7c1d8-4d0e-5f52-9a55-0b7a0f6f9e01");

fn blockers(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity() == Severity::Blocker)
}

fn count(findings: &[Finding]) -> String {
    match blockers(findings).count() {
        1 => "one thing".to_owned(),
        number => format!("{number} things"),
    }
}

fn codes(findings: &[Finding]) -> String {
    let messages: Vec<&str> = blockers(findings).map(|finding| finding.message().trim_end_matches('.')).collect();
    messages.join("; ")
}

/// Compares what the token grants with what the plan takes: any permission that suffices will do.
fn check_permissions(found: &Found, needed: &[Use], findings: &mut Vec<Finding>) {
    let Some(directory) = &found.directory else {
        return;
    };
    let signed_in = &directory.signed_in;
    let Some(missing) = lacking(signed_in, needed) else {
        return;
    };
    if missing.is_empty() {
        return;
    }
    let message = format!(
        "The token lacks {} of the permissions that the plan takes: {}.",
        missing.len(),
        missing.join(", ")
    );
    let remedy = "Sign in asking for them; the sign-in application needs them with admin consent (Entra admin center > Enterprise applications > Permissions).";
    findings.push(Finding::blocker(FindingCode::PermissionsMissing, message, remedy));
}

fn note_secret(work: &Work, findings: &mut Vec<Finding>) {
    let ServerWork::Register { app, secret } = &work.server else {
        return;
    };
    match secret {
        SecretWork::Add { unused, .. } if !unused.is_empty() && work.site.is_some() => {
            let message = "The server app is there from an earlier run, but the site did not get its secret: a new one is issued and the lost one removed.";
            findings.push(Finding::note(FindingCode::SecretReplaced, message, "Nothing to do."));
        }
        SecretWork::Keep { .. } if work.site.is_none() && app.found.is_some() => {
            let message = "The server app has a secret from an earlier run; its text cannot be read again.";
            let remedy = "If it is lost, run with reissue_secret(true): that issues a new one and keeps the old one; a later run with remove_superseded_secrets(true) removes the old one.";
            findings.push(Finding::note(FindingCode::SecretKept, message, remedy));
        }
        _ => {}
    }
}

/// Tells of own secrets that stay because another site may be using them.
fn note_secrets_of_others(work: &Work, site: Option<&SiteIdentity>, findings: &mut Vec<Finding>) {
    let ServerWork::Register { app, .. } = &work.server else {
        return;
    };
    let (Some(found), Some(_)) = (&app.found, &work.site) else {
        return;
    };
    let own = OwnSecret::all_of(&found.application);
    let others = own.iter().filter(|secret| secret.is_for_another_than(site)).count();
    if others > 0 {
        let message = format!("The server app has {others} secret(s) that were issued for another site; they stay.");
        let remedy = "Nothing to do if two sites share this specification. Otherwise give one of them another key.";
        findings.push(Finding::note(FindingCode::SecretOfAnotherSite, message, remedy));
    }
}
