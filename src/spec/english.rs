//! The English words of violations, made from code, parameters and the given value. There is no other place for them.

use super::violation_code::ViolationCode;
use crate::{
    text::clean,
    words::{Parameters, Words, fill},
};

/// Message and help with the values in their places.
pub(crate) fn filled(words: Words, given: Option<&str>, parameters: &Parameters) -> (String, String) {
    let expected = fill(words.message, parameters);
    let message = match given {
        Some(given) => format!("{given:?} was given, expected {expected}"),
        None => format!("expected {expected}"),
    };
    (clean(&message), fill(words.help, parameters))
}

/// The forms of an App ID URI, as [`ACCEPTED_FORMS`](super::ACCEPTED_FORMS) has them, with the reason.
macro_rules! uri {
    ($reason:literal) => {
        Words::new(
            concat!(
                "one of api://{tenantId}/{string}, api://{appId}, api://{tenantId}/{appId}, api://{string}/{appId}, api://{string}.{verifiedDomain}/{string}, https://{verifiedDomain}/{string}, https://{subdomain}.{verifiedDomain}/{string} or https://{initialDomain}.onmicrosoft.com/{string} (",
                $reason,
                ")"
            ),
            "To create an app, leave the App ID URI out and get the default; to import one, copy its Application ID URI (Entra admin center > App registrations > (the app) > Expose an API).",
        )
    };
}

macro_rules! schedule {
    ($reason:literal) => {
        Words::new(
            concat!(
                "a schedule, such as \"every 7 days from 02:30 UTC\" or the token 0001170000100038 (",
                $reason,
                ")"
            ),
            "Give the words of a schedule, or what the cmdlet New-CMSchedule prints with -ScheduleString, or leave the schedule to the product.",
        )
    };
}

const APPLICATION_ID: &str = "Copy the Application (client) ID (Entra admin center > App registrations > (the app) > Overview).";
const REUSED_ID: &str =
    "Copy the client id of an app that the site knows (console > Administration > Cloud Services > Microsoft Entra tenants).";
const TENANT_ID: &str = "Copy the Tenant ID (Entra admin center > Overview).";
const NAME: &str = "Give a name that is not empty.";
const APP_NAME: &str = "Give the app's name as administrators are to see it.";
const APP: &str = "Say how the connection gets the app: create, import, reuse or adopt.";
const VALUE: &str = "Copy the Value of the secret when it is made; it is not shown again, so make a new one if it is lost (Entra admin center > App registrations > (the app) > Certificates & secrets).";
const EXPIRY: &str =
    "Give the date that stands beside the secret (Entra admin center > App registrations > (the app) > Certificates & secrets).";

