//! The recorded history agrees with the cluster at every moment, and recording changes nothing.

use std::time::Duration;

use swim_core::{Instant, Status};
use swim_sim::{Builder, Cluster, Fault, Phase, Plan};

const NODES: usize = 8;

/// Crashes, moves, stalls and a split, all over within 100 s.
fn plan() -> Plan {
    let secs = Duration::from_secs;
    Plan::new()
        .at(secs(10), Fault::Crash(3))
        .at(secs(20), Fault::Pause(4))
        .at(secs(26), Fault::Resume(4))
        .at(secs(40), Fault::Partition(vec![vec![0, 1, 2]]))
        .at(secs(55), Fault::Restart(3))
        .at(secs(60), Fault::RestartAtNewAddress(5))
        .at(secs(70), Fault::Heal)
}

fn cluster(record: bool) -> Cluster {
    let builder = Cluster::lan(NODES).seed(5).loss_permille(50);
    let mut cluster = if record { Builder::record_history(builder) } else { builder }.build();
    cluster.schedule(&plan());
    cluster.join_all(swim_sim::Seeds::First);
    cluster
}

/// The whole matrix as the nodes hold it now.
fn matrix(cluster: &Cluster) -> Vec<Option<Status>> {
    let rows = |node: usize| (0..NODES).map(move |subject| cluster.node(node).status_of(subject));
    (0..NODES).flat_map(rows).collect()
}

#[test]
fn the_matrix_at_any_time_is_what_the_nodes_believed_then() {
    let mut cluster = cluster(true);
    let mut believed = Vec::new();
    while cluster.elapsed() < Duration::from_secs(100) {
        cluster.run_for(Duration::from_millis(37));
        believed.push((cluster.now(), matrix(&cluster)));
    }
    let history = cluster.history().expect("it was asked for");
    let mut different = std::collections::BTreeSet::new();
    for (at, matrix) in &believed {
        let row =
            |node: usize| (0..NODES).map(move |subject| history.status_at(node, subject, *at));
        let recorded: Vec<_> = (0..NODES).flat_map(row).collect();
        assert_eq!(recorded, *matrix, "at {at}");
        different.insert(format!("{recorded:?}"));
    }
    assert!(different.len() > 20, "the matrix has changed a lot: {}", different.len());
    assert!(
        history
            .changes
            .iter()
            .any(|change| change.status == Some(Status::Suspect) && change.by.is_some())
    );
}

#[test]
fn recording_changes_nothing_and_is_the_same_each_time() {
    let run = |record| {
        let mut cluster = cluster(record);
        cluster.run_for(Duration::from_secs(100));
        cluster
    };
    let (first, second, without) = (run(true), run(true), run(false));
    assert_eq!(first.history(), second.history());
    assert_eq!(first.trace_hash(), without.trace_hash());
    assert_eq!(without.history(), None);
}

#[test]
fn pieces_that_were_taken_make_up_the_whole() {
    let mut in_pieces = cluster(true);
    let mut pieces = swim_sim::History::default();
    for _ in 0..100 {
        in_pieces.run_for(Duration::from_secs(1));
        pieces.append(in_pieces.take_history().expect("it was asked for"));
    }
    let mut whole = cluster(true);
    whole.run_for(Duration::from_secs(100));
    assert_eq!(Some(&pieces), whole.history());
}

#[test]
fn samples_are_evenly_spaced_and_say_how_many_rows_are_right() {
    let mut cluster = cluster(true);
    cluster.run_for(Duration::from_secs(120));
    let history = cluster.history().expect("it was asked for");
    assert_eq!(history.samples.len(), 1_201);
    for (number, sample) in history.samples.iter().enumerate() {
        assert_eq!(sample.at, Instant::from_millis(100 * number as u64));
        assert!(
            sample.correct <= sample.judged
                && sample.worst_health * sample.running >= sample.health
        );
        let rows = sample.rows.iter().sum::<u64>() + sample.unknown;
        assert!(rows >= sample.judged && rows <= (NODES * (NODES - 1)) as u64, "{sample:?}");
    }
    let at = |second: usize| &history.samples[10 * second];
    assert_eq!((at(9).correct, at(9).running), (56, 8), "all know all");
    assert!(at(65).correct * 10 < at(65).judged * 8, "in the split they do not: {:?}", at(65));
    assert_eq!((at(120).correct, at(120).judged), (56, 56), "and in the end they do again");
}

#[test]
fn phases_and_steps_say_what_was_done() {
    let mut cluster = cluster(true);
    cluster.run_for(Duration::from_secs(100));
    let history = cluster.history().expect("it was asked for");
    let of = |node| {
        history.phases.iter().filter(move |change| change.node == node).map(|change| change.phase)
    };
    assert_eq!(of(3).collect::<Vec<_>>(), [Phase::Running, Phase::Crashed, Phase::Running]);
    assert_eq!(of(4).collect::<Vec<_>>(), [Phase::Running, Phase::Paused, Phase::Running]);
    assert_eq!(of(5).collect::<Vec<_>>(), [Phase::Running, Phase::PoweredOff, Phase::Running]);
    assert_eq!(history.steps.len(), NODES + plan().steps().len(), "every node joined");
}
