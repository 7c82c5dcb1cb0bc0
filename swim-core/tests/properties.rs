//! What holds for every order of inputs: tables that heard the same agree, and timers make
//! progress.
//!
//! Claims travel here as they do in a cluster, encoded in packets. Read first: SWIM 4.2 (the order
//! of claims).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::{Message, begin_packet, cluster_hash};
use swim_core::{
    Claim, Config, ExchangeFailure, ExchangeId, ExchangeInput, ExchangeOutput, Identity,
    Incarnation, Instant, NodeId, Output, Protection, SequenceNumber, Source, Status, Swim,
};

type Node = Swim<Xoshiro256PlusPlus>;

const OWN_INCARNATION: u64 = 3;

fn node(seed: u64) -> Node {
    let identity =
        Identity::new(NodeId::new("me").unwrap(), address(0), Incarnation::new(OWN_INCARNATION));
    Swim::new(Config::lan(), identity, Xoshiro256PlusPlus::seed_from_u64(seed), Instant::ORIGIN)
        .unwrap()
}

fn address(number: u64) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 1_000 + number as u16))
}

/// A sender who holds a key.
fn proven(number: u64) -> Source {
    Source::new(address(number), Protection::Sealed)
}

/// What someone says of one of a few members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    /// 0 is the listening node itself.
    member: u64,
    claim: Claim,
}

impl Said {
    fn name(self) -> String {
        if self.member == 0 { String::from("me") } else { format!("member-{}", self.member) }
    }

    /// Where a member listens and its metadata are its own to say, so they follow from its
    /// incarnation.
    fn description(member: u64, incarnation: Incarnation) -> (SocketAddr, [u8; 8]) {
        let number = incarnation.get();
        (address(100 * member + number), (7 * member + number).to_be_bytes())
    }

    fn encode(self, packet: &mut Vec<u8>) {
        let (id, incarnation) = (&*self.name(), self.claim.incarnation);
        let (address, metadata) = Self::description(self.member, incarnation);
        let message = match self.claim.status {
            Status::Alive => Message::Alive { id, incarnation, address, metadata: &metadata },
            Status::Suspect => Message::Suspect { id, incarnation, from: "accuser" },
            Status::Dead => Message::Dead { id, incarnation, from: "accuser" },
            Status::Left => Message::Left { id, incarnation },
        };
        message.encode(packet);
    }
}

fn said() -> impl Strategy<Value = Said> {
    (0_u64..6, 1_u64..8, 0_usize..4).prop_map(|(member, incarnation, status)| {
        // Of the node itself others claim that it is suspect or dead: an Alive of its name is
        // another node's.
        let status = if member == 0 {
            [Status::Suspect, Status::Dead][status % 2]
        } else {
            Status::ALL[status]
        };
        Said { member, claim: Claim::new(Incarnation::new(incarnation), status) }
    })
}

/// One way for the same things to arrive: each up to three times, in any order, packed into packets
/// anyhow.
#[derive(Clone, Debug)]
struct Arrival {
    order: Vec<Said>,
    packet_lens: Vec<usize>,
}

fn arrival(all: &[Said]) -> impl Strategy<Value = Arrival> + use<> {
    let all = all.to_vec();
    let copies = prop::collection::vec(1_usize..=3, all.len());
    let sent = copies.prop_map(move |copies| {
        let copied =
            all.iter().zip(copies).flat_map(|(&said, copies)| core::iter::repeat_n(said, copies));
        copied.collect::<Vec<_>>()
    });
    (sent.prop_shuffle(), prop::collection::vec(1_usize..6, 1..20))
        .prop_map(|(order, packet_lens)| Arrival { order, packet_lens })
}

fn listen(seed: u64, arrival: &Arrival) -> Node {
    let mut node = node(seed);
    let mut rest = &*arrival.order;
    let mut packet = Vec::new();
    for &len in arrival.packet_lens.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(len.min(rest.len()));
        begin_packet(cluster_hash("default"), &mut packet);
        now.iter().for_each(|said| said.encode(&mut packet));
        node.handle_packet(Instant::ORIGIN, proven(9), &packet);
        rest = later;
    }
    find_nobody(&mut node);
    node.check_invariants();
    node
}

