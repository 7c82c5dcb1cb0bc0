//! One node on memberlist's wire under any sequence of inputs: it never panics, its invariants
//! hold, its packets are bounded and readable, its incarnation never falls, and what it tells the
//! user agrees with its table.

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::memberlist::{
    Message, NodeState, PacketWriter, Packing, PushPullWriter, Source, StreamMessage, Unpacker,
    Version, Versions,
};
use swim_core::{
    Config, Event, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, MemberlistWire, NodeId, Output, QueryId, SequenceNumber, Status, Swim,
};

use crate::layer::{Act, Places, Word, answer_keys};
use crate::story::Story;

/// Few names, so that claims meet: none, the node itself, members, and one of the longest.
const NAMES: [&str; 7] = ["", "me", "a", "b", "c", "d", LONG];
const LONG: &str = match std::str::from_utf8(&[b'x'; 255]) {
    Ok(name) => name,
    Err(_) => unreachable!(),
};

/// A whole life.
#[derive(Arbitrary, Debug)]
pub struct Life {
    seed: u64,
    small_bounds: bool,
    compress: bool,
    envelope: u16,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Bytes { from: u8, bytes: Vec<u8> },
    Messages { from: u8, messages: Vec<Said>, compress: bool, checksum: bool },
    Request { from: u8, request: Stream },
    RawRequest { bytes: Vec<u8> },
    Reply { nth: u8, reply: Stream },
    RawReply { nth: u8, bytes: Vec<u8> },
    Fail { nth: u8 },
    Timeout,
    Wait { milliseconds: u32 },
    Unreachable { port: u8 },
    Join { ports: Vec<u8> },
    Leave,
    SetMetadata { len: u16 },
    Broadcast { len: u16 },
    Send { port: u8, len: u16 },
    UserState { len: u16 },
    Ping { name: u8 },
    Layer(Act),
}

#[derive(Arbitrary, Debug)]
enum Said {
    Ping { sequence: u32, target: u8, source: Option<u8>, port: u8 },
    IndirectPing { sequence: u32, target: u8, port: u8, wants_nack: bool, source: Option<u8> },
    Ack { recent: u8, len: u8 },
    Nack { recent: u8 },
    Alive { id: u8, incarnation: u8, port: u8, metadata: u8, versions: u8 },
    Suspect { id: u8, incarnation: u8, from: u8 },
    Dead { id: u8, incarnation: u8, from: u8 },
    User { len: u16 },
    Layer(Word),
}

#[derive(Arbitrary, Debug)]
enum Stream {
    PushPull { is_join: bool, rows: Vec<Row>, state: u8 },
    Ping { target: u8 },
    Ack { recent: u8 },
    User { len: u16 },
    Error,
}

#[derive(Arbitrary, Debug)]
struct Row {
    id: u8,
    incarnation: u8,
    status: u8,
    port: u8,
    versions: u8,
}

fn name(number: u8) -> &'static str {
    NAMES[usize::from(number) % NAMES.len()]
}

const PLACES: Places = Places { name, address };

fn address(port: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1 + u16::from(port % 8)))
}

fn incarnation(number: u8) -> u32 {
    // Mostly near those in use, now and then at the end of the scale.
    if number < 250 { u32::from(number % 8) } else { u32::MAX - u32::from(number % 2) }
}

fn versions(number: u8) -> Versions {
    match number % 8 {
        0 => Versions::PLAIN,
        1 => Versions { protocol: Version { min: 1, max: 2, current: 2 }, ..Versions::SERF },
        2 => Versions { delegate: Version { min: 2, max: 4, current: 3 }, ..Versions::PLAIN },
        _ => Versions::SERF,
    }
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
        let before = world.node.incarnation();
        world.apply(operation);
        world.drain();
        world.node.check_invariants();
        world.story.check("me", &world.node);
        let after = world.node.incarnation();
        assert!(
            before <= after && after <= Incarnation::new(u64::from(u32::MAX)),
            "{before} {after}"
        );
    }
}

impl World {
    fn new(life: &Life) -> Self {
        let envelope = usize::from(life.envelope) % 303;
        let wire = MemberlistWire { compress: life.compress, envelope, ..MemberlistWire::SERF };
        let mut config =
            Config { gossip_to_dead_for: Duration::from_secs(1), ..Config::memberlist_local(wire) };
        config.reap_dead_after = Duration::from_secs(30);
        config.reap_left_after = Duration::from_secs(3);
        config.tombstone_for = Duration::from_secs(60);
        if life.small_bounds {
            config.max_members = 4;
            config.max_pings = 1;
            config.max_broadcasts = 2;
            config.max_exchanges = 4;
            config.max_seeds = 2;
        }
        let identity = Identity::new(NodeId::new("me").unwrap(), address(0), Incarnation::new(1));
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
            Operation::Messages { from, messages, compress, checksum } => {
                let packet =
                    self.packet(messages, Packing { compress: *compress, checksum: *checksum });
                self.node.handle_packet(now, address(*from), &packet);
            }
            Operation::Request { from, request } => {
                let (payload, from) = (self.stream(request), address(*from).into());
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
                let (payload, id) = (self.stream(reply), self.exchange(*nth));
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
            _ => self.command(operation),
        }
    }

