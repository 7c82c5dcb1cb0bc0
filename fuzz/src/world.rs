//! One node under any sequence of inputs, on either wire: it never panics, its invariants hold, its
//! packets are bounded and readable, its incarnation never falls, and what it tells the user agrees
//! with its table. What only one wire has is behind [`Wire`].

use std::net::SocketAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::{
    Config, Event, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, NodeId, Output, Protection, QueryId, SequenceNumber, Source, Swim,
};

use crate::layer::{Act, Places, answer_keys};
use crate::story::Story;

/// The longest name.
pub(crate) const LONG: &str = match std::str::from_utf8(&[b'x'; 255]) {
    Ok(name) => name,
    Err(_) => unreachable!(),
};

/// Operations of a life at most.
const OPERATIONS: usize = 200;

/// What differs between the wires.
pub(crate) trait Wire {
    /// A message of a packet.
    type Said;
    /// A request, or the reply to one.
    type Stream;
    /// Settings of this wire alone.
    type Settings;

    /// The names that are in use, few of them, so that claims meet.
    const NAMES: &'static [&'static str];
    /// The node's first incarnation, and the highest that it may come to.
    const INCARNATIONS: (Incarnation, Incarnation);

    /// The settings of the node.
    fn config(settings: &Self::Settings) -> Config;
    /// A packet with these messages; `packing` is drawn too.
    fn packet(messages: &[Self::Said], packing: u8, recent: &Recent) -> Vec<u8>;
    /// A request or a reply as bytes.
    fn stream(stream: &Self::Stream, is_request: bool, recent: &Recent) -> Vec<u8>;
    /// Reads a packet of the node and shows the numbers of its pings.
    fn read_packet(packet: &[u8], pinged: &mut dyn FnMut(SequenceNumber));
    /// Reads a request or a reply of the node.
    fn read_exchange(payload: &[u8]);
    /// What the user of this wire alone can do.
    fn command(node: &mut Node, port: u8, len: u16);

    /// The name of that number.
    fn name(number: u8) -> &'static str {
        Self::NAMES[usize::from(number) % Self::NAMES.len()]
    }

    /// Where names and addresses come from in messages of the layer.
    fn places() -> Places {
        Places { name: Self::name, address }
    }
}

/// A whole life.
#[derive(Arbitrary, Debug)]
pub struct Life<S, T, O> {
    seed: u64,
    small_bounds: bool,
    settings: O,
    operations: Vec<Operation<S, T>>,
}

#[derive(Arbitrary, Debug)]
enum Operation<S, T> {
    Bytes { from: u8, bytes: Vec<u8> },
    Messages { from: u8, messages: Vec<S>, packing: u8 },
    Request { from: u8, request: T },
    RawRequest { from: u8, bytes: Vec<u8> },
    Reply { nth: u8, reply: T },
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
    Mixed { mixed: bool },
    Wire { port: u8, len: u16 },
}

/// An address of the few that are in use.
pub(crate) fn address(port: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1 + u16::from(port % 8)))
}

/// A sender: its port, and what the transport has proven of it.
fn source(from: u8) -> Source {
    let protection = match from / 8 % 3 {
        0 => Protection::Plain,
        1 => Protection::Sealed,
        _ => Protection::Named,
    };
    Source::new(address(from), protection)
}

/// The numbers of the latest pings that the node sent.
#[derive(Default)]
pub(crate) struct Recent(Vec<SequenceNumber>);

impl Recent {
    /// The number of the latest ping but so many; any number if there was none.
    pub(crate) fn sequence(&self, nth: u8) -> SequenceNumber {
        match self.0.len() {
            0 => SequenceNumber::new(u32::from(nth)),
            len => self.0[len - 1 - usize::from(nth) % len],
        }
    }
}

pub(crate) type Node = Swim<Xoshiro256PlusPlus>;

/// The node, and what was seen of it.
struct World<W> {
    node: Node,
    now: Instant,
    open: Vec<ExchangeId>,
    pinged: Recent,
    story: Story,
    /// The queries that the user was told of.
    asked: Vec<QueryId>,
    wire: std::marker::PhantomData<W>,
}

/// Lives a life and checks after each step.
pub(crate) fn check<W: Wire>(life: &Life<W::Said, W::Stream, W::Settings>) {
    let mut world = World::<W>::new(life);
    for operation in life.operations.iter().take(OPERATIONS) {
        let before = world.node.incarnation();
        world.apply(operation);
        world.drain();
        world.node.check_invariants();
        world.story.check("me", &world.node);
        let after = world.node.incarnation();
        assert!(before <= after && after <= W::INCARNATIONS.1, "{before} {after}");
    }
}

