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
    request::{self, Address, Wish},
};
use crate::error::SiteError;

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
    wish: Wish<'_>,
    take: &mut (dyn FnMut(Answer) + Send),
) -> Result<(), SiteError> {
    let run = request::new_run();
    let request = request::line(&run, address, wish)?;
    let mut reader = Reader {
        lines: Lines::new(&run),
        redactor: Redactor::new(wish.secret()),
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
        lines: Lines::new(run),
        redactor: Redactor::new(None),
        verdict: None,
        take,
    };
    if reader.push(answers).is_continue() {
        reader.end();
    }
    let code = None;
    let errors = String::new();
    reader
        .verdict
        .unwrap_or_else(|| Err(PowerShellError::EndedEarly { code, errors }.unreachable().into()))
}

struct Reader<'a> {
    lines: Lines,
    redactor: Redactor,
    /// How it ended, as soon as that is known.
    verdict: Option<Result<(), SiteError>>,
    take: &'a mut (dyn FnMut(Answer) + Send),
}

impl Reader<'_> {
    fn push(&mut self, piece: &[u8]) -> ControlFlow<()> {
        let Self {
            lines,
            redactor,
            verdict,
            take,
        } = self;
        let read = lines.push(piece, |number, line| judge(number, line, redactor, verdict, *take));
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
            lines,
            redactor,
            verdict,
            take,
        } = self;
        // Half a line is no answer: the run ended early.
        let _ = lines.end(|number, line| judge(number, line, redactor, verdict, *take));
    }
}

fn judge(
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
        Answer::Noted => {}
        Answer::Skipped => tracing::warn!(line = number, "the site has a row whose id cannot be read; it is passed over"),
        answer => take(answer),
    }
    Ok(())
}

/// The beginning of a text, cut where a character ends.
fn bounded(text: &str) -> &str {
    let most = MOST_ERRORS.min(text.len());
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
