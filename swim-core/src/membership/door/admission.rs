//! The one door: whether a sender belongs, and how those come in who have not shown it yet.
//!
//! A sender is **proven** if the transport has proven it (a key, a certificate), if it speaks from
//! the address of a member in the table, or once it has answered a ping of ours; anyone else is a
//! **stranger**. Of what a stranger says only this counts: its ping is acked, what it says of us
//! may make us refute, and that somebody is alive makes a candidate, which is pinged once and comes
//! into the table when it answers. Read first: docs/SECURITY.md, "The rules".

use alloc::vec::Vec;
use core::cell::Cell;
use core::net::SocketAddr;

use rand_core::Rng;

use crate::ground::exchange::Contact;
use crate::ground::id::{NodeId, SequenceNumber, Slot};
use crate::ground::member::{Claim, Status, normal_address};
use crate::ground::metrics::DropReason;
use crate::ground::source::{Protection, Source};
use crate::ground::time::Instant;
use crate::ground::timers::Timer;
use crate::membership::application::Application;
use crate::membership::belief::report::{Report, Spread};
use crate::membership::spreading::outbox::Intent;
use crate::membership::swapping::merging::Agreed;
use crate::membership::{Membership, State};
use crate::sync::candidates::{Candidate, Door};
use crate::sync::exchanges::Purpose;
use crate::wire::{Description, Entries};

/// Bytes of a ping besides the two names: headers of the packet, of the datagram and of what
/// carries it.
const PING_OVERHEAD: usize = 48;
/// How often a candidate that speaks for itself is pinged once more, a gossip interval after the
/// last time, so that losses do not keep it out. The connection through which it has asked to be
/// let in has shown that its address wants to talk.
const MORE_PINGS: u8 = 15;

/// Rows of tables that all strangers together are given in a second, and eight times as many at
/// once: what a few hundredths of a second write.
const ROWS_PER_SECOND: u32 = 1 << 20;

/// Whether a sender has shown that it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has a key or a certificate, speaks from a member's address, or has answered.
    Proven,
    /// It has not.
    Stranger,
    /// Nothing that it has said yet depends on it.
    Unjudged,
}

/// The sender of what is being handled.
#[derive(Clone, Debug)]
pub(in crate::membership) struct Sender {
    pub(in crate::membership) address: SocketAddr,
    standing: Cell<Standing>,
    /// Bytes of pings that what it has sent may still make us send.
    pub(in crate::membership) allowance: usize,
}

impl Sender {
    /// The same sender, as it is reached at another address.
    pub(in crate::membership) fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// It has answered a ping of ours, which only who was pinged can have read.
    pub(in crate::membership) fn prove(&self) {
        self.standing.set(Standing::Proven);
    }
}

impl<R: Rng, A: Application> Membership<R, A> {
    /// The sender of so many bytes, which [`is_stranger`](Self::is_stranger) judges once for all
    /// that is in them.
    #[inline]
    pub(in crate::membership) fn judge_sender(&self, source: Source, len: usize) -> Sender {
        let Source { address, protection } = source;
        let standing =
            if protection >= Protection::Sealed { Standing::Proven } else { Standing::Unjudged };
        Sender { address, standing: Cell::new(standing), allowance: len }
    }

    /// Returns true if a sender has not shown that it belongs. Most packets say nothing that
    /// depends on it, so it is looked up when it is first asked for.
    #[inline]
    pub(in crate::membership) fn is_stranger(&self, sender: &Sender) -> bool {
        if sender.standing.get() == Standing::Unjudged {
            let proven = self.is_members_address(sender.address);
            sender.standing.set(if proven { Standing::Proven } else { Standing::Stranger });
        }
        sender.standing.get() == Standing::Stranger
    }

    /// The member of that name, if it speaks from its own address and may be believed to.
    pub(in crate::membership) fn proven_behind(
        &self,
        sender: &Sender,
        source: &str,
    ) -> Option<Slot> {
        self.members.find(source).filter(|&slot| self.is_proven_behind(sender, slot))
    }

    /// Returns true if a member speaks from its own address and may be believed to.
    #[inline]
    pub(in crate::membership) fn is_proven_behind(&self, sender: &Sender, slot: Slot) -> bool {
        let is_proven = match sender.standing.get() {
            Standing::Proven => true,
            Standing::Stranger => false,
            Standing::Unjudged => slot != self.local.slot && self.may_speak_plain(slot),
        };
        is_proven && self.members.address(slot) == Some(normal_address(sender.address))
    }

