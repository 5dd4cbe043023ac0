//! Shows a plan, applies it, and prints one line for each piece of progress, as a front end would.
//!
//! ```text
//! cargo run --example apply_with_events
//! ```
//!
//! Tenant and site are emulated, in this process; the tenant takes a second to show what was just made, and is busy once.

use std::{error::Error, time::Duration};

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, Event, GraphDirectory, ServerAppSpec, StaticToken, connection::EventKind,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, Fault};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(1)).build();
    tenant.fail_on("POST /applications", Fault::Throttled(Some(Duration::from_secs(1))));
    let server = EmulatorServer::builder(tenant.clone()).start().await?;
    let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));

    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    let connection = AzureServicesConnection::builder(spec)
        .directory(GraphDirectory::new(server.endpoints().clone(), token))
        .site(EmulatedSite::new())
        .build()?;

    let plan = connection.plan(|_| ()).await?;
    println!("{plan}\n");
    // The callback is called in order, from this future: it may borrow, and it must not block.
    let outcome = plan.apply(show).await?;
    if let Some(settings) = outcome.client_settings() {
        println!("\nccmsetup.exe {}", settings.ccmsetup_properties());
    }
    Ok(())
}

/// One line for an event. More kinds may come, so that a front end passes over those it does not know.
fn show(event: &Event) {
    let seconds = event.elapsed.as_secs_f32();
    match &event.kind {
        EventKind::StepStarted { step, index, total, .. } => println!("{seconds:5.1}  {index:>2}/{total}  {step} ..."),
        EventKind::StepDone { step, action, .. } => println!("{seconds:5.1}         {step}: {action}"),
        EventKind::StepSkipped { step, .. } => println!("{seconds:5.1}         {step}: not needed"),
        EventKind::WaitingForReplication { step, delay, .. } => {
            println!("{seconds:5.1}         {step}: not visible everywhere yet, waiting {delay:?}");
        }
        EventKind::Retried { retry, .. } => println!("{seconds:5.1}         {} again in {:?}", retry.request, retry.delay),
        EventKind::StepFailed { step, error, help, .. } => println!("{seconds:5.1}         {step}: {error}\n               {help}"),
        _ => {}
    }
}
