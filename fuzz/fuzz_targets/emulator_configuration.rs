#![no_main]

#[path = "../emulator.rs"]
#[allow(dead_code, reason = "each target uses one of its functions")]
mod emulator;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = emulator::configuration(input);
});
