//! `renew-secret`: the server app gets a new secret, and the old one stays until its own end.

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    OnboardingError, Plan, Step,
    connection::{IssuedSecret, NextStepCode, Operation, Verb},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{change::ChangeArguments, completion::SecretFate, confirm::ask, ending::Ending, output::Output, place::Access, shown_secret};

/// Renews the server app's secret, with overlap.
///
/// What it does depends on how far the renewal has come. First it issues a secret, proves that it signs in, and gives it to a
/// site that takes one from a program; for any other site a person types it into the console. Until the site shows the
/// new end, the same command waits and says since when. The old secret stays until its own end.
#[derive(Debug, Args)]
pub(crate) struct RenewSecretCommand {
    #[command(flatten)]
    change: ChangeArguments,
    #[command(flatten)]
    renewal: RenewalArguments,
}

/// The flags of a renewal.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Renewal")]
struct RenewalArguments {
    /// Show the new secret once on this terminal, for the person who types it into the console. Needed if the site takes no
    /// secret from a program; refused if standard output is not a terminal.
    #[arg(long)]
    show_secret: bool,
    /// Issue another secret although the last one has not reached the site yet.
    #[arg(long)]
    reissue_secret: bool,
    /// State that the tenant's app management policy does not apply to the account that signs in.
    #[arg(long)]
    policy_exempt: bool,
    /// Do not try the new secret out.
    #[arg(long)]
    no_secret_probe: bool,
    /// Say who has created the server app, if neither site nor registration tells: its own dialog renews what the console has
    /// created.
    #[arg(long, value_enum, value_name = "WHO")]
    created_by: Option<Creator>,
    /// Instead of renewing, remove the secrets that a renewal has replaced, before their own end. At the earliest 26 hours after
    /// the site has first shown the new end.
    #[arg(long, conflicts_with_all = ["show_secret", "reissue_secret"])]
    remove_old: bool,
    /// With --remove-old: since when the site has shown the new end, as 2026-11-28T09:00:00Z, if the site does not tell it.
    #[arg(long, value_name = "TIME", requires = "remove_old", value_parser = moment)]
    shown_since: Option<OffsetDateTime>,
    /// With --remove-old: remove without asking.
    #[arg(long, requires = "remove_old")]
    yes: bool,
}

/// Who has created a server app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Creator {
    /// The console, by Create in the wizard.
    Console,
    /// A person, who has imported it into the site.
    Person,
}

impl RenewSecretCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let renewal = &self.renewal;
        if renewal.show_secret {
            shown_secret::refuse_without_terminal(output)?;
        }
        let (verb, command) = match renewal.remove_old {
            true => (Verb::RemoveOldSecrets, "renew-secret --remove-old"),
            false => (Verb::RenewSecret, "renew-secret"),
        };
        let approved = self.change.plan.approved(verb, command)?;
        let (spec, mut place) = self.change.subject.find(&self.change.place, Access::Write).await?;
        if renewal.no_secret_probe {
            place = place.without_probe();
        }
        let mut builder = place.builder(spec).reissue_secret(renewal.reissue_secret);
        builder = builder.policy_exempt(renewal.policy_exempt);
        if let Some(creator) = renewal.created_by {
            builder = builder.state_created_by_console(creator == Creator::Console);
        }
        if let Some(since) = renewal.shown_since {
            builder = builder.state_shown_since(since);
        }
        let connection = builder.build().map_err(OnboardingError::from)?;
        let plan = match (&approved, renewal.remove_old) {
            (Some(approved), true) => connection.secret_removal_from(approved, |_| ()).await?,
            (Some(approved), false) => connection.renewal_from(approved, |_| ()).await?,
            (None, true) => connection.plan_secret_removal(|_| ()).await?,
            (None, false) => connection.plan_renewal(|_| ()).await?,
        };
        if self.change.plan.ends_at(&plan, command, output)? || plan.is_empty() {
            return Ok(());
        }
        if renewal.remove_old {
            if !renewal.yes && approved.is_none() {
                ask(
                    "Remove these secrets for good? Type yes:",
                    "--yes, or a saved plan by --plan",
                    "Nothing was removed.",
                    output,
                )
                .await?;
            }
        } else if !renewal.show_secret && would_be_lost(&plan) {
            return Err(Ending::Refused(
                "The site takes no renewed secret from a program, so a person types it into the console. Run this on a terminal with \
                 --show-secret, which shows the new secret once."
                    .to_owned(),
            ));
        }
        self.carry_out(plan, output).await
    }

    async fn carry_out(&self, plan: Plan, output: Output) -> Result<(), Ending> {
        let shown = plan.findings().to_vec();
        output.begin_progress();
        match plan.apply(|event| output.event(event)).await {
            Ok(outcome) => {
                // A site that takes secrets is given none that was not accepted: a person types that one in, too.
                let by_a_person = [NextStepCode::HandOverSecret, NextStepCode::RenewSecretInSite];
                let is_by_hand = outcome.next_steps.iter().any(|next| by_a_person.contains(&next.code));
                if let Some(secret) = outcome.secret.as_ref().filter(|_| self.renewal.show_secret && is_by_hand) {
                    show(secret);
                }
                let title = if self.renewal.remove_old { "Old secrets" } else { "Renewal" };
                output.changed(title, &outcome, &shown, SecretFate::ByHand);
                Ok(())
            }
            Err(error) => {
                if let Some(secret) = error.secret().filter(|_| self.renewal.show_secret) {
                    show(secret);
                }
                Err(error.into())
            }
        }
    }
}

/// Whether the plan issues a secret that no site takes: without a person it would be lost.
fn would_be_lost(plan: &Plan) -> bool {
    let operation = |step| plan.step(step).map(|change| &change.operation);
    let is_issued = matches!(operation(Step::IssueSecret), Some(Operation::IssueSecret { .. }));
    let is_taken = matches!(
        operation(Step::ImportServerApp),
        Some(Operation::RenewSecret { by_hand: false, .. })
    );
    is_issued && !is_taken
}

fn show(secret: &IssuedSecret) {
    shown_secret::show(&secret.value, Some(secret.key_id.to_string()), secret.expires_on.date());
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "write it as 2026-11-28T09:00:00Z".to_owned())
}
