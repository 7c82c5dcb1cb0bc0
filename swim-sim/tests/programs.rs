//! What programs on the simulator can do beyond membership, and what clusters are refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use swim_core::{Event, Instant, Status};
use swim_sim::{Checker, Cluster, Fault, Latency, Link, expect};

/// Lets time pass until a program is told what it waits for.
fn told<T>(cluster: &mut Cluster, wanted: impl Fn(usize, &Event) -> Option<T>) -> T {
    while let Some(observed) = cluster.next_event(Duration::from_secs(30)) {
        if let Some(found) = wanted(observed.node, &observed.event) {
            return found;
        }
    }
    panic!("not told\n{}", cluster.standing())
}

#[test]
fn a_program_answers_queries_pings_and_has_the_dead_leave() {
    let mut cluster = Cluster::lan(4).answers_of_programs().build_joined();
    let asked = cluster.query(0, "load").unwrap();
    let id = told(&mut cluster, |node, event| match event {
        Event::Query { id, .. } if node == 2 => Some(*id),
        _ => None,
    });
    cluster.respond(2, id, b"0.7").unwrap();
    let answer = told(&mut cluster, |node, event| match event {
        Event::QueryResponse { id, payload, .. } if node == 0 && *id == asked => {
            Some(payload.to_vec())
        }
        _ => None,
    });
    assert_eq!(answer, b"0.7");
    cluster.ping(1, 3).unwrap();
    told(&mut cluster, |node, event| {
        matches!(event, Event::Pinged { round_trip: Some(_), .. } if node == 1).then_some(())
    });
    cluster.crash(3);
    let dead = expect::everyone_sees(3, Status::Dead);
    cluster.run_until(|cluster: &Cluster| dead.check(cluster), Duration::from_secs(60)).unwrap();
    cluster.force_leave(0, 3, false).unwrap();
    let left = expect::everyone_sees(3, Status::Left);
    cluster.run_until(|cluster: &Cluster| left.check(cluster), Duration::from_secs(60)).unwrap();
}

#[test]
fn a_direction_has_a_path_of_its_own() {
    let slow = Link { latency: Latency::Constant(Duration::from_millis(70)), ..Link::lan() };
    let mut cluster = Cluster::lan(2).link_between(0, 1, slow).build_joined();
    let round_trip = |cluster: &mut Cluster| {
        cluster.ping(0, 1).unwrap();
        told(cluster, |_, event| match event {
            Event::Pinged { round_trip, .. } => *round_trip,
            _ => None,
        })
    };
    let took = round_trip(&mut cluster);
    assert!((70..100).contains(&took.as_millis()), "one way alone is slow: {took:?}");
    cluster.set_link(0, 1, Link::lan());
    assert!(round_trip(&mut cluster) < Duration::from_millis(20));
}

#[test]
fn a_checker_hands_out_what_it_has_seen_and_a_cluster_goes_to_another_thread() {
    #[derive(Debug)]
    struct Counter(Arc<Mutex<u32>>);
    impl Checker for Counter {
        fn name(&self) -> &'static str {
            "counts timeouts"
        }
        fn timeout(&mut self, _: Instant, _: usize) -> Result<(), String> {
            *self.0.lock().unwrap() += 1;
            Ok(())
        }
    }
    let counted = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&counted);
    let mut cluster =
        Cluster::lan(3).checker(move || Box::new(Counter(Arc::clone(&shared)))).build_joined();
    std::thread::spawn(move || cluster.run_for(Duration::from_secs(5))).join().unwrap();
    assert!(*counted.lock().unwrap() > 10);
}

#[test]
#[should_panic(expected = "loss_permille = 1001: of 1,000 there are 0 to 1000")]
fn a_cluster_with_a_share_of_more_than_all_is_refused() {
    let _ = Cluster::lan(2).loss_permille(1_001).build();
}

#[test]
#[should_panic(expected = "loss = 1001")]
fn a_fault_that_cannot_be_is_refused_in_code_as_in_a_file() {
    Cluster::lan(2).build().apply(Fault::Loss(1_001));
}

#[test]
#[should_panic(expected = "there is no node 2: 2 nodes are numbered from 0 to 1")]
fn a_path_to_a_node_that_is_not_there_is_refused() {
    let _ = Cluster::lan(2).link_between(0, 2, Link::lan()).build();
}

#[test]
#[should_panic(expected = "low must not be above high")]
fn a_latency_from_high_to_low_is_refused() {
    let ms = Duration::from_millis;
    let _ = Cluster::lan(2).latency(Latency::Uniform { low: ms(9), high: ms(1) }).build();
}
