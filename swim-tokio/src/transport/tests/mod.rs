//! The transport against itself and against bad peers, on loopback sockets and without a protocol
//! above it.

use std::time::Duration;

use swim_core::{ExchangeFailure, ExchangeId, ExchangeOutput};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::binding::bind;
use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A transport with the arrivals that no test has asked for yet.
struct Node {
    transport: Sockets,
    address: SocketAddr,
    arrived: Vec<Arrival>,
}

impl Node {
    fn start(config: TcpConfig) -> Self {
        Self::start_at("127.0.0.1:0", Packets::Tcp, config)
    }

    fn start_at(at: &str, packets: Packets, config: TcpConfig) -> Self {
        Self::start_with(at, packets, config, 1 << 20)
    }

    fn start_with(at: &str, packets: Packets, config: TcpConfig, max_exchange: usize) -> Self {
        let setup = Setup::new(swim_core::NodeId::new("one").unwrap(), at.parse().unwrap());
        let setup = Setup { max_packet: 1_400, max_exchange, ..setup };
        let transport = Sockets::open(&setup, packets, config).unwrap();
        Self { address: transport.local_address(), transport, arrived: Vec::new() }
    }

    fn open(&mut self, id: u64, to: SocketAddr, request: &[u8]) {
        self.transport.exchange(ExchangeOutput::Open {
            id: ExchangeId(id),
            to,
            request: request.to_vec(),
        });
    }

    fn reply(&mut self, id: ExchangeId, payload: &[u8]) {
        self.transport.exchange(ExchangeOutput::Reply { id, payload: payload.to_vec() });
    }

    async fn receive(&mut self) {
        std::future::poll_fn(|context| self.transport.poll_receive(context, &mut self.arrived))
            .await;
    }

    async fn next(&mut self) -> Arrival {
        while self.arrived.is_empty() {
            timeout(PATIENCE, self.receive()).await.expect("nothing arrives");
        }
        self.arrived.remove(0)
    }

    async fn packet(&mut self) -> (SocketAddr, Vec<u8>) {
        match self.next().await {
            Arrival::Packet { from, payload } => (from.address, payload.to_vec()),
            other => panic!("no packet: {other:?}"),
        }
    }

    async fn request(&mut self) -> (ExchangeId, SocketAddr, Vec<u8>) {
        match self.next().await {
            Arrival::Request { id, from, payload, .. } => (id, from.address, payload.to_vec()),
            other => panic!("no request: {other:?}"),
        }
    }

    async fn reply_or_failure(&mut self) -> (u64, Result<Vec<u8>, ExchangeFailure>) {
        match self.next().await {
            Arrival::Reply { id, payload, .. } => (id.0, Ok(payload.to_vec())),
            Arrival::Failed { id, failure } => (id.0, Err(failure)),
            other => panic!("no reply: {other:?}"),
        }
    }

    /// Lets the transport work until its counters satisfy `reached`.
    async fn until(&mut self, reached: impl Fn(&TransportMetrics) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !reached(&self.transport.metrics()) {
            assert!(Instant::now() < deadline, "never reached: {:?}", self.transport.metrics());
            let _ = timeout(Duration::from_millis(5), self.receive()).await;
        }
    }
}

/// Two nodes that work while one of them is waited for.
macro_rules! while_running {
    ($other:expr, $wait:expr) => {{
        let working = async {
            loop {
                $other.receive().await;
            }
        };
        tokio::select! {
            result = $wait => result,
            () = working => unreachable!("it works for ever"),
        }
    }};
}

/// After the macro that it uses.
mod datagrams;

fn hasty() -> TcpConfig {
    TcpConfig {
        connect_timeout: Duration::from_millis(500),
        preamble_timeout: Duration::from_millis(100),
        frame_timeout: Duration::from_millis(100),
        write_timeout: Duration::from_millis(300),
        ..TcpConfig::default()
    }
}

