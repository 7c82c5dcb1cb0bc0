//! The scenario files that ship: each is read and run, at a small size, and goes as it says.
#![cfg(feature = "serde")]

use std::path::Path;

use swim_sim::Case;

fn run(name: &str) {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let case = Case::from_toml(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!case.about.is_empty(), "{name} says what it shows");
    for seed in 0..3 {
        case.scenario().unwrap().run(seed);
    }
}

macro_rules! files {
    ($($test:ident $name:literal)*) => {
        $(#[test] fn $test() { run($name) })*

        #[test]
        fn no_file_is_left_out() {
            let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap();
            let mut files: Vec<_> =
                files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
            files.sort_unstable();
            let mut named = vec![$($name),*];
            named.sort_unstable();
            assert_eq!(files, named);
        }
    };
}

files! {
    all_join_at_once "join-storm"
    one_in_a_hundred_crashes "crash"
    a_network_splits_and_heals "split-and-heal"
    losses_differ_by_direction "asymmetric-loss"
    nodes_come_and_go "churn"
    nodes_pause "paused-nodes"
    a_site_of_three_is_cut_off "three-sites"
    nodes_restart_one_by_one "rolling-restart"
    nodes_are_upgraded_one_by_one_and_restart_together "rolling-upgrade"
}
