//! JSON Schema of everything that a front end sees, made from the types. Feature `schema`.
//!
//! The schema is the one source for other languages: an OpenAPI 3.1 document embeds [`definitions`], and the TypeScript
//! declarations are made from [`document`]. The document is in the package, too, at
//! `src/schema/cmg-onboarding.schema.json`, beside `cmg-onboarding.d.ts`, for those who build no Rust.
//!
//! It describes what this version writes, in JSON Schema 2020-12. Fields that are always written are required, so that a
//! reader need not ask; a specification alone requires only what its author has to give. A later version may add fields,
//! and values to an enumeration: a reader takes a field that it does not know as absent, and a value that it does not know
//! as one that it cannot name.

mod text;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

pub(crate) use text::{Day, Moment, with_secret_key};

use crate::{
    connection::{
        Check, ConnectionView, ConnectionsView, Event, Expiry, Finding, Inventory, NextStep, Outcome, PlanDocument, Preflight, Problem,
        Report, SignInSummary, Verification, review::Review,
    },
    site::{KnownApp, SiteSnapshot},
    spec::{ConnectionDraft, ConnectionSpec, InvalidSpec, by_hand::ByHand},
};

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// The names of the kinds of documents that a front end sends, receives or stores. Each is a key of [`definitions`].
        pub const KINDS: &[&str] = &[$(stringify!($kind)),*];

        fn add_all(generator: &mut SchemaGenerator) {
            $(add::<$kind>(generator, stringify!($kind));)*
        }
    };
}

kinds![
    ByHand,
    Check,
    ConnectionDraft,
    ConnectionSpec,
    ConnectionView,
    ConnectionsView,
    Event,
    Expiry,
    Finding,
    InvalidSpec,
    Inventory,
    KnownApp,
    NextStep,
    Outcome,
    PlanDocument,
    Preflight,
    Problem,
    Report,
    Review,
    SignInSummary,
    SiteSnapshot,
    Verification,
];

fn add<T: JsonSchema>(generator: &mut SchemaGenerator, kind: &str) {
    debug_assert_eq!(T::schema_name(), kind);
    generator.subschema_for::<T>();
}

/// Every kind and every type inside one, by its name. What refers to another one does so by `references` and its name.
///
/// ```
/// let schemas = cmg_onboarding::schema::definitions("#/components/schemas/");
/// let events = &schemas["Outcome"]["properties"]["report"];
/// assert_eq!(events["$ref"], "#/components/schemas/Report");
/// ```
#[must_use]
pub fn definitions(references: &str) -> Map<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    add_all(&mut generator);
    let definitions = generator.take_definitions(true);
    definitions
        .into_iter()
        .map(|(name, mut definition)| {
            put_right(&mut definition, references);
            (named(&name), definition)
        })
        .collect()
}

/// The whole as one document, in which `#/$defs/Event` is the schema of an [`Event`] and so on.
///
/// ```
/// let document = cmg_onboarding::schema::document();
/// for kind in cmg_onboarding::schema::KINDS {
///     assert!(document["$defs"][kind].is_object());
/// }
/// ```
#[must_use]
pub fn document() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cmg-onboarding",
        "description": "What a front end of cmg-onboarding sends and receives. Each kind of document is one of the definitions.",
        "$defs": definitions("#/$defs/"),
    })
}

/// The name of a definition: of a type with a parameter, `ReadingOfText`.
fn named(name: &str) -> String {
    name.replace("Array_of_", "ListOf").replace("Ofstring", "OfText")
}

/// Sets the references, and makes plain text of what rustdoc makes pages of.
fn put_right(schema: &mut Value, references: &str) {
    match schema {
        Value::Object(fields) => {
            // Rust's widths of numbers are no formats that JSON Schema or OpenAPI know.
            let is_width = |format: &Value| {
                format
                    .as_str()
                    .is_some_and(|format| format.starts_with("uint") || format.starts_with("int"))
            };
            if fields.get("format").is_some_and(is_width) {
                fields.remove("format");
            }
            for (name, value) in fields.iter_mut() {
                match (name.as_str(), value) {
                    ("$ref", Value::String(reference)) => {
                        if let Some(name) = reference.strip_prefix("#/$defs/") {
                            *reference = format!("{references}{}", named(name));
                        }
                    }
                    ("description", Value::String(text)) => *text = plain(text),
                    (_, value) => put_right(value, references),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_right(item, references)),
        _ => {}
    }
}

/// A comment without its examples and its links into the documentation.
fn plain(comment: &str) -> String {
    let prose = comment.split("```").next().unwrap_or_default().trim();
    let mut text = String::with_capacity(prose.len());
    let mut rest = prose;
    while let Some((before, opened)) = rest.split_once("[`") {
        let Some((name, after)) = opened.split_once("`]") else {
            break;
        };
        text.push_str(before);
        text.push('`');
        text.push_str(name);
        text.push('`');
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_loses_its_examples_and_links_and_keeps_its_words() {
        let comment = "Ends with [`Done`](Self::Done) or [`Failed`].\nSee [the page](https://x).\n\n```\ncode\n```";
        assert_eq!(plain(comment), "Ends with `Done` or `Failed`.\nSee [the page](https://x).");
        assert_eq!(plain("an open [`link"), "an open [`link");
    }

    #[test]
    fn every_kind_is_a_definition_and_no_two_types_share_a_name() {
        let definitions = definitions("#/$defs/");
        for kind in KINDS {
            assert!(definitions.contains_key(*kind), "{kind}");
        }
        let doubled: Vec<_> = definitions
            .keys()
            .filter(|name| name.ends_with(|last: char| last.is_ascii_digit()))
            .collect();
        assert!(doubled.is_empty(), "{doubled:?}");
    }
}
