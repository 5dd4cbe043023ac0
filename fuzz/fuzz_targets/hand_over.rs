#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = cmg_onboarding::fuzzing::run("hand_over", input);
});
