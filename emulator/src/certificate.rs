//! What a certificate says of itself: its subject, and from when to when it holds.
//!
//! Only as much of RFC 5280 as that takes. Signatures are verified elsewhere, by a library.

use crate::der::{INTEGER, SEQUENCE, take, value};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A certificate's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// As Windows writes it: `CN=name, O=organization`.
    pub(crate) subject: String,
    pub(crate) begins: OffsetDateTime,
    pub(crate) ends: OffsetDateTime,
}

const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;
const EXPLICIT_VERSION: u8 = 0xA0;

/// Names of the parts of a subject, by the bytes of their object identifiers.
const ATTRIBUTES: [(&[u8], &str); 7] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "S"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25], "DC"),
];

impl Certificate {
    /// `None` if it is none.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (mut certificate, rest) = take(der, SEQUENCE)?;
        if !rest.is_empty() {
            return None;
        }
        let mut body = value(&mut certificate, SEQUENCE)?;
        if let Some((_, rest)) = take(body, EXPLICIT_VERSION) {
            body = rest;
        }
        value(&mut body, INTEGER)?;
        value(&mut body, SEQUENCE)?;
        let _issuer = value(&mut body, SEQUENCE)?;
        let mut validity = value(&mut body, SEQUENCE)?;
        let subject = value(&mut body, SEQUENCE)?;
        Some(Self {
            subject: name(subject)?,
            begins: moment(&mut validity)?,
            ends: moment(&mut validity)?,
        })
    }
}

/// The parts of a name; Windows writes the last one first.
fn name(mut bytes: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let mut set = value(&mut bytes, SET)?;
        while !set.is_empty() {
            let mut pair = value(&mut set, SEQUENCE)?;
            let identifier = value(&mut pair, OBJECT_IDENTIFIER)?;
            // Of any kind of text.
            let (text, _) = take(pair, *pair.first()?)?;
            let known = ATTRIBUTES.iter().find(|(known, _)| *known == identifier);
            if let Some((_, attribute)) = known {
                parts.push(format!("{attribute}={}", String::from_utf8_lossy(text)));
            }
        }
    }
    parts.reverse();
    Some(parts.join(", "))
}

/// `260301120000Z` or `20260301120000Z`.
fn moment(bytes: &mut &[u8]) -> Option<OffsetDateTime> {
    let tag = *bytes.first()?;
    let text = std::str::from_utf8(value(bytes, tag)?).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |place: usize| rest.get(place * 2..place * 2 + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(1)?).ok()?;
    let time = Time::from_hms(part(2)?, part(3)?, part(4)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};
    use time::macros::datetime;

    use super::*;

    fn made() -> Vec<u8> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::OrganizationName, "Contoso");
        parameters.distinguished_name.push(DnType::CommonName, "cmg server");
        parameters.not_before = datetime!(2026-01-02 03:04:05 UTC);
        parameters.not_after = datetime!(2061-01-02 03:04:05 UTC);
        let key = KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn subject_and_dates_are_those_of_the_certificate() {
        let expected = Certificate {
            subject: "CN=cmg server, O=Contoso".to_owned(),
            begins: datetime!(2026-01-02 03:04:05 UTC),
            ends: datetime!(2061-01-02 03:04:05 UTC),
        };
        assert_eq!(Certificate::read(&made()), Some(expected));
    }

    #[test]
    fn what_is_cut_or_grown_is_no_certificate() {
        let whole = made();
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None, "{end}");
        }
        assert_eq!(Certificate::read(&[whole, vec![0]].concat()), None);
        assert_eq!(Certificate::read(&[1, 2, 3]), None);
    }

    proptest! {
        #[test]
        fn reading_anything_never_panics(bytes in any::<Vec<u8>>(), place in 0_usize..400, byte in any::<u8>()) {
            let _ = Certificate::read(&bytes);
            let mut damaged = made();
            if let Some(found) = damaged.get_mut(place) {
                *found = byte;
            }
            let _ = Certificate::read(&damaged);
        }
    }
}
