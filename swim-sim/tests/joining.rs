//! How a cluster comes together: through chains of seeds, all at once, late seeds, dead seeds.

use std::time::Duration;

use swim_core::{Config, Event};
use swim_sim::{Cluster, Latency, Seeds};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn twelve_nodes_that_join_through_a_chain_of_seeds_know_each_other_within_a_second_and_a_half() {
    for seed in 0..10 {
        let mut cluster = Cluster::local(12).seed(seed).build();
        cluster.join_all(Seeds::Chain);
        cluster.run_until(Cluster::converged, Duration::from_millis(1_500)).unwrap();
    }
}

#[test]
fn every_pattern_of_seeds_brings_all_together() {
    for (seeds, within) in [
        (Seeds::First, secs(5)),
        (Seeds::Chain, secs(10)),
        (Seeds::Random(2), secs(30)),
        (Seeds::Few(3), secs(5)),
    ] {
        let mut cluster = Cluster::lan(50).seed(1).build();
        cluster.join_all(seeds);
        let joined = cluster.run_until(Cluster::converged, within);
        joined.unwrap_or_else(|late| panic!("{seeds:?}: {late}"));
    }
}

#[test]
fn a_storm_of_100_through_one_seed_is_over_within_three_seconds() {
    let mut cluster = Cluster::lan(100).seed(2).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(3)).unwrap();
}

#[test]
fn a_storm_on_a_lossy_network_is_over_within_fifteen_seconds() {
    let mut cluster = Cluster::lan(50).seed(3).loss_permille(200).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(15)).unwrap();
}

#[test]
fn one_who_joins_later_knows_all_at_once_and_all_know_it_soon() {
    let mut cluster = Cluster::lan(30).seed(4).build_joined();
    let newcomer = cluster.add_node();
    cluster.join(newcomer, &[7]);
    let knows_all = |cluster: &Cluster| cluster.node(newcomer).members().len() == 31;
    cluster.run_until(knows_all, Duration::from_millis(100)).unwrap();
    cluster.run_until(Cluster::converged, secs(3)).unwrap();
}

#[test]
fn a_seed_that_comes_up_late_is_tried_until_it_answers_and_each_failure_is_told() {
    let mut cluster = Cluster::lan(5).seed(5).build();
    cluster.crash(0);
    cluster.join_all(Seeds::First);
    cluster.run_for(secs(120));
    for node in 1..5 {
        let failures = cluster
            .events(node)
            .filter(|(_, event)| matches!(event, Event::SeedFailed { .. }))
            .count();
        assert!((4..=20).contains(&failures), "with a backoff from 0.5 to 30 s: {failures}");
    }
    cluster.restart(0);
    cluster.run_until(Cluster::converged, Config::lan().join_backoff_max + secs(5)).unwrap();
    for node in 1..5 {
        assert!(cluster.events(node).any(|(_, event)| matches!(event, Event::SeedJoined { .. })));
    }
}

#[test]
fn a_seed_is_still_tried_after_an_hour() {
    let mut cluster = Cluster::lan(2).seed(6).build();
    cluster.power_off(0);
    cluster.join(1, &[0]);
    cluster.run_for(secs(3_600));
    cluster.restart(0);
    cluster.run_until(Cluster::converged, secs(45)).unwrap();
}

#[test]
fn dead_seeds_do_not_hold_up_a_living_one() {
    let mut cluster = Cluster::lan(30).seed(7).build();
    for node in 0..20 {
        if node % 2 == 0 { cluster.crash(node) } else { cluster.power_off(node) }
    }
    let all: Vec<_> = (0..30).collect();
    for node in 20..30 {
        cluster.join(node, &all);
    }
    // 19 seeds fail: refused at once or hanging for the exchange's timeout of 10 s, three at a
    // time.
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
}

#[test]
fn seeds_that_are_nobodys_addresses_do_no_harm() {
    let mut cluster = Cluster::lan(3).seed(8).build();
    let nobody: Vec<_> =
        (1..=3).map(|last| format!("10.99.0.{last}:7946").parse().unwrap()).collect();
    let real = cluster.node(0).address();
    cluster.join_addresses(1, &[nobody[0], nobody[1], real]);
    cluster.join_addresses(2, &[nobody[2], real]);
    cluster.run_until(Cluster::converged, secs(15)).unwrap();
}

#[test]
fn two_clusters_on_crossed_seeds_do_not_mix() {
    let mut cluster = Cluster::lan(6).seed(9);
    for node in [1, 3, 5] {
        cluster = cluster.configure_node(node, |config| config.cluster = String::from("odd"));
    }
    let mut cluster = cluster.build();
    for node in 2..6 {
        cluster.join(node, &[node - 1, node - 2]);
    }
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
    cluster.run_for(secs(120));
    cluster.converged().unwrap();
    for node in cluster.nodes() {
        assert_eq!(node.members().len(), 3, "{:?}", node.members());
    }
}

#[test]
fn a_satellite_link_only_makes_it_slower() {
    let config = Config { probe_interval: secs(5), probe_timeout: secs(2), ..Config::lan() };
    let latency =
        Latency::Uniform { low: Duration::from_millis(280), high: Duration::from_millis(340) };
    let mut cluster = Cluster::lan(20).seed(10).config(config).latency(latency).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(20)).unwrap();
    cluster.run_for(secs(120));
    assert_eq!(cluster.figures().false_suspicions, 0);
}
