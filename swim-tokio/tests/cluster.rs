//! Whole clusters on loopback: joining, failing, refuting, leaving, coming back.

mod harness;

use std::time::{Duration, Instant};

use harness::{
    PATIENCE, alive, builder, chain, event, name, start, status, until, until_all_know_all,
};
use swim_core::wire::{Message, begin_packet, cluster_hash};
use swim_tokio::{Config, Event, Notice, Runtime, Status, TcpConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn three_nodes_join_through_a_chain_of_seeds() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    for node in &nodes {
        let members = node.members();
        assert!(
            members.iter().map(|member| member.id.as_str()).eq(["node-00", "node-01", "node-02"])
        );
        for (member, peer) in members.iter().zip(&nodes) {
            assert_eq!(member.address, peer.local_address());
        }
    }
}

#[tokio::test]
async fn twelve_nodes_join_through_a_chain_of_seeds() {
    let begun = Instant::now();
    let nodes = chain(12).await;
    until_all_know_all(&nodes).await;
    let took = begun.elapsed();
    println!("12 nodes through a chain of seeds: all know all after {took:?}");
    assert!(took < Duration::from_millis(1_500), "{took:?}");
}

#[tokio::test]
async fn a_killed_node_is_suspected_then_declared_dead_by_all_others() {
    let mut nodes = chain(4).await;
    until_all_know_all(&nodes).await;
    let mut events: Vec<_> = nodes[..3].iter().map(Runtime::subscribe).collect();
    drop(nodes.pop());
    for events in &mut events {
        let suspected = |event: &Event| match event {
            Event::Suspected { member, .. } => Some(member.id.clone()),
            _ => None,
        };
        assert_eq!(&*event(events, "a suspicion", suspected).await, "node-03");
        let failed = |event: &Event| match event {
            Event::Failed(member) => Some(member.id.clone()),
            _ => None,
        };
        assert_eq!(&*event(events, "a failure", failed).await, "node-03");
    }
    assert!(nodes.iter().all(|node| status(node, "node-03") == Some(Status::Dead)));
}

#[tokio::test]
async fn a_node_suspected_in_error_refutes() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let before = nodes[1].member("node-02").unwrap().claim.incarnation;
    let mut events = nodes[1].subscribe();
    let mut packet = Vec::new();
    begin_packet(cluster_hash("default"), &mut packet);
    Message::Suspect { id: "node-02", incarnation: before, from: "node-00" }.encode(&mut packet);
    forge(&nodes[0], &nodes[1], &packet).await;
    let refuted = |event: &Event| match event {
        Event::Refuted(member) => Some(member.clone()),
        _ => None,
    };
    let refuted = event(&mut events, "a refutation", refuted).await;
    assert_eq!(&*refuted.id, "node-02");
    assert!(refuted.claim.incarnation > before);
    until("all believe it", || nodes.iter().all(|node| alive(node) == 3)).await;
}

