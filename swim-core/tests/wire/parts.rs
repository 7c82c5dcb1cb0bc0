//! What messages are made of, drawn at random: [`Parts`] holds the owned pieces, from which every
//! kind of message can be put together.

use std::net::SocketAddr;

use proptest::prelude::*;
use swim_core::wire::{
    Buckets, Description, Entries, Entry, ExchangeMessage, Message, Refusal, begin_join,
    begin_packet,
};
use swim_core::{Claim, Incarnation, SequenceNumber, Status};

pub(crate) const CLUSTER: u32 = 0x00c0_ffee;
pub(crate) const PACKET_KINDS: usize = 12;
pub(crate) const EXCHANGE_KINDS: usize = 11;

#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) names: [String; 2],
    pub(crate) sequence: u32,
    pub(crate) incarnation: u64,
    pub(crate) number: u64,
    pub(crate) address: SocketAddr,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reason: Refusal,
    pub(crate) rows: Vec<Row>,
    pub(crate) digests: Option<Vec<u64>>,
}

/// An entry's pieces.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) claim: Claim,
    pub(crate) age: u32,
    pub(crate) described: Option<(u64, SocketAddr, Vec<u8>)>,
}

impl Row {
    pub(crate) fn entry(&self) -> Entry<'_> {
        let description = self.described.as_ref().map(|(incarnation, address, metadata)| {
            Description { incarnation: Incarnation::new(*incarnation), address: *address, metadata }
        });
        Entry { id: &self.id, claim: self.claim, description, age: self.age }
    }
}

impl Parts {
    /// The message of packets with the number `kind`.
    pub(crate) fn message(&self, kind: usize) -> Message<'_> {
        let [id, from] = self.names.each_ref().map(String::as_str);
        let sequence = SequenceNumber::new(self.sequence);
        let incarnation = Incarnation::new(self.incarnation);
        match kind {
            0 => Message::Ping { sequence, target: id, source: from },
            1 => Message::PingReq { sequence, target: id, source: from },
            2 => Message::Ack { sequence, source: from },
            3 => Message::Nack { sequence, source: from },
            4 => Message::Alive { id, incarnation, address: self.address, metadata: &self.bytes },
            5 => Message::Suspect { id, incarnation, from },
            6 => Message::Dead { id, incarnation, from },
            7 => Message::Left { id, incarnation },
            8 => Message::Broadcast {
                origin: id,
                epoch: incarnation,
                number: self.number,
                payload: &self.bytes,
            },
            9 => Message::Announcement {
                origin: id,
                epoch: incarnation,
                number: self.number,
                payload: &self.bytes,
            },
            10 => Message::Direct { source: from, payload: &self.bytes },
            _ => Message::Coordinate { source: from, bytes: &self.bytes },
        }
    }

    /// A packet with each kind of message once.
    pub(crate) fn packet(&self) -> Vec<u8> {
        let mut packet = Vec::new();
        begin_packet(CLUSTER, &mut packet);
        (0..PACKET_KINDS).for_each(|kind| self.message(kind).encode(&mut packet));
        packet
    }

    /// The bytes of the exchange with the number `16 + kind`.
    pub(crate) fn exchange(&self, kind: usize) -> Vec<u8> {
        let source = self.names[1].as_str();
        let sequence = SequenceNumber::new(self.sequence);
        let digests =
            self.digests.as_ref().map(|d| Buckets::to_bytes(&std::array::from_fn(|i| d[i])));
        let join = self.join();
        let entries = entries_of(&join);
        let message = match kind {
            0 => ExchangeMessage::Join { source, entries },
            1 => ExchangeMessage::JoinReply { source, entries },
            2 => ExchangeMessage::Digest { source, digest: self.number },
            3 => {
                ExchangeMessage::DigestReply { source, buckets: digests.as_ref().map(Buckets::new) }
            }
            4 => ExchangeMessage::Buckets { source, mask: self.number, entries },
            5 => ExchangeMessage::BucketsReply { source, entries },
            6 => ExchangeMessage::ReliablePing { sequence, target: &self.names[0], source },
            7 => ExchangeMessage::ReliableAck { sequence, source },
            8 => ExchangeMessage::Refusal { reason: self.reason },
            9 => ExchangeMessage::KeyRequest { source, target: &self.names[0], body: &self.bytes },
            _ => ExchangeMessage::KeyReply { source, body: &self.bytes },
        };
        let mut bytes = Vec::new();
        message.encode(CLUSTER, &mut bytes);
        bytes
    }

    /// A join that streams the rows.
    pub(crate) fn join(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = begin_join(CLUSTER, &self.names[1], usize::MAX, &mut bytes);
        for row in &self.rows {
            assert!(writer.push(&row.entry()), "there is no bound");
        }
        bytes
    }
}

/// The entries of a join.
pub(crate) fn entries_of(join: &[u8]) -> Entries<'_> {
    match ExchangeMessage::decode(join, CLUSTER) {
        Ok(ExchangeMessage::Join { entries, .. }) => entries,
        other => panic!("{other:?} is not a join"),
    }
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    let numbers = (number(u64::from(u32::MAX)), number(1 << 62), number(u64::MAX));
    let digests = prop::option::of(prop::collection::vec(any::<u64>(), Buckets::COUNT));
    let rows = prop::collection::vec(row(), 0..20);
    ([name(), name()], numbers, address(), many_bytes(), reason(), rows, digests).prop_map(
        |(names, (sequence, incarnation, number), address, bytes, reason, rows, digests)| Parts {
            names,
            sequence: sequence as u32,
            incarnation,
            number,
            address,
            bytes,
            reason,
            rows,
            digests,
        },
    )
}

pub(crate) fn row() -> impl Strategy<Value = Row> {
    let claim = (number(1 << 62), prop::sample::select(&Status::ALL[..]))
        .prop_map(|(incarnation, status)| Claim::new(Incarnation::new(incarnation), status));
    let described = prop::option::of((any::<bool>(), number(1 << 62), address(), bytes()));
    (name(), claim, number(u64::from(u32::MAX)), described).prop_map(
        |(id, claim, age, described)| Row {
            id,
            claim,
            age: age as u32,
            described: described.map(|(same, other, address, metadata)| {
                (if same { claim.incarnation.get() } else { other }, address, metadata)
            }),
        },
    )
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z0-9-]{1,40}", 1 => "\\PC{1,60}", 1 => "[a-z]{255}"]
}

/// Every width of an integer is as likely as every other.
fn number(max: u64) -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(move |(bits, shift)| (bits >> shift).min(max))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let of = |len| prop::collection::vec(any::<u8>(), len);
    prop_oneof![8 => of(0..=40), 1 => of(254..=258)]
}

/// A binary value of every width.
fn many_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => bytes(), 1 => prop::collection::vec(any::<u8>(), 65_534..=65_537)]
}

fn reason() -> impl Strategy<Value = Refusal> {
    prop::sample::select(vec![
        Refusal::OtherCluster,
        Refusal::OtherVersion,
        Refusal::Left,
        Refusal::Malformed,
        Refusal::WrongTarget,
    ])
}

/// Any address that a member can have, as the wire carries it.
fn address() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(Into::into),
        any::<[u8; 16]>().prop_map(std::net::IpAddr::from)
    ];
    (ip, 1..=u16::MAX)
        .prop_map(|(ip, port)| SocketAddr::new(ip.to_canonical(), port))
        .prop_filter("a member's", swim_core::is_reachable)
}
