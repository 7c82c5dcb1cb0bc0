//! Any message is read as it was written, whatever layers are around it; and rmp-serde, told of
//! Go's structs, reads the same.

use proptest::prelude::*;
use serde::Deserialize;
use swim_core::SequenceNumber;
use swim_core::wire::memberlist::{Message, PacketWriter, Packing, Source, Version, Versions};

use super::{encoded, unpacked};
use crate::parts::{Parts, parts};

fn versions() -> impl Strategy<Value = Versions> {
    let version = |low: u8| {
        (low..=u8::MAX, low..=u8::MAX, any::<u8>()).prop_map(|(a, b, current)| Version {
            min: a.min(b),
            max: a.max(b),
            current,
        })
    };
    (version(1), version(0)).prop_map(|(protocol, delegate)| Versions { protocol, delegate })
}

/// The message of one of the eight kinds, made of `parts`.
fn message(
    parts: &Parts,
    kind: usize,
    versions: Versions,
    flags: (bool, bool, bool),
) -> Message<'_> {
    let [id, from] = parts.names.each_ref().map(String::as_str);
    let (sequence, incarnation) = (SequenceNumber::new(parts.sequence), parts.incarnation as u32);
    let (has_address, has_name, wants_nack) = flags;
    let source = Source {
        address: has_address.then_some(parts.address),
        id: if has_name { from } else { "" },
    };
    match kind {
        0 => Message::Ping { sequence, target: id, source },
        1 => Message::IndirectPing {
            sequence,
            target: id,
            address: parts.address,
            wants_nack,
            source,
        },
        2 => Message::Ack { sequence, payload: &parts.bytes },
        3 => Message::Nack { sequence },
        4 => Message::Suspect { id, incarnation, from },
        5 => Message::Alive {
            id,
            incarnation,
            address: parts.address,
            metadata: &parts.bytes,
            versions,
        },
        6 => Message::Dead { id, incarnation, from },
        _ => Message::User { payload: &parts.bytes },
    }
}

/// Go's struct of every kind but the user's, as one: what a message lacks has its default.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Go {
    seq_no: u32,
    node: String,
    source_addr: serde_bytes::ByteBuf,
    source_port: u16,
    source_node: String,
    target: serde_bytes::ByteBuf,
    port: u16,
    nack: bool,
    payload: Option<serde_bytes::ByteBuf>,
    incarnation: u32,
    from: String,
    addr: serde_bytes::ByteBuf,
    meta: Option<serde_bytes::ByteBuf>,
    vsn: serde_bytes::ByteBuf,
}

fn octets(address: std::net::SocketAddr) -> serde_bytes::ByteBuf {
    match address.ip() {
        std::net::IpAddr::V4(ip) => ip.octets().to_vec().into(),
        std::net::IpAddr::V6(ip) => ip.octets().to_vec().into(),
    }
}

impl Go {
    fn new(message: &Message<'_>) -> Self {
        let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_vec().into());
        let of = |source: Source<'_>| Self {
            source_addr: source.address.map(octets).unwrap_or_default(),
            source_port: source.address.map_or(0, |address| address.port()),
            source_node: source.id.into(),
            ..Self::default()
        };
        match *message {
            Message::Ping { sequence, target, source } => {
                Self { seq_no: sequence.get(), node: target.into(), ..of(source) }
            }
            Message::IndirectPing { sequence, target, address, wants_nack, source } => Self {
                seq_no: sequence.get(),
                node: target.into(),
                target: octets(address),
                port: address.port(),
                nack: wants_nack,
                ..of(source)
            },
            Message::Ack { sequence, payload } => {
                Self { seq_no: sequence.get(), payload: some(payload), ..Self::default() }
            }
            Message::Nack { sequence } => Self { seq_no: sequence.get(), ..Self::default() },
            Message::Suspect { id, incarnation, from }
            | Message::Dead { id, incarnation, from } => {
                Self { node: id.into(), incarnation, from: from.into(), ..Self::default() }
            }
            Message::Alive { id, incarnation, address, metadata, versions } => Self {
                node: id.into(),
                incarnation,
                addr: octets(address),
                port: address.port(),
                meta: some(metadata),
                vsn: versions.to_bytes().to_vec().into(),
                ..Self::default()
            },
            Message::User { .. } => Self::default(),
        }
    }
}

/// The keys of a message, which is a map.
fn keys(message: &[u8]) -> Vec<String> {
    let map: std::collections::BTreeMap<String, serde::de::IgnoredAny> =
        rmp_serde::from_slice(&message[1..]).expect("a map");
    map.into_keys().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_read_as_it_was_written(
        parts in parts(), kind in 0..8_usize, versions in versions(), flags in any::<(bool, bool, bool)>(),
    ) {
        let message = message(&parts, kind, versions, flags);
        let bytes = encoded(&message);
        prop_assert_eq!(Message::decode(&bytes), Ok(message));
        if !matches!(message, Message::User { .. }) {
            prop_assert_eq!(rmp_serde::from_slice::<Go>(&bytes[1..]).unwrap(), Go::new(&message));
            let keys = keys(&bytes);
            prop_assert!(keys.is_sorted(), "{:?}", keys);
            prop_assert_eq!(keys.iter().any(|key| key.starts_with("Source")), bytes.windows(6).any(|w| w == b"Source"));
            let trailing = [&bytes[..], &[0xc1]].concat();
            prop_assert_eq!(Message::decode(&trailing), Ok(message));
        }
    }

    #[test]
    fn every_packet_is_unpacked_to_what_was_packed(
        parts in parts(), kinds in prop::collection::vec(0..8_usize, 1..20), versions in versions(),
        flags in any::<(bool, bool, bool)>(), compress in any::<bool>(), checksum in any::<bool>(),
    ) {
        let mut packet = Vec::new();
        let mut writer = PacketWriter::begin(&mut packet);
        let mut expected = Vec::new();
        for kind in kinds {
            let message = message(&parts, kind, versions, flags);
            let len = writer.len_with(encoded(&message).len());
            // What is longer than a packet may be is refused as it is unpacked.
            if len < 60_000 && writer.push(&message) {
                expected.push(Ok(encoded(&message)));
                let next = writer.len_with(0);
                prop_assert!(expected.len() == 1 || next == len + 2, "{} {}", next, len);
            }
        }
        if expected.is_empty() {
            return Ok(());
        }
        let plain = writer.len_with(0) - 2;
        writer.finish(Packing { compress, checksum });
        let overhead = if checksum { PacketWriter::CHECKSUM_LEN } else { 0 };
        prop_assert!(packet.len() <= plain + overhead || expected.len() == 1);
        prop_assert_eq!(unpacked(&packet), expected);
    }
}