/// Sends a packet to a node as if another had sent it.
async fn forge(from: &Runtime, to: &Runtime, packet: &[u8]) {
    let mut stream = TcpStream::connect(to.local_address()).await.unwrap();
    let mut bytes = b"SWIM\x01\x04\x7f\x00\x00\x01".to_vec();
    bytes.extend_from_slice(&from.local_address().port().to_be_bytes());
    bytes.extend_from_slice(&(packet.len() as u32 + 1).to_be_bytes());
    bytes.push(0);
    bytes.extend_from_slice(packet);
    stream.write_all(&bytes).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_node_that_leaves_is_seen_to_have_left_and_not_to_have_failed() {
    let nodes = chain(4).await;
    until_all_know_all(&nodes).await;
    let mut events: Vec<_> = nodes[..3].iter().map(Runtime::subscribe).collect();
    nodes[3].leave().await.unwrap();
    nodes[3].shutdown().await;
    for events in &mut events {
        let gone = |event: &Event| match event {
            Event::Left(member) => Some(Ok(member.id.clone())),
            Event::Failed(_) => Some(Err("it failed")),
            _ => None,
        };
        assert_eq!(&*event(events, "a departure", gone).await.unwrap(), "node-03");
    }
}

#[tokio::test]
async fn a_node_comes_back_at_the_same_port_and_at_another() {
    let mut nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let address = nodes[2].local_address();
    nodes.pop().unwrap().shutdown().await;
    // At once, before anyone has noticed.
    let again =
        builder("node-02").bind(address).seed(nodes[0].local_address()).start().await.unwrap();
    assert_eq!(again.local_address(), address);
    nodes.push(again);
    let incarnation =
        |node: &Runtime| node.member("node-02").map(|member| member.claim.incarnation);
    let new = incarnation(&nodes[2]);
    until("the new self is known", || nodes.iter().all(|node| incarnation(node) >= new)).await;
    until_all_know_all(&nodes).await;

    nodes.pop().unwrap().shutdown().await;
    until("the death is noticed", || {
        nodes.iter().all(|node| status(node, "node-02") == Some(Status::Dead))
    })
    .await;
    nodes.push(start("node-02", [nodes[1].local_address()]).await);
    let address = nodes[2].local_address();
    until("it is known at its new address", || {
        let there =
            |node: &Runtime| node.member("node-02").map(|member| (member.address, member.status()));
        nodes.iter().all(|node| there(node) == Some((address, Status::Alive)))
    })
    .await;
}

#[tokio::test]
async fn a_seed_that_comes_up_late_is_found() {
    let late = free_port();
    let early = start("early", [late]).await;
    let mut events = early.subscribe();
    let failed = |event: &Event| match event {
        Event::SeedFailed { seed, failure, .. } => Some((*seed, *failure)),
        _ => None,
    };
    for _ in 0..2 {
        let failed = event(&mut events, "a failure of the seed", failed).await;
        assert_eq!(failed, (late, swim_tokio::ExchangeFailure::Refused));
    }
    let seed = builder("late").bind(late).start().await.unwrap();
    let joined = |event: &Event| match event {
        Event::SeedJoined { seed, members } => Some((*seed, *members)),
        _ => None,
    };
    assert_eq!(event(&mut events, "an answer of the seed", joined).await, (late, 2));
    until_all_know_all(&[early, seed]).await;
}

/// An address where nothing listens, and probably nothing will but the test itself.
fn free_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn two_clusters_on_crossed_seeds_do_not_mix() {
    let mut nodes = Vec::new();
    for (cluster, number) in [("red", 0), ("blue", 1), ("red", 2), ("blue", 3)] {
        let seeds: Vec<_> = nodes.iter().map(Runtime::local_address).collect();
        nodes.push(builder(&name(number)).cluster(cluster).seeds(seeds).start().await.unwrap());
    }
    let mut events = nodes[3].subscribe();
    let other = nodes[2].local_address();
    let refused = nodes[3].join([other]).await.unwrap_err();
    assert!(refused.to_string().contains("a cluster of another name"), "{refused}");
    let failed = |event: &Event| match event {
        Event::SeedFailed { seed, failure, .. } => (*seed == other).then_some(*failure),
        _ => None,
    };
    let failure = event(&mut events, "a failure of the seed", failed).await;
    assert_eq!(failure, swim_tokio::ExchangeFailure::OtherCluster);
    until("each has found its own", || nodes.iter().all(|node| alive(node) == 2)).await;
    for (number, node) in nodes.iter().enumerate() {
        let own = [name(number % 2), name(number % 2 + 2)];
        assert!(
            node.members()
                .iter()
                .map(|member| member.id.as_str())
                .eq(own.iter().map(String::as_str))
        );
    }
}

#[tokio::test]
async fn a_broadcast_reaches_every_other_member_once() {
    // Gossip reaches all only with high probability: at the preset's three transmissions by each
    // node, one of five is passed over once in some sixty times.
    let config = Config { retransmit_mult: 10, ..Config::local() };
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..5 {
        let seed = nodes.last().map(Runtime::local_address);
        nodes
            .push(builder(&name(number)).config(config.clone()).seeds(seed).start().await.unwrap());
    }
    until_all_know_all(&nodes).await;
    let mut events: Vec<_> = nodes.iter().map(Runtime::subscribe).collect();
    nodes[2].broadcast("first").await.unwrap();
    nodes[2].broadcast("second").await.unwrap();
    let payload = |event: &Event| match event {
        Event::Broadcast { from, payload } => Some((from.to_string(), payload.to_vec())),
        _ => None,
    };
    for (number, events) in events.iter_mut().enumerate().filter(|&(number, _)| number != 2) {
        let mut heard = [
            event(events, "a broadcast", payload).await,
            event(events, "a broadcast", payload).await,
        ];
        heard.sort();
        let expected =
            [b"first".to_vec(), b"second".to_vec()].map(|payload| ("node-02".to_owned(), payload));
        assert_eq!(heard, expected, "at {number}");
    }
    // A third hearing would come with the packets that are still on their way: they end when none
    // waits any more.
    until("nothing is on its way", || {
        nodes.iter().all(|node| node.metrics().queued_broadcasts == 0)
    })
    .await;
    for events in &mut events {
        while let Some(notice) = events.try_next() {
            assert!(!matches!(notice, Notice::Event(Event::Broadcast { .. })), "{notice}");
        }
    }
}

#[tokio::test]
async fn new_metadata_reach_every_member() {
    let nodes = chain(3).await;
    until_all_know_all(&nodes).await;
    let mut events = nodes[2].subscribe();
    nodes[0].set_metadata("rack 7").await.unwrap();
    let updated = |event: &Event| match event {
        Event::Updated(member) => Some((member.id.to_string(), member.metadata.to_vec())),
        _ => None,
    };
    assert_eq!(
        event(&mut events, "an update", updated).await,
        ("node-00".to_owned(), b"rack 7".to_vec())
    );
    let metadata = |node: &Runtime| node.member("node-00").map(|member| member.metadata);
    until("all know it", || nodes.iter().all(|node| metadata(node).as_deref() == Some(b"rack 7")))
        .await;
}

#[tokio::test]
async fn a_cluster_works_with_fewer_connections_than_members() {
    let tcp = TcpConfig {
        max_dialed: 1,
        idle_timeout: Duration::from_millis(20),
        ..TcpConfig::default()
    };
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..6 {
        let seed = nodes.first().map(Runtime::local_address);
        nodes.push(builder(&name(number)).tcp(tcp.clone()).seeds(seed).start().await.unwrap());
    }
    until_all_know_all(&nodes).await;
    let mut events = nodes[0].subscribe();
    let answered = |node: &Runtime| node.metrics().protocol.probes_acked;
    until("each has been answered often", || nodes.iter().all(|node| answered(node) >= 8)).await;
    assert!(
        nodes.iter().all(|node| node.metrics().transport.retired > 0),
        "connections were closed and dialed again"
    );
    while let Some(notice) = events.try_next() {
        assert!(!matches!(notice, Notice::Event(Event::Failed(_))), "{notice}");
    }
}

#[tokio::test]
async fn a_ping_measures_the_round_trip() {
    let nodes = chain(2).await;
    until_all_know_all(&nodes).await;
    let ping = nodes[0].ping("node-01");
    let round_trip = tokio::time::timeout(PATIENCE, ping).await.unwrap().unwrap();
    assert!(round_trip.is_some_and(|time| time < PATIENCE), "{round_trip:?}");
    assert!(nodes[0].ping("nobody").await.is_err());
}
