//! A run is fixed by its seed and options: the same again, byte by byte, and another for another
//! seed.

use std::time::Duration;

use swim_sim::{Cluster, Fault, Plan, Seeds, builtin};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A run in which a bit of everything happens, as text and as a hash.
fn eventful(seed: u64, records: bool) -> (String, u64) {
    let builder =
        Cluster::lan(15).seed(seed).loss_permille(100).duplicate_permille(50).reorder(100, secs(1));
    let builder = if records { builder.record_trace() } else { builder };
    let mut cluster = builder.build();
    let plan = Plan::new()
        .at(secs(20), Fault::Crash(3))
        .at(secs(25), Fault::Pause(4))
        .at(secs(30), Fault::RestartAtNewAddress(5))
        .at(secs(33), Fault::Resume(4))
        .at(secs(35), Fault::Partition(vec![vec![0, 1, 2]]))
        .at(secs(50), Fault::Heal)
        .at(secs(52), Fault::Restart(3));
    cluster.schedule(&plan);
    cluster.join_all(Seeds::Random(2));
    cluster.run_for(secs(40));
    cluster.broadcast(7, b"hello").unwrap();
    cluster.run_for(secs(40));
    (cluster.take_trace(), cluster.trace_hash())
}

#[test]
fn the_same_run_twice_gives_byte_identical_traces() {
    let (first, hash) = eventful(7, true);
    let (second, again) = eventful(7, true);
    assert!(first.lines().count() > 5_000, "{}", first.lines().count());
    assert_eq!(hash, again);
    let differs = first.lines().zip(second.lines()).find(|(first, second)| first != second);
    assert_eq!(differs, None);
    assert_eq!(first.len(), second.len());
}

#[test]
fn a_run_without_checkers_is_the_same_run() {
    let hash = |builder: swim_sim::Builder| {
        let mut cluster = builder.seed(3).loss_permille(100).build();
        cluster.join_all(Seeds::Random(2));
        cluster.run_for(secs(30));
        cluster.trace_hash()
    };
    assert_eq!(hash(Cluster::lan(15)), hash(Cluster::lan(15).unchecked()));
}

#[test]
fn another_seed_gives_another_trace() {
    let hashes: Vec<_> = (0..5).map(|seed| eventful(seed, false).1).collect();
    let mut distinct = hashes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), hashes.len());
}

#[test]
fn recording_the_trace_does_not_change_the_run() {
    assert_eq!(eventful(3, true).1, eventful(3, false).1);
}

#[test]
fn stopping_to_look_does_not_change_the_run() {
    let run = |slices: u32| {
        let mut cluster = Cluster::lan(10).seed(1).loss_permille(50).build();
        cluster.join_all(Seeds::First);
        for _ in 0..slices {
            cluster.run_for(secs(60) / slices);
            let _ = (cluster.converged(), cluster.figures(), cluster.standing());
        }
        cluster.trace_hash()
    };
    assert_eq!(run(1), run(120));
}

#[test]
fn a_fault_taken_out_of_a_plan_leaves_everything_before_it_as_it_was() {
    let until_the_fault = |with_fault: bool| {
        let mut cluster = Cluster::lan(10).seed(2).loss_permille(50).record_trace().build();
        cluster.schedule(&Plan::new().at(secs(10), Fault::Crash(1)));
        if with_fault {
            cluster.schedule(&Plan::new().at(secs(30), Fault::Crash(2)));
        }
        cluster.join_all(Seeds::First);
        cluster.run_for(secs(30) - Duration::from_nanos(1));
        cluster.take_trace()
    };
    assert_eq!(until_the_fault(true), until_the_fault(false));
}

#[test]
fn shipped_scenarios_repeat_themselves() {
    for name in ["churn", "split-and-heal"] {
        let hash =
            || builtin::named(name).unwrap().scenario(Cluster::lan(12).seed(5)).run(5).trace_hash;
        assert_eq!(hash(), hash(), "{name}");
    }
}
