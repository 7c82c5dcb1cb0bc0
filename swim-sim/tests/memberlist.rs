//! Whole clusters on memberlist's wire, with every checker: they come together, find who is gone,
//! heal, and lose no faith in those who are there.

use std::time::Duration;

use swim_core::{Config, Event, MemberlistWire, Status, Wire};
use swim_sim::Fault::{Crash, Heal, Partition, Pause, Restart, Resume};
use swim_sim::{Builder, Cluster, Scenario, Seeds, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn on_memberlist(cluster: Builder) -> Builder {
    cluster.configure(|config: &mut Config| {
        *config = config.clone().on_memberlist(MemberlistWire::PLAIN);
    })
}

#[test]
fn a_cluster_comes_together_and_stays_so() {
    for seed in 0..3 {
        let mut cluster = Cluster::memberlist(30).seed(seed).build_joined();
        cluster.run_for(secs(120));
        cluster.converged().unwrap();
        assert_eq!(cluster.figures().false_suspicions, 0, "seed {seed}");
        assert!(cluster.tables_are_equal());
    }
}

#[test]
fn with_packets_lost_and_damaged_nobody_is_declared_dead() {
    for seed in 0..2 {
        let cluster = Cluster::memberlist(20)
            .seed(seed)
            .loss_permille(50)
            .corrupt_permille(10)
            .duplicate_permille(20);
        let mut cluster = cluster.build_joined();
        cluster.run_for(secs(300));
        cluster.run_until(Cluster::converged, secs(60)).unwrap();
        assert_eq!(cluster.figures().false_deaths, 0, "seed {seed}");
    }
}

#[test]
fn who_crashes_is_found_dead_by_all_and_who_leaves_has_left() {
    Scenario::new("a crash and a leave")
        .nodes(30)
        .with(on_memberlist)
        .expect_by(secs(60), expect::converged())
        .at(secs(60), Crash(7))
        .expect_by(
            secs(120),
            expect::that("all find it dead", |cluster: &Cluster| {
                cluster.everyone_sees(7, Status::Dead)
            }),
        )
        .run(1);
    let mut cluster = Cluster::memberlist(30).seed(1).build_joined();
    cluster.leave(5);
    cluster
        .run_until(|cluster: &Cluster| cluster.everyone_sees(5, Status::Left), secs(60))
        .unwrap();
}

#[test]
fn a_restart_is_taken_in_though_it_remembers_nothing_and_counts_from_one_again() {
    for (seed, pause) in [(1, 1), (2, 45), (3, 200)] {
        let mut cluster = Cluster::memberlist(20).seed(seed).build_joined();
        cluster.crash(7);
        cluster.run_for(secs(pause));
        cluster.restart(7);
        cluster.run_until(Cluster::converged, secs(90)).unwrap();
        cluster.run_for(secs(60));
        cluster.converged().unwrap();
    }
}

#[test]
fn a_process_that_stalled_is_alive_again_to_all() {
    Scenario::new("a stall")
        .nodes(20)
        .with(on_memberlist)
        .expect_by(secs(60), expect::converged())
        .at(secs(60), Pause(3))
        .at(secs(90), Resume(3))
        .expect_by(secs(180), expect::converged())
        .run(1);
}

#[test]
fn a_split_heals_also_when_each_side_has_forgotten_the_other() {
    let half: Vec<usize> = (0..10).collect();
    for (length, forgets) in [(60, false), (400, true)] {
        Scenario::new("a split")
            .nodes(20)
            .with(|cluster| {
                on_memberlist(cluster).configure(|config: &mut Config| {
                    if forgets {
                        config.reap_dead_after = secs(60);
                    }
                })
            })
            .expect_by(secs(60), expect::converged())
            .at(secs(60), Partition(vec![half.clone()]))
            .at(secs(60 + length), Heal)
            .expect_by(secs(60 + length + 300), expect::converged())
            .run(1);
    }
}

#[test]
fn the_dead_do_not_come_back_by_anybody_s_old_table() {
    let forgets_soon = |config: &mut Config| config.reap_dead_after = secs(60);
    let mut cluster = Cluster::memberlist(20).seed(1).configure(forgets_soon).build_joined();
    // Cut off as well, so that no news waits in front of it when it wakes.
    cluster.pause(9);
    cluster.partition(&[&[9]]);
    cluster.crash(5);
    cluster.run_for(secs(300));
    let woke = cluster.now();
    cluster.heal();
    cluster.resume(9);
    cluster.run_for(secs(600));
    let returns = |event: &Event| matches!(event, Event::Joined(member) if *member.id == *"node-5");
    for observer in (0..20).filter(|node| ![5, 9].contains(node)) {
        let returns =
            cluster.events(observer).filter(|(at, event)| *at > woke && returns(event)).count();
        assert_eq!(returns, 0, "at node-{observer}");
    }
}

#[test]
fn a_cluster_of_a_hundred_joins_through_one_seed() {
    let mut cluster = Cluster::memberlist(100).seed(1).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(180)).unwrap();
}

#[test]
fn who_joins_is_known_to_all_at_once_though_its_seed_has_told_nobody_and_is_gone() {
    for seed in 0..10 {
        let mut cluster = Cluster::memberlist(8).seed(seed).build();
        (1..7).for_each(|node| cluster.join(node, &[0]));
        cluster.run_for(secs(60));
        cluster.one_way_partition(&[0], &[1, 2, 3, 4, 5, 6]);
        cluster.join(7, &[0]);
        let joined = |cluster: &Cluster| {
            cluster.events(7).any(|(_, event)| matches!(event, Event::SeedJoined { .. }))
        };
        cluster.run_until(joined, secs(1)).unwrap();
        cluster.crash(0);
        cluster.heal();
        let before = cluster.figures().total.packets;
        cluster
            .run_until(|cluster: &Cluster| cluster.everyone_sees(7, Status::Alive), secs(2))
            .unwrap();
        let packets = cluster.figures().total.packets - before;
        assert!(packets < 150, "seed {seed}: {packets} packets of eight nodes");
    }
}

#[test]
fn nodes_that_start_one_soon_after_another_know_each_other_before_any_push_pull() {
    for seed in 0..40 {
        let mut cluster = Cluster::memberlist(8).seed(seed).build();
        for node in 1..8 {
            cluster.join(node, &[0]);
            cluster.run_for(Duration::from_millis(100));
        }
        cluster.run_until(Cluster::converged, secs(5)).unwrap();
    }
}

#[test]
fn nodes_with_an_envelope_leave_room_for_it() {
    let wire = MemberlistWire { envelope: 80, compress: false, ..MemberlistWire::SERF };
    let mut cluster = Cluster::memberlist(40)
        .seed(1)
        .configure(|config| config.wire = Wire::Memberlist(wire))
        .build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
}

#[test]
fn restarts_in_a_lossy_cluster_end_in_agreement() {
    Scenario::new("restarts")
        .nodes(20)
        .with(|cluster| on_memberlist(cluster).loss_permille(30))
        .expect_by(secs(90), expect::converged())
        .at(secs(90), Crash(1))
        .at(secs(95), Crash(2))
        .at(secs(100), Restart(1))
        .at(secs(140), Restart(2))
        .expect_by(secs(300), expect::converged())
        .run(4);
}
