//! The sums of what the cores count, and of the time that they ran: [`Total`].

use core::time::Duration;

use swim_core::{DropReason, MessageKind, Metrics};

/// What any number of processes counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// For how long they ran, added up.
    pub ran_for: Duration,
    /// Packets sent.
    pub packets: u64,
    /// Their bytes.
    pub packet_bytes: u64,
    /// Exchanges opened.
    pub exchanges: u64,
    /// Bytes of requests and replies sent.
    pub exchange_bytes: u64,
    /// Suspicions begun.
    pub suspicions: u64,
    /// Refutations.
    pub refutations: u64,
    sent: Vec<u64>,
    dropped: Vec<u64>,
}

impl Total {
    pub(super) fn add(&mut self, metrics: &Metrics, ran_for: Duration) {
        self.ran_for += ran_for;
        self.packets += metrics.packets_sent;
        self.packet_bytes += metrics.packet_bytes_sent;
        self.exchanges += metrics.exchanges_opened;
        self.exchange_bytes += metrics.exchange_bytes_sent;
        self.suspicions += metrics.suspicions;
        self.refutations += metrics.refutations;
        self.sent.resize(MessageKind::ALL.len(), 0);
        self.dropped.resize(DropReason::ALL.len(), 0);
        for (sum, kind) in self.sent.iter_mut().zip(MessageKind::ALL) {
            *sum += metrics.sent(kind);
        }
        for (sum, reason) in self.dropped.iter_mut().zip(DropReason::ALL) {
            *sum += metrics.dropped(reason);
        }
    }

    /// How many messages of a kind were sent.
    #[must_use]
    pub fn sent(&self, kind: MessageKind) -> u64 {
        self.sent.get(kind as usize).copied().unwrap_or(0)
    }

    /// How many things were dropped for a reason.
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped.get(reason as usize).copied().unwrap_or(0)
    }

    /// A count for each node and second, with three digits after the point; `-` if nothing ran.
    #[must_use]
    pub fn per_node_second(&self, count: u64) -> String {
        let milliseconds = self.ran_for.as_millis();
        if milliseconds == 0 {
            return String::from("-");
        }
        let thousandths = u128::from(count) * 1_000_000 / milliseconds;
        format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_thousandths() {
        let total = Total { ran_for: Duration::from_secs(400), ..Total::default() };
        assert_eq!(total.per_node_second(850), "2.125");
        assert_eq!(Total::default().per_node_second(850), "-");
    }
}
