//! What the network can do besides losing and cutting: sites, queues, damage, flapping paths.

use std::time::Duration;

use swim_core::{DropReason, Event, Status};
use swim_sim::Fault::{Crash, Flapping, Heal};
use swim_sim::{Bandwidth, Cluster, Latency, Link, Scenario, Tail, Topology, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn three_sites_converge_and_tell_each_other_of_a_crash() {
    for seed in 0..3 {
        Scenario::new("a crash in one of three sites")
            .cluster(Cluster::three_sites(30))
            .expect_by(secs(60), expect::converged())
            .at(secs(60), Crash(4))
            .expect_by(secs(180), expect::everyone_sees(4, Status::Dead))
            .expect_at(secs(200), expect::no_false_deaths())
            .run(seed);
    }
}

#[test]
fn a_site_that_is_cut_off_comes_back() {
    let site = Topology::three_sites().nodes_at(1, 18);
    let mut cluster = Cluster::three_sites(18)
        .configure(|config| *config = swim_core::Config::lan())
        .build_joined();
    cluster.isolate(&site);
    let noticed = |cluster: &Cluster| {
        site.iter().all(|&node| cluster.node(0).status_of(node) == Some(Status::Dead))
    };
    cluster.run_until(noticed, secs(90)).unwrap();
    assert_eq!(
        cluster.node(site[0]).status_of(site[1]),
        Some(Status::Alive),
        "at its own site all is well"
    );
    cluster.heal();
    cluster.run_until(Cluster::converged, secs(120)).unwrap();
}

#[test]
fn a_packet_takes_as_long_as_the_class_of_its_path() {
    let mut recorded = Cluster::three_sites(12).record_trace().build_joined();
    // Two rounds of probes: node 0 sends to all, however early the join was over.
    recorded.run_for(secs(24 * 6));
    let trace = recorded.take_trace();
    // Node 0 stands with node 3 at a site, and with node 1 at none.
    let delays = |to: &str| {
        let sent = trace.lines().filter(|line| line.contains(" node-0 sent") && line.contains(to));
        let delay =
            |line: &'_ str| line.split("arrives in ").nth(1)?.split(':').next().map(String::from);
        sent.filter_map(delay).collect::<Vec<_>>()
    };
    let (near, far) = (delays("to 10.0.0.4:7946"), delays("to 10.0.0.2:7946"));
    assert!(!near.is_empty() && near.iter().all(|delay| delay.ends_with("µs")), "{near:?}");
    assert!(!far.is_empty() && far.iter().all(|delay| delay.ends_with("ms")), "{far:?}");
}

#[test]
fn a_narrow_path_drops_what_its_queue_cannot_hold_and_the_cluster_still_converges() {
    for seed in 0..3 {
        let narrow = Bandwidth { bytes_per_second: 4_000, queue_bytes: 2_000 };
        let mut cluster = Cluster::lan(20).seed(seed).bandwidth(narrow).build();
        cluster.join_all(swim_sim::Seeds::First);
        cluster.run_until(Cluster::converged, secs(120)).unwrap();
        cluster.crash(5);
        cluster.run_until(|c: &Cluster| c.everyone_sees(5, Status::Dead), secs(120)).unwrap();
        cluster.run_until(Cluster::converged, secs(120)).unwrap();
        assert!(cluster.figures().packets_overflowed > 0, "{}", cluster.figures());
    }
}

#[test]
fn damaged_packets_break_no_promise_and_are_survived() {
    for (seed, permille) in [(0, 50), (1, 200), (2, 400)] {
        let mut cluster = Cluster::lan(20).seed(seed).corrupt_permille(permille).build();
        cluster.join_all(swim_sim::Seeds::First);
        cluster.run_for(secs(60));
        cluster.crash(5);
        cluster.run_until(|c: &Cluster| c.everyone_sees(5, Status::Dead), secs(120)).unwrap();
        cluster.set_corruption(0);
        cluster.run_until(Cluster::converged, secs(120)).unwrap();
        let figures = cluster.figures();
        assert!(figures.packets_damaged > 100, "{figures}");
        assert!(figures.total.dropped(DropReason::Truncated) > 0, "some end too early");
        assert!(figures.packets_lost > 0, "some would have lied");
    }
}

#[test]
fn a_flapping_path_ends_in_agreement() {
    for (seed, up, down) in [(0, 5, 5), (1, 1, 3), (2, 20, 40)] {
        Scenario::new("flapping paths")
            .nodes(20)
            .expect_by(secs(30), expect::converged())
            .at(
                secs(30),
                Flapping {
                    one: (0..5).collect(),
                    other: (5..20).collect(),
                    up: secs(up),
                    down: secs(down),
                },
            )
            .at(secs(330), Heal)
            .expect_by(secs(480), expect::converged())
            .run(seed);
    }
}

#[test]
fn one_flapping_path_of_many_makes_nobody_disappear() {
    let mut cluster = Cluster::lan(20).seed(4).build_joined();
    cluster.flap(&[3], &[7], secs(2), secs(2));
    cluster.run_for(secs(300));
    assert_eq!(cluster.figures().false_deaths, 0, "others reach both ends: {}", cluster.figures());
    cluster.converged().unwrap();
    let told =
        |node: usize| cluster.events(node).any(|(_, event)| matches!(event, Event::Isolated));
    assert!(!told(3) && !told(7));
}

#[test]
fn a_long_tail_costs_no_lives() {
    let link =
        Link { latency: Latency::log_normal(Duration::from_millis(20), Tail::Long), ..Link::lan() };
    let mut cluster = Cluster::lan(20).seed(5).link(link).build_joined();
    cluster.run_for(secs(120));
    assert_eq!(cluster.figures().false_deaths, 0, "{}", cluster.figures());
}

#[test]
fn on_the_radio_and_on_the_satellite_everyone_is_found() {
    for builder in [Cluster::lossy_wifi(16), Cluster::satellite(16)] {
        let mut cluster = builder.seed(6).build_joined();
        cluster.crash(9);
        cluster.run_until(|c: &Cluster| c.everyone_sees(9, Status::Dead), secs(240)).unwrap();
    }
}
