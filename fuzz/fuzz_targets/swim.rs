//! One node under any sequence of inputs: `cargo fuzz run swim`.
#![no_main]

libfuzzer_sys::fuzz_target!(|life: swim_fuzz::swim::Life| swim_fuzz::swim::check(&life));
