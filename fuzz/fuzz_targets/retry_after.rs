//! How long a service asks to wait.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = cmg_onboarding::fuzzing::retry_after(text);
});
