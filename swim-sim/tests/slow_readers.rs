//! A program that reads a node's events more slowly than the log forgets them, and accounts that do
//! not live on the log.

use std::time::Duration;

use swim_core::Event;
use swim_sim::{Cluster, expect};

#[test]
fn who_reads_late_is_told_the_rest_and_how_many_events_are_lost() {
    const NODES: u64 = 20;
    let joins = |most: usize| {
        let mut cluster = Cluster::lan(NODES as usize).event_log(most).build_joined();
        let (mut told, mut lost) = (0, 0);
        while let Some(observed) = cluster.next_event(Duration::ZERO) {
            match observed.event {
                Event::Joined(_) => told += 1,
                Event::Lagged { missed } => lost += missed,
                _ => {}
            }
        }
        (told, lost)
    };
    assert_eq!(joins(1 << 20), (NODES * (NODES - 1), 0));
    let (told, lost) = joins(300);
    assert!(told > 250 && told < NODES * (NODES - 1), "the newest are told: {told}");
    assert!(lost >= NODES * (NODES - 1) - told, "{lost} are said to be lost");
}

#[test]
fn what_was_heard_is_known_though_the_log_has_forgotten_it() {
    let mut cluster = Cluster::lan(12).event_log(1).build_joined();
    let since = cluster.elapsed();
    cluster.broadcast(4, b"deploy").unwrap();
    cluster.send_user_event(3, "deploy", b"v2").unwrap();
    cluster.query(5, "load").unwrap();
    let heard = expect::everyone_heard(4, b"deploy");
    cluster.run_until(|cluster: &Cluster| heard.check(cluster), Duration::from_secs(20)).unwrap();
    cluster.run_for(Duration::from_secs(10));
    assert!(cluster.all_events().count() <= 1);
    let (broadcasts, announcements) = (cluster.deliveries(since), cluster.announcements(since));
    assert_eq!((broadcasts.owed, broadcasts.missed), (11, vec![]));
    // An event and a query to eleven each, and an answer of each.
    assert_eq!((announcements.owed, announcements.missed), (33, vec![]));
    assert!(cluster.everyone_heard(4, b"something else").is_err());
}
