//! The updates that wait to be spread: infection-style dissemination (SWIM 4.1).
//!
//! Each update is sent a bounded number of times, those sent least first, and a newer one about the
//! same subject replaces the older. Entries lie in lists by the number of times they were sent, so
//! taking a packet's worth, replacing and finishing cost O(1) for each update touched; for
//! `Readers` that account is kept of, a packet may look through all that wait. An update's bytes
//! are made once and copied into packets.

mod body;

use alloc::vec::Vec;

use crate::ground::id::Slot;
use crate::ground::slot_index::SlotIndex;

use body::Body;

const NONE: u32 = u32::MAX;
/// How many entries that do not fit are passed over before a packet counts as full.
const LOOK_AHEAD: u32 = 4;
/// No message is shorter than this, so less room than this ends the search.
const SHORTEST: usize = 5;

/// What a packet has left for updates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) bytes: usize,
    /// What each update costs besides its own bytes.
    pub(crate) each: usize,
    /// How many updates may be added.
    pub(crate) updates: usize,
}

/// The receivers of a packet among the peers that account is kept of: one bit for each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Readers {
    /// The one whose packet it is; 0 if that is not known.
    pub(crate) to: u16,
    /// All of them; 0 if they are too many to keep account of.
    pub(crate) all: u16,
}

impl Readers {
    /// How many have not been sent an update that was sent to `reached`.
    const fn missing(self, reached: u16) -> u8 {
        (self.all & !reached).count_ones() as u8
    }

    /// What becomes of an update in a packet for one of the readers: it carries what that one was
    /// not sent, or, `again`, what must be sent more often than there are readers that miss it.
    /// What only somebody missed who is gone is done.
    const fn verdict(self, entry: &Entry, limit: u8, again: bool) -> Verdict {
        let missing = self.missing(entry.reached);
        let is_wanted = if again {
            entry.sent.saturating_add(missing) < limit
        } else {
            self.to & !entry.reached != 0
        };
        match is_wanted {
            true => Verdict::Take,
            false if entry.sent >= limit && missing == 0 => Verdict::Drop,
            false => Verdict::Keep,
        }
    }
}

/// What becomes of an update that a packet has room for.
#[derive(Clone, Copy)]
enum Verdict {
    Take,
    Keep,
    Drop,
}

/// An update: one line of the cache.
#[derive(Debug)]
#[repr(align(64))]
struct Entry {
    body: Body,
    /// The number of the slot that the update is about, if a newer one is to replace it; or else
    /// `NONE`.
    subject: u32,
    previous: u32,
    next: u32,
    /// Which of the readers it was sent to.
    reached: u16,
    sent: u8,
}

