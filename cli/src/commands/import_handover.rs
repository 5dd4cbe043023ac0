//! `import-handover`: what another administrator has registered and sealed goes into the site.

use std::path::PathBuf;

use clap::Args;
use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, OnboardingError, Outcome, Plan, SiteHandle, Step,
    clock::{Clock, SystemClock},
    connection::{NextStepCode, Operation, Verb},
    hand_over::{RecipientKey, SealedHandOver},
    spec::ServerApp,
};
use cmg_onboarding_emulator::EmulatedSite;

use crate::{
    bad_input::BadInput,
    commands::apply::preflight,
    completion::SecretFate,
    confirm::ask,
    ending::Ending,
    files,
    interrupt::Interrupt,
    onboarding::refuse_lost_secret,
    output::Output,
    place::{Access, PlaceArguments},
    saved_plan::PlanArguments,
    shown_secret,
};

/// Imports what another administrator has registered and sealed.
///
/// Opens the file, shows what it says, asks, and imports it into the site. Without a sign-in, the site alone is worked on;
/// with one, the registrations are compared as well.
#[derive(Debug, Args)]
pub(crate) struct ImportHandoverCommand {
    /// The sealed file.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The private key, in PEM without a password; the certificate may stand in the same file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The fingerprint that the sender has read out, instead of a question.
    #[arg(long, value_name = "TEXT")]
    fingerprint: Option<String>,
    /// Import without a question and without a fingerprint to compare.
    #[arg(long, conflicts_with = "fingerprint")]
    yes: bool,
    /// Show the secret once on this terminal, if the site knows the app already: then a person types the new secret into the
    /// console. Refused if standard output is not a terminal.
    #[arg(long)]
    show_secret: bool,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    place: PlaceArguments,
}

impl ImportHandoverCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        if self.show_secret {
            shown_secret::refuse_without_terminal(output)?;
        }
        let approved = self.plan.approved(Verb::Onboard, "import-handover")?;
        if !self.place.is_emulated() && self.place.site.site.is_none() {
            return Err(BadInput("import-handover imports into a site: name it by --site. Nothing was imported.".to_owned()).into());
        }
        let spec = self.open(output)?;
        let connection = self.connect(spec).await?;
        let plan = match &approved {
            Some(approved) => connection.plan_from(approved, |_| ()).await?,
            None => preflight(&connection, output).await?,
        };
        if self.plan.ends_at(&plan, "import-handover", output)? {
            return Ok(());
        }
        refuse_lost_secret(&plan)?;
        if !self.show_secret && is_typed_in(&plan) {
            return Err(Ending::Refused(
                "The site has this app already, and it takes no renewed secret from a program, so a person types the secret of the hand-over \
                 into the console. Run this on a terminal with --show-secret, which shows it once."
                    .to_owned(),
            ));
        }
        if !self.yes && self.fingerprint.is_none() {
            ask(
                "Does the sender read out the same fingerprint, and are tenant and apps the right ones? Type yes to import:",
                "--fingerprint, or --yes",
                "Nothing was imported.",
                output,
            )
            .await?;
        }
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.outcome(&outcome, &shown, SecretFate::NotPrinted);
        if self.show_secret {
            show(&connection, &outcome);
        }
        Ok(())
    }

    /// Opens the file and shows it; the specification that imports it.
    fn open(&self, output: Output) -> Result<ConnectionSpec, BadInput> {
        let sealed = SealedHandOver::from_text(&files::read_text(&self.file)?).map_err(|error| BadInput::of(&error))?;
        let key = RecipientKey::from_pem(&files::read(&self.key)?).map_err(|error| BadInput::of(&error))?;
        let opened = sealed.open(&key, SystemClock.now()).map_err(|error| BadInput::of(&error))?;
        output.page("Hand-over", "handOver", &opened, &opened.to_string());
        match &self.fingerprint {
            Some(typed) if !sealed.fingerprint().is_typed_as(typed) => Err(BadInput(format!(
                "The fingerprint of this file is {}, not {typed}: it is not the file that the sender has sealed. Nothing was imported.",
                sealed.fingerprint()
            ))),
            _ => Ok(opened.into_spec()),
        }
    }

    async fn connect(&self, spec: ConnectionSpec) -> Result<AzureServicesConnection, Ending> {
        if self.place.is_emulated() {
            // The apps are in a tenant of another run.
            let site = SiteHandle::from(EmulatedSite::new());
            let builder = AzureServicesConnection::builder(spec)
                .site(site)
                .cancel(Interrupt::of_process().cancel());
            return Ok(builder.build().map_err(OnboardingError::from)?);
        }
        self.place.open(Some(&spec), Access::Read).await?.connection(spec)
    }
}

/// Whether a person types the secret of the hand-over into the console.
fn is_typed_in(plan: &Plan) -> bool {
    let import = plan.step(Step::ImportServerApp).map(|change| &change.operation);
    matches!(import, Some(Operation::RenewSecret { by_hand: true, .. }))
}

/// Shows the secret of the hand-over, if a person has to type it in.
fn show(connection: &AzureServicesConnection, outcome: &Outcome) {
    let is_open = outcome.next_steps.iter().any(|next| next.code == NextStepCode::RenewSecretInSite);
    if let (true, ServerApp::Import(app)) = (is_open, connection.spec().server_app()) {
        shown_secret::show(app.secret_key(), None, app.secret_key_expiry().date());
    }
}
