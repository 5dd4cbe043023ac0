//! Claims of an access token.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    cmg_onboarding::fuzzing::token_claims(text);
});
