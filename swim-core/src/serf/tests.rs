//! The layer alone, above a membership that only notes what is asked of it.

use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{EventError, Question, RespondError, Serf};
use crate::dialect::policy::Policy;
use crate::ground::config::Config;
use crate::ground::event::Event;
use crate::ground::id::{Incarnation, NodeId, Slot};
use crate::ground::key_query::KeyQuery;
use crate::ground::lamport::LamportTime;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::application::{Application, Host};
use crate::membership::{MemberView, State};
use crate::table::members::{DescriptionView, Members};
use crate::wire::serf::{Intent, Message, Query, Response, UserEvent};

const NOW: Instant = Instant::ORIGIN;

/// A membership of this node, "me", and one other member, "b".
struct Fake {
    id: NodeId,
    config: Config,
    policy: &'static Policy,
    members: Members,
    rng: Xoshiro256PlusPlus,
    state: State,
    waiting: usize,
    announced: Vec<Vec<u8>>,
    sent: Vec<(SocketAddr, Vec<u8>)>,
    events: Vec<Event>,
    dropped: Vec<DropReason>,
    left: Vec<(NodeId, Incarnation)>,
    deadline: Option<Instant>,
    departed: bool,
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn fake(policy: &'static Policy) -> Fake {
    let (mut members, incarnation) = (Members::new(9, 1), Incarnation::new(1));
    for (name, port) in [("me", 1), ("b", 2)] {
        let description = DescriptionView { incarnation, address: address(port), metadata: &[] };
        let claim = Claim::new(incarnation, Status::Alive);
        let slot = members.insert(name, claim, Some(description)).unwrap();
        members.set_answered(slot);
    }
    Fake {
        id: NodeId::new("me").unwrap(),
        config: Config { max_coordinates: 9, ..Config::lan() },
        policy,
        members,
        rng: Xoshiro256PlusPlus::seed_from_u64(1),
        state: State::Running,
        waiting: 0,
        announced: vec![],
        sent: vec![],
        events: vec![],
        dropped: vec![],
        left: vec![],
        deadline: None,
        departed: false,
    }
}

impl Host for Fake {
    type Rng = Xoshiro256PlusPlus;

    fn id(&self) -> &NodeId {
        &self.id
    }
    fn address(&self) -> SocketAddr {
        address(1)
    }
    fn state(&self) -> State {
        self.state
    }
    fn config(&self) -> &Config {
        &self.config
    }
    fn policy(&self) -> &'static Policy {
        self.policy
    }
    fn own_slot(&self) -> Slot {
        self.members.find("me").unwrap()
    }
    fn members(&self) -> &Members {
        &self.members
    }
    fn view(&self, _: Slot) -> Option<MemberView<'_>> {
        None
    }
    fn id_at(&self, slot: Slot) -> NodeId {
        NodeId::new(self.members.name(slot)).unwrap()
    }
    fn member_behind(&self, from: SocketAddr, source: &str) -> Option<Slot> {
        self.members.find(source).filter(|&slot| self.members.address(slot) == Some(from))
    }
    fn version_bytes(&self, _: Slot) -> [u8; 6] {
        [0; 6]
    }
    fn active_members(&self) -> usize {
        2
    }
    fn peers(&self) -> usize {
        1
    }
    fn sample_peers(&mut self, _: usize) -> Vec<Slot> {
        vec![]
    }
    fn contender(&self) -> Option<(SocketAddr, bool)> {
        None
    }
    fn is_unproven(&self) -> bool {
        false
    }
    fn hears_plain(&self) -> bool {
        false
    }
    fn broadcasts_waiting(&self) -> usize {
        self.waiting
    }
    fn queued_broadcasts(&self) -> usize {
        self.waiting
    }
    fn rng(&mut self) -> &mut Self::Rng {
        &mut self.rng
    }
    fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
    fn emit_key_query(&mut self, _: KeyQuery, _: usize) {}
    fn count_drop(&mut self, reason: DropReason) {
        self.dropped.push(reason);
    }
    fn make_broadcast_room(&mut self) {}
    fn announce(&mut self, _: Instant, payload: &[u8]) {
        self.announced.push(payload.to_vec());
    }
    fn queue_user_message(&mut self, _: Instant, payload: &[u8]) {
        self.announced.push(payload.to_vec());
    }
    fn send_direct(&mut self, to: SocketAddr, payload: &[u8]) {
        self.sent.push((to, payload.to_vec()));
    }
    fn look_first(&mut self, _: Instant, _: Slot) -> bool {
        false
    }
    fn declare_left(&mut self, _: Instant, id: &str, incarnation: Incarnation) {
        self.left.push((NodeId::new(id).unwrap(), incarnation));
    }
    fn reap(&mut self, _: Instant, _: Slot) {}
    fn reap_soon(&mut self, _: Instant, _: Slot) {}
    fn set_deadline(&mut self, at: Option<Instant>) {
        self.deadline = at;
    }
    fn extend_leave(&mut self, _: Instant) {}
    fn spread_departure(&mut self, _: Instant) {
        self.departed = true;
    }
    fn set_name_kept(&mut self, _: bool) {}
}

