//! A wire of the program's own: what its codec reads is not trusted.

use std::sync::Arc;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::dialect::{Codec, Message, Row, Speaker};
use swim_core::wire::WireError;
use swim_core::{
    Claim, Config, DropReason, ExchangeId, ExchangeInput, ExchangeOutput, Identity, Incarnation,
    Instant, NodeId, Output, SequenceNumber, Status, Swim,
};

use crate::harness::{address, proven};

/// Each byte stands for the message of that number, and each message is written as its kind.
#[derive(Debug)]
struct Numbered(Vec<Message<'static>>);

impl Codec for Numbered {
    fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        out.push(match message {
            Message::Ping { .. } => b'p',
            Message::Ack { .. } => b'a',
            Message::Alive(_) => b'l',
            _ => b'?',
        });
    }

    fn decode<'a>(&self, rest: &mut &'a [u8]) -> Result<Message<'a>, WireError> {
        let (&number, after) = rest.split_first().ok_or(WireError::Truncated)?;
        if number == 255 {
            return Ok(self.0[0]); // Takes nothing off.
        }
        *rest = after;
        self.0.get(usize::from(number)).copied().ok_or(WireError::UnknownKind)
    }
}

type Node = Swim<Xoshiro256PlusPlus>;

fn me() -> Identity {
    Identity::new(NodeId::new("me").unwrap(), address(1), Incarnation::new(1))
}

fn node(messages: Vec<Message<'static>>) -> Node {
    let (config, codec) = (Config::lan(), Arc::new(Numbered(messages)));
    Swim::with_codec(config, me(), Xoshiro256PlusPlus::seed_from_u64(1), Instant::ORIGIN, codec)
        .unwrap()
}

fn alive(id: &'static str, port: u16) -> Row<'static> {
    Row::new(id, Claim::new(Incarnation::new(5), Status::Alive), address(port), &[])
}

fn ping() -> Message<'static> {
    let source = Speaker { address: None, id: "b" };
    Message::Ping { sequence: SequenceNumber::new(7), target: "me", source }
}

/// What a packet, sealed so that its sender belongs, makes the node drop.
fn dropped(messages: Vec<Message<'static>>, packet: &[u8], reason: DropReason) -> u64 {
    let mut node = node(messages);
    node.handle_packet(Instant::ORIGIN, proven(2), packet);
    node.check_invariants();
    assert_eq!(node.known_members(), 1, "nobody was believed");
    node.metrics().dropped(reason)
}

#[test]
fn what_a_codec_reads_is_checked_as_on_any_wire() {
    let long: &'static str = "x".repeat(256).leak();
    let row = alive("b", 2);
    let nowhere = Row::new("b", row.claim, "0.0.0.0:0".parse().unwrap(), &[]);
    let suspect =
        Row::new("b", Claim::new(row.claim.incarnation, Status::Suspect), address(2), &[]);
    let late =
        Row::new("b", Claim::new(Incarnation::new(u64::MAX), Status::Alive), address(2), &[]);
    for (row, reason) in [
        (alive("", 2), DropReason::BadName),
        (alive(long, 2), DropReason::BadName),
        (nowhere, DropReason::BadAddress),
        (suspect, DropReason::WrongType),
        (late, DropReason::BadIncarnation),
    ] {
        assert_eq!(dropped(vec![Message::Alive(row)], &[0], reason), 1, "{row:?}");
    }
}

#[test]
fn an_error_ends_a_packet_and_a_codec_that_takes_nothing_off_ends_it_too() {
    let messages = vec![ping(), Message::Alive(alive("b", 2))];
    assert_eq!(dropped(messages.clone(), &[9, 1], DropReason::UnknownKind), 1);
    assert_eq!(dropped(messages, &[255, 1], DropReason::Truncated), 1);
}

#[test]
fn a_ping_is_acked_and_a_table_is_merged_and_answered() {
    let mut node = node(vec![ping(), Message::Alive(alive("b", 2))]);
    let (from, mut buffer) = (proven(2), Vec::new());
    node.handle_packet(Instant::ORIGIN, from, &[1, 0]);
    assert_eq!(node.active_members(), 2);
    let sent = node.poll_transmit(Instant::ORIGIN, &mut buffer).unwrap();
    assert_eq!((sent.to, buffer.first()), (address(2), Some(&b'a')));

    // A table of a joiner: its kind, no state, one row.
    let request = [4, 0, 0, 0, 0, 1];
    let id = ExchangeId(3);
    node.handle_exchange(Instant::ORIGIN, ExchangeInput::Request { id, from, payload: &request });
    let mut outputs = core::iter::from_fn(|| match node.poll_output()? {
        Output::Exchange(exchange) => Some(Some(exchange)),
        _ => Some(None),
    });
    let reply = outputs.find_map(|output| match output? {
        ExchangeOutput::Reply { payload, .. } => Some(payload),
        _ => None,
    });
    assert_eq!(reply.as_deref(), Some(&[4, 0, 0, 0, 0, b'l', b'l'][..]), "both rows");
}

/// Every message is longer than a packet.
#[derive(Debug)]
struct Verbose;

impl Codec for Verbose {
    fn encode(&self, _: &Message<'_>, out: &mut Vec<u8>) {
        out.resize(out.len() + 2_000, 0);
    }

    fn decode<'a>(&self, rest: &mut &'a [u8]) -> Result<Message<'a>, WireError> {
        *rest = &rest[1..];
        Ok(ping())
    }
}

#[test]
fn what_does_not_fit_a_packet_is_not_sent() {
    let (config, rng) = (Config::lan(), Xoshiro256PlusPlus::seed_from_u64(1));
    let mut node = Swim::with_codec(config, me(), rng, Instant::ORIGIN, Arc::new(Verbose)).unwrap();
    node.handle_packet(Instant::ORIGIN, proven(2), &[0]);
    assert_eq!(node.metrics().received(swim_core::MessageKind::Ping), 1);
    assert_eq!(node.poll_transmit(Instant::ORIGIN, &mut Vec::new()), None, "the ack");
}

#[test]
fn streams_that_make_no_sense_are_refused_and_counted() {
    let cut: &[&[u8]] = &[&[], &[3], &[3, 0, 0, 0], &[3, 0, 0, 0, 9, 1], &[6], &[0, 1], &[1, 0]];
    for payload in cut {
        let mut node = node(vec![ping(), Message::Alive(alive("b", 2))]);
        let (id, from) = (ExchangeId(3), proven(2));
        node.handle_exchange(Instant::ORIGIN, ExchangeInput::Request { id, from, payload });
        let all: u64 = DropReason::ALL.iter().map(|&reason| node.metrics().dropped(reason)).sum();
        assert_eq!((all, node.known_members()), (1, 1), "{payload:?}");
    }
}

#[test]
#[should_panic(expected = "a node speaks one wire")]
fn a_codec_beside_memberlists_wire_is_a_mistake() {
    let config = Config::memberlist_lan(swim_core::MemberlistWire::PLAIN);
    let codec = Arc::new(Numbered(Vec::new()));
    let _ = Swim::with_codec(
        config,
        me(),
        Xoshiro256PlusPlus::seed_from_u64(1),
        Instant::ORIGIN,
        codec,
    );
}
