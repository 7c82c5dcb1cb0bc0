//! Memory: what a member costs at rest and after a storm, and that a node in steady state allocates
//! nothing.

use std::net::SocketAddr;
use std::time::Duration;

use allocation_counter::measure;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{
    Description, Entry, ExchangeMessage, Message, Packet, begin_join_reply, begin_packet,
    cluster_hash,
};
use swim_core::{
    Claim, Config, ExchangeId, ExchangeInput, ExchangeOutput, Identity, Incarnation, Instant,
    NodeId, Output, Protection, Source, Status, Swim,
};

type Node = Swim<Xoshiro256PlusPlus>;

fn cluster() -> u32 {
    cluster_hash("default")
}

fn name(number: usize) -> String {
    format!("node-{number:07}")
}

fn address(number: usize) -> SocketAddr {
    let [_, a, b, c] = (number as u32).to_be_bytes();
    SocketAddr::from(([10, a, b, c], 7946))
}

/// A sender who holds a key.
fn proven(number: usize) -> Source {
    Source::new(address(number), Protection::Sealed)
}

fn node() -> Node {
    let identity = Identity::new(NodeId::new(&name(0)).unwrap(), address(0), Incarnation::new(1));
    Swim::new(Config::lan(), identity, Xoshiro256PlusPlus::seed_from_u64(7), Instant::ORIGIN)
        .unwrap()
}

/// Tells the node of `members` others by gossip, as a storm of joins does, and lets it pass all of
/// it on.
fn storm(node: &mut Node, members: usize) -> Instant {
    let (mut packet, mut buffer) = (Vec::new(), Vec::new());
    for number in 1..=members {
        begin_packet(cluster(), &mut packet);
        let (id, incarnation) = (name(number), Incarnation::new(1));
        Message::Alive { id: &id, incarnation, address: address(number), metadata: b"" }
            .encode(&mut packet);
        node.handle_packet(Instant::ORIGIN, proven(number), &packet);
        while node.poll_output().is_some() {}
    }
    let mut now = Instant::ORIGIN;
    while node.queued_updates() > 0 {
        now = live(node, &mut packet, &mut buffer);
    }
    now
}

/// Runs the next timer; everyone who is pinged answers at once.
fn live(node: &mut Node, packet: &mut Vec<u8>, buffer: &mut Vec<u8>) -> Instant {
    let now = node.poll_timeout().unwrap();
    node.handle_timeout(now);
    answer(node, now, packet, buffer);
    now
}

/// Everyone who is pinged answers at once.
fn answer(node: &mut Node, now: Instant, packet: &mut Vec<u8>, buffer: &mut Vec<u8>) {
    while let Some(transmit) = node.poll_transmit(now, buffer) {
        for message in Packet::open(buffer, cluster()).unwrap() {
            if let Ok(Message::Ping { sequence, target, .. }) = message {
                begin_packet(cluster(), packet);
                Message::Ack { sequence, source: target }.encode(packet);
                node.handle_packet(now, transmit.to, packet);
            }
        }
    }
    while node.poll_output().is_some() {}
}

#[test]
fn a_member_costs_at_most_80_bytes_at_rest() {
    for members in [1_000, 10_000] {
        let mut kept = None;
        let allocated = measure(|| {
            let mut node = node();
            storm(&mut node, members);
            kept = Some(node);
        });
        let each = allocated.bytes_current as f64 / members as f64;
        println!("{members} members: {each:.1} bytes each, names and addresses included");
        assert!(each <= 80.0, "{members} members: {each:.1} bytes each");
    }
}

