//! `hand-over`: the apps are registered for another administrator, who imports them.

use std::path::{Path, PathBuf};

use clap::Args;
use cmg_onboarding::{
    ConnectionSpec, OnboardingError, Plan,
    clock::{Clock, SystemClock},
    connection::{AzureServicesConnectionBuilder, Event, Verb},
    hand_over::Recipient,
    spec::{ClientApp, ServerApp},
};

use crate::{
    bad_input::BadInput,
    commands::apply::preflight,
    completion::SecretFate,
    ending::Ending,
    files,
    onboarding::RegisteringArguments,
    output::Output,
    place::DirectoryArguments,
    saved_plan::{self, PlanArguments},
    script_files::{ScriptFiles, check_texts},
    sealed_file::SealedFile,
    site::SiteArguments,
    specification::SpecificationArguments,
};

/// Registers the apps for another administrator, who imports them.
///
/// That administrator gets one sealed file with the secret inside (--file and --recipient), or, if no file may carry a
/// secret, a script that asks for it (--script-out).
#[derive(Debug, Args)]
pub(crate) struct HandOverCommand {
    #[command(flatten)]
    specification: SpecificationArguments,
    #[command(flatten)]
    directory: DirectoryArguments,
    #[command(flatten)]
    registering: RegisteringArguments,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    target: TargetArguments,
}

/// The flags for what the other administrator gets.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Hand-over", group(clap::ArgGroup::new("target").required(true)))]
struct TargetArguments {
    /// Write all that the import needs, the secret included, into this file, sealed to the certificate of --recipient.
    #[arg(long, value_name = "FILE", group = "target", requires = "recipient")]
    file: Option<PathBuf>,
    /// The certificate of the administrator who imports, in PEM or as Export-Certificate writes it. To make one:
    /// New-SelfSignedCertificate -Type DocumentEncryptionCert -Subject 'CN=CMG hand-over' -KeyUsage KeyEncipherment,
    /// DataEncipherment -KeyAlgorithm RSA -KeyLength 3072 -CertStoreLocation Cert:\CurrentUser\My
    #[arg(long, value_name = "FILE", requires = "file")]
    recipient: Option<PathBuf>,
    /// For how many days the sealed file can be used.
    #[arg(long, value_name = "DAYS", requires = "file", default_value = "14", value_parser = clap::value_parser!(u8).range(1..=90))]
    days: u8,
    /// Write the PowerShell script and a request without the secret into this folder, for the site that
    /// --provider and --site-code name. The secret is added by hand.
    #[arg(long, value_name = "DIR", group = "target", requires_all = ["provider", "site_code"])]
    script_out: Option<PathBuf>,
    /// With --script-out: the full name of an SMS Provider of the site that the apps are for.
    #[arg(long, value_name = "HOST", requires = "script_out")]
    provider: Option<String>,
    /// With --script-out: the three-character code of the site that the apps are for.
    #[arg(long, value_name = "ABC", requires = "script_out")]
    site_code: Option<String>,
    /// Write over a file that is not this program's, or that is the hand-over of another app.
    #[arg(long)]
    replace: bool,
}

/// What the other administrator gets, with everything checked that could keep it from being written.
enum Target {
    Sealed(SealedFile),
    Script(ScriptFiles),
}

impl HandOverCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        self.plan.save.as_deref().map_or(Ok(()), saved_plan::refuse_other)?;
        let spec = self.specification.read(self.directory.emulated)?;
        let target = self.target.prepare(&spec)?;
        output.specification(&spec);
        let place = self
            .directory
            .open(&SiteArguments::default(), Some(&spec), self.registering.access())
            .await?;
        let place = place.without_site();
        let (builder, _place) = self.registering.builder(place, spec);
        Box::pin(self.register(builder, &target, output)).await
    }

    async fn register(&self, mut builder: AzureServicesConnectionBuilder, target: &Target, output: Output) -> Result<(), Ending> {
        let approved = self.plan.approved(Verb::Onboard, "hand-over")?;
        if let Target::Sealed(file) = target {
            builder = builder.secret_sink(file.clone());
        }
        let connection = builder.build().map_err(OnboardingError::from)?;
        let spec = connection.spec();
        let plan = match &approved {
            Some(approved) => connection.plan_from(approved, |_| ()).await?,
            None => preflight(&connection, output).await?,
        };
        target.expect(spec, &plan)?;
        if self.plan.ends_at(&plan, "hand-over", output)? {
            return Ok(());
        }
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let observe = |event: &Event| {
            output.event(event);
            target.observe(event);
        };
        match plan.apply(observe).await {
            Ok(outcome) => {
                output.outcome(&outcome, &shown, target.secret_fate());
                match target {
                    Target::Sealed(file) => file.finish(spec, &outcome, output)?,
                    Target::Script(files) => output.next(&files.write(spec, &outcome).map_err(|error| Ending::Failed(error.0))?),
                }
                Ok(())
            }
            Err(error) => {
                if let (Target::Sealed(file), OnboardingError::Apply(error)) = (target, &error) {
                    file.tell_failure(error, output);
                }
                Err(error.into())
            }
        }
    }
}

impl TargetArguments {
    fn prepare(&self, spec: &ConnectionSpec) -> Result<Target, BadInput> {
        let registers = matches!(spec.server_app(), ServerApp::Create(_) | ServerApp::Adopt(_))
            && matches!(spec.client_app(), ClientApp::Create(_) | ClientApp::Adopt(_));
        if !registers {
            return Err(BadInput(
                "hand-over is for apps that this run registers or adopts; this specification imports or reuses one.".to_owned(),
            ));
        }
        match (&self.file, &self.recipient, &self.script_out, &self.provider, &self.site_code) {
            (Some(file), Some(recipient), ..) => self.sealed(file, recipient, spec).map(Target::Sealed),
            (_, _, Some(folder), Some(provider), Some(site_code)) => {
                let files = ScriptFiles {
                    folder: folder.clone(),
                    provider: provider.clone(),
                    site_code: site_code.clone(),
                    may_replace: self.replace,
                };
                files.prepare(spec)?;
                Ok(Target::Script(files))
            }
            _ => Err(BadInput("Give --file and --recipient, or --script-out.".to_owned())),
        }
    }

    fn sealed(&self, file: &Path, recipient: &Path, spec: &ConnectionSpec) -> Result<SealedFile, BadInput> {
        let recipient = Recipient::from_certificate(&files::read(recipient)?, SystemClock.now()).map_err(|error| BadInput::of(&error))?;
        // The script reads the names, too, and would take some texts for dates.
        check_texts(spec)?;
        SealedFile::prepare(file, recipient, self.days, self.replace)
    }
}

impl Target {
    fn expect(&self, spec: &ConnectionSpec, plan: &Plan) -> Result<(), Ending> {
        match self {
            Self::Sealed(file) => file.expect(spec, plan),
            Self::Script(files) => files.expect(plan),
        }
    }

    const fn secret_fate(&self) -> SecretFate {
        match self {
            Self::Sealed(_) => SecretFate::Sealed,
            Self::Script(_) => SecretFate::ByHand,
        }
    }

    fn observe(&self, event: &Event) {
        if let Self::Sealed(file) = self {
            file.observe(event);
        }
    }
}

#[cfg(test)]
mod tests;
