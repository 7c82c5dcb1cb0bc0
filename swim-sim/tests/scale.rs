//! Large clusters, as large as a debug build bears: what costs n squared anywhere shows here first.

use std::time::Duration;

use swim_core::Status;
use swim_sim::{Cluster, Seeds};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A release build runs a thousand nodes in the time in which a debug build runs three hundred.
const NODES: usize = if cfg!(debug_assertions) { 300 } else { 1_000 };

#[test]
fn a_join_storm_is_over_within_ten_seconds_and_a_crash_is_seen_by_all() {
    let mut cluster = Cluster::lan(NODES).seed(1).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, secs(10)).unwrap();
    let victims = NODES - NODES / 100..NODES;
    victims.clone().for_each(|node| cluster.crash(node));
    cluster.set_loss(50);
    let all_seen = move |cluster: &Cluster| {
        victims.clone().try_for_each(|node| cluster.everyone_sees(node, Status::Dead))
    };
    cluster.run_until(all_seen, secs(60)).unwrap();
    let figures = cluster.figures();
    assert_eq!(figures.false_deaths, 0, "{figures}");
}