impl<W: Wire> World<W> {
    fn new(life: &Life<W::Said, W::Stream, W::Settings>) -> Self {
        let mut config = Config {
            gossip_to_dead_for: Duration::from_secs(1),
            reap_dead_after: Duration::from_secs(30),
            reap_left_after: Duration::from_secs(3),
            tombstone_for: Duration::from_secs(60),
            ..W::config(&life.settings)
        };
        if life.small_bounds {
            config.max_members = 4;
            config.max_pings = 1;
            config.max_broadcasts = 2;
            config.max_broadcast_origins = 1;
            config.max_exchanges = 4;
            config.max_seeds = 2;
        }
        let identity = Identity::new(NodeId::new("me").unwrap(), address(0), W::INCARNATIONS.0);
        let rng = Xoshiro256PlusPlus::seed_from_u64(life.seed);
        Self {
            node: Swim::new(config, identity, rng, Instant::ORIGIN).unwrap(),
            now: Instant::ORIGIN,
            open: Vec::new(),
            pinged: Recent::default(),
            story: Story::default(),
            asked: Vec::new(),
            wire: std::marker::PhantomData,
        }
    }

    fn apply(&mut self, operation: &Operation<W::Said, W::Stream>) {
        let now = self.now;
        match operation {
            Operation::Bytes { from, bytes } => self.node.handle_packet(now, source(*from), bytes),
            Operation::Messages { from, messages, packing } => {
                let messages = &messages[..messages.len().min(20)];
                let packet = W::packet(messages, *packing, &self.pinged);
                self.node.handle_packet(now, source(*from), &packet);
            }
            Operation::Request { from, request } => {
                self.request(*from, &W::stream(request, true, &self.pinged));
            }
            Operation::RawRequest { from, bytes } => self.request(*from, bytes),
            Operation::Reply { nth, reply } => {
                self.reply(*nth, &W::stream(reply, false, &self.pinged));
            }
            Operation::RawReply { nth, bytes } => self.reply(*nth, bytes),
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
            _ => self.command(operation),
        }
    }

    /// What the user wants. A refusal is as good as any answer.
    fn command(&mut self, operation: &Operation<W::Said, W::Stream>) {
        let now = self.now;
        match operation {
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
            Operation::Ping { name } => {
                let _ = self.node.ping(now, W::name(*name));
            }
            Operation::Layer(act) => act.apply(now, &mut self.node, &self.asked, W::name),
            Operation::ForceLeave { name, prune } => {
                let _ = self.node.force_leave(now, W::name(*name), *prune);
            }
            Operation::Mixed { mixed } => self.node.set_mixed_traffic(*mixed),
            Operation::Wire { port, len } => W::command(&mut self.node, *port, *len),
            _ => {}
        }
    }

    fn request(&mut self, from: u8, payload: &[u8]) {
        let (id, from) = (ExchangeId(0), source(from));
        self.node.handle_exchange(self.now, ExchangeInput::Request { id, from, payload });
    }

    fn reply(&mut self, nth: u8, payload: &[u8]) {
        let id = self.exchange(nth);
        self.node.handle_exchange(self.now, ExchangeInput::Reply { id, payload });
    }

    fn exchange(&mut self, nth: u8) -> ExchangeId {
        if self.open.is_empty() {
            return ExchangeId(u64::from(nth));
        }
        let place = usize::from(nth) % self.open.len();
        self.open.swap_remove(place)
    }

    /// Takes all outputs and checks what can be checked of each.
    fn drain(&mut self) {
        let max = self.node.config().max_packet_size;
        let mut buffer = Vec::new();
        while self.node.poll_transmit(self.now, &mut buffer).is_some() {
            assert!(buffer.len() <= max, "{} bytes in a packet", buffer.len());
            W::read_packet(&buffer, &mut |sequence| self.pinged.0.push(sequence));
        }
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Exchange(ExchangeOutput::Open { id, request, .. }) => {
                    W::read_exchange(&request);
                    self.open.push(id);
                }
                Output::Exchange(ExchangeOutput::Reply { payload, .. }) => {
                    W::read_exchange(&payload);
                }
                Output::Exchange(ExchangeOutput::Abandon { id }) => {
                    self.open.retain(|&open| open != id);
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