    /// Returns true if a member is known to live at an address, whatever its status: the dead may
    /// come back, and refute. Not that of one that speaks under a seal, for who speaks in plain.
    fn is_members_address(&self, address: SocketAddr) -> bool {
        self.members
            .at(normal_address(address))
            .is_some_and(|slot| slot != self.local.slot && self.may_speak_plain(slot))
    }

    /// A stranger says that a member is alive, which would be news: looks whether somebody is
    /// there.
    ///
    /// The first ping that a packet makes us send costs it nothing, each further one as many of its
    /// bytes as are sent: so nobody makes us send more than it sends.
    pub(in crate::membership) fn look_for_told(
        &mut self,
        now: Instant,
        sender: &mut Sender,
        found: Option<Slot>,
        report: &Report<'_>,
    ) {
        let price = PING_OVERHEAD + report.id.len() + self.local.id.len();
        if sender.allowance == 0 {
            return self.metrics.drop(DropReason::Stranger);
        }
        if self.look_for(now, sender.address, (Door::Packet, false), found, report) {
            sender.allowance = sender.allowance.saturating_sub(price);
        }
    }

    /// Makes a candidate of a node of which `teller` says that it is alive, and pings it. Returns
    /// whether it is pinged now.
    fn look_for(
        &mut self,
        now: Instant,
        teller: SocketAddr,
        (door, knows_more): (Door, bool),
        found: Option<Slot>,
        report: &Report<'_>,
    ) -> bool {
        if self.local.state != State::Running
            || found.is_some_and(|slot| self.is_no_news(slot, report))
        {
            self.metrics.drop(DropReason::Stranger);
            return false;
        }
        let Some(description) = self.usable_description(report) else { return false };
        // That it answers there would prove nothing new, and its incarnation and metadata are its
        // own to say.
        let is_where_it_is = |slot| {
            let is_active = self.members.claim(slot).status.is_active();
            is_active && self.members.address(slot) == Some(normal_address(description.address))
        };
        let speaks_for_itself =
            normal_address(teller).ip() == normal_address(description.address).ip();
        if !speaks_for_itself && found.is_some_and(is_where_it_is) {
            self.metrics.drop(DropReason::Stranger);
            return false;
        }
        if !self.is_within_reach(now, report.claim.incarnation) {
            return false;
        }
        let Ok(id) = NodeId::new(report.id) else { return false };
        let sequence = SequenceNumber::new(self.rng.next_u32());
        let pings_left = if door == Door::Request && speaks_for_itself { MORE_PINGS } else { 0 };
        let new = Candidate {
            id,
            address: description.address,
            incarnation: report.claim.incarnation,
            described: description.incarnation,
            metadata: description.metadata.into(),
            teller: normal_address(teller),
            knows_more,
            heard_plain: self.provenance.hears_plain(),
            sequence,
            deadline: now
                + if pings_left == 0 {
                    self.config.probe_timeout
                } else {
                    self.config.gossip_interval
                },
            pings_left,
            held: None,
            versions: report.versions,
        };
        if self.contacts.candidates.renew(door, &new) {
            return false;
        }
        let address = new.address;
        if !self.contacts.candidates.add(door, new) {
            self.metrics.drop(DropReason::Stranger);
            return false;
        }
        self.arm_candidates();
        self.send(Intent::Look { address, sequence });
        true
    }

    /// Returns true if there is a candidate whose packet could be held.
    pub(in crate::membership) fn may_hold_packets(&self) -> bool {
        !self.contacts.candidates.is_empty()
    }

    /// Holds a packet of a stranger that is looked for: what else it says, of others or to
    /// everyone, is heard when it has answered.
    pub(in crate::membership) fn hold_packet(&mut self, from: SocketAddr, packet: &[u8]) {
        if packet.len() <= self.config.max_packet_size {
            self.contacts.candidates.hold(normal_address(from), packet);
        }
    }

