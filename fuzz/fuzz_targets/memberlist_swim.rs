//! One node on memberlist's wire under any sequence of inputs: `cargo fuzz run memberlist_swim`.
#![no_main]

libfuzzer_sys::fuzz_target!(|life: swim_fuzz::memberlist_swim::Life| {
    swim_fuzz::memberlist_swim::check(&life)
});
