//! Whole tables, swapped at a join and now and then with a random member: memberlist's push/pull.
//!
//! There are no tombstones and no ages in them. So the dead of another's table teach nothing about
//! members that we do not know (or two tables could keep the dead alive for each other), and about
//! those that we know they make a suspicion, as memberlist's merge does. What tables teach is
//! passed on, since no digest finds what others have missed.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use rand_core::Rng;

use crate::dialect::{Row, Table};
use crate::ground::event::Event;
use crate::ground::exchange::{Contact, ExchangeFailure};
use crate::ground::id::{NodeId, Slot};
use crate::ground::member::{Claim, Status, normal_address};
use crate::ground::metrics::{DropReason, MessageKind};
use crate::ground::time::Instant;
use crate::membership::Membership;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::membership::door::admission::Sender;
use crate::membership::door::unnamed::alive_news;
use crate::membership::swapping::merging::Agreed;
use crate::sync::exchanges::Purpose;
use crate::wire::Agreement;

/// Up to so many members the interval between push/pulls is the configured one; it grows by one
/// such interval each time that their number doubles.
const UNSCALED: usize = 32;

/// The pause between two push/pulls in a cluster of `n`: `interval * (ceil(log2(n) - 5) + 1)` above
/// 32 members.
fn scaled(interval: Duration, n: usize) -> Duration {
    if n <= UNSCALED {
        interval
    } else {
        interval.saturating_mul(n.next_power_of_two().ilog2() - UNSCALED.ilog2() + 1)
    }
}

/// What the events in another's state are to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::membership) enum Past {
    /// They were sent before we joined those who know of them.
    Heard,
    /// We may have missed them.
    Missed,
}

/// How many rows of a stranger's table are looked for, if more of them live where it comes from.
const JOINERS: usize = 4;

impl<R: Rng, A: Application> Membership<R, A> {
    /// The pause between two push/pulls.
    pub(in crate::membership) fn whole_table_pause(&self) -> Duration {
        scaled(self.config.sync_interval, self.active_members())
    }

    /// Swaps tables with a member.
    pub(in crate::membership) fn swap_tables_with(&mut self, now: Instant, peer: SocketAddr) {
        let request = self.table(false);
        if self.open(now, peer, Purpose::PushPull, request) {
            self.metrics.count_sent(MessageKind::Join);
        }
    }

    /// All that is known of described members, ourselves first, as far as it fits, and the
    /// application's state.
    pub(in crate::membership) fn table(&mut self, is_join: bool) -> Vec<u8> {
        let slots = self.whole_table(&Agreed::default());
        let state = self.layer_state();
        let rows = slots.into_iter().filter_map(|slot| self.row(slot));
        let (bytes, rows) =
            self.dialect.write_table(is_join, &state, self.config.max_exchange_size, rows);
        count_work!(EntriesWritten, rows);
        self.metrics.entries_sent += rows;
        bytes
    }

