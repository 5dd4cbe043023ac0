//! Single values in words, and the list that they go into.

use time::{OffsetDateTime, UtcOffset};

use crate::{
    connection::{
        plan::{
            operation::{PlannedSecret, Reference},
            review::Detail,
        },
        report::step::Step,
    },
    ids::{ApplicationId, ServicePrincipalId},
    spec::Schedule,
    text::clean,
};

/// Adds a value, cleaned.
pub(crate) fn add(details: &mut Vec<Detail>, name: &str, value: impl ToString) {
    details.push(Detail {
        name: name.to_owned(),
        value: clean(&value.to_string()),
    });
}

pub(crate) fn add_some(details: &mut Vec<Detail>, name: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        add(details, name, value);
    }
}

/// When discovery reads everything, and when only what has changed.
pub(super) fn frequency(schedule: Option<&Schedule>, minutes: Option<u32>) -> String {
    let by_product = || "as the product sets it".to_owned();
    let full = schedule.map_or_else(by_product, Schedule::in_words);
    let delta = minutes.map_or_else(by_product, delta_in_words);
    format!("full discovery {full}; delta discovery {delta}")
}

pub(super) fn delta_in_words(minutes: u32) -> String {
    match minutes {
        1 => "every minute".to_owned(),
        minutes => format!("every {minutes} minutes"),
    }
}

pub(super) fn valid(secret: &PlannedSecret) -> String {
    format!("valid to about {}", secret.expires_about)
}

/// Since when a site shows the end of a secret.
pub(crate) fn shown_in_words(since: OffsetDateTime) -> String {
    let since = since.checked_to_offset(UtcOffset::UTC).unwrap_or(since);
    let (hour, minute) = (since.hour(), since.minute());
    format!("the site has shown the new end since {} {hour:02}:{minute:02} UTC", since.date())
}

pub(super) fn app_in_words(app: Reference<ApplicationId>) -> String {
    match app {
        Reference::Known(id) => id.to_string(),
        Reference::MadeBy(_) => "known once the app is registered".to_owned(),
        Reference::Missing => "not there".to_owned(),
    }
}

pub(super) fn principal_in_words(principal: Reference<ServicePrincipalId>) -> String {
    match principal {
        Reference::Known(id) => format!("service principal {id}"),
        Reference::MadeBy(Step::ClientServicePrincipal) => "the client app's service principal, made by this plan".to_owned(),
        Reference::MadeBy(_) => "the server app's service principal, made by this plan".to_owned(),
        Reference::Missing => "a service principal that is not there".to_owned(),
    }
}

/// The values of `signInAudience`, as the portal shows them under *Supported account types*.
pub(super) fn audience_in_words(audience: &str) -> String {
    let words = match audience {
        "AzureADMyOrg" => "accounts in this organizational directory only",
        "AzureADMultipleOrgs" => "accounts in any organizational directory",
        "AzureADandPersonalMicrosoftAccount" => "accounts in any organizational directory and personal Microsoft accounts",
        "PersonalMicrosoftAccount" => "personal Microsoft accounts only",
        other => return other.to_owned(),
    };
    format!("{words} ({audience})")
}

/// A property as the portal calls it, with its name in Microsoft Graph, or a setting as the console calls it.
pub(super) fn property_in_words(property: &str) -> String {
    let words = match property {
        "displayName" => "Name",
        "signInAudience" => "Supported account types",
        "identifierUris" => "App ID URI",
        "web.homePageUrl" => "Home page URL",
        "web.redirectUris" => "Redirect URIs (Web)",
        "web.implicitGrantSettings.enableIdTokenIssuance" => "ID tokens",
        "publicClient.redirectUris" => "Redirect URIs (public client)",
        "isFallbackPublicClient" => "Allow public client flows",
        "isDeviceOnlyAuthSupported" => "Device tokens",
        "api.oauth2PermissionScopes" => "Permissions offered",
        "api.requestedAccessTokenVersion" => "Access token version",
        "requiredResourceAccess" => "Permissions asked for",
        // Settings of the connection in the site.
        "users" => return "User discovery".to_owned(),
        "users.fullSchedule" => return "Full user discovery".to_owned(),
        "users.deltaMinutes" => return "Delta user discovery".to_owned(),
        "groups" => return "Group discovery".to_owned(),
        "groups.fullSchedule" => return "Full group discovery".to_owned(),
        "groups.deltaMinutes" => return "Delta group discovery".to_owned(),
        "groups.names" => return "Groups".to_owned(),
        other => return other.to_owned(),
    };
    format!("{words} [{property}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_at_the_end_of_time_is_told_as_it_is() {
        let last = time::macros::datetime!(9999-12-31 23:30 -01:00);
        assert!(shown_in_words(last).ends_with("9999-12-31 23:30 UTC"));
    }

    #[test]
    fn a_property_without_words_keeps_its_name() {
        assert_eq!(property_in_words("displayName"), "Name [displayName]");
        assert_eq!(
            property_in_words("servicePrincipalLockConfiguration.isEnabled"),
            "servicePrincipalLockConfiguration.isEnabled"
        );
        assert_eq!(audience_in_words("Other"), "Other");
    }
}
