//! PowerShell as a process of this machine.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    pin::pin,
    process::Stdio,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::{Either, select, try_join};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    process::{ChildStdin, Command},
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

/// Runs the script with the PowerShell of this machine.
///
/// The command line is the same in every run. It has no profile, no interaction and, unless one is given, the machine's
/// own execution policy. The process is ended when the run is dropped. It needs a tokio runtime with its I/O enabled.
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
}

impl LocalProcess {
    /// `powershell.exe` on Windows, `pwsh` elsewhere, found by the search path.
    pub fn new() -> Self {
        Self {
            program: PathBuf::from(if cfg!(windows) { "powershell.exe" } else { "pwsh" }),
            script_file: None,
            execution_policy: None,
        }
    }

    /// Another PowerShell: its path, or a name to be found by the search path.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// A copy of [`super::SCRIPT`] on this machine, for instance a signed one. Default: the script goes to standard
    /// input, before the request.
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
        command
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
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(lost("its standard streams are not there"));
        };
        let script = self.script_file.is_none().then(|| run.script());
        let mut errors = Vec::new();
        let flow = {
            let talk = pin!(try_join(listen(stdout, output), feed(stdin, script, run.request())));
            let drain = pin!(keep(stderr, &mut errors));
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
            // Dropping the child ends it.
            return Ok(ScriptEnd::default());
        }
        let status = child.wait().await.map_err(|error| lost(&error.to_string()))?;
        Ok(ScriptEnd::new(status.code(), String::from_utf8_lossy(&errors)))
    }
}

/// Whoever listens has heard enough.
struct NothingMoreWanted;

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
    mut stdout: impl AsyncRead + Unpin,
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

async fn keep(mut stderr: impl AsyncRead + Unpin, errors: &mut Vec<u8>) {
    let mut piece = vec![0; 4 * 1024];
    while let Ok(length @ 1..) = stderr.read(&mut piece).await {
        let room = KEPT_ERRORS.saturating_sub(errors.len()).min(length);
        errors.extend_from_slice(piece.get(..room).unwrap_or_default());
    }
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
