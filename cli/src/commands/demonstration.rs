//! Without a subcommand: the whole job, against an emulated tenant and site.

use std::sync::Arc;

use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, OnboardingError,
    clock::{Clock, ManualClock, SystemClock},
    connection::ReadError,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::json;
use time::Duration;

use crate::{completion::SecretFate, ending::Ending, output::Output, place::Place, specification::example};

/// How long after the onboarding the renewal is shown: two months before the end of the secret.
const LATER: Duration = Duration::days(305);

pub(crate) async fn run(output: Output) -> Result<(), Ending> {
    let spec = example()?;
    output.specification(&spec);
    let clock = ManualClock::new(SystemClock.now());
    let site = EmulatedSite::builder().clock(Arc::new(clock.clone())).build();
    let (connection, _place) = connect(spec, &clock, &site).await?;
    let preflight = connection.preflight(|_| ()).await?;
    output.preflight(connection.spec(), &preflight);
    let plan = preflight.into_plan().map_err(OnboardingError::from)?;
    output.plan(&plan);
    let shown = plan.findings().to_vec();
    output.begin_progress();
    let outcome = plan.apply(|event| output.event(event)).await?;
    output.outcome(&outcome, &shown, SecretFate::NotPrinted);
    clock.advance(LATER);
    output.page(
        "Ten months later",
        "later",
        &json!({ "now": clock.now().date().to_string() }),
        &format!("It is {}: the secret ends in two months and is renewed.", clock.now().date()),
    );
    renew(&site, &connection, output).await
}

async fn connect(spec: ConnectionSpec, clock: &ManualClock, site: &EmulatedSite) -> Result<(AzureServicesConnection, Place), Ending> {
    let now = clock.clone();
    let tenant = EmulatedTenant::builder().environment(spec.environment()).clock(move || now.now());
    let place = Place::of_emulated(tenant.build(), site.clone(), Arc::new(clock.clone())).await?;
    let builder = place.builder(spec).clock(Arc::new(clock.clone()));
    Ok((builder.build().map_err(OnboardingError::from)?, place))
}

/// The secret is about to end, and a person types the new one into the console.
async fn renew(site: &EmulatedSite, connection: &AzureServicesConnection, output: Output) -> Result<(), Ending> {
    let plan = connection.plan_renewal(|_| ()).await?;
    output.plan(&plan);
    let shown = plan.findings().to_vec();
    output.begin_progress();
    let outcome = plan.apply(|event| output.event(event)).await?;
    output.changed("Renewal", &outcome, &shown, SecretFate::ByHand);
    let (Some(app), Some(secret)) = (&outcome.server_app, &outcome.secret) else {
        return Ok(());
    };
    let typed = site.renew_secret_key(app.application_id, Some(secret.value.clone()), Some(secret.expires_on));
    typed.map_err(ReadError::Site)?;
    let told = json!({ "clientId": app.application_id, "expiresOn": secret.expires_on.date().to_string() });
    let text = format!(
        "Here the demonstration does what a person does: Renew Secret Key of the server app, with the new value and {}.",
        secret.expires_on.date()
    );
    output.page("In the console", "console", &told, &text);
    output.plan(&connection.plan_renewal(|_| ()).await?);
    Ok(())
}
