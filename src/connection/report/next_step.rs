//! What remains to be done after a run, as data.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    connection::{
        plan::registration::SERVER_REDIRECT,
        report::{
            english,
            finding::{Finding, FindingCode},
            next_step_code::NextStepCode,
        },
    },
    ids::TenantId,
    words::{Parameters, set},
};

/// One thing that remains to be done, and how. Both texts are made from code and parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NextStep {
    /// What kind.
    pub code: NextStepCode,
    /// The values that the texts speak of by their stable names, as each [`NextStepCode`] documents them.
    #[serde(default)]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// What remains, for people.
    pub message: String,
    /// How it is done, and where.
    pub how: String,
}

impl NextStep {
    pub(crate) fn new(code: NextStepCode) -> Self {
        Self::with_parameters(code, Parameters::new())
    }

    pub(crate) fn with_parameters(code: NextStepCode, parameters: Parameters) -> Self {
        let (message, how) = english::filled(english::next_step(code), &parameters);
        Self {
            code,
            parameters,
            message,
            how,
        }
    }
}

impl fmt::Display for NextStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.message, self.how)
    }
}

/// The end of the secret that the site has, or that it is to get if there is no site.
pub(crate) fn record_secret_expiry(expires_on: OffsetDateTime) -> NextStep {
    let mut parameters = Parameters::new();
    set(&mut parameters, "expiresOn", expires_on.date().to_string());
    NextStep::with_parameters(NextStepCode::RecordSecretExpiry, parameters)
}

/// The groups that the connection was to discover and does not; `None` if there are none.
pub(crate) fn choose_discovery_groups(missing: &[String]) -> Option<NextStep> {
    let mut parameters = Parameters::new();
    set(&mut parameters, "groups", missing);
    (!missing.is_empty()).then(|| NextStep::with_parameters(NextStepCode::ChooseDiscoveryGroups, parameters))
}

/// The site's own record of the server app, which only the console changes. `held` is what the site has, if that was read.
pub(crate) fn update_settings_in_console(tenant: TenantId, held: Option<&str>) -> NextStep {
    let mut parameters = Parameters::new();
    set(&mut parameters, "site", held);
    set(&mut parameters, "wanted", SERVER_REDIRECT);
    set(&mut parameters, "tenant", tenant);
    NextStep::with_parameters(NextStepCode::UpdateSettingsInConsole, parameters)
}

/// The consents that were left to another administrator: one step for each app, by the findings of the plan, with
/// where they are given.
pub(crate) fn consents(findings: &[Finding], links: impl Fn(&str) -> Option<Parameters>) -> Vec<NextStep> {
    let is_open = |finding: &&Finding| matches!(finding.code(), FindingCode::ConsentLeftOpen | FindingCode::ConsentUnread);
    let step = |finding: &Finding| {
        let app = finding.parameters().get("app")?.as_str()?;
        let mut parameters = links(app)?;
        set(&mut parameters, "app", app);
        set(&mut parameters, "permissions", finding.parameters().get("permissions"));
        Some(NextStep::with_parameters(NextStepCode::GrantAdminConsent, parameters))
    };
    findings.iter().filter(is_open).filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_next_step_is_data_and_words_and_survives_json() {
        let step = record_secret_expiry(time::macros::datetime!(2027-11-23 00:00 UTC));
        let written = serde_json::to_value(&step).unwrap();
        assert_eq!(
            written,
            json!({
                "code": "recordSecretExpiry",
                "parameters": {"expiresOn": "2027-11-23"},
                "message": "The server app's secret expires on 2027-11-23, and the site raises no notification for imported apps.",
                "how": "Put the date into a calendar.",
            })
        );
        assert_eq!(serde_json::from_value::<NextStep>(written).unwrap(), step);
    }

    #[test]
    fn a_next_step_of_an_older_outcome_has_no_parameters() {
        let older = json!({"code": "recordSecretExpiry", "value": "2027-11-23", "message": "a", "how": "b"});
        let step: NextStep = serde_json::from_value(older).unwrap();
        assert!(step.parameters.is_empty());
    }

    #[test]
    fn only_groups_that_are_missing_remain_to_be_chosen_and_the_step_tells_how() {
        assert_eq!(choose_discovery_groups(&[]), None);
        let step = choose_discovery_groups(&["Ops".to_owned()]).unwrap();
        assert_eq!(step.code, NextStepCode::ChooseDiscoveryGroups);
        assert_eq!(step.parameters["groups"], json!(["Ops"]));
        assert!(!step.message.is_empty() && !step.how.is_empty());
        assert_eq!(step.to_string(), format!("{} {}", step.message, step.how));
    }
}
