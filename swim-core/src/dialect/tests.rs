//! A dialect alone: what is meant, made into bytes and read again.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::gossip::dissemination::{Dissemination, Readers};
use crate::ground::config::MemberlistWire;
use crate::ground::id::Incarnation;
use crate::ground::member::{Claim, Status};
use crate::wire::{Packet, cluster_hash};

const SEVEN: SequenceNumber = SequenceNumber::new(7);

fn memberlist() -> Dialect {
    Dialect::new(&Wire::Memberlist(MemberlistWire { compress: false, ..MemberlistWire::SERF }))
}

/// One of each kind.
fn messages() -> Vec<Message<'static>> {
    let address = "192.0.2.1:7946".parse().unwrap();
    let source = Speaker { address: Some(address), id: "a" };
    let (id, incarnation, from) = ("b", Incarnation::new(3), "a");
    let claim = Claim::new(incarnation, Status::Alive);
    vec![
        Message::Ping { sequence: SEVEN, target: "b", source },
        Message::PingReq { sequence: SEVEN, target: "b", address, wants_nack: true, source },
        Message::Ack { sequence: SEVEN, source: "a", payload: b"" },
        Message::Nack { sequence: SEVEN, source: "a" },
        Message::Alive(Row { id, claim, address, metadata: b"web", versions: Versions::SERF }),
        Message::Suspect { id, incarnation, from },
        Message::Dead { id, incarnation, from },
        Message::Left { id, incarnation },
        Message::Direct { source: "a", payload: b"said" },
    ]
}

/// What a packet of one message holds, as a debug text.
fn read_again(dialect: &mut Dialect, message: &Message<'_>) -> String {
    let (config, cluster) = (Config::lan(), cluster_hash("default"));
    let mut bytes = Vec::new();
    match dialect.packets(&config, cluster) {
        Packets::Native(packets) => write(packets.begin(&mut bytes), message),
        Packets::Memberlist(packets) => write(packets.begin(&mut bytes), message),
        Packets::Custom(packets) => write(packets.begin(&mut bytes), message),
    }
    let Some(mut unpacker) = dialect.take_unpacker() else {
        let read: Vec<_> = Packet::open(&bytes, cluster).unwrap().map(Result::unwrap).collect();
        return format!("{read:?}");
    };
    let mut read = Vec::new();
    unpacker.unpack(&bytes, |message| read.push(format!("{:?}", message.unwrap().1)));
    dialect.put_back(unpacker);
    format!("[{}]", read.join(", "))
}

fn write(mut packet: impl PacketWriter, message: &Message<'_>) {
    assert!(packet.is_empty());
    packet.say(message);
    assert!(!packet.is_empty());
    packet.finish(true);
}

#[test]
fn the_native_wire_says_all_but_versions_and_addresses_of_who_speaks() {
    let mut native = Dialect::new(&Wire::Native);
    for message in messages() {
        assert_eq!(read_again(&mut native, &message), format!("[{:?}]", native::message(&message)));
    }
}

#[test]
fn memberlist_s_wire_says_all_but_whose_acks_nacks_and_user_messages_are() {
    let mut memberlist = memberlist();
    for message in messages() {
        let unnamed = match message {
            Message::Ack { sequence, payload, .. } => {
                Message::Ack { sequence, source: "", payload }
            }
            Message::Nack { sequence, .. } => Message::Nack { sequence, source: "" },
            Message::Direct { payload, .. } => Message::Direct { source: "", payload },
            said => said,
        };
        assert_eq!(read_again(&mut memberlist, &message), format!("[{unnamed:?}]"));
    }
}

#[test]
fn the_rest_of_a_packet_is_filled_up_to_its_bound_and_no_further() {
    let config = Config { max_packet_size: 1_060, ..Config::memberlist_lan(MemberlistWire::SERF) };
    let ping = messages()[0];
    for dialect in [Dialect::new(&Wire::Native), memberlist()] {
        let (mut updates, mut broadcasts) = (Dissemination::default(), Dissemination::default());
        let mut body = Vec::new();
        for slot in 0..100 {
            dialect.encode(&messages()[4], &mut body);
            updates.push(Some(Slot(slot)), &body);
            dialect.encode(&messages()[8], &mut body);
            broadcasts.push(None, &body);
        }
        let (updates, broadcasts) = (&mut updates, &mut broadcasts);
        let queued = Queued {
            updates,
            broadcasts,
            updates_first: false,
            readers: Readers::default(),
            limit: 9,
        };
        let mut bytes = Vec::new();
        match dialect.packets(&config, 1) {
            Packets::Native(packets) => fill(packets.begin(&mut bytes), &ping, queued),
            Packets::Memberlist(packets) => fill(packets.begin(&mut bytes), &ping, queued),
            Packets::Custom(packets) => fill(packets.begin(&mut bytes), &ping, queued),
        }
        assert!((1_000..=1_060).contains(&bytes.len()), "{} bytes", bytes.len());
    }
}

fn fill(mut packet: impl PacketWriter, message: &Message<'_>, queued: Queued<'_>) {
    packet.say(message);
    packet.fill(queued, |_| {});
    packet.finish(true);
}

#[test]
fn a_table_is_cut_where_it_would_be_too_long_and_read_again() {
    let memberlist = memberlist();
    let (claim, address) =
        (Claim::new(Incarnation::new(3), Status::Dead), "192.0.2.1:7946".parse().unwrap());
    let row = Row { id: "b", claim, address, metadata: &[7; 100], versions: Versions::SERF };
    let (bytes, written) =
        memberlist.write_table(true, b"state", 65_536, core::iter::repeat_n(row, 1_000));
    assert!(
        bytes.len() <= 65_536 && (300..1_000).contains(&written),
        "{} bytes, {written} rows",
        bytes.len()
    );
    let Some(Ok(StreamMessage::Table(table))) = memberlist.decode_stream(&bytes) else {
        panic!("it is a table")
    };
    assert_eq!(
        (table.is_join(), table.state(), table.rows().count() as u64),
        (true, &b"state"[..], written)
    );
    assert!(table.rows().all(|read| format!("{:?}", read.unwrap()) == format!("{row:?}")));
}

#[test]
fn versions_are_kept_by_slot_and_whoever_published_none_is_plain() {
    let mut memberlist = memberlist();
    memberlist.note_versions(Slot(3), Versions::SERF);
    assert_eq!(
        [2, 3, 4].map(|slot| memberlist.versions_of(Slot(slot)) == Versions::SERF),
        [false, true, false]
    );
    assert!(memberlist.speaks_with(Versions::SERF) && !memberlist.speaks_with(Versions::PLAIN));
    assert_eq!(Dialect::new(&Wire::Native).version_bytes(Slot(3)), [0; 6]);
}
