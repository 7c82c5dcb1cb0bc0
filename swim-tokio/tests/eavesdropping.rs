//! An eavesdropper on the wire of a cluster with a keyring: what is seen names nobody, what is sent
//! again is not taken twice, what is changed does not arrive. Each node advertises an address at
//! which a tap listens, which keeps all that comes and passes it on.

#[cfg(feature = "tls")]
#[path = "harness/certificates.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod certificates;
mod harness;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use harness::{builder, event, status, until, until_all_know_all};
use swim_tokio::{Builder, Event, Key, Keyring, Packets, Runtime, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Bytes, with where they went.
type Pieces = Arc<Mutex<Vec<(SocketAddr, Vec<u8>)>>>;

/// All that passed, in pieces as they came.
#[derive(Clone, Debug, Default)]
struct Tape {
    datagrams: Pieces,
    /// One for each direction of each connection, with where it was dialed.
    streams: Pieces,
}

impl Tape {
    fn shows(&self, word: &str) -> bool {
        let datagrams = self.datagrams.lock().expect("nobody panics with it").clone();
        let streams = self.streams.lock().expect("nobody panics with it").clone();
        datagrams
            .iter()
            .chain(&streams)
            .any(|(_, bytes)| bytes.windows(word.len()).any(|part| part == word.as_bytes()))
    }
}

/// A tap's two sockets on one port.
async fn tap() -> (TcpListener, UdpSocket, SocketAddr) {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        if let Ok(socket) = UdpSocket::bind(address).await {
            return (listener, socket, address);
        }
    }
}

/// A node that seals, or does not.
fn node(id: &str, packets: Packets, key: Option<u8>) -> Builder {
    let node = builder(id).packets(packets);
    match key {
        Some(byte) => node.keyring(Keyring::new(Key::new(&[byte; 32]).expect("32 bytes"))),
        None => node,
    }
}

/// Starts a node that is reached through a tap.
async fn tapped(
    id: &str,
    packets: Packets,
    key: Option<u8>,
    seed: Option<SocketAddr>,
    tape: &Tape,
) -> Runtime {
    start_tapped(node(id, packets, key), seed, tape).await
}

async fn start_tapped(node: Builder, seed: Option<SocketAddr>, tape: &Tape) -> Runtime {
    let (listener, socket, at) = tap().await;
    let node = node
        .advertise(at)
        .seeds(seed)
        .cluster("cluster-of-secrets")
        .start()
        .await
        .expect("a free port");
    let to = node.local_address();
    let datagrams = Arc::clone(&tape.datagrams);
    tokio::spawn(async move {
        let mut bytes = vec![0; 65_536];
        while let Ok((len, _)) = socket.recv_from(&mut bytes).await {
            datagrams.lock().expect("nobody panics with it").push((at, bytes[..len].to_vec()));
            let _ = socket.send_to(&bytes[..len], to).await;
        }
    });
    let streams = Arc::clone(&tape.streams);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(to).await else { continue };
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(record(near_in, far_out, at, Arc::clone(&streams)));
            tokio::spawn(record(far_in, near_out, at, Arc::clone(&streams)));
        }
    });
    node
}

