//! Clusters with a keyring: they work as others do, keep out nodes that have no key of theirs, and
//! change their keys while they run.

mod harness;

use std::net::UdpSocket;

use harness::{alive, builder, event, name, status, until, until_all_know_all};
use swim_tokio::swim_core::DropReason;
use swim_tokio::{
    Builder, Event, ExchangeFailure, JoinError, Key, Keyring, KeyringError, KeysError, Notice,
    Packets, PlainTraffic, Runtime, SeedFailure, Status, Subscription,
};

const BOTH: [Packets; 2] = [Packets::Tcp, Packets::Udp];

fn key(byte: u8) -> Key {
    Key::new(&[byte; 32]).expect("32 bytes")
}

fn sealed(id: &str, packets: Packets, byte: u8) -> Builder {
    builder(id).packets(packets).keyring(Keyring::new(key(byte)))
}

async fn chain(count: usize, packets: Packets) -> Vec<Runtime> {
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..count {
        let seed = nodes.last().map(Runtime::local_address);
        nodes.push(
            sealed(&name(number), packets, 1).seeds(seed).start().await.expect("a free port"),
        );
    }
    until_all_know_all(&nodes).await;
    nodes
}

/// What was dropped because it did not open: plain, unknown keys, broken, replayed.
fn unopened(node: &Runtime) -> [u64; 4] {
    let metrics = node.metrics().transport;
    [metrics.plain_refused, metrics.keys_unknown, metrics.seals_broken, metrics.replayed]
}

async fn further_probes(nodes: &[Runtime]) {
    let before: Vec<_> = nodes.iter().map(|node| node.metrics().protocol.probes_acked).collect();
    until("three further probes", || {
        nodes
            .iter()
            .zip(&before)
            .all(|(node, before)| node.metrics().protocol.probes_acked >= before + 3)
    })
    .await;
}

fn nobody_failed(heard: &mut [Subscription]) {
    for subscription in heard {
        while let Some(notice) = subscription.try_next() {
            let bad = matches!(notice, Notice::Event(Event::Failed(_) | Event::Isolated));
            assert!(!bad, "{notice}");
        }
    }
}

#[tokio::test]
async fn nodes_with_one_key_meet_hear_each_other_and_see_a_death() {
    for packets in BOTH {
        let mut nodes = chain(4, packets).await;
        let mut heard: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
        nodes[0].broadcast("to all").await.expect("it fits");
        for subscription in &mut heard[1..] {
            let wanted = |event: &Event| match event {
                Event::Broadcast { payload, .. } => Some(payload.to_vec()),
                _ => None,
            };
            assert_eq!(event(subscription, "the broadcast", wanted).await, b"to all");
        }
        assert!(nodes.iter().all(|node| unopened(node) == [0; 4]), "{:?}", nodes[0].metrics());
        drop(nodes.pop());
        until("all see the death", || {
            nodes.iter().all(|node| status(node, &name(3)) == Some(Status::Dead))
        })
        .await;
    }
}

#[tokio::test]
async fn a_cluster_over_ipv6_is_sealed_too() {
    let bind = || "[::1]:0".parse().expect("an address");
    let one = sealed("one", Packets::Udp, 1).bind(bind()).start().await.expect("a free port");
    let two = sealed("two", Packets::Udp, 1)
        .bind(bind())
        .seed(one.local_address())
        .start()
        .await
        .expect("a free port");
    let nodes = [one, two];
    until_all_know_all(&nodes).await;
    further_probes(&nodes).await;
    assert!(nodes.iter().all(|node| unopened(node) == [0; 4]));
}

