//! Any messages, written and read again: `cargo fuzz run roundtrip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|traffic: swim_fuzz::roundtrip::Traffic| swim_fuzz::roundtrip::check(
    &traffic
));
