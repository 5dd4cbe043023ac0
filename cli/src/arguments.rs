//! What the command line says.

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        apply::ApplyCommand,
        by_hand::ByHandCommand,
        check::{CheckCommand, MONITORING_CODES},
        discovery::DiscoveryCommand,
        expiring::ExpiringCommand,
        hand_over::HandOverCommand,
        import_handover::ImportHandoverCommand,
        plan::PlanCommand,
        remove::RemoveCommand,
        renew_secret::RenewSecretCommand,
        review::ReviewCommand,
        show::ShowCommand,
        update_settings::UpdateSettingsCommand,
    },
    ending::EXIT_CODES,
};

/// Connects a Configuration Manager site to a Microsoft Entra tenant, as the Azure Services wizard does, and looks after
/// the connection.
///
/// Without a command it shows the whole job against an emulated tenant and site.
#[derive(Debug, Parser)]
#[command(name = "cmg-onboard", version, max_term_width = 110, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Write JSON lines to standard output, and nothing else.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one")]
pub(crate) enum Command {
    #[command(after_help = EXIT_CODES)]
    Plan(PlanCommand),
    #[command(after_help = EXIT_CODES)]
    Apply(ApplyCommand),
    #[command(after_help = EXIT_CODES)]
    Review(ReviewCommand),
    #[command(after_help = EXIT_CODES)]
    ByHand(ByHandCommand),
    #[command(after_help = EXIT_CODES)]
    Show(ShowCommand),
    #[command(after_help = MONITORING_CODES)]
    Check(CheckCommand),
    #[command(after_help = MONITORING_CODES)]
    Expiring(ExpiringCommand),
    #[command(after_help = EXIT_CODES)]
    RenewSecret(RenewSecretCommand),
    #[command(after_help = EXIT_CODES)]
    UpdateSettings(UpdateSettingsCommand),
    #[command(after_help = EXIT_CODES)]
    Discovery(DiscoveryCommand),
    #[command(after_help = EXIT_CODES)]
    HandOver(HandOverCommand),
    #[command(name = "import-handover", after_help = EXIT_CODES)]
    ImportHandover(ImportHandoverCommand),
    #[command(after_help = EXIT_CODES)]
    Remove(RemoveCommand),
}

impl Command {
    /// Whether a monitoring system runs it, and reads its exit code.
    pub(crate) const fn is_monitoring(&self) -> bool {
        matches!(self, Self::Check(_) | Self::Expiring(_))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]
mod tests {
    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("cmg-onboard").chain(line.split_whitespace()))
    }

    fn refused(line: &str) -> ErrorKind {
        match parsed(line) {
            Ok(arguments) => panic!("{line}: {arguments:?}"),
            Err(error) => error.kind(),
        }
    }

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_is_the_demonstration_as_text_or_as_json() {
        assert!(parsed("").unwrap().command.is_none());
        assert!(parsed("--json").unwrap().json);
        assert!(parsed("plan --emulated --json").unwrap().json, "it may stand anywhere");
        // The flags of the demonstration's place are those of the commands.
        assert_eq!(refused("--spec contoso.json"), ErrorKind::UnknownArgument);
    }

    #[test]
    fn an_emulator_of_its_own_is_never_mixed_with_a_real_tenant_or_site() {
        for flags in [
            "--tenant 6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
            "--domain contoso.com",
            "--sign-in browser",
            "--site emulated",
        ] {
            for command in ["plan", "apply", "remove"] {
                assert_eq!(refused(&format!("{command} --emulated {flags}")), ErrorKind::ArgumentConflict);
            }
        }
    }

    #[test]
    fn a_hand_over_is_sealed_or_without_a_secret_and_never_both() {
        assert!(parsed("hand-over --emulated --file a --recipient b").is_ok());
        assert!(parsed("hand-over --emulated --script-out d --provider cm01 --site-code P01").is_ok());
        for (line, kind) in [
            ("hand-over --emulated", ErrorKind::MissingRequiredArgument),
            ("hand-over --emulated --file a", ErrorKind::MissingRequiredArgument),
            ("hand-over --emulated --script-out d", ErrorKind::MissingRequiredArgument),
            (
                "hand-over --emulated --file a --recipient b --script-out d --provider cm01 --site-code P01",
                ErrorKind::ArgumentConflict,
            ),
            ("hand-over --emulated --file a --recipient b --days 0", ErrorKind::ValueValidation),
            (
                "hand-over --emulated --file a --recipient b --site emulated",
                ErrorKind::UnknownArgument,
            ),
        ] {
            assert_eq!(refused(line), kind, "{line}");
        }
    }

    #[test]
    fn a_saved_plan_is_carried_out_and_not_made_anew() {
        assert!(parsed("remove --emulated --plan p.json").is_ok());
        assert_eq!(
            refused("remove --emulated --plan p.json --save q.json"),
            ErrorKind::ArgumentConflict
        );
        assert_eq!(refused("remove --emulated --plan p.json --plan-only"), ErrorKind::ArgumentConflict);
        assert_eq!(refused("plan --emulated --plan p.json"), ErrorKind::UnknownArgument);
    }

    #[test]
    fn the_commands_of_every_day_take_what_they_need_and_nothing_that_contradicts_it() {
        for line in [
            "show --emulated --registrations",
            "check --emulated --days 60,14",
            "expiring --file watched.json --sign-in azure-cli",
            "renew-secret --emulated --remove-old --yes --shown-since 2026-11-28T09:00:00Z",
            "update-settings --emulated --app client",
            "discovery --emulated --group A --remove-group B --users-off",
            "remove --connection CMG --site emulated --graph http://127.0.0.1:1/ --token-env T --scope connection",
        ] {
            assert!(parsed(line).is_ok(), "{line}: {:?}", parsed(line));
        }
        for (line, kind) in [
            ("discovery --emulated", ErrorKind::MissingRequiredArgument),
            ("discovery --emulated --users --users-off", ErrorKind::ArgumentConflict),
            ("discovery --emulated --users --schedule nonsense", ErrorKind::ValueValidation),
            ("renew-secret --emulated --remove-old --show-secret", ErrorKind::ArgumentConflict),
            ("renew-secret --emulated --yes", ErrorKind::MissingRequiredArgument),
            (
                "renew-secret --emulated --shown-since yesterday --remove-old",
                ErrorKind::ValueValidation,
            ),
            ("update-settings --connection CMG", ErrorKind::MissingRequiredArgument),
            (
                "update-settings --connection CMG --spec a.json --site emulated",
                ErrorKind::ArgumentConflict,
            ),
            ("expiring --sign-in azure-cli", ErrorKind::MissingRequiredArgument),
            ("remove --emulated --scope everything", ErrorKind::InvalidValue),
        ] {
            assert_eq!(refused(line), kind, "{line}");
        }
    }

    #[test]
    fn every_command_says_what_its_exit_codes_mean() {
        for command in Arguments::command()
            .get_subcommands_mut()
            .filter(|command| command.get_name() != "help")
        {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Exit codes"), "{}", command.get_name());
        }
    }
}
