//! The library's texts name its calls; this program has flags in their place.

const FLAGS: [(&str, &str); 12] = [
    ("reissue_secret(true)", "--reissue-secret"),
    ("state_created_by_console(true)", "--created-by console"),
    ("state_created_by_console(false)", "--created-by person"),
    ("state_no_gateway(true) (--no-gateway-uses-it)", "--no-gateway-uses-it"),
    ("state_apps_unused(true) (--apps-unused)", "--apps-unused"),
    ("with state_shown_since", "with --shown-since"),
    ("Give one (secret_probe, feature sign-in)", "Leave --no-secret-probe out"),
    ("(plan_renewal tells what is open)", "(renew-secret --plan-only tells what is open)"),
    ("policy_exempt(true)", "--policy-exempt"),
    ("remove_superseded_secrets(true)", "--remove-superseded-secrets"),
    (
        "set keep_sign_in_audience(true) on the adopted app (keepSignInAudience in JSON)",
        "set keepSignInAudience on the adopted app in the specification",
    ),
    (
        "set keep_token_version(true) on it (keepTokenVersion in JSON)",
        "set keepTokenVersion on it in the specification",
    ),
];

/// The text with the flags of this program.
pub(crate) fn with_flags(text: &str) -> String {
    FLAGS.iter().fold(text.to_owned(), |text, (call, flag)| text.replace(call, flag))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up, and so may its helpers")]
mod tests {
    use cmg_onboarding::connection::Finding;

    use super::*;

    #[test]
    fn no_text_of_a_finding_names_a_call_of_the_library() {
        let examples = include_str!("../../tests/golden/findings.json");
        let findings: Vec<Finding> = serde_json::from_str(examples).unwrap();
        for finding in &findings {
            let text = with_flags(&finding.to_string());
            let is_call = |word: &str| word.contains('_') && word.contains('(') || word.starts_with("state_");
            let calls: Vec<&str> = text.split_whitespace().filter(|word| is_call(word)).collect();
            assert!(calls.is_empty(), "{calls:?} in: {text}");
        }
        assert!(findings.len() > 100);
    }
}
