//! Rounds: broadcasts that their origin sends to each peer itself, where nobody passes on what
//! another says (`Config::origin_only`).
//!
//! Each goes to every peer of the moment in which it was queued, one after the other and then once
//! more, since nothing repairs one that was lost. What is queued together travels together. Costs
//! the origin 2 n packets at most, and four bytes for each peer while it waits. It knows no wire.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::ground::id::Slot;

/// How often each peer is sent a broadcast.
const PASSES: usize = 2;

#[derive(Debug)]
struct Round {
    body: Box<[u8]>,
    peers: Arc<[Slot]>,
    /// How many packets it was in.
    sent: usize,
}

impl Round {
    fn next(&self) -> Option<Slot> {
        let is_over = self.sent >= PASSES * self.peers.len();
        if is_over { None } else { Some(self.peers[self.sent % self.peers.len()]) }
    }
}

/// The broadcasts that wait.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    queue: VecDeque<Round>,
    /// The peers of the latest broadcast, which those that follow share while they are the same.
    peers: Arc<[Slot]>,
}

impl Rounds {
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Queues a broadcast for these peers, or drops it if there are none.
    pub(crate) fn push(&mut self, body: &[u8], peers: &[Slot]) {
        if *self.peers != *peers {
            self.peers = Arc::from(peers);
        }
        if !peers.is_empty() {
            self.queue.push_back(Round {
                body: body.into(),
                peers: Arc::clone(&self.peers),
                sent: 0,
            });
        }
    }

    /// The next packet: appends what the next peer is to be sent, as far as there is room, and
    /// names the peer. A body longer than `room` is dropped.
    pub(crate) fn next(
        &mut self,
        room: usize,
        packet: &mut Vec<u8>,
        mut sent: impl FnMut(&[u8]),
    ) -> Option<Slot> {
        let peer = self.queue.front()?.next()?;
        let limit = packet.len() + room;
        for round in self.queue.iter_mut().filter(|round| round.next() == Some(peer)) {
            if packet.len() + round.body.len() <= limit {
                packet.extend_from_slice(&round.body);
                sent(&round.body);
                round.sent += 1;
            } else if round.body.len() > room {
                round.sent = usize::MAX;
            }
        }
        self.queue.retain(|round| round.next().is_some());
        Some(peer)
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(rounds: &mut Rounds, room: usize) -> Vec<(u32, Vec<u8>)> {
        let mut all = Vec::new();
        let mut packet = Vec::new();
        while let Some(peer) = rounds.next(room, &mut packet, |_| {}) {
            all.push((peer.0, core::mem::take(&mut packet)));
        }
        all
    }

    #[test]
    fn each_peer_is_sent_each_broadcast_twice_and_those_queued_together_at_once() {
        let mut rounds = Rounds::default();
        let peers = [Slot(4), Slot(2), Slot(9)];
        rounds.push(b"ab", &peers);
        rounds.push(b"c", &peers);
        let both = |peer| (peer, b"abc".to_vec());
        assert_eq!(
            packets(&mut rounds, 10),
            [both(4), both(2), both(9), both(4), both(2), both(9)]
        );
        assert_eq!(rounds.len(), 0);
    }

    #[test]
    fn what_does_not_fit_goes_by_itself_and_what_never_fits_is_dropped() {
        let mut rounds = Rounds::default();
        for body in [&b"ab"[..], b"cd", b"too long"] {
            rounds.push(body, &[Slot(1)]);
        }
        let sent: Vec<_> = packets(&mut rounds, 3).into_iter().map(|(_, body)| body).collect();
        assert_eq!(sent, [b"ab", b"ab", b"cd", b"cd"]);
    }

    #[test]
    fn with_nobody_to_hear_it_nothing_waits() {
        let mut rounds = Rounds::default();
        rounds.push(b"a", &[]);
        assert_eq!((rounds.len(), packets(&mut rounds, 9).len()), (0, 0));
    }
}
