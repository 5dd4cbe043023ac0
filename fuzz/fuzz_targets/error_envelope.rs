//! Microsoft Graph's error bodies.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    cmg_onboarding::fuzzing::error_envelope(data);
});
