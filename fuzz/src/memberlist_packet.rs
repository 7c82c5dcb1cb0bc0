//! Any bytes as a packet of memberlist: reading never panics, stays within its bounds, and what was
//! read is written and read again as the same.

use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Envelope, Label, Message, PacketWriter, Packing, Unpacker};

/// Checks `bytes` as what is within the envelope, and as a whole.
pub fn check(bytes: &[u8]) {
    unpacks_within_bounds(bytes);
    let red = Envelope { label: Label::new("red").expect("a short label"), ..Envelope::default() };
    if let Ok(body) = red.open_packet(bytes, &mut Vec::new()) {
        assert_eq!([b"\xf4\x03red", body].concat(), bytes, "only the label is taken off");
    }
}

fn unpacks_within_bounds(bytes: &[u8]) {
    let mut messages = Vec::new();
    let mut shown = 0_usize;
    Unpacker::default().unpack(bytes, |message| {
        shown += 1;
        if let Ok(message) = message {
            messages.push(reads_again(&message));
        }
    });
    // Each part of a compound costs two bytes at least, of the packet or of what it unpacks to.
    assert!(
        shown <= 1 + bytes.len() + Unpacker::MAX_UNPACKED,
        "{shown} messages in {} bytes",
        bytes.len()
    );
    for packing in [Packing::default(), Packing { compress: true, checksum: true }] {
        for messages in messages.chunks(PacketWriter::MAX_PARTS) {
            repacks(messages, packing);
        }
    }
}

/// The message as we write it.
fn reads_again(message: &Message<'_>) -> Vec<u8> {
    let mut again = Vec::new();
    message.encode(&mut again);
    assert_eq!(Message::decode(&again), Ok(*message));
    again
}

fn repacks(messages: &[Vec<u8>], packing: Packing) {
    let mut packet = Vec::new();
    let mut writer = PacketWriter::begin(&mut packet);
    let packed: Vec<_> = messages.iter().filter(|message| writer.push_encoded(message)).collect();
    let len = writer.len_with(0);
    writer.finish(packing);
    let mut read = packed.iter();
    let mut refused = false;
    Unpacker::default().unpack(&packet, |message| match message {
        Ok(message) => {
            assert_eq!(&&reads_again(&message), read.next().expect("no more than was packed"))
        }
        Err(error) => {
            assert_eq!(error, WireError::TooLarge);
            refused = true;
        }
    });
    assert!(
        refused == (read.len() > 0) && (!refused || len > Unpacker::MAX_UNPACKED),
        "{packed:02x?}"
    );
}
