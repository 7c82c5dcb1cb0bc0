//! The vectors of docs/WIRE.md under `sealed`, which another implementation made too (python's
//! `cryptography` and `hmac`).

use swim_core::wire::sealed::{PacketOpener, SALT_LEN, Side, greeting, hello, record_keys};

use super::{CLUSTER, SIX, TWO, address, key, keyring, sealer};
use crate::golden::hex;

const DOCUMENT: &str = include_str!("../../../../docs/WIRE.md");

/// The lines `name: hex`, in order; a line that begins with spaces goes on with the one before it.
fn vectors() -> Vec<(&'static str, Vec<u8>)> {
    let (_, block) = DOCUMENT.split_once("```sealed\n").expect("the block begins");
    let (block, _) = block.split_once("```").expect("the block ends");
    let mut vectors: Vec<(&str, Vec<u8>)> = Vec::new();
    for line in block.lines() {
        if let Some(more) = line.strip_prefix("  ") {
            vectors.last_mut().expect("a name first").1.extend(hex(more));
        } else {
            let (name, bytes) = line.split_once(": ").expect("a line `name: hex`");
            vectors.push((name, hex(bytes)));
        }
    }
    vectors
}

#[test]
fn what_is_sealed_is_what_the_document_shows() {
    let (mut sealer, key) = (sealer(0xa0, &[0]), key(0));
    let [dialer, acceptor] =
        [0xb0, 0xc0].map(|first: u8| core::array::from_fn::<u8, SALT_LEN, _>(|i| first + i as u8));
    let (mut from_dialer, _) = record_keys(&key, CLUSTER, Side::Dialer, &dialer, &acceptor);
    let (mut from_acceptor, _) = record_keys(&key, CLUSTER, Side::Acceptor, &dialer, &acceptor);
    let mut packet = |to, bytes: &str| {
        let mut out = Vec::new();
        sealer.seal(address(to), &hex(bytes), &mut out);
        out
    };
    let ping = packet(TWO, "01 933b5bde 94 00 ce01020304 a162 a161");
    let empty = packet(SIX, "01 933b5bde");
    let mut record = |of_dialer: bool, bytes: &str| {
        let mut out = Vec::new();
        if of_dialer { &mut from_dialer } else { &mut from_acceptor }.seal(&hex(bytes), &mut out);
        out
    };
    let sealed = [
        ("a ping", ping.clone()),
        ("an empty packet over IPv6", empty),
        ("hello", hello(&key, &dialer).to_vec()),
        ("greeting", greeting(&acceptor).to_vec()),
        ("the dialer's preamble", record(true, "5357494d 01 04 c0000201 1f0a")),
        ("the dialer's packet frame", record(true, "00000006 00 01933b5bde")),
        ("the acceptor's greeting", record(false, "5357494d 01")),
    ];
    for (sealed, golden) in sealed.iter().zip(vectors()) {
        assert_eq!(*sealed, golden, "{:02x?}", sealed.1);
    }
    assert_eq!(vectors().len(), sealed.len());
    let mut bytes = ping;
    let opened = PacketOpener::new(CLUSTER, address(TWO), keyring(&[0]), 2)
        .open(&mut bytes)
        .expect("it was sealed for two");
    assert_eq!(bytes[opened.packet], hex("01 933b5bde 94 00 ce01020304 a162 a161"));
}

#[test]
fn the_key_of_the_document_has_the_name_that_it_shows() {
    let id = key(0).id().to_string();
    assert!(DOCUMENT.contains(&format!("whose name is {id}")), "{id}");
}

#[test]
fn the_golden_vectors_are_the_fuzzers_first_seeds() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/sealed");
    for (name, bytes) in vectors() {
        let seed = corpus.join(format!("seed-{}", name.replace(' ', "-").replace('\'', "")));
        let found =
            std::fs::read(&seed).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
        assert_eq!(found, bytes, "{name}");
    }
}
