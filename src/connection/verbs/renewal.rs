//! The renewal of the server app's secret, and the early removal of those that a renewal has replaced.

use crate::connection::{
    handle::AzureServicesConnection,
    plan::{Plan, document::PlanDocument},
    report::{
        error::OnboardingError,
        event::{Event, Verb},
        outcome::Outcome,
    },
};

impl AzureServicesConnection {
    /// Makes a plan that renews the server app's secret, with overlap: nothing that is in use is cut. What it does depends on
    /// how far the renewal has come, as site and registration tell.
    ///
    /// | phase | how it is told | what the plan does |
    /// | --- | --- | --- |
    /// | issue | no renewal is under way, or there is no site | issues a secret with an end of its own; the [`SecretSink`](crate::connection::SecretSink) gets it, a [`SecretProbe`](crate::token::SecretProbe) signs in with it, and then a site that takes renewed secrets gets it. For any other site the outcome has it, once, with a next step |
    /// | waiting | a secret was issued for this site later than the one that the site shows | nothing; the finding `RenewalWaiting` says since when. With [`reissue_secret`](crate::connection::AzureServicesConnectionBuilder::reissue_secret) it issues another one |
    /// | shown | the site shows the end of the newest secret, and an older one is still valid | nothing; the finding `RenewedSecretUnproven` says that the value is not proven, since a person types value and date apart. The old secret stays until its own end |
    ///
    /// A secret that this crate has not made is never touched. If the console has created the app, the plan is the console's
    /// own dialog; see [`state_created_by_console`](crate::connection::AzureServicesConnectionBuilder::state_created_by_console). Of an app
    /// that the specification imports, its secret takes the place of an issued one. Nothing else of the connection is
    /// changed. [`Plan::apply`] carries the plan out.
    ///
    /// Sources: *Azure Services Wizard* (Renew Secret Key); *What's new in version 2409* (apps older than 800 days).
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, if the caller's `Cancel` or deadline ends the reading, or if a finding stands in the way
    /// ([`OnboardingError::Blocked`]).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_renewal(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanRenewal, &events);
        let result = self.make_plan(&self.inner.rules(Verb::RenewSecret), &emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes a plan that renews exactly as it was approved, as [`plan_from`](Self::plan_from) does for an onboarding. It
    /// takes documents of its own kind only.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Else those of
    /// [`plan_renewal`](Self::plan_renewal).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn renewal_from(&self, approved: &PlanDocument, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanRenewal, &events);
        self.plan_as_approved(&self.inner.rules(Verb::RenewSecret), approved, emitter).await
    }

    /// Makes the plan of [`plan_renewal`](Self::plan_renewal) and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan_renewal`](Self::plan_renewal) and [`Plan::apply`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await. A secret that was issued by then stays valid, and so does the old one; the
    /// next renewal waits for it, and issues another one with
    /// [`reissue_secret`](crate::connection::AzureServicesConnectionBuilder::reissue_secret).
    pub async fn renew_secret(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        self.plan_and_apply(&self.inner.rules(Verb::RenewSecret), self.inner.begin(Verb::RenewSecret, &events))
            .await
    }

    /// Makes a plan that removes the secrets which a renewal has replaced, before their own end. No other verb does this, and
    /// no renewal needs it: an old secret ends by itself.
    ///
    /// It removes only secrets that this crate has issued for this site, and only if the site shows the end of the newest
    /// one and has done so for 26 hours ([`secret_removal_wait`](crate::connection::AzureServicesConnectionBuilder::secret_removal_wait)). Since
    /// when, the item's own time of change tells, else the caller does
    /// ([`state_shown_since`](crate::connection::AzureServicesConnectionBuilder::state_shown_since)). Even then the new value is not proven: if a
    /// person has typed the new date with the old value, the gateway stops. The finding `OldSecretMayBeInUse` warns of it.
    ///
    /// # Errors
    ///
    /// If tenant or site cannot be read, if the caller's `Cancel` or deadline ends the reading, or if a finding stands in the way
    /// ([`OnboardingError::Blocked`]).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_secret_removal(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanSecretRemoval, &events);
        let result = self.make_plan(&self.inner.rules(Verb::RemoveOldSecrets), &emitter).await;
        emitter.end_of_reading(&result);
        result
    }

    /// Makes a plan that removes exactly those secrets whose removal was approved, as [`plan_from`](Self::plan_from) does
    /// for an onboarding. It takes documents of its own kind only.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Else those of
    /// [`plan_secret_removal`](Self::plan_secret_removal).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn secret_removal_from(
        &self,
        approved: &PlanDocument,
        events: impl Fn(&Event) + Send + Sync,
    ) -> Result<Plan, OnboardingError> {
        let emitter = self.inner.begin(Verb::PlanSecretRemoval, &events);
        self.plan_as_approved(&self.inner.rules(Verb::RemoveOldSecrets), approved, emitter)
            .await
    }

    /// Makes the plan of [`plan_secret_removal`](Self::plan_secret_removal) and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan_secret_removal`](Self::plan_secret_removal) and [`Plan::apply`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; the next removal goes on from there.
    pub async fn remove_old_secrets(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        self.plan_and_apply(
            &self.inner.rules(Verb::RemoveOldSecrets),
            self.inner.begin(Verb::RemoveOldSecrets, &events),
        )
        .await
    }
}
