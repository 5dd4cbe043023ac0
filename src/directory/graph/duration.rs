//! Reads ISO 8601 durations such as `P180D`.

use time::Duration;

/// Longer texts are no duration.
const LONGEST: usize = 64;

/// The length of a duration; `None` for anything else, and for negative ones.
///
/// A year counts 365 days and a month 30, as the service's own platform counts them; where the calendar would make
/// more of it, the shorter reading is the one that no policy refuses.
pub(super) fn iso8601(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let (date, clock) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, clock)) if !clock.is_empty() => (date, clock),
        Some(_) => return None,
        None => (text.strip_prefix('P')?, ""),
    };
    if date.is_empty() && clock.is_empty() {
        return None;
    }
    let days = sum(date, &[('Y', 31_536_000.0), ('M', 2_592_000.0), ('W', 604_800.0), ('D', 86_400.0)])?;
    let rest = sum(clock, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    Duration::checked_seconds_f64(days + rest)
}

/// Adds up `1Y2M`: each unit at most once, in the order of the list.
fn sum(text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut units = units.iter();
    let mut rest = text;
    let mut total = 0.0;
    while let Some(end) = rest.find(|character: char| !character.is_ascii_digit() && character != '.') {
        let unit = rest[end..].chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        total += rest[..end].parse::<f64>().ok()? * seconds;
        rest = &rest[end + unit.len_utf8()..];
    }
    rest.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("P180D", Duration::days(180)),
            ("P1Y", Duration::days(365)),
            ("P1Y2M", Duration::days(425)),
            ("P2W", Duration::days(14)),
            ("P0D", Duration::ZERO),
            ("P4DT12H30M5S", Duration::seconds(4 * 86_400 + 12 * 3_600 + 30 * 60 + 5)),
            ("PT0.5S", Duration::milliseconds(500)),
        ] {
            assert_eq!(iso8601(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_not_read() {
        for text in [
            "", "P", "PT", "180D", "-P1D", "P1", "P1D1Y", "P1DT", "PD", "P1.2.3D", "P1H", "P\u{e4}D", "P1Dx",
        ] {
            assert_eq!(iso8601(text), None, "{text}");
        }
        assert_eq!(iso8601(&format!("P{}D", "9".repeat(60))), None);
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics(text in ".{0,80}", almost in "P[0-9.]{0,30}[YMWDTHS]{0,3}[0-9]{0,30}[DS\u{e4}]?") {
            let _ = iso8601(&text);
            let _ = iso8601(&almost);
        }
    }
}
