//! The node that is measured, with a table of a given size, and what its peers would send it.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{
    Description, Entry, ExchangeMessage, Message, begin_join_reply, begin_packet, cluster_hash,
};
use swim_core::{
    Claim, Config, ExchangeFailure, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant,
    NodeId, Output, SequenceNumber, Status, Swim,
};

pub(crate) fn cluster() -> u32 {
    cluster_hash(&Config::lan().cluster)
}

pub(crate) fn name(number: usize) -> String {
    format!("node-{number:07}")
}

pub(crate) fn address(number: usize) -> SocketAddr {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    SocketAddr::from(([10, a, b, c], 7946))
}

/// Settings of a node that does nothing but probe for a long time. It does not gossip by itself
/// either: a node that has learnt much at once, as all of these have, would compare tables as often
/// as it gossips.
pub(crate) fn quiet() -> Config {
    let long = Duration::from_secs(86_400 * 365);
    Config {
        gossip_interval: long,
        sync_interval: long,
        sync_interval_min: long,
        reconnect_interval: long,
        reliable_fallback: false,
        ..Config::lan()
    }
}

/// What is heard of a member.
pub(crate) enum Said {
    Alive(u64),
    Suspect(u64),
    Left(u64),
}

/// Appends an update about member `number`.
pub(crate) fn say(number: usize, said: &Said, packet: &mut Vec<u8>) {
    let (id, address, from) = (name(number), address(number), name(1));
    match *said {
        Said::Alive(incarnation) => {
            let incarnation = Incarnation::new(incarnation);
            Message::Alive { id: &id, incarnation, address, metadata: b"" }.encode(packet);
        }
        Said::Suspect(incarnation) => {
            Message::Suspect { id: &id, incarnation: Incarnation::new(incarnation), from: &from }
                .encode(packet);
        }
        Said::Left(incarnation) => {
            Message::Left { id: &id, incarnation: Incarnation::new(incarnation) }.encode(packet);
        }
    }
}

/// A packet from member 1 with a ping, to which updates can be appended.
pub(crate) fn ping() -> Vec<u8> {
    let mut packet = packet();
    let (target, source) = (name(0), name(1));
    Message::Ping { sequence: SequenceNumber::new(1), target: &target, source: &source }
        .encode(&mut packet);
    packet
}

/// A packet without a message.
pub(crate) fn packet() -> Vec<u8> {
    let mut packet = Vec::new();
    begin_packet(cluster(), &mut packet);
    packet
}

/// The reply to a join, with members 1 to `members` - 1.
pub(crate) fn table(members: usize) -> Vec<u8> {
    let mut reply = Vec::new();
    let mut writer = begin_join_reply(cluster(), &name(1), usize::MAX, &mut reply);
    for number in 1..members {
        assert!(writer.push(&entry(number, 1, &name(number))));
    }
    reply
}

/// The row of a living member.
pub(crate) fn entry(number: usize, incarnation: u64, id: &str) -> Entry<'_> {
    let incarnation = Incarnation::new(incarnation);
    let description = Some(Description { incarnation, address: address(number), metadata: b"" });
    Entry { id, claim: Claim::new(incarnation, Status::Alive), description, age: 0 }
}

/// A node under measurement.
pub(crate) struct Node {
    pub(crate) swim: Swim<Xoshiro256PlusPlus>,
    pub(crate) now: Instant,
    buffer: Vec<u8>,
    /// The answers of peers.
    answer: Vec<u8>,
}

impl Node {
    /// A node that knows itself alone.
    pub(crate) fn alone(config: Config) -> Self {
        let now = Instant::ORIGIN;
        let identity =
            Identity::new(NodeId::new(&name(0)).unwrap(), address(0), Incarnation::new(1));
        let swim = Swim::new(config, identity, Xoshiro256PlusPlus::seed_from_u64(7), now).unwrap();
        Self { swim, now, buffer: Vec::new(), answer: Vec::new() }
    }

    /// A node that has joined a cluster of `members` and has nothing to say.
    pub(crate) fn new(members: usize, config: Config) -> Self {
        let mut node = Self::alone(config);
        node.learn(&table(members));
        // A newcomer speaks for itself until it has done so often enough.
        while node.swim.queued_updates() > 0 {
            node.next_timer();
            node.send_and_answer();
            node.fail_exchanges();
        }
        node.drop_outputs();
        assert_eq!((node.swim.active_members(), node.swim.queued_updates()), (members, 0));
        node
    }

