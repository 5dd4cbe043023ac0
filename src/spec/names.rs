//! The rule for names that people see.

use super::violations::Violations;

/// The longest display name of an app registration for one tenant, in characters.
///
/// Source: *Validation differences by supported account types*, Microsoft Entra documentation.
pub(crate) const LONGEST_APP_NAME: usize = 120;

/// Checks a name as given; the name itself is never changed.
pub(crate) fn check_name(name: Option<String>, longest: Option<usize>, path: &str, violations: &mut Violations) -> Option<String> {
    let expected = longest.map_or_else(
        || "a name without control characters".to_owned(),
        |longest| format!("a name of 1 to {longest} characters without control characters"),
    );
    let Some(name) = name else {
        violations.missing(path, &expected);
        return None;
    };
    let too_long = longest.is_some_and(|longest| name.chars().count() > longest);
    if name.trim().is_empty() || too_long || name.chars().any(char::is_control) {
        violations.wrong(path, &name, expected);
        return None;
    }
    Some(name)
}
