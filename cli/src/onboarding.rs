//! What `plan`, `apply` and `review` have in common: an onboarding, with its settings.

use clap::Args;
use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, OnboardingError, Plan, Step,
    connection::{AzureServicesConnectionBuilder, Consents, Operation},
};

use crate::{
    bad_input::BadInput,
    ending::Ending,
    place::{Access, Place, PlaceArguments},
    specification::SpecificationArguments,
};

/// The flags of an onboarding.
#[derive(Debug, Default, Args)]
pub(crate) struct OnboardingArguments {
    #[command(flatten)]
    pub(crate) specification: SpecificationArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Register the apps only, without a site. To hand them to the administrator of the site, use `hand-over`.
    #[arg(long, conflicts_with = "site", help_heading = "Site")]
    pub(crate) register_only: bool,
    #[command(flatten)]
    pub(crate) registering: RegisteringArguments,
}

/// The flags for how apps are registered.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Registering")]
pub(crate) struct RegisteringArguments {
    /// Leave the admin consents to another administrator, and show where they are given.
    #[arg(long)]
    leave_consents: bool,
    /// Issue a new secret although there is one. The older one stays.
    #[arg(long)]
    reissue_secret: bool,
    /// State that the tenant's app management policy does not apply to the account that signs in.
    #[arg(long)]
    policy_exempt: bool,
    /// Without a site: remove older secrets of this program, if a newer one exists and they name no site. Use it only after
    /// the newest secret is in the site.
    #[arg(long)]
    remove_superseded_secrets: bool,
    /// Do not try a new secret out. Without this flag it signs in once before it goes to the site.
    #[arg(long)]
    no_secret_probe: bool,
    /// Check that apps found in the tenant still exist, by writing one unchanged property to each. Use it if the same
    /// connection was removed a few minutes ago.
    #[arg(long)]
    verify_alive: bool,
}

impl RegisteringArguments {
    /// What is done in the tenant.
    pub(crate) const fn access(&self) -> Access {
        if self.leave_consents { Access::RegisterOnly } else { Access::Write }
    }

    /// A connection with these settings.
    pub(crate) fn builder(&self, place: Place, spec: ConnectionSpec) -> (AzureServicesConnectionBuilder, Place) {
        let place = if self.no_secret_probe { place.without_probe() } else { place };
        let consents = match self.leave_consents {
            true => Consents::LeaveToAdministrator,
            false => Consents::Grant,
        };
        let builder = place.builder(spec).reissue_secret(self.reissue_secret).consents(consents);
        let builder = builder
            .policy_exempt(self.policy_exempt)
            .remove_superseded_secrets(self.remove_superseded_secrets)
            .verify_alive(self.verify_alive);
        (builder, place)
    }
}

impl OnboardingArguments {
    /// The specification. Whether the apps go into a site has to be said: a forgotten flag would leave a tenant with apps
    /// that no site knows.
    pub(crate) fn read(&self) -> Result<ConnectionSpec, Ending> {
        if !self.register_only && !self.place.is_emulated() && self.place.site.site.is_none() {
            return Err(BadInput("Say which site the apps go into, with --site; or --register-only, without one.".to_owned()).into());
        }
        self.specification.read(self.place.is_emulated())
    }

    /// The connection. The place has to be kept until it is done with.
    pub(crate) async fn connect(&self, spec: ConnectionSpec) -> Result<(AzureServicesConnection, Place), Ending> {
        let mut place = self.place.open(Some(&spec), self.registering.access()).await?;
        if self.register_only {
            place = place.without_site();
        }
        let (builder, place) = self.registering.builder(place, spec);
        Ok((builder.build().map_err(OnboardingError::from)?, place))
    }
}

/// Refuses to issue a secret that the site does not take: a person types it in, and this program prints none.
pub(crate) fn refuse_lost_secret(plan: &Plan) -> Result<(), Ending> {
    let operation = |step| plan.step(step).map(|change| &change.operation);
    let is_issued = matches!(operation(Step::IssueSecret), Some(Operation::IssueSecret { .. }));
    let is_by_hand = matches!(operation(Step::ImportServerApp), Some(Operation::RenewSecret { by_hand: true, .. }));
    if !(is_issued && is_by_hand) {
        return Ok(());
    }
    Err(Ending::Refused(
        "The site takes no renewed secret from a program, and this one prints none: the new secret would be lost. Add a client \
         secret by hand (Entra admin center > App registrations > the server app > Certificates & secrets), and type it in \
         (console > Administration > Cloud Services > Microsoft Entra tenants > the server app > Renew Secret Key)."
            .to_owned(),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]
mod tests {
    use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};

    use super::*;
    use crate::specification::example;

    #[tokio::test]
    async fn a_secret_that_the_site_would_not_take_is_not_issued_to_be_lost() {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let spec = example().unwrap();
        let job = |reissue| {
            let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
            job.site(site.clone()).reissue_secret(reissue).build().unwrap()
        };
        job(false).onboard(|_| ()).await.unwrap();
        assert!(refuse_lost_secret(&job(false).plan(|_| ()).await.unwrap()).is_ok());
        let plan = job(true).plan(|_| ()).await.unwrap();
        let Err(Ending::Refused(message)) = refuse_lost_secret(&plan) else {
            panic!("it would be lost: {plan}");
        };
        assert!(message.contains("Renew Secret Key"), "{message}");
    }

    #[tokio::test]
    async fn apps_that_are_there_are_proven_to_be_if_that_is_asked_for() {
        let mut arguments = PlaceArguments::default();
        arguments.directory.emulated = true;
        let spec = example().unwrap();
        for verify_alive in [false, true] {
            let place = arguments.open_set_up(&spec, Access::Write).await.unwrap();
            let registering = RegisteringArguments {
                verify_alive,
                ..RegisteringArguments::default()
            };
            let (builder, _place) = registering.builder(place, spec.clone());
            let plan = builder.build().unwrap().plan(|_| ()).await.unwrap();
            let is_confirmed = |step| matches!(plan.step(step).map(|change| &change.operation), Some(Operation::ConfirmApp { .. }));
            let confirmed = [is_confirmed(Step::RegisterServerApp), is_confirmed(Step::RegisterClientApp)];
            assert_eq!(confirmed, [verify_alive; 2], "{plan}");
        }
    }

    #[test]
    fn a_forgotten_site_is_asked_for_before_anything_is_read() {
        let arguments = OnboardingArguments::default();
        let Err(Ending::BadInput(message)) = arguments.read() else {
            panic!("it is not asked for");
        };
        assert!(message.contains("--site") && message.contains("--register-only"), "{message}");
    }
}
