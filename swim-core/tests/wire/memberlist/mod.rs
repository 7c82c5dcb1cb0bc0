//! memberlist's wire against what real agents sent, against what they were seen to accept, and
//! against input that nobody should send.

mod bad_input;
mod captures;
mod encryption;
mod golden;
mod round_trip;
mod streams;
mod tolerance;

use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Message, Unpacker};

/// What a packet holds, each message written anew, so that it outlives the packet's buffers.
pub(crate) fn unpacked(packet: &[u8]) -> Vec<Result<Vec<u8>, WireError>> {
    let mut found = Vec::new();
    Unpacker::default()
        .unpack(packet, |message| found.push(message.map(|message| encoded(&message))));
    found
}

pub(crate) fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}
