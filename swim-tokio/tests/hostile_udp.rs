//! Bad guests at a node's UDP port: floods, and who would have it send more than it was sent.

mod harness;

use std::cell::Cell;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::{chain_of, is_healthy_after, name, until, until_all_know_all};
use swim_tokio::swim_core::SequenceNumber;
use swim_tokio::swim_core::wire::{Message, begin_packet, cluster_hash};
use swim_tokio::{Packets, Runtime};

async fn cluster(count: usize) -> Vec<Runtime> {
    let nodes = chain_of(count, |builder| builder.packets(Packets::Udp)).await;
    until_all_know_all(&nodes).await;
    nodes
}

fn guest() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(Duration::from_millis(1))).expect("it is above zero");
    socket
}

fn packet(messages: &[Message<'_>]) -> Vec<u8> {
    let mut packet = Vec::new();
    begin_packet(cluster_hash("default"), &mut packet);
    messages.iter().for_each(|message| message.encode(&mut packet));
    packet
}

/// How many bytes come to the guest, until three further probes of the node have been answered.
async fn drawn(node: &Runtime, guest: &UdpSocket) -> usize {
    let acked = || node.metrics().protocol.probes_acked;
    let before = acked();
    until("three further probes", || acked() >= before + 3).await;
    let (mut total, mut bytes) = (0, [0; 65_536]);
    while let Ok(length) = guest.recv(&mut bytes) {
        total += length;
    }
    total
}

#[tokio::test]
async fn an_address_that_proved_nothing_gets_no_more_bytes_than_came_from_it() {
    let nodes = cluster(3).await;
    // Enough to say in each packet that is sent to anybody.
    for number in 0..30 {
        nodes[0].broadcast(format!("{number}: {}", "x".repeat(300))).await.expect("it fits");
    }
    let (own, other) = (name(0), name(1));
    let sequence = SequenceNumber::new(7);
    let ping = |source| Message::Ping { sequence, target: &own, source };
    let ping_req = |target, source| Message::PingReq { sequence, target, source };
    let stranger = "a-stranger";
    for (what, bytes, answered) in [
        ("a ping", packet(&[ping(stranger)]), true),
        ("a ping with the shortest name", packet(&[ping("s")]), true),
        ("a padded ping", [packet(&[ping("s")]), vec![0xc1; 1_000]].concat(), true),
        ("a ping in a member's name", packet(&[ping(&other)]), true),
        ("many pings", packet(&[ping(stranger); 40]), true),
        (
            "a ping for another",
            packet(&[Message::Ping { sequence, target: &other, source: stranger }]),
            false,
        ),
        ("a request to ping a member", packet(&[ping_req(&other, stranger)]), false),
        ("the same in a member's name", packet(&[ping_req(&name(2), &other)]), false),
        ("a request to ping nobody", packet(&[ping_req("nobody", stranger)]), false),
        ("an ack of nothing", packet(&[Message::Ack { sequence, source: &other }]), false),
        ("an empty packet", packet(&[]), false),
        ("noise", vec![0xff; 1_400], false),
    ] {
        let guest = guest();
        guest.send_to(&bytes, nodes[0].local_address()).expect("loopback takes it");
        let drawn = drawn(&nodes[0], &guest).await;
        assert!(drawn <= bytes.len(), "{what}: {drawn} bytes for {}", bytes.len());
        assert_eq!(drawn > 0, answered, "{what}: {drawn} bytes");
    }
}

#[tokio::test]
async fn a_node_that_is_said_to_live_at_a_third_address_draws_no_flood_to_it() {
    let nodes = cluster(3).await;
    let victim = guest();
    // A forged newcomer at the victim's address, which answers no ping: so it is no member
    // anywhere.
    let forger = guest();
    let address: SocketAddr = victim.local_addr().expect("it is bound");
    let incarnation = swim_tokio::Incarnation::new(1);
    let forged = packet(&[Message::Alive { id: "nobody", incarnation, address, metadata: b"" }]);
    forger.send_to(&forged, nodes[0].local_address()).expect("loopback takes it");
    let ping = Cell::new(0);
    until("the node asks who lives there", || {
        ping.set(victim.recv(&mut [0; 65_536]).unwrap_or(0));
        ping.get() > 0
    })
    .await;
    // The candidate's time is over long before three further probes of each node have been
    // answered.
    let mut further = 0;
    for node in &nodes {
        further += drawn(node, &victim).await;
        assert!(node.member("nobody").is_none(), "a member that never answered");
    }
    assert_eq!(further, 0, "bytes after the one ping");
    assert!(ping.get() <= 100, "a small ping: {} bytes", ping.get());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_starves_no_timer_and_delays_nobody_for_long() {
    let nodes = cluster(3).await;
    let mut events = nodes[1].subscribe();
    let (stop, to) = (AtomicBool::new(false), nodes[0].local_address());
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let guest = guest();
            let until = Instant::now() + Duration::from_secs(2);
            while !stop.load(Ordering::Relaxed) && Instant::now() < until {
                for length in [0, 1, 40, 700, 1_400] {
                    let _ = guest.send_to(&vec![0xc1; length], to);
                }
            }
        });
        let probes = nodes[0].metrics().protocol.probes;
        // The node under the flood begins probes while it lasts: its timers run.
        while !flood.is_finished() && nodes[0].metrics().protocol.probes < probes + 3 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(nodes[0].metrics().protocol.probes >= probes + 3, "its timers were starved");
        stop.store(true, Ordering::Relaxed);
    });
    let flooded = |metrics: &swim_tokio::Metrics| metrics.transport.datagrams_received > 1_000;
    is_healthy_after(&nodes, &mut events, flooded).await;
}
