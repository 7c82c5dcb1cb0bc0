//! Any bytes as sealed packets and streams: `cargo fuzz run sealed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swim_fuzz::sealed::check(bytes));
