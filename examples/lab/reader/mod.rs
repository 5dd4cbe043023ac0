//! What a file of a lab kit says about what the crate assumes.

pub(crate) mod site;
mod tenant;
mod throwaway_site;

use std::fmt;

use serde_json::Value;

/// What a file says about one assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What was seen is what the crate assumes.
    Confirmed,
    /// What was seen is something else: the crate has to change.
    Broken,
    /// The file does not tell.
    Unknown,
    /// The crate assumes nothing here, and now it is known.
    Fact,
}

/// One assumption, and what the file says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// A stable name of the assumption.
    pub(crate) assumption: &'static str,
    pub(crate) answer: Answer,
    /// What was seen.
    pub(crate) seen: String,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = match self.answer {
            Answer::Confirmed => "confirmed",
            Answer::Broken => "BROKEN",
            Answer::Unknown => "unknown",
            Answer::Fact => "fact",
        };
        write!(formatter, "{answer:<10} {}: {}", self.assumption, self.seen)
    }
}

/// A file, read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Which kit wrote the file.
    pub(crate) kit: String,
    pub(crate) findings: Vec<Found>,
}

impl Reading {
    /// Reads a file of any kit. PowerShell 5.1 writes a byte order mark, which is passed over.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, String> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let file: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let kit = file["kit"].as_str().unwrap_or_default().to_owned();
        if file["version"] != 1 {
            return Err(format!("it is not version 1 of a kit's file, but {}", file["version"]));
        }
        let mut report = Report::default();
        match kit.as_str() {
            "probe-site" => site::read(&file, &mut report),
            "probe-throwaway-site" => throwaway_site::read(&file, &mut report),
            "live-tenant" => tenant::read(&file, &mut report),
            other => return Err(format!("no kit is called {other:?}")),
        }
        Ok(Self { kit, findings: report.0 })
    }
}

/// Collects what is found.
#[derive(Debug, Default)]
struct Report(Vec<Found>);

impl Report {
    fn add(&mut self, assumption: &'static str, answer: Answer, seen: impl Into<String>) {
        self.0.push(Found {
            assumption,
            answer,
            seen: seen.into(),
        });
    }

    /// `None` is unknown.
    fn check(&mut self, assumption: &'static str, holds: Option<bool>, seen: impl Into<String>) {
        let answer = match holds {
            Some(true) => Answer::Confirmed,
            Some(false) => Answer::Broken,
            None => Answer::Unknown,
        };
        self.add(assumption, answer, seen);
    }

    fn fact(&mut self, assumption: &'static str, seen: impl Into<String>) {
        self.add(assumption, Answer::Fact, seen);
    }
}

/// The rows of a point; `None` if they could not be read. PowerShell writes a list of one as its single value in places.
fn rows(point: &Value) -> Option<Vec<&Value>> {
    if point["isRead"] != true {
        return None;
    }
    Some(many(&point["rows"]))
}

fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        single => vec![single],
    }
}

/// Whether all of them are so; `None` if there are none.
fn all<T>(items: &[T], is_so: impl Fn(&T) -> bool) -> Option<bool> {
    (!items.is_empty()).then(|| items.iter().all(is_so))
}
