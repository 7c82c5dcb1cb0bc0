//! Splits of any length heal, nobody stays alone, and what was missed meanwhile is made up for.

use std::time::Duration;

use swim_core::{Config, Event, Status};
use swim_sim::Fault::{Crash, Heal, Partition};
use swim_sim::{Cluster, Scenario, Seeds, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn half(nodes: usize) -> Vec<usize> {
    (0..nodes / 2).collect()
}

#[test]
fn a_split_of_30_seconds_heals() {
    for seed in 0..3 {
        Scenario::new("a short split")
            .nodes(20)
            .with(|cluster| cluster.loss_permille(10))
            .expect_by(secs(30), expect::converged())
            .at(secs(30), Partition(vec![half(20)]))
            .at(secs(60), Heal)
            .expect_by(secs(150), expect::converged())
            .run(seed);
    }
}

#[test]
fn a_split_that_outlasts_the_memory_of_the_dead_heals() {
    for seeds in [Seeds::First, Seeds::Chain] {
        let outcome = Scenario::new("a long split")
            .nodes(20)
            .seeds(seeds)
            .with(|cluster| cluster.configure(|config| config.reap_dead_after = secs(60)))
            .expect_by(secs(30), expect::converged())
            .at(secs(30), Partition(vec![half(20)]))
            .expect_at(
                secs(330),
                expect::that("each half has forgotten the other", |cluster: &Cluster| {
                    cluster.nodes().all(|node| node.members().len() == 10)
                }),
            )
            .at(secs(330), Heal)
            .expect_by(secs(480), expect::converged())
            .run(1);
        let rejoined =
            |event: &Event| matches!(event, Event::Joined(member) if *member.id == *"node-19");
        assert_eq!(outcome.cluster.events(0).filter(|(_, event)| rejoined(event)).count(), 2);
    }
}

#[test]
fn a_split_that_outlasts_the_tombstones_heals() {
    let forgetful = |config: &mut Config| {
        config.reap_dead_after = secs(60);
        config.tombstone_for = secs(60);
    };
    Scenario::new("a very long split")
        .nodes(10)
        .with(|cluster| cluster.configure(forgetful))
        .expect_by(secs(30), expect::converged())
        .at(secs(30), Partition(vec![half(10)]))
        .at(secs(600), Heal)
        .expect_by(secs(750), expect::converged())
        .run(2);
}

#[test]
fn three_parts_heal_into_one() {
    Scenario::new("three parts")
        .nodes(18)
        .expect_by(secs(30), expect::converged())
        .at(secs(30), Partition(vec![(0..6).collect(), (6..12).collect()]))
        .at(secs(120), Heal)
        .expect_by(secs(270), expect::converged())
        .run(3);
}

#[test]
fn an_isolated_node_is_told_so_and_comes_back_by_itself() {
    for seed in 0..3 {
        let mut cluster = Cluster::lan(10).seed(seed).build_joined();
        cluster.partition(&[&[4]]);
        cluster.run_for(secs(600));
        assert!(cluster.events(4).any(|(_, event)| *event == Event::Isolated));
        cluster.everyone_sees(4, Status::Dead).unwrap();
        cluster.heal();
        cluster.run_until(Cluster::converged, secs(90)).unwrap();
        assert!(cluster.events(4).any(|(_, event)| *event == Event::Reconnected));
    }
}

#[test]
fn splits_that_come_and_go_end_in_agreement() {
    let mut scenario =
        Scenario::new("a flapping split").nodes(20).expect_by(secs(30), expect::converged());
    for round in 0..10 {
        let at = secs(30 + 20 * round);
        scenario = scenario.at(at, Partition(vec![half(20)])).at(at + secs(10), Heal);
    }
    scenario.expect_by(secs(400), expect::converged()).run(4);
}

#[test]
fn one_way_cuts_between_halves_heal() {
    let mut cluster = Cluster::lan(20).seed(5).build_joined();
    let (low, high): (Vec<_>, Vec<_>) = ((0..10).collect(), (10..20).collect());
    cluster.one_way_partition(&low, &high);
    cluster.run_for(secs(90));
    cluster.heal();
    cluster.run_until(Cluster::converged, secs(120)).unwrap();
}

#[test]
fn a_death_that_was_missed_is_made_up_for_by_a_sync() {
    // Node 9 probes so rarely that it learns of a death from others, and it is cut off while they
    // speak of it.
    let rarely = |config: &mut Config| {
        config.probe_interval = secs(60);
        config.suspicion_mult = 1;
        config.suspicion_max_mult = 1;
    };
    let mut cluster = Cluster::lan(20).seed(6).configure_node(9, rarely).build_joined();
    cluster.crash(5);
    cluster.partition(&[&[9]]);
    let others_know = |cluster: &Cluster| {
        let others = (0..20).filter(|node| ![5, 9].contains(node));
        others.into_iter().all(|node| cluster.node(node).status_of(5) == Some(Status::Dead))
    };
    cluster.run_until(others_know, secs(30)).unwrap();
    cluster.run_for(secs(10));
    cluster.heal();
    assert_eq!(cluster.node(9).status_of(5), Some(Status::Alive), "it has missed all of it");
    let syncs = |cluster: &Cluster| {
        cluster.nodes().filter_map(|node| Some(node.metrics()?.syncs_different)).sum::<u64>()
    };
    let before = syncs(&cluster);
    // A round of anti-entropy brings it up, as a suspicion, which lasts log10(20) * 60 s = 78 s at
    // this node.
    let suspected = |cluster: &Cluster| cluster.node(9).status_of(5) == Some(Status::Suspect);
    cluster.run_until(suspected, secs(40)).unwrap();
    assert!(syncs(&cluster) > before);
    cluster.run_until(|c: &Cluster| c.everyone_sees(5, Status::Dead), secs(80)).unwrap();
    cluster.run_until(Cluster::converged, secs(10)).unwrap();
}

#[test]
fn crashes_on_both_sides_of_a_split_are_known_to_all_after_it() {
    Scenario::new("crashes on both sides")
        .nodes(20)
        .expect_by(secs(30), expect::converged())
        .at(secs(30), Partition(vec![half(20)]))
        .at(secs(40), Crash(3))
        .at(secs(40), Crash(17))
        .at(secs(90), Heal)
        .expect_by(secs(240), expect::everyone_sees(3, Status::Dead))
        .expect_by(secs(240), expect::everyone_sees(17, Status::Dead))
        .expect_by(secs(240), expect::converged())
        .run(5);
}
