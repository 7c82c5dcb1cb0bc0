//! Counters of everything sent, received and dropped. They only grow; gauges (queue depths, the
//! health score) are read from [`Swim`](crate::Swim) itself.

mod round_trips;

use core::fmt;

pub use round_trips::RoundTrips;

macro_rules! counted {
    ($(#[$outer:meta])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $label:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $doc])* $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: [Self; [$($label),*].len()] = [$(Self::$variant),*];

            /// A name in snake case, as metrics systems want it.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.label())
            }
        }
    };
}

counted! {
    /// The kinds of messages, those of packets first, then those of exchanges.
    MessageKind {
        /// A direct ping.
        Ping = "ping",
        /// A request to ping another on the sender's behalf.
        PingReq = "ping_req",
        /// The answer to a ping.
        Ack = "ack",
        /// A relay's word that its ping went unanswered.
        Nack = "nack",
        /// A member is alive, with its description.
        Alive = "alive",
        /// A member is suspected.
        Suspect = "suspect",
        /// A member is dead.
        Dead = "dead",
        /// A member has left.
        Left = "left",
        /// A user's broadcast.
        Broadcast = "broadcast",
        /// A user event or a query, for everyone.
        Announcement = "announcement",
        /// An answer to a query, or one that is to be handed on.
        Direct = "direct",
        /// Where the sender of an ack is.
        Coordinate = "coordinate",
        /// The whole table, in a request.
        Join = "join",
        /// The whole table, in a reply.
        JoinReply = "join_reply",
        /// The table's digest.
        Digest = "digest",
        /// The answer to a digest: equal, or the buckets' digests.
        DigestReply = "digest_reply",
        /// The entries of buckets that differ, in a request.
        Buckets = "buckets",
        /// The entries of buckets that differ, in a reply.
        BucketsReply = "buckets_reply",
        /// A ping over a reliable stream.
        ReliablePing = "reliable_ping",
        /// Its answer.
        ReliableAck = "reliable_ack",
        /// A request was understood and refused.
        Refusal = "refusal",
        /// Something about one member's keys.
        KeyRequest = "key_request",
        /// Its answer.
        KeyReply = "key_reply",
    }
}

