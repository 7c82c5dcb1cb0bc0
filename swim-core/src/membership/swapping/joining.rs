//! Finding the cluster: a join swaps whole tables with seeds, several at once, each retried with
//! backoff until one has answered; and now and then a dead member or an absent seed is contacted,
//! for as long as the node runs.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::dialect::TablePolicy;
use crate::ground::event::Event;
use crate::ground::exchange::{Contact, ExchangeFailure};
use crate::ground::id::NodeId;
use crate::ground::member::{is_reachable, normal_address};
use crate::ground::metrics::MessageKind;
use crate::ground::random::{below, jittered};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::application::Application;
use crate::membership::belief::report::Spread;
use crate::membership::door::admission::Sender;
use crate::membership::swapping::merging::Agreed;
use crate::membership::{JoinError, Membership, State};
use crate::sync::exchanges::Purpose;
use crate::wire::{Entries, STATE_OVERHEAD, add_state, begin_join, begin_join_reply};

/// How long a node that is alone waits for an answer before it asks more seeds at once.
const WIDEN: Duration = Duration::from_millis(500);

impl<R: Rng, A: Application> Membership<R, A> {
    /// Contacts the cluster at `seeds`, several at once. What comes of it is told by
    /// [`Event::SeedJoined`] and [`Event::SeedFailed`]; a seed that fails is tried again, after
    /// pauses that grow, until any seed has answered. Seeds are kept, and contacted again whenever
    /// the node finds itself alone.
    ///
    /// The node's own address is passed over; an address that is known already is contacted again.
    ///
    /// # Errors
    /// [`JoinError`]; no seed was taken.
    pub fn join(&mut self, now: Instant, seeds: &[SocketAddr]) -> Result<(), JoinError> {
        let now = self.advance(now);
        if self.local.state != State::Running {
            return Err(JoinError::NotRunning);
        }
        let seeds: Vec<SocketAddr> = seeds.iter().copied().map(normal_address).collect();
        if let Some(&address) = seeds.iter().find(|seed| !is_reachable(seed)) {
            return Err(JoinError::Address(address));
        }
        if let Some(&address) = seeds.iter().find(|&&seed| !self.allows(seed)) {
            return Err(JoinError::NotAllowed(address));
        }
        let max = self.config.max_seeds;
        let mut wanted = Vec::new();
        for address in seeds {
            if address != self.local.address && !wanted.contains(&address) {
                wanted.push(address);
            }
        }
        if !self.contacts.seeds.has_room_for(&wanted, max) {
            return Err(JoinError::TooManySeeds { max });
        }
        for address in wanted {
            self.contacts.seeds.give(address, now, self.config.join_backoff, max);
        }
        self.contact_seeds(now);
        self.debug_check();
        Ok(())
    }

    /// How many seeds may be contacted at once, and when more may be. A node that is alone asks
    /// twice as many each time that [`WIDEN`] has passed without an answer: dead seeds hold a
    /// living one up for seconds only.
    fn join_width(&mut self, now: Instant) -> (usize, Option<Instant>) {
        let narrow = usize::from(self.config.join_parallelism);
        if self.peers.len() > 0 || self.contacts.exchanges.joins() == 0 {
            self.contacts.searching = None;
        }
        if self.peers.len() > 0 {
            return (narrow, None);
        }
        let since = *self.contacts.searching.get_or_insert(now);
        let steps = (now.since(since).as_millis() / WIDEN.as_millis()).min(16) as u32;
        // One is left for those who probe over a stream.
        let widest = self.config.max_exchanges - 1;
        let width = narrow.saturating_mul(1 << steps).min(widest);
        (width, (width < widest).then(|| since + WIDEN * (steps + 1)))
    }

    /// Contacts the seeds that are due, as many at once as may be.
    pub(in crate::membership) fn contact_seeds(&mut self, now: Instant) {
        if self.local.state != State::Running {
            return;
        }
        let (width, wider_at) = self.join_width(now);
        while self.contacts.exchanges.joins() < width
            && self.contacts.exchanges.len() < self.config.max_exchanges
        {
            let Some(address) = self.contacts.seeds.pop_due(now) else { break };
            self.open_join(now, address, Contact::Seed);
        }
        match self.contacts.seeds.next_due() {
            Some(at) if at > now => self.timers.set(Timer::Join, at),
            // A seed that is due now waits for an exchange to close, or until more may be open.
            Some(_) => match wider_at {
                Some(at) => self.timers.set(Timer::Join, at),
                None => self.timers.cancel(Timer::Join),
            },
            None => self.timers.cancel(Timer::Join),
        }
    }

    pub(in crate::membership) fn open_join(
        &mut self,
        now: Instant,
        address: SocketAddr,
        of: Contact,
    ) {
        if self.dialect.policy().tables == TablePolicy::Whole {
            let request = self.table(true);
            if self.open(now, address, Purpose::Join { address, of }, request) {
                self.metrics.count_sent(MessageKind::Join);
            }
            return;
        }
        let mut request = Vec::new();
        let table = self.whole_table(&Agreed::default());
        let state = self.layer_state();
        let max = self.config.max_exchange_size - state.len() - STATE_OVERHEAD;
        let mut writer = begin_join(self.local.cluster, &self.local.id, max, &mut request);
        let entries = self.write_entries(now, &table, &mut writer);
        add_state(&mut request, &state);
        if self.open(now, address, Purpose::Join { address, of }, request) {
            self.metrics.entries_sent += entries;
            self.metrics.count_sent(MessageKind::Join);
        }
    }