    /// Returns true if an Alive says nothing of a living member that the table does not say.
    fn is_no_news(&self, slot: Slot, report: &Report<'_>) -> bool {
        let is_older = |described: Description<'_>| {
            self.members
                .description(slot)
                .is_some_and(|known| described.incarnation <= known.incarnation)
        };
        let known = self.members.claim(slot);
        known.status.is_active()
            && report.claim <= known
            && report.description.is_some_and(is_older)
    }

    /// A stranger sent its table, or a part of it: of all that only its own row counts, and makes a
    /// candidate. Returns what need not be said in the reply.
    fn look_for_source(
        &mut self,
        now: Instant,
        sender: &Sender,
        source: &str,
        theirs: Entries<'_>,
    ) -> Agreed {
        self.metrics.entries_received += theirs.len() as u64;
        let agreed = self.agreed(theirs);
        let own = theirs.iter().find(|entry| *entry.id == *source && *source != *self.local.id);
        let Some(own) = own.filter(|entry| entry.claim.status == Status::Alive) else {
            return agreed;
        };
        let Some(description) =
            own.description.filter(|it| it.incarnation <= own.claim.incarnation)
        else {
            return agreed;
        };
        let is_known = |id: &str| self.members.find(id).is_some_and(|slot| agreed.contains(slot));
        let is_other = |id: &str| *id != *source && *id != *self.local.id;
        let knows_more = theirs
            .iter()
            .any(|row| row.claim.status.is_active() && is_other(row.id) && !is_known(row.id));
        let report =
            Report { description: Some(description), ..Report::of(source, own.claim, source) };
        self.look_for(
            now,
            sender.address,
            (Door::Request, knows_more),
            self.members.find(source),
            &report,
        );
        agreed
    }

    /// memberlist's wire: judges who opened a stream, which comes from any port of its host.
    pub(in crate::membership) fn judge_stream(&self, source: Source) -> Sender {
        let ip = normal_address(source.address).ip();
        let lives_there = |slot: Slot| {
            slot != self.local.slot && self.members.address(slot).is_some_and(|at| at.ip() == ip)
        };
        let proven =
            source.protection >= Protection::Sealed || self.members.slots().any(lives_there);
        let standing = if proven { Standing::Proven } else { Standing::Stranger };
        Sender { address: source.address, standing: Cell::new(standing), allowance: 0 }
    }

    /// memberlist's wire: a row of a stranger's table makes a candidate.
    pub(in crate::membership) fn look_for_row(
        &mut self,
        now: Instant,
        sender: &Sender,
        knows_more: bool,
        report: &Report<'_>,
    ) {
        let found = self.members.find(report.id);
        self.look_for(now, sender.address, (Door::Request, knows_more), found, report);
    }

    /// Returns true if the sender of a few bytes may be given a whole table, which costs as much as
    /// it has rows.
    pub(in crate::membership) fn may_have_table(&mut self, now: Instant, sender: &Sender) -> bool {
        let rows = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let may =
            !self.is_stranger(sender) || self.contacts.rows_given.take(now, ROWS_PER_SECOND, rows);
        if !may {
            self.metrics.drop(DropReason::Stranger);
        }
        may
    }

    /// Merges the table that came with a request, or of a stranger's only what may be believed.
    /// Returns what need not be said in the reply.
    pub(in crate::membership) fn hear_table(
        &mut self,
        now: Instant,
        sender: &Sender,
        source: &str,
        theirs: Entries<'_>,
        spread: Spread,
    ) -> Agreed {
        if self.is_stranger(sender) {
            return self.look_for_source(now, sender, source, theirs);
        }
        let (learnt, agreed) = self.merge_request(now, source, theirs, spread);
        self.hurry_sync(now, learnt);
        agreed
    }

    /// An ack came that is for no other ping: a candidate's, if it comes from where it is said to
    /// live. Then it is one no more. Returns whether that is so.
    ///
    /// Another port will do: what translates addresses changes ports, and the number cannot be
    /// guessed.
    pub(in crate::membership) fn admit(
        &mut self,
        now: Instant,
        from: SocketAddr,
        sequence: SequenceNumber,
        source: Option<&str>,
    ) -> bool {
        let Some(candidate) = self.contacts.candidates.find(sequence) else {
            self.metrics.drop(DropReason::LateAck);
            return false;
        };
        let is_its_name = source.is_none_or(|source| *candidate.id == *source);
        if !is_its_name || candidate.address.ip() != normal_address(from).ip() {
            self.metrics.drop(DropReason::ForeignAck);
            return false;
        }
        let Some(candidate) = self.contacts.candidates.take(sequence) else { return false };
        self.arm_candidates();
        sometimes!(Admitted);
        // Its answer shows that it is there, under a seal or not; what was said of it stays as it
        // was heard.
        let hears_plain = self.provenance.hears_plain();
        self.provenance.handle_report(hears_plain || candidate.heard_plain);
        self.hear_candidate(now, &candidate);
        self.provenance.handle_report(hears_plain);
        let is_there = |slot: &Slot| self.members.address(*slot) == Some(candidate.address);
        let Some(slot) = self.members.find(&candidate.id).filter(is_there) else { return true };
        self.members.set_answered(slot);
        if let Some(packet) = candidate.held {
            self.contacts.released.push((candidate.address, packet));
        }
        if candidate.knows_more {
            self.learn_from(now, candidate.address);
        }
        true
    }

    /// Takes a candidate that has answered at its word.
    fn hear_candidate(&mut self, now: Instant, candidate: &Candidate) {
        let Candidate { id, address, incarnation, described, metadata, .. } = candidate;
        if self.members.is_full() && self.members.find(id).is_none() {
            self.make_room_for_the_living(now);
        }
        let description =
            Some(Description { incarnation: *described, address: *address, metadata });
        let claim = Claim::new(*incarnation, Status::Alive);
        let (spread, versions) = (Spread::Gossip, candidate.versions);
        self.hear_alive(
            now,
            &Report { description, spread, versions, ..Report::of(id, claim, id) },
        );
    }

    /// A node that was let in knows more than itself: swaps tables with it, unless that is going on
    /// with another one. What is not learnt in this way anti-entropy brings.
    fn learn_from(&mut self, now: Instant, address: SocketAddr) {
        self.hurry_sync(now, 1);
        let is_learning = |purpose: &Purpose| {
            matches!(
                purpose,
                Purpose::Digest { of: Contact::Lost, .. } | Purpose::Join { of: Contact::Lost, .. }
            )
        };
        if !self.contacts.exchanges.any(is_learning) {
            sometimes!(ClustersMet);
            self.compare_with(now, address, Contact::Lost);
        }
    }

    /// In a full table somebody who never answered makes room for one who has.
    fn make_room_for_the_living(&mut self, now: Instant) {
        self.make_room(now);
        if !self.members.is_full() {
            return;
        }
        let first = crate::ground::random::below(&mut self.rng, self.members.len() as u32) as usize;
        let is_silent = |slot: &Slot| *slot != self.local.slot && !self.members.has_answered(*slot);
        let after = self.members.slots().skip(first).find(is_silent);
        let Some(slot) = after.or_else(|| self.members.slots().find(is_silent)) else { return };
        sometimes!(SilentMadeRoom);
        let (id, me) = (self.id_at(slot), self.local.id.clone());
        let claim = Claim::new(self.members.claim(slot).incarnation, Status::Dead);
        self.handle_report(now, &Report { spread: Spread::Silent, ..Report::of(&id, claim, &me) });
        self.make_room_of(now, slot);
    }

    fn arm_candidates(&mut self) {
        match self.contacts.candidates.next_deadline() {
            Some(at) => self.timers.set(Timer::Candidates, at),
            None => self.timers.cancel(Timer::Candidates),
        }
    }

    /// Forgets the candidates that have not answered.
    pub(in crate::membership) fn candidates_timeout(&mut self, now: Instant) {
        let (pause, last) = (self.config.gossip_interval, self.config.probe_timeout);
        let mut again = Vec::new();
        self.contacts.candidates.expire(now, |candidate| {
            again.push((candidate.address, candidate.sequence));
            now + if candidate.pings_left == 0 { last } else { pause }
        });
        again
            .into_iter()
            .for_each(|(address, sequence)| self.send(Intent::Look { address, sequence }));
        self.arm_candidates();
    }

    /// Nothing listens at `address`.
    pub(in crate::membership) fn forget_candidates_at(&mut self, address: SocketAddr) {
        if !self.contacts.candidates.is_empty() {
            self.contacts.candidates.forget(normal_address(address));
            self.arm_candidates();
        }
    }
}
