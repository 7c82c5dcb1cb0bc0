//! What one input costs a node, a member's or a stranger's, on both wires: work in steps, memory at
//! its peak and CPU time are bounded by a constant and a multiple of the bytes that came.
//!
//! The steps are `swim_core::work`'s and do not depend on the machine. CPU time catches what has no
//! counter yet: its bound is far above what anything measured costs, and what is above it is
//! measured again before it counts.

use std::net::SocketAddr;
use std::time::Duration;

use cpu_time::ThreadTime;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::memberlist::{
    Envelope, Message as Foreign, PacketWriter, Packing, Side, StreamDecoder, Unpacker, Versions,
};
use swim_core::wire::{Message, begin_packet, cluster_hash};
use swim_core::work::{self, Work};
use swim_core::{
    Config, ExchangeId, ExchangeInput, Identity, Incarnation, Instant, MemberlistWire, NodeId,
    Protection, Source, Swim, Tags,
};

type Node = Swim<Xoshiro256PlusPlus>;

/// How many members the node knows.
const MEMBERS: u16 = 32;
/// The largest exchange.
const MAX: usize = 64 << 10;
/// Expressions that one input may have compiled: what a rested allowance holds.
const EXPRESSIONS: u64 = 8 * 16;
/// Memory that any input may take at its peak, and more for each byte of it.
const MEMORY: (u64, u64) = (2 << 20, 64);
/// The same of CPU time, in nanoseconds. Debug builds take ten times as long.
const CPU: (u64, u64) =
    if cfg!(debug_assertions) { (100_000_000, 5_000) } else { (40_000_000, 1_000) };

/// Who sends what: the first byte of an input.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// On memberlist's wire, as one of serf's agents; else on the native one.
    pub memberlist: bool,
    /// Over a stream; else in a packet.
    pub stream: bool,
    /// From nobody that is known; else from a member at its address that has the key.
    pub stranger: bool,
}

impl Kind {
    const fn of(byte: u8) -> Self {
        Self { memberlist: byte & 1 != 0, stream: byte & 2 != 0, stranger: byte & 4 != 0 }
    }