counted! {
    /// Why something that arrived, or was about to be sent, was dropped.
    DropReason {
        /// The input ends within a message.
        Truncated = "truncated",
        /// A value has another type than the message wants, or stands where none may.
        WrongType = "wrong_type",
        /// The input is larger than the bound for its transport.
        Oversized = "oversized",
        /// The first byte is not a version that this node speaks.
        WrongVersion = "wrong_version",
        /// The sender belongs to another cluster.
        WrongCluster = "wrong_cluster",
        /// A message of a kind that this node does not know; skipped, the rest is used.
        UnknownKind = "unknown_kind",
        /// More elements are announced than bytes are left.
        AbsurdCount = "absurd_count",
        /// An address that is unspecified, multicast, broadcast, has port 0 or a strange length; or
        /// one that means something on another host or link alone.
        BadAddress = "bad_address",
        /// A name that is empty, too long or not UTF-8.
        BadName = "bad_name",
        /// Metadata above `Config::max_metadata_size`.
        MetadataTooLong = "metadata_too_long",
        /// A broadcast above `Config::max_broadcast_size`.
        BroadcastTooLong = "broadcast_too_long",
        /// An incarnation above `Incarnation::MAX`, or too far above the known one.
        BadIncarnation = "bad_incarnation",
        /// A checksum that is not that of the bytes (memberlist's wire).
        BadChecksum = "bad_checksum",
        /// Compressed bytes that are damaged, or compressed in an unknown way (memberlist's wire).
        BadCompression = "bad_compression",
        /// Bytes that no key opens, or that are not encrypted and should be (memberlist's wire).
        BadSeal = "bad_seal",
        /// A version vector that is too short or cannot be true (memberlist's wire).
        BadVersions = "bad_versions",
        /// A message of packets in an exchange, or the other way round.
        WrongPlace = "wrong_place",
        /// A second ping, or request to ping, in one packet: a packet draws one answer at most.
        SecondRequest = "second_request",
        /// A ping for another name than ours.
        WrongTarget = "wrong_target",
        /// A request to ping another from someone who is no member at its own address.
        Stranger = "stranger",
        /// A request to ping a member that this node does not know.
        UnknownTarget = "unknown_target",
        /// An ack whose sequence number this node never gave, or gave too long ago.
        LateAck = "late_ack",
        /// A second ack for the same ping.
        DuplicateAck = "duplicate_ack",
        /// An ack from another member than the pinged one, or a nack from one that was not asked.
        ForeignAck = "foreign_ack",
        /// A broadcast that was delivered before.
        DuplicateBroadcast = "duplicate_broadcast",
        /// `Config::max_members` is reached.
        MembersFull = "members_full",
        /// `Config::max_pings` is reached.
        PingsFull = "pings_full",
        /// `Config::max_transmits` is reached.
        TransmitsFull = "transmits_full",
        /// `Config::max_broadcasts` is reached.
        BroadcastsFull = "broadcasts_full",
        /// `Config::max_events` is reached.
        EventsFull = "events_full",
        /// A reply or a failure for an exchange that is not open.
        UnknownExchange = "unknown_exchange",
        /// From an address outside of `Config::allowed_networks`, or about a member that is said to
        /// live there.
        NotAllowed = "not_allowed",
        /// The node has left and no longer answers.
        NotRunning = "not_running",
        /// The name belongs to a living member at another address, which keeps it (memberlist's
        /// wire).
        NameTaken = "name_taken",
        /// A node whose versions do not fit ours, or tables of nodes that do not fit each other
        /// (memberlist's wire).
        VersionMismatch = "version_mismatch",
        /// A user event or a query above its bound, or an answer that does not fit a packet.
        EventTooLong = "event_too_long",
        /// A user event or a query that was heard before, or is so old that it may have been.
        OldEvent = "old_event",
        /// A logical time too far ahead of ours.
        BadTime = "bad_time",
        /// A filter of a query that makes no sense or costs too much, or too many of them: nobody
        /// answers.
        BadFilter = "bad_filter",
        /// A query whose filters need more expressions to be compiled than
        /// `EventConfig::expressions_per_second` allows.
        ExpressionRate = "expression_rate",
        /// A query, or an answer to hand on, above what `EventConfig` allows within a time.
        QueryRate = "query_rate",
        /// An answer to a query that is not open.
        UnknownQuery = "unknown_query",
        /// A member's second answer to the same query.
        DuplicateResponse = "duplicate_response",
        /// Something about keys that anyone could have sent: the transport has proven nothing of
        /// its sender.
        Unproven = "unproven",
        /// Another's answer or event that is passed on, where each speaks for itself
        /// (`Config::origin_only`).
        Secondhand = "secondhand",
    }
}

/// One counter for each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counters<const N: usize>([u64; N]);

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

/// All counters of one node since its start. Their order in memory is no part of the interface.
// What every packet counts lies together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Metrics {
    /// Packets handled.
    pub packets_received: u64,
    /// Bytes of those packets.
    pub packet_bytes_received: u64,
    received: Counters<{ MessageKind::ALL.len() }>,
    /// Packets polled.
    pub packets_sent: u64,
    /// Bytes of those packets.
    pub packet_bytes_sent: u64,
    sent: Counters<{ MessageKind::ALL.len() }>,
    dropped: Counters<{ DropReason::ALL.len() }>,
    /// How long the members took to answer direct probes.
    pub round_trips: RoundTrips,
    /// Exchanges opened.
    pub exchanges_opened: u64,
    /// Exchanges opened that failed.
    pub exchanges_failed: u64,
    /// Bytes of requests and replies sent.
    pub exchange_bytes_sent: u64,
    /// Bytes of requests and replies received.
    pub exchange_bytes_received: u64,
    /// Probes begun.
    pub probes: u64,
    /// Probes answered directly.
    pub probes_acked: u64,
    /// Probes answered directly, after others were asked.
    pub probes_acked_late: u64,
    /// Probes answered through a relay first.
    pub probes_acked_by_relay: u64,
    /// Probes answered through a reliable exchange first.
    pub probes_acked_reliably: u64,
    /// Probes not answered at all.
    pub probes_failed: u64,
    /// Suspicions begun.
    pub suspicions: u64,
    /// Suspicions ended by their timeout.
    pub suspicions_expired: u64,
    /// Claims about this node that it refuted.
    pub refutations: u64,
    /// Rounds of anti-entropy that found equal tables.
    pub syncs_equal: u64,
    /// Rounds of anti-entropy that found a difference.
    pub syncs_different: u64,
    /// Table entries sent in joins and syncs.
    pub entries_sent: u64,
    /// Table entries received in joins and syncs.
    pub entries_received: u64,
}

