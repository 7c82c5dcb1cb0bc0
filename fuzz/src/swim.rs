//! One node under any sequence of inputs: it never panics, its invariants hold, its packets are
//! bounded and readable, and what it tells the user agrees with its table.

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{
    Buckets, Description, Entry, ExchangeMessage, Message, Packet, begin_join, begin_join_reply,
};
use swim_core::wire::{begin_buckets, begin_buckets_reply, begin_packet, cluster_hash};
use swim_core::{
    Claim, Config, Event, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, NodeId, Output, QueryId, SequenceNumber, Status, Swim,
};

use crate::layer::{Act, Places, Word, answer_keys};
use crate::story::Story;

/// Few names, so that claims meet: the node itself, members, and one of the longest.
const NAMES: [&str; 6] = ["me", "a", "b", "c", "d", LONG];
const LONG: &str = match std::str::from_utf8(&[b'x'; 255]) {
    Ok(name) => name,
    Err(_) => unreachable!(),
};

/// A whole life.
#[derive(Arbitrary, Debug)]
pub struct Life {
    seed: u64,
    small_bounds: bool,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Bytes { from: u8, bytes: Vec<u8> },
    Messages { from: u8, messages: Vec<Said> },
    Request { from: u8, request: Table },
    RawRequest { bytes: Vec<u8> },
    Reply { nth: u8, reply: Table },
    RawReply { nth: u8, bytes: Vec<u8> },
    Fail { nth: u8 },
    Timeout,
    Wait { milliseconds: u32 },
    Unreachable { port: u8 },
    Join { ports: Vec<u8> },
    Leave,
    SetMetadata { len: u16 },
    Broadcast { len: u16 },
    Ping { name: u8 },
    Layer(Act),
    ForceLeave { name: u8, prune: bool },
}

#[derive(Arbitrary, Debug)]
enum Said {
    Ping { sequence: u32, target: u8, source: u8 },
    PingReq { sequence: u32, target: u8, source: u8 },
    Ack { recent: u8, source: u8 },
    Nack { recent: u8, source: u8 },
    Alive { id: u8, incarnation: u8, port: u8, metadata: u8 },
    Suspect { id: u8, incarnation: u8, from: u8 },
    Dead { id: u8, incarnation: u8, from: u8 },
    Left { id: u8, incarnation: u8 },
    Broadcast { origin: u8, epoch: u8, number: u16, len: u16 },
    Announcement { origin: u8, epoch: u8, number: u16, word: Word },
    Direct { source: u8, word: Word },
}

#[derive(Arbitrary, Debug)]
enum Table {
    Join { source: u8, rows: Vec<Row> },
    Digest { source: u8, digest: u64, buckets: bool },
    Buckets { source: u8, mask: u64, rows: Vec<Row> },
    Ping { target: u8 },
}

#[derive(Arbitrary, Debug)]
struct Row {
    id: u8,
    incarnation: u8,
    status: u8,
    described: Option<(u8, u8)>,
    age: u32,
}

fn name(number: u8) -> &'static str {
    NAMES[usize::from(number) % NAMES.len()]
}

const PLACES: Places = Places { name, address };

fn address(port: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1 + u16::from(port % 8)))
}

fn incarnation(number: u8) -> Incarnation {
    // Mostly near those in use, now and then at the end of the scale.
    Incarnation::new(if number < 250 {
        u64::from(number % 8)
    } else {
        Incarnation::MAX.get() - u64::from(number % 2)
    })
}

fn cluster() -> u32 {
    cluster_hash("default")
}

/// The node, and what was seen of it.
struct World {
    node: Swim<Xoshiro256PlusPlus>,
    now: Instant,
    open: Vec<ExchangeId>,
    /// Sequence numbers of the latest pings that it sent.
    pinged: Vec<SequenceNumber>,
    story: Story,
    /// The queries that the user was told of.
    asked: Vec<QueryId>,
}

/// Lives it and checks after each step.
pub fn check(life: &Life) {
    let mut world = World::new(life);
    for operation in life.operations.iter().take(200) {
        world.apply(operation);
        world.drain();
        world.node.check_invariants();
        world.story.check("me", &world.node);
    }
}

