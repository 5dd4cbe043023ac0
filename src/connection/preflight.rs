//! What preflight found: everything that can go wrong later, checked beforehand.

use serde::{Deserialize, Serialize};

use crate::{
    connection::{
        check::sign_in::SignInSummary,
        handle::AzureServicesConnection,
        plan::{Plan, change::needed_uses},
        read::snapshot::Snapshot,
        report::{blocked::Blocked, event::Verb, finding::Finding},
    },
    directory::{SignedIn, Tenant},
    site::SiteInfo,
};

/// What preflight found: who is signed in, where, and everything worth knowing before anything is written.
///
/// It reads and writes JSON. One that was read has no plan, since a plan is made of what tenant and site say now: ask for
/// another preflight.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// let preflight = connection.preflight(|_| ()).await?;
/// for finding in preflight.findings() {
///     println!("{finding}");
/// }
/// assert!(preflight.is_clear());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Preflight {
    /// The version of this form, 1. One that was read has no plan, so a later version is read as far as it is understood.
    #[serde(default = "current_version")]
    version: u32,
    /// Who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_in: Option<SignedIn>,
    /// The tenant, whose name the wizard shows after signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Tenant>,
    /// What the wizard's page shows after signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sign_in: Option<SignInSummary>,
    /// The site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site: Option<SiteInfo>,
    /// Every finding, the gravest first.
    findings: Vec<Finding>,
    #[serde(skip)]
    plan: Option<Plan>,
}

/// The version of the form that this version of the crate writes.
const fn current_version() -> u32 {
    1
}

impl Preflight {
    pub(crate) fn new(connection: &AzureServicesConnection, snapshot: Snapshot) -> Self {
        let (findings, document) = connection.inner.draft(&connection.inner.rules(Verb::Onboard), &snapshot);
        let directory = snapshot.directory.as_ref();
        let sign_in = directory.map(|directory| {
            let needed = document.as_ref().map(|document| needed_uses(&document.changes)).unwrap_or_default();
            SignInSummary::new(connection.spec().environment(), directory, &needed)
        });
        Self {
            version: current_version(),
            signed_in: directory
                .map(|directory| &directory.signed_in)
                .or_else(|| Some(snapshot.unusable_token()?.0))
                .cloned(),
            tenant: directory.map(|directory| directory.tenant.clone()),
            sign_in,
            site: snapshot.site.as_ref().map(|site| site.info.clone()),
            findings,
            plan: document.map(|document| Plan::new(connection.clone(), snapshot, document)),
        }
    }

    /// Who is signed in; `None` if there is no directory, or if it could not be read.
    #[must_use]
    pub const fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }

    /// The tenant, whose name the wizard shows after signing in; `None` if there is no directory, or if it could not be
    /// read.
    #[must_use]
    pub const fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// What the wizard's page shows after signing in, with the roles and permissions that are held beside
    /// those that are needed; `None` if there is no directory, or if it could not be read.
    #[must_use]
    pub const fn sign_in(&self) -> Option<&SignInSummary> {
        self.sign_in.as_ref()
    }

    /// The site; `None` if the connection has none.
    #[must_use]
    pub const fn site(&self) -> Option<&SiteInfo> {
        self.site.as_ref()
    }

    /// Every finding, the gravest first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether a plan can be made: no finding stands in the way. False if it was read from JSON.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.plan.is_some() && !Blocked::is_blocked(&self.findings)
    }

    /// The plan, unless a finding stands in the way. It was made with the preflight, so this sends no
    /// request.
    ///
    /// # Errors
    ///
    /// With the findings, if one of them is a blocker, or if this was read from JSON and has no plan.
    pub fn into_plan(self) -> Result<Plan, Blocked> {
        let is_clear = self.is_clear();
        match self.plan {
            Some(plan) if is_clear => Ok(plan),
            _ => Err(Blocked::new(self.findings)),
        }
    }
}
