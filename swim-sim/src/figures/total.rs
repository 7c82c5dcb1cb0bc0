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
    /// All that the cores count.
    pub metrics: Metrics,
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
        self.metrics.add(metrics);
    }

    /// How many messages of a kind were sent.
    #[must_use]
    pub const fn sent(&self, kind: MessageKind) -> u64 {
        self.metrics.sent(kind)
    }

    /// How many things were dropped for a reason.
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.metrics.dropped(reason)
    }

    /// A count for each node and second, with three digits after the point; `-` if nothing ran.
    #[must_use]
    pub fn per_node_second(&self, count: u64) -> String {
        let text = |thousandths| format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
        rate(count, self.ran_for).map_or_else(|| String::from("-"), text)
    }

    /// How many messages were sent, in packets and in exchanges.
    #[must_use]
    pub fn messages(&self) -> u64 {
        MessageKind::ALL.into_iter().map(|kind| self.sent(kind)).sum()
    }

    /// How many messages of a kind were received and read.
    #[must_use]
    pub const fn received(&self, kind: MessageKind) -> u64 {
        self.metrics.received(kind)
    }
}

/// A count for each second of a time, in thousandths; `None` if no time passed.
pub(super) fn rate(count: u64, time: Duration) -> Option<u64> {
    let thousandths = (u128::from(count) * 1_000_000).checked_div(time.as_millis())?;
    Some(u64::try_from(thousandths).unwrap_or(u64::MAX))
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
