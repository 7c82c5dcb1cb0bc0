//! What membership does for the layer above it.

use alloc::vec::Vec;
use core::net::SocketAddr;

use rand_core::Rng;

use super::application::{Application, Host};
use super::belief::report::{Report, Spread};
use super::{MemberView, Membership, State};
use crate::detection::pings::Wanted;
use crate::dialect::{BroadcastPolicy, Policy};
use crate::ground::config::Config;
use crate::ground::event::Event;
use crate::ground::id::{Incarnation, NodeId, Slot};
use crate::ground::key_query::KeyQuery;
use crate::ground::member::{Claim, Status};
use crate::ground::metrics::DropReason;
use crate::ground::random::sample;
use crate::ground::source::Protection;
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::table::members::Members;
use crate::wire::Message;

impl<R: Rng, A: Application> Membership<R, A> {
    /// Has the layer do something, with this node as its host.
    pub(crate) fn with_layer<T>(&mut self, act: impl FnOnce(&mut A, &mut Self) -> T) -> T {
        debug_assert!(self.layer.is_some(), "nothing that the layer does leads back to it");
        let mut layer = self.layer.take().unwrap_or_default();
        let done = act(&mut layer, self);
        self.layer = Some(layer);
        done
    }
}

impl<R: Rng, A: Application> Host for Membership<R, A> {
    type Rng = R;

    fn id(&self) -> &NodeId {
        &self.local.id
    }

    fn address(&self) -> SocketAddr {
        self.local.address
    }

    fn state(&self) -> State {
        self.local.state
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn policy(&self) -> &'static Policy {
        self.dialect.policy()
    }

    fn own_slot(&self) -> Slot {
        self.local.slot
    }

    fn members(&self) -> &Members {
        &self.members
    }

    fn view(&self, slot: Slot) -> Option<MemberView<'_>> {
        self.view(slot)
    }

    fn id_at(&self, slot: Slot) -> NodeId {
        self.id_at(slot)
    }

    fn member_behind(&self, from: SocketAddr, source: &str) -> Option<Slot> {
        self.member_behind(from, source)
    }

    fn version_bytes(&self, slot: Slot) -> [u8; 6] {
        self.dialect.version_bytes(slot)
    }

    fn active_members(&self) -> usize {
        self.active_members()
    }

    fn peers(&self) -> usize {
        self.peers.len()
    }

    fn sample_peers(&mut self, count: usize) -> Vec<Slot> {
        sample(&mut self.rng, count, self.peers.len()).map(|place| self.peers.at(place)).collect()
    }

    fn contender(&self) -> Option<(SocketAddr, bool)> {
        self.local.contender.map(|contender| (contender.address, contender.confirmed))
    }

    fn is_unproven(&self) -> bool {
        self.contacts.protection == Protection::Plain
    }

    fn hears_plain(&self) -> bool {
        self.provenance.hears_plain()
    }

    fn broadcasts_waiting(&self) -> usize {
        self.gossip.broadcasts.len()
    }

    fn queued_broadcasts(&self) -> usize {
        self.gossip.broadcasts.len() + self.gossip.rounds.len()
    }

    fn rng(&mut self) -> &mut R {
        &mut self.rng
    }

    fn emit(&mut self, event: Event) {
        self.emit(event);
    }

    fn emit_key_query(&mut self, query: KeyQuery, max: usize) {
        if self.outputs.key_queries.len() >= max {
            self.outputs.key_queries.pop_front();
        }
        self.outputs.key_queries.push_back(query);
    }

    fn count_drop(&mut self, reason: DropReason) {
        self.metrics.drop(reason);
    }

    fn make_broadcast_room(&mut self) {
        while self.gossip.broadcasts.len() >= self.config.max_broadcasts.max(1) {
            self.gossip.broadcasts.drop_most_sent();
            self.metrics.drop(DropReason::BroadcastsFull);
        }
    }

    fn announce(&mut self, now: Instant, payload: &[u8]) {
        if self.dialect.policy().broadcasts == BroadcastPolicy::Bare {
            return self.queue_user_message(now, payload);
        }
        let number = self.next_broadcast();
        let id = self.local.id.clone();
        self.pass_on_broadcast(
            now,
            &Message::Announcement { origin: &id, epoch: self.local.epoch, number, payload },
        );
    }

    fn queue_user_message(&mut self, now: Instant, payload: &[u8]) {
        self.queue_user_message(now, payload);
    }

    fn send_direct(&mut self, to: SocketAddr, payload: &[u8]) {
        let body = self.direct_body(payload);
        self.send_unicast(to, body);
    }

    fn look_first(&mut self, now: Instant, slot: Slot) -> bool {
        self.look_first(now, slot, Wanted::Answers)
    }

    fn declare_left(&mut self, now: Instant, id: &str, incarnation: Incarnation) {
        let report = Report::of(id, Claim::new(incarnation, Status::Left), id);
        self.handle_report(now, &Report { spread: Spread::Silent, ..report });
    }

    fn reap(&mut self, now: Instant, slot: Slot) {
        self.reap(now, slot);
    }

    fn reap_soon(&mut self, now: Instant, slot: Slot) {
        self.timers.set(Timer::Member(slot), now + self.config.leave_timeout);
    }

    fn set_deadline(&mut self, at: Option<Instant>) {
        match at {
            Some(at) => self.timers.set(Timer::Layer, at),
            None => self.timers.cancel(Timer::Layer),
        }
    }

    fn extend_leave(&mut self, now: Instant) {
        self.timers.set(Timer::Leave, now + self.config.leave_timeout / 2);
    }

    fn spread_departure(&mut self, now: Instant) {
        let id = self.local.id.clone();
        self.pass_on_claim(now, self.local.slot, &id);
    }

    fn set_name_kept(&mut self, kept: bool) {
        self.judge_contender(kept);
    }
}