    /// As the first byte of an input.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.memberlist as u8 | (self.stream as u8) << 1 | (self.stranger as u8) << 2
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The first member.
pub const MEMBER: &str = "m1";

/// A member's name; it lives at 127.0.0.1 and at this port.
fn member(port: u16) -> String {
    format!("m{port}")
}

fn node(kind: Kind) -> Node {
    let mut config = Config { max_exchange_size: MAX, ..Config::lan() };
    if kind.memberlist {
        config = config.on_memberlist(MemberlistWire::SERF);
    }
    let identity = Identity::new(NodeId::new("me").unwrap(), address(1_000), Incarnation::new(3));
    let identity = identity.with_metadata(&Tags::from_iter([("role", "web")]).encode());
    let mut node =
        Swim::new(config, identity, Xoshiro256PlusPlus::seed_from_u64(1), Instant::ORIGIN).unwrap();
    for port in 1..=MEMBERS {
        let (id, address, metadata) = (member(port), address(port), &b""[..]);
        let mut packet = Vec::new();
        if kind.memberlist {
            let mut writer = PacketWriter::begin(&mut packet);
            let versions = Versions::SERF;
            writer.push(&Foreign::Alive { id: &id, incarnation: 1, address, metadata, versions });
            writer.finish(Packing::default());
        } else {
            begin_packet(cluster_hash("default"), &mut packet);
            Message::Alive { id: &id, incarnation: Incarnation::new(1), address, metadata }
                .encode(&mut packet);
        }
        node.handle_packet(Instant::ORIGIN, Source::new(address, Protection::Sealed), &packet);
    }
    drain(&mut node);
    assert_eq!(node.active_members(), usize::from(MEMBERS) + 1, "the node knows its members");
    node
}

fn drain(node: &mut Node) {
    let mut buffer = Vec::new();
    while node.poll_transmit(Instant::ORIGIN, &mut buffer).is_some() {}
    while node.poll_output().is_some() {}
}

/// Handles one input, as a driver does.
fn handle(node: &mut Node, kind: Kind, bytes: &[u8]) {
    let (now, id) = (Instant::ORIGIN, ExchangeId(0));
    let from = if kind.stranger {
        Source::new(address(9_999), Protection::Plain)
    } else {
        Source::new(address(1), Protection::Sealed)
    };
    match (kind.stream, kind.memberlist) {
        (false, _) => node.handle_packet(now, from, bytes),
        (true, false) => {
            node.handle_exchange(now, ExchangeInput::Request { id, from, payload: bytes })
        }
        (true, true) => {
            let mut decoder = StreamDecoder::new(Side::Acceptor, MAX);
            if decoder.feed(&Envelope::default(), bytes) == Ok(true) {
                let payload = &decoder.into_message().expect("it is complete");
                node.handle_exchange(now, ExchangeInput::Request { id, from, payload });
            }
        }
    }
    drain(node);
}

/// Holds what an input costs against its length.
pub fn check(input: &[u8]) {
    let Some((&kind, bytes)) = input.split_first() else { return };
    let kind = Kind::of(kind);
    let (mut subject, len) = (node(kind), bytes.len() as u64);
    let _ = work::take();
    let began = ThreadTime::now();
    let memory = allocation_counter::measure(|| handle(&mut subject, kind, bytes)).bytes_max;
    let cpu = began.elapsed();
    let done = work::take();
    for (work, most) in bounds(kind) {
        let found = done[work as usize];
        assert!(
            found <= most,
            "{found} {} for {len} bytes of {kind:?}; {most} are allowed",
            work.label()
        );
    }
    let most = MEMORY.0 + MEMORY.1 * len;
    assert!(
        memory <= most,
        "{memory} bytes of memory for {len} bytes of {kind:?}; {most} are allowed"
    );
    check_cpu(kind, bytes, cpu);
}

/// How often each kind of work may be done for one input.
fn bounds(kind: Kind) -> [(Work, u64); 4] {
    let expressions = if kind.stranger { 0 } else { EXPRESSIONS };
    let (parts, unpacked) = match (kind.memberlist, kind.stream) {
        (false, _) => (0, 0),
        (true, false) => (Unpacker::MAX_COMPRESSED, Unpacker::MAX_UNPACKED + 1),
        (true, true) => (1 + Unpacker::MAX_COMPRESSED, StreamDecoder::UNPACKED * MAX + 1),
    };
    [
        (Work::ExpressionsCompiled, expressions),
        (Work::PartsUnpacked, parts as u64),
        (Work::BytesUnpacked, unpacked as u64),
        (Work::EntriesWritten, u64::from(MEMBERS) + 2),
    ]
}

/// CPU time depends on what else the machine does, so what is above the bound is measured again.
fn check_cpu(kind: Kind, bytes: &[u8], first: Duration) {
    let most = Duration::from_nanos(CPU.0 + CPU.1 * bytes.len() as u64);
    let again = || {
        let mut subject = node(kind);
        let began = ThreadTime::now();
        handle(&mut subject, kind, bytes);
        began.elapsed()
    };
    let least = if first <= most { first } else { (0..3).map(|_| again()).min().unwrap_or(first) };
    assert!(
        least <= most,
        "{least:?} of CPU time for {} bytes of {kind:?}; {most:?} are allowed",
        bytes.len()
    );
}

/// Inputs that once cost far more than they do now, and those that the fuzzer begins with.
#[cfg(test)]
mod tests {
    use swim_core::wire::memberlist::StreamMessage;
    use swim_core::wire::serf::{self, FiltersBuffer, Query};
    use swim_core::{LamportTime, SequenceNumber};

    use super::*;

    const PACKET: Kind = Kind { memberlist: false, stream: false, stranger: false };
    const FOREIGN: Kind = Kind { memberlist: true, ..PACKET };

    fn input(kind: Kind, bytes: &[u8]) -> Vec<u8> {
        [&[kind.byte()], bytes].concat()
    }

    /// Queries whose filters are costly expressions, each another one: as many as a datagram holds.
    fn queries() -> Vec<Vec<u8>> {
        let expression = |number: u32| format!("{number}|\\w{{0,12}}");
        let query = |id: u32| {
            let mut filters = FiltersBuffer::default();
            (0..15).for_each(|number| filters.tag("role", &expression(100 * id + number)));
            let mut bytes = Vec::new();
            serf::Message::Query(Query {
                time: LamportTime::new(u64::from(id)),
                id,
                address: address(1),
                source: MEMBER,
                filters: filters.filters(),
                wants_ack: false,
                no_broadcast: false,
                relay_factor: 0,
                timeout: Duration::from_secs(9),
                name: "q",
                payload: b"",
            })
            .encode(&mut bytes);
            bytes
        };
        (1..100).map(query).collect()
    }

