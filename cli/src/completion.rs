//! What the Completion page claims: what is done, and what is left.

use cmg_onboarding::{
    Outcome,
    connection::{NextStep, NextStepCode},
};

/// What becomes of a secret that a run without a site has issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretFate {
    /// It is gone with the program.
    NotPrinted,
    /// The sealed file has it.
    Sealed,
    /// Another one is added by hand in its place.
    ByHand,
}

pub(crate) const NOT_PRINTED: &str = "This program prints no secret: the one that this run has issued is gone with it. To hand one to the \
administrator of the site, run `cmg-onboard hand-over`, with --reissue-secret; or add a client secret by hand (Entra admin center > App \
registrations > the server app > Certificates & secrets).";

/// Whether it is for the one who sets a connection up, and not for the one who changes it.
pub(crate) const fn is_of_a_new_connection(code: NextStepCode) -> bool {
    matches!(
        code,
        NextStepCode::ExcludeFromConditionalAccess | NextStepCode::SetUpGateway | NextStepCode::ConfigureClientAuthentication
    )
}

/// What the Completion page begins with: what is done, and what is left. Without a site there are apps and no connection.
pub(crate) fn completion(outcome: &Outcome) -> Vec<&'static str> {
    let is_open = |next: &NextStep| next.code == NextStepCode::GrantAdminConsent;
    let consent = outcome.next_steps.iter().any(is_open);
    let mut lines = completion_of(outcome.changed, outcome.connection.is_some(), consent);
    if outcome.next_steps.iter().any(|next| next.code == NextStepCode::RenewSecretInSite) {
        lines.push("Left: the site has another secret; a person types the new one into the console.");
    }
    lines
}

fn completion_of(changed: bool, has_connection: bool, leaves_consent: bool) -> Vec<&'static str> {
    let mut lines = vec![match (changed, has_connection, leaves_consent) {
        (true, true, false) => "The connection is in place.",
        (true, true, true) => "The connection is in the site, and a consent is left open.",
        (true, false, _) => "The apps are registered.",
        (false, _, false) => "Everything was in place; nothing was changed.",
        (false, _, true) => "Nothing was changed.",
    }];
    if leaves_consent {
        lines.push("Left: a consent is still open: an administrator has to give it before clients can use the connection.");
    }
    if !has_connection {
        lines.push("Left: no site was asked for, so there is no connection yet. The apps have to be imported into the site.");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_claims_no_more_than_it_has_done_and_says_what_is_left() {
        for (changed, leaves_consent) in [(true, true), (true, false), (false, true), (false, false)] {
            let siteless = completion_of(changed, false, leaves_consent).join("\n");
            assert!(!siteless.contains("connection is in"), "{siteless}");
            assert!(siteless.contains("there is no connection yet"), "{siteless}");
            let with_site = completion_of(changed, true, leaves_consent).join("\n");
            assert_eq!(with_site.contains("consent is still open"), leaves_consent, "{with_site}");
            assert_eq!(
                with_site.contains("The connection is in place."),
                changed && !leaves_consent,
                "{with_site}"
            );
        }
    }
}
