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
    fn new(code: NextStepCode) -> Self {
        Self::with_parameters(code, Parameters::new())
    }

    fn with_parameters(code: NextStepCode, parameters: Parameters) -> Self {
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

/// What the next steps go by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remaining {
    /// When the secret ends that the site has, or that it is to get where there is no site.
    pub(crate) expires_on: Option<OffsetDateTime>,
    /// Whether this run has issued a secret that a person has to hand over.
    pub(crate) hands_over: bool,
    /// The end of a secret that a person has to type into the console in the place of the one that the site has.
    pub(crate) renewed_until: Option<OffsetDateTime>,
    /// Whether the console's own dialog has to make the next secret.
    pub(crate) renewed_by_console: bool,
    /// The end of the secret that the site has, if one has to take its place.
    pub(crate) held_until: Option<OffsetDateTime>,
    /// Server app and tenant, by the names of the parameters.
    pub(crate) app: Parameters,
    /// The groups that the connection was to discover and does not.
    pub(crate) missing_groups: Vec<String>,
    /// Whether the connection was set up in a site.
    pub(crate) has_site: bool,
    /// Whether the run has changed anything.
    pub(crate) changed: bool,
}

/// What remains to be done after a run that went well.
pub(crate) fn next_steps(remaining: &Remaining) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let day = |date: OffsetDateTime| date.date().to_string();
    if let Some(expiry) = remaining.expires_on {
        let mut parameters = Parameters::new();
        set(&mut parameters, "expiresOn", day(expiry));
        steps.push(NextStep::with_parameters(NextStepCode::RecordSecretExpiry, parameters));
    }
    if remaining.hands_over {
        steps.push(NextStep::new(NextStepCode::HandOverSecret));
    }
    let of_app = |expires_on: Option<OffsetDateTime>| {
        let mut parameters = remaining.app.clone();
        set(&mut parameters, "heldUntil", remaining.held_until.map(day));
        set(&mut parameters, "expiresOn", expires_on.map(day));
        parameters
    };
    if let Some(expiry) = remaining.renewed_until {
        steps.push(NextStep::with_parameters(NextStepCode::RenewSecretInSite, of_app(Some(expiry))));
    }
    if remaining.renewed_by_console {
        steps.push(NextStep::with_parameters(NextStepCode::RenewSecretByConsole, of_app(None)));
    }
    if !remaining.missing_groups.is_empty() {
        let mut parameters = Parameters::new();
        set(&mut parameters, "groups", &remaining.missing_groups);
        steps.push(NextStep::with_parameters(NextStepCode::ChooseDiscoveryGroups, parameters));
    }
    if remaining.changed {
        steps.push(NextStep::new(NextStepCode::ExcludeFromConditionalAccess));
    }
    if remaining.changed && remaining.has_site {
        steps.push(NextStep::new(NextStepCode::SetUpGateway));
        steps.push(NextStep::new(NextStepCode::ConfigureClientAuthentication));
    }
    steps
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
        let mut parameters = Parameters::new();
        set(&mut parameters, "expiresOn", "2027-11-23");
        let step = NextStep::with_parameters(NextStepCode::RecordSecretExpiry, parameters);
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
    fn only_what_a_run_has_left_open_remains_and_is_told_with_how_it_is_done() {
        assert_eq!(next_steps(&Remaining::default()), []);
        let missing = Remaining {
            missing_groups: vec!["Ops".to_owned()],
            ..Remaining::default()
        };
        let steps = next_steps(&missing);
        let codes: Vec<NextStepCode> = steps.iter().map(|step| step.code).collect();
        assert_eq!(codes, [NextStepCode::ChooseDiscoveryGroups]);
        assert_eq!(steps[0].parameters["groups"], json!(["Ops"]));
        assert!(!steps[0].message.is_empty() && !steps[0].how.is_empty());
        assert_eq!(steps[0].to_string(), format!("{} {}", steps[0].message, steps[0].how));
    }
}
