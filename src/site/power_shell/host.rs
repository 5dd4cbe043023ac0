//! Who runs the script: the seam to PowerShell.

use std::{
    fmt::{self, Debug},
    ops::ControlFlow,
};

use async_trait::async_trait;

use crate::error::SiteUnreachable;

/// Runs the fixed script somewhere: on this machine, or on another one over a channel that carries standard input and
/// standard output, such as SSH or an agent of the caller's.
///
/// PowerShell remoting and PowerShell jobs are not such channels: the script writes to the standard output of
/// its process, which a session over WinRM does not have and a job throws away. A machine that is not the SMS
/// Provider must also be allowed to sign in to the provider in turn, as the account that the script runs as.
///
/// An implementation starts PowerShell without profile and without interaction, gives it the script and then, on
/// standard input, the request, and closes standard input. It must not put any of the request into a command line, the
/// environment, a file or a log, and stops the script when its future is dropped.
#[async_trait]
pub trait ScriptHost: Debug + Send + Sync {
    /// Runs the script once, and hands on its standard output as it comes, in pieces of any size.
    ///
    /// When `output` answers [`ControlFlow::Break`], nothing more is wanted: let the script end by itself for some
    /// seconds, then stop it, and return.
    ///
    /// # Errors
    ///
    /// When the script could not be started, or was lost. A script that ended badly is not an error: its
    /// answer says so.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; the script is stopped then, and may have written to the site.
    async fn run(
        &self,
        run: ScriptRun<'_>,
        output: &mut (dyn for<'p> FnMut(&'p [u8]) -> ControlFlow<()> + Send),
    ) -> Result<ScriptEnd, SiteUnreachable>;
}

/// What PowerShell runs. Its `Debug` does not show the request.
#[derive(Clone, Copy)]
pub struct ScriptRun<'a> {
    script: &'static str,
    request: &'a [u8],
}

impl<'a> ScriptRun<'a> {
    pub(super) const fn new(script: &'static str, request: &'a [u8]) -> Self {
        Self { script, request }
    }

    /// The script's text, the same in every run.
    #[must_use]
    pub const fn script(&self) -> &'static str {
        self.script
    }

    /// What goes to standard input: one line of ASCII text with its line end.
    ///
    /// # Security warning
    ///
    /// It may hold the secret of the server app. Hand it straight to standard input.
    #[must_use]
    pub const fn request(&self) -> &'a [u8] {
        self.request
    }
}

impl Debug for ScriptRun<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ScriptRun([redacted])")
    }
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScriptEnd {
    /// The exit code; `None` where it was ended from outside, or there is none.
    pub code: Option<i32>,
    /// The beginning of its standard error, some kilobytes at most.
    pub errors: String,
}

impl ScriptEnd {
    /// Describes an end.
    #[must_use]
    pub fn new(code: Option<i32>, errors: impl Into<String>) -> Self {
        Self {
            code,
            errors: errors.into(),
        }
    }
}
