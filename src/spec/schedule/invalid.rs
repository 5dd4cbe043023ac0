//! Why a schedule cannot be.

use std::borrow::Cow;

use crate::error::Diagnostic;

/// The text is not a schedule token, or a part of the schedule is outside what a token can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSchedule {
    /// Not 16 hexadecimal digits.
    #[error("a schedule token has 16 hexadecimal digits")]
    NotAToken,
    /// The words of a schedule are not understood.
    #[error("the words of the schedule are not understood: {expected} is expected")]
    WordsUnclear {
        /// What is expected in the place of the word that is not understood, in English.
        expected: &'static str,
    },
    /// The token is of a type that the product does not document.
    #[error("{number} is not the number of a recurrence type")]
    UnknownType {
        /// The type's number.
        number: u8,
    },
    /// One part is outside its documented range.
    #[error("{part} is {given}, and {least} to {most} is possible")]
    OutOfRange {
        /// Which part.
        part: &'static str,
        /// Its value.
        given: u64,
        /// The least possible value.
        least: u64,
        /// The greatest possible value.
        most: u64,
    },
    /// The start is outside the years that a token can carry.
    #[error("the start is in the year {given}, and 1970 to 2033 is possible")]
    StartYear {
        /// The year.
        given: i32,
    },
    /// The start is a day that the calendar has not, as 30 February.
    #[error("the start is on a day that the calendar does not have")]
    NoSuchDay,
    /// An interval needs exactly one of minutes, hours and days.
    #[error("an interval counts in exactly one of minutes, hours and days")]
    MixedInterval,
    /// Bits are set that have no meaning in a token of this type.
    #[error("bits are set that have no meaning in a schedule token of this type")]
    MeaninglessBits,
    /// Tokens carry whole minutes.
    #[error("a schedule token carries whole minutes")]
    PartOfAMinute,
    /// 1970-02-01 00:00 is how a token writes that there is no start.
    #[error("a start of 1970-02-01 00:00 means that there is no start")]
    MeansNoStart,
}

impl InvalidSchedule {
    pub(super) const fn out_of_range(part: &'static str, given: u64, least: u64, most: u64) -> Self {
        Self::OutOfRange { part, given, least, most }
    }

    /// Refuses a value outside of its range.
    pub(super) fn check(part: &'static str, given: u8, least: u8, most: u8) -> Result<(), Self> {
        if (least..=most).contains(&given) {
            return Ok(());
        }
        Err(Self::out_of_range(part, given.into(), least.into(), most.into()))
    }
}

impl Diagnostic for InvalidSchedule {
    fn code(&self) -> &'static str {
        "invalidSchedule"
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotAToken | Self::UnknownType { .. } | Self::NoSuchDay | Self::MixedInterval | Self::MeaninglessBits => {
                "Give one schedule token, such as 0001170000100038 for every seven days; the cmdlet New-CMSchedule prints one with -ScheduleString. Or give words, such as \"every 7 days from 02:30 UTC\"."
            }
            Self::WordsUnclear { .. } => {
                "Write a schedule as one of these: every 7 days from 02:30 UTC; every Monday at 02:30 UTC; on the second Saturday of every month at 01:00 UTC; on day 15 of every month at 01:00 UTC; once on 2027-01-01 at 23:05 UTC. In the place of UTC, local is the site's local time."
            }
            Self::OutOfRange { .. } | Self::StartYear { .. } | Self::PartOfAMinute => "Choose a value that a schedule token can carry.",
            Self::MeansNoStart => "Leave the start out, or choose another moment.",
        }
        .into()
    }
}
