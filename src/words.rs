//! Makes texts from data: the templates of a catalogue, and the values that are set into them.
//!
//! A finding or a violation is a code with parameters. Its English text is made from both by a catalogue, in
//! one place, so that a front end can show the same facts in another language. A value is never taken for a
//! template.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::text::clean;

/// Stable names with their values. The values are data and keep their bytes; only texts made from them are cleaned.
pub(crate) type Parameters = BTreeMap<String, Value>;

/// The English templates of one code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    /// What was found, in one sentence; of a violation, what is expected, as it follows the word "expected".
    pub(crate) message: &'static str,
    /// What to do about it; of a next step, how to do it.
    pub(crate) help: &'static str,
}

impl Words {
    pub(crate) const fn new(message: &'static str, help: &'static str) -> Self {
        Self { message, help }
    }
}

const OPEN: &str = "${";
const CLOSE: char = '}';
const FALLBACK: char = '|';

/// Adds a value. A value that is not there (`None`) adds nothing.
pub(crate) fn set(parameters: &mut Parameters, name: &str, value: impl Serialize) {
    match serde_json::to_value(value) {
        Ok(Value::Null) | Err(_) => {}
        Ok(value) => {
            parameters.insert(name.to_owned(), value);
        }
    }
}

/// The text of a template, in which `${name}` stands for the parameter and `${name|text}` for the parameter or, if it is
/// not there, the text. What steers a terminal in a value becomes a space.
pub(crate) fn fill(template: &str, parameters: &Parameters) -> String {
    let mut text = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Value { name, fallback } => match parameters.get(name) {
                Some(value) if !(fallback.is_some() && is_empty_list(value)) => text.push_str(&shown(value)),
                _ => text.push_str(fallback.unwrap_or(name)),
            },
        }
    }
    clean(&text)
}

/// One part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Value { name: &'a str, fallback: Option<&'a str> },
}

/// A template taken apart. What is opened and not closed is text.
pub(crate) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, (inside, after))) = rest
        .split_once(OPEN)
        .and_then(|(before, opened)| Some((before, opened.split_once(CLOSE)?)))
    {
        pieces.push(Piece::Text(before));
        let (name, fallback) = inside
            .split_once(FALLBACK)
            .map_or((inside, None), |(name, fallback)| (name, Some(fallback)));
        pieces.push(Piece::Value { name, fallback });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// An empty list has no words of its own.
fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What the tests of each catalogue ask of it.
#[cfg(test)]
pub(crate) mod testing {
    use std::collections::BTreeSet;

    use super::{Piece, pieces};
    use crate::text::is_steering;

    /// The variants of an enum in its source, each with the parameters that its documentation names.
    pub(crate) fn documented(source: &str) -> Vec<(String, BTreeSet<String>)> {
        let body = source
            .split_once("pub enum ")
            .and_then(|(_, rest)| rest.split_once("\n}"))
            .unwrap()
            .0;
        let mut documentation = String::new();
        let mut variants = Vec::new();
        for line in body.lines().skip(1).map(str::trim) {
            if let Some(line) = line.strip_prefix("///") {
                documentation.push_str(line);
            } else if let Some(name) = line.strip_suffix(',') {
                let parameters = documentation.split_once("Parameters:").map_or("", |(_, parameters)| parameters);
                let named = parameters.split('`').skip(1).step_by(2).map(str::to_owned);
                variants.push((name.to_owned(), named.collect()));
                documentation.clear();
            }
        }
        variants
    }

    /// The variants of an enum without values, by its name, in its source.
    pub(crate) fn variants(source: &str, name: &str) -> Vec<String> {
        let body = source
            .split_once(&format!("pub enum {name} {{"))
            .unwrap()
            .1
            .split_once("\n}")
            .unwrap()
            .0;
        let lines = body.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
        lines.filter(|line| !line.starts_with("//")).map(str::to_owned).collect()
    }

    /// Checks one template: it says something, it steers nothing, and each of its values is documented.
    pub(crate) fn assert_sound(code: &str, template: &str, documented: &BTreeSet<String>) {
        assert!(
            !template.trim().is_empty() && !template.contains(is_steering),
            "{code}: {template:?}"
        );
        for piece in pieces(template) {
            match piece {
                Piece::Text(text) => assert!(!text.contains("${"), "{code} opens and does not close: {template}"),
                Piece::Value { name, .. } => assert!(documented.contains(name), "{code} does not document `{name}`"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameters(value: Value) -> Parameters {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_template_is_filled_with_texts_numbers_and_lists() {
        let given = parameters(json!({"app": "server", "days": 3, "names": ["a", "b"]}));
        let text = fill("The ${app} app, ${days} days, {tenantId}: ${names}.", &given);
        assert_eq!(text, "The server app, 3 days, {tenantId}: a, b.");
    }

    #[test]
    fn what_is_not_there_is_replaced_by_the_fallback() {
        let template = "the app ${name|without a name}";
        assert_eq!(fill(template, &Parameters::new()), "the app without a name");
        assert_eq!(fill(template, &parameters(json!({"name": "CMG"}))), "the app CMG");
    }

    #[test]
    fn a_value_is_never_taken_for_a_template_and_never_steers_a_terminal() {
        let given = parameters(json!({"name": "${other}\u{1b}[2J", "other": "x"}));
        assert_eq!(fill("${name} ${open", &given), "${other} [2J ${open");
        assert_eq!(given["name"], "${other}\u{1b}[2J", "data keeps its bytes");
    }

    #[test]
    fn a_value_that_is_not_there_adds_no_parameter() {
        let mut given = Parameters::new();
        set(&mut given, "name", None::<&str>);
        set(&mut given, "count", 2);
        assert_eq!(given, parameters(json!({"count": 2})));
    }
}
