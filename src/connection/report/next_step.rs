//! What remains to be done after a run, as data.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What kind of thing remains to be done. The name in JSON is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum NextStepCode {
    /// The secret ends, and the site raises no notification for imported apps.
    RecordSecretExpiry,
    /// The secret is shown once and has to reach the administrator who imports the apps.
    HandOverSecret,
    /// Conditional Access policies must not keep devices from the server app.
    ExcludeFromConditionalAccess,
    /// The connection is used by a gateway, which is set up by itself.
    SetUpGateway,
    /// Clients must be able to authenticate at the gateway.
    ConfigureClientAuthentication,
}

/// One thing that remains to be done, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NextStep {
    /// What kind.
    pub code: NextStepCode,
    /// The values that the text speaks of, such as a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What remains, for people.
    pub message: String,
    /// How it is done, and where.
    pub how: String,
}

impl fmt::Display for NextStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.message, self.how)
    }
}

/// What remains to be done after a run that went well.
///
/// `issued` and `imported` are the ends of the secret that this run has issued, or that the specification imports;
/// `has_site` says whether the connection was set up in a site.
pub(crate) fn next_steps(issued: Option<OffsetDateTime>, imported: Option<OffsetDateTime>, has_site: bool, changed: bool) -> Vec<NextStep> {
    let step = |code, value: Option<String>, message: String, how: &str| NextStep {
        code,
        value,
        message,
        how: how.to_owned(),
    };
    let mut steps = Vec::new();
    if let Some(expiry) = issued.or(imported) {
        let date = expiry.date().to_string();
        let message = format!("The server app's secret expires on {date}, and the site raises no notification for imported apps.");
        steps.push(step(
            NextStepCode::RecordSecretExpiry,
            Some(date),
            message,
            "Put the date into a calendar.",
        ));
    }
    if !has_site && issued.is_some() {
        steps.push(step(
            NextStepCode::HandOverSecret,
            None,
            "The secret is shown only once.".to_owned(),
            "Hand it to the administrator who imports the apps into the site, by a safe way.",
        ));
    }
    if changed {
        steps.push(step(
            NextStepCode::ExcludeFromConditionalAccess,
            None,
            "A Conditional Access policy on all resources would keep clients from the gateway.".to_owned(),
            "Exclude the server app from such policies (Entra admin center > Protection > Conditional Access).",
        ));
    }
    if changed && has_site {
        steps.push(step(
            NextStepCode::SetUpGateway,
            None,
            "The connection serves a cloud management gateway, which is set up by itself.".to_owned(),
            "Create it (console > Administration > Cloud Services > Cloud Management Gateway).",
        ));
        steps.push(step(
            NextStepCode::ConfigureClientAuthentication,
            None,
            "Clients on the internet authenticate at the gateway by Microsoft Entra ID, a certificate or a token.".to_owned(),
            "Choose how before clients are installed (documentation: Configure client authentication for the CMG).",
        ));
    }
    steps
}
