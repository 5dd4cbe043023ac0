//! Without a subcommand: the whole job, against an emulated tenant and site.

use std::time::Duration;

use cmg_onboarding::{AzureServicesConnection, connection::ReadError};
use serde_json::json;

use crate::{
    ending::Ending,
    output::{Output, SecretFate},
    place::Place,
    specification::example,
};

pub(crate) async fn run(output: Output) -> Result<(), Ending> {
    let spec = example()?;
    output.specification(&spec);
    let place = Place::emulated(spec.environment()).await?;
    let connection = place.connection(spec)?;
    let preflight = connection.preflight(|_| ()).await?;
    output.preflight(connection.spec(), &preflight);
    let plan = preflight.into_plan().map_err(cmg_onboarding::OnboardingError::from)?;
    output.plan(&plan);
    let shown = plan.findings().to_vec();
    output.begin_progress();
    let outcome = plan.apply(|event| output.event(event)).await?;
    output.outcome(&outcome, &shown, SecretFate::NotPrinted);
    renew(&place, &connection, output).await
}

/// The day on which the secret is about to end, and the person who types the new one into the console.
async fn renew(place: &Place, connection: &AzureServicesConnection, output: Output) -> Result<(), Ending> {
    // The directory keeps times in whole seconds, and by them a renewal tells the new secret from the old one.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let plan = connection.plan_renewal(|_| ()).await?;
    output.plan(&plan);
    let shown = plan.findings().to_vec();
    output.begin_progress();
    let outcome = plan.apply(|event| output.event(event)).await?;
    output.changed("Renewal", &outcome, &shown, SecretFate::ByHand);
    let (Some(site), Some(app), Some(secret)) = (&place.console, &outcome.server_app, &outcome.secret) else {
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
