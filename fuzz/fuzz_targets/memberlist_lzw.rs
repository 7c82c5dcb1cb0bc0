//! Any bytes compressed by memberlist, and to be compressed: `cargo fuzz run memberlist_lzw`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swim_fuzz::memberlist_lzw::check(bytes));
