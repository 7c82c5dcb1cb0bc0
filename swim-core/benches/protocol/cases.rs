//! The cases: each prepares a node that knows `members` members and repeats one thing on it.

use std::hint::black_box;
use std::net::SocketAddr;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{Description, Entry, Message, begin_join_reply, begin_packet, cluster_hash};
use swim_core::{
    Claim, Config, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant, NodeId, SequenceNumber, Status, Swim,
};

/// Repeats what the case is about.
pub(crate) type Run = Box<dyn FnMut(u32)>;

/// Something that the core does often.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) sizes: &'static [usize],
    /// How many repetitions one measurement takes.
    pub(crate) repetitions: u32,
    pub(crate) prepare: fn(usize) -> Run,
}

const SIZES: &[usize] = &[100, 1_000, 10_000];

/// All of them.
pub(crate) const CASES: [Case; 3] = [
    Case { name: "ping with 0 updates", sizes: SIZES, repetitions: 2_000, prepare: |n| ping(n, 0, false) },
    Case { name: "ping with 10 known updates", sizes: SIZES, repetitions: 2_000, prepare: |n| ping(n, 10, false) },
    Case { name: "ping with 10 fresh updates", sizes: SIZES, repetitions: 2_000, prepare: |n| ping(n, 10, true) },
];

type Node = Swim<Xoshiro256PlusPlus>;

fn cluster() -> u32 {
    cluster_hash(&Config::lan().cluster)
}

fn name(number: usize) -> String {
    format!("node-{number:07}")
}

fn address(number: usize) -> SocketAddr {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    SocketAddr::from(([10, a, b, c], 7946))
}

/// A node that has joined a cluster of `members` and has nothing to say.
fn node(members: usize) -> Node {
    let now = Instant::ORIGIN;
    let identity = Identity::new(NodeId::new(&name(0)).unwrap(), address(0), Incarnation::new(1));
    let mut swim = Swim::new(Config::lan(), identity, Xoshiro256PlusPlus::seed_from_u64(7), now).unwrap();
    swim.join(now, &[address(1)]).unwrap();
    let Some(ExchangeOutput::Open { id, .. }) = swim.poll_exchange() else { unreachable!("a join opens an exchange") };
    let mut reply = Vec::new();
    let mut writer = begin_join_reply(cluster(), &name(1), usize::MAX, &mut reply);
    for number in 1..members {
        let incarnation = Incarnation::new(1);
        let description = Some(Description { incarnation, address: address(number), metadata: b"" });
        let claim = Claim::new(incarnation, Status::Alive);
        assert!(writer.push(&Entry { id: &name(number), claim, description, age: 0 }));
    }
    swim.handle_exchange(now, ExchangeInput::Reply { id, payload: &reply });
    while swim.poll_event().is_some() {}
    assert_eq!((swim.active_members(), swim.queued_updates()), (members, 0));
    swim
}

fn send_all(swim: &mut Node, now: Instant, buffer: &mut Vec<u8>) {
    while swim.poll_transmit(now, buffer).is_some() {
        black_box(&buffer);
    }
}

/// A ping that carries updates, and the ack to it. Known updates say what the table says; fresh ones raise
/// incarnations, ten members in turn.
fn ping(members: usize, updates: usize, fresh: bool) -> Run {
    let mut swim = node(members);
    let (me, source) = (name(0), name(1));
    let subjects: Vec<String> = (0..updates).map(|i| name(2 + i * (members - 2) / 10)).collect();
    let addresses: Vec<SocketAddr> = (0..updates).map(|i| address(2 + i * (members - 2) / 10)).collect();
    let (mut packet, mut buffer) = (Vec::new(), Vec::new());
    let mut incarnation = 1;
    let write = move |packet: &mut Vec<u8>, incarnation: u64| {
        begin_packet(cluster(), packet);
        let sequence = SequenceNumber::new(1);
        Message::Ping { sequence, target: &me, source: &source }.encode(packet);
        for (id, &address) in subjects.iter().zip(&addresses) {
            let incarnation = Incarnation::new(incarnation);
            Message::Alive { id, incarnation, address, metadata: b"" }.encode(packet);
        }
    };
    write(&mut packet, incarnation);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            if fresh {
                incarnation += 1;
                write(&mut packet, incarnation);
            }
            swim.handle_packet(Instant::ORIGIN, address(1), black_box(&packet));
            send_all(&mut swim, Instant::ORIGIN, &mut buffer);
            while swim.poll_event().is_some() {}
        }
    })
}
