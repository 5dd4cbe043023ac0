//! The script for an administrator to run, where no program may start PowerShell.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    SCRIPT,
    request::{self, Address, Task},
    run::read_back,
    writer::Told,
};
use crate::{
    error::{Diagnostic, InvalidValue, SiteError},
    site::{SiteFailure, SiteOnboarded, SiteOnboarding},
};

/// Script and request for an administrator to run in a console of their own. The secret is in neither: the script asks
/// for it where the server app has to be imported.
///
/// This is also how work is shared between two administrators: one registers the apps and writes these files, the other
/// looks at them, runs them on a machine with the Configuration Manager console, and types the secret in.
///
/// ```
/// use cmg_onboarding::{CloudEnvironment, site::{ClientAppImport, ServerAppImport, SiteOnboarding}, site::power_shell::ConsoleScript};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wanted = SiteOnboarding::new(
///     "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?,
///     "contoso.onmicrosoft.com",
///     CloudEnvironment::AzurePublicCloud,
///     ServerAppImport::Known("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse()?),
///     ClientAppImport::Known("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02".parse()?),
///     "Contoso CMG",
/// );
/// let console = ConsoleScript::new("P01", "provider.contoso.com", &wanted)?;
/// assert!(console.request().contains("Contoso CMG"));
/// println!("{}", console.command_line());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleScript {
    request: String,
}

/// What of a request is needed to read its answers.
#[derive(Deserialize)]
struct Run {
    run: String,
}

impl ConsoleScript {
    /// What the script's file is called.
    pub const SCRIPT_FILE: &str = "cmg-onboard.ps1";

    /// What the request's file is called.
    pub const REQUEST_FILE: &str = "cmg-onboard-request.json";

    /// What the file with the answers is called, which the script writes beside the request.
    pub const RESULT_FILE: &str = "cmg-onboard-request-result.jsonl";

    /// Puts a request together for a site, by its three-character code and the full name of an SMS Provider.
    ///
    /// # Errors
    ///
    /// When site code or provider cannot be ones, or a text would not arrive as it is.
    pub fn new(site_code: impl Into<String>, provider: impl Into<String>, wanted: &SiteOnboarding) -> Result<Self, ConsoleScriptError> {
        Self::of(site_code.into(), provider.into(), wanted, false)
    }

    /// The same request, which also has the site add `http://localhost` to the reply URLs of the server app, in its own row and
    /// in Microsoft Entra: since version 2309 a gateway needs it. The administrator signs in for it. The script calls
    /// `Set-UpdateServerApplication` as its last step, if the module has it and the site does not show that reply URL; if
    /// not, the result tells the console's way. An unattended run never asks for a sign-in, so that only this form does it.
    ///
    /// Source: *Set-UpdateServerApplication*, and the release notes of the module for version 2309.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn updating_server_app(
        site_code: impl Into<String>,
        provider: impl Into<String>,
        wanted: &SiteOnboarding,
    ) -> Result<Self, ConsoleScriptError> {
        Self::of(site_code.into(), provider.into(), wanted, true)
    }

    fn of(site_code: String, provider: String, wanted: &SiteOnboarding, updates_server_app: bool) -> Result<Self, ConsoleScriptError> {
        let address = Address { site_code, provider };
        address.check()?;
        let task = Task::InConsole {
            wanted,
            updates_server_app,
        };
        let line = request::line(&request::new_run(), &address, task).map_err(ConsoleScriptError::Refused)?;
        Ok(Self {
            request: String::from_utf8_lossy(&line).into_owned(),
        })
    }

    /// The script's text, the same for every request.
    #[must_use]
    pub const fn script(&self) -> &'static str {
        SCRIPT
    }

    /// The request, as JSON in ASCII, without any secret.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.request
    }

    /// What the administrator types, in the folder of the two files. Files that came by mail or from a browser are
    /// refused by this policy until `Unblock-File` was run on the script, or it is signed.
    #[must_use]
    pub fn command_line(&self) -> String {
        format!(
            r"powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File .\{} -RequestFile .\{}",
            Self::SCRIPT_FILE,
            Self::REQUEST_FILE
        )
    }

    /// Writes both files into a folder that is there, over older ones, and tells where they are.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    pub fn write_to(&self, folder: impl AsRef<Path>) -> io::Result<[PathBuf; 2]> {
        let folder = folder.as_ref();
        let paths = [folder.join(Self::SCRIPT_FILE), folder.join(Self::REQUEST_FILE)];
        let [script, request] = &paths;
        fs::write(script, SCRIPT)?;
        fs::write(request, &self.request)?;
        Ok(paths)
    }

    /// Reads back what the script has done, from the folder of the request and the file with its answers.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, the answers belong to another request, or the script says that it failed.
    pub fn read_result(folder: impl AsRef<Path>) -> Result<SiteOnboarded, ConsoleScriptError> {
        let folder = folder.as_ref();
        let file = folder.join(Self::REQUEST_FILE);
        let run: Run = serde_json::from_slice(&read(&file)?).map_err(|error| ConsoleScriptError::NotRead {
            file,
            reason: error.to_string(),
        })?;
        Self::read_answers(&run.run, &folder.join(Self::RESULT_FILE))
    }

    /// The same for the run with this number.
    pub(crate) fn read_answers(run: &str, file: &Path) -> Result<SiteOnboarded, ConsoleScriptError> {
        let mut told = Told::default();
        let ended = read_back(run, &read(file)?, &mut |answer| told.take(answer));
        told.into_result(ended).map_err(ConsoleScriptError::Failed)
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ConsoleScriptError> {
    fs::read(file).map_err(|error| ConsoleScriptError::NotRead {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

/// A [`ConsoleScript`] that cannot be, or whose result cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConsoleScriptError {
    /// Site code or provider cannot be ones.
    #[error(transparent)]
    Address(#[from] InvalidValue),
    /// A text would not arrive as it is.
    #[error(transparent)]
    Refused(SiteError),
    /// A file cannot be read.
    #[error("{} cannot be read: {reason}", .file.display())]
    NotRead {
        /// Which file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The script says that it failed, with what was done before, or its answers are not complete.
    #[error(transparent)]
    Failed(SiteFailure),
}

impl Diagnostic for ConsoleScriptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::NotRead { .. } => "consoleFileNotRead",
            Self::Failed(failure) => failure.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Address(error) => error.help(),
            Self::Refused(error) => error.help(),
            Self::NotRead { .. } => "Put request and answers into one folder; the script writes the answers beside the request.".into(),
            Self::Failed(failure) => failure.help(),
        }
    }
}
