//! Reads how long a service asks to wait: `Retry-After` in seconds or as a date, and its variants in
//! milliseconds.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::answer::AnswerHeaders;

/// The wait that an answer asks for: milliseconds win over `Retry-After`, because they are more exact.
///
/// `Retry-After` is read as seconds and as an HTTP date; a moment that is over asks for no wait. A date is the service's, so
/// it is compared with the `Date` of the same answer, and with `now` only if that is missing: this machine's clock may be
/// wrong by hours.
pub(crate) fn requested_wait(headers: &AnswerHeaders, now: OffsetDateTime) -> Option<Duration> {
    let exact = headers.retry_after_milliseconds.as_deref().and_then(|text| number(text, 1_000.0));
    exact.or_else(|| {
        let text = headers.retry_after.as_deref()?.trim();
        let at_the_service = || {
            headers
                .date
                .as_deref()
                .and_then(|date| OffsetDateTime::parse(date.trim(), &Rfc2822).ok())
        };
        number(text, 1.0).or_else(|| until(text, at_the_service().unwrap_or(now)))
    })
}

/// The wait that a `Retry-After` of this text asks for.
#[cfg(any(fuzzing, test))]
pub(crate) fn wait_of(text: &str, now: OffsetDateTime) -> Option<Duration> {
    let headers = AnswerHeaders {
        retry_after: Some(text.to_owned()),
        retry_after_milliseconds: Some(text.to_owned()),
        ..AnswerHeaders::default()
    };
    requested_wait(&headers, now).max(requested_wait(
        &AnswerHeaders {
            retry_after_milliseconds: None,
            ..headers
        },
        now,
    ))
}

fn number(text: &str, per_second: f64) -> Option<Duration> {
    let text = text.trim();
    // Only digits and a point: "inf", "nan", "1e9" and signs are not what a service sends.
    if text.is_empty() || text.len() > 20 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(text.parse::<f64>().ok()? / per_second).ok()
}

fn until(text: &str, now: OffsetDateTime) -> Option<Duration> {
    let moment = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some(Duration::try_from(moment - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-10-01 12:00 UTC);

    fn wait(text: &str) -> Option<Duration> {
        let headers = AnswerHeaders {
            retry_after: Some(text.to_owned()),
            ..AnswerHeaders::default()
        };
        requested_wait(&headers, NOW)
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(wait("Thu, 01 Oct 2026 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Thu, 01 Oct 2026 11:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn a_date_is_read_against_the_clock_of_the_service() {
        let waits = |date: &str| {
            let headers = AnswerHeaders {
                date: Some(date.to_owned()),
                retry_after: Some("Thu, 01 Oct 2026 15:00:30 GMT".to_owned()),
                ..AnswerHeaders::default()
            };
            requested_wait(&headers, NOW)
        };
        assert_eq!(waits("Thu, 01 Oct 2026 15:00:00 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(waits("not a date"), Some(Duration::from_secs(3 * 3600 + 30)));
    }

    #[test]
    fn milliseconds_win_over_seconds() {
        let headers = AnswerHeaders {
            retry_after: Some("9".to_owned()),
            retry_after_milliseconds: Some("1500".to_owned()),
            ..AnswerHeaders::default()
        };
        assert_eq!(requested_wait(&headers, NOW), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for text in [
            "",
            "-1",
            "soon",
            "inf",
            "NaN",
            "1e99",
            "99999999999999999999999",
            "1.2.3",
            "1e1",
            "+5",
        ] {
            assert_eq!(wait(text), None, "{text:?}");
        }
        let zeros = |length: usize| format!("{}5", "0".repeat(length - 1));
        assert_eq!(wait(&zeros(20)), Some(Duration::from_secs(5)));
        assert_eq!(wait(&zeros(21)), None, "no service sends so many digits");
    }

    #[test]
    fn a_text_is_read_as_either_header_and_the_longer_wait_counts() {
        assert_eq!(wait_of("1500", NOW), Some(Duration::from_secs(1500)));
        assert_eq!(wait_of("Thu, 01 Oct 2026 12:00:30 GMT", NOW), Some(Duration::from_secs(30)));
        assert_eq!(wait_of("soon", NOW), None);
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics(text in ".{0,60}", digits in "[0-9.]{0,25}") {
            let _ = wait(&text);
            let _ = wait(&digits);
        }
    }
}
