//! A few nodes that hear each other at once: what one sends to another's port is there in the same
//! instant. Knows nothing of loss, delay and streams, which are the simulator's.

use swim_core::Instant;

use crate::harness::{Node, Sent, address, exchanges, messages};

/// The nodes live at ports 1, 2, and so on; whatever goes to other ports is lost, and exchanges are
/// not opened.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) nodes: Vec<Node>,
}

impl Network {
    /// Runs everyone's timers up to and including `until`. Returns what was sent, and the sender.
    pub(crate) fn run_until(&mut self, until: Instant) -> Vec<(usize, Sent)> {
        let mut all = Vec::new();
        while let Some((now, i)) = self.next().filter(|&(now, _)| now <= until) {
            self.nodes[i].handle_timeout(now);
            self.settle(now, i, &mut all);
        }
        all
    }

    fn next(&self) -> Option<(Instant, usize)> {
        let timers =
            self.nodes.iter().enumerate().filter_map(|(i, node)| Some((node.poll_timeout()?, i)));
        timers.min()
    }

    /// Passes packets on until nobody has anything to say.
    fn settle(&mut self, now: Instant, first: usize, all: &mut Vec<(usize, Sent)>) {
        let (mut busy, mut bytes) = (vec![first], Vec::new());
        while let Some(i) = busy.pop() {
            while let Some(transmit) = self.nodes[i].poll_transmit(now, &mut bytes) {
                all.push((i, (transmit.to, messages(&bytes))));
                let to = usize::from(transmit.to.port()) - 1;
                if let Some(receiver) = self.nodes.get_mut(to) {
                    receiver.handle_packet(now, address(i as u16 + 1), &bytes);
                    busy.push(to);
                }
            }
            exchanges(&mut self.nodes[i]);
        }
    }
}
