//! Conditional Access policies, as far as they tell which applications they are for.

use serde::{Deserialize, Serialize};

use crate::ids::{ApplicationId, ServicePrincipalId};

/// A Conditional Access policy that is enforced: its name, and the resources that it is for.
///
/// Source: `conditionalAccessPolicy` and `conditionalAccessApplications`. Which people it is for is not read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConditionalAccessPolicy {
    /// The name that the tenant's administrators gave it.
    pub display_name: String,
    /// Client ids of the resources that it includes, or `All`, `None`, `Office365`, `MicrosoftAdminPortals`.
    pub include_applications: Vec<String>,
    /// Client ids of the resources that it excludes, or `Office365`, `MicrosoftAdminPortals`.
    pub exclude_applications: Vec<String>,
    /// Whether resources are also included or excluded by a filter on their custom security attributes, which this
    /// crate does not evaluate.
    pub has_application_filter: bool,
    /// Object ids of the service principals whose own sign-ins it is for, or `ServicePrincipalsInMyTenant`. Empty in a
    /// policy for people.
    pub include_service_principals: Vec<String>,
    /// Object ids of the service principals that it excludes.
    pub exclude_service_principals: Vec<String>,
}

/// Whether a policy is for an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applies {
    Yes,
    No,
    /// An attribute decides, and attributes are not read.
    Unknown,
}

impl ConditionalAccessPolicy {
    /// Whether it is for sign-ins to this app, or for this app's own sign-ins. An app that is not there yet has no ids.
    pub(crate) fn applies_to(&self, app: Option<ApplicationId>, principal: Option<ServicePrincipalId>) -> Applies {
        let names = |list: &[String], id: Option<String>| id.is_some_and(|id| list.iter().any(|given| given.eq_ignore_ascii_case(&id)));
        let has = |list: &[String], word: &str| list.iter().any(|given| given.eq_ignore_ascii_case(word));
        if !self.include_service_principals.is_empty() {
            let principal = || principal.map(|id| id.to_string());
            let is_in = has(&self.include_service_principals, "ServicePrincipalsInMyTenant")
                || names(&self.include_service_principals, principal());
            let is_out = names(&self.exclude_service_principals, principal());
            return if is_in && !is_out { Applies::Yes } else { Applies::No };
        }
        let app = || app.map(|id| id.to_string());
        if names(&self.exclude_applications, app()) {
            return Applies::No;
        }
        if self.has_application_filter {
            return Applies::Unknown;
        }
        match has(&self.include_applications, "All") || names(&self.include_applications, app()) {
            true => Applies::Yes,
            false => Applies::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const OWN: Uuid = Uuid::from_u128(0xA);

    fn policy(include: &[&str], exclude: &[&str]) -> ConditionalAccessPolicy {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        ConditionalAccessPolicy {
            include_applications: owned(include),
            exclude_applications: owned(exclude),
            ..ConditionalAccessPolicy::default()
        }
    }

    fn to_own(policy: &ConditionalAccessPolicy) -> Applies {
        policy.applies_to(Some(ApplicationId::new(OWN)), Some(ServicePrincipalId::new(OWN)))
    }

    #[test]
    fn a_policy_is_for_all_resources_or_for_those_it_names_but_for_those_it_excludes() {
        let own = OWN.to_string().to_uppercase();
        let other = Uuid::from_u128(0xB).to_string();
        for (include, exclude, expected) in [
            (&["All"][..], &[][..], Applies::Yes),
            (&["All"], &[other.as_str()], Applies::Yes),
            (&["All"], &[own.as_str()], Applies::No),
            (&[own.as_str()], &[], Applies::Yes),
            (&[other.as_str()], &[], Applies::No),
            (&["Office365", "MicrosoftAdminPortals"], &[], Applies::No),
            (&["None"], &[], Applies::No),
            (&[], &[], Applies::No),
        ] {
            assert_eq!(to_own(&policy(include, exclude)), expected, "{include:?} but {exclude:?}");
        }
        assert_eq!(policy(&["All"], &[]).applies_to(None, None), Applies::Yes, "an app to be made");
    }

    #[test]
    fn a_filter_by_attribute_is_unknown_unless_the_app_is_excluded_by_its_id() {
        let with_filter = |exclude| ConditionalAccessPolicy {
            has_application_filter: true,
            ..policy(&["All"], exclude)
        };
        assert_eq!(to_own(&with_filter(&[])), Applies::Unknown);
        assert_eq!(to_own(&with_filter(&[&OWN.to_string()])), Applies::No);
    }

    #[test]
    fn a_policy_for_workloads_is_about_the_apps_own_sign_ins() {
        let of = |include: &str, exclude: &[&str]| ConditionalAccessPolicy {
            include_service_principals: vec![include.to_owned()],
            exclude_service_principals: exclude.iter().map(|&text| text.to_owned()).collect(),
            ..policy(&["All"], &[])
        };
        assert_eq!(to_own(&of("ServicePrincipalsInMyTenant", &[])), Applies::Yes);
        assert_eq!(to_own(&of(&OWN.to_string(), &[])), Applies::Yes);
        assert_eq!(to_own(&of("ServicePrincipalsInMyTenant", &[&OWN.to_string()])), Applies::No);
        assert_eq!(to_own(&of(&Uuid::from_u128(0xB).to_string(), &[])), Applies::No);
    }
}
