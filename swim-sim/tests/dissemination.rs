//! Metadata and user broadcasts reach everyone, broadcasts at most once, and neither starves the
//! other.

use std::time::Duration;

use swim_core::{Config, Event, Status};
use swim_sim::{Cluster, Seeds, expect};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How often each node but the sender was told of a broadcast with this payload.
fn deliveries(cluster: &Cluster, sender: usize, wanted: &[u8]) -> Vec<usize> {
    let is_it =
        |event: &Event| matches!(event, Event::Broadcast { payload, .. } if **payload == *wanted);
    let others = (0..cluster.nodes().len()).filter(|&node| node != sender);
    others.map(|node| cluster.events(node).filter(|(_, event)| is_it(event)).count()).collect()
}

#[test]
fn changed_metadata_reaches_everyone_at_every_loss() {
    for (loss, within) in [(0, 3), (50, 5), (200, 40)] {
        let mut cluster = Cluster::lan(50).seed(1).loss_permille(loss).build_joined();
        cluster.set_metadata(13, b"role=leader").unwrap();
        let all_know = |cluster: &Cluster| {
            cluster
                .nodes()
                .all(|node| node.member(13).is_some_and(|member| member.metadata == b"role=leader"))
        };
        cluster
            .run_until(all_know, secs(within))
            .unwrap_or_else(|late| panic!("loss {loss}: {late}"));
        let updated = |event: &Event| matches!(event, Event::Updated(member) if *member.metadata == *b"role=leader");
        for observer in (0..50).filter(|&node| node != 13) {
            assert_eq!(
                cluster.events(observer).filter(|(_, event)| updated(event)).count(),
                1,
                "node-{observer}"
            );
        }
    }
}

#[test]
fn metadata_changed_just_before_a_stall_survives_the_suspicion_that_overtakes_it() {
    for seed in 0..5 {
        let mut cluster = Cluster::lan(20).seed(seed).loss_permille(100).build_joined();
        for round in 0..5_u8 {
            cluster.set_metadata(6, &[round]).unwrap();
            cluster.run_for(Duration::from_millis(250));
            cluster.pause(6);
            cluster.run_for(secs(4));
            cluster.resume(6);
            cluster.run_for(secs(1));
        }
        cluster.run_until(Cluster::converged, secs(60)).unwrap();
        assert!(cluster.nodes().all(|node| node.member(6).unwrap().metadata == [4]));
    }
}

#[test]
fn metadata_changed_behind_a_cut_is_known_to_all_after_it() {
    let mut cluster = Cluster::lan(12).seed(2).build_joined();
    cluster.partition(&[&[0, 1, 2]]);
    cluster.set_metadata(1, b"new").unwrap();
    cluster.set_metadata(8, b"other").unwrap();
    cluster.run_for(secs(60));
    cluster.heal();
    cluster.run_until(Cluster::converged, secs(120)).unwrap();
}

#[test]
fn a_broadcast_is_heard_by_everyone_once_and_within_seconds() {
    let mut cluster = Cluster::lan(100).seed(3).build_joined();
    cluster.broadcast(42, b"deploy").unwrap();
    let heard = expect::everyone_heard(42, b"deploy");
    cluster.run_until(|c: &Cluster| heard.check(c), secs(5)).unwrap();
    cluster.run_for(secs(60));
    assert_eq!(deliveries(&cluster, 42, b"deploy"), vec![1; 99]);
    let own = |event: &Event| matches!(event, Event::Broadcast { .. });
    assert_eq!(
        cluster.events(42).filter(|(_, event)| own(event)).count(),
        0,
        "nobody hears itself"
    );
}

#[test]
fn duplicated_and_reordered_packets_deliver_no_broadcast_twice() {
    let builder = Cluster::lan(30).seed(4).duplicate_permille(300).reorder(300, secs(2));
    let mut cluster = builder.build_joined();
    for number in 0..40_u8 {
        cluster.broadcast(usize::from(number) % 30, &[number]).unwrap();
        cluster.run_for(Duration::from_millis(50));
    }
    cluster.run_for(secs(60));
    let mut heard = 0;
    for number in 0..40_u8 {
        let deliveries = deliveries(&cluster, usize::from(number) % 30, &[number]);
        assert!(deliveries.iter().all(|&times| times <= 1), "broadcast {number}: {deliveries:?}");
        heard += deliveries.iter().sum::<usize>();
    }
    // Each node sends it 8 times: about one delivery in 10,000 does not come about.
    assert!(heard >= 40 * 29 * 99 / 100, "{heard} of {}", 40 * 29);
}

