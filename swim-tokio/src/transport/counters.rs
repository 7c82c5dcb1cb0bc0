//! What the transport counts: [`TransportMetrics`] for the user, atomics for the tasks that count.

use std::sync::atomic::{AtomicU64, Ordering};

use swim_core::wire::sealed::SealError;

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $field:ident,)*) => {
        /// Counters of the transport since the node's start. They only grow.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct TransportMetrics {
            $($(#[doc = $doc])* pub $field: u64,)*
        }

        impl TransportMetrics {
            /// Every counter with its name in snake case, as metrics systems want it.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                self.described().map(|(name, _, count)| (name, count))
            }

            /// As [`iter`](Self::iter), with a sentence about each counter, without its full stop.
            pub fn described(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + use<> {
                let all = [$((stringify!($field), concat!($($doc),*), self.$field)),*];
                all.into_iter().map(|(name, about, count)| (name, about.trim().trim_end_matches('.'), count))
            }
        }

        /// The same, shared by the connections' tasks.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $field: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> TransportMetrics {
                TransportMetrics { $($field: self.$field.read(),)* }
            }
        }
    };
}

counters! {
    /// Connections that this node dialed and that came to be.
    dialed,
    /// Dials that failed.
    dials_failed,
    /// Connections that others dialed and that were accepted.
    accepted,
    /// Connections that others dialed and that were closed at once, because of a bound.
    accepts_refused,
    /// Accepted connections that had not shown that they belong and were closed to make room for
    /// others.
    unproven_closed,
    /// Connections and datagrams from outside of the allowed networks, which were closed and
    /// dropped unread.
    outsiders_refused,
    /// Accepted connections that did not say in time, or not at all, that they are a SWIM node's.
    preambles_bad,
    /// Exchanges refused and packets dropped because the other side sends its packets another way,
    /// or one side says that it is reached at a loopback address and the other is not.
    mismatches_refused,
    /// Connections that did not come to be because one side does not trust the other, or speaks no
    /// TLS.
    handshakes_failed,
    /// Frames in another name than the certificate of their connection has: received ones, which
    /// end it, and pings to be sent, which are dropped.
    names_refused,
    /// Connections closed because they were idle, or made room for another.
    retired,
    /// Connections ended because the other side took too long for a frame or to take our bytes.
    timed_out,
    /// Connections ended because what came on them were no frames.
    malformed,
    /// Frames and datagrams refused because of their size.
    oversized,
    /// Frames written.
    frames_sent,
    /// Bytes written, preambles, greetings and datagrams included.
    bytes_sent,
    /// Frames read.
    frames_received,
    /// Bytes read, preambles, greetings and datagrams included.
    bytes_received,
    /// Datagrams sent.
    datagrams_sent,
    /// Datagrams read.
    datagrams_received,
    /// Datagrams that the system refused to send, or could not read.
    datagram_errors,
    /// ICMP errors that datagrams drew, most of them because nothing listens where they went. Linux
    /// only.
    datagrams_refused,
    /// Packets dropped because as many frames as allowed already waited for their peer, or the
    /// system's buffer for datagrams was full.
    packets_dropped,
    /// Frames that waited for a connection which failed, or was never made.
    frames_lost,
    /// Packets and streams of memberlist's wire that label or keys do not open.
    unopened,
    /// Exchanges given up on this side because of a bound: on waiting frames, on connections or on
    /// memory.
    exchanges_dropped,
    /// Datagrams dropped and connections refused because they were not sealed, with a keyring here.
    plain_refused,
    /// Datagrams dropped and connections refused because the keyring has not the key that they were
    /// sealed with.
    keys_unknown,
    /// Datagrams dropped and connections ended because a seal was broken: changed or forged on the
    /// way, or meant for another address or cluster.
    seals_broken,
    /// Datagrams dropped because they came before, or too late to tell.
    replayed,
}

impl Counters {
    /// Counts what did not open.
    pub(crate) fn unsealed(&self, error: SealError) {
        match error {
            SealError::Plain => &self.plain_refused,
            SealError::UnknownKey => &self.keys_unknown,
            SealError::Broken => &self.seals_broken,
            SealError::Replayed => &self.replayed,
        }
        .one();
    }
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, amount: usize) {
        self.0.fetch_add(amount as u64, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_is_described_by_one_sentence() {
        let described: Vec<_> = Counters::default().read().described().collect();
        let sentence = "Connections that this node dialed and that came to be";
        assert_eq!(described[0], ("dialed", sentence, 0));
        assert!(
            described.iter().all(|(_, about, _)| about.len() > 10 && !about.contains("  ")),
            "{described:?}"
        );
    }

    #[test]
    fn each_counter_is_read_under_its_own_name() {
        let counters = Counters::default();
        counters.oversized.one();
        counters.bytes_sent.add(40);
        let counted: Vec<_> = counters.read().iter().filter(|&(_, count)| count > 0).collect();
        assert_eq!(counted, [("oversized", 1), ("bytes_sent", 40)]);
    }
}
