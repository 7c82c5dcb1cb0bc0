//! Any bytes as a stream of memberlist: reading never panics, finds the same in whatever pieces the
//! bytes come, and what was read is written and read again as the same.

use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Envelope, Side, StreamDecoder, StreamMessage};

const MAX: usize = 1 << 17;

/// The first byte chooses the pieces, the rest is the stream.
pub fn check(bytes: &[u8]) {
    let Some((&step, stream)) = bytes.split_first() else { return };
    if stream.len() > MAX {
        return; // Which of several things is wrong with it is found first depends on the pieces.
    }
    let whole = read(stream, stream.len().max(1));
    let pieces = read(stream, usize::from(step).max(1));
    assert_eq!(whole, pieces);
    if let Ok(Some(message)) = whole {
        assert!(message.len() <= MAX);
        reads_again(&message);
    }
}

fn read(stream: &[u8], step: usize) -> Result<Option<Vec<u8>>, WireError> {
    let mut decoder = StreamDecoder::new(Side::Acceptor, MAX);
    for piece in stream.chunks(step) {
        if decoder.feed(&Envelope::default(), piece)? {
            break;
        }
    }
    Ok(decoder.into_message())
}

fn reads_again(bytes: &[u8]) {
    let Ok(message) = StreamMessage::decode(bytes) else { return };
    if let StreamMessage::PushPull(push_pull) = message {
        assert_eq!(push_pull.nodes().count(), push_pull.nodes().len());
    }
    let mut again = Vec::new();
    message.encode(&mut again);
    assert_eq!(StreamMessage::decode(&again), Ok(message));
    assert_eq!(
        read(&again, again.len()),
        Ok(Some(again.clone())),
        "what is written is a whole message"
    );
}