/// Forgery: a node that has not the key does not come in, is told why, and is counted.
#[tokio::test]
async fn guests_without_the_key_are_kept_out_and_counted() {
    for packets in BOTH {
        let nodes = chain(2, packets).await;
        let outside = [builder("plain").packets(packets), sealed("other-key", packets, 9)];
        for (guest, at) in outside.into_iter().zip([0, 1]) {
            let guest = guest.start().await.expect("a free port");
            let Err(JoinError::NoneAnswered(failures)) =
                guest.join([nodes[0].local_address()]).await
            else {
                panic!("it joined")
            };
            assert_eq!(failures[0].1, SeedFailure::Exchange(ExchangeFailure::OtherKeys));
            until("it is counted", || unopened(&nodes[0])[at] >= 1).await;
            assert_eq!(alive(&guest), 1);
            // The other way round.
            let Err(JoinError::NoneAnswered(failures)) =
                nodes[1].join([guest.local_address()]).await
            else {
                panic!("it was joined")
            };
            assert_eq!(failures[0].1, SeedFailure::Exchange(ExchangeFailure::OtherKeys));
        }
        let cluster = sealed("other-cluster", packets, 1)
            .cluster("other")
            .start()
            .await
            .expect("a free port");
        assert!(cluster.join([nodes[0].local_address()]).await.is_err());
        until("it is counted", || unopened(&nodes[0])[2] >= 1).await;
        further_probes(&nodes).await;
        assert!(nodes.iter().all(|node| node.members().len() == 2));
    }
}

#[tokio::test]
async fn plain_forged_and_truncated_datagrams_are_dropped_by_reason() {
    let nodes = chain(2, Packets::Udp).await;
    let guest = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let to = nodes[0].local_address();
    let dropped =
        |node: &Runtime| DropReason::ALL.map(|reason| node.metrics().protocol.dropped(reason));
    let before_all = dropped(&nodes[0]);
    let header =
        |key: &str| [&[0xe1][..], &u32::from_str_radix(key, 16).unwrap().to_be_bytes()].concat();
    let known = nodes[0].keys()[0].to_string();
    for (datagram, at) in [
        (b"\x01\x93\x3b\x5b\xde".to_vec(), 0),
        (Vec::new(), 0),
        ([header("00000000"), vec![0; 100]].concat(), 1),
        ([header(&known), vec![0; 100]].concat(), 2),
        (header(&known), 2),
    ] {
        let before = unopened(&nodes[0]);
        guest.send_to(&datagram, to).expect("loopback takes it");
        until("it is counted", || unopened(&nodes[0])[at] == before[at] + 1).await;
    }
    assert_eq!(dropped(&nodes[0]), before_all, "the protocol never saw them");
    further_probes(&nodes).await;
}

