//! Reads a claims challenge out of `WWW-Authenticate`.
//!
//! Source: *Claims challenges, claims requests and client capabilities*: `error="insufficient_claims"` and
//! `claims="<base64 of a JSON object>"`. The header comes from the network, so it is read leniently and bounded.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

/// Longer headers are not read. A challenge has a few hundred characters.
const LONGEST: usize = 16 * 1024;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// The claims, as JSON, that one of these headers asks for.
pub(crate) fn claims_of(headers: &[String]) -> Option<String> {
    headers.iter().find_map(|header| claims(header))
}

fn claims(header: &str) -> Option<String> {
    if header.len() > LONGEST || parameter(header, "error")? != "insufficient_claims" {
        return None;
    }
    let encoded = parameter(header, "claims")?;
    let bytes = GeneralPurpose::new(&STANDARD, LENIENT)
        .decode(encoded)
        .or_else(|_| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(encoded))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    matches!(serde_json::from_str(&text), Ok(Value::Object(_))).then_some(text)
}

/// The value of `name="value"` or `name=value`, if the name stands at the beginning of a parameter.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (before, after) = rest.split_once('=')?;
        let found = before.rsplit([' ', ',', '\t']).next()?;
        let (value, remaining) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
        rest = remaining;
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1??>>"}}}"#;

    fn header(claims: &str) -> Vec<String> {
        vec![
            "Basic realm=\"x\"".to_owned(),
            format!(
                r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize?a=b", error="insufficient_claims", claims="{claims}""#
            ),
        ]
    }

    #[test]
    fn both_alphabets_of_base64_are_read() {
        assert_eq!(claims_of(&header(&PADDED.encode(CLAIMS))).as_deref(), Some(CLAIMS));
        assert_eq!(claims_of(&header(&URL_SAFE_NO_PAD.encode(CLAIMS))).as_deref(), Some(CLAIMS));
    }

    #[test]
    fn what_is_not_a_challenge_gives_no_claims() {
        for text in [
            "Bearer",
            r#"Bearer error="invalid_token", claims="e30=""#,
            r#"Bearer error="insufficient_claims""#,
            r#"Bearer error="insufficient_claims", claims="W10=""#,
            r#"Bearer error="insufficient_claims", claims="!!""#,
        ] {
            assert_eq!(claims_of(&[text.to_owned()]), None, "{text}");
        }
        assert_eq!(
            claims_of(&header(&PADDED.encode(format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST))))),
            None
        );
    }

    #[test]
    fn the_longest_header_is_read_and_a_longer_one_is_not() {
        let [_, challenge] = header(&PADDED.encode(CLAIMS)).try_into().unwrap();
        let padded = |length: usize| format!("{challenge}{}", " ".repeat(length - challenge.len()));
        assert_eq!(claims_of(&[padded(LONGEST)]).as_deref(), Some(CLAIMS));
        assert_eq!(claims_of(&[padded(LONGEST + 1)]), None);
    }

    proptest! {
        #[test]
        fn reading_any_header_never_panics(text in ".{0,200}") {
            let _ = claims_of(std::slice::from_ref(&text));
            let _ = claims_of(&header(&text));
        }
    }
}
