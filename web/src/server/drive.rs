//! What jobs do: check beforehand, plan and carry out, and tell the session what happens.

use std::sync::Arc;

use super::{
    answer::Refusal,
    live::{Live, Signed},
    place::Place,
};
use crate::{
    refusal::ServiceError,
    session::{
        Session,
        settings::{JobSettings, JobVerb},
    },
};
use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, Event, GraphDirectory, OnboardingError, Outcome, Plan, async_trait,
    connection::{AzureServicesConnectionBuilder, Cancel, Consents, NewSecret, PlanDocument, Problem, SecretSink, SecretSinkError},
    error::TokenError,
    spec::{ClientApp, ServerApp},
    token::{EntraSecretProbe, all_sign_in_scopes, optional_sign_in_scopes},
};

/// Everything that a connection is put together from.
pub(super) struct Connecting {
    pub(super) spec: ConnectionSpec,
    pub(super) signed: Option<Signed>,
    pub(super) place: Place,
}

impl Connecting {
    /// What this session has for the job, while it is locked.
    ///
    /// # Errors
    ///
    /// If the specification is not whole, or if the job works on a tenant and no account is signed in.
    pub(super) fn of(live: &Live, session: &Session, place: Place) -> Result<Self, Refusal> {
        let spec = session.specification()?;
        let signed = live.signed();
        if signed.is_none() && !(place.site.is_some() && is_import_of(&spec)) {
            return Err(ServiceError::SignInNeeded.into());
        }
        Ok(Self { spec, signed, place })
    }

    fn directory(&self) -> Option<GraphDirectory> {
        self.signed
            .as_ref()
            .map(|signed| directory(&self.place, signed, self.spec.environment()))
    }

    pub(super) fn builder(self, settings: &JobSettings) -> AzureServicesConnectionBuilder {
        let environment = self.spec.environment();
        let directory = self.directory();
        let consents = match settings.leave_consents {
            true => Consents::LeaveToAdministrator,
            false => Consents::Grant,
        };
        let mut builder = AzureServicesConnection::builder(self.spec)
            .consents(consents)
            .reissue_secret(settings.reissue_secret)
            .removal_scope(settings.removal_scope)
            .state_no_gateway(settings.state_no_gateway)
            .state_apps_unused(settings.state_apps_unused)
            .policy_exempt(settings.policy_exempt)
            .remove_superseded_secrets(settings.remove_superseded_secrets);
        if let Some(created) = settings.state_created_by_console {
            builder = builder.state_created_by_console(created);
        }
        if let Some(since) = settings.state_shown_since {
            builder = builder.state_shown_since(since);
        }
        if let Some(directory) = directory {
            builder = builder.directory(directory);
        }
        if let Some(site) = self.place.site.clone().filter(|_| !settings.without_site) {
            builder = builder.site(site);
        }
        if let Some(tenant) = self.place.tenant {
            builder = builder.tenant(tenant);
        }
        if self.place.tries_secrets {
            let probe = EntraSecretProbe::new(self.place.endpoints(environment)).http(self.place.http);
            builder = builder.secret_probe(probe);
        }
        match settings.only {
            Some(app) => builder.only(app),
            None => builder,
        }
    }
}

/// The tenant of the account that is signed in.
pub(super) fn directory(place: &Place, signed: &Signed, environment: cmg_onboarding::CloudEnvironment) -> GraphDirectory {
    let endpoints = place.endpoints(environment);
    let (scopes, optional) = match signed.asks_a_person {
        true => (all_sign_in_scopes(&endpoints), optional_sign_in_scopes(&endpoints)),
        false => (vec![endpoints.default_scope()], Vec::new()),
    };
    let directory = GraphDirectory::builder(endpoints, signed.tokens.clone());
    let directory = directory.scopes(scopes).optional_scopes(optional).http(place.http.clone());
    match place.tenant {
        Some(tenant) => directory.tenant(tenant).build(),
        None => directory.build(),
    }
}

/// Checks beforehand.
pub(super) async fn preflight(live: Arc<Live>, connecting: Connecting, settings: JobSettings) {
    let connection = match connecting.builder(&settings).build() {
        Ok(connection) => connection,
        Err(error) => return fail(&live, &error.into()),
    };
    match connection.preflight(|event| live.tell(event)).await {
        Ok(preflight) => {
            let shown = serde_json::to_value(&preflight).unwrap_or_default();
            let now = live.clock.now();
            live.report(|session| session.checked(shown, preflight.findings().to_vec(), now));
        }
        Err(error) => fail(&live, &error.into()),
    }
}