    fn row(&self, slot: Slot) -> Option<Row<'_>> {
        let (claim, known) = (self.members.claim(slot), self.members.description(slot)?);
        Some(Row {
            id: self.members.name(slot),
            claim,
            address: known.address,
            metadata: known.metadata,
            versions: self.dialect.versions_of(slot),
        })
    }

    /// A seed, or a node that lives where a dead member once did, gave its table.
    pub(in crate::membership) fn let_in(
        &mut self,
        now: Instant,
        address: SocketAddr,
        of: Contact,
        theirs: &Table<'_>,
    ) -> Result<(), ExchangeFailure> {
        let is_us =
            |node: &Row<'_>| *node.id == *self.local.id && node.address == self.local.address;
        if theirs.rows().flatten().all(|node| is_us(&node)) {
            self.contacts.seeds.forget(address);
            if of == Contact::Seed {
                let failure = ExchangeFailure::Ourselves;
                self.emit(Event::SeedFailed { seed: address, failure, retry_in: None });
            }
            return Ok(());
        }
        let is_first = self.peers.len() == 0;
        let claims = theirs.rows().flatten().map(|node| (node.id, node.claim.incarnation));
        self.be_lifted_by(now, address, claims);
        // Who is let in counts the past as heard, as often as it joins; who comes back on its own
        // has missed what was said.
        let past = if of == Contact::Seed || !self.contacts.has_joined {
            Past::Heard
        } else {
            Past::Missed
        };
        // As memberlist does, a joiner says that it is there and passes on what it learns, also
        // from its first contact: that one may be gone before it has told anybody.
        self.merge_table(now, theirs, Spread::Gossip, past)?;
        if is_first {
            self.insist(now);
        }
        let lives_there = |node: &Row<'_>| node.address == address && node.claim.status.is_active();
        let occupant =
            theirs.rows().flatten().find(lives_there).and_then(|node| NodeId::new(node.id).ok());
        self.welcomed(address, of, occupant.as_ref());
        self.note_joined();
        if of == Contact::Seed {
            self.with_layer(|layer, host| layer.on_let_in(host, now));
        }
        Ok(())
    }

    /// Merges another's table. Returns whether it taught us anything.
    ///
    /// # Errors
    /// Some nodes of the two tables do not speak with each other: nothing was merged, as memberlist
    /// would not.
    pub(in crate::membership) fn merge_table(
        &mut self,
        now: Instant,
        theirs: &Table<'_>,
        spread: Spread,
        past: Past,
    ) -> Result<bool, ExchangeFailure> {
        if !self.agrees_with(theirs) {
            self.metrics.drop(DropReason::VersionMismatch);
            return Err(ExchangeFailure::OtherVersion);
        }
        let mut learnt = false;
        for row in theirs.rows() {
            self.metrics.entries_received += 1;
            match row {
                Ok(node) => learnt |= self.merge_row(now, &node, spread),
                Err(error) => self.metrics.drop(error.reason()),
            }
        }
        self.hear_user_state(now, theirs.is_join(), past == Past::Heard, theirs.state());
        Ok(learnt)
    }

    /// A stranger sent its table, which does not say whose it is. Those of its rows count that live
    /// where the stream comes from, or the only one; they make candidates.
    pub(in crate::membership) fn look_for_joiner(
        &mut self,
        now: Instant,
        sender: &Sender,
        theirs: &Table<'_>,
    ) {
        if !self.agrees_with(theirs) {
            return self.metrics.drop(DropReason::VersionMismatch);
        }
        let rows = || theirs.rows().flatten();
        self.metrics.entries_received += rows().count() as u64;
        let is_only = rows().nth(1).is_none();
        let ip = normal_address(sender.address).ip();
        let is_its = |row: &Row<'_>| row.is_alive() && (is_only || row.address.ip() == ip);
        for row in rows()
            .filter(is_its)
            .filter(|row| *row.id != *self.local.id)
            .take(JOINERS)
            .collect::<Vec<_>>()
        {
            self.look_for_row(now, sender, !is_only, &alive_news(&row, Spread::Gossip));
        }
    }

    fn merge_row(&mut self, now: Instant, node: &Row<'_>, spread: Spread) -> bool {
        let status = match node.claim.status {
            Status::Alive => return self.hear_alive(now, &alive_news(node, spread)),
            // It may be long refuted, or be the view from the other side of a healed partition.
            Status::Suspect | Status::Dead => Status::Suspect,
            Status::Left => Status::Left,
        };
        let Some(slot) = self.members.find(node.id) else { return false };
        let is_gone = slot != self.local.slot && !self.members.claim(slot).status.is_active();
        if is_gone && status == Status::Suspect {
            return false; // Only the member itself comes back.
        }
        let me = self.local.id.clone();
        let from = if status == Status::Left { node.id } else { &*me };
        let claim = Claim::new(node.claim.incarnation, status);
        // A table does not say who accused: a suspicion that we have already is no further
        // accusation.
        self.handle_report(now, &Report { accuses: false, ..Report::of(node.id, claim, from) })
    }

    /// Returns true if all nodes of both tables are within what the living ones of both understand.
    fn agrees_with(&self, theirs: &Table<'_>) -> bool {
        let mut agreement = Agreement::default();
        let is_described = |&slot: &Slot| self.members.address(slot).is_some();
        let ours = || self.members.slots().filter(is_described);
        let living = ours().filter(|&slot| self.members.claim(slot).status == Status::Alive);
        living.for_each(|slot| agreement.include(self.dialect.versions_of(slot)));
        let rows = || theirs.rows().flatten();
        rows().filter(Row::is_alive).for_each(|node| agreement.include(node.versions));
        ours().all(|slot| agreement.admits(self.dialect.versions_of(slot)))
            && rows().all(|node| agreement.admits(node.versions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_clusters_swap_tables_less_often() {
        let pauses =
            [1, 32, 33, 64, 65, 128, 1_000].map(|n| scaled(Duration::from_secs(30), n).as_secs());
        assert_eq!(pauses, [30, 30, 60, 60, 90, 90, 180]);
    }
}