fn bytes(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

fn event(time: u64) -> Vec<u8> {
    let time = LamportTime::new(time);
    let event = UserEvent { time, name: "deploy", payload: b"v2", coalesce: false, source: None };
    bytes(&Message::UserEvent(event))
}

#[test]
fn an_event_is_told_and_passed_on_once_and_moves_the_clock() {
    let (mut serf, mut host) = (Serf::default(), fake(&Policy::NATIVE));
    assert!(serf.on_announcement(&mut host, NOW, "b", &event(7)));
    assert!(!serf.on_announcement(&mut host, NOW, "b", &event(7)));
    assert_eq!((host.events.len(), &host.dropped[..]), (1, &[DropReason::OldEvent][..]));
    let sent = serf.send_user_event(&mut host, NOW, "later", b"", false);
    assert_eq!(sent, Ok(LamportTime::new(8)));
    assert_eq!((host.events.len(), host.announced.len()), (2, 1));
    host.waiting = host.config.max_broadcasts;
    let full = serf.send_user_event(&mut host, NOW, "more", b"", false);
    assert_eq!(full, Err(EventError::QueueFull { max: host.config.max_broadcasts }));
}

#[test]
fn a_query_of_a_member_at_its_own_address_is_told_and_answered_there_and_nobody_elses() {
    let (mut serf, mut host) = (Serf::default(), fake(&Policy::NATIVE));
    let query = |id, source, port| {
        let (time, timeout) = (LamportTime::new(1), core::time::Duration::from_secs(9));
        let filters = crate::wire::serf::FiltersBuffer::default();
        bytes(&Message::Query(Query {
            time,
            id,
            address: address(port),
            source,
            filters: filters.filters(),
            wants_ack: false,
            no_broadcast: false,
            relay_factor: 0,
            timeout,
            name: "load",
            payload: b"",
        }))
    };
    serf.on_announcement(&mut host, NOW, "b", &query(1, "b", 9));
    serf.on_announcement(&mut host, NOW, "stranger", &query(2, "stranger", 3));
    assert_eq!((host.events.len(), host.dropped.len()), (0, 2), "asked from elsewhere");
    serf.on_announcement(&mut host, NOW, "b", &query(3, "b", 2));
    let Some(&Event::Query { id, .. }) = host.events.first() else { panic!("{:?}", host.events) };
    assert_eq!(serf.respond(&mut host, NOW, id, b"0.7"), Ok(()));
    assert_eq!(serf.respond(&mut host, NOW, id, b"0.7"), Err(RespondError::UnknownQuery));
    assert_eq!((host.sent.len(), host.sent[0].0), (1, address(2)));
}

#[test]
fn a_query_ends_when_all_have_answered_or_at_its_deadline() {
    let (mut serf, mut host) = (Serf::default(), fake(&Policy::NATIVE));
    let question = Question { nodes: &["b"], ..Question::new("load", b"") };
    let first = serf.query(&mut host, NOW, &question).unwrap();
    let (deadline, asked) = (host.deadline.unwrap(), host.announced[0].clone());
    let Ok(Message::Query(query)) = Message::decode(&asked) else { panic!("{asked:?}") };
    let answer =
        Response { time: query.time, id: query.id, from: "b", is_ack: false, payload: b"1" };
    serf.on_direct(&mut host, NOW, "b", &bytes(&Message::Response(answer)));
    let finished = |id, responses| Event::QueryFinished { id, acks: 0, responses };
    assert_eq!(host.events.last(), Some(&finished(first, 1)));
    assert_eq!(host.deadline, None, "nothing is awaited");
    let second = serf.query(&mut host, NOW, &question).unwrap();
    serf.on_timeout(&mut host, deadline);
    assert_eq!(host.events.last(), Some(&finished(second, 0)));
}

#[test]
fn among_serfs_agents_who_says_that_it_leaves_has_left_and_who_is_back_may_die_again() {
    let (mut serf, mut host) = (Serf::default(), fake(&Policy::SERF));
    let leave =
        |time| Intent { time: LamportTime::new(time), node: "b", leaves: true, prune: false };
    assert!(serf.on_user_message(&mut host, NOW, &bytes(&Message::Intent(leave(5)))));
    assert_eq!((serf.verdict("b"), serf.verdict("c")), (Status::Left, Status::Dead));
    serf.on_back("b");
    assert_eq!(serf.verdict("b"), Status::Dead);
    assert_eq!(host.announced.len(), 1, "passed on");
    assert!(serf.on_user_message(&mut host, NOW, &bytes(&Message::Intent(leave(5)))));
    assert_eq!(host.announced.len(), 1, "an echo is not");
}

#[test]
fn among_serfs_agents_the_departure_waits_until_the_intent_is_sent() {
    let (mut serf, mut host) = (Serf::default(), fake(&Policy::SERF));
    assert!(serf.on_leave(&mut host, NOW));
    host.waiting = host.announced.len();
    assert!(serf.on_leaving(&mut host, NOW, false) && !host.departed);
    host.waiting = 0;
    assert!(serf.on_leaving(&mut host, NOW, false) && host.departed);
    assert!(!serf.on_leaving(&mut host, NOW, false), "the rest is membership's");
    assert!(!Serf::default().on_leave(&mut fake(&Policy::NATIVE), NOW));
}
