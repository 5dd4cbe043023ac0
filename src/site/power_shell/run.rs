//! One run of the script: the request in, the answers out, in time or not at all.

use std::{ops::ControlFlow, time::Duration};

use tokio::time::timeout;

use super::{
    SCRIPT,
    answer::{self, Answer},
    error::PowerShellError,
    host::{ScriptHost, ScriptRun},
    lines::Lines,
    redact::Redactor,
    request::{self, Address, Task},
};
use crate::{error::SiteError, site::SiteInfo};

/// How much of a script's standard error goes into an error.
const MOST_ERRORS: usize = 4096;

/// Runs the script, and hands each answer to `take` as it comes.
///
/// # Errors
///
/// When the script cannot be run, does not end in time, says that it failed, or ends without saying that it is done.
///
/// # Cancel safety
///
/// Dropping the future stops the script.
pub(super) async fn run(
    host: &dyn ScriptHost,
    time_out: Duration,
    address: &Address,
    task: Task<'_>,
    take: &mut (dyn FnMut(Answer) + Send),
) -> Result<(), SiteError> {
    let run = request::new_run();
    let request = request::line(&run, address, task)?;
    let mut reader = Reader {
        address: Some(address),
        lines: Lines::new(&run),
        redactor: Redactor::new(task.secret()),
        verdict: None,
        take,
    };
    let mut output = |piece: &[u8]| reader.push(piece);
    let ended = timeout(time_out, host.run(ScriptRun::new(SCRIPT, &request), &mut output)).await;
    if reader.verdict.is_none() {
        reader.end();
    }
    if let Some(verdict) = reader.verdict {
        return verdict;
    }
    if let Some(version) = reader.lines.other_version() {
        return Err(PowerShellError::OtherProtocol { version }.unreachable().into());
    }
    if let Some(error) = reader.unread_request() {
        return Err(error);
    }
    match ended {
        Ok(Ok(end)) => {
            let errors = bounded(&reader.redactor.clean(&end.errors)).to_owned();
            Err(PowerShellError::EndedEarly { code: end.code, errors }.unreachable().into())
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(PowerShellError::TimedOut { after: time_out }.unreachable().into()),
    }
}

/// Reads the answers of a run that is over, and hands each to `take`.
///
/// # Errors
///
/// When the answers say that the script failed, or do not say that it is done.
pub(super) fn read_back(run: &str, answers: &[u8], take: &mut (dyn FnMut(Answer) + Send)) -> Result<(), SiteError> {
    let mut reader = Reader {
        address: None,
        lines: Lines::new(run),
        redactor: Redactor::new(None),
        verdict: None,
        take,
    };
    if reader.push(answers).is_continue() {
        reader.end();
    }
    if let Some(verdict) = reader.verdict.take() {
        return verdict;
    }
    let (code, errors) = (None, String::new());
    let ended_early = || PowerShellError::EndedEarly { code, errors }.unreachable().into();
    Err(reader.unread_request().unwrap_or_else(ended_early))
}

struct Reader<'a> {
    /// The site that was asked for, where the answers are those of a request that is known.
    address: Option<&'a Address>,
    lines: Lines,
    redactor: Redactor,
    /// How it ended, as soon as that is known.
    verdict: Option<Result<(), SiteError>>,
    take: &'a mut (dyn FnMut(Answer) + Send),
}

impl Reader<'_> {
    fn push(&mut self, piece: &[u8]) -> ControlFlow<()> {
        let Self {
            address,
            lines,
            redactor,
            verdict,
            take,
        } = self;
        let read = lines.push(piece, |number, line| judge(*address, number, line, redactor, verdict, *take));
        if let Err(error) = read {
            verdict.get_or_insert(Err(error.unreachable().into()));
        }
        // After the verdict the script has nothing more to say.
        if verdict.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn end(&mut self) {
        let Self {
            address,
            lines,
            redactor,
            verdict,
            take,
        } = self;
        // Half a line is no answer: the run ended early.
        let _ = lines.end(|number, line| judge(*address, number, line, redactor, verdict, *take));
    }

    /// Why the script could not read its request, if it says so.
    fn unread_request(&self) -> Option<SiteError> {
        match answer::read(self.lines.without_run()?, &self.redactor)? {
            Answer::Failed(error) => Some(error),
            _ => None,
        }
    }
}

fn judge(
    address: Option<&Address>,
    number: u64,
    line: &[u8],
    redactor: &Redactor,
    verdict: &mut Option<Result<(), SiteError>>,
    take: &mut (dyn FnMut(Answer) + Send),
) -> Result<(), PowerShellError> {
    if verdict.is_some() {
        return Ok(());
    }
    match answer::read(line, redactor).ok_or(PowerShellError::WrongLine { number })? {
        Answer::End => *verdict = Some(Ok(())),
        Answer::Failed(error) => *verdict = Some(Err(error)),
        Answer::Site(info) => match address.and_then(|address| other_site(address, &info)) {
            // Nothing was written by then that a snapshot shows; a run that writes is stopped.
            Some(error) => *verdict = Some(Err(error)),
            None => take(Answer::Site(info)),
        },
        Answer::Unread(row) => {
            tracing::warn!(
                line = number,
                class = row.class,
                property = row.property,
                "the site has a row that cannot be read"
            );
            take(Answer::Unread(row));
        }
        answer => take(answer),
    }
    Ok(())
}

/// The error of a script that has connected to another site than the one that was asked for.
fn other_site(address: &Address, info: &SiteInfo) -> Option<SiteError> {
    let is_code = address.site_code.eq_ignore_ascii_case(&info.site_code);
    let leads_there = info.provider.as_deref().is_none_or(|root| is_same_host(&address.provider, root));
    if is_code && leads_there {
        return None;
    }
    let error = PowerShellError::OtherSite {
        site_code: info.site_code.clone(),
        provider: info.provider.clone(),
    };
    Some(error.unreachable().into())
}

/// Whether both are names of one host. One of them may be the host's short name, and a root may begin as a share does.
fn is_same_host(asked: &str, root: &str) -> bool {
    let host = |name: &str| name.trim_matches(['\\', '/', '.', ' ']).to_ascii_lowercase();
    let (asked, root) = (host(asked), host(root));
    let label = |name: &str| name.split('.').next().map(str::to_owned);
    let is_short = !asked.contains('.') || !root.contains('.');
    asked == root || (is_short && label(&asked) == label(&root))
}

/// The beginning of a text, cut where a character ends.
fn bounded(text: &str) -> &str {
    let most = MOST_ERRORS.min(text.len());
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_same_host;

    #[test]
    fn a_host_is_the_same_by_its_short_name_and_however_a_root_is_written() {
        for root in ["CM01.contoso.com", r"\\cm01.contoso.com\", "cm01", "cm01.contoso.com."] {
            assert!(is_same_host("cm01.contoso.com", root), "{root}");
        }
        for root in ["lab01.contoso.com", "cm01.fabrikam.com", "lab01", ""] {
            assert!(!is_same_host("cm01.contoso.com", root), "{root}");
        }
    }
}
