//! What the fuzz targets check, one module for each. The targets themselves, in `fuzz_targets/`,
//! only call it, so that `cargo test` runs the same checks over the seeds on any toolchain.
//!
//! `cargo fuzz run decode` needs nightly for the address sanitizer; `cargo fuzz run --sanitizer
//! none decode` does not. A new target is a module here, a file in `fuzz_targets/`, a `[[bin]]` in
//! Cargo.toml and its seeds in `corpus/<target>/seed-*`.

pub mod cost;
pub mod decode;
mod layer;
pub mod memberlist_lzw;
pub mod memberlist_packet;
pub mod memberlist_stream;
pub mod memberlist_swim;
#[path = "../../swim-core/tests/wire/oracle.rs"]
mod oracle;
pub mod roundtrip;
pub mod sealed;
mod story;
pub mod swim;
mod world;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use arbitrary::{Arbitrary, Unstructured};

    /// The seeds of a target, and what the fuzzer has found on this machine.
    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let files = fs::read_dir(&directory)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let seeds: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(!seeds.is_empty(), "{} has no seeds", directory.display());
        seeds
    }

    #[test]
    fn the_seeds_of_cost_pass() {
        corpus("cost").iter().for_each(|bytes| super::cost::check(bytes));
    }

    #[test]
    fn the_seeds_of_decode_pass() {
        corpus("decode").iter().for_each(|bytes| super::decode::check(bytes));
    }

    #[test]
    fn the_seeds_of_roundtrip_pass() {
        for bytes in corpus("roundtrip") {
            let traffic =
                super::roundtrip::Traffic::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
            super::roundtrip::check(&traffic);
        }
    }

    #[test]
    fn the_seeds_of_swim_pass() {
        for bytes in corpus("swim") {
            let life = super::swim::Life::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
            super::swim::check(&life);
        }
    }

    #[test]
    fn the_seeds_of_memberlist_pass() {
        corpus("memberlist_packet").iter().for_each(|bytes| super::memberlist_packet::check(bytes));
        corpus("memberlist_stream").iter().for_each(|bytes| super::memberlist_stream::check(bytes));
        corpus("memberlist_lzw").iter().for_each(|bytes| super::memberlist_lzw::check(bytes));
    }

    #[test]
    fn the_seeds_of_memberlist_swim_pass() {
        for bytes in corpus("memberlist_swim") {
            let life = super::memberlist_swim::Life::arbitrary_take_rest(Unstructured::new(&bytes))
                .unwrap();
            super::memberlist_swim::check(&life);
        }
    }

    #[test]
    fn the_seeds_of_sealed_pass() {
        corpus("sealed").iter().for_each(|bytes| super::sealed::check(bytes));
    }

    #[test]
    fn deep_nesting_passes() {
        let mut bytes = vec![1, 0, 0, 0, 0, 0x92, 0x63];
        bytes.extend([0x91; 10_000]);
        super::decode::check(&bytes);
    }
}