impl World {
    fn new(life: &Life) -> Self {
        let mut config = Config { gossip_to_dead_for: Duration::from_secs(1), ..Config::local() };
        config.reap_dead_after = Duration::from_secs(30);
        config.reap_left_after = Duration::from_secs(3);
        config.tombstone_for = Duration::from_secs(60);
        if life.small_bounds {
            config.max_members = 4;
            config.max_pings = 1;
            config.max_broadcasts = 2;
            config.max_broadcast_origins = 1;
            config.max_exchanges = 4;
            config.max_seeds = 2;
        }
        let identity = Identity::new(NodeId::new("me").unwrap(), address(0), Incarnation::new(3));
        let rng = Xoshiro256PlusPlus::seed_from_u64(life.seed);
        let node = Swim::new(config, identity, rng, Instant::ORIGIN).unwrap();
        Self {
            node,
            now: Instant::ORIGIN,
            open: Vec::new(),
            pinged: Vec::new(),
            story: Story::default(),
            asked: Vec::new(),
        }
    }

    fn apply(&mut self, operation: &Operation) {
        let now = self.now;
        match operation {
            Operation::Bytes { from, bytes } => self.node.handle_packet(now, address(*from), bytes),
            Operation::Messages { from, messages } => {
                let packet = self.packet(messages);
                self.node.handle_packet(now, address(*from), &packet);
            }
            Operation::Request { from, request } => {
                let payload = table(request, true);
                let from = address(*from).into();
                self.node.handle_exchange(
                    now,
                    ExchangeInput::Request { id: ExchangeId(0), from, payload: &payload },
                );
            }
            Operation::RawRequest { bytes } => {
                let (id, from) = (ExchangeId(0), address(1).into());
                self.node.handle_exchange(now, ExchangeInput::Request { id, from, payload: bytes });
            }
            Operation::Reply { nth, reply } => {
                let payload = table(reply, false);
                let id = self.exchange(*nth);
                self.node.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
            }
            Operation::RawReply { nth, bytes } => {
                let id = self.exchange(*nth);
                self.node.handle_exchange(now, ExchangeInput::Reply { id, payload: bytes });
            }
            Operation::Fail { nth } => {
                let (id, failure) = (self.exchange(*nth), ExchangeFailure::Refused);
                self.node.handle_exchange(now, ExchangeInput::Failed { id, failure });
            }
            Operation::Timeout => {
                if let Some(at) = self.node.poll_timeout() {
                    self.now = self.now.max(at);
                    self.node.handle_timeout(self.now);
                    let next = self.node.poll_timeout();
                    assert!(next.is_none_or(|at| at > self.now), "what is due was run");
                }
            }
            Operation::Wait { milliseconds } => {
                self.now = self.now + Duration::from_millis(u64::from(*milliseconds % 100_000));
                self.node.handle_timeout(self.now);
            }
            Operation::Unreachable { port } => self.node.handle_unreachable(now, address(*port)),
            Operation::Join { ports } => {
                let seeds: Vec<SocketAddr> =
                    ports.iter().take(5).map(|&port| address(port)).collect();
                let _ = self.node.join(now, &seeds);
            }
            Operation::Leave => self.node.leave(now),
            Operation::SetMetadata { len } => {
                let _ = self.node.set_metadata(now, &vec![7; usize::from(*len % 600)]);
            }
            Operation::Broadcast { len } => {
                let _ = self.node.broadcast(now, &vec![7; usize::from(*len % 600)]);
            }
            Operation::Ping { name: number } => {
                let _ = self.node.ping(now, name(*number));
            }
            Operation::Layer(act) => act.apply(now, &mut self.node, &self.asked, name),
            Operation::ForceLeave { name: number, prune } => {
                let _ = self.node.force_leave(now, name(*number), *prune);
            }
        }
    }

    fn exchange(&mut self, nth: u8) -> ExchangeId {
        if self.open.is_empty() {
            return ExchangeId(u64::from(nth));
        }
        let place = usize::from(nth) % self.open.len();
        self.open.swap_remove(place)
    }

