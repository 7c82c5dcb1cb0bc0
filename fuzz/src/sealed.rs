//! Any bytes as sealed traffic: `cargo fuzz run sealed`. Nothing opens that was not sealed with the
//! key, reading never panics, and what was sealed opens however it comes: once.

use std::net::SocketAddr;

use swim_core::wire::sealed::{
    GREETING_LEN, HELLO_LEN, Key, Keyring, PacketOpener, PacketSealer, RECORD_HEADER, RecordOpener,
    SealError, Side, read_greeting, read_hello, record_keys,
};

fn key() -> Key {
    Key::new(&core::array::from_fn::<u8, 32, _>(|i| i as u8)).expect("32 bytes")
}

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 7946))
}

/// Checks `bytes` as a sealed packet, as a sealed stream, and as what is sealed.
pub fn check(bytes: &[u8]) {
    opens_only_what_was_sealed(bytes);
    is_a_stream_of_nothing(bytes);
    opens_once(bytes);
}

/// The sealed packets that the key's holder made, one for each destination of the golden vectors.
const GOLDEN: [&[u8]; 2] = [
    include_bytes!("../corpus/sealed/seed-a-ping"),
    include_bytes!("../corpus/sealed/seed-an-empty-packet-over-IPv6"),
];

fn opens_only_what_was_sealed(bytes: &[u8]) {
    for to in [address(2), "[2001:db8::1]:7946".parse().expect("an address")] {
        let mut opener = PacketOpener::new("default", to, Keyring::new(key()), 8);
        let mut opened = bytes.to_vec();
        match opener.open(&mut opened) {
            Ok(_) => {
                assert!(GOLDEN.contains(&bytes), "a forgery: {bytes:02x?}");
                assert_eq!(opener.open(&mut bytes.to_vec()), Err(SealError::Replayed));
            }
            Err(error) => {
                assert!(error != SealError::Replayed && opened == bytes, "{error}: {bytes:02x?}");
                assert_eq!(error == SealError::Plain, !PacketOpener::is_sealed(bytes));
            }
        }
    }
}

fn is_a_stream_of_nothing(bytes: &[u8]) {
    if let Some(hello) = bytes.first_chunk::<HELLO_LEN>() {
        assert_eq!(read_hello(hello).is_ok(), bytes.starts_with(b"SWIM\xe1"));
    }
    if let Some(greeting) = bytes.first_chunk::<GREETING_LEN>() {
        assert_eq!(read_greeting(greeting).is_ok(), bytes.starts_with(b"SWIM\xe1"));
    }
    // Salts that the golden vectors have not: whatever record comes, it is a forgery.
    let mut opener = record_keys(&key(), "default", Side::Acceptor, &[1; 16], &[2; 16]).1;
    let mut rest = bytes;
    while let Some((header, body)) = rest.split_first_chunk::<RECORD_HEADER>() {
        let Ok(len) = RecordOpener::len_after(*header) else { return };
        let Some((record, after)) = body.split_at_checked(len) else { return };
        assert_eq!(opener.open(*header, &mut record.to_vec()), Err(SealError::Broken));
        rest = after;
    }
}

fn opens_once(bytes: &[u8]) {
    let keyring = Keyring::new(key());
    let mut sealer = PacketSealer::new(
        core::array::from_fn(|i| 0xa0 + i as u8),
        "default",
        address(1),
        &keyring,
    );
    let mut opener = PacketOpener::new("default", address(2), keyring, 8);
    let mut sealed = Vec::new();
    sealer.seal(address(2), bytes, &mut sealed);
    let mut opened = sealed.clone();
    let found = opener.open(&mut opened).expect("it was sealed for this node");
    assert_eq!((found.from, &opened[found.packet]), (address(1), bytes));
    assert_eq!(opener.open(&mut sealed), Err(SealError::Replayed));
}
