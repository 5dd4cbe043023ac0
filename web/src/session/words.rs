//! The library's texts name its calls; who uses the service has settings of the page and of the interface in their place.

use serde_json::Value;

/// What a text says, and what it says here. The names in parentheses are those of a plan's settings, or of a field of the draft.
const SETTINGS: [(&str, &str); 14] = [
    (
        ", or name the tenant when signing in (--tenant)",
        ", or have the administrator of this service name the tenant",
    ),
    (
        "(CloudEndpoints; --graph and --authority)",
        "(the administrator of this service sets them)",
    ),
    (
        "state_created_by_console(true) or state_created_by_console(false)",
        "the setting \"How the server app was made\" (stateCreatedByConsole)",
    ),
    (
        "with state_created_by_console(false)",
        "with the setting \"How the server app was made\" (stateCreatedByConsole) saying that a person has registered it",
    ),
    (
        "reissue_secret(true)",
        "the setting \"Issue a new secret although there is one\" (reissueSecret)",
    ),
    (
        "policy_exempt(true)",
        "the setting \"I state that no policy of the tenant on secrets applies to this account\" (policyExempt)",
    ),
    (
        "remove_superseded_secrets(true)",
        "the setting \"Remove secrets that a newer one has replaced\" (removeSupersededSecrets)",
    ),
    (
        "state_no_gateway(true) (--no-gateway-uses-it)",
        "the setting \"I state that no cloud management gateway uses the connection\" (stateNoGateway)",
    ),
    (
        "state_apps_unused(true) (--apps-unused)",
        "the setting \"I state that nothing else uses the apps\" (stateAppsUnused)",
    ),
    (
        "with state_shown_since",
        "with the setting \"The site has shown it since\" (stateShownSince)",
    ),
    (
        "Give one (secret_probe, feature sign-in)",
        "Have the administrator of this service let it try new secrets",
    ),
    (
        "(plan_renewal tells what is open)",
        "(a plan that renews the secret tells what is open)",
    ),
    (
        "set keep_sign_in_audience(true) on the adopted app (keepSignInAudience in JSON)",
        "choose \"Keep the supported account types\" (keepSignInAudience) for the adopted app",
    ),
    (
        "set keep_token_version(true) on it (keepTokenVersion in JSON)",
        "choose \"Keep the version of access tokens\" (keepTokenVersion) for it",
    ),
];

/// The members that hold texts of the library for people.
const TEXTS: [&str; 6] = ["message", "help", "remedy", "how", "error", "text"];

/// Sets the service's words in place of calls, wherever a text for people stands.
pub(crate) fn put_right(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if TEXTS.contains(&name.as_str()) => in_settings(text),
                    value => put_right(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(put_right),
        _ => {}
    }
}

fn in_settings(text: &mut String) {
    for (call, setting) in SETTINGS {
        if text.contains(call) {
            *text = text.replace(call, setting);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::settings::JobSettings;

    #[test]
    fn no_text_of_a_finding_names_a_call_of_the_library() {
        let examples = include_str!("../../../tests/golden/findings.json");
        let mut findings: Value = serde_json::from_str(examples).unwrap();
        put_right(&mut findings);
        let findings = findings.as_array().unwrap();
        assert!(findings.len() > 100);
        for finding in findings {
            for text in [&finding["message"], &finding["remedy"]] {
                let text = text.as_str().unwrap();
                let is_call =
                    |word: &str| word.contains("_") && word.contains('(') || word.starts_with("state_") || word.starts_with("(--");
                let calls: Vec<&str> = text.split_whitespace().filter(|word| is_call(word)).collect();
                assert!(calls.is_empty(), "{calls:?} in: {text}");
            }
        }
    }

    #[test]
    fn each_setting_that_a_text_names_is_there() {
        let page = include_str!("../../page/modules/run.js");
        let fields = include_str!("fields.rs");
        let known = serde_json::to_value(JobSettings::default()).unwrap();
        for (_, setting) in SETTINGS {
            let Some((_, title)) = setting.split_once('"') else { continue };
            let title = title.split('"').next().unwrap();
            let name = setting.rsplit_once('(').unwrap().1.split(')').next().unwrap();
            let is_setting = known.get(name).is_some() && page.contains(title) && page.contains(name);
            let is_field = fields.contains(title) && fields.contains(name);
            assert!(is_setting || is_field, "{setting}");
        }
    }

    #[test]
    fn what_a_user_has_typed_stays() {
        let given = json!({ "name": "reissue_secret(true)", "parameters": { "name": "policy_exempt(true)" } });
        let mut shown = given.clone();
        put_right(&mut shown);
        assert_eq!(shown, given);
    }
}
