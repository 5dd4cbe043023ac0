//! What can be wrong with a field, one code for each rule.

use serde::{Deserialize, Serialize};

use super::{app_id_uri::InvalidAppIdUri, schedule::InvalidSchedule, violations::Rule};

/// The rule that a field breaks. The name in JSON is stable, and so are the names of the parameters.
///
/// Code, parameters and the given value together are the whole fact, and both texts of a violation are made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ViolationCode {
    /// The document is not JSON. Parameters: `line` and `column` (numbers, from 1) of the fault.
    JsonInvalid,
    /// A JSON object is expected.
    ObjectExpected,
    /// A text is expected.
    TextExpected,
    /// `true` or `false` is expected.
    FlagExpected,
    /// A whole number is expected.
    WholeNumberExpected,
    /// A list of texts is expected.
    TextListExpected,
    /// Exactly one of several fields is expected. Parameters: `choices` (list of field names).
    OneChoiceExpected,
    /// There is no such field. Parameters: `known` (list of field names).
    FieldUnknown,
    /// A name is missing.
    NameMissing,
    /// A name is empty or has control characters.
    NameInvalid,
    /// An app's name is missing. Parameters: `longest` (number of characters).
    AppNameMissing,
    /// An app's name is empty, too long or has control characters. Parameters: `longest` (number of characters).
    AppNameInvalid,
    /// A description has control characters.
    DescriptionInvalid,
    /// There is no such Azure environment.
    EnvironmentUnknown,
    /// No server app is given.
    ServerAppMissing,
    /// No client app is given.
    ClientAppMissing,
    /// Server app and client app are the same application.
    SameApp,
    /// A client id is missing.
    ClientIdMissing,
    /// A client id is not a GUID.
    ClientIdInvalid,
    /// The client id of an app to be used again is missing.
    ReusedClientIdMissing,
    /// The client id of an app to be used again is not a GUID.
    ReusedClientIdInvalid,
    /// A tenant id is missing.
    TenantIdMissing,
    /// A tenant id is not a GUID.
    TenantIdInvalid,
    /// The home page is not a URL, or is too long. Parameters: `longest` (number of characters).
    HomePageUrlInvalid,
    /// The App ID URI of an app to import is missing.
    AppIdUriMissing,
    /// The App ID URI is too long. Parameters: `length` (number of characters that were given).
    AppIdUriTooLong,
    /// The App ID URI ends with a slash.
    AppIdUriTrailingSlash,
    /// The App ID URI contains a wildcard.
    AppIdUriWildcard,
    /// The App ID URI begins neither with `api://` nor with `https://`.
    AppIdUriScheme,
    /// The App ID URI is not a plain URI.
    AppIdUriNotAUri,
    /// There is no such validity of a secret.
    SecretValidityUnknown,
    /// The validity of a secret is not a number of days.
    SecretValidityZero,
    /// The object id of an owner is not a GUID.
    OwnerInvalid,
    /// The secret of an app to import is missing.
    SecretKeyMissing,
    /// The secret of an app to import is empty.
    SecretKeyEmpty,
    /// The Secret ID is given in the place of the secret.
    SecretIdGiven,
    /// The expiry of the secret to import is missing.
    SecretKeyExpiryMissing,
    /// The expiry of the secret to import is not a date or moment that can be written.
    SecretKeyExpiryInvalid,
    /// Discovery is given and says nothing of users or groups.
    DiscoveryEmpty,
    /// Group discovery names no group.
    GroupNamesMissing,
    /// A group is both discovered and taken out.
    GroupNamedTwice,
    /// The interval of delta discovery is 0.
    DeltaMinutesZero,
    /// The schedule is not a token of 16 hexadecimal digits.
    ScheduleNotAToken,
    /// The words of the schedule are not understood. Parameters: `expected` (what is expected, in English).
    ScheduleWordsUnclear,
    /// The schedule is of an unknown type. Parameters: `number` (of the type).
    ScheduleTypeUnknown,
    /// A part of the schedule is out of its range. Parameters: `part` (in English), `value`, `least` and `most` (numbers).
    SchedulePartOutOfRange,
    /// The schedule starts in a year that a token cannot carry. Parameters: `year` (number).
    ScheduleStartYearOutOfRange,
    /// The schedule starts on a day that the calendar does not have.
    ScheduleDayUnknown,
    /// The schedule's interval counts in more than one of minutes, hours and days.
    ScheduleIntervalMixed,
    /// The schedule token has bits that have no meaning.
    ScheduleBitsMeaningless,
    /// The schedule has a part of a minute.
    SchedulePartOfAMinute,
    /// The schedule's start is how a token writes that there is no start.
    ScheduleMeansNoStart,
}

