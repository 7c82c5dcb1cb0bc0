//! Crashes are found and told to everyone, in bounded time, and the living are left in peace.

use std::time::Duration;

use swim_core::{Event, Status};
use swim_sim::Fault::{Crash, PacketsBlocked, PowerOff};
use swim_sim::{Cluster, Scenario, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_crash_is_suspected_then_known_to_all_as_a_death_at_every_loss() {
    // Nobody probes a given member for k periods with probability e^-k: 10 s are rarely not enough.
    // The shortest suspicion of 50 nodes is 4 * log10(50) * 1 s = 6.8 s; the longest is 6 times
    // that.
    for (loss, within) in [(0, 20), (50, 30), (200, 60)] {
        for seed in 0..3 {
            let outcome = Scenario::new("a crash is seen by all")
                .nodes(50)
                .with(|cluster| cluster.loss_permille(loss))
                .expect_by(secs(30), expect::converged())
                .at(secs(30), Crash(17))
                .expect_by(secs(30 + within), expect::everyone_sees(17, Status::Dead))
                .run(seed);
            let outage = &outcome.figures.outages[0];
            let suspected = outage.first_suspicion().expect("suspicion comes first");
            assert!(suspected < outage.first_detection().unwrap());
            // Where packets are lost, a probe may have failed already when the process dies.
            assert!(
                loss > 0 || suspected >= Duration::from_millis(900),
                "a probe takes its time: {suspected:?}"
            );
        }
    }
}

#[test]
fn the_survivors_of_a_mass_death_do_not_take_it_for_a_sickness_of_their_own() {
    // Ten of 100 survive. Probing takes (90 deaths * 3 accusers) / 10 survivors = 27 periods at
    // least, a suspicion up to 48 s; survivors that think themselves sick probe every 9 s, and take
    // three minutes.
    for seed in 0..3 {
        let mut cluster = Cluster::lan(100).seed(seed).build_joined();
        cluster.run_for(secs(10));
        (10..100).for_each(|node| cluster.power_off(node));
        let known = |cluster: &Cluster| {
            (10..100).try_for_each(|node| cluster.everyone_sees(node, Status::Dead))
        };
        cluster.run_until(known, secs(120)).unwrap();
        let well = |cluster: &Cluster| {
            (0..10).all(|node| cluster.node(node).swim().is_some_and(|swim| swim.health() == 0))
        };
        cluster.run_until(well, secs(60)).unwrap();
    }
}

#[test]
fn the_first_suspicion_comes_as_soon_as_the_paper_says() {
    // SWIM 3.1: e / (e - 1) = 1.58 periods until somebody probes a member, and a period until that
    // probe has failed; it is told at the end of the period, and the crash falls anywhere in one.
    let mut sum = Duration::ZERO;
    for seed in 0..40 {
        let mut cluster = Cluster::lan(30).seed(seed).build_joined();
        cluster.run_for(secs(10));
        cluster.crash(17);
        let suspected =
            |cluster: &Cluster| cluster.figures().outages[0].first_suspicion().is_some();
        cluster.run_until(suspected, secs(20)).unwrap();
        sum += cluster.figures().outages[0].first_suspicion().unwrap();
    }
    let mean = sum / 40;
    assert!((1_500..2_400).contains(&mean.as_millis()), "{mean:?}");
}

#[test]
fn at_every_node_a_death_is_told_after_its_suspicion_and_once() {
    let mut cluster = Cluster::lan(20).seed(1).build_joined();
    cluster.crash(5);
    cluster.run_until(|c: &Cluster| c.everyone_sees(5, Status::Dead), secs(30)).unwrap();
    cluster.run_for(secs(60));
    for observer in (0..20).filter(|&node| node != 5) {
        let about_it: Vec<_> = cluster
            .events(observer)
            .filter_map(|(_, event)| match event {
                Event::Joined(member) if *member.id == *"node-5" => Some("joined"),
                Event::Suspected { member, .. } if *member.id == *"node-5" => Some("suspected"),
                Event::Failed(member) if *member.id == *"node-5" => Some("failed"),
                Event::Refuted(member) | Event::Left(member) if *member.id == *"node-5" => {
                    Some("wrong")
                }
                _ => None,
            })
            .collect();
        assert_eq!(about_it, ["joined", "suspected", "failed"], "at node-{observer}");
    }
}

#[test]
fn a_machine_that_loses_power_is_found_as_a_crashed_process_is() {
    Scenario::new("a power failure is seen by all")
        .nodes(50)
        .expect_by(secs(30), expect::converged())
        .at(secs(30), PowerOff(17))
        .expect_by(secs(50), expect::everyone_sees(17, Status::Dead))
        .run(1);
}

#[test]
fn many_crashes_at_once_are_all_found() {
    let mut scenario = Scenario::new("a third of the cluster crashes")
        .nodes(30)
        .expect_by(secs(30), expect::converged());
    for node in 20..30 {
        scenario = scenario.at(secs(30), Crash(node));
    }
    for node in 20..30 {
        scenario = scenario.expect_by(secs(90), expect::everyone_sees(node, Status::Dead));
    }
    scenario
        .expect_by(secs(90), expect::converged())
        .expect_by(secs(90), expect::no_false_deaths())
        .run(2);
}

#[test]
fn all_but_one_crash_and_the_last_one_knows_it() {
    let mut cluster = Cluster::lan(10).seed(3).build_joined();
    for node in 1..10 {
        cluster.crash(node);
    }
    cluster.run_until(Cluster::converged, secs(180)).unwrap();
    let events: Vec<_> = cluster.events(0).map(|(_, event)| event.clone()).collect();
    assert!(events.contains(&Event::Isolated));
}

#[test]
fn at_5_percent_loss_nobody_is_declared_dead() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(50).seed(seed).loss_permille(50).build_joined();
        cluster.run_for(secs(300));
        let figures = cluster.figures();
        assert_eq!(figures.false_deaths, 0, "seed {seed}\n{figures}");
        cluster.run_until(Cluster::converged, secs(60)).unwrap();
    }
}