#[test]
fn at_20_percent_loss_nearly_every_broadcast_is_heard_and_none_twice() {
    let mut cluster = Cluster::lan(50).seed(5).loss_permille(200).build_joined();
    for number in 0..20_u8 {
        cluster.broadcast(usize::from(number), &[number]).unwrap();
    }
    cluster.run_for(secs(60));
    let mut heard = 0;
    for number in 0..20_u8 {
        let deliveries = deliveries(&cluster, usize::from(number), &[number]);
        assert!(deliveries.iter().all(|&times| times <= 1), "broadcast {number}: {deliveries:?}");
        heard += deliveries.iter().sum::<usize>();
    }
    assert!(heard >= 20 * 49 * 99 / 100, "{heard} of {}", 20 * 49);
}

#[test]
fn a_restarted_sender_is_heard_again() {
    let mut cluster = Cluster::lan(10).seed(6).build_joined();
    cluster.broadcast(3, b"before").unwrap();
    cluster.run_for(secs(5));
    cluster.crash(3);
    cluster.run_for(secs(1));
    cluster.restart(3);
    cluster.run_until(Cluster::converged, secs(5)).unwrap();
    cluster.broadcast(3, b"after").unwrap();
    let heard = expect::everyone_heard(3, b"after");
    cluster.run_until(|c: &Cluster| heard.check(c), secs(5)).unwrap();
}

#[test]
fn broadcasts_do_not_starve_behind_a_flood_of_updates() {
    let mut cluster = Cluster::lan(30).seed(7).build_joined();
    let flood = |cluster: &mut Cluster, rounds: u64| {
        for round in 0..rounds {
            for node in 0..30 {
                let metadata = round.to_be_bytes().repeat(30);
                cluster.set_metadata(node, &metadata).unwrap();
            }
            cluster.run_for(Duration::from_millis(100));
        }
    };
    flood(&mut cluster, 20);
    assert!(
        cluster.nodes().all(|node| node.swim().unwrap().queued_updates() > 0),
        "there is always an update to send"
    );
    cluster.broadcast(7, b"now").unwrap();
    flood(&mut cluster, 40);
    assert_eq!(deliveries(&cluster, 7, b"now"), vec![1; 29], "heard by all within 4 s");
}

#[test]
fn a_broadcast_during_a_join_storm_is_heard_by_those_who_were_there() {
    let mut cluster = Cluster::lan(150).seed(7).build();
    for node in 1..50 {
        cluster.join(node, &[0]);
    }
    cluster.run_until(|c: &Cluster| c.node(0).members().len() == 50, secs(10)).unwrap();
    for node in 50..150 {
        cluster.join(node, &[0]);
    }
    cluster.broadcast(7, b"now").unwrap();
    cluster.run_for(secs(5));
    assert_eq!(deliveries(&cluster, 7, b"now")[..49], [1; 49]);
}

#[test]
fn updates_do_not_starve_behind_a_flood_of_broadcasts() {
    let mut cluster = Cluster::lan(30).seed(8).build_joined();
    let payload = [7; 400];
    let flood = |cluster: &mut Cluster, rounds: usize| {
        for _ in 0..rounds {
            for node in 0..30 {
                // A full queue refuses, which is what it is for.
                let _ = cluster.broadcast(node, &payload);
            }
            cluster.run_for(Duration::from_millis(100));
        }
    };
    flood(&mut cluster, 20);
    cluster.set_metadata(3, b"new").unwrap();
    flood(&mut cluster, 50);
    let informed =
        cluster.nodes().filter(|node| node.member(3).unwrap().metadata == b"new").count();
    assert_eq!(informed, 30, "all know within 5 s");
    cluster.crash(11);
    flood(&mut cluster, 200);
    cluster.everyone_sees(11, Status::Dead).unwrap();
    assert_eq!(cluster.figures().false_deaths, 0);
}

#[test]
fn a_full_queue_refuses_broadcasts_and_empties_again() {
    let few = |config: &mut Config| config.max_broadcasts = 8;
    let mut cluster = Cluster::lan(5).seed(9).configure(few).build_joined();
    let accepted = (0..20_u8).filter(|&number| cluster.broadcast(0, &[number]).is_ok()).count();
    assert_eq!(accepted, 8);
    cluster.run_for(secs(30));
    assert!(cluster.broadcast(0, b"again").is_ok());
    for number in 0..8_u8 {
        assert_eq!(deliveries(&cluster, 0, &[number]), vec![1; 4]);
    }
}

#[test]
fn a_broadcast_during_a_join_is_heard_by_those_who_were_there() {
    let mut cluster = Cluster::local(12).seed(10).build();
    cluster.join_all(Seeds::Chain);
    cluster.run_until(Cluster::converged, secs(2)).unwrap();
    let newcomer = cluster.add_node();
    cluster.join(newcomer, &[0]);
    cluster.broadcast(5, b"x").unwrap();
    cluster.run_for(secs(5));
    assert_eq!(deliveries(&cluster, 5, b"x")[..11], [1; 11]);
}
