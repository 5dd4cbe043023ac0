//! Claims challenges.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    cmg_onboarding::fuzzing::challenge(text);
});