    fn native(messages: &[Message<'_>]) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(cluster_hash("default"), &mut packet);
        messages.iter().for_each(|message| message.encode(&mut packet));
        packet
    }

    fn native_queries() -> Vec<u8> {
        let queries = queries();
        let epoch = Incarnation::new(1);
        let announce =
            |(number, payload)| Message::Announcement { origin: MEMBER, epoch, number, payload };
        native(&(0..).zip(queries.iter().map(|query| &query[..])).map(announce).collect::<Vec<_>>())
    }

    fn foreign(messages: &[Foreign<'_>], compress: bool) -> Vec<u8> {
        let mut packet = Vec::new();
        let mut writer = PacketWriter::begin(&mut packet);
        messages.iter().for_each(|message| assert!(writer.push(message)));
        writer.finish(Packing { compress, checksum: false });
        packet
    }

    fn foreign_queries() -> Vec<u8> {
        let queries = queries();
        foreign(
            &queries.iter().map(|query| Foreign::User { payload: query }).collect::<Vec<_>>(),
            true,
        )
    }

    /// A compound of compressed parts, the second and all further ones of which fail at the bound.
    fn bombs() -> Vec<u8> {
        let part = foreign(&[Foreign::User { payload: &[0; 40_000] }], true);
        let lengths = (part.len() as u16).to_be_bytes().repeat(150);
        [vec![7, 150], lengths, part.repeat(150)].concat()
    }

    /// The shortest parts that have something compressed in them: each takes a table of codes.
    fn crumbs() -> Vec<u8> {
        let part = foreign(&[Foreign::Nack { sequence: SequenceNumber::new(1) }], true);
        let lengths = (part.len() as u16).to_be_bytes().repeat(255);
        [vec![7, 255], lengths, part.repeat(255)].concat()
    }

    fn stream_bomb() -> Vec<u8> {
        let (mut message, mut bytes) = (Vec::new(), Vec::new());
        StreamMessage::User { payload: &[0; 4 * MAX] }.encode(&mut message);
        let mut nonces = rand_core::UnwrapErr(NoNonces);
        Envelope::default().seal_stream(Side::Dialer, true, &mut nonces, &message, &mut bytes);
        bytes
    }

    /// Nothing is sealed, so no nonce is drawn.
    struct NoNonces;

    impl rand_core::TryRng for NoNonces {
        type Error = core::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            unreachable!("nothing is sealed")
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            unreachable!("nothing is sealed")
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
            unreachable!("nothing is sealed")
        }
    }

    impl rand_core::TryCryptoRng for NoNonces {}

    fn seeds() -> Vec<(&'static str, Vec<u8>)> {
        let stranger = |kind| Kind { stranger: true, ..kind };
        let stream = |kind| Kind { stream: true, ..kind };
        let (sequence, source) = (SequenceNumber::new(1), MEMBER);
        let ping = native(&[Message::Ping { sequence, target: "me", source }]);
        vec![
            ("ping", input(PACKET, &ping)),
            ("queries", input(PACKET, &native_queries())),
            ("queries-of-a-stranger", input(stranger(PACKET), &native_queries())),
            ("foreign-queries", input(FOREIGN, &foreign_queries())),
            ("foreign-queries-of-a-stranger", input(stranger(FOREIGN), &foreign_queries())),
            ("bombs", input(FOREIGN, &bombs())),
            ("bombs-of-a-stranger", input(stranger(FOREIGN), &bombs())),
            ("crumbs", input(FOREIGN, &crumbs())),
            ("stream-bomb", input(stream(FOREIGN), &stream_bomb())),
            ("stream-bomb-of-a-stranger", input(stream(stranger(FOREIGN)), &stream_bomb())),
        ]
    }

    #[test]
    fn attacks_that_were_found_cost_no_more_than_their_bytes() {
        for (name, input) in seeds() {
            println!("{name}: {} bytes", input.len());
            check(&input);
        }
    }

    #[test]
    fn a_member_s_queries_reach_the_engine_and_a_compressed_packet_the_unpacker() {
        let done = |kind, bytes: &[u8]| {
            let mut subject = node(kind);
            let _ = work::take();
            handle(&mut subject, kind, bytes);
            work::take()
        };
        assert_eq!(
            done(PACKET, &native_queries())[Work::ExpressionsCompiled as usize],
            EXPRESSIONS
        );
        assert_eq!(
            done(FOREIGN, &foreign_queries())[Work::ExpressionsCompiled as usize],
            EXPRESSIONS
        );
        assert!(done(FOREIGN, &bombs())[Work::BytesUnpacked as usize] > 65_000);
    }

    /// Writes the seeds anew: `cargo test --manifest-path fuzz/Cargo.toml -- --ignored
    /// writes_the_seeds`.
    #[test]
    #[ignore = "it changes the corpus"]
    fn writes_the_seeds() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/cost");
        std::fs::create_dir_all(&directory).unwrap();
        for (name, input) in seeds() {
            std::fs::write(directory.join(format!("seed-{name}")), input).unwrap();
        }
    }
}
