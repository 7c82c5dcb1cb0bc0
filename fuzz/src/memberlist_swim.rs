//! [`world`](crate::world) on memberlist's wire, among serf's agents.

use arbitrary::Arbitrary;
use swim_core::wire::memberlist::{
    Message, NodeState, PacketWriter, Packing, PushPullWriter, Source, StreamMessage, Unpacker,
    Version, Versions,
};
use swim_core::{Config, Incarnation, MemberlistWire, SequenceNumber, Status};

use crate::layer::Word;
use crate::world::{self, LONG, Node, Recent, Wire, address};

/// A whole life.
pub type Life = world::Life<Said, Stream, Settings>;

/// Lives it and checks after each step.
pub fn check(life: &Life) {
    world::check::<Memberlist>(life);
}

/// How packets are written, and what is put around them.
#[derive(Arbitrary, Debug)]
pub struct Settings {
    compress: bool,
    envelope: u16,
}

#[derive(Arbitrary, Debug)]
pub enum Said {
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
pub enum Stream {
    PushPull { is_join: bool, rows: Vec<Row>, state: u8 },
    Ping { target: u8 },
    Ack { recent: u8 },
    User { len: u16 },
    Error,
}

#[derive(Arbitrary, Debug)]
pub struct Row {
    id: u8,
    incarnation: u8,
    status: u8,
    port: u8,
    versions: u8,
}

struct Memberlist;

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

impl Wire for Memberlist {
    type Said = Said;
    type Stream = Stream;
    type Settings = Settings;

    const NAMES: &'static [&'static str] = &["", "me", "a", "b", "c", "d", LONG];
    const INCARNATIONS: (Incarnation, Incarnation) =
        (Incarnation::new(1), Incarnation::new(u32::MAX as u64));

    fn config(settings: &Settings) -> Config {
        let envelope = usize::from(settings.envelope) % 303;
        let compress = settings.compress;
        Config::memberlist_local(MemberlistWire { compress, envelope, ..MemberlistWire::SERF })
    }

    fn packet(messages: &[Said], packing: u8, numbers: &Recent) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = PacketWriter::begin(&mut bytes);
        for said in messages {
            let (filler, mut words) = ([9; 1_400], Vec::new());
            let source = |id: Option<u8>, port| Source {
                address: id.map(|_| address(port)),
                id: id.map_or("", Memberlist::name),
            };
            let message = match *said {
                Said::Ping { sequence, target, source: id, port } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::Ping {
                        sequence,
                        target: Memberlist::name(target),
                        source: source(id, port),
                    }
                }
                Said::IndirectPing { sequence, target, port, wants_nack, source: id } => {
                    Message::IndirectPing {
                        sequence: SequenceNumber::new(sequence),
                        target: Memberlist::name(target),
                        address: address(port),
                        wants_nack,
                        source: source(id, port),
                    }
                }
                Said::Ack { recent, len } => Message::Ack {
                    sequence: numbers.sequence(recent),
                    payload: &filler[..usize::from(len)],
                },
                Said::Nack { recent } => Message::Nack { sequence: numbers.sequence(recent) },
                Said::Alive { id, incarnation: number, port, metadata, versions: vector } => {
                    Message::Alive {
                        id: Memberlist::name(id),
                        incarnation: incarnation(number),
                        address: address(port),
                        metadata: &filler[..usize::from(metadata)],
                        versions: versions(vector),
                    }
                }
                Said::Suspect { id, incarnation: number, from } => Message::Suspect {
                    id: Memberlist::name(id),
                    incarnation: incarnation(number),
                    from: Memberlist::name(from),
                },
                Said::Dead { id, incarnation: number, from } => Message::Dead {
                    id: Memberlist::name(id),
                    incarnation: incarnation(number),
                    from: Memberlist::name(from),
                },
                Said::User { len } => {
                    Message::User { payload: &filler[..usize::from(len) % 1_400] }
                }
                Said::Layer(ref word) => {
                    word.encode(Memberlist::places(), 0, &mut words);
                    Message::User { payload: &words }
                }
            };
            writer.push(&message);
        }
        writer.finish(Packing { compress: packing & 1 != 0, checksum: packing & 2 != 0 });
        bytes
    }

    fn stream(stream: &Stream, _: bool, numbers: &Recent) -> Vec<u8> {
        let mut bytes = Vec::new();
        let filler = [9; 600];
        let message = match *stream {
            Stream::PushPull { is_join, ref rows, state } => {
                let mut writer = PushPullWriter::begin(is_join, &mut bytes);
                for row in rows.iter().take(20) {
                    writer.push(&NodeState {
                        id: Memberlist::name(row.id),
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
                StreamMessage::Ping {
                    sequence,
                    target: Memberlist::name(target),
                    source: Source::default(),
                }
            }
            Stream::Ack { recent } => {
                StreamMessage::Ack { sequence: numbers.sequence(recent), payload: b"" }
            }
            Stream::User { len } => {
                StreamMessage::User { payload: &filler[..usize::from(len) % 600] }
            }
            Stream::Error => StreamMessage::Error { reason: "no" },
        };
        message.encode(&mut bytes);
        bytes
    }

    fn read_packet(packet: &[u8], pinged: &mut dyn FnMut(SequenceNumber)) {
        Unpacker::default().unpack(packet, |message| {
            if let Message::Ping { sequence, .. } = message.expect("our own messages are readable")
            {
                pinged(sequence);
            }
        });
    }

    fn read_exchange(payload: &[u8]) {
        StreamMessage::decode(payload).expect("our own exchanges are readable");
    }

    fn command(node: &mut Node, port: u8, len: u16) {
        if port.is_multiple_of(2) {
            let _ = node.send_user_message(address(port), &vec![7; usize::from(len % 1_200)]);
        } else {
            node.set_user_state(&vec![7; usize::from(len)]);
        }
    }
}
