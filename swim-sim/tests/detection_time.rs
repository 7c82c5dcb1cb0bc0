//! How long a detection takes is what docs/PROTOCOL.md, "How long a detection takes", says, and
//! what `swim info` computes.

use std::time::Duration;

use swim_core::{Event, Status};
use swim_sim::{Cluster, Seeds};

/// Seconds until the first node suspects a crashed one, and until the first takes it for dead, on
/// average.
fn measured(members: usize, runs: u64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for seed in 0..runs {
        let mut cluster = Cluster::lan(members).seed(seed).build();
        cluster.join_all(Seeds::First);
        cluster.run_until(Cluster::converged, Duration::from_secs(60)).expect("they meet");
        // Crashes come at any place of the round.
        cluster.run_for(Duration::from_millis(20_000 + 137 * seed));
        let crashed = cluster.now();
        cluster.crash(1);
        let known = |cluster: &Cluster| cluster.everyone_sees(1, Status::Dead);
        cluster.run_until(known, Duration::from_secs(120)).expect("it is found");
        let is_told: [fn(&Event) -> bool; 2] = [
            |event| matches!(event, Event::Suspected { .. }),
            |event| matches!(event, Event::Failed(_)),
        ];
        for (sum, is_told) in sums.iter_mut().zip(is_told) {
            let told = cluster
                .all_events()
                .find(|observed| observed.at > crashed && is_told(&observed.event));
            *sum += told.expect("it is told").at.since(crashed).as_secs_f64();
        }
    }
    sums.map(|sum| sum / runs as f64)
}

#[test]
fn simulated_clusters_take_as_long_as_the_formula_says() {
    // (n - 1) / n * T + T, and 4 * max(1, log10(n)) * T after it.
    for (members, expected) in [(5, [1.8, 5.8]), (30, [1.97, 7.88])] {
        let measured = measured(members, 30);
        for (measured, expected) in measured.into_iter().zip(expected) {
            assert!(
                (measured / expected - 1.0).abs() < 0.2,
                "{members} members: {measured} s, and not {expected} s"
            );
        }
    }
}
