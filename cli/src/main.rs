//! The front door: the whole job from the command line. Run it without flags to see it against an emulator.

mod arguments;
mod bad_input;
mod hand_over;
mod output;
mod sign_in;
mod site;

use std::process::ExitCode;

use clap::Parser;
use cmg_onboarding::{
    AzureServicesConnection, CloudEndpoints, ConnectionSpec, Diagnostic, GraphDirectory, OnboardingError, Plan, SiteHandle, StaticToken,
    Step, TenantId,
    connection::{AzureServicesConnectionBuilder, Consents, Operation},
    token::{EntraSecretProbe, TenantDiscovery},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};

use arguments::Arguments;
use bad_input::BadInput;
use output::Output;
use site::SiteChoice;

const DONE: u8 = 0;
const BAD_INPUT: u8 = 2;
const REFUSED: u8 = 3;
const FAILED: u8 = 4;

/// How the job ends before it is done.
enum Ending {
    BadInput(String),
    /// The run is over, and what it was to leave behind is not there.
    Failed(String),
    Onboarding(OnboardingError),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json };
    let code = match run(&arguments, output).await {
        Ok(()) => DONE,
        Err(ending) => show(&ending, output),
    };
    ExitCode::from(code)
}

fn show(ending: &Ending, output: Output) -> u8 {
    match ending {
        Ending::BadInput(message) => {
            output.bad_input(message);
            BAD_INPUT
        }
        Ending::Failed(message) => {
            output.stopped(message);
            FAILED
        }
        Ending::Onboarding(OnboardingError::Spec(invalid)) => {
            output.invalid(invalid);
            BAD_INPUT
        }
        Ending::Onboarding(OnboardingError::Blocked(blocked)) => {
            output.refused(blocked.findings(), &blocked.to_string());
            REFUSED
        }
        Ending::Onboarding(OnboardingError::Apply(error)) => {
            output.failed(error);
            FAILED
        }
        Ending::Onboarding(error @ OnboardingError::Read(_)) => {
            output.refused(&[], &format!("{}. {}", cmg_onboarding::error::chain(error), error.help()));
            REFUSED
        }
        Ending::Onboarding(error) => {
            output.bad_input(&format!("{error}. {}", error.help()));
            BAD_INPUT
        }
    }
}

async fn run(arguments: &Arguments, output: Output) -> Result<(), Ending> {
    let spec = match arguments.hand_over.open(output, arguments.site.site, arguments.plan)? {
        Some(spec) => spec,
        None => arguments.specification()?.parse().map_err(OnboardingError::Spec)?,
    };
    if !arguments.remove {
        arguments.site.prepare_script(&spec)?;
    }
    let prepared = arguments.hand_over.prepare(&spec)?;
    if arguments.by_hand {
        output.by_hand(&spec.by_hand());
        return Ok(());
    }
    if !arguments.review {
        output.specification(&spec);
    }
    // Kept alive until the job is done: dropping it stops the emulator.
    let (connection, _emulator) = connect(arguments, spec).await?;
    if arguments.remove {
        let plan = connection.plan_removal(|_| ()).await?;
        if arguments.review {
            output.review(&plan);
            return Ok(());
        }
        output.plan(&plan);
        if arguments.plan {
            return Ok(());
        }
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.removed(&outcome);
        return Ok(());
    }
    let preflight = connection.preflight(|_| ()).await.map_err(OnboardingError::from)?;
    if arguments.review {
        output.review(&preflight.into_plan().map_err(OnboardingError::from)?);
        return Ok(());
    }
    output.preflight(connection.spec(), &preflight);
    let plan = preflight.into_plan().map_err(OnboardingError::from)?;
    output.plan(&plan);
    if arguments.plan {
        return Ok(());
    }
    refuse_lost_secret(&plan)?;
    output.begin_progress();
    let failed = |error: BadInput| Ending::Failed(error.0);
    let outcome = match plan.apply(|event| output.event(event)).await {
        Ok(outcome) => outcome,
        Err(error) => {
            if prepared.is_some() && error.secret().is_some() {
                output.next(hand_over::LOST);
            }
            return Err(error.into());
        }
    };
    output.outcome(&outcome);
    let next = arguments.site.write_script(connection.spec(), &outcome).map_err(failed)?;
    if let Some(next) = next {
        output.next(&next);
    }
    if let Some(prepared) = prepared {
        prepared.write(connection.spec(), &outcome, output).map_err(failed)?;
    }
    Ok(())
}

