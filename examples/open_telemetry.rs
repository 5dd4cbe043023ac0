//! Onboards with an OpenTelemetry exporter, and prints each span that it gets: name, trace, duration, tenant, step and status.
//!
//! ```text
//! cargo run --example open_telemetry
//! ```
//!
//! Tenant and site are emulated, in this process. The exporter prints, so that no collector is needed; in its place goes the
//! one of `opentelemetry-otlp` or of your vendor, and the rest stays as it is.

use std::error::Error;

use cmg_onboarding::{AzureServicesConnection, ClientAppSpec, ConnectionSpec, GraphDirectory, ServerAppSpec, StaticToken};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::Level;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// The attributes that are printed. The manual's chapter on observability has all of them.
const SHOWN: [&str; 5] = ["verb", "tenant", "step", "path", "status"];

/// An exporter that prints.
#[derive(Debug)]
struct Printer;

impl SpanExporter for Printer {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
            let shown: Vec<String> = span
                .attributes
                .iter()
                .filter(|attribute| SHOWN.contains(&attribute.key.as_str()))
                .map(|attribute| format!("{}={}", attribute.key, attribute.value))
                .collect();
            println!(
                "{} {:>8} {:7.1} ms  {}",
                span.span_context.trace_id(),
                span.name,
                duration.as_secs_f64() * 1000.0,
                shown.join(" ")
            );
        }
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = SdkTracerProvider::builder().with_simple_exporter(Printer).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("cmg-onboarding"));
    // The crate's own spans and no others: `info` shows runs and steps, `debug` each request, too.
    let own = Targets::new().with_target("cmg_onboarding", Level::DEBUG);
    tracing_subscriber::registry().with(layer.with_filter(own)).init();

    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await?;
    let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    AzureServicesConnection::builder(spec)
        .directory(GraphDirectory::new(server.endpoints().clone(), token))
        .site(EmulatedSite::new())
        .build()?
        .onboard(|_| ())
        .await?;
    provider.shutdown()?;
    Ok(())
}
