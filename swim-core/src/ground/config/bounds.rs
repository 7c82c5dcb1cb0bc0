//! The bounds that follow from the wire and from the table, which no setting changes.
//!
//! Read first: `config`, whose check uses them.

use super::Config;

impl Config {
    /// Bytes of the table's texts besides the metadata, for a member with the longest name.
    pub(super) const LONGEST_NAME_AND_ADDRESS: usize = 255 + 18;
    /// The table's texts are found through 32-bit offsets, and up to a quarter of them are gaps.
    pub(super) const MAX_TEXTS: usize = 3 << 30;
    /// The largest packet that any transport carries: the payload of a UDP datagram over IPv4.
    pub const LARGEST_PACKET: usize = 65_507;
    /// The highest bound on members that the table's 22-bit slots allow.
    pub const MAX_MEMBERS: usize = (1 << 22) - 1;
    // The wire's tests measure the next three; names are as long as they may be, numbers and
    // addresses too.
    /// Bytes of a packet with a ping and one suspicion: what a probe of a suspect must be able to
    /// carry.
    pub(crate) const MIN_PACKET_SIZE: usize = 1_051;
    /// Bytes of a packet with a ping and one alive message, besides the alive's metadata.
    pub(crate) const ALIVE_OVERHEAD: usize = 817;
    /// Bytes of a packet with one user broadcast, besides the broadcast's payload.
    pub(crate) const BROADCAST_OVERHEAD: usize = 285;
}
