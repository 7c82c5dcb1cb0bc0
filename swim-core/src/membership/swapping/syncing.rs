//! Anti-entropy: compare digests with a random member, and swap only the buckets that differ.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::dialect::TablePolicy;
use crate::ground::exchange::Contact;
use crate::ground::id::NodeId;
use crate::ground::metrics::MessageKind;
use crate::ground::random::jittered;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::Spread;
use crate::membership::door::admission::Sender;
use crate::membership::swapping::exchanging::ROOM;
use crate::membership::swapping::merging::Agreed;
use crate::sync::exchanges::Purpose;
use crate::wire::{Buckets, Entries, ExchangeMessage, begin_buckets, begin_buckets_reply};

/// How far the pause between two rounds is spread, in thousandths.
const JITTER_PERMILLE: u16 = 250;
/// About how many bytes an update about a member has.
const TYPICAL_UPDATE: usize = 40;
/// Gossip is late with its news when they take it more than so many rounds.
const BACKLOG_ROUNDS: usize = 2;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Begins a round with a random member, unless the last one is not over.
    pub(in crate::membership) fn sync(&mut self, now: Instant) {
        self.arm_sync(now);
        let is_sync = |purpose: &Purpose| {
            matches!(
                purpose,
                Purpose::Digest { of: Contact::Member, .. } | Purpose::Buckets | Purpose::PushPull
            )
        };
        if self.contacts.exchanges.any(is_sync) {
            return;
        }
        if let Some(peer) = self.peers.random(&mut self.rng) {
            self.compare_with_member(now, peer, Contact::Member);
        }
    }

    fn arm_sync(&mut self, now: Instant) {
        let pause = self.sync_pause();
        let pause = jittered(&mut self.rng, pause, JITTER_PERMILLE);
        self.timers.set(Timer::Sync, now + pause);
    }

    /// The pause between two rounds, as it is now.
    fn sync_pause(&self) -> Duration {
        match self.dialect.policy().tables {
            TablePolicy::Digests => self.contacts.pace.pause(),
            TablePolicy::Whole => self.whole_table_pause(),
        }
    }

    /// An exchange taught us so many things: the next round comes soon, and at once after it was
    /// more than gossip brings.
    pub(in crate::membership) fn hurry_sync(&mut self, now: Instant, learnt: usize) {
        match learnt {
            0 => return,
            _ if learnt * TYPICAL_UPDATE >= self.gossip_round() => self.contacts.pace.rush(),
            _ => self.contacts.pace.hurry(),
        }
        self.bring_sync_forward(now);
    }

    /// If more waits to be told for the first time than a few rounds of gossip can carry, then
    /// others are as far behind: tables, which have room for it all, are compared at the pace of
    /// gossip.
    pub(in crate::membership) fn relieve_gossip(&mut self, now: Instant) {
        let (waiting, bearable) =
            (self.gossip.updates.unsent_bytes(), BACKLOG_ROUNDS * self.gossip_round());
        if self.contacts.pace.falls_behind(waiting, bearable) {
            self.contacts.pace.rush();
            self.bring_sync_forward(now);
        }
    }

    /// How many bytes of updates a node sends, and is sent on average, in an interval of gossip.
    fn gossip_round(&self) -> usize {
        usize::from(self.config.gossip_fanout) * self.config.max_packet_size
    }

    /// The next round comes after the pause as it is now, if it would come much later.
    fn bring_sync_forward(&mut self, now: Instant) {
        if self.dialect.policy().tables == TablePolicy::Whole {
            return; // Whole tables are too much for that.
        }
        let soon = now + self.contacts.pace.pause() * 2;
        if self.timers.get(Timer::Sync).is_none_or(|at| at > soon) {
            self.arm_sync(now);
        }
    }

    /// Sends our digest to `peer`.
    pub(in crate::membership) fn compare_with(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        of: Contact,
    ) {
        if self.dialect.policy().tables == TablePolicy::Whole {
            match of {
                Contact::Member => self.swap_tables_with(now, peer),
                Contact::Lost | Contact::Seed => self.open_join(now, peer, of),
            }
            return;
        }
        let mut request = Vec::with_capacity(ROOM);
        let message = ExchangeMessage::Digest {
            source: &self.local.id,
            digest: self.vouched_digest().total(),
        };
        message.encode(self.local.cluster, &mut request);
        if self.open(now, peer, Purpose::Digest { peer, of }, request) {
            self.metrics.count_sent(MessageKind::Digest);
        }
    }

    pub(in crate::membership) fn answer_digest(&mut self, theirs: u64) -> Vec<u8> {
        let ours = self.vouched_digest();
        let bytes = Buckets::to_bytes(ours.buckets());
        let buckets = (theirs != ours.total()).then(|| Buckets::new(&bytes));
        let id = self.local.id.clone();
        self.reply(&ExchangeMessage::DigestReply { source: &id, buckets })
    }

    /// A peer answered our digest: with nothing if the tables are equal, else with its buckets'
    /// digests.
    pub(in crate::membership) fn compared(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        of: Contact,
        source: &str,
        theirs: Option<Buckets<'_>>,
    ) {
        if of == Contact::Lost
            && let Ok(occupant) = NodeId::new(source)
        {
            self.contacts.seeds.answered(peer, &occupant, self.config.join_backoff);
        }
        let ours = *self.vouched_digest().buckets();
        let differs = |theirs: Buckets<'_>| {
            let bits = theirs.iter().zip(ours).enumerate();
            bits.fold(0_u64, |mask, (i, (theirs, ours))| mask | u64::from(theirs != ours) << i)
        };
        // The table may have changed since the digest was sent, and be equal by now.
        let mask = theirs.map_or(0, differs);
        if mask == 0 {
            self.metrics.syncs_equal += 1;
            self.contacts.pace.relax();
            return;
        }
        self.metrics.syncs_different += 1;
        if of == Contact::Lost {
            sometimes!(Reconnected);
            // Someone we had lost: swap all, tombstones included.
            self.open_join(now, peer, of);
            return;
        }
        let mut request = Vec::new();
        let (cluster, max) = (self.local.cluster, self.config.max_exchange_size);
        let table = self.table_of(mask, &Agreed::default());
        let mut writer = begin_buckets(cluster, &self.local.id, mask, max, &mut request);
        let entries = self.write_entries(now, &table, &mut writer);
        if self.open(now, peer, Purpose::Buckets, request) {
            self.metrics.entries_sent += entries;
            self.metrics.count_sent(MessageKind::Buckets);
        }
    }

    pub(in crate::membership) fn answer_buckets(
        &mut self,
        now: Instant,
        sender: &Sender,
        (source, mask): (&str, u64),
        theirs: Entries<'_>,
    ) -> Vec<u8> {
        let agreed = self.hear_table(now, sender, source, theirs, Spread::Silent);
        let mut reply = Vec::new();
        let (cluster, max) = (self.local.cluster, self.config.max_exchange_size);
        let table = self.table_of(mask, &agreed);
        let mut writer = begin_buckets_reply(cluster, &self.local.id, max, &mut reply);
        self.metrics.entries_sent += self.write_entries(now, &table, &mut writer);
        self.metrics.count_sent(MessageKind::BucketsReply);
        reply
    }

    /// A peer gave its entries of the buckets that differ.
    pub(in crate::membership) fn swapped(
        &mut self,
        now: Instant,
        source: &str,
        theirs: Entries<'_>,
    ) {
        let learnt = self.merge(now, source, theirs, Spread::Silent);
        self.hurry_sync(now, learnt); // If that is nothing, the peer was behind.
    }
}
