//! What can go wrong between this program and the script.

use std::{borrow::Cow, time::Duration};

use crate::{
    error::{Diagnostic, SiteUnreachable},
    text::excerpt,
};

/// What went wrong between this program and the script. It is the source of a [`SiteUnreachable`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PowerShellError {
    /// No PowerShell could be started.
    #[error("{} could not be started", excerpt(.program))]
    NotStarted {
        /// Which program.
        program: String,
    },
    /// The script was not done in time, and was stopped.
    #[error("the script was not done after {} seconds", .after.as_secs())]
    TimedOut {
        /// After how long.
        after: Duration,
    },
    /// The script ended before it had answered. Nothing tells whether what was under way was carried out.
    #[error("the script ended before it had answered{}", ending(*.code, .errors))]
    EndedEarly {
        /// Its exit code, where it had one.
        code: Option<i32>,
        /// The beginning of its standard error.
        errors: String,
    },
    /// The script wrote a line that this version does not understand.
    #[error("the script's line {number} cannot be understood")]
    WrongLine {
        /// Which line, from 1.
        number: u64,
    },
    /// The script is a copy of another version, which speaks another language.
    #[error("the script speaks version {version} of its language, and this crate another one")]
    OtherProtocol {
        /// The version that the script speaks.
        version: u8,
    },
    /// The script has connected to another site, or through another SMS Provider, than the one that was asked for.
    #[error("the script is connected to site {}{}, which is not the one that was asked for", excerpt(.site_code), through(.provider.as_deref()))]
    OtherSite {
        /// The site code that the script tells.
        site_code: String,
        /// The SMS Provider that it goes through, if the script tells it.
        provider: Option<String>,
    },
    /// The script wrote more than any answer can need.
    #[error("the script wrote more than {limit} bytes{}", if *.in_one_line { " in one line" } else { "" })]
    TooMuchOutput {
        /// The limit.
        limit: usize,
        /// Whether one line was too long, rather than all lines together.
        in_one_line: bool,
    },
    /// The script could not load the module or reach the site.
    #[error("the script could not {}: {}", excerpt(.operation), excerpt(.message))]
    NotConnected {
        /// What was under way.
        operation: String,
        /// What PowerShell said.
        message: String,
    },
}

impl Diagnostic for PowerShellError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "powerShellNotStarted",
            Self::TimedOut { .. } => "scriptTimedOut",
            Self::EndedEarly { .. } => "scriptEndedEarly",
            Self::WrongLine { .. } => "scriptNotUnderstood",
            Self::OtherProtocol { .. } => "scriptOfAnotherVersion",
            Self::OtherSite { .. } => "scriptAtAnotherSite",
            Self::TooMuchOutput { .. } => "scriptOutputTooLong",
            Self::NotConnected { .. } => "scriptNotConnected",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotStarted { .. } => {
                "Install Windows PowerShell 5.1 or PowerShell 7, name its program, or write script and request out for an administrator to run."
            }
            Self::TimedOut { .. } => {
                "Look in the console what is there, and repeat the run; a cmdlet may have been waiting for a person to sign in."
            }
            Self::EndedEarly { .. } => {
                "Look at the message and at the machine's policies for PowerShell, then repeat the run: what is there is kept."
            }
            Self::WrongLine { .. } => "If a signed copy of the script is used, sign the one of this version.",
            Self::OtherProtocol { .. } => {
                "Replace the copy of the script by the text of this version (SCRIPT in site::power_shell), and sign that one."
            }
            Self::OtherSite { .. } => {
                "Check the site code and the full name of the SMS Provider. A drive of this name that leads elsewhere is in the way: remove it (Remove-PSDrive), and repeat the run."
            }
            Self::TooMuchOutput { .. } => "Make sure that nothing else writes to the script's standard output.",
            Self::NotConnected { .. } => {
                "Run it where the Configuration Manager console is installed, as an administrative user of the site."
            }
        }
        .into()
    }

    fn is_retryable(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::EndedEarly { .. })
    }
}

impl PowerShellError {
    /// The same as the crate's error, with this as its source.
    pub(super) fn unreachable(self) -> SiteUnreachable {
        let help = self.help().into_owned();
        self.unreachable_with(help)
    }

    pub(super) fn unreachable_with(self, help: impl Into<String>) -> SiteUnreachable {
        SiteUnreachable::new("the site was not reached through PowerShell", help).with_source(self)
    }
}

fn through(provider: Option<&str>) -> String {
    provider.map_or_else(String::new, |provider| format!(" through {}", excerpt(provider)))
}

fn ending(code: Option<i32>, errors: &str) -> String {
    let code = code.map_or_else(String::new, |code| format!(" (exit code {code})"));
    match errors.trim() {
        "" => code,
        errors => format!("{code}: {}", excerpt(errors)),
    }
}
