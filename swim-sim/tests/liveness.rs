//! After the last fault everybody knows what there is to know, by computed deadlines; and who does
//! not is named.

use std::time::Duration;

use swim_core::Status;
use swim_sim::Fault::{Crash, Heal, Partition, PowerOff};
use swim_sim::{Cluster, Deadlines, Plan, Scenario, Work, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_deadlines_are_kept_at_every_loss() {
    for (seed, loss) in [(0, 0), (1, 50), (2, 200)] {
        Scenario::new("the dead are known in time")
            .nodes(20)
            .with(|cluster| cluster.loss_permille(loss))
            .expect_by(secs(30), expect::converged())
            .at(secs(30), Crash(3))
            .at(secs(31), PowerOff(4))
            .at(secs(32), Partition(vec![(0..10).collect()]))
            .at(secs(150), Heal)
            .expect_liveness()
            .run(seed);
    }
}

#[test]
fn after_chaos_the_deadlines_are_kept() {
    for seed in 0..4 {
        Scenario::new("chaos")
            .nodes(8)
            .seeds(swim_sim::Seeds::Few(3))
            .plan(&Plan::chaos(seed, 8, secs(30), secs(330)))
            .expect_liveness()
            .run(seed);
    }
}

#[test]
fn who_takes_the_dead_for_alive_is_named_and_why() {
    let mut cluster = Cluster::lan(5).seed(1).build_joined();
    cluster.isolate(&[4]);
    cluster.crash(2);
    let others_know = |cluster: &Cluster| {
        (0..4).all(|node| cluster.node(node).status_of(2) != Some(Status::Alive))
    };
    cluster.run_until(others_know, secs(30)).unwrap();
    let wrong = cluster.the_dead_are_known().unwrap_err();
    let text = wrong.explain(&cluster);
    assert!(text.contains("node-2 (Crashed)"), "{text}");
    assert!(text.contains("node-4 has node-2 as") && text.contains("which does not run"), "{text}");
    assert!(text.contains("node-4 cannot reach node-2"), "{text}");
    cluster
        .run_until(Cluster::the_dead_are_known, Deadlines::of(&swim_core::Config::lan(), 5).death())
        .unwrap();
    assert!(cluster.the_living_are_known().is_err(), "the cut still stands");
}

#[test]
fn broadcasts_are_delivered_as_far_as_is_promised() {
    for (seed, nodes, loss, permille) in
        [(0, 20, 0, 999), (1, 50, 50, 995), (2, 50, 200, 980), (3, 8, 0, 985), (4, 8, 200, 940)]
    {
        let mut scenario = Scenario::new("broadcasts")
            .nodes(nodes)
            .with(|cluster| cluster.loss_permille(loss))
            .expect_by(secs(30), expect::converged());
        for number in 0..200_u64 {
            let node = (7 * number) as usize % nodes;
            let work = Work::Broadcast { node, payload: number.to_be_bytes().to_vec() };
            scenario = scenario.at(secs(30) + Duration::from_millis(300 * number), work);
        }
        let outcome = scenario
            .expect_by(secs(110), expect::broadcasts_delivered(secs(30), permille))
            .run(seed);
        assert_eq!(outcome.cluster.deliveries(secs(30)).owed, 200 * (nodes - 1));
    }
}

#[test]
fn a_broadcast_into_a_cut_is_missed_and_said_to_be() {
    let mut cluster = Cluster::lan(5).seed(1).build_joined();
    cluster.isolate(&[4]);
    cluster.broadcast(0, b"news").unwrap();
    cluster.run_for(secs(10));
    let deliveries = cluster.deliveries(Duration::ZERO);
    assert_eq!((deliveries.owed, deliveries.missed.len()), (4, 1));
    assert!(
        deliveries.to_string().contains("node-4 did not hear what node-0 sent"),
        "{deliveries}"
    );
}