    /// A newcomer, or someone who reconnects, sent its table: merge it and give ours.
    pub(in crate::membership) fn answer_join(
        &mut self,
        now: Instant,
        sender: &Sender,
        source: &str,
        theirs: Entries<'_>,
    ) -> Vec<u8> {
        if *self.local.id == *source
            && let Some(address) = self.namesake(theirs, sender.address)
        {
            self.meet_namesake(now, sender, address);
        }
        let agreed = self.hear_table(now, sender, source, theirs, Spread::Gossip);
        let mut reply = Vec::new();
        let table = self.whole_table(&agreed);
        let state = self.layer_state();
        let max = self.config.max_exchange_size - state.len() - STATE_OVERHEAD;
        let mut writer = begin_join_reply(self.local.cluster, &self.local.id, max, &mut reply);
        self.metrics.entries_sent += self.write_entries(now, &table, &mut writer);
        add_state(&mut reply, &state);
        self.metrics.count_sent(MessageKind::JoinReply);
        reply
    }

    /// A seed, or a node that lives where a dead member once did, gave its table.
    pub(in crate::membership) fn joined(
        &mut self,
        now: Instant,
        address: SocketAddr,
        of: Contact,
        source: &str,
        theirs: Entries<'_>,
    ) {
        if *self.local.id == *source {
            let Some(namesake) = self.namesake(theirs, address) else {
                self.contacts.seeds.forget(address);
                if of == Contact::Seed {
                    let failure = ExchangeFailure::Ourselves;
                    self.emit(Event::SeedFailed { seed: address, failure, retry_in: None });
                }
                return;
            };
            self.meet_bearer(now, namesake);
        }
        self.be_lifted_by(
            now,
            address,
            theirs.iter().map(|entry| (entry.id, entry.claim.incarnation)),
        );
        // Those who told us know it all, and have passed on what was new to them: so do we only if
        // others know us.
        let is_first = self.peers.len() == 0;
        let spread = if is_first { Spread::Silent } else { Spread::Gossip };
        let learnt = self.merge(now, source, theirs, spread);
        if is_first && self.local.contender.is_none() {
            // Of many that join through one node at once it can pass on only so many at a time: so
            // we speak for ourselves.
            self.insist(now);
        }
        self.hurry_sync(now, learnt.max(1));
        self.welcomed(address, of, NodeId::new(source).ok().as_ref());
    }

    /// Another's table is joined: what is said from now on is missed and not old. Returns true if
    /// it is the first.
    pub(in crate::membership) fn note_joined(&mut self) -> bool {
        !core::mem::replace(&mut self.contacts.has_joined, true)
    }

    /// `occupant` lives at `address`, and we know what it knows.
    pub(in crate::membership) fn welcomed(
        &mut self,
        address: SocketAddr,
        of: Contact,
        occupant: Option<&NodeId>,
    ) {
        self.note_answer_from(address);
        if let Some(occupant) = occupant {
            self.contacts.seeds.answered(address, occupant, self.config.join_backoff);
        }
        self.contacts.seeds.rest_failed(self.config.join_backoff);
        self.contacts.searching = None;
        if of == Contact::Seed {
            self.emit(Event::SeedJoined { seed: address, members: self.active_members() });
        }
    }

    /// Where the node lives that sent its table under our name from `from`; `None` if it is this
    /// very node, reached by another way.
    fn namesake(&self, theirs: Entries<'_>, from: SocketAddr) -> Option<SocketAddr> {
        let entry = theirs.iter().find(|entry| *entry.id == *self.local.id);
        let address =
            entry.and_then(|entry| entry.description).map_or(from, |described| described.address);
        (address != self.local.address).then_some(address)
    }

    pub(in crate::membership) fn join_failed(
        &mut self,
        now: Instant,
        address: SocketAddr,
        of: Contact,
        failure: ExchangeFailure,
    ) {
        if of == Contact::Lost || self.local.state != State::Running {
            return;
        }
        let Some(mut retry_in) =
            self.contacts.seeds.failed(address, now, self.config.join_backoff_max)
        else {
            return;
        };
        if self.peers.len() > 0 {
            self.contacts.seeds.rest_failed(self.config.join_backoff);
            retry_in = self.config.reconnect_interval;
        }
        self.emit(Event::SeedFailed { seed: address, failure, retry_in: Some(retry_in) });
    }

    /// Contacts somebody who is not there: one of the dead or an absent seed, so that a partition
    /// of any length heals.
    pub(in crate::membership) fn reconnect(&mut self, now: Instant) {
        let pause = jittered(&mut self.rng, self.config.reconnect_interval, 250);
        self.timers.set(Timer::Reconnect, now + pause);
        let members = &self.members;
        let is_active = |id: &str| members.find(id).is_some_and(|slot| members.is_active(slot));
        let absent: Vec<SocketAddr> = self.contacts.seeds.absent(is_active).collect();
        let dead = self.dead.random(&mut self.rng);
        let seed = match absent.len() {
            0 => None,
            len => Some(absent[below(&mut self.rng, len as u32) as usize]),
        };
        match (dead, seed) {
            (Some(dead), Some(_)) if below(&mut self.rng, 2) == 0 => {
                self.compare_with_member(now, dead, Contact::Lost);
            }
            (_, Some(seed)) if seed != self.local.address => {
                self.compare_with(now, seed, Contact::Lost);
            }
            (Some(dead), None) => self.compare_with_member(now, dead, Contact::Lost),
            _ => {}
        }
    }
}
