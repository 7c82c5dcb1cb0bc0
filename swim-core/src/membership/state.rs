//! The state machine's parts, grouped by what they serve. Only names and construction: the rules
//! are in the files next to this one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::swapping::rekeying::Rekeying;
use super::{KeyMessage, Rng, VecDeque};
use crate::detection::awareness::Awareness;
use crate::detection::disputes::Disputes;
use crate::detection::pings::Pings;
use crate::detection::probe::Probe;
use crate::detection::suspicion::Suspicions;
use crate::gossip::deliveries::Deliveries;
use crate::gossip::dissemination::Dissemination;
use crate::gossip::recipients::Recipients;
use crate::gossip::rounds::Rounds;
use crate::ground::allowance::Allowance;
use crate::ground::config::Config;
use crate::ground::event::Event;
use crate::ground::exchange::ExchangeOutput;
use crate::ground::id::Slot;
use crate::ground::key_query::KeyQuery;
use crate::ground::numbers::Numbers;
use crate::ground::source::Protection;
use crate::ground::time::Instant;
use crate::membership::spreading::outbox::Outbox;
use crate::sync::candidates::Candidates;
use crate::sync::exchanges::Exchanges;
use crate::sync::pace::SyncPace;
use crate::sync::seeds::Seeds;

/// What failure detection needs.
#[derive(Debug)]
pub(super) struct Detector {
    pub(super) probe: Option<Probe>,
    pub(super) pings: Pings,
    /// Names that are claimed at another address than their bearer's.
    pub(super) disputes: Disputes,
    pub(super) suspicions: Suspicions,
    pub(super) awareness: Awareness,
    /// The member that a packet came from last, while the health score was above 0.
    pub(super) heard_last: Option<Slot>,
    /// The latest round trip of a direct probe that was not polled.
    pub(super) round_trip: Option<(Slot, Duration)>,
    /// The sequence numbers of pings to members.
    pub(super) numbers: Numbers,
}

impl Detector {
    pub(super) fn new(config: &Config, rng: &mut impl Rng) -> Self {
        Self {
            probe: None,
            pings: Pings::default(),
            disputes: Disputes::default(),
            suspicions: Suspicions::default(),
            awareness: Awareness::new(config.awareness_max),
            heard_last: None,
            round_trip: None,
            numbers: Numbers::new(rng),
        }
    }
}

/// What waits to be spread, and what was.
#[derive(Debug, Default)]
pub(super) struct Gossip {
    pub(super) updates: Dissemination,
    pub(super) broadcasts: Dissemination,
    /// This node's own broadcasts, where nobody passes them on.
    pub(super) rounds: Rounds,
    /// The peers that broadcasts are to go to, each by itself, while there are few.
    pub(super) recipients: Recipients,
    pub(super) deliveries: Deliveries,
    /// How many broadcasts this node has sent in this life.
    pub(super) broadcasts_sent: u64,
    /// Whether updates had first call on the room in the latest packet.
    pub(super) updates_first: bool,
    /// When members were last sent updates for their own sake.
    pub(super) last_tick: Option<Instant>,
    /// Where updates are encoded before they are queued.
    pub(super) scratch: Vec<u8>,
}

/// The peers that tables are swapped with.
#[derive(Debug)]
pub(super) struct Contacts {
    pub(super) seeds: Seeds,
    pub(super) exchanges: Exchanges,
    /// Who may be let in.
    pub(super) candidates: Candidates,
    /// Rows of tables that strangers have been given lately.
    pub(super) rows_given: Allowance,
    /// Packets of candidates that have just answered, to be read again.
    pub(super) released: Vec<(SocketAddr, Box<[u8]>)>,
    pub(super) pace: SyncPace,
    pub(super) rekeying: Rekeying,
    /// What is proven of the sender of what is at hand, where the layer above asks for it.
    pub(super) protection: Protection,
    /// Another's table was joined before, so that what was said since is missed and not old.
    pub(super) has_joined: bool,
    /// What the application says with each table, on a wire that carries it.
    pub(super) user_state: Vec<u8>,
    /// Since when a node that is alone has asked seeds of which none has answered.
    pub(super) searching: Option<Instant>,
}

impl Contacts {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            seeds: Seeds::default(),
            exchanges: Exchanges::default(),
            candidates: Candidates::default(),
            rows_given: Allowance::default(),
            released: Vec::new(),
            pace: SyncPace::new(
                config.gossip_interval,
                config.sync_interval_min,
                config.sync_interval,
            ),
            rekeying: Rekeying::default(),
            protection: Protection::default(),
            has_joined: false,
            user_state: Vec::new(),
            searching: None,
        }
    }
}

/// What waits to be polled. What is asked for after every input comes first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Outputs {
    pub(super) packets: Outbox,
    pub(super) exchanges: VecDeque<ExchangeOutput>,
    pub(super) events: VecDeque<Event>,
    /// Events that there was no room for, and that the user was not told of.
    pub(super) missed: u64,
    /// Messages of members about keys.
    pub(super) key_messages: VecDeque<KeyMessage>,
    /// Key queries of serf agents.
    pub(super) key_queries: VecDeque<KeyQuery>,
    /// Messages to one address each, in the order of their intents.
    pub(super) unicasts: VecDeque<(SocketAddr, Box<[u8]>)>,
}

/// So many events' room an empty queue keeps: what a node in steady state needs.
const KEPT_EVENTS: usize = 32;

impl Outputs {
    /// Nothing; at most `max_packets` may wait.
    pub(super) fn new(max_packets: usize) -> Self {
        Self {
            packets: Outbox::new(max_packets),
            exchanges: VecDeque::new(),
            events: VecDeque::new(),
            missed: 0,
            key_messages: VecDeque::new(),
            key_queries: VecDeque::new(),
            unicasts: VecDeque::new(),
        }
    }

    /// Returns true if nothing but packets waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        let waiting = self.exchanges.len()
            + self.events.len()
            + self.key_messages.len()
            + self.key_queries.len();
        waiting == 0 && self.missed == 0
    }

    /// Queues an event. Returns false if `max` wait, and counts it as missed.
    pub(super) fn tell(&mut self, event: Event, max: usize) -> bool {
        let has_room = self.events.len() < max;
        if has_room {
            let lag = self.lag();
            self.events.extend(lag.into_iter().chain([event]));
        } else {
            self.missed += 1;
        }
        has_room
    }

    /// The next event. A queue that a whole table went through gives its memory back once it is
    /// empty.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() && self.events.capacity() > KEPT_EVENTS {
            self.events = VecDeque::new();
        }
        event.or_else(|| self.lag())
    }

    /// What is to be told of missed events.
    pub(super) fn lag(&mut self) -> Option<Event> {
        match core::mem::take(&mut self.missed) {
            0 => None,
            missed => Some(Event::Lagged { missed }),
        }
    }
}
