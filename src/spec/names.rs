//! The rule for names that people see.

use super::violations::{Rule, ViolationCode, Violations};

/// The longest display name of an app registration for one tenant, in characters.
///
/// Source: *Validation differences by supported account types*, Microsoft Entra documentation.
pub(crate) const LONGEST_APP_NAME: usize = 120;

/// Checks a name as given; the name itself is never changed.
pub(crate) fn check_name(name: Option<String>, longest: Option<usize>, path: &str, violations: &mut Violations) -> Option<String> {
    let rule = |of_app: ViolationCode, of_any: ViolationCode| {
        let code = if longest.is_some() { of_app } else { of_any };
        Rule::from(code).with("longest", longest)
    };
    let Some(name) = name else {
        violations.unshown(path, rule(ViolationCode::AppNameMissing, ViolationCode::NameMissing));
        return None;
    };
    let too_long = longest.is_some_and(|longest| name.chars().count() > longest);
    if name.trim().is_empty() || too_long || name.chars().any(char::is_control) {
        violations.wrong(path, &name, rule(ViolationCode::AppNameInvalid, ViolationCode::NameInvalid));
        return None;
    }
    Some(name)
}
