//! A node that starts again under its name is taken in at once, wherever it is now and whatever was
//! believed of it.

use std::time::Duration;

use swim_core::Status;
use swim_sim::Fault::{ClockSetBack, Crash, Restart, RestartAtNewAddress};
use swim_sim::{Cluster, Scenario, Seeds, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_restart_before_anyone_noticed_is_known_to_all_within_seconds() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(30).seed(seed).build_joined();
        cluster.crash(7);
        cluster.run_for(Duration::from_millis(500));
        cluster.restart(7);
        cluster.run_until(Cluster::converged, secs(4)).unwrap();
        cluster.run_for(secs(60));
        assert_eq!(cluster.figures().false_deaths, 0, "its former self is not held against it");
        cluster.converged().unwrap();
    }
}

#[test]
fn a_restart_while_it_is_suspected_is_known_to_all_within_seconds() {
    let mut cluster = Cluster::lan(30).seed(1).build_joined();
    cluster.crash(7);
    cluster.run_until(|c: &Cluster| c.everyone_sees(7, Status::Suspect), secs(10)).unwrap();
    cluster.restart(7);
    cluster.run_until(Cluster::converged, secs(4)).unwrap();
    cluster.run_for(secs(60));
    assert_eq!(cluster.figures().false_deaths, 0);
}

#[test]
fn a_restart_after_its_death_does_not_wait_for_the_dead_to_be_forgotten() {
    for new_address in [false, true] {
        let mut cluster = Cluster::lan(30).seed(2).build_joined();
        cluster.crash(7);
        cluster.run_until(|c: &Cluster| c.everyone_sees(7, Status::Dead), secs(30)).unwrap();
        cluster.run_for(secs(60));
        let restart = if new_address { RestartAtNewAddress(7) } else { Restart(7) };
        cluster.apply(restart);
        cluster.run_until(Cluster::converged, secs(4)).unwrap();
    }
}

#[test]
fn a_move_to_a_new_address_is_known_to_all_within_seconds() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(30).seed(seed).build_joined();
        let old = cluster.node(7).address();
        cluster.restart_at_new_address(7);
        assert_ne!(cluster.node(7).address(), old);
        cluster.run_until(Cluster::converged, secs(4)).unwrap();
        cluster.run_for(secs(60));
        assert_eq!(cluster.figures().false_deaths, 0, "nobody goes on probing the old address");
        cluster.converged().unwrap();
    }
}

#[test]
fn a_node_that_no_longer_knows_any_seed_is_found_by_those_who_remember_it() {
    // Node 0 was everyone's seed and has none itself.
    let mut cluster = Cluster::lan(10).seed(3).build_joined();
    cluster.crash(0);
    cluster.run_until(|c: &Cluster| c.everyone_sees(0, Status::Dead), secs(30)).unwrap();
    cluster.run_for(secs(300));
    cluster.restart(0);
    cluster.run_until(Cluster::converged, secs(90)).unwrap();
}

#[test]
fn a_restart_with_a_clock_that_was_set_back_overcomes_its_former_self() {
    for new_address in [false, true] {
        for noticed in [false, true] {
            let mut cluster = Cluster::lan(30).seed(4).build_joined();
            cluster.run_for(secs(60));
            cluster.set_metadata(7, b"old").unwrap();
            cluster.run_for(secs(2));
            cluster.crash(7);
            cluster.run_for(if noticed { secs(60) } else { secs(1) });
            cluster.apply(ClockSetBack(7, secs(3_600)));
            let restart = if new_address { RestartAtNewAddress(7) } else { Restart(7) };
            cluster.apply(restart);
            let joined = cluster.run_until(Cluster::converged, secs(10));
            joined.unwrap_or_else(|late| {
                panic!("new address: {new_address}, noticed: {noticed}: {late}")
            });
        }
    }
}

#[test]
fn a_rolling_restart_ends_with_all_in_agreement() {
    for seed in 0..2 {
        let mut scenario = Scenario::new("a rolling restart")
            .nodes(20)
            .seeds(Seeds::Few(3))
            .expect_by(secs(30), expect::converged());
        for node in 0..20 {
            let at = secs(30 + 3 * node as u64);
            scenario = scenario.at(at, Crash(node)).at(at + secs(1), Restart(node));
        }
        scenario
            .expect_by(secs(120), expect::converged())
            .expect_by(secs(120), expect::no_false_deaths())
            .run(seed);
    }
}

#[test]
fn a_rolling_move_ends_with_all_in_agreement() {
    let mut scenario = Scenario::new("a rolling move")
        .nodes(20)
        .seeds(Seeds::Few(3))
        .expect_by(secs(30), expect::converged());
    // Nobody keeps a seed's address for ever: the seeds themselves stay where they are.
    for node in 3..20 {
        scenario = scenario.at(secs(30 + 3 * node as u64), RestartAtNewAddress(node));
    }
    scenario.expect_by(secs(120), expect::converged()).run(1);
}

#[test]
fn after_a_mass_restart_all_find_each_other_again() {
    let mut scenario = Scenario::new("a mass restart")
        .nodes(30)
        .seeds(Seeds::Few(3))
        .expect_by(secs(30), expect::converged());
    for node in 1..30 {
        scenario = scenario.at(secs(60), Crash(node)).at(secs(75), Restart(node));
    }
    scenario.expect_by(secs(90), expect::converged()).run(1);
}

#[test]
fn after_a_power_failure_of_all_they_find_each_other_again() {
    let mut scenario = Scenario::new("a total power failure")
        .nodes(30)
        .seeds(Seeds::Few(3))
        .expect_by(secs(30), expect::converged());
    for node in 0..30 {
        let at = secs(60 + node as u64 / 10);
        scenario =
            scenario.at(secs(60), swim_sim::Fault::PowerOff(node)).at(at + secs(20), Restart(node));
    }
    scenario.expect_by(secs(120), expect::converged()).run(2);
}
