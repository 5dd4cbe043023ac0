//! Links to the next page.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    cmg_onboarding::fuzzing::next_link(text);
});
