//! What one node sent, all its processes together: [`NodeTotal`]. The sums over all nodes are in
//! `total`.

use core::time::Duration;

use swim_core::{MessageKind, Metrics};

use super::total::rate;

/// What the processes of one node counted together, and for how long they ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeTotal {
    /// For how long they ran, added up.
    pub ran_for: Duration,
    /// Messages sent, in packets and in exchanges.
    pub messages: u64,
    /// Packets sent.
    pub packets: u64,
    /// Their bytes.
    pub packet_bytes: u64,
    /// Exchanges opened.
    pub exchanges: u64,
    /// Bytes of requests and replies sent.
    pub exchange_bytes: u64,
}

impl NodeTotal {
    pub(super) fn add(&mut self, metrics: &Metrics, ran_for: Duration) {
        self.ran_for += ran_for;
        self.messages += MessageKind::ALL.into_iter().map(|kind| metrics.sent(kind)).sum::<u64>();
        self.packets += metrics.packets_sent;
        self.packet_bytes += metrics.packet_bytes_sent;
        self.exchanges += metrics.exchanges_opened;
        self.exchange_bytes += metrics.exchange_bytes_sent;
    }

    /// All bytes sent, of packets and of exchanges.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.packet_bytes + self.exchange_bytes
    }

    /// A count for each second that the node ran, in thousandths; `None` if it never ran.
    #[must_use]
    pub fn per_second(&self, count: u64) -> Option<u64> {
        rate(count, self.ran_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lives_of_a_node_add_up() {
        let mut metrics = Metrics::default();
        (metrics.packets_sent, metrics.packet_bytes_sent, metrics.exchange_bytes_sent) =
            (3, 90, 10);
        let mut total = NodeTotal::default();
        assert_eq!(total.per_second(1), None, "it never ran");
        total.add(&metrics, Duration::from_secs(1));
        total.add(&metrics, Duration::from_secs(3));
        assert_eq!(
            (total.packets, total.bytes(), total.per_second(total.packets)),
            (6, 200, Some(1_500))
        );
    }
}
