//! The same cases with [foca](https://docs.rs/foca), where it does the like: one node with a table
//! of a given size, on the least runtime that works, fed with what its peers would send.

mod identity;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use foca::{
    Codec as _, Config, Foca, Header, Member, Message, NoCustomBroadcast, PostcardCodec, Runtime,
    State, Timer,
};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use self::identity::Id;
use crate::cases::Run;

/// What foca asks of the world around it.
#[derive(Default)]
struct World {
    now: Duration,
    emitted: u64,
    agenda: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    timers: Vec<Option<Timer<Id>>>,
    free: Vec<usize>,
    sent: u64,
    /// The latest packet and its receiver.
    packet: Vec<u8>,
    to: Option<Id>,
}

impl Runtime<Id> for &mut World {
    fn notify(&mut self, notification: foca::Notification<'_, Id>) {
        black_box(notification);
    }

    fn send_to(&mut self, to: Id, data: &[u8]) {
        self.sent += 1;
        self.packet.clear();
        self.packet.extend_from_slice(data);
        self.to = Some(to);
    }

    fn submit_after(&mut self, timer: Timer<Id>, after: Duration) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.timers.push(None);
            self.timers.len() - 1
        });
        self.timers[place] = Some(timer);
        self.emitted += 1;
        self.agenda.push(Reverse((self.now + after, self.emitted, place)));
    }
}

/// Bytes of an identity, and of a ping's header, as postcard writes them.
const ID_LEN: usize = 7;
const PING_LEN: usize = 2 * ID_LEN + 3;
/// The kind of an ack.
const ACK: u8 = 1;

struct Node {
    foca: Foca<Id, PostcardCodec, Xoshiro256PlusPlus, NoCustomBroadcast>,
    world: World,
    answer: Vec<u8>,
}

fn write(from: usize, message: Message<Id>, packet: &mut Vec<u8>) {
    packet.clear();
    let header = Header { src: Id::of(from), src_incarnation: 0, dst: Id::of(0), message };
    PostcardCodec.encode_header(&header, packet).expect("a vector has room");
}

/// Appends updates about these members.
fn say(numbers: impl ExactSizeIterator<Item = usize>, incarnation: u16, packet: &mut Vec<u8>) {
    packet.extend_from_slice(&(numbers.len() as u16).to_be_bytes());
    for number in numbers {
        let member = Member::new(Id::of(number), incarnation, State::Alive);
        PostcardCodec.encode_member(&member, &mut *packet).expect("a vector has room");
    }
}

impl Node {
    /// A node that knows of `members` and has nothing to say.
    fn new(members: usize, transmissions: Option<u8>) -> Self {
        let mut config = Config::new_lan(NonZeroU32::new(members as u32).expect("some members"));
        if let Some(transmissions) = transmissions.and_then(NonZeroU8::new) {
            config.max_transmissions = transmissions;
        }
        let foca =
            Foca::new(Id::of(0), config, Xoshiro256PlusPlus::seed_from_u64(7), PostcardCodec);
        let mut node = Self { foca, world: World::default(), answer: Vec::new() };
        let others = (1..members).map(|number| Member::alive(Id::of(number)));
        node.foca.apply_many(others, false, &mut node.world).expect("foca learns of members");
        assert_eq!((node.foca.num_members(), node.foca.updates_backlog()), (members - 1, 0));
        node
    }

    fn hear(&mut self, packet: &[u8]) {
        self.foca
            .handle_data(black_box(packet), &mut self.world)
            .expect("foca takes what a peer sends");
    }

    /// When the next timer is due.
    fn next_due(&self) -> Option<Duration> {
        self.world.agenda.peek().map(|&Reverse((at, ..))| at)
    }

    /// The next timer runs when it is due; a pinged member acks at once.
    fn next_timer(&mut self) {
        let Reverse((at, _, place)) = self.world.agenda.pop().expect("foca has timers");
        self.world.now = at;
        self.world.free.push(place);
        let timer = self.world.timers[place].take().expect("a timer runs once");
        let sent = self.world.sent;
        let probes = matches!(timer, Timer::ProbeRandomMember(_));
        self.foca.handle_timer(timer, &mut self.world).expect("foca's timers run in order");
        if probes && self.world.sent > sent {
            self.ack();
        }
    }

