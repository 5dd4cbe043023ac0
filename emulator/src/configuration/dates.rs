//! Dates in a configuration that go with the clock: `now`, `now+30d`, `now-12h`.

use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Puts the moment in the place of every date that is written as a distance from now.
pub(super) fn fill_in(object: &mut Map<String, Value>, now: OffsetDateTime) {
    for (name, value) in object {
        fill_in_value(name, value, now);
    }
}

fn fill_in_value(name: &str, value: &mut Value, now: OffsetDateTime) {
    match value {
        Value::Object(inner) => fill_in(inner, now),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in_value(name, item, now)),
        Value::String(text) if is_date(name) => {
            if let Some(moment) = moment(text, now) {
                *text = moment;
            }
        }
        _ => {}
    }
}

/// Names of dates, in Microsoft Graph and in the rows of a site.
fn is_date(name: &str) -> bool {
    name.ends_with("DateTime") || matches!(name, "created" | "updated" | "secretExpiry" | "secretCreated")
}

fn moment(text: &str, now: OffsetDateTime) -> Option<String> {
    let distance = text.strip_prefix("now")?;
    let moment = if distance.is_empty() {
        now
    } else {
        let (number, unit) = distance.split_at_checked(distance.len() - 1)?;
        let number: i32 = number.parse().ok()?;
        let distance = match unit {
            "d" => Duration::days(number.into()),
            "h" => Duration::hours(number.into()),
            "m" => Duration::minutes(number.into()),
            _ => return None,
        };
        now.checked_add(distance)?
    };
    moment.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn dates_go_with_the_clock_and_other_texts_stay() {
        let now = datetime!(2026-03-01 12:00:00.5 UTC);
        for (text, expected) in [
            ("now", Some("2026-03-01T12:00:00Z")),
            ("now+30d", Some("2026-03-31T12:00:00Z")),
            ("now-12h", Some("2026-03-01T00:00:00Z")),
            ("now+1é", None),
            ("now+99999999999d", None),
            ("now+2147483647d", None),
            ("2026-01-01T00:00:00Z", None),
        ] {
            assert_eq!(moment(text, now).as_deref(), expected, "{text}");
        }
        let mut object = serde_json::json!({"displayName": "now", "keys": [{"endDateTime": "now"}]});
        fill_in(object.as_object_mut().unwrap(), now);
        assert_eq!(
            object,
            serde_json::json!({"displayName": "now", "keys": [{"endDateTime": "2026-03-01T12:00:00Z"}]})
        );
    }
}
