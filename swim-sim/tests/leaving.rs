//! A graceful leave is seen as such by everyone, and is over in bounded time.

use std::time::Duration;

use swim_core::{Config, Event, Status};
use swim_sim::Work::Leave;
use swim_sim::{Cluster, Phase, Scenario, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn count(cluster: &Cluster, observer: usize, is_it: impl Fn(&Event) -> bool) -> usize {
    cluster.events(observer).filter(|(_, event)| is_it(event)).count()
}

#[test]
fn a_leave_is_seen_as_left_by_all_and_as_a_death_by_none() {
    for (loss, within) in [(0, 5), (50, 10), (200, 40)] {
        let mut cluster = Cluster::lan(50).seed(1).loss_permille(loss).build_joined();
        cluster.leave(9);
        cluster.run_until(|c: &Cluster| c.everyone_sees(9, Status::Left), secs(within)).unwrap();
        cluster.run_for(secs(60));
        for observer in (0..50).filter(|&node| node != 9) {
            let left =
                |event: &Event| matches!(event, Event::Left(member) if *member.id == *"node-9");
            let failed =
                |event: &Event| matches!(event, Event::Failed(member) if *member.id == *"node-9");
            assert_eq!(count(&cluster, observer, left), 1, "at node-{observer} with loss {loss}");
            assert_eq!(count(&cluster, observer, failed), 0, "at node-{observer} with loss {loss}");
        }
    }
}

#[test]
fn whoever_leaves_is_told_when_it_is_done_within_the_leave_timeout() {
    for (loss, seed) in [(0, 1), (500, 2), (1_000, 3)] {
        let mut cluster = Cluster::lan(20).seed(seed).build_joined();
        cluster.set_loss(loss);
        cluster.leave(9);
        let has_left = |cluster: &Cluster| cluster.node(9).phase() == Phase::Left;
        cluster
            .run_until(has_left, Config::lan().leave_timeout + Duration::from_millis(100))
            .unwrap();
        assert_eq!(count(&cluster, 9, |event| *event == Event::LeaveComplete), 1);
    }
}

#[test]
fn a_node_alone_leaves_at_once() {
    let mut cluster = Cluster::lan(1).build();
    cluster.run_for(secs(10));
    cluster.leave(0);
    let has_left = |cluster: &Cluster| cluster.node(0).phase() == Phase::Left;
    cluster.run_until(has_left, Duration::from_millis(10)).unwrap();
}

#[test]
fn half_of_the_nodes_leave_at_once_and_the_rest_agrees() {
    let mut scenario =
        Scenario::new("half leaves").nodes(30).expect_by(secs(30), expect::converged());
    for node in 15..30 {
        scenario = scenario.at(secs(30), Leave(node));
    }
    for node in 15..30 {
        scenario = scenario.expect_by(secs(60), expect::everyone_sees(node, Status::Left));
    }
    scenario.expect_by(secs(60), expect::no_false_deaths()).run(1);
}

#[test]
fn everyone_leaves_at_once_and_everyone_is_done() {
    let mut cluster = Cluster::lan(20).seed(2).build_joined();
    (0..20).for_each(|node| cluster.leave(node));
    let all_left = |cluster: &Cluster| cluster.nodes().all(|node| node.phase() == Phase::Left);
    cluster.run_until(all_left, secs(6)).unwrap();
}

#[test]
fn one_who_left_is_forgotten_after_its_time_and_may_come_back() {
    let mut cluster = Cluster::lan(10)
        .seed(3)
        .configure(|config| config.reap_left_after = secs(60))
        .build_joined();
    cluster.leave(9);
    cluster.run_until(|c: &Cluster| c.everyone_sees(9, Status::Left), secs(5)).unwrap();
    cluster.run_for(secs(50));
    cluster.everyone_sees(9, Status::Left).unwrap();
    cluster.run_for(secs(20));
    for observer in 0..9 {
        assert_eq!(cluster.node(observer).status_of(9), None, "at node-{observer}");
        assert_eq!(
            count(
                &cluster,
                observer,
                |event| matches!(event, Event::Reaped(id) if **id == *"node-9")
            ),
            1
        );
    }
    cluster.restart(9);
    cluster.run_until(Cluster::converged, secs(5)).unwrap();
}

#[test]
fn one_who_left_and_starts_again_at_once_is_alive_for_all() {
    let mut cluster = Cluster::lan(20).seed(4).build_joined();
    cluster.leave(9);
    cluster.run_until(|c: &Cluster| c.node(9).phase() == Phase::Left, secs(6)).unwrap();
    cluster.restart(9);
    cluster.run_until(Cluster::converged, secs(5)).unwrap();
}