/// Refuses to issue a secret that the site does not take: a person types it in, and this program prints none.
fn refuse_lost_secret(plan: &Plan) -> Result<(), Ending> {
    let operation = |step| plan.step(step).map(|change| &change.operation);
    let is_issued = matches!(operation(Step::IssueSecret), Some(Operation::IssueSecret { .. }));
    let is_by_hand = matches!(operation(Step::ImportServerApp), Some(Operation::RenewSecret { by_hand: true, .. }));
    if !(is_issued && is_by_hand) {
        return Ok(());
    }
    Err(Ending::BadInput(
        "The site takes no renewed secret from a program, and this one prints none: the new secret would be lost. Add a client \
         secret by hand (Entra admin center > App registrations > the server app > Certificates & secrets), and type it in \
         (console > Cloud Services > Microsoft Entra tenants > the server app > Renew Secret Key)."
            .to_owned(),
    ))
}

async fn connect(arguments: &Arguments, spec: ConnectionSpec) -> Result<(AzureServicesConnection, Option<EmulatorServer>), Ending> {
    if arguments.hand_over.is_imported() && arguments.has_no_sign_in() && arguments.site.site == Some(SiteChoice::Emulated) {
        let builder = AzureServicesConnection::builder(spec).site(EmulatedSite::new());
        return Ok((finish(arguments, builder)?, None));
    }
    if arguments.is_demonstration() {
        return demonstrate(arguments, spec).await;
    }
    if arguments.has_no_sign_in() && arguments.site.is_import_of(&spec) {
        let builder = AzureServicesConnection::builder(spec).site(arguments.site.real(arguments.http()?)?);
        return Ok((finish(arguments, builder)?, None));
    }
    let (endpoints, tenant) = place(arguments, &spec).await?;
    let way = sign_in::choose(arguments, &spec, &endpoints, tenant)?;
    let mut directory = GraphDirectory::builder(endpoints.clone(), way.tokens)
        .scopes(way.scopes)
        .optional_scopes(way.optional_scopes)
        .http(arguments.http()?);
    if let Some(tenant) = tenant {
        directory = directory.tenant(tenant);
    }
    let mut builder = AzureServicesConnection::builder(spec).directory(directory.build());
    if arguments.tries_secrets() {
        builder = builder.secret_probe(EntraSecretProbe::new(endpoints.clone()).http(arguments.http()?));
    }
    if let Some(tenant) = tenant {
        builder = builder.tenant(tenant);
    }
    if arguments.site.site == Some(SiteChoice::PowerShell) {
        builder = builder.site(arguments.site.real(arguments.http()?)?);
    }
    if arguments.site.site == Some(SiteChoice::Emulated) {
        let site = RemoteSite::builder(endpoints.graph().clone()).http(arguments.http()?);
        builder = builder.site(site.build());
    }
    Ok((finish(arguments, builder)?, None))
}

