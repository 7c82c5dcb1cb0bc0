//! The rules in which wires differ, as values: one column for each wire, read at the one place
//! where the rule stands.

use core::time::Duration;

use crate::ground::horizon::Horizon;
use crate::ground::id::Incarnation;
use crate::ground::time::Instant;

/// Who keeps a name that is claimed at another address than its bearer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamePolicy {
    /// The bearer, if it answers a ping.
    AskBearer,
    /// The bearer, unasked, until it has been dead for `Config::gossip_to_dead_for` or has left.
    UntilDead,
}

/// What becomes of an Alive at or below the incarnation at which its member is known as gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReturnPolicy {
    /// It is old news: a member comes back above that incarnation.
    Outbid,
    /// The member is suspected, so that it refutes if it lives: others may have forgotten what it
    /// would have to outbid.
    Doubt,
}

/// How two members find out in what their tables differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TablePolicy {
    /// By digests, and then by those parts that differ.
    Digests,
    /// By swapping all of them, so the more members there are the less often.
    Whole,
}

/// How a message for everyone travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BroadcastPolicy {
    /// With its origin and a number, by which each node takes it once and passes it on.
    Numbered,
    /// As it is. Only the application knows whether it is new, and whether to pass it on.
    Bare,
}

/// How members are asked to change their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPolicy {
    /// One at a time, by an exchange.
    Exchanges,
    /// All at once, by a query.
    Queries,
}

/// How a node says where it is among the network coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatePolicy {
    /// By a message next to its acks.
    BesideAcks,
    /// In its acks.
    InAcks,
    /// Not at all.
    Unsaid,
}

/// What serf's layer (events, queries, keys, coordinates) travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SerfPolicy {
    /// In announcements and direct messages.
    Announcements,
    /// In user messages, in the state with tables and in acks, as among serf's agents. They take
    /// a member that leaves without a word for failed, so each says when it comes and goes.
    UserMessages,
    /// In nothing: user messages are the application's.
    Nothing,
}

/// What a wire makes of the rules.
#[derive(Debug)]
pub struct Policy {
    pub(crate) names: NamePolicy,
    pub(crate) returns: ReturnPolicy,
    pub(crate) tables: TablePolicy,
    pub(crate) broadcasts: BroadcastPolicy,
    pub(crate) keys: KeyPolicy,
    #[cfg_attr(not(feature = "serf"), expect(dead_code, reason = "serf's layer alone reads it"))]
    pub(crate) serf: SerfPolicy,
    #[cfg_attr(not(feature = "serf"), expect(dead_code, reason = "serf's layer alone reads it"))]
    pub(crate) coordinates: CoordinatePolicy,
    /// Whether a node that looks for a newcomer says who it is. Otherwise it gets a bare ack: a
    /// newcomer's updates, which are sent a few times only, are not spent on one that is about to
    /// hear of it.
    pub(crate) signs_looks: bool,
    /// Whether the buddy system tells a suspected member also with a request to relay and with a
    /// look at it.
    pub(crate) tells_in_requests: bool,
    /// The highest incarnation that the wire can say. Of others only lower ones are believed, so
    /// that there is room for a refutation.
    pub(crate) highest_incarnation: Incarnation,
    /// Whether a first incarnation comes from a clock, so that a jump shows a restart.
    pub(crate) starts_by_clock: bool,
    /// How fast the horizon of incarnations moves: counters of 32 bits last as long by seconds as
    /// those of 64 by milliseconds.
    incarnation_tick: Duration,
    /// A bound on `Config::max_incarnation_ahead`.
    most_ahead: u64,
    /// A node with at most so many peers sends each of them an update twice. Where tables are
    /// swapped rarely, by chance alone somebody was left out for half a minute in 6 of 400 starts
    /// of eight nodes, so in none.
    small_cluster: u8,
}

impl Policy {
    /// The native wire.
    pub(crate) const NATIVE: Self = Self {
        names: NamePolicy::AskBearer,
        returns: ReturnPolicy::Outbid,
        tables: TablePolicy::Digests,
        broadcasts: BroadcastPolicy::Numbered,
        keys: KeyPolicy::Exchanges,
        serf: SerfPolicy::Announcements,
        coordinates: CoordinatePolicy::BesideAcks,
        signs_looks: true,
        tells_in_requests: false,
        highest_incarnation: Incarnation::MAX,
        starts_by_clock: true,
        incarnation_tick: Duration::from_millis(1),
        most_ahead: u64::MAX,
        small_cluster: 0,
    };
    /// memberlist's wire.
    pub(crate) const MEMBERLIST: Self = Self {
        names: NamePolicy::UntilDead,
        returns: ReturnPolicy::Doubt,
        tables: TablePolicy::Whole,
        broadcasts: BroadcastPolicy::Bare,
        keys: KeyPolicy::Queries,
        serf: SerfPolicy::Nothing,
        coordinates: CoordinatePolicy::Unsaid,
        signs_looks: false,
        tells_in_requests: true,
        highest_incarnation: Incarnation::new(u32::MAX as u64),
        starts_by_clock: false,
        incarnation_tick: Duration::from_secs(1),
        most_ahead: 1 << 31,
        small_cluster: 9,
    };
    /// A wire of the program's own: whole tables and bare broadcasts, as messages of memberlist's
    /// model have them, with the native wire's incarnations.
    pub(crate) const CUSTOM: Self = Self {
        returns: ReturnPolicy::Outbid,
        highest_incarnation: Incarnation::MAX,
        starts_by_clock: true,
        incarnation_tick: Duration::from_millis(1),
        most_ahead: u64::MAX,
        ..Self::MEMBERLIST
    };
    /// memberlist's wire among serf's agents.
    pub(crate) const SERF: Self = Self {
        serf: SerfPolicy::UserMessages,
        coordinates: CoordinatePolicy::InAcks,
        ..Self::MEMBERLIST
    };

    /// How far the incarnation of any claim may be, for a node that starts `now` at `first`.
    pub(crate) fn horizon(&self, now: Instant, first: Incarnation, ahead: u64) -> Horizon {
        Horizon::new(
            now,
            first,
            ahead.min(self.most_ahead),
            self.incarnation_tick,
            self.highest_incarnation,
        )
    }

    /// How often each node sends an update at least, to that many peers.
    pub(crate) fn least_transmissions(&self, peers: usize) -> u8 {
        u8::try_from(peers)
            .map_or(0, |peers| if peers <= self.small_cluster { 2 * peers } else { 0 })
    }

    /// The incarnation after this one, unless there is none.
    pub(crate) fn next_incarnation(&self, incarnation: Incarnation) -> Option<Incarnation> {
        incarnation.next().filter(|next| *next <= self.highest_incarnation)
    }
}