async fn dial_as(advertised: SocketAddr, node: &Node) -> TcpStream {
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(&preamble::encode(advertised)).await.unwrap();
    stream
}

/// Returns true if the other side closes the connection; whatever it says before is read over.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut sink = [0; 1_024];
    let closed = async { while let Ok(1..) = stream.read(&mut sink).await {} };
    timeout(PATIENCE, closed).await.is_ok()
}

#[tokio::test]
async fn packets_and_exchanges_pass_over_one_connection_in_both_directions() {
    let (mut a, mut b) = (Node::start(TcpConfig::default()), Node::start(TcpConfig::default()));
    a.transport.send_packet(b.address, b"ping");
    a.open(7, b.address, b"all?");
    let (from, payload) = while_running!(a, b.packet());
    assert_eq!((from, &payload[..]), (a.address, &b"ping"[..]));
    let (id, from, payload) = while_running!(a, b.request());
    assert_eq!((from, &payload[..]), (a.address, &b"all?"[..]));
    b.transport.send_packet(a.address, b"ack");
    let table = vec![5; 700_000];
    b.reply(id, &table);
    assert_eq!(while_running!(b, a.packet()), (b.address, b"ack".to_vec()));
    assert_eq!(while_running!(b, a.reply_or_failure()), (7, Ok(table)));
    b.open(0, a.address, b"and you?");
    let (id, from, _) = while_running!(b, a.request());
    assert_eq!(from, b.address);
    a.transport.exchange(ExchangeOutput::Refuse { id });
    assert_eq!(while_running!(a, b.reply_or_failure()), (0, Err(ExchangeFailure::Closed)));
    assert_eq!(
        (a.transport.metrics().dialed, b.transport.metrics().dialed),
        (1, 0),
        "one connection is enough"
    );
}

#[tokio::test]
async fn simultaneous_dials_lose_nothing() {
    let (mut a, mut b) = (Node::start(TcpConfig::default()), Node::start(TcpConfig::default()));
    for number in 0..50 {
        a.transport.send_packet(b.address, &[number]);
        b.transport.send_packet(a.address, &[number]);
    }
    for number in 0..50 {
        assert_eq!(while_running!(a, b.packet()), (a.address, vec![number]));
    }
    for number in 0..50 {
        assert_eq!(while_running!(b, a.packet()), (b.address, vec![number]));
    }
    assert_eq!((a.transport.metrics().dialed, b.transport.metrics().dialed), (1, 1));
}

#[tokio::test]
async fn a_refused_dial_fails_its_exchanges_and_is_told_once() {
    let mut a = Node::start(TcpConfig::default());
    let free = bind("127.0.0.1:0".parse().unwrap(), Packets::Tcp).unwrap().address;
    a.transport.send_packet(free, b"ping");
    a.transport.send_packet(free, b"ping");
    a.open(1, free, b"all?");
    assert_eq!(a.reply_or_failure().await, (1, Err(ExchangeFailure::Refused)));
    assert!(matches!(a.next().await, Arrival::Unreachable(address) if address == free));
    assert!(a.arrived.is_empty());
    assert_eq!(a.transport.metrics().dials_failed, 1);
    a.until(|m| m.frames_lost == 3).await;
}

#[tokio::test]
async fn a_peer_that_reads_nothing_delays_nobody_and_is_given_up() {
    let (mut a, mut b) = (Node::start(hasty()), Node::start(hasty()));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = silent.local_addr().unwrap();
    a.open(3, silent_address, &vec![0; 1 << 20]);
    for _ in 0..400 {
        a.transport.send_packet(silent_address, &[0; 1_400]);
    }
    assert!(a.transport.metrics().packets_dropped > 0, "the queue is bounded");
    a.transport.send_packet(b.address, b"ping");
    assert_eq!(while_running!(a, b.packet()).1, b"ping");
    assert_eq!(a.reply_or_failure().await, (3, Err(ExchangeFailure::TimedOut)));
    assert!(a.transport.metrics().timed_out > 0);
    drop(silent);
}

