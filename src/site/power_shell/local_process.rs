//! PowerShell as a process of this machine.

use std::{
    ffi::OsString,
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::pin,
    process::Stdio,
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::{Either, join3, select, try_join};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use super::{
    error::PowerShellError,
    host::{ScriptEnd, ScriptHost, ScriptRun},
};
use crate::error::SiteUnreachable;

/// Runs what comes first on standard input with the rest as its input. The command line has room for this, and not for
/// the script: Windows allows 32,767 characters.
const BOOTSTRAP: &str = r#"$lines = @($input)
$last = $lines.Count - 1
$script = [scriptblock]::Create($lines[0..($last - 1)] -join "`n")
$lines[$last] | & $script"#;

/// How much of standard error is kept; the rest is read and dropped.
const KEPT_ERRORS: usize = 16 * 1024;

/// How long a script that has said its last word may take to end by itself: it finishes its transcript and releases what
/// it holds of the SMS Provider.
const TIME_TO_END: Duration = Duration::from_secs(5);

/// `CREATE_NO_WINDOW`: in a window of its own, a half-done write could be closed by hand, and Ctrl+C would reach it.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;

/// Runs the script with the PowerShell of this machine.
///
/// The command line is the same in every run. It has no profile, no interaction and, unless one is given, the machine's
/// own execution policy. It needs a tokio runtime with its I/O enabled.
///
/// Once the script has said its last word, its process has five seconds to end by itself; then it is ended. It is ended
/// at once when the run is dropped. On Windows it has no window.
///
/// Windows PowerShell would inherit the module path of a PowerShell 7 above it and then fail to load its own modules, so
/// any program but `pwsh` starts without the environment variable `PSModulePath` and builds its own.
///
/// Each run is a process of its own: PowerShell hands on standard input only when all of it is there, so one process
/// cannot serve two requests by documented means.
///
/// ```
/// use cmg_onboarding::site::power_shell::LocalProcess;
///
/// let signed = LocalProcess::new()
///     .program(r"C:\Program Files\PowerShell\7\pwsh.exe")
///     .script_file(r"C:\Program Files\Contoso\cmg-onboard.ps1")
///     .execution_policy("AllSigned");
/// ```
#[derive(Debug, Clone)]
#[must_use = "this runs nothing by itself: give it to a PowerShellSite"]
pub struct LocalProcess {
    program: PathBuf,
    script_file: Option<PathBuf>,
    execution_policy: Option<String>,
    hidden: Vec<OsString>,
}

impl LocalProcess {
    /// Windows PowerShell of this Windows, by its full path; `pwsh` elsewhere, found by the search path.
    pub fn new() -> Self {
        Self {
            program: default_program(),
            script_file: None,
            execution_policy: None,
            hidden: Vec::new(),
        }
    }

    /// Another PowerShell: its path, or a name to be found by the search path.
    ///
    /// # Security warning
    ///
    /// The program is given the secret of the server app. Give a full path: a name finds any program of that name that
    /// another program or person has put beside the calling program or into a folder of the search path.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// A copy of [`SCRIPT`](super::SCRIPT) on this machine, for instance a signed one. Default: the script
    /// goes to standard input, before the request.
    pub fn script_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.script_file = Some(path.into());
        self
    }

    /// The execution policy of this one process, such as `AllSigned` or `RemoteSigned`. A policy that an administrator
    /// has set for the machine still wins. Default: the machine's own.
    pub fn execution_policy(mut self, policy: impl Into<String>) -> Self {
        self.execution_policy = Some(policy.into());
        self
    }

    /// An environment variable that PowerShell starts without, such as one that holds a secret or a token of the calling
    /// program; may be called repeatedly. Default: PowerShell inherits every variable but the one that is named above.
    pub fn without_variable(mut self, name: impl Into<OsString>) -> Self {
        self.hidden.push(name.into());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args([
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-InputFormat",
            "Text",
            "-OutputFormat",
            "Text",
        ]);
        if let Some(policy) = &self.execution_policy {
            command.args(["-ExecutionPolicy", policy]);
        }
        match &self.script_file {
            Some(path) => command.arg("-File").arg(path),
            None => command.args(["-EncodedCommand", &encoded(BOOTSTRAP)]),
        };
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if !self.is_power_shell_7() {
            command.env_remove("PSModulePath");
        }
        for name in &self.hidden {
            command.env_remove(name);
        }
        #[cfg(windows)]
        command.creation_flags(NO_WINDOW);
        command
    }

    fn is_power_shell_7(&self) -> bool {
        let name = self.program.file_stem();
        name.is_some_and(|name| name.eq_ignore_ascii_case("pwsh"))
    }
}