/// The job against an emulator of its own, over real HTTP.
async fn demonstrate(arguments: &Arguments, spec: ConnectionSpec) -> Result<(AzureServicesConnection, Option<EmulatorServer>), Ending> {
    let tenant = EmulatedTenant::builder().environment(spec.environment()).build();
    let site = EmulatedSite::new();
    let server = EmulatorServer::builder(tenant.clone())
        .site(site.clone())
        .start()
        .await
        .map_err(bad_input)?;
    let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
    let mut builder = AzureServicesConnection::builder(spec).directory(GraphDirectory::new(server.endpoints().clone(), token));
    if arguments.tries_secrets() {
        builder = builder.secret_probe(EntraSecretProbe::new(server.endpoints().clone()));
    }
    if !arguments.register_only && !arguments.hand_over.is_written() && !arguments.site.is_left_out() {
        builder = builder.site(SiteHandle::from(site));
    }
    Ok((finish(arguments, builder)?, Some(server)))
}

fn finish(arguments: &Arguments, builder: AzureServicesConnectionBuilder) -> Result<AzureServicesConnection, Ending> {
    let connection = builder
        .reissue_secret(arguments.reissue_secret)
        .state_no_gateway(arguments.no_gateway_uses_it)
        .consents(if arguments.leave_consents {
            Consents::LeaveToAdministrator
        } else {
            Consents::Grant
        })
        .state_apps_unused(arguments.apps_unused)
        .build();
    Ok(connection.map_err(OnboardingError::from)?)
}

/// Where the tenant is, and which one it is.
async fn place(arguments: &Arguments, spec: &ConnectionSpec) -> Result<(CloudEndpoints, Option<TenantId>), Ending> {
    let Some(domain) = &arguments.domain else {
        let endpoints = arguments.endpoints(CloudEndpoints::of(spec.environment()))?;
        return Ok((endpoints, arguments.tenant));
    };
    let mut discovery = TenantDiscovery::new().http(arguments.http()?);
    if arguments.authority.is_some() {
        discovery = discovery.with_endpoints(vec![arguments.endpoints(CloudEndpoints::of(spec.environment()))?]);
    }
    let found = discovery
        .find(domain)
        .await
        .map_err(|error| Ending::BadInput(format!("{}. {}", cmg_onboarding::error::chain(&error), error.help())))?;
    Ok((arguments.endpoints(found.endpoints)?, Some(found.tenant_id)))
}

fn bad_input(error: impl std::error::Error) -> Ending {
    Ending::BadInput(cmg_onboarding::error::chain(&error))
}

impl From<BadInput> for Ending {
    fn from(error: BadInput) -> Self {
        Self::BadInput(error.0)
    }
}

impl From<OnboardingError> for Ending {
    fn from(error: OnboardingError) -> Self {
        Self::Onboarding(error)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_that_the_site_would_not_take_is_not_issued_to_be_lost() {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let spec: ConnectionSpec = include_str!("example.json").parse().unwrap();
        let job = |reissue| {
            let job = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
            job.site(site.clone()).reissue_secret(reissue).build().unwrap()
        };
        job(false).onboard(|_| ()).await.unwrap();
        assert!(refuse_lost_secret(&job(false).plan(|_| ()).await.unwrap()).is_ok());
        let plan = job(true).plan(|_| ()).await.unwrap();
        let Err(Ending::BadInput(message)) = refuse_lost_secret(&plan) else {
            panic!("it would be lost: {plan}");
        };
        assert!(message.contains("Renew Secret Key"), "{message}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_to_is_refused_before_the_first_request() {
        let file = std::env::temp_dir().join(format!("cmg-onboard-file-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let folder = file.join("below");
        // With --plan nothing is ever written, so that only a check before the first request can refuse.
        let flags = [
            "cmg-onboard",
            "--plan",
            "--json",
            "--provider",
            "cm01.contoso.com",
            "--site-code",
            "P01",
        ];
        let arguments = Arguments::parse_from(flags.into_iter().chain(["--script-out", folder.to_str().unwrap()]));
        let Err(Ending::BadInput(message)) = run(&arguments, Output { json: true }).await else {
            panic!("it is not refused");
        };
        assert!(message.contains("cannot be written to"), "{message}");
        std::fs::remove_file(file).unwrap();
    }
}