/// A proper rotation: install at all, use at all, remove at all; three times, while broadcasts go
/// round.
#[tokio::test]
async fn keys_rotate_under_load_and_nothing_is_dropped() {
    for packets in BOTH {
        let nodes = chain(4, packets).await;
        let mut heard: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
        let rotation = async {
            for byte in 2..5 {
                for node in &nodes {
                    node.install_key(key(byte)).await.expect("there is room");
                }
                further_probes(&nodes).await;
                for node in &nodes {
                    node.use_key(key(byte).id()).await.expect("it is installed");
                    further_probes(&nodes).await;
                }
                for node in &nodes {
                    node.remove_key(key(byte - 1).id()).await.expect("it is not the primary one");
                }
                further_probes(&nodes).await;
            }
        };
        let load = async {
            loop {
                for node in &nodes {
                    // Too many wait already: that is the load.
                    let _ = node.broadcast("news").await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = rotation => {}
            () = load => unreachable!("it goes on for ever"),
        }
        nobody_failed(&mut heard);
        for node in &nodes {
            assert_eq!(unopened(node), [0; 4], "{packets:?}");
            assert_eq!(node.keys(), [key(4).id()]);
            assert_eq!(alive(node), 4);
        }
    }
}

/// Who was not told of a new key is out once the old one is gone, its connections too; and in again
/// when told.
#[tokio::test]
async fn a_removed_key_opens_nothing_and_its_connections_end() {
    for packets in BOTH {
        let nodes = chain(3, packets).await;
        for node in &nodes[..2] {
            node.install_key(key(2)).await.expect("there is room");
            node.use_key(key(2).id()).await.expect("it is installed");
        }
        for node in &nodes[..2] {
            node.remove_key(key(1).id()).await.expect("it is not the primary one");
        }
        until("the third is out", || status(&nodes[0], &name(2)) == Some(Status::Dead)).await;
        until("its traffic is counted", || unopened(&nodes[0])[1] + unopened(&nodes[1])[1] > 0)
            .await;
        assert_eq!(alive(&nodes[0]), 2);
        nodes[2].install_key(key(2)).await.expect("there is room");
        nodes[2].use_key(key(2).id()).await.expect("it is installed");
        until_all_know_all(&nodes).await;
    }
}

/// From plain to sealed in three rounds, each at one node after the other.
#[tokio::test]
async fn a_plain_cluster_is_moved_to_encryption_while_it_runs() {
    for packets in BOTH {
        let plain = builder("plain").packets(packets).start().await.expect("a free port");
        let mut nodes = Vec::new();
        for number in 0..3 {
            let node = sealed(&name(number), packets, 1).plain_traffic(PlainTraffic::Sent);
            nodes.push(node.seed(plain.local_address()).start().await.expect("a free port"));
        }
        until("old and new know each other", || {
            nodes.iter().chain([&plain]).all(|node| alive(node) == 4)
        })
        .await;
        plain.leave().await.expect("it runs");
        plain.shutdown().await;
        until("the plain one is gone", || nodes.iter().all(|node| alive(node) == 3)).await;
        let mut heard: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
        for plain in [PlainTraffic::Accepted, PlainTraffic::Refused] {
            for node in &nodes {
                node.set_plain_traffic(plain).await.expect("it has a keyring");
                assert_eq!(node.plain_traffic(), Some(plain));
                further_probes(&nodes).await;
            }
        }
        nobody_failed(&mut heard);
        assert!(nodes.iter().all(|node| unopened(node) == [0; 4]));
        let late = builder("late").packets(packets).start().await.expect("a free port");
        assert!(late.join([nodes[0].local_address()]).await.is_err(), "plain is refused now");
    }
}

#[tokio::test]
async fn keys_are_listed_by_their_names_and_changes_that_make_no_sense_are_errors() {
    let node = sealed("one", Packets::Tcp, 1).start().await.expect("a free port");
    assert_eq!(node.keys(), [key(1).id()]);
    node.install_key(key(2)).await.expect("there is room");
    node.install_key(key(2)).await.expect("it is there already");
    let refused = |result| matches!(result, Err(KeysError::Keyring(_)));
    assert!(refused(node.use_key(key(3).id()).await));
    assert!(matches!(
        node.remove_key(key(1).id()).await,
        Err(KeysError::Keyring(KeyringError::Primary))
    ));
    node.remove_key(key(3).id()).await.expect("it is not there");
    node.use_key(key(2).id()).await.expect("it is installed");
    assert_eq!(node.keys(), [key(2).id(), key(1).id()]);
    let plain = builder("two").start().await.expect("a free port");
    assert!(plain.keys().is_empty() && plain.plain_traffic().is_none());
    assert!(matches!(plain.install_key(key(1)).await, Err(KeysError::Off)));
    let shown = format!("{node:?} {:?}", sealed("one", Packets::Tcp, 77));
    assert!(shown.contains("Key(32 bytes)") && !shown.contains("77, 77"), "{shown}");
}

#[test]
fn the_blocking_calls_change_keys_and_the_file_says_what_the_memory_says() {
    let directory = std::env::temp_dir().join(format!("swim-sealed-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for temporary files");
    let path = directory.join("keyring");
    write_private(&path, &format!("{}\n", *swim_tokio::key_to_base64(&key(1))));
    let node = builder("one").keyring_file(&path).start_blocking().expect("a keyring");
    node.install_key(key(2)).expect("there is room");
    node.use_key(key(2).id()).expect("it is installed");
    let names = |keyring: &Keyring| keyring.keys().map(Key::id).collect::<Vec<_>>();
    assert_eq!(
        names(&swim_tokio::read_keyring(&path).expect("a keyring")),
        [key(2).id(), key(1).id()]
    );
    node.remove_key(key(1).id()).expect("it is not the primary one");
    assert_eq!(names(&swim_tokio::read_keyring(&path).expect("a keyring")), node.keys());
    // A file that cannot be written: nothing changes.
    std::fs::remove_dir_all(&directory).expect("it is there");
    assert!(matches!(node.install_key(key(3)), Err(KeysError::File { .. })));
    assert_eq!(node.keys(), [key(2).id()]);
    node.shutdown();
    assert!(matches!(node.install_key(key(3)), Err(KeysError::Stopped)), "it has stopped");
}

fn write_private(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).expect("the directory is there");
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("it is ours");
}

#[tokio::test]
async fn a_packet_under_its_seal_is_no_longer_than_the_settings_allow() {
    let config = swim_tokio::Config {
        max_packet_size: 1_051,
        max_metadata_size: 100,
        ..swim_tokio::Config::local()
    };
    let error = builder("one")
        .config(swim_tokio::Config { max_broadcast_size: 100, ..config })
        .packets(Packets::Udp)
        .keyring(Keyring::new(key(1)))
        .start()
        .await
        .expect_err("no room");
    assert!(
        error.to_string().contains("encryption") && error.to_string().contains("max_packet_size"),
        "{error}"
    );
}

/// It would be taken for protection that is not there.
#[cfg(feature = "memberlist")]
#[tokio::test]
async fn a_keyring_of_the_native_wire_is_an_error_on_memberlist_s() {
    let node = sealed("one", Packets::Udp, 1).memberlist(swim_tokio::Memberlist::plain());
    let error = node.start().await.expect_err("the wires differ");
    assert!(error.to_string().contains("memberlist") && error.is_of_arguments(), "{error}");
}

#[tokio::test]
async fn what_a_node_that_seals_hears_in_plain_goes_no_further() {
    let first = sealed("first", Packets::Udp, 1).start().await.unwrap();
    let seed = Some(first.local_address());
    let mixed = sealed("mixed", Packets::Udp, 1)
        .plain_traffic(PlainTraffic::Accepted)
        .seeds(seed)
        .start()
        .await
        .unwrap();
    let nodes = [first, mixed];
    until_all_know_all(&nodes).await;
    let [first, mixed] = nodes;
    let (mut at_first, mut at_mixed) = (first.subscribe(), mixed.subscribe());
    let seed = Some(mixed.local_address());
    let plain = sealed("plain", Packets::Udp, 1)
        .plain_traffic(PlainTraffic::Sent)
        .seeds(seed)
        .start()
        .await
        .unwrap();
    until("it is a member where plain is taken", || status(&mixed, "plain") == Some(Status::Alive))
        .await;
    plain.broadcast("in plain").await.unwrap();
    let heard = |event: &Event| match event {
        Event::Broadcast { payload, .. } => Some(payload.to_vec()),
        _ => None,
    };
    assert_eq!(event(&mut at_mixed, "what is said in plain", heard).await, b"in plain");
    // What the mixed node says itself comes through, and comes later.
    further_probes(&[first.clone(), mixed.clone()]).await;
    mixed.broadcast("sealed").await.unwrap();
    assert_eq!(event(&mut at_first, "what is said under a seal", heard).await, b"sealed");
    // It has the key, and answers under a seal when it is asked so: of the member itself all learn.
    until("the first one knows it", || status(&first, "plain") == Some(Status::Alive)).await;
}