    /// Joins through member 1, which answers with `table`.
    pub(crate) fn learn(&mut self, table: &[u8]) {
        self.swim.join(self.now, &[address(1)]).unwrap();
        let Some(Output::Exchange(ExchangeOutput::Open { id, .. })) = self.swim.poll_output()
        else {
            unreachable!("a join opens an exchange")
        };
        self.swim.handle_exchange(self.now, ExchangeInput::Reply { id, payload: table });
        self.drop_outputs();
    }

    /// A packet arrives from member 1.
    pub(crate) fn hear(&mut self, packet: &[u8]) {
        self.swim.handle_packet(self.now, address(1), black_box(packet));
    }

    /// What the node wants to send is made, and lost.
    pub(crate) fn send(&mut self) {
        while self.swim.poll_transmit(self.now, &mut self.buffer).is_some() {
            black_box(&self.buffer);
        }
    }

    /// What the node sends is made, and a pinged member answers at once.
    pub(crate) fn send_and_answer(&mut self) {
        while let Some(transmit) = self.swim.poll_transmit(self.now, &mut self.buffer) {
            if self.answer_ping() {
                self.swim.handle_packet(self.now, transmit.to, &self.answer);
            }
        }
    }

    /// The same, but the answers do not arrive; the last one is kept.
    pub(crate) fn send_but_keep_the_answer(&mut self) {
        while self.swim.poll_transmit(self.now, &mut self.buffer).is_some() {
            self.answer_ping();
        }
    }

    /// Makes the ack to the ping in the buffer, if one is there, out of the ping's bytes: a peer's
    /// work is not measured.
    fn answer_ping(&mut self) -> bool {
        // The header, an array of 4, kind 0; then the sequence number and the target, as the ack
        // has them.
        let Some((header, [0x94, 0, fields @ ..])) = self.buffer.split_at_checked(5) else {
            return false;
        };
        let number = match fields {
            [0xce, ..] => 5,
            [0xcd, ..] => 3,
            [0xcc, ..] => 2,
            _ => 1,
        };
        let name = 1 + usize::from(fields[number] & 0x1f);
        self.answer.clear();
        self.answer.extend_from_slice(header);
        self.answer.extend_from_slice(&[0x93, 2]);
        self.answer.extend_from_slice(&fields[..number + name]);
        true
    }

    /// The ack that was sent last, once more.
    pub(crate) fn repeat_answer(&mut self) {
        self.swim.handle_packet(self.now, address(1), black_box(&self.answer));
    }

    /// The next timer runs when it is due.
    pub(crate) fn next_timer(&mut self) {
        self.now = self.swim.poll_timeout().expect("a running node has timers");
        self.swim.handle_timeout(self.now);
    }

    /// Every exchange that was opened fails.
    pub(crate) fn fail_exchanges(&mut self) {
        while let Some(output) = self.swim.poll_output() {
            if let Output::Exchange(ExchangeOutput::Open { id, request, .. }) = output {
                black_box(request);
                let failure = ExchangeFailure::Unreachable;
                self.swim.handle_exchange(self.now, ExchangeInput::Failed { id, failure });
            }
        }
    }

    /// A request arrives, and its reply is taken.
    pub(crate) fn request(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let id = swim_core::ExchangeId(1);
        let from = address(1);
        self.swim.handle_exchange(
            self.now,
            ExchangeInput::Request { id, from: from.into(), payload: black_box(payload) },
        );
        match self.swim.poll_output() {
            Some(Output::Exchange(ExchangeOutput::Reply { payload, .. })) => Some(payload),
            _ => None,
        }
    }

    /// Every digest that the node asks about is answered as equal.
    pub(crate) fn agree(&mut self, equal: &[u8]) {
        while let Some(output) = self.swim.poll_output() {
            if let Output::Exchange(ExchangeOutput::Open { id, .. }) = output {
                self.swim.handle_exchange(self.now, ExchangeInput::Reply { id, payload: equal });
            }
        }
    }

    pub(crate) fn drop_outputs(&mut self) {
        while self.swim.poll_output().is_some() {}
    }
}

/// The bytes of a message of exchanges.
pub(crate) fn exchange(message: &ExchangeMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(cluster(), &mut bytes);
    bytes
}