impl Metrics {
    /// How many messages of a kind were sent. Each copy of a piggybacked update counts.
    #[must_use]
    pub const fn sent(&self, kind: MessageKind) -> u64 {
        self.sent.0[kind as usize]
    }

    /// How many messages of a kind were received and read.
    #[must_use]
    pub const fn received(&self, kind: MessageKind) -> u64 {
        self.received.0[kind as usize]
    }

    /// How many things were dropped for a reason.
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped.0[reason as usize]
    }

    /// Probes answered only after the probe timeout, by whatever way.
    #[must_use]
    pub const fn probes_acked_indirectly(&self) -> u64 {
        self.probes_acked_late + self.probes_acked_by_relay + self.probes_acked_reliably
    }

    /// Adds what another node, or a former life of this one, has counted.
    pub fn add(&mut self, other: &Self) {
        let Self { sent, received, dropped, .. } = other;
        let arrays: [(&mut [u64], &[u64]); 3] = [
            (&mut self.sent.0, &sent.0),
            (&mut self.received.0, &received.0),
            (&mut self.dropped.0, &dropped.0),
        ];
        for (ours, theirs) in arrays {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
        self.round_trips.add(&other.round_trips);
        for (ours, theirs) in self.plain_mut().into_iter().zip(other.clone().plain_mut()) {
            *ours += *theirs;
        }
    }

    /// The counters that are no arrays.
    const fn plain_mut(&mut self) -> [&mut u64; 21] {
        // No `..`: a counter that is missing here does not compile.
        let Self {
            sent: _,
            received: _,
            dropped: _,
            round_trips: _,
            packets_sent,
            packet_bytes_sent,
            packets_received,
            packet_bytes_received,
            exchanges_opened,
            exchanges_failed,
            exchange_bytes_sent,
            exchange_bytes_received,
            probes,
            probes_acked,
            probes_acked_late,
            probes_acked_by_relay,
            probes_acked_reliably,
            probes_failed,
            suspicions,
            suspicions_expired,
            refutations,
            syncs_equal,
            syncs_different,
            entries_sent,
            entries_received,
        } = self;
        [
            packets_sent,
            packet_bytes_sent,
            packets_received,
            packet_bytes_received,
            exchanges_opened,
            exchanges_failed,
            exchange_bytes_sent,
            exchange_bytes_received,
            probes,
            probes_acked,
            probes_acked_late,
            probes_acked_by_relay,
            probes_acked_reliably,
            probes_failed,
            suspicions,
            suspicions_expired,
            refutations,
            syncs_equal,
            syncs_different,
            entries_sent,
            entries_received,
        ]
    }

    pub(crate) const fn count_sent(&mut self, kind: MessageKind) {
        self.sent.0[kind as usize] += 1;
    }

    pub(crate) const fn count_received(&mut self, kind: MessageKind) {
        self.received.0[kind as usize] += 1;
    }

    pub(crate) const fn drop(&mut self, reason: DropReason) {
        self.dropped.0[reason as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_add_up() {
        let mut metrics = Metrics { probes: 2, entries_received: 3, ..Metrics::default() };
        metrics.drop(DropReason::BadName);
        metrics.add(&metrics.clone());
        assert_eq!((metrics.probes, metrics.entries_received, metrics.probes_acked), (4, 6, 0));
        assert_eq!(metrics.dropped(DropReason::BadName), 2);
    }

    #[test]
    fn every_reason_has_its_own_counter() {
        let mut metrics = Metrics::default();
        metrics.drop(DropReason::BadName);
        let counted: alloc::vec::Vec<_> =
            DropReason::ALL.iter().filter(|&&r| metrics.dropped(r) > 0).collect();
        assert_eq!(counted, [&DropReason::BadName]);
    }
}
