//! Any bytes as a packet of memberlist: `cargo fuzz run memberlist_packet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swim_fuzz::memberlist_packet::check(bytes));
