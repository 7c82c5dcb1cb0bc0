//! What is around foca's nodes: time, the network, and the runtime that foca calls back into.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use foca::{Notification, Runtime, Timer};
use swim_sim::{Link, Stream};

use super::identity::Id;
use crate::scene::Traffic;
use crate::tally;

/// What is to happen.
pub(super) enum Due {
    Timer { node: u32, timer: Timer<Id> },
    Packet { to: u32, bytes: Vec<u8> },
}

/// See the module.
pub(super) struct World {
    pub(super) now: Duration,
    pub(super) link: Link,
    /// Between which first nodes and the others nothing passes.
    pub(super) cut: Option<u32>,
    pub(super) sent: Traffic,
    /// Node -> what the fate of its packets is drawn from.
    streams: Vec<Stream>,
    /// When, in which order, and where among the entries.
    agenda: BinaryHeap<Reverse<(Duration, u64, u32)>>,
    entries: Vec<Option<Due>>,
    free: Vec<u32>,
    emitted: u64,
    buffers: Vec<Vec<u8>>,
}

impl World {
    pub(super) fn new(link: Link, streams: Vec<Stream>) -> Self {
        Self {
            now: Duration::ZERO,
            link,
            cut: None,
            sent: Traffic::default(),
            streams,
            agenda: BinaryHeap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            emitted: 0,
            buffers: Vec::new(),
        }
    }

    /// What happens next, if it does so in time.
    pub(super) fn next(&mut self, until: Duration) -> Option<Due> {
        let Reverse((at, _, entry)) =
            *self.agenda.peek().filter(|Reverse((at, _, _))| *at <= until)?;
        self.agenda.pop();
        self.now = at;
        self.free.push(entry);
        self.entries[entry as usize].take()
    }

    /// Takes a buffer back.
    pub(super) fn reuse(&mut self, buffer: Vec<u8>) {
        self.buffers.push(buffer);
    }

    fn put(&mut self, at: Duration, due: Due) {
        let entry = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        });
        self.entries[entry as usize] = Some(due);
        self.emitted += 1;
        self.agenda.push(Reverse((at, self.emitted, entry)));
    }

    fn send(&mut self, from: u32, to: u32, data: &[u8]) {
        self.sent.messages += 1;
        self.sent.bytes += data.len() as u64;
        let fate = self.link.fate(&mut self.streams[from as usize]);
        if self.cut.is_some_and(|first| (from < first) != (to < first)) {
            return;
        }
        for delay in [fate.delay, fate.again].into_iter().flatten() {
            let mut bytes = self.buffers.pop().unwrap_or_default();
            bytes.clear();
            bytes.extend_from_slice(data);
            self.put(self.now + delay, Due::Packet { to, bytes });
        }
    }
}

/// What one node sees of the world.
pub(super) struct Port<'a> {
    pub(super) node: u32,
    pub(super) world: &'a mut World,
}

impl Runtime<Id> for Port<'_> {
    fn notify(&mut self, notification: Notification<'_, Id>) {
        let (now, observer) = (self.world.now, self.node as usize);
        match notification {
            Notification::MemberUp(id) => {
                tally::with(|tally| tally.up(now, observer, id.node() as usize));
            }
            Notification::MemberDown(id) => {
                tally::with(|tally| tally.down(now, observer, id.node() as usize));
            }
            _ => {}
        }
    }

    fn send_to(&mut self, to: Id, data: &[u8]) {
        self.world.send(self.node, to.node(), data);
    }

    fn submit_after(&mut self, timer: Timer<Id>, after: Duration) {
        self.world.put(self.world.now + after, Due::Timer { node: self.node, timer });
    }
}
