//! Where a request goes: the path in its many spellings, taken apart.

use url::Url;

use crate::store::Key;

/// The parts of a path below the version: decoded, without empty ones.
///
/// Clients differ in harmless ways, and the service answers all of them alike: `/v1.0//applications`, a trailing
/// slash, `/v1.0/myorganization/applications`, percent-encoded brackets and quotes, `graph.` for `microsoft.graph.`.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    if parts.first().is_some_and(|first| matches!(first.as_str(), "v1.0" | "beta")) {
        parts.remove(0);
    }
    if parts.first().is_some_and(|first| first == "myorganization") {
        parts.remove(0);
    }
    parts.into_iter().map(full_name).collect()
}

/// `graph` is the alias of the namespace, and the one that generated clients write: `/graph.application`.
fn full_name(part: String) -> String {
    match part.strip_prefix("graph.") {
        Some(name) => format!("microsoft.graph.{name}"),
        None => part,
    }
}

/// The object a path addresses after its collection: `["{id}"]` and `["applications(appId='..')"]` alike.
///
/// Gives the collection, the key where there is one, and the rest of the path.
pub(super) fn address(segments: &[String]) -> Option<(&str, Option<Key>, &[String])> {
    let (first, rest) = segments.split_first()?;
    if let Some((collection, key)) = first.split_once('(') {
        let key = alternate_key(key.strip_suffix(')')?)?;
        return Some((collection, Some(key), rest));
    }
    match rest.split_first() {
        // `$count` belongs to the collection.
        Some((id, below)) if !id.starts_with('$') => Some((first, Some(Key::id(id.as_str())), below)),
        _ => Some((first, None, rest)),
    }
}

/// Undoes percent encoding. What is not encoded properly stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = if first == b'%' { after.get(..2) } else { None };
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match code {
            Some(code) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The parts of a URL inside a `$batch`, which is relative to the version.
pub(super) fn split_relative(url: &str) -> Option<(String, String)> {
    let base = Url::parse("http://localhost/").ok()?;
    let absolute = base.join(&format!("/{}", url.trim_start_matches('/'))).ok()?;
    Some((absolute.path().to_owned(), absolute.query().unwrap_or_default().to_owned()))
}

fn alternate_key(text: &str) -> Option<Key> {
    let unquote = |text: &str| {
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        inner.map_or_else(|| text.to_owned(), |inner| inner.replace("''", "'"))
    };
    match text.split_once('=') {
        Some((property, value)) if !text.starts_with('\'') => Some(Key {
            property: property.trim().to_owned(),
            value: unquote(value.trim()),
        }),
        _ => Some(Key::id(unquote(text.trim()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> (String, Option<Key>, usize) {
        let segments = segments(path);
        let (collection, key, rest) = address(&segments).unwrap();
        (collection.to_owned(), key, rest.len())
    }

    #[test]
    fn every_spelling_of_a_path_leads_to_the_same_place() {
        let expected = read("/v1.0/applications(uniqueName='a b''c')/addPassword");
        assert_eq!(expected.1.as_ref().unwrap().value, "a b'c");
        for path in [
            "//v1.0//applications(uniqueName='a b''c')/addPassword/",
            "/v1.0/myorganization/applications(uniqueName='a%20b''c')/addPassword",
            "/beta/applications%28uniqueName%3D%27a%20b%27%27c%27%29/addPassword",
        ] {
            assert_eq!(read(path), expected, "{path}");
        }
    }

    #[test]
    fn a_key_may_be_an_id_in_the_path_or_in_brackets() {
        assert_eq!(read("/v1.0/applications/x").1, Some(Key::id("x")));
        assert_eq!(read("/v1.0/applications('x')").1, Some(Key::id("x")));
        assert_eq!(read("/v1.0/applications(x)").1, Some(Key::id("x")));
        assert_eq!(read("/v1.0/applications/$count").1, None);
        assert_eq!(read("/v1.0/applications").1, None);
    }

    #[test]
    fn broken_percent_encoding_stays_as_it_is() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%41"), "%zzA");
    }
}
