//! What two nodes tell each other of events beside their tables when one joins the other: the
//! clocks, so that what is sent next is later for both, and the latest events, so that who was cut
//! off learns what it has missed.
//!
//! serf swaps this with each push/pull. On the native wire tables are swapped when nodes meet, for
//! the first time or again; what is new then is announced to the others on this side of the
//! partition that has healed.

use alloc::vec::Vec;

use rand_core::Rng;

use super::Swim;
use super::user_events::Heard;
use crate::dialect::TablePolicy;
use crate::lamport::LamportTime;
use crate::metrics::DropReason;
use crate::time::Instant;
use crate::wire::serf::{Message, State, StateWriter, UserEvent};
use crate::wire::state_in;

/// How many bytes of events are told at most; the latest ones.
const MAX_BYTES: usize = 60 << 10;
/// Bytes of an event beside its name and payload, at most: keys, lengths, the time, and a source of
/// its own.
const OVERHEAD: usize = 60 + 255;

impl<R: Rng> Swim<R> {
    /// What we tell of events; nothing if there never was one.
    pub(super) fn shared_state(&self) -> Vec<u8> {
        let serf_agent = &self.serf;
        let mut state = Vec::new();
        let first = LamportTime::default().next();
        if serf_agent.events.time() == first && serf_agent.queries.time() == first {
            return state;
        }
        let recent = self.latest_events();
        let (events, queries) = (serf_agent.events.time(), serf_agent.queries.time());
        let writer = StateWriter {
            members: first,
            events,
            queries,
            left: &[],
            statuses: &[],
            recent: &recent,
        };
        writer.encode(&mut state);
        state
    }

    /// The latest events that fit, by time.
    pub(super) fn latest_events<'s>(&'s self) -> Vec<UserEvent<'s>> {
        let mut left = MAX_BYTES.min(self.config.max_exchange_size / 8);
        let event = |(time, heard): &'_ (LamportTime, Heard)| {
            (*time, OVERHEAD + heard.name.len() + heard.payload.len())
        };
        let mut since = None;
        for (time, len) in self.serf.recent_events.iter().map(event).rev() {
            if len > left {
                break;
            }
            left -= len;
            since = Some(time);
        }
        let is_late = |time: &LamportTime| since.is_some_and(|since| *time >= since);
        let latest = self.serf.recent_events.iter().filter(|(time, _)| is_late(time));
        let view = |(time, heard): &'s (LamportTime, Heard)| UserEvent {
            time: *time,
            name: &heard.name,
            payload: &heard.payload,
            coalesce: false,
            source: heard.source.as_deref(),
        };
        latest.map(view).collect()
    }

    /// The state in a join, or in its reply; `is_first` if we have just come to the cluster.
    pub(super) fn hear_shared_state(&mut self, now: Instant, exchange: &[u8], is_first: bool) {
        match state_in(exchange) {
            Ok(Some(state)) => self.merge_state(now, state, is_first),
            Ok(None) => {}
            Err(error) => self.metrics.drop(error.reason()),
        }
    }

    /// Merges another's clocks and events.
    pub(super) fn merge_state(&mut self, now: Instant, state: &[u8], is_first: bool) {
        let state = match State::decode(state) {
            Ok(state) => state,
            Err(error) => return self.metrics.drop(error.reason()),
        };
        // Those to whom we have just come may have counted for years.
        let jump = if is_first { u64::MAX } else { self.config.events.max_time_jump };
        // The clocks have the time of the next thing, which has not happened.
        let serf_agent = &mut self.serf;
        let events = serf_agent.events.witness(now, state.events.previous(), jump);
        if !(events && serf_agent.queries.witness(now, state.queries.previous(), jump)) {
            return self.metrics.drop(DropReason::BadTime);
        }
        if is_first && !self.config.events.replay_on_join {
            serf_agent.recent_events.forget_until(state.events.previous());
            return;
        }
        for event in state.recent() {
            if self.config.origin_only {
                self.metrics.drop(DropReason::Secondhand);
                continue;
            }
            match event {
                Ok(event) => self.catch_up(now, &event, is_first),
                Err(error) => self.metrics.drop(error.reason()),
            }
        }
    }

    /// An event that we may have missed.
    fn catch_up(&mut self, now: Instant, event: &UserEvent<'_>, is_first: bool) {
        let mut bytes = Vec::new();
        Message::UserEvent(*event).encode(&mut bytes);
        if !self.hear_user_event(now, event, bytes.len()) {
            return;
        }
        sometimes!(CaughtUp);
        // Those whom we have just met know it.
        let is_ours_to_say = !is_first && !self.provenance.hears_plain();
        if is_ours_to_say
            && self.gossip.broadcasts.len() < self.config.max_broadcasts
            && self.announces_again()
        {
            self.announce(now, &bytes);
        }
    }

    /// Whether the others on our side learn from us what we have missed. Where whole tables are
    /// swapped they learn it in that way.
    fn announces_again(&self) -> bool {
        self.dialect.policy().tables == TablePolicy::Digests
    }
}
