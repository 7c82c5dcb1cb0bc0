//! Any messages: they are read as they were written, and written as rmp-serde writes them.

use std::net::{IpAddr, SocketAddr};

use arbitrary::{Arbitrary, Result, Unstructured};
use swim_core::wire::{
    Buckets, Description, Entry, ExchangeMessage, HEADER_LEN, Message, Packet, Refusal,
    begin_buckets, begin_buckets_reply, begin_join, begin_join_reply, begin_packet,
};
use swim_core::{Claim, Incarnation, SequenceNumber, Status};

use crate::oracle;

/// A packet and an exchange.
#[derive(Arbitrary, Clone, Debug)]
pub struct Traffic {
    cluster: u32,
    packet: Vec<OwnedMessage>,
    exchange: OwnedExchange,
}

#[derive(Arbitrary, Clone, Debug)]
enum OwnedMessage {
    Ping { sequence: u32, target: Name, source: Name },
    PingReq { sequence: u32, target: Name, source: Name },
    Ack { sequence: u32, source: Name },
    Nack { sequence: u32, source: Name },
    Alive { id: Name, incarnation: OwnedIncarnation, address: Address, metadata: Vec<u8> },
    Suspect { id: Name, incarnation: OwnedIncarnation, from: Name },
    Dead { id: Name, incarnation: OwnedIncarnation, from: Name },
    Left { id: Name, incarnation: OwnedIncarnation },
    Broadcast { origin: Name, epoch: OwnedIncarnation, number: u64, payload: Vec<u8> },
}

#[derive(Arbitrary, Clone, Debug)]
enum OwnedExchange {
    Join { source: Name, entries: Vec<OwnedEntry>, max_size: Option<u16> },
    JoinReply { source: Name, entries: Vec<OwnedEntry>, max_size: Option<u16> },
    Digest { source: Name, digest: u64 },
    DigestReply { source: Name, buckets: Option<Box<[u64; Buckets::COUNT]>> },
    Buckets { source: Name, mask: u64, entries: Vec<OwnedEntry>, max_size: Option<u16> },
    BucketsReply { source: Name, entries: Vec<OwnedEntry>, max_size: Option<u16> },
    ReliablePing { sequence: u32, target: Name, source: Name },
    ReliableAck { sequence: u32, source: Name },
    Refusal { reason: u8 },
    KeyRequest { source: Name, target: Name, body: Vec<u8> },
    KeyReply { source: Name, body: Vec<u8> },
}

#[derive(Arbitrary, Clone, Debug)]
struct OwnedEntry {
    id: Name,
    incarnation: OwnedIncarnation,
    status: u8,
    age: u32,
    description: Option<(Option<OwnedIncarnation>, Address, Vec<u8>)>,
}

/// A name of 1 to 255 bytes.
#[derive(Clone, Debug)]
struct Name(String);

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let text: &str = u.arbitrary()?;
        let len =
            (0..=text.len().min(255)).rev().find(|&len| text.is_char_boundary(len)).unwrap_or(0);
        let text = &text[..len];
        Ok(Self(if text.is_empty() { "x" } else { text }.to_owned()))
    }
}

#[derive(Clone, Copy, Debug)]
struct OwnedIncarnation(Incarnation);

impl<'a> Arbitrary<'a> for OwnedIncarnation {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.int_in_range(0..=Incarnation::MAX.get()).map(|number| Self(Incarnation::new(number)))
    }
}

/// An address that a member can have, as the wire carries it.
#[derive(Clone, Copy, Debug)]
struct Address(SocketAddr);

impl<'a> Arbitrary<'a> for Address {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let ip = u.arbitrary::<IpAddr>()?;
        let address = swim_core::normal_address(SocketAddr::new(ip, u.int_in_range(1..=u16::MAX)?));
        let usual = SocketAddr::from(([127, 0, 0, 1], address.port()));
        Ok(Self(if swim_core::is_reachable(&address) { address } else { usual }))
    }
}

impl OwnedMessage {
    fn message(&self) -> Message<'_> {
        match self {
            Self::Ping { sequence, target, source } => Message::Ping {
                sequence: SequenceNumber::new(*sequence),
                target: &target.0,
                source: &source.0,
            },
            Self::PingReq { sequence, target, source } => Message::PingReq {
                sequence: SequenceNumber::new(*sequence),
                target: &target.0,
                source: &source.0,
            },
            Self::Ack { sequence, source } => {
                Message::Ack { sequence: SequenceNumber::new(*sequence), source: &source.0 }
            }
            Self::Nack { sequence, source } => {
                Message::Nack { sequence: SequenceNumber::new(*sequence), source: &source.0 }
            }
            Self::Alive { id, incarnation, address, metadata } => Message::Alive {
                id: &id.0,
                incarnation: incarnation.0,
                address: address.0,
                metadata,
            },
            Self::Suspect { id, incarnation, from } => {
                Message::Suspect { id: &id.0, incarnation: incarnation.0, from: &from.0 }
            }
            Self::Dead { id, incarnation, from } => {
                Message::Dead { id: &id.0, incarnation: incarnation.0, from: &from.0 }
            }
            Self::Left { id, incarnation } => {
                Message::Left { id: &id.0, incarnation: incarnation.0 }
            }
            Self::Broadcast { origin, epoch, number, payload } => {
                Message::Broadcast { origin: &origin.0, epoch: epoch.0, number: *number, payload }
            }
        }
    }
}

