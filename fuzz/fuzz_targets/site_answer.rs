//! What a site tells.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    cmg_onboarding::fuzzing::site_answer(data);
});
