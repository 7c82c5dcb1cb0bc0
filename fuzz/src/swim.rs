//! [`world`](crate::world) on the native wire.

use arbitrary::Arbitrary;
use swim_core::wire::{
    Buckets, Description, Entry, ExchangeMessage, Message, Packet, begin_join, begin_join_reply,
};
use swim_core::wire::{begin_buckets, begin_buckets_reply, begin_packet, cluster_hash};
use swim_core::{Claim, Config, Incarnation, SequenceNumber, Status};

use crate::layer::Word;
use crate::world::{self, LONG, Node, Recent, Wire, address};

/// A whole life.
pub type Life = world::Life<Said, Table, ()>;

/// Lives it and checks after each step.
pub fn check(life: &Life) {
    world::check::<Native>(life);
}

#[derive(Arbitrary, Debug)]
pub enum Said {
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
pub enum Table {
    Join { source: u8, rows: Vec<Row> },
    Digest { source: u8, digest: u64, buckets: bool },
    Buckets { source: u8, mask: u64, rows: Vec<Row> },
    Ping { target: u8 },
}

#[derive(Arbitrary, Debug)]
pub struct Row {
    id: u8,
    incarnation: u8,
    status: u8,
    described: Option<(u8, u8)>,
    age: u32,
}

struct Native;

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

impl Wire for Native {
    type Said = Said;
    type Stream = Table;
    type Settings = ();

    const NAMES: &'static [&'static str] = &["me", "a", "b", "c", "d", LONG];
    const INCARNATIONS: (Incarnation, Incarnation) = (Incarnation::new(3), Incarnation::MAX);

    fn config((): &()) -> Config {
        Config::local()
    }

    fn packet(messages: &[Said], _: u8, recent: &Recent) -> Vec<u8> {
        let mut bytes = Vec::new();
        begin_packet(cluster(), &mut bytes);
        for said in messages {
            let (filler, mut words) = ([9; 600], Vec::new());
            let message = match *said {
                Said::Ping { sequence, target, source } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::Ping {
                        sequence,
                        target: Native::name(target),
                        source: Native::name(source),
                    }
                }
                Said::PingReq { sequence, target, source } => {
                    let sequence = SequenceNumber::new(sequence);
                    Message::PingReq {
                        sequence,
                        target: Native::name(target),
                        source: Native::name(source),
                    }
                }
                Said::Ack { recent: nth, source } => {
                    Message::Ack { sequence: recent.sequence(nth), source: Native::name(source) }
                }
                Said::Nack { recent: nth, source } => {
                    Message::Nack { sequence: recent.sequence(nth), source: Native::name(source) }
                }
                Said::Alive { id, incarnation: number, port, metadata } => Message::Alive {
                    id: Native::name(id),
                    incarnation: incarnation(number),
                    address: address(port),
                    metadata: &filler[..usize::from(metadata)],
                },
                Said::Suspect { id, incarnation: number, from } => Message::Suspect {
                    id: Native::name(id),
                    incarnation: incarnation(number),
                    from: Native::name(from),
                },
                Said::Dead { id, incarnation: number, from } => Message::Dead {
                    id: Native::name(id),
                    incarnation: incarnation(number),
                    from: Native::name(from),
                },
                Said::Left { id, incarnation: number } => {
                    Message::Left { id: Native::name(id), incarnation: incarnation(number) }
                }
                Said::Broadcast { origin, epoch, number, len } => Message::Broadcast {
                    origin: Native::name(origin),
                    epoch: incarnation(epoch),
                    number: u64::from(number),
                    payload: &filler[..usize::from(len) % 600],
                },
                Said::Announcement { origin, epoch, number, ref word } => {
                    word.encode(Native::places(), 0, &mut words);
                    let (origin, epoch, number) =
                        (Native::name(origin), incarnation(epoch), u64::from(number));
                    Message::Announcement { origin, epoch, number, payload: &words }
                }
                Said::Direct { source, ref word } => {
                    word.encode(Native::places(), 0, &mut words);
                    Message::Direct { source: Native::name(source), payload: &words }
                }
            };
            message.encode(&mut bytes);
        }
        bytes
    }

    fn stream(stream: &Table, is_request: bool, _: &Recent) -> Vec<u8> {
        table(stream, is_request)
    }

    fn read_packet(packet: &[u8], pinged: &mut dyn FnMut(SequenceNumber)) {
        for message in Packet::open(packet, cluster()).expect("our own header is right") {
            if let Message::Ping { sequence, .. } = message.expect("our own messages are readable")
            {
                pinged(sequence);
            }
        }
    }

    fn read_exchange(payload: &[u8]) {
        ExchangeMessage::decode(payload, cluster()).expect("our own exchanges are readable");
    }

    fn command(_: &mut Node, _: u8, _: u16) {}
}

/// A request, or the reply to one, as bytes.
fn table(table: &Table, is_request: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    match table {
        Table::Join { source, rows } | Table::Buckets { source, rows, .. } => {
            let source = Native::name(*source);
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
                assert!(writer.push(&Entry {
                    id: Native::name(row.id),
                    claim,
                    description,
                    age: row.age
                }));
            }
        }
        Table::Digest { source, digest, buckets } => {
            let source = Native::name(*source);
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
            ExchangeMessage::ReliablePing { sequence, target: Native::name(*target), source: "a" }
                .encode(cluster(), &mut bytes);
        }
    }
    bytes
}
