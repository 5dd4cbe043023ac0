//! The writer: a site behind the product's own PowerShell cmdlets.
//!
//! The ConfigurationManager module is the only documented way to write what this job writes: how the SMS Provider takes
//! the secret key of an app is not documented, and a wrong guess would store it in clear text. So [`PowerShellSite`]
//! runs one fixed script, [`SCRIPT`], which an administrator can read and sign. What is wanted goes to it on standard
//! input, secret included; nothing of it is in a command line, the environment or a file.
//!
//! Who runs the script is a seam of its own, [`ScriptHost`]. `LocalProcess` (feature `power-shell`) starts PowerShell on
//! this machine. Where no program may start PowerShell, [`ConsoleScript`] writes script and request without the secret,
//! for an administrator to run.
//!
//! Sources: the pages of the cmdlets in *Configuration Manager PowerShell*, and *2010 release notes: Cloud management
//! gateway* there.

mod answer;
pub(crate) mod ascii_json;
mod console;
mod error;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod host;
mod lines;
#[cfg(feature = "power-shell")]
mod local_process;
mod redact;
pub(crate) mod request;
mod run;
mod writer;

pub use console::{ConsoleScript, ConsoleScriptError};
pub use error::PowerShellError;
pub use host::{ScriptEnd, ScriptHost, ScriptRun};
#[cfg(feature = "power-shell")]
pub use local_process::LocalProcess;
pub use writer::{PowerShellSite, PowerShellSiteBuilder};

/// The script, as it is in this version: fixed text, ASCII only, to be read, signed or compared.
///
/// Its variable `$revision` holds the SHA-256 of the text without the line that sets it, so that a copy can be told from
/// another one with any signature; the script says it with its first answer.
pub const SCRIPT: &str = include_str!("onboard.ps1");

/// The revision of [`SCRIPT`].
fn revision() -> &'static str {
    let line = SCRIPT.lines().find_map(|line| line.strip_prefix("$revision = '"));
    line.map_or("", |line| line.trim_end_matches('\''))
}
