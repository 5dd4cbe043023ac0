//! What a connection can be asked to do.

use crate::{
    connection::{
        builder::AzureServicesConnectionBuilder,
        handle::AzureServicesConnection,
        plan::{Plan, document::PlanDocument},
        preflight::Preflight,
        report::{
            emitter::Emitter,
            error::{OnboardingError, ReadError},
            event::{Event, Verb},
            outcome::Outcome,
        },
    },
    spec::ConnectionSpec,
};

impl AzureServicesConnection {
    /// Begins a connection for this specification.
    pub fn builder(spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnectionBuilder::new(spec)
    }

    /// What is to be brought about.
    #[must_use]
    pub fn spec(&self) -> &ConnectionSpec {
        &self.inner.spec
    }

    /// Asks, in as few rounds as possible, everything that can go wrong later. Writes nothing.
    ///
    /// On a tenant where nothing is registered yet this is one round of parallel requests. `events` hears what happens
    /// meanwhile, such as throttling.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read. What stands in the way is no error here but a finding.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn preflight(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Preflight, ReadError> {
        let emitter = self.inner.begin(Verb::Preflight, &events);
        let result = self.inner.read(&emitter).await;
        let result = result.map(|snapshot| Preflight::new(self, snapshot));
        emitter.end_of_reading(&result);
        result
    }

    /// Makes the plan: [`preflight`](Self::preflight), and then what will be written, step by step. The plan is bound to
    /// this connection; [`Plan::apply`] carries it out.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read, or something stands in the way.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::Plan, &events);
        let result = self.make_plan(Verb::Onboard, &emitter).await;
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
        self.plan_and_apply(Verb::Onboard, self.inner.begin(Verb::Onboard, &events)).await
    }

    /// Makes a plan that does exactly what was approved: reads tenant and site again and compares.
    ///
    /// A person may approve a plan in one process, and a job carry it out in another one, a day later. The document is
    /// only compared and never executed, since the file that it comes from may be forged. The secret of an app to import
    /// is not in the document; this connection's specification brings it.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Time alone makes no plan
    /// stale. Else those of [`plan`](Self::plan).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_from(&self, approved: &PlanDocument, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::Plan, &events);
        self.plan_as_approved(Verb::Onboard, approved, emitter).await
    }

    /// Makes a plan that removes what this specification has made: the connection, and both app registrations with
    /// their service principals and consents, for good, so that their unique names are free again.
    ///
    /// Apps that were imported or reused are not touched. Of an adopted app only the secrets go that this crate has
    /// made. The rows of applications and tenants stay in the site, because the product offers no cmdlet that removes
    /// them. What stays is in the plan's findings. [`Plan::apply`] carries it out.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read, or something stands in the way.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_removal(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanRemoval, &events);
        let result = self.make_plan(Verb::Remove, &emitter).await;
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
        self.plan_as_approved(Verb::Remove, approved, emitter).await
    }

    /// Makes the plan of [`plan_removal`](Self::plan_removal) and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan_removal`](Self::plan_removal) and [`Plan::apply`]. If the connection cannot be removed, the apps
    /// stay: it would be of no use without them, and no later removal could tell whose it is.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; removing again goes on from there.
    pub async fn remove(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        self.plan_and_apply(Verb::Remove, self.inner.begin(Verb::Remove, &events)).await
    }

    async fn plan_as_approved(&self, verb: Verb, approved: &PlanDocument, emitter: Emitter<'_>) -> Result<Plan, OnboardingError> {
        let result = match self.inner.read(&emitter).await {
            Ok(snapshot) => Plan::make_approved(self, verb, approved, snapshot),
            Err(error) => Err(error.into()),
        };
        emitter.end_of_reading(&result);
        result
    }

    async fn plan_and_apply(&self, verb: Verb, emitter: Emitter<'_>) -> Result<Outcome, OnboardingError> {
        let result = match self.make_plan(verb, &emitter).await {
            Ok(plan) => plan.carry_out(&emitter).await.map_err(OnboardingError::from),
            Err(error) => Err(error),
        };
        emitter.end_of_run(&result);
        result
    }

    async fn make_plan(&self, verb: Verb, emitter: &Emitter<'_>) -> Result<Plan, OnboardingError> {
        let snapshot = self.inner.read(emitter).await?;
        Ok(Plan::make(self, verb, snapshot)?)
    }
}