#[test]
fn without_loss_nobody_is_even_suspected() {
    let mut cluster = Cluster::lan(50).seed(1).build_joined();
    cluster.run_for(secs(300));
    let figures = cluster.figures();
    assert_eq!((figures.false_suspicions, figures.total.suspicions), (0, 0), "{figures}");
}

#[test]
fn relays_find_a_way_around_a_path_that_is_cut_in_one_direction() {
    let mut cluster = Cluster::lan(10)
        .seed(4)
        .configure(|config| config.reliable_fallback = false)
        .build_joined();
    cluster.one_way_partition(&[2], &[7]);
    cluster.run_for(secs(300));
    let figures = cluster.figures();
    assert_eq!(figures.false_suspicions, 0, "{figures}");
    let rescued: u64 =
        cluster.nodes().map(|node| node.metrics().unwrap().probes_acked_indirectly()).sum();
    assert!(rescued >= 20, "both directions of probing need relays: {rescued}");
}

#[test]
fn relays_that_lose_a_fifth_themselves_still_rescue() {
    let builder = Cluster::lan(20).seed(5).configure(|config| config.reliable_fallback = false);
    let mut cluster = builder.build_joined();
    for relay in (0..20).filter(|relay| ![2, 7].contains(relay)) {
        for (from, to) in [(2, relay), (relay, 2), (7, relay), (relay, 7)] {
            cluster.set_loss_between(from, to, 200);
        }
    }
    cluster.one_way_partition(&[2], &[7]);
    cluster.run_for(secs(300));
    assert_eq!(cluster.figures().false_deaths, 0, "{}", cluster.figures());
}

#[test]
fn an_exchange_shows_that_a_member_lives_where_no_packet_passes() {
    // Two nodes have no relays: only the reliable fallback is left.
    let mut cluster = Cluster::lan(2).seed(6).build_joined();
    cluster.apply(PacketsBlocked(true));
    cluster.run_for(secs(120));
    let figures = cluster.figures();
    assert_eq!((figures.false_deaths, figures.false_suspicions), (0, 0), "{figures}");
    assert!(cluster.node(0).metrics().unwrap().probes_acked_indirectly() >= 10);
}