/// What a violation says.
pub(crate) const fn violation(code: ViolationCode) -> Words {
    use ViolationCode as Code;
    match code {
        Code::JsonInvalid => Words::new(
            "valid JSON (the fault is in line ${line}, column ${column})",
            "Correct the text at this place; often it is a comma or a quotation mark.",
        ),
        Code::ObjectExpected => Words::new("a JSON object", "Write the fields between { and }."),
        Code::TextExpected => Words::new("a text in quotes", "Write the value in quotation marks."),
        Code::FlagExpected => Words::new("true or false", "Write true or false, without quotation marks."),
        Code::WholeNumberExpected => Words::new("a whole number", "Write a whole number, without quotation marks."),
        Code::TextListExpected => Words::new("a list of texts", "Write the texts in quotation marks between [ and ]."),
        Code::OneChoiceExpected => Words::new("exactly one of ${choices}", "Keep one of these fields and remove the others."),
        Code::FieldUnknown => Words::new("no such field; known here: ${known}", "Correct the field's name, or remove it."),
        Code::NameMissing => Words::new("a name, and none was given", NAME),
        Code::NameInvalid => Words::new("a name that is not empty and has no control characters", NAME),
        Code::AppNameMissing => Words::new("a name of 1 to ${longest} characters, and none was given", APP_NAME),
        Code::AppNameInvalid => Words::new("a name of 1 to ${longest} characters without control characters", APP_NAME),
        Code::DescriptionInvalid => Words::new(
            "a text without control characters",
            "Type the description again; the characters that are in the way cannot be seen.",
        ),
        Code::EnvironmentUnknown => Words::new(
            "AzurePublicCloud or AzureUSGovernmentCloud",
            "Choose the cloud of the tenant, or leave the field out for AzurePublicCloud.",
        ),
        Code::ServerAppMissing => Words::new("a server app to create, import, reuse or adopt", APP),
        Code::ClientAppMissing => Words::new("a client app to create, import, reuse or adopt", APP),
        Code::SameApp => Words::new(
            "another application than the server app: the connection needs two",
            "Give the client id of the native (client) app here.",
        ),
        Code::ClientIdMissing | Code::ClientIdInvalid => Words::new("the GUID of the application (client) id", APPLICATION_ID),
        Code::ReusedClientIdMissing | Code::ReusedClientIdInvalid => {
            Words::new("the GUID of the application (client) id of an app that the site knows", REUSED_ID)
        }
        Code::TenantIdMissing | Code::TenantIdInvalid => Words::new("the GUID of the tenant", TENANT_ID),
        Code::HomePageUrlInvalid => Words::new(
            "an http or https URL of at most ${longest} characters",
            "Leave the home page out for the wizard's default; the product does not use it.",
        ),
        Code::AppIdUriMissing => Words::new(
            "the App ID URI exactly as registered",
            "Copy the Application ID URI (Entra admin center > App registrations > (the app) > Expose an API).",
        ),
        Code::AppIdUriTooLong => uri!("the App ID URI has ${length} characters and may have 255"),
        Code::AppIdUriTrailingSlash => uri!("the App ID URI ends with a slash"),
        Code::AppIdUriWildcard => uri!("the App ID URI contains a wildcard"),
        Code::AppIdUriScheme => uri!("the App ID URI begins neither with api:// nor with https://"),
        Code::AppIdUriNotAUri => uri!("the App ID URI is not a plain URI"),
        Code::SecretValidityUnknown => Words::new(
            "oneYear or twoYears, a number of days such as P180D, a date such as 2027-05-31, or longestAllowed",
            "Choose one of them, or leave the field out for one year.",
        ),
        Code::SecretValidityZero => Words::new(
            "at least one day",
            "Give a number of days such as P180D, or longestAllowed to take what the tenant's policy allows.",
        ),
        Code::OwnerInvalid => Words::new(
            "the Object ID, a GUID, of a user or of a service principal",
            "Copy the Object ID of the owner: of a user at Entra admin center > Users > (the user) > Overview, of a service principal at Entra admin center > Enterprise applications > (the app) > Overview, not at App registrations.",
        ),
        Code::SecretKeyMissing => Words::new("the Value of the secret, as shown once when it was made", VALUE),
        Code::SecretKeyEmpty => Words::new("the Value of the secret, which is not empty", VALUE),
        Code::SecretIdGiven => Words::new("the Value of the secret; a GUID was given, which is the Secret ID", VALUE),
        Code::SecretKeyExpiryMissing | Code::SecretKeyExpiryInvalid => {
            Words::new("a date as 2027-11-23 or a moment as 2027-11-23T00:00:00Z", EXPIRY)
        }
        Code::DiscoveryEmpty => Words::new(
            "users, groups or both; leave discovery out to leave both as they are",
            "Add users or groups, or remove discovery.",
        ),
        Code::GroupNamesMissing => Words::new("the names of the groups to discover", "Name at least one group, or remove groups."),
        Code::GroupNamedTwice => Words::new(
            "a group that names does not have, too",
            "Name the group in one of the two lists: names discovers it, removedNames takes it out.",
        ),
        Code::DeltaMinutesZero => Words::new("at least one minute", "Choose an interval, or leave it out for the product's own."),
        Code::ScheduleNotAToken => schedule!("a schedule token has 16 hexadecimal digits"),
        Code::ScheduleWordsUnclear => schedule!("its words are not understood: ${expected} is expected"),
        Code::ScheduleTypeUnknown => schedule!("${number} is not the number of a recurrence type"),
        Code::SchedulePartOutOfRange => schedule!("${part} is ${value}, and ${least} to ${most} is possible"),
        Code::ScheduleStartYearOutOfRange => schedule!("the start is in the year ${year}, and 1970 to 2033 is possible"),
        Code::ScheduleDayUnknown => schedule!("the start is on a day that the calendar does not have"),
        Code::ScheduleIntervalMixed => schedule!("an interval counts in exactly one of minutes, hours and days"),
        Code::ScheduleBitsMeaningless => schedule!("bits are set that have no meaning in a schedule token of this type"),
        Code::SchedulePartOfAMinute => schedule!("a schedule token carries whole minutes"),
        Code::ScheduleMeansNoStart => schedule!("a start of 1970-02-01 00:00 means that there is no start"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spec::{ACCEPTED_FORMS, InvalidAppIdUri, InvalidSchedule, Violation, violations::Rule},
        words::testing::{assert_sound, documented},
    };

    #[test]
    fn every_violation_has_its_words_and_every_value_in_them_is_documented() {
        let documented = documented(include_str!("violation_code.rs"));
        let names: Vec<_> = documented.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(
            names,
            ViolationCode::ALL.iter().map(|code| format!("{code:?}")).collect::<Vec<_>>(),
            "ALL lists every code"
        );
        for (code, (name, parameters)) in ViolationCode::ALL.iter().copied().zip(&documented) {
            let words = violation(code);
            assert_sound(name, words.message, parameters);
            assert_sound(name, words.help, parameters);
        }
    }

    #[test]
    fn the_example_of_each_code_has_the_parameters_that_the_code_documents() {
        let examples: Vec<Violation> = serde_json::from_str(include_str!("../../tests/golden/violations.json")).unwrap();
        for (example, (name, documented)) in examples.iter().zip(documented(include_str!("violation_code.rs"))) {
            assert!(example.parameters().keys().eq(&documented), "{name}: {example:?}");
        }
    }

    fn says(rule: impl Into<Rule>, reason: &str) {
        let rule = rule.into();
        let (message, _) = filled(violation(rule.code), Some("x"), &rule.parameters);
        assert!(message.starts_with("\"x\" was given, expected "), "{message}");
        assert!(message.ends_with(&format!(" ({reason})")), "{message} does not say: {reason}");
    }

    #[test]
    fn a_refused_app_id_uri_says_the_same_as_its_error() {
        use InvalidAppIdUri as Invalid;
        let too_long = Invalid::TooLong { length: 256 };
        for reason in [
            too_long,
            Invalid::TrailingSlash,
            Invalid::Wildcard,
            Invalid::Scheme,
            Invalid::NotAUri,
        ] {
            says(reason, &reason.to_string());
        }
        assert!(violation(ViolationCode::AppIdUriScheme).message.contains(ACCEPTED_FORMS));
    }

    #[test]
    fn a_refused_schedule_says_the_same_as_its_error() {
        use InvalidSchedule as Invalid;
        let out_of_range = Invalid::OutOfRange {
            part: "the hour of the start",
            given: 24,
            least: 0,
            most: 23,
        };
        for reason in [
            Invalid::NotAToken,
            Invalid::UnknownType { number: 7 },
            out_of_range,
            Invalid::StartYear { given: 2034 },
            Invalid::NoSuchDay,
            Invalid::MixedInterval,
            Invalid::MeaninglessBits,
            Invalid::PartOfAMinute,
            Invalid::MeansNoStart,
        ] {
            says(reason, &reason.to_string());
        }
    }
}
