//! User events and queries in whole clusters: who hears of them, across losses and partitions, and
//! what their times say.

use std::collections::BTreeSet;
use std::time::Duration;

use swim_core::{Event, QueryId};
use swim_sim::{Cluster, Seeds};

const MINUTE: Duration = Duration::from_secs(60);

fn cluster(nodes: usize, seed: u64) -> Cluster {
    let mut cluster = Cluster::lan(nodes).seed(seed).build();
    cluster.join_all(Seeds::First);
    cluster.run_until(Cluster::converged, MINUTE).unwrap();
    cluster
}

/// The nodes whose users were told of the event.
fn hearers(cluster: &Cluster, wanted: &str) -> BTreeSet<usize> {
    let is_it = |event: &Event| matches!(event, Event::UserEvent { name, .. } if **name == *wanted);
    cluster
        .all_events()
        .filter(|observed| is_it(&observed.event))
        .map(|observed| observed.node)
        .collect()
}

#[test]
fn everyone_hears_of_an_event_once_and_who_reacts_is_later() {
    let mut cluster = cluster(30, 1);
    let cause = cluster.send_user_event(3, "cause", b"").unwrap();
    cluster.run_until(|cluster| hearers(cluster, "cause").len() == 30, MINUTE).unwrap();
    let effect = cluster.send_user_event(17, "effect", b"").unwrap();
    assert!(effect > cause);
    cluster.run_until(|cluster| hearers(cluster, "effect").len() == 30, MINUTE).unwrap();
    cluster.run_for(MINUTE);
    let told = cluster
        .all_events()
        .filter(|observed| matches!(observed.event, Event::UserEvent { .. }))
        .count();
    assert_eq!(told, 60, "each once");
}

#[test]
fn what_one_side_of_a_partition_missed_it_hears_when_it_heals() {
    let mut cluster = cluster(12, 2);
    cluster.partition(&[&[0, 1, 2, 3, 4, 5], &[6, 7, 8, 9, 10, 11]]);
    cluster.run_for(2 * MINUTE);
    cluster.send_user_event(0, "one side", b"").unwrap();
    cluster.send_user_event(9, "other side", b"").unwrap();
    cluster.run_for(MINUTE);
    assert_eq!(hearers(&cluster, "one side"), (0..6).collect());
    assert_eq!(hearers(&cluster, "other side"), (6..12).collect());
    cluster.heal();
    cluster.run_until(Cluster::converged, 5 * MINUTE).unwrap();
    let all = |cluster: &Cluster| {
        hearers(cluster, "one side").len() == 12 && hearers(cluster, "other side").len() == 12
    };
    cluster.run_until(all, MINUTE).unwrap();
}

#[test]
fn a_newcomer_does_not_hear_of_the_past_and_its_events_are_later_than_it() {
    let mut cluster = cluster(10, 3);
    for _ in 0..600 {
        cluster.send_user_event(1, "past", b"").unwrap();
    }
    cluster.crash(5);
    cluster.run_for(MINUTE);
    let before = cluster.all_events().count();
    cluster.restart(5);
    cluster.run_until(Cluster::converged, 2 * MINUTE).unwrap();
    let is_past =
        |event: &Event| matches!(event, Event::UserEvent { name, .. } if &**name == "past");
    let told = cluster
        .all_events()
        .skip(before)
        .filter(|observed| observed.node == 5 && is_past(&observed.event));
    assert_eq!(told.count(), 0);
    let time = cluster.send_user_event(5, "present", b"").unwrap();
    assert!(time.get() > 600, "{time}");
    cluster.run_until(|cluster| hearers(cluster, "present").len() == 10, MINUTE).unwrap();
}

/// How many answered a query of a node, and how many acks it got.
fn answers(cluster: &Cluster, wanted: QueryId) -> Option<(usize, usize)> {
    cluster.all_events().find_map(|observed| match observed.event {
        Event::QueryFinished { id, acks, responses } if id == wanted => Some((acks, responses)),
        _ => None,
    })
}

#[test]
fn everyone_answers_a_query_and_it_is_over_at_once() {
    let mut cluster = cluster(40, 4);
    let id = cluster.query(7, "who is there?").unwrap();
    let begun = cluster.now();
    cluster.run_until(|cluster| answers(cluster, id).is_some(), MINUTE).unwrap();
    let (acks, responses) = answers(&cluster, id).unwrap();
    assert!(
        responses == 40 && acks >= 39,
        "the last answer may overtake its ack: {acks} acks, {responses} answers"
    );
    assert!(
        cluster.now().since(begun) < Duration::from_secs(4),
        "it does not wait for its deadline"
    );
}

#[test]
fn a_query_into_silence_is_over_at_its_deadline() {
    let mut cluster = cluster(10, 5);
    cluster.crash(3);
    let id = cluster.query(0, "who is there?").unwrap();
    cluster.run_until(|cluster| answers(cluster, id).is_some(), MINUTE).unwrap();
    assert_eq!(answers(&cluster, id), Some((9, 9)));
}
