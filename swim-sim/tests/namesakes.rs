//! Two nodes with one name: both are told, and the others do not flap.

use std::time::Duration;

use swim_core::{Event, Status};
use swim_sim::Cluster;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn conflicts(cluster: &Cluster, node: usize) -> usize {
    cluster.events(node).filter(|(_, event)| matches!(event, Event::Conflict { .. })).count()
}

#[test]
fn both_are_told_of_each_other() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(10).seed(seed).build_joined();
        let namesake = cluster.add_namesake_of(3);
        cluster.join(namesake, &[0]);
        cluster
            .run_until(|c: &Cluster| conflicts(c, 3) > 0 && conflicts(c, namesake) > 0, secs(30))
            .unwrap();
        let address_told = |node: usize| {
            cluster.events(node).find_map(|(_, event)| match event {
                Event::Conflict { address } => Some(*address),
                _ => None,
            })
        };
        assert_eq!(address_told(3), Some(cluster.node(namesake).address()), "seed {seed}");
        assert_eq!(address_told(namesake), Some(cluster.node(3).address()), "seed {seed}");
    }
}

#[test]
fn the_others_do_not_flap_between_them() {
    let mut cluster = Cluster::lan(20).seed(1).build_joined();
    let namesake = cluster.add_namesake_of(3);
    cluster.join(namesake, &[0]);
    cluster.run_for(secs(60));
    let begin = cluster.now();
    cluster.run_for(secs(300));
    for observer in (0..20).filter(|&node| node != 3) {
        let about = |event: &Event| match event {
            Event::Joined(member)
            | Event::Updated(member)
            | Event::Failed(member)
            | Event::Refuted(member) => *member.id == *"node-3",
            Event::Suspected { member, .. } => *member.id == *"node-3",
            _ => false,
        };
        let changes =
            cluster.events(observer).filter(|(at, event)| *at > begin && about(event)).count();
        assert_eq!(changes, 0, "at node-{observer} in five minutes");
    }
}

#[test]
fn the_conflict_is_not_told_over_and_over() {
    let mut cluster = Cluster::lan(10).seed(2).build_joined();
    let namesake = cluster.add_namesake_of(3);
    cluster.join(namesake, &[0]);
    cluster.run_for(secs(600));
    for node in [3, namesake] {
        assert!(
            (1..=20).contains(&conflicts(&cluster, node)),
            "node-{node}: {}",
            conflicts(&cluster, node)
        );
    }
}

#[test]
fn when_one_of_them_stops_the_other_has_the_name() {
    for (stops, stays) in [(3, 10), (10, 3)] {
        let mut cluster = Cluster::lan(10).seed(3).build_joined();
        let namesake = cluster.add_namesake_of(3);
        assert_eq!(namesake, 10);
        cluster.join(namesake, &[0]);
        cluster.run_for(secs(30));
        cluster.crash(stops);
        cluster.run_until(Cluster::converged, secs(120)).unwrap();
        let address = cluster.node(stays).address();
        assert!(
            cluster
                .nodes()
                .filter_map(|node| node.member(3))
                .all(|member| member.address == address)
        );
    }
}

#[test]
fn a_restart_at_a_new_address_is_no_conflict() {
    let mut cluster = Cluster::lan(10).seed(4).build_joined();
    cluster.restart_at_new_address(3);
    cluster.run_for(secs(120));
    assert!((0..10).all(|node| conflicts(&cluster, node) == 0));
}

fn told(cluster: &Cluster, node: usize, is_it: fn(&Event) -> bool) -> bool {
    cluster.events(node).any(|(_, event)| is_it(event))
}

#[test]
fn a_living_bearer_keeps_its_name_and_the_newcomer_is_refused_at_its_start() {
    for seed in 0..10 {
        let mut cluster = Cluster::lan(10).seed(seed).build_joined();
        let namesake = cluster.add_namesake_of(3);
        let bearer = cluster.node(3).address();
        let begin = cluster.now();
        cluster.join(namesake, &[0]);
        let refused = |event: &Event| matches!(event, Event::NameLost { at_start: true, .. });
        cluster.run_until(|c: &Cluster| told(c, namesake, refused), secs(2)).unwrap();
        cluster.run_for(secs(60));
        for node in (0..10).filter(|&node| node != 3) {
            assert_eq!(
                cluster.node(node).member(3).unwrap().address,
                bearer,
                "seed {seed}: at node-{node}"
            );
            let is_about =
                |event: &Event| matches!(event, Event::Updated(member) if *member.id == *"node-3");
            assert!(
                !cluster.events(node).any(|(at, event)| at > begin && is_about(event)),
                "seed {seed}"
            );
        }
        assert!(!told(&cluster, 3, |event| matches!(event, Event::NameLost { .. })), "seed {seed}");
        assert!(
            told(&cluster, 0, |event| matches!(event, Event::NameRefused { .. })),
            "the seed tells it, too"
        );
    }
}

#[test]
fn two_bearers_of_two_halves_settle_on_one_when_the_halves_meet() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(8).seed(seed).build_joined();
        let namesake = cluster.add_namesake_of(1);
        cluster.partition(&[&[0, 1, 2, 3], &[4, 5, 6, 7, namesake]]);
        cluster.run_for(secs(60));
        cluster.join(namesake, &[5]);
        let joined = |event: &Event| matches!(event, Event::SeedJoined { .. });
        cluster.run_until(|c: &Cluster| told(c, namesake, joined), secs(60)).unwrap();
        cluster.run_for(secs(30));
        cluster.heal();
        let lost = |event: &Event| matches!(event, Event::NameLost { at_start: false, .. });
        cluster.run_until(|c: &Cluster| told(c, 1, lost), secs(300)).unwrap();
        let address = cluster.node(namesake).address();
        let is_settled = |c: &Cluster| {
            (0..8)
                .filter(|&node| node != 1)
                .all(|node| c.node(node).member(1).unwrap().address == address)
        };
        cluster.run_until(is_settled, secs(120)).unwrap();
        cluster.run_for(secs(60));
        assert!(is_settled(&cluster), "seed {seed}");
    }
}

#[test]
fn on_memberlists_wire_too_the_one_that_conceded_has_its_name_back_once_the_other_is_gone() {
    // There the dead are told as suspects, and a conceding node let suspicions of its name pass as
    // the other one's: its cluster of two never came together again.
    for seed in 0..5 {
        let mut cluster = Cluster::memberlist(2).seed(seed).build_joined();
        cluster.crash(1);
        cluster.run_for(secs(60));
        let namesake = cluster.add_namesake_of(1);
        cluster.join(namesake, &[0, 1]);
        cluster.restart(1);
        cluster.run_for(secs(45));
        cluster.power_off(namesake);
        let is_back = |cluster: &Cluster| {
            let member = cluster.node(0).swim().and_then(|swim| swim.member("node-1"));
            member.is_some_and(|member| {
                member.status() == Status::Alive && member.address == cluster.node(1).address()
            })
        };
        cluster
            .run_until(is_back, secs(180))
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}