/// Nothing listens where the node looks for those who are said to have moved: so it believes where
/// they are now.
fn find_nobody(node: &mut Node) {
    let mut packet = Vec::new();
    while let Some(transmit) = node.poll_transmit(Instant::ORIGIN, &mut packet) {
        node.handle_unreachable(Instant::ORIGIN, transmit.to);
    }
}

/// What a node shows of the others, by name.
fn table(node: &Node) -> BTreeMap<String, (Claim, SocketAddr, Vec<u8>)> {
    let others = node.members().filter(|member| member.id != "me");
    others
        .map(|member| {
            (member.id.to_owned(), (member.claim, member.address, member.metadata.to_vec()))
        })
        .collect()
}

/// The same by the rule itself: the greatest claim, and the description of the last incarnation
/// that published one.
fn by_the_rule(all: &[Said]) -> BTreeMap<String, (Claim, SocketAddr, Vec<u8>)> {
    let mut table = BTreeMap::new();
    for member in 1..6 {
        let of_member = || all.iter().filter(|said| said.member == member);
        let published = of_member().filter(|said| said.claim.status == Status::Alive);
        let Some(published) = published.map(|said| said.claim.incarnation).max() else { continue };
        let claim = of_member().map(|said| said.claim).max().expect("something was said");
        let (address, metadata) = Said::description(member, published);
        table.insert(format!("member-{member}"), (claim, address, metadata.to_vec()));
    }
    table
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_heard_the_same_in_any_order_and_any_number_of_times_agrees(
        (all, first, second) in prop::collection::vec(said(), 1..24)
            .prop_flat_map(|all| (Just(all.clone()), arrival(&all), arrival(&all)))
    ) {
        let (first, second) = (listen(1, &first), listen(2, &second));
        prop_assert_eq!(first.digest(), second.digest());
        prop_assert_eq!(table(&first), by_the_rule(&all));
        prop_assert_eq!(table(&second), by_the_rule(&all));
        let accused = all.iter().filter(|said| said.member == 0).map(|said| said.claim.incarnation.get() + 1).max();
        let own = accused.unwrap_or(0).max(OWN_INCARNATION);
        prop_assert_eq!((first.incarnation().get(), second.incarnation().get()), (own, own), "refuted what is not so");
    }

    #[test]
    fn what_is_lost_is_made_up_for_by_hearing_it_later(
        (all, lossy, whole) in prop::collection::vec(said(), 1..24)
            .prop_flat_map(|all| (Just(all.clone()), prop::sample::subsequence(all.clone(), 0..=all.len()), arrival(&all)))
    ) {
        let Arrival { mut order, packet_lens } = whole;
        order.splice(0..0, lossy);
        let late = listen(3, &Arrival { order, packet_lens: packet_lens.clone() });
        let early = listen(4, &Arrival { order: all, packet_lens });
        prop_assert_eq!(late.digest(), early.digest());
    }
}

/// One thing that happens to a node.
#[derive(Clone, Debug)]
enum Input {
    Pass(u64),
    Hear(Vec<Said>),
    AckLast,
    Join(u64),
    FailExchanges,
    Broadcast(u8),
    SetMetadata(u8),
    Ping(u64),
    Leave,
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        60 => prop_oneof![0_u64..2, 0_u64..300, 0_u64..3_000, 0_u64..200_000].prop_map(Input::Pass),
        40 => prop::collection::vec(said(), 1..5).prop_map(Input::Hear),
        20 => Just(Input::AckLast),
        10 => (1_u64..5).prop_map(Input::Join),
        20 => Just(Input::FailExchanges),
        10 => any::<u8>().prop_map(Input::Broadcast),
        10 => any::<u8>().prop_map(Input::SetMetadata),
        10 => (1_u64..6).prop_map(Input::Ping),
        1 => Just(Input::Leave),
    ]
}

/// A node, its clock, and what is needed to answer it.
struct Driven {
    node: Node,
    now: Instant,
    last_ping: Option<SequenceNumber>,
    last_target: String,
    open: Vec<ExchangeId>,
    /// Everything that the node sent and asked for.
    outputs: Vec<String>,
}