impl ViolationCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::JsonInvalid,
        Self::ObjectExpected,
        Self::TextExpected,
        Self::FlagExpected,
        Self::WholeNumberExpected,
        Self::TextListExpected,
        Self::OneChoiceExpected,
        Self::FieldUnknown,
        Self::NameMissing,
        Self::NameInvalid,
        Self::AppNameMissing,
        Self::AppNameInvalid,
        Self::DescriptionInvalid,
        Self::EnvironmentUnknown,
        Self::ServerAppMissing,
        Self::ClientAppMissing,
        Self::SameApp,
        Self::ClientIdMissing,
        Self::ClientIdInvalid,
        Self::ReusedClientIdMissing,
        Self::ReusedClientIdInvalid,
        Self::TenantIdMissing,
        Self::TenantIdInvalid,
        Self::HomePageUrlInvalid,
        Self::AppIdUriMissing,
        Self::AppIdUriTooLong,
        Self::AppIdUriTrailingSlash,
        Self::AppIdUriWildcard,
        Self::AppIdUriScheme,
        Self::AppIdUriNotAUri,
        Self::SecretValidityUnknown,
        Self::SecretValidityZero,
        Self::OwnerInvalid,
        Self::SecretKeyMissing,
        Self::SecretKeyEmpty,
        Self::SecretIdGiven,
        Self::SecretKeyExpiryMissing,
        Self::SecretKeyExpiryInvalid,
        Self::DiscoveryEmpty,
        Self::GroupNamesMissing,
        Self::GroupNamedTwice,
        Self::DeltaMinutesZero,
        Self::ScheduleNotAToken,
        Self::ScheduleWordsUnclear,
        Self::ScheduleTypeUnknown,
        Self::SchedulePartOutOfRange,
        Self::ScheduleStartYearOutOfRange,
        Self::ScheduleDayUnknown,
        Self::ScheduleIntervalMixed,
        Self::ScheduleBitsMeaningless,
        Self::SchedulePartOfAMinute,
        Self::ScheduleMeansNoStart,
    ];
}

impl From<InvalidAppIdUri> for Rule {
    fn from(reason: InvalidAppIdUri) -> Self {
        match reason {
            InvalidAppIdUri::TooLong { length } => Self::from(ViolationCode::AppIdUriTooLong).with("length", length),
            InvalidAppIdUri::TrailingSlash => ViolationCode::AppIdUriTrailingSlash.into(),
            InvalidAppIdUri::Wildcard => ViolationCode::AppIdUriWildcard.into(),
            InvalidAppIdUri::Scheme => ViolationCode::AppIdUriScheme.into(),
            InvalidAppIdUri::NotAUri => ViolationCode::AppIdUriNotAUri.into(),
        }
    }
}

impl From<InvalidSchedule> for Rule {
    fn from(reason: InvalidSchedule) -> Self {
        let of = |code| Self::from(code);
        match reason {
            InvalidSchedule::NotAToken => of(ViolationCode::ScheduleNotAToken),
            InvalidSchedule::WordsUnclear { expected } => of(ViolationCode::ScheduleWordsUnclear).with("expected", expected),
            InvalidSchedule::UnknownType { number } => of(ViolationCode::ScheduleTypeUnknown).with("number", number),
            InvalidSchedule::OutOfRange { part, given, least, most } => of(ViolationCode::SchedulePartOutOfRange)
                .with("part", part)
                .with("value", given)
                .with("least", least)
                .with("most", most),
            InvalidSchedule::StartYear { given } => of(ViolationCode::ScheduleStartYearOutOfRange).with("year", given),
            InvalidSchedule::NoSuchDay => of(ViolationCode::ScheduleDayUnknown),
            InvalidSchedule::MixedInterval => of(ViolationCode::ScheduleIntervalMixed),
            InvalidSchedule::MeaninglessBits => of(ViolationCode::ScheduleBitsMeaningless),
            InvalidSchedule::PartOfAMinute => of(ViolationCode::SchedulePartOfAMinute),
            InvalidSchedule::MeansNoStart => of(ViolationCode::ScheduleMeansNoStart),
        }
    }
}
