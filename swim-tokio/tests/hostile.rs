//! Bad guests at a node's port while its cluster goes on undisturbed.

mod harness;

use std::time::{Duration, Instant};

use harness::{PATIENCE, builder, is_healthy_after, until_all_know_all};
use swim_tokio::{Metrics, Runtime, Subscription, TcpConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Three nodes that have little patience with connections.
async fn cluster() -> (Vec<Runtime>, Subscription) {
    let hasty = Duration::from_millis(200);
    let tcp = TcpConfig {
        preamble_timeout: hasty,
        frame_timeout: hasty,
        max_accepted_per_ip: 40,
        ..TcpConfig::default()
    };
    let mut nodes: Vec<Runtime> = Vec::new();
    for id in ["one", "two", "three"] {
        let seeds: Vec<_> = nodes.iter().map(Runtime::local_address).collect();
        nodes.push(builder(id).tcp(tcp.clone()).seeds(seeds).start().await.unwrap());
    }
    until_all_know_all(&nodes).await;
    let events = nodes[1].subscribe();
    (nodes, events)
}

async fn dial(node: &Runtime, first_bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(node.local_address()).await.unwrap();
    stream.write_all(first_bytes).await.unwrap();
    stream
}

/// A preamble of somebody at the discard port.
const PREAMBLE: &[u8] = b"SWIM\x01\x04\x7f\x00\x00\x01\x00\x09";

fn with_frame(frame: &[u8]) -> Vec<u8> {
    [PREAMBLE, frame].concat()
}

#[tokio::test]
async fn garbage_on_the_port() {
    let (nodes, mut events) = cluster().await;
    let mut guests = Vec::new();
    for first_bytes in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        &[0xff; 4_096],
        b"SWIM\x63\x04",
        b"SWIM\x01\x05",
    ] {
        guests.push(dial(&nodes[0], first_bytes).await);
    }
    guests.push(dial(&nodes[0], &with_frame(&[0, 0, 0, 5, 77, 1, 2, 3, 4])).await);
    // A frame whose packet is nothing the protocol knows: the core drops it, and the connection may
    // go on.
    guests.push(dial(&nodes[0], &with_frame(&[0, 0, 0, 4, 0, 0xc1, 0xc1, 0xc1])).await);
    let counted = |metrics: &Metrics| {
        metrics.transport.preambles_bad >= 4 && metrics.transport.malformed >= 1
    };
    is_healthy_after(&nodes, &mut events, counted).await;
}

#[tokio::test]
async fn connections_that_say_nothing() {
    let (nodes, mut events) = cluster().await;
    let mut half_open = Vec::new();
    for _ in 0..30 {
        half_open.push(dial(&nodes[0], b"").await);
    }
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.preambles_bad >= 30).await;
    for stream in &mut half_open {
        let end =
            tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await.expect("it is closed");
        assert!(matches!(end, Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn connections_that_are_half_closed_end_and_give_their_places_back() {
    let (nodes, mut events) = cluster().await;
    // More in all than may be there at a time.
    for _ in 0..3 {
        let mut half_closed = Vec::new();
        for _ in 0..25 {
            let mut stream = dial(&nodes[0], PREAMBLE).await;
            stream.shutdown().await.unwrap();
            half_closed.push(stream);
        }
        for stream in &mut half_closed {
            let mut told = Vec::new();
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut told))
                .await
                .expect("it is closed")
                .unwrap();
            assert_eq!(told, b"SWIM\x01", "greeted, and nothing more");
        }
    }
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.accepted >= 75).await;
    assert_eq!(nodes[0].metrics().transport.accepts_refused, 0);
}

#[tokio::test]
async fn more_connections_than_allowed_from_one_address() {
    let (nodes, mut events) = cluster().await;
    let mut guests = Vec::new();
    for _ in 0..60 {
        guests.push(dial(&nodes[0], PREAMBLE).await);
    }
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.unproven_closed >= 20).await;
}

/// From several addresses, with preambles and then nothing: all places are taken, and a newcomer
/// gets one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn idle_connections_in_all_places_keep_no_newcomer_out_and_cut_no_member_off() {
    let tcp = TcpConfig { max_accepted: 40, max_accepted_per_ip: 16, ..TcpConfig::default() };
    let first = builder("one").tcp(tcp.clone()).start().await.unwrap();
    let second = builder("two").tcp(tcp.clone()).seed(first.local_address()).start().await.unwrap();
    let nodes = [first, second];
    until_all_know_all(&nodes).await;
    let mut events = nodes[1].subscribe();
    let mut idle = Vec::new();
    for round in 0..20 {
        for address in 10..20 {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, address], 0).into()).unwrap();
            let mut stream = socket.connect(nodes[0].local_address()).await.unwrap();
            stream
                .write_all(&[b"SWIM\x01\x04\x7f\x00\x00", &[address, 0, round][..]].concat())
                .await
                .unwrap();
            idle.push(stream);
        }
    }
    let new = builder("new").tcp(tcp).start().await.unwrap();
    let joined = tokio::time::timeout(PATIENCE, new.join([nodes[0].local_address()]))
        .await
        .expect("in time");
    assert_eq!(joined, Ok(3));
    let nodes: Vec<_> = nodes.into_iter().chain([new]).collect();
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.unproven_closed >= 150).await;
}

#[tokio::test]
async fn bytes_that_trickle() {
    let (nodes, mut events) = cluster().await;
    let mut trickling = Vec::new();
    for _ in 0..5 {
        trickling.push(dial(&nodes[0], &PREAMBLE[..3]).await);
        trickling.push(dial(&nodes[0], &with_frame(&[0, 0, 5, 0, 0])).await);
    }
    let trickle = async {
        loop {
            for stream in &mut trickling {
                // An error is the end that is hoped for.
                let _ = stream.write_all(b"x").await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = |metrics: &Metrics| {
        metrics.transport.preambles_bad >= 5 && metrics.transport.timed_out >= 5
    };
    tokio::select! {
        () = trickle => unreachable!("it goes on for ever"),
        () = is_healthy_after(&nodes, &mut events, counted) => {}
    }
}

#[tokio::test]
async fn frames_larger_than_allowed() {
    let (nodes, mut events) = cluster().await;
    let mut packet = dial(&nodes[0], &with_frame(&[0x7f, 0xff, 0xff, 0xff, 0])).await;
    let mut request =
        dial(&nodes[0], &with_frame(&[0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 5])).await;
    let mut told = Vec::new();
    tokio::time::timeout(PATIENCE, request.read_to_end(&mut told))
        .await
        .expect("it is closed")
        .unwrap();
    assert_eq!(
        told, b"SWIM\x01\x00\x00\x00\x0a\x03\x00\x00\x00\x00\x00\x00\x00\x05\x01",
        "refused by its number"
    );
    let _ =
        tokio::time::timeout(PATIENCE, packet.read_to_end(&mut told)).await.expect("it is closed");
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.oversized >= 2).await;
}

#[tokio::test]
async fn a_flood_of_packets_delays_nobody() {
    let (nodes, mut events) = cluster().await;
    let mut flood = dial(&nodes[0], PREAMBLE).await;
    let frame = [&[0, 0, 2, 1, 0][..], &[0xc1; 512]].concat();
    let block = frame.repeat(100);
    let until = Instant::now() + Duration::from_secs(1);
    while Instant::now() < until {
        flood.write_all(&block).await.unwrap();
    }
    is_healthy_after(&nodes, &mut events, |metrics| metrics.transport.frames_received > 10_000)
        .await;
}
