//! What one input costs a node: `cargo fuzz run cost`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| swim_fuzz::cost::check(input));
