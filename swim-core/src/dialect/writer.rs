//! Writing packets: what every dialect's packet can be told to hold.

use super::{Message, custom, memberlist, native};
use crate::gossip::dissemination::{Dissemination, Readers};
use crate::ground::metrics::MessageKind;

/// How packets are written. Match it once for each: what follows is then compiled for either wire
/// alone.
pub(crate) enum Packets {
    Native(native::Packets),
    Memberlist(memberlist::Packets),
    Custom(custom::Packets),
}

/// What is queued for everyone and may go along in a packet.
pub(crate) struct Queued<'q> {
    pub(crate) updates: &'q mut Dissemination,
    pub(crate) broadcasts: &'q mut Dissemination,
    /// Whether updates have first call on the room.
    pub(crate) updates_first: bool,
    /// The receiver.
    pub(crate) readers: Readers,
    /// How often each update is sent.
    pub(crate) limit: u8,
}

/// Writes one packet.
pub(crate) trait PacketWriter {
    /// Adds what the packet is for.
    fn say(&mut self, message: &Message<'_>);

    /// Adds what is said of the receiver (the buddy system), if there is room. Returns how it is
    /// counted.
    fn say_claim(&mut self, claim: &Message<'_>) -> Option<MessageKind>;

    /// Adds where this node is, where that is a message of its own and there is room. Returns
    /// whether it was added.
    fn say_coordinate(&mut self, source: &str, coordinate: &[u8]) -> bool;

    /// Adds a message that was encoded before. Returns how it is counted, unless that was done.
    fn say_encoded(&mut self, body: &[u8]) -> Option<MessageKind>;

    /// Fills the rest. If both queues hold something, broadcasts get half of the room if they need
    /// it, unless updates have first call on all of it, since one may be longer than half.
    fn fill(&mut self, queued: Queued<'_>, count: impl FnMut(MessageKind));

    /// Returns true if nothing was added.
    fn is_empty(&self) -> bool;

    /// Puts around it what the wire has around messages; `checksum` says whether the receiver
    /// understands one.
    fn finish(self, checksum: bool);
}
