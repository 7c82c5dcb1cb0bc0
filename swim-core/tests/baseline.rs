//! The comparison of instruction counts that guards the core's speed sees what it is there to see.

// The benchmark's own file: a benchmark without the test harness has no tests.
#[path = "../benches/protocol/baseline.rs"]
#[allow(dead_code, reason = "the benchmark uses all of it")]
mod baseline;

use std::collections::BTreeMap;

use baseline::{Baseline, TARGETS, Verdict, key, target};

fn counts(counts: &[(&str, u64)]) -> Baseline {
    let instructions: BTreeMap<String, u64> =
        counts.iter().map(|&(name, count)| (key(name, 1_000), count)).collect();
    Baseline {
        rustc: String::from("rustc 1.0.0"),
        target: String::from("x86_64-linux"),
        instructions,
    }
}

fn verdict(before: u64, after: u64) -> Verdict {
    counts(&[("ping", before)]).compare(&counts(&[("ping", after)])).rows[0].verdict
}

#[test]
fn a_case_may_get_worse_by_5_percent_and_no_more() {
    assert_eq!(verdict(1_000, 1_050), Verdict::Same);
    assert_eq!(verdict(1_000, 1_051), Verdict::Worse);
    assert_eq!(verdict(0, 1), Verdict::Worse);
}

#[test]
fn a_gain_is_good_and_said() {
    let comparison = counts(&[("ping", 1_000)]).compare(&counts(&[("ping", 900)]));
    assert_eq!(comparison.rows[0].verdict, Verdict::Better);
    assert!(comparison.is_good());
    assert!(comparison.to_string().contains("better: renew"), "{comparison}");
}

#[test]
fn one_worse_case_among_good_ones_fails_the_check_and_is_named() {
    let stored = counts(&[("ack", 100), ("gossip", 10_000), ("ping", 1_000)]);
    let comparison = stored.compare(&counts(&[("ack", 90), ("gossip", 11_000), ("ping", 1_000)]));
    assert!(!comparison.is_good());
    let printed = comparison.to_string();
    let worse: Vec<&str> = printed.lines().filter(|line| line.contains("WORSE")).collect();
    assert!(
        worse.len() == 1
            && worse[0].contains("gossip, 1000 members")
            && worse[0].contains("+10.0 %"),
        "{printed}"
    );
}

#[test]
fn another_compiler_is_said_and_allowed_more_but_not_anything() {
    let stored = counts(&[("ping", 1_000)]);
    let with_other = |after| {
        let newer = Baseline { rustc: String::from("rustc 2.0.0"), ..counts(&[("ping", after)]) };
        stored.compare(&newer)
    };
    assert!(with_other(1_150).is_good());
    assert!(!with_other(1_151).is_good());
    assert!(
        with_other(1_000)
            .to_string()
            .contains("counted by rustc 2.0.0, stored by rustc 1.0.0: 15 %")
    );
}

#[test]
fn another_kind_of_machine_is_not_compared() {
    let other = Baseline { target: String::from("aarch64-linux"), ..counts(&[("ping", 1_000)]) };
    assert!(!counts(&[("ping", 1_000)]).compare(&other).is_good());
}

#[test]
fn a_case_that_is_not_stored_or_does_not_exist_fails_the_check() {
    let comparison = counts(&[("ping", 1_000)]).compare(&counts(&[("pong", 1_000)]));
    let verdicts: Vec<Verdict> = comparison.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Gone, Verdict::New]);
    assert!(!comparison.is_good());
}

#[test]
fn a_case_above_its_target_fails_the_check_though_it_is_as_stored() {
    for (case, most) in TARGETS {
        let compared = |count| counts(&[(case, count)]).compare(&counts(&[(case, count)]));
        assert!(compared(most).is_good() && !compared(most).misses_target());
        let over = compared(most + 1);
        assert!(!over.is_good() && over.misses_target());
        let printed = over.to_string();
        let line = format!(
            "target missed: {case}, 1000 members: {} instructions, at most {most}",
            most + 1
        );
        assert!(printed.contains(&line), "{printed}");
    }
}

#[test]
fn a_target_is_of_one_case_at_every_size_and_every_target_is_checked() {
    assert_eq!(target("ping with 0 updates, 10000 members"), Some(1_500));
    assert_eq!(target("steady state, one second, 100 members"), Some(4_000));
    assert_eq!(target("ping with 0 updates, sealed, 100 members"), None);
    assert_eq!(target("ack, a second time, 10000 members"), None);
    let stored = Baseline::read(include_str!("../benches/baseline.toml")).unwrap();
    for (case, most) in TARGETS {
        let counts = stored
            .instructions
            .iter()
            .filter(|(key, _)| target(key) == Some(most) && key.starts_with(case));
        let counts: Vec<u64> = counts.map(|(_, count)| *count).collect();
        assert!(
            !counts.is_empty() && counts.iter().all(|count| *count <= most),
            "{case}: {counts:?}"
        );
    }
}

#[test]
fn what_is_written_is_read_again() {
    let stored = counts(&[("ack", 1), ("ping with \"quotes\"", u64::from(u32::MAX))]);
    assert_eq!(Baseline::read(&stored.write()), Ok(stored));
    assert!(Baseline::read("rustc = 7").is_err());
}

#[test]
fn the_stored_counts_can_be_read() {
    let stored = Baseline::read(include_str!("../benches/baseline.toml")).unwrap();
    assert!(stored.rustc.starts_with("rustc 1."), "{}", stored.rustc);
    assert!(stored.instructions.len() > 20 && stored.instructions.values().all(|&count| count > 0));
}
