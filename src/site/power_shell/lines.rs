//! From pieces of standard output to the script's own lines, within bounds.

use super::{error::PowerShellError, request::VERSION};

/// How a line of a script of any version begins.
const MARKER: &[u8] = b"{\"cmg\":";

/// How an error begins of a script of this version that could not read its request.
const WITHOUT_RUN: &[u8] = b"{\"cmg\":2,\"run\":\"\",";

/// The longest line: a connection with some thousands of groups.
const LONGEST_LINE: usize = 1024 * 1024;

/// All lines together: some ten thousands of applications.
const MOST_OUTPUT: usize = 64 * 1024 * 1024;

/// Cuts output into lines.
pub(super) struct Lines {
    /// How every line of this run begins, after anything that a terminal or a banner put before it. It holds the number of
    /// the run, so that a text of the site that looks like a line is none.
    beginning: Vec<u8>,
    /// The version of a script that speaks another language.
    other_version: Option<u8>,
    /// What a script says that could not read the number of the run in its request.
    without_run: Option<Vec<u8>>,
    rest: Vec<u8>,
    total: usize,
    number: u64,
}

impl Lines {
    /// Reads the lines of one run.
    pub(super) fn new(run: &str) -> Self {
        Self {
            beginning: format!("{{\"cmg\":{VERSION},\"run\":\"{run}\",").into_bytes(),
            other_version: None,
            without_run: None,
            rest: Vec::new(),
            total: 0,
            number: 0,
        }
    }

    /// The version of a script that spoke another language than this crate.
    pub(super) const fn other_version(&self) -> Option<u8> {
        self.other_version
    }

    /// What a script has said that could not read its request. Anything can write such a line, so it only explains why
    /// a run ended without an answer.
    pub(super) fn without_run(&self) -> Option<&[u8]> {
        self.without_run.as_deref()
    }

    /// Takes a piece of output, and hands on each of the script's lines in it, with its number.
    ///
    /// # Errors
    ///
    /// When there is too much, or as `take` says.
    pub(super) fn push(
        &mut self,
        mut piece: &[u8],
        mut take: impl FnMut(u64, &[u8]) -> Result<(), PowerShellError>,
    ) -> Result<(), PowerShellError> {
        self.total = self.total.saturating_add(piece.len());
        if self.total > MOST_OUTPUT {
            return Err(too_much(MOST_OUTPUT, false));
        }
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, after) = piece.split_at(end);
            self.keep(line)?;
            self.finish(&mut take)?;
            piece = after.get(1..).unwrap_or_default();
        }
        self.keep(piece)
    }

    /// Takes what came after the last line end.
    ///
    /// # Errors
    ///
    /// As `take` says.
    pub(super) fn end(&mut self, mut take: impl FnMut(u64, &[u8]) -> Result<(), PowerShellError>) -> Result<(), PowerShellError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.finish(&mut take)
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), PowerShellError> {
        if self.rest.len().saturating_add(piece.len()) > LONGEST_LINE {
            return Err(too_much(LONGEST_LINE, true));
        }
        self.rest.extend_from_slice(piece);
        Ok(())
    }

    fn finish(&mut self, take: &mut impl FnMut(u64, &[u8]) -> Result<(), PowerShellError>) -> Result<(), PowerShellError> {
        self.number += 1;
        let line = std::mem::take(&mut self.rest);
        if let Some(start) = position(&line, &self.beginning) {
            return take(self.number, line.get(start..).unwrap_or_default());
        }
        if let Some(start) = position(&line, WITHOUT_RUN) {
            self.without_run = line.get(start..).map(<[u8]>::to_vec);
        }
        // Everything else is noise: banners, warnings, what a profile or a module says.
        if let Some(start) = position(&line, MARKER)
            && let Some(version @ b'0'..=b'9') = line.get(start + MARKER.len())
            && version - b'0' != VERSION
        {
            self.other_version = Some(version - b'0');
        }
        Ok(())
    }
}

fn position(line: &[u8], text: &[u8]) -> Option<usize> {
    line.windows(text.len()).position(|window| window == text)
}

const fn too_much(limit: usize, in_one_line: bool) -> PowerShellError {
    PowerShellError::TooMuchOutput { limit, in_one_line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<(u64, String)>, PowerShellError> {
        let (mut lines, mut found) = (Lines::new("77"), Vec::new());
        let mut take = |number, line: &[u8]| {
            found.push((number, String::from_utf8_lossy(line).into_owned()));
            Ok(())
        };
        for piece in pieces {
            lines.push(piece, &mut take)?;
        }
        lines.end(&mut take)?;
        Ok(found)
    }

    #[test]
    fn noise_is_passed_over_and_lines_are_found_wherever_pieces_are_cut() {
        let text = b"\xef\xbb\xbfPowerShell 7\r\nWARNING: {\"cmg\":2,\"event\":\"end\"}\n\x1b[?1h\x1b=\xef\xbb\xbf{\"cmg\":2,\"run\":\"77\",1}\x1b[0m\r\n{\"cmg\":2,\"run\":\"78\",2}\n{\"cmg\":2,\"run\":\"77\",3}";
        let whole = read(&[text]).unwrap();
        assert_eq!(whole.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 5]);
        assert!(whole[0].1.starts_with("{\"cmg\":2,\"run\":\"77\",1}"));
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes).unwrap(), whole);
    }

    #[test]
    fn a_script_of_another_version_is_noticed_and_a_text_that_looks_like_a_line_is_not() {
        let mut lines = Lines::new("77");
        lines.push(b"WARNING: {\"cmg\":2,\"event\":\"end\"}\n", |_, _| Ok(())).unwrap();
        assert_eq!(lines.other_version(), None);
        lines.push(b"{\"cmg\":1,\"event\":\"end\"}\n", |_, _| Ok(())).unwrap();
        assert_eq!(lines.other_version(), Some(1));
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let piece = vec![b'x'; 64 * 1024];
        let mut lines = Lines::new("77");
        let error = (0..100).find_map(|_| lines.push(&piece, |_, _| Ok(())).err()).unwrap();
        assert_eq!(error, too_much(LONGEST_LINE, true));
        assert!(lines.rest.len() <= LONGEST_LINE);
    }

    #[test]
    fn endless_noise_is_refused() {
        let mut piece = vec![b'x'; 64 * 1024];
        piece.push(b'\n');
        let mut lines = Lines::new("77");
        let error = (0..2000).find_map(|_| lines.push(&piece, |_, _| Ok(())).err()).unwrap();
        assert_eq!(error, too_much(MOST_OUTPUT, false));
    }
}
