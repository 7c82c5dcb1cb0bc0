//! Reads the header of a packet or of an exchange.

use swim_core::wire::HEADER_LEN;

/// The hash of a cluster that a header bears.
pub(super) fn cluster_of(bytes: &[u8]) -> Option<u32> {
    bytes.get(1..HEADER_LEN).and_then(|hash| hash.try_into().ok()).map(u32::from_be_bytes)
}
