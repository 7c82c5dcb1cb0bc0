//! Two nodes with one name: both are told, and the others do not flap.

use std::time::Duration;

use swim_core::Event;
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
        cluster.run_until(|c: &Cluster| conflicts(c, 3) > 0 && conflicts(c, namesake) > 0, secs(30)).unwrap();
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
            Event::Joined(member) | Event::Updated(member) | Event::Failed(member) | Event::Refuted(member) => {
                *member.id == *"node-3"
            }
            Event::Suspected { member, .. } => *member.id == *"node-3",
            _ => false,
        };
        let changes = cluster.events(observer).filter(|(at, event)| *at > begin && about(event)).count();
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
        assert!((1..=20).contains(&conflicts(&cluster, node)), "node-{node}: {}", conflicts(&cluster, node));
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
        assert!(cluster.nodes().filter_map(|node| node.member(3)).all(|member| member.address == address));
    }
}

#[test]
fn a_restart_at_a_new_address_is_no_conflict() {
    let mut cluster = Cluster::lan(10).seed(4).build_joined();
    cluster.restart_at_new_address(3);
    cluster.run_for(secs(120));
    assert!((0..10).all(|node| conflicts(&cluster, node) == 0));
}
