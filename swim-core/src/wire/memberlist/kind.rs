//! The numbers of the kinds: the first byte of every message and of every layer around one.

pub(super) const PING: u8 = 0;
pub(super) const INDIRECT_PING: u8 = 1;
pub(super) const ACK: u8 = 2;
pub(super) const SUSPECT: u8 = 3;
pub(super) const ALIVE: u8 = 4;
pub(super) const DEAD: u8 = 5;
/// Streams only.
pub(super) const PUSH_PULL: u8 = 6;
/// Several messages in one. Packets only.
pub(super) const COMPOUND: u8 = 7;
pub(super) const USER: u8 = 8;
/// A layer: what follows is compressed.
pub(super) const COMPRESS: u8 = 9;
/// A layer of streams: what follows is encrypted. An encrypted packet begins with the version of
/// its encryption.
pub(super) const ENCRYPT: u8 = 10;
pub(super) const NACK: u8 = 11;
/// The outermost layer of a packet but for encryption and label: a checksum.
pub(super) const CHECKSUM: u8 = 12;
/// Streams only.
pub(super) const ERROR: u8 = 13;
/// The outermost layer of packets and streams: the cluster's label.
pub(super) const LABEL: u8 = 244;
