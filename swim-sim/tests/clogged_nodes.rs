//! Nodes whose sending and receiving block while their timers run, as in Lifeguard's experiments.

use std::time::Duration;

use swim_core::{Config, Event, Status};
use swim_sim::{Cluster, Fault, Scenario, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn packets(cluster: &Cluster, node: usize) -> (u64, u64) {
    let metrics = cluster.node(node).swim().expect("it runs").metrics();
    (metrics.packets_sent, metrics.packets_received)
}

#[test]
fn nothing_leaves_a_clogged_node_and_nothing_reaches_it_while_its_timers_run() {
    let mut cluster = Cluster::lan(20).seed(1).build_joined();
    cluster.clog(4);
    let before = packets(&cluster, 4);
    cluster.run_for(secs(5));
    assert_eq!(packets(&cluster, 4), before);
    let swim = cluster.node(4).swim().expect("it runs");
    assert!(swim.suspicions() > 0, "it misses acks, which it could not even ask for");
    assert!(swim.health() > 0, "and suspects itself for it");
    cluster.unclog(4);
    cluster.run_for(secs(1));
    let after = packets(&cluster, 4);
    assert!(
        after.0 > before.0 && after.1 > before.1 + 3,
        "what waited leaves, and is read: {before:?} {after:?}"
    );
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
}

#[test]
fn a_clogged_node_declares_others_dead_and_all_agree_when_it_is_free_again() {
    let mut cluster =
        Cluster::lan(20).seed(2).configure(|config| config.suspicion_max_mult = 1).build_joined();
    cluster.clog(4);
    cluster.run_for(secs(60));
    let failed = |event: &Event| matches!(event, Event::Failed(_));
    assert!(cluster.events(4).any(|(_, event)| failed(event)), "nobody can tell it that they live");
    cluster.everyone_sees(4, Status::Dead).expect("nor can it tell them");
    cluster.unclog(4);
    cluster.run_until(Cluster::converged, secs(90)).unwrap();
}

#[test]
fn clogged_nodes_stall_leave_crash_and_move_like_others() {
    let plan = (1..6)
        .fold(Scenario::new("what else happens to clogged nodes").nodes(10), |scenario, node| {
            scenario.at(secs(30), Fault::Clog(node))
        });
    plan.at(secs(32), Fault::Pause(1))
        .at(secs(32), swim_sim::Work::Leave(2))
        .at(secs(32), Fault::Crash(3))
        .at(secs(32), Fault::RestartAtNewAddress(4))
        .at(secs(32), Fault::SlowProcessing { node: 5, each: Duration::from_millis(5) })
        .at(secs(35), Fault::Resume(1))
        .at(secs(36), Fault::Unclog(1))
        .at(secs(36), Fault::Unclog(2))
        .at(secs(36), Fault::Unclog(5))
        .expect_by(secs(120), expect::everyone_sees(3, Status::Dead))
        .expect_by(secs(120), expect::converged())
        .run(6);
}

/// Deaths of healthy members that users of healthy nodes are told of while six of 24 clog for 20 s,
/// three times.
fn false_deaths(config: &Config, seed: u64) -> usize {
    let mut cluster = Cluster::lan(24).config(config.clone()).seed(seed).build_joined();
    for _ in 0..3 {
        (18..24).for_each(|node| cluster.clog(node));
        cluster.run_for(secs(20));
        (18..24).for_each(|node| cluster.unclog(node));
        cluster.run_for(Duration::from_millis(10));
    }
    cluster.run_for(secs(30));
    let is_healthy = |id: &str| (0..18).any(|node| id == format!("node-{node}"));
    let wrong = |event: &Event| matches!(event, Event::Failed(member) if is_healthy(&member.id));
    (0..18).map(|node| cluster.events(node).filter(|(_, event)| wrong(event)).count()).sum()
}

#[test]
fn with_lifeguard_clogged_nodes_bring_healthy_ones_into_disrepute_far_less_often() {
    let lifeguard = Config { suspects_probed_next: false, stall_grace: false, ..Config::lan() };
    let swim = Config {
        suspicion_max_mult: 1,
        awareness_max: 0,
        buddy_system: false,
        ..lifeguard.clone()
    };
    let count = |config| (0..1).map(|seed| false_deaths(config, seed)).sum::<usize>();
    let (plain, guarded) = (count(&swim), count(&lifeguard));
    assert!(
        plain > 100 && guarded * 10 < plain,
        "{plain} false deaths at healthy nodes, and {guarded} with Lifeguard"
    );
}