impl Driven {
    fn new(seed: u64) -> Self {
        Self {
            node: node(seed),
            now: Instant::ORIGIN,
            last_ping: None,
            last_target: String::new(),
            open: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Applies an input at the driver's time less `behind`, then drains the node at the driver's
    /// time.
    fn apply(&mut self, input: Input, behind: Duration) {
        let now = self.now - behind;
        match input {
            Input::Pass(milliseconds) => self.now = self.now + Duration::from_millis(milliseconds),
            Input::Hear(all) => {
                let mut packet = Vec::new();
                begin_packet(cluster_hash("default"), &mut packet);
                all.iter().for_each(|said| said.encode(&mut packet));
                self.node.handle_packet(now, proven(9), &packet);
            }
            Input::AckLast => {
                if let Some(sequence) = self.last_ping {
                    let mut packet = Vec::new();
                    begin_packet(cluster_hash("default"), &mut packet);
                    Message::Ack { sequence, source: &self.last_target }.encode(&mut packet);
                    self.node.handle_packet(now, proven(9), &packet);
                }
            }
            Input::FailExchanges => {
                for id in self.open.drain(..) {
                    let failure = ExchangeFailure::Refused;
                    self.node.handle_exchange(now, ExchangeInput::Failed { id, failure });
                }
            }
            // Refusals are answers to callers: they leave the node as it was.
            Input::Join(number) => drop(self.node.join(now, &[address(number)])),
            Input::Broadcast(byte) => drop(self.node.broadcast(now, &[byte])),
            Input::SetMetadata(byte) => drop(self.node.set_metadata(now, &[byte])),
            Input::Ping(number) => drop(self.node.ping(now, &format!("member-{number}"))),
            Input::Leave => self.node.leave(now),
        }
        self.drain();
    }

    fn drain(&mut self) {
        let mut packet = Vec::new();
        while let Some(transmit) = self.node.poll_transmit(self.now, &mut packet) {
            self.outputs.push(format!("{transmit:?} {packet:?}"));
            let mut messages =
                swim_core::wire::Packet::open(&packet, cluster_hash("default")).unwrap();
            if let Some(Ok(Message::Ping { sequence, target, .. })) = messages.next() {
                self.last_ping = Some(sequence);
                target.clone_into(&mut self.last_target);
            }
        }
        while let Some(output) = self.node.poll_output() {
            self.outputs.push(format!("{output:?}"));
            match output {
                Output::Exchange(ExchangeOutput::Open { id, .. }) => self.open.push(id),
                Output::Exchange(ExchangeOutput::Abandon { id }) => {
                    self.open.retain(|open| *open != id);
                }
                _ => {}
            }
        }
    }

    /// Lets the timers run that are due, as a driver does; returns how often the node had to be
    /// called.
    fn run_timers(&mut self) -> usize {
        let mut calls = 0;
        while self.node.poll_timeout().is_some_and(|at| at <= self.now) {
            self.node.handle_timeout(self.now);
            self.drain();
            calls += 1;
            assert!(calls < 100, "the timers stand still at {}", self.now);
        }
        calls
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn timers_make_progress_whatever_happens_and_however_late_they_are_called(
        inputs in prop::collection::vec(input(), 1..120)
    ) {
        let mut driven = Driven::new(5);
        for input in inputs {
            driven.apply(input, Duration::ZERO);
            let calls = driven.run_timers();
            prop_assert!(calls <= 2, "one call is to run all that is due, a second what the first brought about: {}", calls);
            let next = driven.node.poll_timeout();
            prop_assert!(next.is_none_or(|at| at > driven.now));
            // Called again without reason, the node changes nothing.
            driven.node.handle_timeout(driven.now);
            prop_assert_eq!(driven.node.poll_timeout(), next);
            driven.node.check_invariants();
        }
    }

    #[test]
    fn an_earlier_time_counts_as_the_latest(
        inputs in prop::collection::vec((input(), 0_u64..100_000), 1..80)
    ) {
        let (mut steady, mut backward) = (Driven::new(6), Driven::new(6));
        for (input, behind) in inputs {
            steady.apply(input.clone(), Duration::ZERO);
            backward.apply(input, Duration::from_millis(behind));
            steady.run_timers();
            backward.run_timers();
            prop_assert_eq!(steady.node.poll_timeout(), backward.node.poll_timeout());
        }
        prop_assert_eq!(steady.outputs, backward.outputs);
    }
}
