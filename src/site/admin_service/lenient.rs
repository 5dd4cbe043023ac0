//! Reads values as administration services of different versions write them.
//!
//! Each function is a `deserialize_with` of one property in `rows`, and none of them ever fails: a service writes numbers
//! as numbers or as texts (`Edm.Int64`), lists as lists or as single values, dates that were never set as a day in 1970
//! or 1980, texts that were never set as empty ones, and any value as null. A value that cannot be read is `None`, so
//! that one odd property does not hide a row; a list with one entry that cannot be read is `None` as a whole, because a
//! shorter list would say something that the site does not.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::well_known::Iso8601, format_description::well_known::Rfc3339,
    macros::datetime,
};

use crate::site::SiteRowId;

/// Dates before this one stand for "never": the product's zero is 1970 or 1980, in any time zone.
const FIRST_DATE: OffsetDateTime = datetime!(1981-01-01 00:00 UTC);

/// The last moment that can be written in JSON, for dates beyond it.
const LAST_DATE: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    read(deserializer, number_of)
}

pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    read(deserializer, text_of)
}

pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    read(deserializer, |value| match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        other => number_of(other).map(|number| number != 0),
    })
}

pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    read(deserializer, |value| moment_of(value.as_str()?.trim()))
}

/// `None` if the service leaves the list out or writes null, as it does with lazy properties in a list of many rows.
pub(super) fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<SiteRowId>>, D::Error> {
    read(deserializer, |value| list_of(value, |item| number_of(item).map(SiteRowId)))
}

/// `None` as in [`rows`].
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    read(deserializer, |value| list_of(value, text_of))
}

fn read<'de, D: Deserializer<'de>, T>(deserializer: D, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, D::Error> {
    Ok(read(&Value::deserialize(deserializer)?))
}

fn number_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // Beyond this, a float is no exact number any more.
    let is_exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    is_exact.then_some(number as i64)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn list_of<T>(value: &Value, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::Null => None,
        Value::Array(items) => items.iter().filter(|value| !value.is_null()).map(item).collect(),
        // An empty text stands for null wherever the provider writes no null.
        Value::String(text) if text.trim().is_empty() => None,
        single => Some(vec![item(single)?]),
    }
}

fn moment_of(text: &str) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        // Without an offset the product means UTC.
        let plain = PrimitiveDateTime::parse(text, &Iso8601::DEFAULT).ok();
        plain.map(PrimitiveDateTime::assume_utc)
    })?;
    let moment = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(LAST_DATE).min(LAST_DATE);
    (moment >= FIRST_DATE).then_some(moment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_as_numbers_and_as_texts() {
        for value in [json!(16_777_217), json!("16777217"), json!(16_777_217.0), json!(" 16777217 ")] {
            assert_eq!(number(value.clone()).unwrap(), Some(16_777_217), "{value}");
        }
        for value in [json!(null), json!("x"), json!(1.5), json!([1]), json!(1e300), json!("")] {
            assert_eq!(number(value.clone()).unwrap(), None, "{value}");
        }
        assert_eq!(number(json!("18446744073709551615")).unwrap(), None);
        assert_eq!(number(json!(-1)).unwrap(), Some(-1));
    }

    #[test]
    fn unset_dates_are_none() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1980-01-01T00:00:00Z",
            "1980-01-01T06:00:00Z",
            "1980-01-01T12:00:00Z",
            "1979-12-31T16:00:00-08:00",
            "0001-01-01T00:00:00Z",
            "",
            "soon",
        ] {
            assert_eq!(moment(json!(text)).unwrap(), None, "{text}");
        }
        assert_eq!(moment(json!(null)).unwrap(), None);
        assert_eq!(moment(json!(7)).unwrap(), None);
    }

    #[test]
    fn far_future_dates_are_kept_as_far_as_they_can_be_written() {
        assert_eq!(moment(json!("9999-12-31T23:59:59Z")).unwrap(), Some(LAST_DATE));
        assert_eq!(moment(json!("9999-12-31T23:59:59.9999999-08:00")).unwrap(), Some(LAST_DATE));
        let far = datetime!(2299-12-31 00:00 UTC);
        assert_eq!(moment(json!("2299-12-31T02:00:00+02:00")).unwrap(), Some(far));
        assert_eq!(moment(json!("2299-12-31T00:00:00")).unwrap(), Some(far));
    }

    #[test]
    fn a_list_with_an_entry_that_cannot_be_read_is_not_read_at_all() {
        for value in [json!([7, "x"]), json!([[7]]), json!({"a": 1}), json!("x"), json!("")] {
            assert_eq!(rows(value.clone()).unwrap(), None, "{value}");
        }
        assert_eq!(texts(json!(["a", true])).unwrap(), None);
        assert_eq!(texts(json!("")).unwrap(), None);
    }

    #[test]
    fn a_single_value_is_a_list_of_one_and_null_is_no_list() {
        assert_eq!(rows(json!("7")).unwrap(), Some(vec![SiteRowId(7)]));
        assert_eq!(rows(json!([7, "8", null])).unwrap(), Some(vec![SiteRowId(7), SiteRowId(8)]));
        assert_eq!(rows(json!([])).unwrap(), Some(Vec::new()));
        assert_eq!(rows(json!(null)).unwrap(), None);
        assert_eq!(texts(json!("a")).unwrap(), Some(vec!["a".to_owned()]));
    }

    #[test]
    fn flags_come_as_texts_and_numbers_too() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!(" true "), Some(true)),
            (json!("yes"), None),
            (json!("False"), Some(false)),
            (json!(1), Some(true)),
            (json!("0"), Some(false)),
            (json!(null), None),
        ] {
            assert_eq!(flag(value).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn no_date_can_break_what_reads_it(text in "[0-9+:.TZ-]{0,40}|.{0,40}|[0-9]{4}-(0[1-9]|1[0-2])-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])") {
            if let Some(moment) = moment_of(&text) {
                prop_assert!(moment.format(&Rfc3339).is_ok());
                let _ = moment.to_offset(UtcOffset::UTC);
            }
        }
    }
}