#[test]
fn a_member_costs_at_most_80_bytes_at_rest_after_a_join_that_told_the_user_of_all_at_once() {
    for members in [1_000, 10_000] {
        let mut kept = None;
        let mut reply = Vec::new();
        let mut writer = begin_join_reply(cluster(), &name(1), usize::MAX, &mut reply);
        for number in 1..=members {
            let incarnation = Incarnation::new(1);
            let description =
                Some(Description { incarnation, address: address(number), metadata: b"" });
            let claim = Claim::new(incarnation, Status::Alive);
            assert!(writer.push(&Entry { id: &name(number), claim, description, age: 0 }));
        }
        let allocated = measure(|| {
            let mut node = node();
            node.join(Instant::ORIGIN, &[address(1)]).unwrap();
            let Some(Output::Exchange(ExchangeOutput::Open { id, .. })) = node.poll_output() else {
                panic!("no exchange was opened")
            };
            node.handle_exchange(Instant::ORIGIN, ExchangeInput::Reply { id, payload: &reply });
            let events = core::iter::from_fn(|| node.poll_output().map(drop)).count();
            assert!(events >= members, "{events}");
            kept = Some(node);
        });
        let each = allocated.bytes_current as f64 / members as f64;
        println!("{members} members: {each:.1} bytes each after a join");
        assert!(each <= 80.0, "{members} members: {each:.1} bytes each");
    }
}

#[test]
fn a_node_in_steady_state_allocates_nothing() {
    let mut node = node();
    storm(&mut node, 1_000);
    let (mut packet, mut buffer) = (Vec::with_capacity(2_000), Vec::with_capacity(2_000));
    let mut ping = Vec::with_capacity(2_000);
    // Anti-entropy swaps digests, whose bytes are handed to the driver: the next test counts them.
    let mut allocated = 0;
    let mut periods = 0;
    while periods < 10_000 {
        let probes = node.metrics().probes;
        let exchanges = node.metrics().exchanges_opened;
        let allocation = measure(|| {
            let now = live(&mut node, &mut packet, &mut buffer);
            begin_packet(cluster(), &mut ping);
            let (target, source, sequence) =
                ("node-0000000", "node-0000001", swim_core::SequenceNumber::new(periods));
            Message::Ping { sequence, target, source }.encode(&mut ping);
            let id = "node-0000002";
            Message::Alive {
                id,
                incarnation: Incarnation::new(1),
                address: address(2),
                metadata: b"",
            }
            .encode(&mut ping);
            node.handle_packet(now, proven(1), &ping);
            while node.poll_transmit(now + Duration::from_millis(1), &mut buffer).is_some() {}
        });
        if node.metrics().exchanges_opened == exchanges {
            allocated += allocation.count_total;
        }
        periods += (node.metrics().probes - probes) as u32;
    }
    assert_eq!(allocated, 0, "allocations and releases in {periods} periods");
}

#[test]
fn comparing_equal_tables_allocates_the_request_and_the_reply_and_nothing_else() {
    let mut node = node();
    storm(&mut node, 1_000);
    let (mut packet, mut buffer) = (Vec::with_capacity(2_000), Vec::with_capacity(2_000));
    let (mut theirs, mut equal) = (Vec::new(), Vec::new());
    let source = &name(1);
    ExchangeMessage::DigestReply { source, buckets: None }.encode(cluster(), &mut equal);
    ExchangeMessage::Digest { source, digest: node.digest() }.encode(cluster(), &mut theirs);
    let (mut rounds, mut allocated) = (0, 0);
    while rounds < 100 {
        let before = node.metrics().exchanges_opened;
        let now = node.poll_timeout().unwrap();
        let compared = measure(|| {
            node.handle_timeout(now);
            while let Some(Output::Exchange(ExchangeOutput::Open { id, .. })) = node.poll_output() {
                node.handle_exchange(now, ExchangeInput::Reply { id, payload: &equal });
                let request =
                    ExchangeInput::Request { id: ExchangeId(1), from: proven(1), payload: &theirs };
                node.handle_exchange(now, request);
                assert!(matches!(
                    node.poll_output(),
                    Some(Output::Exchange(ExchangeOutput::Reply { .. }))
                ));
            }
        });
        if node.metrics().exchanges_opened > before {
            (rounds, allocated) = (rounds + 1, allocated + compared.count_total);
        }
        answer(&mut node, now, &mut packet, &mut buffer);
    }
    assert_eq!(
        (node.metrics().syncs_equal, allocated),
        (rounds, 2 * rounds),
        "a request and a reply for each round"
    );
}