    /// Makes the ack to the ping that was just sent out of its bytes: a peer's work is not
    /// measured.
    fn ack(&mut self) {
        // The source, its incarnation, the destination, the kind, the number of the probe.
        let source = &self.world.packet[..ID_LEN];
        let destination = &self.world.packet[ID_LEN + 1..][..ID_LEN];
        let number = self.world.packet[PING_LEN - 1];
        self.answer.clear();
        self.answer.extend_from_slice(destination);
        self.answer.push(0);
        self.answer.extend_from_slice(source);
        self.answer.extend_from_slice(&[ACK, number]);
        self.foca.handle_data(&self.answer, &mut self.world).expect("foca takes an ack");
    }
}

/// See `cases::packets::ping`.
pub(crate) fn ping(members: usize, updates: usize, fresh: bool) -> Run {
    let mut node = Node::new(members, None);
    let mut packet = Vec::new();
    write(1, Message::Ping(1), &mut packet);
    let start = packet.len();
    let mut incarnation = if fresh { FIRST } else { 0 };
    say((0..updates).map(|i| 2 + i * (members - 2) / 10), incarnation, &mut packet);
    // An update is an identity, its incarnation and its state.
    let places: Vec<usize> = (0..if fresh { updates } else { 0 })
        .map(|i| start + 2 + i * (ID_LEN + 4) + ID_LEN)
        .collect();
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            if fresh && incarnation == u16::MAX - 1 {
                // foca's incarnations end here: a fresh node goes on.
                node = Node::new(members, None);
                incarnation = FIRST;
            }
            incarnation += u16::from(fresh);
            for &place in &places {
                packet[place] = incarnation as u8 | 0x80;
                packet[place + 1] = (incarnation >> 7) as u8 | 0x80;
                packet[place + 2] = (incarnation >> 14) as u8;
            }
            node.hear(&packet);
        }
    })
}

/// An incarnation that postcard writes with three bytes, as all later ones.
const FIRST: u16 = 1 << 14;

/// See `cases::packets::from_queue`.
pub(crate) fn from_queue(members: usize, queued: usize) -> Run {
    let mut node = with_queue(members, queued);
    let mut packet = Vec::new();
    write(1, Message::Ping(1), &mut packet);
    Box::new(move |repetitions| (0..repetitions).for_each(|_| node.hear(&packet)))
}

/// See `cases::timers::gossip`.
pub(crate) fn gossip(members: usize, queued: usize) -> Run {
    let mut node = with_queue(members, queued);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            node.foca.gossip(&mut node.world).expect("foca gossips");
            assert!(node.foca.updates_backlog() > 0, "the queue lasts");
        }
    })
}

fn with_queue(members: usize, queued: usize) -> Node {
    let mut node = Node::new(members, Some(u8::MAX));
    let news = (0..queued).map(|number| Member::new(Id::of(2 + number), 1, State::Alive));
    node.foca.apply_many(news, true, &mut node.world).expect("foca learns of members");
    assert_eq!(node.foca.updates_backlog(), queued);
    node
}

/// See `cases::timers::probe`.
pub(crate) fn probe(members: usize) -> Run {
    let mut node = Node::new(members, None);
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let end = node.world.now + Duration::from_secs(1);
            while node.next_due().is_some_and(|at| at <= end) {
                node.next_timer();
            }
            node.world.now = end;
        }
    })
}

/// See `cases::steady::second`: a probe and its ack, a ping of another member and its ack. Instead
/// of anti-entropy foca announces itself to a member every 30 s and is answered with some members:
/// a thirtieth of that in each direction.
pub(crate) fn second(members: usize) -> Run {
    let mut node = Node::new(members, None);
    let (mut ping, mut announce, mut feed) = (Vec::new(), Vec::new(), Vec::new());
    write(1, Message::Feed, &mut feed);
    say((0..100.min(members - 2)).map(|i| 2 + i), 0, &mut feed);
    let mut seconds = 0_usize;
    Box::new(move |repetitions| {
        for _ in 0..repetitions {
            let from = 1 + seconds * 7 % (members - 1);
            write(from, Message::Ping(1), &mut ping);
            node.hear(&ping);
            if seconds.is_multiple_of(30) {
                write(from, Message::Announce, &mut announce);
                node.hear(&announce);
                node.hear(&feed);
            }
            let end = node.world.now + Duration::from_secs(1);
            while node.next_due().is_some_and(|at| at <= end) {
                node.next_timer();
            }
            node.world.now = end;
            seconds += 1;
        }
        assert_eq!(node.foca.num_members(), members - 1, "nothing happens");
    })
}