#[tokio::test]
async fn connections_that_say_nothing_or_too_little_too_slowly_are_closed() {
    let mut a = Node::start(hasty());
    let mut half_open = TcpStream::connect(a.address).await.unwrap();
    let mut slow_preamble = TcpStream::connect(a.address).await.unwrap();
    slow_preamble.write_all(b"SWI").await.unwrap();
    let mut slow_frame = dial_as(a.address, &a).await;
    slow_frame.write_all(&[0, 0, 4, 0, 0, 1, 2, 3]).await.unwrap();
    assert!(while_running!(a, is_closed(&mut half_open)));
    assert!(while_running!(a, is_closed(&mut slow_preamble)));
    assert!(while_running!(a, is_closed(&mut slow_frame)));
    a.until(|m| m.preambles_bad == 2 && m.timed_out == 1).await;
}

#[tokio::test]
async fn garbage_and_oversized_frames_end_their_connection_and_are_counted() {
    let mut a = Node::start(TcpConfig::default());
    let mut garbage = TcpStream::connect(a.address).await.unwrap();
    garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(while_running!(a, is_closed(&mut garbage)));
    let mut unknown_kind = dial_as(a.address, &a).await;
    unknown_kind.write_all(&[0, 0, 0, 1, 9]).await.unwrap();
    assert!(while_running!(a, is_closed(&mut unknown_kind)));
    let mut oversized = dial_as(a.address, &a).await;
    oversized.write_all(&[0xff, 0xff, 0xff, 0xff, 0]).await.unwrap();
    assert!(while_running!(a, is_closed(&mut oversized)));
    a.until(|m| m.preambles_bad == 1 && m.malformed == 1 && m.oversized == 1).await;
}

#[tokio::test]
async fn a_request_too_large_for_the_other_side_is_refused_by_name() {
    let mut small = Node::start(TcpConfig::default());
    let mut big = Node::start_with("127.0.0.1:0", Packets::Tcp, TcpConfig::default(), 2 << 20);

    big.open(1, small.address, &vec![1; (1 << 20) + 1]);
    assert_eq!(while_running!(small, big.reply_or_failure()), (1, Err(ExchangeFailure::TooLarge)));
    small.open(2, big.address, &vec![1; (1 << 20) + 1]);
    assert_eq!(
        small.reply_or_failure().await,
        (2, Err(ExchangeFailure::TooLarge)),
        "not even sent"
    );
    small.open(3, big.address, b"all?");
    let (id, ..) = while_running!(small, big.request());
    big.reply(id, &vec![1; (1 << 20) + 1]);
    assert_eq!(while_running!(big, small.reply_or_failure()), (3, Err(ExchangeFailure::TooLarge)));
}

#[tokio::test]
async fn nobody_answers_for_another() {
    let (mut a, mut b) = (Node::start(TcpConfig::default()), Node::start(TcpConfig::default()));
    a.open(1, b.address, b"all?");
    let (id, ..) = while_running!(a, b.request());
    let mut forger = dial_as("127.0.0.1:9".parse().unwrap(), &a).await;
    let forged = [&frame::reply_header(1, 4)[..], b"none", &frame::packet(b"done")].concat();
    forger.write_all(&forged).await.unwrap();
    assert_eq!(
        while_running!(b, a.packet()).1,
        b"done",
        "the forged reply before it is passed over"
    );
    b.reply(id, b"two");
    assert_eq!(while_running!(b, a.reply_or_failure()), (1, Ok(b"two".to_vec())));
}

