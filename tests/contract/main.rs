//! The contract suites: every implementation that is here passes them, and what breaks a promise fails the check of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

#[path = "../../examples/mocking.rs"]
#[allow(dead_code, reason = "the example's own main is run by the documentation test")]
mod by_hand;
mod directory;
mod own_directory;
mod scripted_host;
mod site;
#[path = "../support/mod.rs"]
mod support;
mod token_provider;

use cmg_onboarding::Diagnostic;

const PREFIX: &str = "contract-test";

/// Compiled alone: the suites run on any task.
#[allow(dead_code)]
fn the_suites_go_between_threads(tenant: &by_hand::EmptyTenant, site: &by_hand::EmptySite, token: &cmg_onboarding::StaticToken) {
    fn is_sent<F: Future + Send>(_future: F) {}
    is_sent(cmg_onboarding::contract::directory(tenant, PREFIX));
    is_sent(cmg_onboarding::contract::site(site, PREFIX));
    is_sent(cmg_onboarding::contract::token_provider(
        token,
        &cmg_onboarding::TokenRequest::default(),
    ));
}

/// A suite has found what is wrong, by the check that is for it, and says so in one sentence.
fn assert_broken(broken: &dyn std::fmt::Debug, answer: Result<(), cmg_onboarding::contract::ContractViolation>, check: &str) {
    let Err(violation) = answer else { panic!("{broken:?} passes") };
    assert_eq!(violation.check, check, "{broken:?}: {violation}");
    assert!(!violation.expected.is_empty() && !violation.found.is_empty() && !violation.help().is_empty());
}
