//! The long dead stay dead: nobody's old table brings back a member that was forgotten.

use std::time::Duration;

use swim_core::{Config, Event, Status};
use swim_sim::Cluster;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn forgets_soon(config: &mut Config) {
    config.reap_dead_after = secs(60);
    config.reap_left_after = secs(60);
    config.tombstone_for = secs(3_600);
}

/// How often an observer was told that node-5 joined, after a time.
fn returns(cluster: &Cluster, observer: usize, after: swim_core::Instant) -> usize {
    let is_it = |event: &Event| matches!(event, Event::Joined(member) if *member.id == *"node-5");
    cluster.events(observer).filter(|(at, event)| *at > after && is_it(event)).count()
}

#[test]
fn the_dead_are_forgotten_by_all_after_their_time() {
    let mut cluster = Cluster::lan(20).seed(1).configure(forgets_soon).build_joined();
    cluster.crash(5);
    cluster.run_until(|c: &Cluster| c.everyone_sees(5, Status::Dead), secs(30)).unwrap();
    let died = cluster.now();
    cluster.run_for(secs(75));
    for observer in (0..20).filter(|&node| node != 5) {
        assert_eq!(cluster.node(observer).status_of(5), None, "at node-{observer}");
        let reaped = |event: &Event| matches!(event, Event::Reaped(id) if **id == *"node-5");
        assert_eq!(cluster.events(observer).filter(|(_, event)| reaped(event)).count(), 1);
    }
    cluster.run_for(secs(600));
    assert!((0..20).all(|observer| returns(&cluster, observer, died) == 0));
    assert!(cluster.tables_are_equal());
}

#[test]
fn a_node_that_slept_through_a_death_does_not_bring_the_dead_back() {
    for seed in 0..3 {
        let mut cluster = Cluster::lan(20).seed(seed).configure(forgets_soon).build_joined();
        // Cut off as well, so that no news waits in front of it when it wakes.
        cluster.pause(9);
        cluster.partition(&[&[9]]);
        cluster.crash(5);
        cluster.run_for(secs(300));
        let woke = cluster.now();
        cluster.heal();
        cluster.resume(9);
        assert_eq!(cluster.node(9).status_of(5), Some(Status::Alive), "it has an old table");
        cluster.run_until(Cluster::converged, secs(180)).unwrap();
        cluster.run_for(secs(300));
        for observer in (0..20).filter(|&node| node != 5) {
            assert_eq!(
                returns(&cluster, observer, woke),
                0,
                "seed {seed}: a ghost at node-{observer}"
            );
        }
        cluster.converged().unwrap();
    }
}

#[test]
fn a_healed_split_does_not_bring_back_who_died_on_the_other_side() {
    let mut cluster = Cluster::lan(20).seed(2).configure(forgets_soon).build_joined();
    let low: Vec<_> = (0..10).collect();
    cluster.partition(&[&low]);
    cluster.run_for(secs(10));
    cluster.crash(5);
    cluster.run_for(secs(300));
    let healed = cluster.now();
    cluster.heal();
    cluster.run_until(Cluster::converged, secs(180)).unwrap();
    cluster.run_for(secs(120));
    assert!((0..20).all(|observer| returns(&cluster, observer, healed) == 0));
}

#[test]
fn a_newcomer_does_not_hear_of_the_forgotten_as_if_they_lived() {
    let mut cluster = Cluster::lan(10).seed(3).configure(forgets_soon).build_joined();
    cluster.crash(5);
    cluster.run_for(secs(120));
    let newcomer = cluster.add_node();
    cluster.join(newcomer, &[0]);
    cluster.run_for(secs(30));
    assert_eq!(returns(&cluster, newcomer, swim_core::Instant::ORIGIN), 0);
    cluster.converged().unwrap();
}

#[test]
fn the_dead_who_start_again_are_no_ghosts() {
    let mut cluster = Cluster::lan(10).seed(4).configure(forgets_soon).build_joined();
    cluster.crash(5);
    cluster.run_for(secs(300));
    cluster.restart(5);
    cluster.run_until(Cluster::converged, secs(5)).unwrap();
}
