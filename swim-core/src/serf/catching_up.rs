//! What two nodes tell each other of events with their tables when one joins the other: the
//! clocks, so that what is sent next is later for both, and the latest events, so that who was cut
//! off learns what it has missed.
//!
//! serf swaps this with each push/pull. On the native wire tables are swapped when nodes meet, for
//! the first time or again; what is new then is announced to the others on this side of the
//! partition that has healed.

use alloc::vec::Vec;

use super::Serf;
use super::user_events::Heard;
use crate::dialect::TablePolicy;
use crate::ground::lamport::LamportTime;
use crate::ground::metrics::DropReason;
use crate::ground::time::Instant;
use crate::membership::application::Host;
use crate::wire::serf::{Message, State, StateWriter, UserEvent};

/// How many bytes of events are told at most; the latest ones.
const MAX_BYTES: usize = 60 << 10;
/// Bytes of an event besides its name and payload, at most: keys, lengths, the time, and a source
/// of its own.
const OVERHEAD: usize = 60 + 255;

impl Serf {
    /// What we tell of events; nothing if there never was one.
    pub(super) fn shared_state(&self, host: &impl Host) -> Vec<u8> {
        let mut state = Vec::new();
        let first = LamportTime::default().next();
        if self.events.time() == first && self.queries.time() == first {
            return state;
        }
        let recent = self.latest_events(host);
        let (events, queries) = (self.events.time(), self.queries.time());
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
    pub(super) fn latest_events<'s>(&'s self, host: &impl Host) -> Vec<UserEvent<'s>> {
        let mut left = MAX_BYTES.min(host.config().max_exchange_size / 8);
        let event = |(time, heard): &'_ (LamportTime, Heard)| {
            (*time, OVERHEAD + heard.name.len() + heard.payload.len())
        };
        let mut since = None;
        for (time, len) in self.recent_events.iter().map(event).rev() {
            if len > left {
                break;
            }
            left -= len;
            since = Some(time);
        }
        let is_late = |time: &LamportTime| since.is_some_and(|since| *time >= since);
        let latest = self.recent_events.iter().filter(|(time, _)| is_late(time));
        let view = |(time, heard): &'s (LamportTime, Heard)| UserEvent {
            time: *time,
            name: &heard.name,
            payload: &heard.payload,
            coalesce: false,
            source: heard.source.as_deref(),
        };
        latest.map(view).collect()
    }

    /// Merges another's clocks and events.
    pub(super) fn merge_state(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        state: &[u8],
        is_first: bool,
    ) {
        let state = match State::decode(state) {
            Ok(state) => state,
            Err(error) => return host.count_drop(error.reason()),
        };
        // Those that we have just come to may have counted for years.
        let jump = if is_first { u64::MAX } else { host.config().events.max_time_jump };
        // The clocks have the time of the next thing, which has not happened.
        let events = self.events.witness(now, state.events.previous(), jump);
        if !(events && self.queries.witness(now, state.queries.previous(), jump)) {
            return host.count_drop(DropReason::BadTime);
        }
        if is_first && !host.config().events.replay_on_join {
            self.recent_events.forget_until(state.events.previous());
            return;
        }
        for event in state.recent() {
            if host.config().origin_only {
                host.count_drop(DropReason::Secondhand);
                continue;
            }
            match event {
                Ok(event) => self.catch_up(host, now, &event, is_first),
                Err(error) => host.count_drop(error.reason()),
            }
        }
    }

    /// An event that we may have missed.
    fn catch_up(
        &mut self,
        host: &mut impl Host,
        now: Instant,
        event: &UserEvent<'_>,
        is_first: bool,
    ) {
        let mut bytes = Vec::new();
        Message::UserEvent(*event).encode(&mut bytes);
        if !self.hear_user_event(host, now, event, bytes.len()) {
            return;
        }
        sometimes!(CaughtUp);
        // Those that we have just met know it.
        let is_ours_to_say = !is_first && !host.hears_plain();
        if is_ours_to_say
            && host.broadcasts_waiting() < host.config().max_broadcasts
            && announces_again(host)
        {
            host.announce(now, &bytes);
        }
    }
}

/// Returns true if the others on our side learn from us what we have missed. Where whole tables are
/// swapped they learn it in that way.
fn announces_again(host: &impl Host) -> bool {
    host.policy().tables == TablePolicy::Digests
}