    fn packet(&self, messages: &[Said]) -> Vec<u8> {
        let recent = |nth: u8| match self.pinged.len() {
            0 => SequenceNumber::new(u32::from(nth)),
            len => self.pinged[len - 1 - usize::from(nth) % len],
        };
        let mut bytes = Vec::new();
        begin_packet(cluster(), &mut bytes);
        for said in messages.iter().take(20) {
            let (filler, mut words) = ([9; 600], Vec::new());
            let message = match *said {
                Said::Ping { sequence, target, source } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::Ping { sequence, target: name(target), source: name(source) }
                }
                Said::PingReq { sequence, target, source } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::PingReq { sequence, target: name(target), source: name(source) }
                }
                Said::Ack { recent: nth, source } => {
                    Message::Ack { sequence: recent(nth), source: name(source) }
                }
                Said::Nack { recent: nth, source } => {
                    Message::Nack { sequence: recent(nth), source: name(source) }
                }
                Said::Alive { id, incarnation: number, port, metadata } => Message::Alive {
                    id: name(id),
                    incarnation: incarnation(number),
                    address: address(port),
                    metadata: &filler[..usize::from(metadata)],
                },
                Said::Suspect { id, incarnation: number, from } => Message::Suspect {
                    id: name(id),
                    incarnation: incarnation(number),
                    from: name(from),
                },
                Said::Dead { id, incarnation: number, from } => Message::Dead {
                    id: name(id),
                    incarnation: incarnation(number),
                    from: name(from),
                },
                Said::Left { id, incarnation: number } => {
                    Message::Left { id: name(id), incarnation: incarnation(number) }
                }
                Said::Broadcast { origin, epoch, number, len } => Message::Broadcast {
                    origin: name(origin),
                    epoch: incarnation(epoch),
                    number: u64::from(number),
                    payload: &filler[..usize::from(len) % 600],
                },
                Said::Announcement { origin, epoch, number, ref word } => {
                    word.encode(PLACES, 0, &mut words);
                    let (origin, epoch, number) =
                        (name(origin), incarnation(epoch), u64::from(number));
                    Message::Announcement { origin, epoch, number, payload: &words }
                }
                Said::Direct { source, ref word } => {
                    word.encode(PLACES, 0, &mut words);
                    Message::Direct { source: name(source), payload: &words }
                }
            };
            message.encode(&mut bytes);
        }
        bytes
    }

    /// Takes all outputs and checks what can be checked of each.
    fn drain(&mut self) {
        let max = self.node.config().max_packet_size;
        let mut buffer = Vec::new();
        while self.node.poll_transmit(self.now, &mut buffer).is_some() {
            assert!(buffer.len() <= max, "{} bytes in a packet", buffer.len());
            for message in Packet::open(&buffer, cluster()).expect("our own header is right") {
                if let Message::Ping { sequence, .. } =
                    message.expect("our own messages are readable")
                {
                    self.pinged.push(sequence);
                }
            }
        }
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Exchange(ExchangeOutput::Open { id, request, .. }) => {
                    ExchangeMessage::decode(&request, cluster())
                        .expect("our own requests are readable");
                    self.open.push(id);
                }
                Output::Exchange(ExchangeOutput::Reply { payload, .. }) => {
                    ExchangeMessage::decode(&payload, cluster())
                        .expect("our own replies are readable");
                }
                Output::Exchange(ExchangeOutput::Abandon { id }) => {
                    self.open.retain(|&open| open != id)
                }
                Output::KeyQuery(query) => answer_keys(self.now, &mut self.node, query.id),
                Output::Event(event) => {
                    self.story.hear(&event);
                    if let Event::Query { id, .. } = event {
                        self.asked.push(id);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A request, or the reply to one, as bytes.
fn table(table: &Table, is_request: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    match table {
        Table::Join { source, rows } | Table::Buckets { source, rows, .. } => {
            let source = name(*source);
            let mut writer = match (table, is_request) {
                (Table::Buckets { mask, .. }, true) => {
                    begin_buckets(cluster(), source, *mask, usize::MAX, &mut bytes)
                }
                (Table::Buckets { .. }, false) => {
                    begin_buckets_reply(cluster(), source, usize::MAX, &mut bytes)
                }
                (_, true) => begin_join(cluster(), source, usize::MAX, &mut bytes),
                (_, false) => begin_join_reply(cluster(), source, usize::MAX, &mut bytes),
            };
            for row in rows.iter().take(20) {
                let described = |(number, port)| Description {
                    incarnation: incarnation(number),
                    address: address(port),
                    metadata: b"meta",
                };
                let status = Status::ALL[usize::from(row.status % 4)];
                let claim = Claim::new(incarnation(row.incarnation), status);
                let description = row.described.map(described);
                assert!(writer.push(&Entry { id: name(row.id), claim, description, age: row.age }));
            }
        }
        Table::Digest { source, digest, buckets } => {
            let source = name(*source);
            let digests = Buckets::to_bytes(&[*digest; Buckets::COUNT]);
            let message = if is_request {
                ExchangeMessage::Digest { source, digest: *digest }
            } else {
                ExchangeMessage::DigestReply {
                    source,
                    buckets: buckets.then(|| Buckets::new(&digests)),
                }
            };
            message.encode(cluster(), &mut bytes);
        }
        Table::Ping { target } => {
            let sequence = SequenceNumber::new(1);
            ExchangeMessage::ReliablePing { sequence, target: name(*target), source: "a" }
                .encode(cluster(), &mut bytes);
        }
    }
    bytes
}