impl Entry {
    const fn subject(&self) -> Option<Slot> {
        match self.subject {
            NONE => None,
            subject => Some(Slot(subject)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

const EMPTY: List = List { head: NONE, tail: NONE };

/// A queue of encoded updates.
#[derive(Debug, Default)]
pub(crate) struct Dissemination {
    entries: Vec<Entry>,
    vacant: Vec<u32>,
    /// The list of entries that were sent 0, 1, 2, … times.
    by_sent: Vec<List>,
    subjects: SlotIndex,
    /// Entries taken for the packet being filled: they must not be taken twice.
    taken: Vec<u32>,
    len: usize,
    bytes: usize,
    unsent_bytes: usize,
}

impl Dissemination {
    /// How many updates wait.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// How many bytes the waiting updates have together.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes those of them have that were never sent.
    pub(crate) const fn unsent_bytes(&self) -> usize {
        self.unsent_bytes
    }

    /// The subjects of the updates that wait.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Slot> {
        self.entries.iter().filter_map(Entry::subject)
    }

    /// Returns true if an update about `subject` waits.
    pub(crate) fn contains(&self, subject: Slot) -> bool {
        self.subjects.get(subject).is_some()
    }

    /// Queues an update, sent zero times, in place of an older one about the same subject.
    pub(crate) fn push(&mut self, subject: Option<Slot>, body: &[u8]) {
        if let Some(subject) = subject {
            self.cancel(subject);
        }
        self.len += 1;
        self.bytes += body.len();
        self.unsent_bytes += body.len();
        let about = subject.map_or(NONE, |subject| subject.0);
        debug_assert!(subject.is_none() || about != NONE, "tables are bounded below 2^22");
        let entry = Entry {
            body: Body::new(body),
            subject: about,
            previous: NONE,
            next: NONE,
            reached: 0,
            sent: 0,
        };
        let at = if let Some(at) = self.vacant.pop() {
            self.entries[at as usize] = entry;
            at
        } else {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        };
        if let Some(subject) = subject {
            self.subjects.set(subject, at as usize);
        }
        self.append(at);
    }

    /// Drops the update about `subject`, if one waits.
    pub(crate) fn cancel(&mut self, subject: Slot) {
        if let Some(at) = self.subjects.get(subject) {
            self.unlink(at as u32);
            self.finish(at as u32);
            self.shrink();
        }
    }

    /// Drops the update that was sent most often, of several the one that waits longest.
    pub(crate) fn drop_most_sent(&mut self) {
        if let Some(list) = self.by_sent.iter().rev().find(|list| list.head != NONE) {
            let at = list.head;
            self.unlink(at);
            self.finish(at);
            self.shrink();
        }
    }

    /// What was sent to these readers counts as not sent to them: they are others now.
    pub(crate) fn forget_readers(&mut self, readers: u16) {
        if readers != 0 {
            self.entries.iter_mut().for_each(|entry| entry.reached &= !readers);
        }
    }

    /// Appends updates to `packet` within `room`, those sent least first, and counts them as sent
    /// once more. An update that was sent `limit` times is finished. `sent` is told of each one.
    /// Returns what of the room was used.
    pub(crate) fn fill(
        &mut self,
        packet: &mut Vec<u8>,
        room: Room,
        limit: u8,
        mut sent: impl FnMut(&[u8]),
    ) -> usize {
        if self.len == 0 {
            return 0;
        }
        let used = self.pass(packet, room, |_| Verdict::Take, &mut sent);
        self.count_taken(|entry| {
            entry.sent = entry.sent.saturating_add(1);
            entry.sent >= limit
        });
        used
    }

    /// As [`Dissemination::fill`], for one of `readers`: first what it was not sent, and an update
    /// is finished only when each of them was sent it.
    pub(crate) fn fill_for(
        &mut self,
        readers: Readers,
        packet: &mut Vec<u8>,
        room: Room,
        limit: u8,
        mut sent: impl FnMut(&[u8]),
    ) -> usize {
        if readers.all == 0 {
            return self.fill(packet, room, limit, sent);
        }
        let mut used = 0;
        for again in [false, true] {
            let left = Room { bytes: room.bytes - used, ..room };
            used +=
                self.pass(packet, left, |entry| readers.verdict(entry, limit, again), &mut sent);
        }
        self.count_taken(|entry| {
            entry.sent = entry.sent.saturating_add(1);
            entry.reached |= readers.to;
            entry.sent >= limit && readers.missing(entry.reached) == 0
        });
        used
    }

    /// Takes updates for `packet`, those sent least first, as far as they fit. Returns what of the
    /// room was used.
    fn pass(
        &mut self,
        packet: &mut Vec<u8>,
        room: Room,
        verdict: impl Fn(&Entry) -> Verdict,
        sent: &mut impl FnMut(&[u8]),
    ) -> usize {
        let (mut used, mut misfits) = (0, 0);
        'lists: for list in 0..self.by_sent.len() {
            let mut at = self.by_sent[list].head;
            while at != NONE {
                let left = room.bytes - used;
                if misfits == LOOK_AHEAD || left < SHORTEST || self.taken.len() == room.updates {
                    break 'lists;
                }
                let entry = &self.entries[at as usize];
                let (next, body) = (entry.next, &*entry.body);
                match verdict(entry) {
                    Verdict::Take if body.len() + room.each <= left => {
                        used += body.len() + room.each;
                        if list == 0 {
                            self.unsent_bytes -= body.len();
                        }
                        packet.extend_from_slice(body);
                        sent(body);
                        self.unlink(at);
                        self.taken.push(at);
                    }
                    Verdict::Take => misfits += 1,
                    Verdict::Keep => {}
                    Verdict::Drop => {
                        self.unlink(at);
                        self.finish(at);
                    }
                }
                at = next;
            }
        }
        used
    }

    /// Counts what was taken as sent, and puts back what is not done.
    fn count_taken(&mut self, count: impl Fn(&mut Entry) -> bool) {
        let mut taken = core::mem::take(&mut self.taken);
        for at in taken.drain(..) {
            let is_done = count(&mut self.entries[at as usize]);
            if is_done { self.finish(at) } else { self.append(at) }
        }
        self.taken = taken;
        self.shrink();
    }

    /// Appends an unlinked entry to the list of those sent as often.
    fn append(&mut self, at: u32) {
        let sent = usize::from(self.entries[at as usize].sent);
        if sent >= self.by_sent.len() {
            self.by_sent.resize(sent + 1, EMPTY);
        }
        let tail = self.by_sent[sent].tail;
        self.entries[at as usize].previous = tail;
        self.entries[at as usize].next = NONE;
        match tail {
            NONE => self.by_sent[sent].head = at,
            tail => self.entries[tail as usize].next = at,
        }
        self.by_sent[sent].tail = at;
    }

    fn unlink(&mut self, at: u32) {
        let Entry { previous, next, sent, .. } = self.entries[at as usize];
        let list = &mut self.by_sent[usize::from(sent)];
        if previous == NONE {
            list.head = next;
        }
        if next == NONE {
            list.tail = previous;
        }
        if previous != NONE {
            self.entries[previous as usize].next = next;
        }
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
    }

    /// Forgets an unlinked entry.
    fn finish(&mut self, at: u32) {
        let entry = &mut self.entries[at as usize];
        let len = entry.body.len();
        self.len -= 1;
        self.bytes -= len;
        if entry.sent == 0 {
            self.unsent_bytes -= len;
        }
        entry.body = Body::EMPTY;
        if let Some(subject) = entry.subject() {
            entry.subject = NONE;
            self.subjects.clear(subject);
        }
        self.vacant.push(at);
    }

    /// Gives the memory of a storm back once it is over.
    fn shrink(&mut self) {
        if self.len > 0 {
            return;
        }
        // So many lists are looked through for each packet.
        self.by_sent.clear();
        if self.entries.capacity() > 64 {
            *self = Self::default();
        }
    }

    pub(crate) fn check_invariants(&self) {
        let (mut len, mut bytes, mut unsent_bytes) = (0, 0, 0);
        for (sent, list) in self.by_sent.iter().enumerate() {
            let (mut at, mut previous) = (list.head, NONE);
            while at != NONE {
                let entry = &self.entries[at as usize];
                assert_eq!(
                    (usize::from(entry.sent), entry.previous),
                    (sent, previous),
                    "lists are linked both ways"
                );
                if let Some(subject) = entry.subject() {
                    assert_eq!(
                        self.subjects.get(subject),
                        Some(at as usize),
                        "every subject is found"
                    );
                }
                len += 1;
                bytes += entry.body.len();
                unsent_bytes += if sent == 0 { entry.body.len() } else { 0 };
                (previous, at) = (at, entry.next);
            }
            assert_eq!(list.tail, previous, "the tail is the last");
        }
        let counted = (self.len, self.bytes, self.unsent_bytes);
        assert_eq!((len, bytes, unsent_bytes), counted, "entries are counted");
    }
}

/// λ log(n): how many times an update is sent in a cluster of `n` (SWIM 4.1), `mult *
/// ceil(log10(n + 1))`, at most 255.
pub(crate) fn retransmit_limit(mult: u8, n: usize) -> u8 {
    let (mut digits, mut power) = (0_u8, 1_usize);
    while power < n.saturating_add(1) {
        digits += 1;
        power = power.saturating_mul(10);
    }
    mult.saturating_mul(digits.max(1))
}

#[cfg(test)]
mod tests;
