//! The numbers of the native wire's kinds of messages. docs/WIRE.md lists them.

use core::ops::RangeInclusive;

/// The numbers below this are kinds of packets.
pub(super) const PACKETS: u64 = 12;
/// The numbers of the kinds of exchanges.
pub(super) const EXCHANGES: RangeInclusive<u64> = JOIN..=KEY_REPLY;
pub(super) const JOIN: u64 = 16;
pub(super) const JOIN_REPLY: u64 = 17;
pub(super) const DIGEST: u64 = 18;
pub(super) const DIGEST_REPLY: u64 = 19;
pub(super) const BUCKETS: u64 = 20;
pub(super) const BUCKETS_REPLY: u64 = 21;
pub(super) const RELIABLE_PING: u64 = 22;
pub(super) const RELIABLE_ACK: u64 = 23;
pub(super) const REFUSAL: u64 = 24;
pub(super) const KEY_REQUEST: u64 = 25;
pub(super) const KEY_REPLY: u64 = 26;
