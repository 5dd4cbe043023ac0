//! What a connection can be asked to do. What has to do with the renewal of the secret is in [`renewal`].

mod renewal;

use crate::{
    connection::{
        builder::AzureServicesConnectionBuilder,
        check::rules::Rules,
        handle::AzureServicesConnection,
        plan::{Plan, document::PlanDocument},
        preflight::Preflight,
        read::snapshot::Snapshot,
        report::{
            check::Check,
            emitter::Emitter,
            error::OnboardingError,
            event::{Event, Verb},
            outcome::Outcome,
            read_error::ReadError,
            step::AppRole,
        },
    },
    spec::ConnectionSpec,
};

impl AzureServicesConnection {
    /// Begins a connection for this specification.
    pub fn builder(spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnectionBuilder::new(spec)
    }

    /// The specification that this connection was made for.
    #[must_use]
    pub fn spec(&self) -> &ConnectionSpec {
        &self.inner.spec
    }

    /// Checks beforehand everything that can go wrong later, in as few rounds of requests as possible. Writes
    /// nothing.
    ///
    /// On a tenant without the apps this is one round of parallel requests. `events` is called with what
    /// happens meanwhile, such as throttling.
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, or if the caller's `Cancel` or deadline ends the reading. A problem that
    /// stands in the way is a finding here, and not an error.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn preflight(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Preflight, ReadError> {
        let emitter = self.inner.begin(Verb::Preflight, &events);
        let result = self.inner.read(&self.inner.rules(Verb::Onboard), &emitter).await;
        let result = result.map(|snapshot| Preflight::new(self, snapshot));
        emitter.end_of_reading(&result);
        result
    }

    /// Checks whether the connection works and when the secret of the server app ends, for a monitoring system. Writes
    /// nothing, and needs no right to write: a right that only a run needs is not looked for.
    ///
    /// It reads both sides as [`preflight`](Self::preflight) does, but for what only a run needs to know (policies, directory
    /// roles, deleted apps), and holds everything against the specification as it
    /// is: what a run would mend is a finding here. [`Check::status`] has the status, by the table in
    /// [`manual::life_after_onboarding`](crate::manual::life_after_onboarding), and
    /// [`secret_thresholds`](AzureServicesConnectionBuilder::secret_thresholds) the days from which on the end of the secret
    /// counts. A side that the connection does not have is not looked at: without a site it is not known which secret the
    /// site uses, so that the first one that ends decides; without a directory the status is unknown at best.
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, or if the caller's `Cancel` or deadline ends the reading, which is unknown (3)
    /// for a monitoring system.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn check(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Check, ReadError> {
        let emitter = self.inner.begin(Verb::Check, &events);
        let result = self.inner.check(&emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes the plan: checks as [`preflight`](Self::preflight) does, and then says what will be written,
    /// change by change. The plan is bound to this connection; [`Plan::apply`] carries it out.
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, if the caller's `Cancel` or deadline ends the reading, or if a finding stands in the way
    /// ([`OnboardingError::Blocked`]).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::Plan, &events);
        let result = self.make_plan(&self.inner.rules(Verb::Onboard), &emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes the plan and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan) and [`Plan::apply`].
    ///
    /// # Cancel safety
    ///
    /// As [`Plan::apply`].
    pub async fn onboard(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        self.plan_and_apply(&self.inner.rules(Verb::Onboard), self.inner.begin(Verb::Onboard, &events))
            .await
    }

    /// Makes a plan that does exactly what was approved: reads tenant and site again and compares.
    ///
    /// A person may approve a plan in one process, and a job may carry it out in another one, a day later.
    /// The document is only compared and never executed, since the file that it comes from may be forged. The
    /// secret of an imported app is not in the document; this connection's specification brings it.
    ///
    /// What was approved is done once. After a run that was cut off, its plan is stale, since a part of it is done: run
    /// the same specification again, or have a plan approved for the rest.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. The passing
    /// of time alone does not make a plan stale, nor does what others have added to a list that the plan adds to, unless
    /// it is the same. Otherwise the errors of [`plan`](Self::plan).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_from(&self, approved: &PlanDocument, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::Plan, &events);
        self.plan_as_approved(&self.inner.rules(Verb::Onboard), approved, emitter).await
    }

    /// Makes a plan that removes what this specification has made: the connection, and both app registrations
    /// with their service principals and consents. The apps are purged, so that their unique names are free
    /// again.
    ///
    /// Apps that were imported or reused are not touched. Of an adopted app only the secrets that this crate
    /// has made are removed. The rows of applications and tenants stay in the site, because the product
    /// offers no cmdlet that removes them. The plan's findings list what stays. [`Plan::apply`] carries the
    /// plan out.
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, if the caller's `Cancel` or deadline ends the reading, or if a finding stands in the way
    /// ([`OnboardingError::Blocked`]).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_removal(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanRemoval, &events);
        let result = self.make_plan(&self.inner.rules(Verb::Remove), &emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes a plan that removes exactly what was approved, as [`plan_from`](Self::plan_from) does for an onboarding. Each
    /// of the two takes documents of its own kind only, so that a document that was put in the place of another one
    /// removes nothing.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Else those of
    /// [`plan_removal`](Self::plan_removal).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn removal_from(&self, approved: &PlanDocument, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanRemoval, &events);
        self.plan_as_approved(&self.inner.rules(Verb::Remove), approved, emitter).await
    }

    /// Makes the plan of [`plan_removal`](Self::plan_removal) and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan_removal`](Self::plan_removal) and [`Plan::apply`]. If the connection cannot be
    /// removed, the apps stay: the connection would be of no use without them, and a later removal could not
    /// tell that it belongs to this specification.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; the next removal goes on from there.
    pub async fn remove(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        self.plan_and_apply(&self.inner.rules(Verb::Remove), self.inner.begin(Verb::Remove, &events))
            .await
    }

    /// Makes a plan that updates the application settings: what *Update Application Settings* of the console writes to an app
    /// registration, of this crate or of other people, and nothing else.
    ///
    /// | app | what it gets if it lacks it |
    /// | --- | --- |
    /// | server app | device tokens (`isDeviceOnlyAuthSupported`), the redirect URI `http://localhost` on the platform Web, and, if discovery is on, *Read directory data*: the permission `Directory.Read.All` with admin consent |
    /// | client app | *Allow public client flows*, and the redirect URI of the Windows account broker |
    ///
    /// The console's button is on the server app alone; a client app that was registered by hand may lack the other two.
    /// Lists only grow, and what else differs is a finding. `only` restricts the plan to one app, of any source; `None`
    /// leaves that to the [builder](AzureServicesConnectionBuilder::only), by whose default both apps are meant.
    ///
    /// If a site is given, it tells whether discovery is on, and which redirect URI it has for the server app in a column of
    /// its own. Only the console changes that one, so it becomes a next step of the outcome
    /// ([`NextStepCode::UpdateSettingsInConsole`](super::NextStepCode::UpdateSettingsInConsole)). Without a site, discovery is
    /// on if the specification switches it on. Apps that the site alone knows are named by
    /// [`ReusedApp`](crate::ReusedApp); without a site, by [`AdoptedServerApp`](crate::spec::AdoptedServerApp) and
    /// [`AdoptedClientApp`](crate::spec::AdoptedClientApp): both take the client id alone.
    ///
    /// Source: *Configure Azure services*, and *What's new in version 2309*.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Incomplete`] if there is no directory. Else the errors of [`plan`](Self::plan).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_settings_update(
        &self,
        only: Option<AppRole>,
        events: impl Fn(&Event) + Send + Sync,
    ) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanSettingsUpdate, &events);
        let result = self.make_plan(&self.settings_rules(only), &emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes a plan that updates exactly the settings that were approved, as [`plan_from`](Self::plan_from) does for an
    /// onboarding. `only` is the caller's, and not the document's, whose file may be forged.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Else those of
    /// [`plan_settings_update`](Self::plan_settings_update).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn settings_update_from(
        &self,
        only: Option<AppRole>,
        approved: &PlanDocument,
        events: impl Fn(&Event) + Send + Sync,
    ) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanSettingsUpdate, &events);
        self.plan_as_approved(&self.settings_rules(only), approved, emitter).await
    }

    /// Makes the plan of [`plan_settings_update`](Self::plan_settings_update) and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan_settings_update`](Self::plan_settings_update) and [`Plan::apply`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; the next update goes on from there.
    pub async fn update_settings(&self, only: Option<AppRole>, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        let emitter = self.inner.begin(Verb::UpdateSettings, &events);
        self.plan_and_apply(&self.settings_rules(only), emitter).await
    }

    fn settings_rules(&self, only: Option<AppRole>) -> Rules<'_> {
        Rules {
            only: only.or(self.inner.only),
            ..self.inner.rules(Verb::UpdateSettings)
        }
    }

    async fn plan_as_approved(&self, rules: &Rules<'_>, approved: &PlanDocument, emitter: Emitter<'_>) -> Result<Plan, OnboardingError> {
        let result = match self.look(rules, &emitter).await {
            Ok(snapshot) => Plan::make_approved(self, rules, approved, snapshot),
            Err(error) => Err(error),
        };
        emitter.end_of_reading(&result);
        result
    }

    async fn plan_and_apply(&self, rules: &Rules<'_>, emitter: Emitter<'_>) -> Result<Outcome, OnboardingError> {
        let result = match self.make_plan(rules, &emitter).await {
            Ok(plan) => plan.carry_out(&emitter).await.map_err(OnboardingError::from),
            Err(error) => Err(error),
        };
        emitter.end_of_run(&result);
        result
    }

    async fn make_plan(&self, rules: &Rules<'_>, emitter: &Emitter<'_>) -> Result<Plan, OnboardingError> {
        let snapshot = self.look(rules, emitter).await?;
        Ok(Plan::make(self, rules, snapshot)?)
    }

    async fn look(&self, rules: &Rules<'_>, emitter: &Emitter<'_>) -> Result<Snapshot, OnboardingError> {
        self.inner.check_complete(rules.verb)?;
        Ok(self.inner.read(rules, emitter).await?)
    }
}