    /// What the user wants.
    fn command(&mut self, operation: &Operation) {
        let now = self.now;
        match operation {
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
                let _ = self.node.broadcast(now, &vec![7; usize::from(*len % 1_200)]);
            }
            Operation::Send { port, len } => {
                let _ = self
                    .node
                    .send_user_message(address(*port), &vec![7; usize::from(*len % 1_200)]);
            }
            Operation::UserState { len } => self.node.set_user_state(&vec![7; usize::from(*len)]),
            Operation::Ping { name: number } => {
                let _ = self.node.ping(now, name(*number));
            }
            Operation::Layer(act) => act.apply(now, &mut self.node, &self.asked, name),
            _ => {}
        }
    }

    fn exchange(&mut self, nth: u8) -> ExchangeId {
        if self.open.is_empty() {
            return ExchangeId(u64::from(nth));
        }
        let place = usize::from(nth) % self.open.len();
        self.open.swap_remove(place)
    }

    fn recent(&self, nth: u8) -> SequenceNumber {
        match self.pinged.len() {
            0 => SequenceNumber::new(u32::from(nth)),
            len => self.pinged[len - 1 - usize::from(nth) % len],
        }
    }

    fn packet(&self, messages: &[Said], packing: Packing) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = PacketWriter::begin(&mut bytes);
        for said in messages.iter().take(20) {
            let (filler, mut words) = ([9; 1_400], Vec::new());
            let source = |id: Option<u8>, port| Source {
                address: id.map(|_| address(port)),
                id: id.map_or("", name),
            };
            let message = match *said {
                Said::Ping { sequence, target, source: id, port } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::Ping { sequence, target: name(target), source: source(id, port) }
                }
                Said::IndirectPing { sequence, target, port, wants_nack, source: id } => {
                    Message::IndirectPing {
                        sequence: SequenceNumber::new(sequence),
                        target: name(target),
                        address: address(port),
                        wants_nack,
                        source: source(id, port),
                    }
                }
                Said::Ack { recent, len } => Message::Ack {
                    sequence: self.recent(recent),
                    payload: &filler[..usize::from(len)],
                },
                Said::Nack { recent } => Message::Nack { sequence: self.recent(recent) },
                Said::Alive { id, incarnation: number, port, metadata, versions: vector } => {
                    Message::Alive {
                        id: name(id),
                        incarnation: incarnation(number),
                        address: address(port),
                        metadata: &filler[..usize::from(metadata)],
                        versions: versions(vector),
                    }
                }
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
                Said::User { len } => {
                    Message::User { payload: &filler[..usize::from(len) % 1_400] }
                }
                Said::Layer(ref word) => {
                    word.encode(PLACES, 0, &mut words);
                    Message::User { payload: &words }
                }
            };
            writer.push(&message);
        }
        writer.finish(packing);
        bytes
    }

    fn stream(&self, stream: &Stream) -> Vec<u8> {
        let mut bytes = Vec::new();
        let filler = [9; 600];
        let message = match *stream {
            Stream::PushPull { is_join, ref rows, state } => {
                let mut writer = PushPullWriter::begin(is_join, &mut bytes);
                for row in rows.iter().take(20) {
                    writer.push(&NodeState {
                        id: name(row.id),
                        incarnation: incarnation(row.incarnation),
                        status: Status::ALL[usize::from(row.status % 4)],
                        address: address(row.port),
                        metadata: b"meta",
                        versions: versions(row.versions),
                    });
                }
                writer.finish(&filler[..usize::from(state)]);
                return bytes;
            }
            Stream::Ping { target } => {
                let sequence = SequenceNumber::new(1);
                StreamMessage::Ping { sequence, target: name(target), source: Source::default() }
            }
            Stream::Ack { recent } => {
                StreamMessage::Ack { sequence: self.recent(recent), payload: b"" }
            }
            Stream::User { len } => {
                StreamMessage::User { payload: &filler[..usize::from(len) % 600] }
            }
            Stream::Error => StreamMessage::Error { reason: "no" },
        };
        message.encode(&mut bytes);
        bytes
    }

    /// Takes all outputs and checks what can be checked of each.
    fn drain(&mut self) {
        let max = self.node.config().max_packet_size;
        let mut buffer = Vec::new();
        let pinged = &mut self.pinged;
        while self.node.poll_transmit(self.now, &mut buffer).is_some() {
            assert!(buffer.len() <= max, "{} bytes in a packet", buffer.len());
            Unpacker::default().unpack(&buffer, |message| {
                if let Message::Ping { sequence, .. } =
                    message.expect("our own messages are readable")
                {
                    pinged.push(sequence);
                }
            });
        }
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Exchange(ExchangeOutput::Open { id, request, .. }) => {
                    StreamMessage::decode(&request).expect("our own requests are readable");
                    self.open.push(id);
                }
                Output::Exchange(ExchangeOutput::Reply { payload, .. }) => {
                    StreamMessage::decode(&payload).expect("our own replies are readable");
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