impl OwnedEntry {
    fn entry(&self) -> Entry<'_> {
        let description =
            self.description.as_ref().map(|(incarnation, address, metadata)| Description {
                incarnation: incarnation.unwrap_or(self.incarnation).0,
                address: address.0,
                metadata,
            });
        let claim = Claim::new(self.incarnation.0, Status::ALL[usize::from(self.status % 4)]);
        Entry { id: &self.id.0, claim, description, age: self.age }
    }
}

/// Checks both.
pub fn check(traffic: &Traffic) {
    check_packet(traffic.cluster, &traffic.packet);
    check_exchange(traffic.cluster, &traffic.exchange);
}

fn check_packet(cluster: u32, messages: &[OwnedMessage]) {
    let messages: Vec<_> = messages.iter().map(OwnedMessage::message).collect();
    let mut packet = Vec::new();
    begin_packet(cluster, &mut packet);
    messages.iter().for_each(|message| message.encode(&mut packet));

    let expected: Vec<u8> = messages.iter().flat_map(oracle::write).collect();
    assert_eq!(packet[HEADER_LEN..], expected);
    let read: Result<Vec<_>, _> =
        Packet::open(&packet, cluster).expect("a header just written").collect();
    assert_eq!(read, Ok(messages));
}

fn check_exchange(cluster: u32, exchange: &OwnedExchange) {
    let mut bytes = Vec::new();
    let kept = write(cluster, exchange, &mut bytes);
    let message = ExchangeMessage::decode(&bytes, cluster).expect("an exchange just written");
    assert_eq!(bytes[HEADER_LEN..], oracle::write_exchange(&message));

    let mut again = Vec::new();
    message.encode(cluster, &mut again);
    assert_eq!(bytes, again, "streamed or written at once, the bytes are the same");
    match message {
        ExchangeMessage::Join { entries, .. }
        | ExchangeMessage::JoinReply { entries, .. }
        | ExchangeMessage::Buckets { entries, .. }
        | ExchangeMessage::BucketsReply { entries, .. } => assert!(entries.iter().eq(kept)),
        _ => {}
    }
}

/// Writes the exchange and returns the entries that fitted into it.
fn write<'a>(cluster: u32, exchange: &'a OwnedExchange, out: &mut Vec<u8>) -> Vec<Entry<'a>> {
    let bound = |max_size: &Option<u16>| max_size.map_or(usize::MAX, usize::from);
    let (mut writer, entries) = match exchange {
        OwnedExchange::Join { source, entries, max_size } => {
            (begin_join(cluster, &source.0, bound(max_size), out), entries)
        }
        OwnedExchange::JoinReply { source, entries, max_size } => {
            (begin_join_reply(cluster, &source.0, bound(max_size), out), entries)
        }
        OwnedExchange::Buckets { source, mask, entries, max_size } => {
            (begin_buckets(cluster, &source.0, *mask, bound(max_size), out), entries)
        }
        OwnedExchange::BucketsReply { source, entries, max_size } => {
            (begin_buckets_reply(cluster, &source.0, bound(max_size), out), entries)
        }
        other => {
            write_without_entries(cluster, other, out);
            return Vec::new();
        }
    };
    entries.iter().map(OwnedEntry::entry).filter(|entry| writer.push(entry)).collect()
}

fn write_without_entries(cluster: u32, exchange: &OwnedExchange, out: &mut Vec<u8>) {
    let digests;
    let message = match exchange {
        OwnedExchange::Digest { source, digest } => {
            ExchangeMessage::Digest { source: &source.0, digest: *digest }
        }
        OwnedExchange::DigestReply { source, buckets } => {
            digests = buckets.as_deref().map(Buckets::to_bytes);
            ExchangeMessage::DigestReply {
                source: &source.0,
                buckets: digests.as_ref().map(Buckets::new),
            }
        }
        OwnedExchange::ReliablePing { sequence, target, source } => ExchangeMessage::ReliablePing {
            sequence: SequenceNumber::new(*sequence),
            target: &target.0,
            source: &source.0,
        },
        OwnedExchange::ReliableAck { sequence, source } => ExchangeMessage::ReliableAck {
            sequence: SequenceNumber::new(*sequence),
            source: &source.0,
        },
        OwnedExchange::Refusal { reason } => ExchangeMessage::Refusal {
            reason: [
                Refusal::OtherCluster,
                Refusal::OtherVersion,
                Refusal::Left,
                Refusal::Malformed,
                Refusal::WrongTarget,
            ][usize::from(reason % 5)],
        },
        OwnedExchange::KeyRequest { source, target, body } => {
            ExchangeMessage::KeyRequest { source: &source.0, target: &target.0, body }
        }
        OwnedExchange::KeyReply { source, body } => {
            ExchangeMessage::KeyReply { source: &source.0, body }
        }
        _ => unreachable!("exchanges with entries are streamed"),
    };
    message.encode(cluster, out);
    assert_eq!(ExchangeMessage::decode(out, cluster), Ok(message));
}
