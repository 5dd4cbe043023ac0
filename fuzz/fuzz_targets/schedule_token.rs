//! The product's schedule tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    cmg_onboarding::fuzzing::schedule_token(text);
});