async fn record<R, W>(mut from: R, mut to: W, at: SocketAddr, streams: Pieces)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let place = {
        let mut streams = streams.lock().expect("nobody panics with it");
        streams.push((at, Vec::new()));
        streams.len() - 1
    };
    let mut bytes = vec![0; 65_536];
    while let Ok(len @ 1..) = from.read(&mut bytes).await {
        streams.lock().expect("nobody panics with it")[place].1.extend_from_slice(&bytes[..len]);
        if to.write_all(&bytes[..len]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

const NAMES: [&str; 3] = ["member-alpha", "member-beta", "member-gamma"];
const PAYLOAD: &str = "the payload of a broadcast";
const METADATA: &str = "role=keeper-of-secrets";

/// A cluster does all that it can do while it is listened to: it joins, probes, gossips,
/// broadcasts, suspects, and one of it leaves.
async fn lives_a_life(node: impl Fn(&str) -> Builder) -> Tape {
    let tape = Tape::default();
    let mut nodes: Vec<Runtime> = Vec::new();
    for id in NAMES {
        let seed = nodes.first().map(Runtime::advertised_address);
        nodes.push(start_tapped(node(id), seed, &tape).await);
    }
    until_all_know_all(&nodes).await;
    nodes[1].set_metadata(METADATA).await.expect("it fits");
    let mut heard = nodes[2].subscribe();
    nodes[0].broadcast(PAYLOAD).await.expect("it fits");
    let wanted = |event: &Event| matches!(event, Event::Broadcast { .. }).then_some(());
    event(&mut heard, "the broadcast", wanted).await;
    until("all see the metadata", || {
        nodes.iter().all(|node| {
            node.member(NAMES[1]).is_some_and(|member| *member.metadata == *METADATA.as_bytes())
        })
    })
    .await;
    until("all probe", || nodes.iter().all(|node| node.metrics().protocol.probes_acked >= 5)).await;
    nodes[0].leave().await.expect("it runs");
    nodes[0].shutdown().await;
    until("all see it leave", || status(&nodes[2], NAMES[0]) == Some(Status::Left)).await;
    drop(nodes.pop());
    until("a death is seen", || status(&nodes[1], NAMES[2]) == Some(Status::Dead)).await;
    tape
}

#[tokio::test]
async fn with_a_keyring_no_name_payload_metadata_or_cluster_shows_on_the_wire() {
    for packets in [Packets::Tcp, Packets::Udp] {
        let tape = lives_a_life(|id| node(id, packets, Some(1))).await;
        let passed =
            |pieces: &Mutex<Vec<_>>| !pieces.lock().expect("nobody panics with it").is_empty();
        assert!(passed(&tape.streams) && (packets == Packets::Tcp || passed(&tape.datagrams)));
        for word in NAMES.iter().chain(&[PAYLOAD, METADATA, "cluster-of-secrets"]) {
            assert!(!tape.shows(word), "{packets:?}: {word}");
        }
    }
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn with_tls_no_name_payload_metadata_or_cluster_shows_on_the_wire() {
    let authority = certificates::Authority::new("ours");
    let tls = |id: &str| certificates::tls_for(id, &authority).with_bound_names();
    let tape = lives_a_life(|id| builder(id).tls(tls(id))).await;
    for word in NAMES.iter().chain(&[PAYLOAD, METADATA, "cluster-of-secrets"]) {
        assert!(!tape.shows(word), "{word}");
    }
}

/// The tap would see them: without a keyring all but the cluster's name are there.
#[tokio::test]
async fn without_a_keyring_the_same_tap_shows_them_all() {
    let tape = lives_a_life(|id| node(id, Packets::Tcp, None)).await;
    for word in NAMES.iter().chain(&[PAYLOAD, METADATA]) {
        assert!(tape.shows(word), "{word}");
    }
}

/// Replay, reflection and redirection of datagrams.
#[tokio::test]
async fn datagrams_sent_again_back_or_elsewhere_are_dropped_and_counted() {
    let tape = Tape::default();
    let one = tapped(NAMES[0], Packets::Udp, Some(1), None, &tape).await;
    let two = tapped(NAMES[1], Packets::Udp, Some(1), Some(one.advertised_address()), &tape).await;
    let nodes = [one, two];
    until_all_know_all(&nodes).await;
    until("some packets", || tape.datagrams.lock().expect("nobody panics with it").len() >= 20)
        .await;
    let recorded: Vec<_> = tape.datagrams.lock().expect("nobody panics with it")[..20].to_vec();
    let guest = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let counts =
        |node: &Runtime| (node.metrics().transport.replayed, node.metrics().transport.seals_broken);
    let before = [counts(&nodes[0]), counts(&nodes[1])];
    for (_, datagram) in &recorded {
        for node in &nodes {
            guest.send_to(datagram, node.local_address()).await.expect("loopback takes it");
        }
    }
    let to = |node: &Runtime| {
        recorded.iter().filter(|(at, _)| *at == node.advertised_address()).count() as u64
    };
    for (node, before) in nodes.iter().zip(before) {
        let expected = (before.0 + to(node), before.1 + 20 - to(node));
        until("each is counted, once", || counts(node) == expected).await;
    }
    until("the cluster goes on", || {
        nodes.iter().all(|node| node.metrics().protocol.probes_acked >= 10)
    })
    .await;
}

/// Replay and reflection of connections: what one side of a connection sent, to either node, on a
/// new connection.
#[tokio::test]
async fn connections_sent_again_say_nothing() {
    let tape = Tape::default();
    let one = tapped(NAMES[0], Packets::Tcp, Some(1), None, &tape).await;
    let two = tapped(NAMES[1], Packets::Tcp, Some(1), Some(one.advertised_address()), &tape).await;
    let nodes = [one, two];
    until_all_know_all(&nodes).await;
    until("some packets", || nodes.iter().all(|node| node.metrics().protocol.probes_acked >= 3))
        .await;
    let recorded = tape.streams.lock().expect("nobody panics with it").clone();
    let hellos: Vec<_> = recorded.into_iter().filter(|(_, bytes)| bytes.len() > 60).collect();
    assert!(hellos.len() >= 2, "both directions of one connection at least");
    for node in &nodes {
        for (_, bytes) in &hellos {
            let before = node.metrics().transport;
            let mut guest = TcpStream::connect(node.local_address()).await.expect("it listens");
            guest.write_all(bytes).await.expect("it is read");
            let mut answer = Vec::new();
            // An error is as good an end.
            let _ = guest.read_to_end(&mut answer).await;
            assert!(answer.len() <= 21, "a greeting at most: {answer:02x?}");
            let broken = |node: &Runtime| {
                let now = node.metrics().transport;
                now.seals_broken > before.seals_broken || now.keys_unknown > before.keys_unknown
            };
            until("it is counted", || broken(node)).await;
        }
    }
    until("the cluster goes on", || {
        nodes.iter().all(|node| node.metrics().protocol.probes_acked >= 10)
    })
    .await;
}
