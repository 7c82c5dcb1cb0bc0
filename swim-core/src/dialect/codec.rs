//! [`Codec`]: a wire of one's own.

use alloc::vec::Vec;
use core::fmt;

use super::Message;
use crate::wire::WireError;

/// The bytes of one message, for a node that speaks a wire of its own:
/// [`Swim::with_codec`](crate::Swim::with_codec).
///
/// A packet is a sequence of messages, and so is a table. The core frames exchanges itself, checks
/// names, addresses and incarnations of what is decoded, and bounds every packet; a codec keeps no
/// state and need not trust what it reads.
///
/// The rules are those of the native wire where a message says enough for them: claims merge by
/// incarnation and status, a name that is claimed at another address stays with its bearer until
/// that one is dead, whole tables are swapped ([`Config::sync_interval`](crate::Config)), and
/// broadcasts are told as [`Event::UserMessage`](crate::Event::UserMessage), which the program
/// passes on if it wants.
pub trait Codec: fmt::Debug + Send + Sync {
    /// Appends a message to `out`. The longest names (255 bytes each) and
    /// [`Config::max_metadata_size`](crate::Config) must fit a packet: what does not is not sent.
    fn encode(&self, message: &Message<'_>, out: &mut Vec<u8>);

    /// Takes the first message off `rest`, which is not empty.
    ///
    /// # Errors
    /// [`WireError`]; the rest of the packet is dropped, and the error counted.
    fn decode<'a>(&self, rest: &mut &'a [u8]) -> Result<Message<'a>, WireError>;
}