/// Makes a plan.
pub(super) async fn plan(live: Arc<Live>, connecting: Connecting, settings: JobSettings) {
    match make_plan(&live, connecting, &settings).await {
        Ok(document) => {
            let now = live.clock.now();
            live.report(|session| session.planned(document, now));
        }
        Err(error) => fail(&live, &error),
    }
}

async fn make_plan(live: &Live, connecting: Connecting, settings: &JobSettings) -> Result<PlanDocument, OnboardingError> {
    let connection = connecting.builder(settings).build()?;
    let events = |event: &Event| live.tell(event);
    let plan = match settings.verb {
        JobVerb::Onboard => {
            let preflight = connection.preflight(events).await?;
            let shown = serde_json::to_value(&preflight).unwrap_or_default();
            live.report(|session| session.show_preflight(shown, preflight.findings().to_vec()));
            preflight.into_plan()?
        }
        JobVerb::UpdateSettings => connection.plan_settings_update(settings.only, events).await?,
        JobVerb::RenewSecret => connection.plan_renewal(events).await?,
        JobVerb::RemoveOldSecrets => connection.plan_secret_removal(events).await?,
        JobVerb::Remove => connection.plan_removal(events).await?,
    };
    Ok(plan.document().clone())
}

/// Carries out the plan that was approved, if the world is still as it was.
pub(super) async fn apply(live: Arc<Live>, connecting: Connecting, settings: JobSettings, approved: PlanDocument, cancel: Cancel) {
    match carry_out(&live, connecting, &settings, &approved, &cancel).await {
        Ok(outcome) => {
            let now = live.clock.now();
            live.report(|session| session.finished(outcome, now));
        }
        Err(error) => fail(&live, &error),
    }
}

async fn carry_out(
    live: &Arc<Live>,
    connecting: Connecting,
    settings: &JobSettings,
    approved: &PlanDocument,
    cancel: &Cancel,
) -> Result<Outcome, OnboardingError> {
    let builder = connecting.builder(settings).cancel(cancel).secret_sink(Keep(live.clone()));
    let connection = builder.build()?;
    let events = |event: &Event| live.tell(event);
    let plan: Plan = match settings.verb {
        JobVerb::Onboard => connection.plan_from(approved, events).await?,
        JobVerb::UpdateSettings => connection.settings_update_from(settings.only, approved, events).await?,
        JobVerb::RenewSecret => connection.renewal_from(approved, events).await?,
        JobVerb::RemoveOldSecrets => connection.secret_removal_from(approved, events).await?,
        JobVerb::Remove => connection.removal_from(approved, events).await?,
    };
    plan.apply(events).await
}

fn fail(live: &Live, error: &OnboardingError) {
    let problem = error.problem();
    let is_cancelled = problem.code == "cancelled";
    let challenge = problem.sign_in.as_ref().and_then(|refusal| refusal.claims.clone());
    let now = live.clock.now();
    live.report(|session| {
        session.failed(problem, is_cancelled, now);
        if let Some(claims) = challenge {
            session.challenged(claims, now);
        }
    });
}

/// Gets every issued secret before the run writes anything else.
struct Keep(Arc<Live>);

impl std::fmt::Debug for Keep {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keep")
    }
}

#[async_trait]
impl SecretSink for Keep {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        let now = self.0.clock.now();
        // A session that was deleted hands nothing over: the run stops before its next write.
        let gone = |_| {
            SecretSinkError::new(
                "the session of this run was deleted",
                "Begin another session, and run the same there.",
            )
        };
        self.0
            .take(|session| {
                session.issued(secret, now);
                Ok::<_, ServiceError>(())
            })
            .map_err(gone)
    }
}

/// What went wrong with a sign-in, as data.
pub(super) fn token_problem(error: &TokenError) -> Problem {
    error.into()
}

/// Whether the tenant has to be asked: an import or a reuse of both apps is a matter of the site alone.
const fn is_import_of(spec: &ConnectionSpec) -> bool {
    let has_server = matches!(spec.server_app(), ServerApp::Import(_) | ServerApp::Reuse(_));
    let has_client = matches!(spec.client_app(), ClientApp::Import(_) | ClientApp::Reuse(_));
    has_server && has_client
}
