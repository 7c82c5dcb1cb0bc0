//! What bandwidth costs: packets leave a node one after the other, wait in a queue, and are dropped
//! when it is full.
//!
//! The queue is the sender's: all that a node sends over paths with a [`Bandwidth`] passes one
//! interface. Packets that find no room are dropped at the tail, as a router does. Exchanges are
//! never dropped here, since TCP has windows and slows down; they wait their turn and let others
//! wait for them.

use core::time::Duration;

use swim_core::Instant;

/// How fast a node can send, and how much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct Bandwidth {
    /// So many bytes leave in a second; 0 counts as 1.
    pub bytes_per_second: u64,
    /// So many bytes wait at most; a packet that finds no room is dropped.
    pub queue_bytes: u64,
}

impl Bandwidth {
    /// How long so many bytes take to leave.
    fn serialization(self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The nodes' interfaces: for each, until when it is busy with what waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Uplinks {
    busy_until: Vec<Instant>,
}

impl Uplinks {
    /// A packet is to leave: how long until it has left, or `None` if it finds no room.
    pub(super) fn packet(
        &mut self,
        node: usize,
        now: Instant,
        bytes: usize,
        limit: Bandwidth,
    ) -> Option<Duration> {
        let waiting = self.busy_until.get(node).map_or(Duration::ZERO, |until| until.since(now));
        let room = limit.serialization(limit.queue_bytes);
        (waiting + limit.serialization(bytes as u64) <= room)
            .then(|| self.segment(node, now, bytes, limit))
    }

    /// A part of an exchange is to leave: how long until it has left.
    pub(super) fn segment(
        &mut self,
        node: usize,
        now: Instant,
        bytes: usize,
        limit: Bandwidth,
    ) -> Duration {
        if node >= self.busy_until.len() {
            self.busy_until.resize(node + 1, Instant::ORIGIN);
        }
        let until = self.busy_until[node].max(now) + limit.serialization(bytes as u64);
        self.busy_until[node] = until;
        until.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Bandwidth = Bandwidth { bytes_per_second: 1_000, queue_bytes: 250 };

    #[test]
    fn packets_leave_one_after_the_other_and_the_last_ones_find_no_room() {
        let mut uplinks = Uplinks::default();
        let mut send = |at| {
            uplinks.packet(3, Instant::from_millis(at), 100, LIMIT).map(|delay| delay.as_millis())
        };
        assert_eq!([send(0), send(0), send(0)], [Some(100), Some(200), None]);
        assert_eq!([send(50), send(50)], [Some(250), None]);
        assert_eq!(send(1_000), Some(100), "an interface that was idle owes nothing");
    }

    #[test]
    fn exchanges_wait_and_let_packets_wait_and_other_nodes_do_not() {
        let mut uplinks = Uplinks::default();
        let now = Instant::from_millis(7);
        assert_eq!(uplinks.segment(0, now, 5_000, LIMIT), Duration::from_secs(5));
        assert_eq!(uplinks.packet(0, now, 1, LIMIT), None);
        assert_eq!(uplinks.packet(1, now, 1, LIMIT), Some(Duration::from_millis(1)));
    }
}
