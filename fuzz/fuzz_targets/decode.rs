//! Any bytes as a packet and as an exchange: `cargo fuzz run decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swim_fuzz::decode::check(bytes));
