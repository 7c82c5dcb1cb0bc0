//! Processes that are slow, and machines whose clocks run fast or slow.

use std::time::Duration;

use swim_core::{Event, Status};
use swim_sim::Fault::{ClockRate, SlowProcessing};
use swim_sim::{Cluster, Scenario, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_node_whose_clock_is_5_percent_wrong_is_left_in_peace() {
    for thousandths in [950, 1_050] {
        for seed in 0..3 {
            Scenario::new("a clock that is a little wrong")
                .nodes(20)
                .expect_by(secs(30), expect::converged())
                .at(secs(30), ClockRate { node: 4, thousandths })
                .expect_at(secs(630), expect::no_false_suspicions())
                .expect_at(secs(630), expect::converged())
                .run(seed);
        }
    }
}

#[test]
fn a_clock_that_runs_twice_as_fast_probes_twice_as_often() {
    let probes = |thousandths: u16| {
        let mut cluster = Cluster::lan(10).seed(1).build_joined();
        cluster.set_clock_rate(4, thousandths);
        let before = cluster.node(4).metrics().unwrap().packets_sent;
        cluster.run_for(secs(100));
        cluster.converged().unwrap();
        assert_eq!(cluster.figures().false_deaths, 0);
        cluster.node(4).metrics().unwrap().packets_sent - before
    };
    // Besides 1 probe a second by its own clock it answers as many of others, by theirs.
    let (slow, right, fast) = (probes(500), probes(1_000), probes(2_000));
    assert!((135..165).contains(&(100 * slow / right * 2)), "{slow} {right}");
    assert!((270..330).contains(&(100 * fast / right * 2)), "{fast} {right}");
}

#[test]
fn everyone_has_another_clock_and_nobody_is_harmed() {
    let mut cluster = Cluster::lan(20).seed(2).build();
    for node in 0..20 {
        cluster.set_clock_rate(node, 900 + 10 * node as u16);
    }
    cluster.join_all(swim_sim::Seeds::First);
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
    cluster.run_for(secs(300));
    assert_eq!(cluster.figures().false_deaths, 0);
    cluster.crash(7);
    cluster.run_until(|c: &Cluster| c.everyone_sees(7, Status::Dead), secs(60)).unwrap();
}

#[test]
fn a_node_that_is_slow_for_a_while_is_suspected_and_refutes() {
    for seed in 0..3 {
        let mut cluster = Cluster::lan(20).seed(seed).build_joined();
        let before = cluster.node(4).swim().unwrap().incarnation();
        cluster.set_slowness(4, ms(400));
        let is_suspected =
            |cluster: &Cluster| cluster.node(7).status_of(4) == Some(Status::Suspect);
        cluster.run_until(is_suspected, secs(30)).unwrap();
        cluster.set_slowness(4, Duration::ZERO);
        cluster.run_until(Cluster::converged, secs(30)).unwrap();
        assert!(cluster.node(4).swim().unwrap().incarnation() > before);
        let figures = cluster.figures();
        assert_eq!((figures.false_deaths, figures.stalled_deaths), (0, 0), "{figures}");
    }
}

#[test]
fn a_node_that_cannot_keep_up_is_wrong_about_others_and_harms_nobody_else() {
    for seed in 0..3 {
        let mut cluster = Cluster::lan(20).seed(seed).build_joined();
        cluster.set_slowness(4, ms(400));
        cluster.run_for(secs(120));
        let wrong =
            |event: &Event| matches!(event, Event::Failed(member) if *member.id != *"node-4");
        for node in (0..20).filter(|&node| node != 4) {
            assert!(
                !cluster.events(node).any(|(_, event)| wrong(event)),
                "node-{node} believed a node that is late"
            );
        }
        assert!(cluster.figures().stalled_deaths > 0, "it is as good as gone, and that is known");
        cluster.set_slowness(4, Duration::ZERO);
        cluster.run_until(Cluster::converged, secs(60)).unwrap();
    }
}

#[test]
fn a_node_that_is_hardly_slow_is_not_even_suspected() {
    let mut cluster = Cluster::lan(20).seed(4).build_joined();
    cluster.set_slowness(4, ms(5));
    cluster.run_for(secs(120));
    let figures = cluster.figures();
    assert_eq!((figures.total.suspicions, figures.stalled_deaths), (0, 0), "{figures}");
}

#[test]
fn a_node_that_gets_nothing_done_is_gone_and_comes_back_when_it_is_fast_again() {
    let mut cluster = Cluster::lan(20).seed(5).build_joined();
    cluster.set_slowness(4, secs(3_600));
    cluster.run_until(|c: &Cluster| c.everyone_sees(4, Status::Dead), secs(60)).unwrap();
    cluster.run_for(secs(300));
    cluster.set_slowness(4, Duration::ZERO);
    cluster.run_until(Cluster::converged, secs(90)).unwrap();
    assert_eq!(cluster.figures().false_deaths, 0);
}

#[test]
fn slow_nodes_stall_leave_crash_and_move_like_others() {
    Scenario::new("what else happens to slow nodes")
        .nodes(10)
        .expect_by(secs(30), expect::converged())
        .at(secs(30), SlowProcessing { node: 1, each: ms(50) })
        .at(secs(30), SlowProcessing { node: 2, each: ms(50) })
        .at(secs(30), SlowProcessing { node: 3, each: ms(50) })
        .at(secs(30), SlowProcessing { node: 4, each: ms(50) })
        .at(secs(40), swim_sim::Fault::Pause(1))
        .at(secs(40), swim_sim::Work::Leave(2))
        .at(secs(40), swim_sim::Fault::Crash(3))
        .at(secs(40), swim_sim::Fault::RestartAtNewAddress(4))
        .at(secs(43), swim_sim::Fault::Resume(1))
        .expect_by(secs(120), expect::everyone_sees(3, Status::Dead))
        .expect_by(secs(120), expect::everyone_sees(2, Status::Left))
        .expect_by(secs(120), expect::converged())
        .run(6);
}
