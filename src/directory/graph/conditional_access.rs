//! Conditional Access policies as Microsoft Graph gives them.

use serde_json::Value;

use crate::directory::ConditionalAccessPolicy;

/// Reads a `conditionalAccessPolicy`; `None` for one that is not enforced: switched off, or in report-only mode.
pub(super) fn enforced(policy: &Value) -> Option<ConditionalAccessPolicy> {
    if policy["state"].as_str() != Some("enabled") {
        return None;
    }
    let applications = &policy["conditions"]["applications"];
    let workloads = &policy["conditions"]["clientApplications"];
    Some(ConditionalAccessPolicy {
        display_name: policy["displayName"].as_str().unwrap_or_default().to_owned(),
        include_applications: texts(&applications["includeApplications"]),
        exclude_applications: texts(&applications["excludeApplications"]),
        has_application_filter: applications["applicationFilter"].is_object(),
        include_service_principals: texts(&workloads["includeServicePrincipals"]),
        exclude_service_principals: texts(&workloads["excludeServicePrincipals"]),
    })
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_is_read_as_microsoft_documents_it() {
        let read = enforced(&json!({
            "id": "x", "displayName": "Require MFA", "state": "enabled",
            "conditions": {
                "applications": {
                    "includeApplications": ["All"], "excludeApplications": ["11111111-2222-4333-8444-555555555555"],
                    "applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.a_b -eq \"c\""},
                },
                "clientApplications": null,
            },
        }))
        .unwrap();
        assert_eq!(read.display_name, "Require MFA");
        assert_eq!(read.include_applications, ["All"]);
        assert_eq!(read.exclude_applications, ["11111111-2222-4333-8444-555555555555"]);
        assert!(read.has_application_filter && read.include_service_principals.is_empty());
    }

    #[test]
    fn a_policy_that_is_not_enforced_and_one_of_another_shape_say_nothing() {
        for state in [json!("disabled"), json!("enabledForReportingButNotEnforced"), json!(null)] {
            assert_eq!(enforced(&json!({"displayName": "x", "state": state})), None);
        }
        let bare = enforced(&json!({"state": "enabled", "conditions": {"applications": {"includeApplications": "All"}}}));
        assert_eq!(bare, Some(ConditionalAccessPolicy::default()));
    }
}
