//! Who is suspected or declared dead in error says so, and is believed.

use std::time::Duration;

use swim_core::{Event, Status};
use swim_sim::Cluster;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn suspects(cluster: &Cluster, subject: usize) -> usize {
    cluster.nodes().filter(|node| node.status_of(subject) == Some(Status::Suspect)).count()
}

#[test]
fn a_node_that_stalls_shortly_is_suspected_and_refutes_by_raising_its_incarnation() {
    let mut cluster = Cluster::lan(20).seed(1).build_joined();
    let before = cluster.node(4).swim().unwrap().incarnation();
    cluster.pause(4);
    cluster.run_until(|c: &Cluster| suspects(c, 4) == 19, secs(10)).unwrap();
    cluster.resume(4);
    cluster.run_until(Cluster::converged, secs(5)).unwrap();
    assert!(cluster.node(4).swim().unwrap().incarnation() > before);
    let figures = cluster.figures();
    assert_eq!((figures.false_deaths, figures.stalled_deaths), (0, 0), "{figures}");
    for observer in (0..20).filter(|&node| node != 4) {
        let refuted =
            |event: &Event| matches!(event, Event::Refuted(member) if *member.id == *"node-4");
        assert_eq!(
            cluster.events(observer).filter(|(_, event)| refuted(event)).count(),
            1,
            "node-{observer}"
        );
    }
    assert!(cluster.node(4).metrics().unwrap().refutations >= 1);
}

#[test]
fn a_node_that_stalls_until_it_is_declared_dead_comes_back_when_it_goes_on() {
    for seed in 0..3 {
        let mut cluster = Cluster::lan(20).seed(seed).build_joined();
        cluster.pause(4);
        cluster.run_until(|c: &Cluster| c.everyone_sees(4, Status::Dead), secs(30)).unwrap();
        cluster.run_for(secs(120));
        cluster.resume(4);
        cluster.run_until(Cluster::converged, secs(60)).unwrap();
        assert_eq!(
            cluster.figures().false_deaths,
            0,
            "those who were there all the time are left in peace"
        );
    }
}

#[test]
fn a_quarter_of_the_nodes_stalls_and_the_rest_is_left_in_peace() {
    let mut cluster = Cluster::lan(32).seed(2).build_joined();
    (0..8).for_each(|node| cluster.pause(node));
    cluster.run_for(secs(8));
    (0..8).for_each(|node| cluster.resume(node));
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
    let figures = cluster.figures();
    assert_eq!(figures.false_deaths, 0, "{figures}");
}

#[test]
fn a_node_that_stalls_again_and_again_raises_its_health_score_and_ends_well() {
    let mut cluster = Cluster::lan(20).seed(3).build_joined();
    for _ in 0..10 {
        cluster.pause(4);
        cluster.run_for(secs(3));
        cluster.resume(4);
        cluster.run_for(Duration::from_millis(200));
    }
    let healthiest = cluster
        .events(4)
        .any(|(_, event)| matches!(event, Event::HealthChanged { score } if *score > 0));
    assert!(healthiest, "it noticed that it is not well");
    cluster.run_until(Cluster::converged, secs(60)).unwrap();
    cluster.run_for(secs(120));
    assert_eq!(cluster.node(4).swim().unwrap().health(), 0);
    assert_eq!(cluster.figures().false_deaths, 0);
}

#[test]
fn a_node_that_hears_everyone_and_is_heard_by_none_is_not_kept_alive_and_comes_back() {
    let mut cluster = Cluster::lan(10).seed(4).build_joined();
    let others: Vec<_> = (1..10).collect();
    cluster.one_way_partition(&[0], &others);
    cluster.run_until(|c: &Cluster| c.everyone_sees(0, Status::Dead), secs(60)).unwrap();
    cluster.heal();
    cluster.run_until(Cluster::converged, secs(90)).unwrap();
}