#[tokio::test]
async fn what_answers_at_a_dialed_port_is_told_apart() {
    let mut a = Node::start(hasty());
    for (greeting, failure) in [
        (&b"SWIM\x02"[..], ExchangeFailure::OtherVersion),
        (b"220 smtp.example.org", ExchangeFailure::Malformed),
        (b"", ExchangeFailure::TimedOut),
        (b"SWIM\x01\x00\x00\x00\x01\x09", ExchangeFailure::Malformed),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        a.open(1, listener.local_addr().unwrap(), b"all?");
        let (mut stream, _) = while_running!(a, listener.accept()).unwrap();
        stream.write_all(greeting).await.unwrap();
        assert_eq!(a.reply_or_failure().await, (1, Err(failure)), "{greeting:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    a.open(1, listener.local_addr().unwrap(), b"all?");
    let (mut stream, _) = while_running!(a, listener.accept()).unwrap();
    stream.write_all(&preamble::GREETING).await.unwrap();
    stream.read_exact(&mut [0; 12 + frame::EXCHANGE_HEADER + 4]).await.unwrap();
    drop(stream);
    assert_eq!(a.reply_or_failure().await, (1, Err(ExchangeFailure::Closed)));
}

#[tokio::test]
async fn connections_from_one_ip_address_are_bounded() {
    let mut a = Node::start(TcpConfig { max_accepted_per_ip: 2, ..TcpConfig::default() });
    let members = ["127.0.0.1:7", "127.0.0.1:8"].map(|at| at.parse::<SocketAddr>().unwrap());
    let mut kept = Vec::new();
    for member in members {
        let mut stream = dial_as(member, &a).await;
        stream.write_all(&frame::packet(b"")).await.unwrap();
        a.packet().await;
        kept.push(stream);
    }
    a.transport.members_at(members.into());
    let mut third = TcpStream::connect(a.address).await.unwrap();
    assert!(while_running!(a, is_closed(&mut third)));
    assert_eq!(a.transport.metrics().accepts_refused, 1);
    assert_eq!(a.transport.metrics().unproven_closed, 0);
    drop(kept);
}

#[tokio::test]
async fn memory_for_exchanges_is_bounded_by_what_arrived_not_by_what_was_announced() {
    let config = TcpConfig { max_exchange_memory: 1 << 20, ..TcpConfig::default() };
    let mut a = Node::start(config);
    let header = frame::request_header(0, 1 << 20);
    let mut announcing = Vec::new();
    for _ in 0..8 {
        let mut stream = dial_as(a.address, &a).await;
        stream.write_all(&header).await.unwrap();
        announcing.push(stream);
    }
    let mut sending = dial_as(a.address, &a).await;
    sending
        .write_all(&[&frame::request_header(0, 500_000)[..], &vec![0; 500_000]].concat())
        .await
        .unwrap();
    let Arrival::Request { payload: held, .. } = a.next().await else { panic!("no request") };
    let mut too_much = dial_as(a.address, &a).await;
    // The writes fail half way when the connection is closed.
    let request = [&frame::request_header(0, 700_000)[..], &vec![0; 700_000]].concat();
    let _ = while_running!(a, too_much.write_all(&request));
    assert!(while_running!(a, is_closed(&mut too_much)));
    a.until(|m| m.exchanges_dropped == 1).await;
    drop(held);
}

#[tokio::test]
async fn idle_connections_are_closed_and_dialed_again_when_needed() {
    let config = TcpConfig { idle_timeout: Duration::from_millis(50), ..TcpConfig::default() };
    let (mut a, mut b) = (Node::start(config), Node::start(TcpConfig::default()));
    a.transport.send_packet(b.address, b"one");
    assert_eq!(while_running!(a, b.packet()).1, b"one");
    while_running!(b, a.until(|m| m.retired == 1));
    a.transport.send_packet(b.address, b"two");
    assert_eq!(while_running!(a, b.packet()).1, b"two");
    assert_eq!(a.transport.metrics().dialed, 2);
}

#[tokio::test]
async fn closing_writes_what_waits_and_frees_the_port() {
    let (mut a, mut b) = (Node::start(TcpConfig::default()), Node::start(TcpConfig::default()));
    for number in 0..100 {
        a.transport.send_packet(b.address, &[number]);
    }
    let address = a.address;
    while_running!(b, a.transport.close());
    for number in 0..100 {
        assert_eq!(b.packet().await.1, [number]);
    }
    assert!(bind(address, Packets::Tcp).is_ok());
}

#[tokio::test]
async fn flushed_waits_for_what_is_queued_and_not_for_ever() {
    let (mut a, mut b) = (Node::start(hasty()), Node::start(hasty()));
    a.transport.send_packet(b.address, b"left");
    let flushed = a.transport.flushed();
    while_running!(a, async { while_running!(b, timeout(PATIENCE, flushed)).unwrap() });
    assert_eq!(b.packet().await.1, b"left");

    let free = bind("127.0.0.1:0".parse().unwrap(), Packets::Tcp).unwrap().address;
    a.transport.send_packet(free, b"left");
    let flushed = a.transport.flushed();
    while_running!(a, timeout(PATIENCE, flushed)).unwrap();
}

/// What listens there may be a service on this machine's loopback, and the packet's bytes a command
/// to it.
#[tokio::test]
async fn nothing_of_others_is_written_before_the_other_side_has_greeted() {
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = service.local_addr().unwrap();
    let mut a = Node::start(hasty());
    a.transport.send_packet(at, b"\r\nSET owned by-swim\r\n");
    a.open(1, at, b"\r\nSET owned by-swim\r\n");
    let (mut stream, _) = while_running!(a, service.accept()).unwrap();
    let mut written = [0; 12];
    while_running!(a, stream.read_exact(&mut written)).unwrap();
    assert_eq!(written[..], preamble::encode(a.address));
    stream.write_all(b"+OK\r\n\r\n").await.unwrap();
    let mut more = Vec::new();
    // It may be reset, for nobody reads the rest of the answer.
    let _ = while_running!(a, timeout(PATIENCE, stream.read_to_end(&mut more))).expect("it ends");
    assert!(more.is_empty());
    assert_eq!(a.reply_or_failure().await, (1, Err(ExchangeFailure::Malformed)));

    a.open(2, at, b"request");
    let (mut silent, _) = while_running!(a, service.accept()).unwrap();
    let mut written = Vec::new();
    while_running!(a, timeout(PATIENCE, silent.read_to_end(&mut written)))
        .expect("it ends")
        .unwrap();
    assert_eq!(written, preamble::encode(a.address));
    assert_eq!(a.reply_or_failure().await, (2, Err(ExchangeFailure::TimedOut)));
}

#[tokio::test]
async fn the_unproven_make_room_and_members_keep_their_connections() {
    let config = TcpConfig { max_accepted: 4, ..TcpConfig::default() };
    let mut a = Node::start(config);
    let member: SocketAddr = "127.0.0.1:7".parse().unwrap();
    let mut known = dial_as(member, &a).await;
    known.write_all(&frame::packet(b"first")).await.unwrap();
    assert_eq!(a.packet().await, (member, b"first".to_vec()));
    let mut silent = Vec::new();
    for number in 0..30 {
        silent.push(TcpStream::connect(a.address).await.unwrap());
        a.until(|m| m.accepted == number + 2).await;
        if a.transport.asks_for_members() {
            a.transport.members_at([member].into());
        }
    }
    assert_eq!(a.transport.metrics().unproven_closed, 31 - 4);
    known.write_all(&frame::packet(b"still here")).await.unwrap();
    assert_eq!(a.packet().await, (member, b"still here".to_vec()));
    let newcomer: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let mut new = dial_as(newcomer, &a).await;
    new.write_all(&frame::packet(b"new")).await.unwrap();
    assert_eq!(a.packet().await, (newcomer, b"new".to_vec()));
    let mut rest = Vec::new();
    let end = while_running!(a, timeout(PATIENCE, silent[0].read_to_end(&mut rest)));
    assert!(end.is_ok() && rest.is_empty(), "it is closed");
}
