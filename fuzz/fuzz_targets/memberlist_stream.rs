//! Any bytes as a stream of memberlist: `cargo fuzz run memberlist_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swim_fuzz::memberlist_stream::check(bytes));
