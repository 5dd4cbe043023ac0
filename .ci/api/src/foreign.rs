//! Which other crates the public API may name.

use crate::items::{Api, Id};

/// Crates whose types may stand in a public signature.
const CRATES: [&str; 10] = [
    "std",
    "core",
    "alloc",
    "url",
    "uuid",
    "time",
    "serde_json",
    "secrecy",
    "http",
    "bytes",
];

/// Single items of other crates that may stand in a public signature, and why.
const ITEMS: [(&str, &str); 4] = [
    ("futures_core::Stream", "there is no Stream in the standard library"),
    (
        "serde_core::DeserializeOwned",
        "http::Answer::json reads any type of the caller, as serde_json does",
    ),
    ("async_trait::async_trait", "the traits are written and implemented with it"),
    (
        "azure_core::TokenCredential",
        "AzureIdentity takes over any credential of the Azure SDK",
    ),
];

/// Traits of other crates that a public type may implement.
const TRAITS: [(&str, &str); 5] = [
    ("serde_core::Serialize", "what front ends receive is written as JSON"),
    ("serde_core::Deserialize", "specifications and saved documents are read from JSON"),
    ("serde::Serialize", "as above, by its older home"),
    ("serde::Deserialize", "as above, by its older home"),
    (
        "schemars::JsonSchema",
        "what front ends receive has a schema, behind the feature schema",
    ),
];

/// Where an item is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Signature,
    Implemented,
}

/// What is wrong with naming an item of this crate at this place; `None` if it may be named.
pub(crate) fn refusal(origin: &str, last: &str, place: Place) -> Option<String> {
    let item = format!("{origin}::{last}");
    let is_listed = |list: &[(&str, &str)]| list.iter().any(|(name, _)| *name == item);
    let may = CRATES.contains(&origin) || is_listed(&ITEMS) || (place == Place::Implemented && is_listed(&TRAITS));
    (!may).then(|| format!("{item} is not on the list of foreign types (.ci/api/src/foreign.rs)"))
}

/// The refusals of one line of the API.
pub(crate) fn refusals(api: &Api<'_>, named: &[Id], place: Place, line: &str) -> Vec<String> {
    let mut refused = Vec::new();
    for id in named {
        if api.is_own(*id) {
            continue;
        }
        let problem = match api.origin(*id) {
            Some((origin, path)) => refusal(origin, path.last().copied().unwrap_or_default(), place),
            None => Some("it names an item that rustdoc does not describe".to_owned()),
        };
        refused.extend(problem.map(|problem| format!("{line}\n    {problem}")));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_list_may_be_named_and_nothing_else() {
        assert_eq!(refusal("uuid", "Uuid", Place::Signature), None);
        assert_eq!(refusal("futures_core", "Stream", Place::Signature), None);
        for (origin, last) in [("reqwest", "Client"), ("futures_core", "FusedStream"), ("serde_core", "Serialize")] {
            assert!(refusal(origin, last, Place::Signature).is_some(), "{origin}::{last}");
        }
        assert_eq!(refusal("serde_core", "Serialize", Place::Implemented), None);
        assert!(refusal("reqwest", "IntoUrl", Place::Implemented).is_some());
    }
}
