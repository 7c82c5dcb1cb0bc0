//! What nobody should send: an error that says why, and never a panic.

use proptest::prelude::*;
use swim_core::wire::WireError;
use swim_core::wire::serf::{KeyRequest, KeyResponse, Message, State, Whereabouts};

use super::{capture, captures};

/// Reads the bytes as everything that they could be, to the last item.
fn read_as_all(bytes: &[u8]) {
    if let Ok(Message::Query(query)) = Message::decode(bytes) {
        query.filters.iter().for_each(drop);
    }
    if let Ok(state) = State::decode(bytes) {
        // Each item takes a byte at least.
        assert!(state.statuses().count() <= bytes.len());
        assert!(state.recent().count() <= bytes.len());
        state.left.iter().for_each(drop);
    }
    let _ = (KeyRequest::decode(bytes), KeyResponse::decode(bytes), Whereabouts::decode(bytes));
}

#[test]
fn what_cannot_be_a_message_is_an_error_that_says_why() {
    for (bytes, error) in [
        (b"".as_slice(), WireError::Truncated),
        (b"\x0a\x80", WireError::UnknownKind),
        (b"\x02\x80", WireError::WrongPlace),
        (b"\x06\x80", WireError::WrongPlace),
        (b"\x03", WireError::Truncated),
        (b"\x03\xa1", WireError::WrongType),
        (b"\x03\xde\xff\xff", WireError::Truncated),
        // An intent of nobody; a time below zero; a query that says no address.
        (b"\x01\x81\xa5LTime\x01", WireError::BadName),
        (b"\x01\x82\xa5LTime\xff\xa4Node\xa1a", WireError::OutOfRange),
        (b"\x04\x81\xa4Name\xa1a", WireError::BadAddress),
        (b"\x04\x81\xa7Filters\xdd\xff\xff\xff\xff", WireError::AbsurdCount),
        (b"\x05\x81\xa4From\xa1\xff", WireError::BadName),
    ] {
        assert_eq!(Message::decode(bytes), Err(error), "{bytes:?}");
    }
    assert_eq!(
        State::decode(b"\x02\x81\xa6Events\xdd\xff\xff\xff\xff"),
        Err(WireError::AbsurdCount)
    );
    let absurd = b"\x02\x81\xacStatusLTimes\xdf\xff\xff\xff\xff";
    assert_eq!(State::decode(absurd), Err(WireError::AbsurdCount));
}

#[test]
fn every_capture_cut_off_anywhere_is_an_error_or_harmless() {
    for (name, bytes) in captures() {
        for end in 0..bytes.len() {
            read_as_all(&bytes[..end]);
            // What is handed on may have any length; all else is a whole map.
            if !name.starts_with("relayed") && !name.starts_with("ack payload") {
                assert!(Message::decode(&bytes[..end]).is_err(), "{name} with {end} bytes");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_damage_makes_reading_panic(name in 0..24_usize, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = captures().into_values().nth(name).unwrap_or_else(|| capture("state"));
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_as_all(&bytes);
    }
}