impl Default for LocalProcess {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl ScriptHost for LocalProcess {
    async fn run(
        &self,
        run: ScriptRun<'_>,
        output: &mut (dyn for<'p> FnMut(&'p [u8]) -> ControlFlow<()> + Send),
    ) -> Result<ScriptEnd, SiteUnreachable> {
        let mut child = self.command().spawn().map_err(|error| not_started(&self.program, &error))?;
        let (Some(stdin), Some(mut stdout), Some(mut stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(lost("its standard streams are not there"));
        };
        let script = self.script_file.is_none().then(|| run.script());
        let mut errors = Vec::new();
        let flow = {
            let talk = pin!(try_join(listen(&mut stdout, output), feed(stdin, script, run.request())));
            let drain = pin!(keep(&mut stderr, &mut errors));
            match select(talk, drain).await {
                Either::Left((Ok(_), drain)) => {
                    drain.await;
                    Ok(())
                }
                Either::Left((Err(stop), _)) => Err(stop),
                Either::Right(((), talk)) => talk.await.map(|_| ()),
            }
        };
        if let Err(NothingMoreWanted) = flow {
            end(child, stdout, stderr).await;
            return Ok(ScriptEnd::default());
        }
        let status = child.wait().await.map_err(|error| lost(&error.to_string()))?;
        Ok(ScriptEnd::new(status.code(), String::from_utf8_lossy(&errors)))
    }
}

/// The listener needs no more output.
struct NothingMoreWanted;

/// Lets a process end by itself, for some seconds. Standard input is closed by now; what it still writes is dropped.
async fn end(mut child: Child, mut stdout: impl AsyncRead + Unpin, mut stderr: impl AsyncRead + Unpin) {
    let last_words = join3(swallow(&mut stdout), swallow(&mut stderr), child.wait());
    if timeout(TIME_TO_END, last_words).await.is_ok() {
        return;
    }
    tracing::debug!("the script has said its last word and does not end; its process is ended");
    if let Err(error) = child.kill().await {
        tracing::debug!(%error, "the script's process could not be ended");
    }
}

async fn swallow(stream: &mut (impl AsyncRead + Unpin)) {
    let mut piece = vec![0; 4 * 1024];
    while let Ok(1..) = stream.read(&mut piece).await {}
}

/// Writes everything and closes. A script that does not read is told by what it answers.
async fn feed(mut stdin: ChildStdin, script: Option<&str>, request: &[u8]) -> Result<(), NothingMoreWanted> {
    let written = write_all(&mut stdin, script, request).await;
    if let Err(error) = written {
        tracing::debug!(%error, "the script does not read its input");
    }
    Ok(())
}

async fn write_all(stdin: &mut (impl AsyncWrite + Unpin), script: Option<&str>, request: &[u8]) -> std::io::Result<()> {
    if let Some(script) = script {
        stdin.write_all(script.as_bytes()).await?;
        stdin.write_all(b"\n").await?;
    }
    stdin.write_all(request).await?;
    stdin.shutdown().await
}

async fn listen(
    stdout: &mut (impl AsyncRead + Unpin),
    output: &mut (dyn for<'p> FnMut(&'p [u8]) -> ControlFlow<()> + Send),
) -> Result<(), NothingMoreWanted> {
    let mut piece = vec![0; 8 * 1024];
    loop {
        let Ok(length @ 1..) = stdout.read(&mut piece).await else {
            return Ok(());
        };
        if output(piece.get(..length).unwrap_or_default()).is_break() {
            return Err(NothingMoreWanted);
        }
    }
}

async fn keep(stderr: &mut (impl AsyncRead + Unpin), errors: &mut Vec<u8>) {
    let mut piece = vec![0; 4 * 1024];
    while let Ok(length @ 1..) = stderr.read(&mut piece).await {
        let room = KEPT_ERRORS.saturating_sub(errors.len()).min(length);
        errors.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
}

/// By its full path: a name would also find a program beside the caller's, which would then be given the secret.
#[cfg(windows)]
fn default_program() -> PathBuf {
    let windows = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    Path::new(&windows).join(r"System32\WindowsPowerShell\v1.0\powershell.exe")
}

#[cfg(not(windows))]
fn default_program() -> PathBuf {
    PathBuf::from("pwsh")
}

/// As `-EncodedCommand` wants it: base64 of UTF-16, little end first.
fn encoded(command: &str) -> String {
    let bytes: Vec<u8> = command.encode_utf16().flat_map(u16::to_le_bytes).collect();
    STANDARD.encode(bytes)
}

fn not_started(program: &Path, error: &std::io::Error) -> SiteUnreachable {
    tracing::debug!(%error, "PowerShell could not be started");
    let program = format!("{} ({error})", program.display());
    PowerShellError::NotStarted { program }.unreachable()
}

fn lost(why: &str) -> SiteUnreachable {
    let errors = why.to_owned();
    PowerShellError::EndedEarly { code: None, errors }.unreachable()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clears(process: &LocalProcess, variable: &str) -> bool {
        let command = process.command();
        let mut changes = command.as_std().get_envs();
        changes.any(|(name, value)| name == variable && value.is_none())
    }

    fn clears_module_path(program: &str) -> bool {
        clears(&LocalProcess::new().program(program), "PSModulePath")
    }

    #[test]
    fn a_variable_that_holds_a_secret_is_not_inherited_if_that_is_asked_for() {
        let process = LocalProcess::new().without_variable("A_SECRET").without_variable("A_TOKEN");
        assert!(clears(&process, "A_SECRET") && clears(&process, "A_TOKEN"));
        assert!(!clears(&process, "PATH") && !clears(&LocalProcess::new(), "A_SECRET"));
    }

    #[test]
    fn only_powershell_7_inherits_the_module_path() {
        assert!(clears_module_path("powershell.exe"));
        assert!(clears_module_path("C:/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"));
        assert!(!clears_module_path("pwsh"));
        assert!(!clears_module_path("C:/Program Files/PowerShell/7/PWSH.exe"));
    }

    #[cfg(windows)]
    #[test]
    fn windows_powershell_is_named_by_its_full_path() {
        assert!(LocalProcess::new().program.is_absolute());
    }
}
