//! Sealed packets: what the right node opens once, and nobody else, nor anything else, at all.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use swim_core::wire::sealed::{PacketOpener, PacketSealer, SealError, TAG_LEN};

use super::{CLUSTER, ONE, SIX, TWO, address, boot, keyring, opener, sealer};

fn seal(sealer: &mut PacketSealer, to: &str, packet: &[u8]) -> Vec<u8> {
    let mut out = b"what was there".to_vec();
    sealer.seal(address(to), packet, &mut out);
    out
}

fn open(opener: &mut PacketOpener, sealed: &[u8]) -> Result<(SocketAddr, Vec<u8>), SealError> {
    let mut bytes = sealed.to_vec();
    let opened = opener.open(&mut bytes)?;
    Ok((opened.from, bytes[opened.packet].to_vec()))
}

#[test]
fn a_sealed_packet_comes_back_with_its_sender_and_costs_what_it_says() {
    let (mut sealer, mut opener) = (sealer(1, &[0]), opener(&[0]));
    assert_eq!((sealer.overhead(), PacketSealer::overhead_at(address(ONE))), (52, 52));
    for len in [0, 1, 15, 16, 17, 1_400, 65_000] {
        let packet = vec![7; len];
        let sealed = seal(&mut sealer, TWO, &packet);
        assert_eq!(sealed.len(), len + sealer.overhead());
        assert!(PacketOpener::is_sealed(&sealed));
        assert_eq!(open(&mut opener, &sealed), Ok((address(ONE), packet)));
    }
    let mut six = PacketSealer::new(boot(2), CLUSTER, address(SIX), &keyring(&[0]));
    assert_eq!((six.overhead(), PacketSealer::overhead_at(address(SIX))), (64, 64));
    assert_eq!(
        open(&mut opener, &seal(&mut six, TWO, b"hello")),
        Ok((address(SIX), b"hello".to_vec()))
    );
}

/// Forgery and truncation.
#[test]
fn whatever_bit_is_changed_and_wherever_it_is_cut_it_does_not_open_and_the_original_still_does() {
    let (mut sealer, mut opener) = (sealer(1, &[0]), opener(&[0]));
    let sealed = seal(&mut sealer, TWO, b"a packet");
    for bit in 0..8 * sealed.len() {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = open(&mut opener, &changed).expect_err("a changed bit");
        let expected = match bit / 8 {
            0 => SealError::Plain,
            1..5 => SealError::UnknownKey,
            _ => SealError::Broken,
        };
        assert_eq!(error, expected, "bit {bit}");
    }
    assert_eq!(open(&mut opener, &[]), Err(SealError::Plain));
    for end in 1..sealed.len() {
        assert_eq!(open(&mut opener, &sealed[..end]), Err(SealError::Broken), "{end}");
    }
    assert_eq!(open(&mut opener, &[&sealed[..], &[0]].concat()), Err(SealError::Broken));
    assert!(open(&mut opener, &sealed).is_ok());
}

#[test]
fn bytes_that_do_not_open_are_left_as_they_were() {
    let (mut sealer, mut opener) = (sealer(1, &[0]), opener(&[0]));
    let mut sealed = seal(&mut sealer, TWO, b"a packet");
    sealed[40] ^= 1;
    let mut bytes = sealed.clone();
    assert_eq!(opener.open(&mut bytes), Err(SealError::Broken));
    assert_eq!(bytes, sealed);
}

#[test]
fn another_key_another_cluster_and_plain_bytes_are_told_apart() {
    let mut sealer = sealer(1, &[0]);
    let sealed = seal(&mut sealer, TWO, b"a packet");
    assert_eq!(open(&mut opener(&[9]), &sealed), Err(SealError::UnknownKey));
    let mut other = PacketOpener::new("other", address(TWO), keyring(&[0]), 64);
    assert_eq!(open(&mut other, &sealed), Err(SealError::Broken));
    assert_eq!(open(&mut opener(&[0]), b"\x01\x93\x3b\x5b\xde"), Err(SealError::Plain));
}

/// Eavesdropping: nothing that is sent shows in what is sent, and equal packets look different.
#[test]
fn equal_packets_have_nothing_in_common_but_who_sends_them() {
    let mut sealer = sealer(1, &[0]);
    let [one, two] = [(); 2].map(|()| seal(&mut sealer, TWO, b"node-one node-one node-one"));
    assert!(!one.windows(8).any(|part| b"node-one node-one".windows(8).any(|name| name == part)));
    let same = one.iter().zip(&two).skip(29).filter(|(one, two)| one == two).count();
    assert!(same < 5, "{same} of {} bytes", one.len() - 29);
}

/// Nonce reuse: two starts, a node and its twin, a key and the next one; no header of all that they
/// send is the same, and no bytes either although all say the same.
#[test]
fn no_nonce_comes_twice_under_one_subkey() {
    let mut seen = BTreeSet::new();
    let mut sealed_bytes = BTreeSet::new();
    for boot in 1..5 {
        let mut sealer = sealer(boot, &[0]);
        for turn in 0..300 {
            // There and back again: the count goes on.
            sealer.set_keyring(&keyring(if turn / 100 == 1 { &[9] } else { &[0] }));
            let sealed = seal(&mut sealer, TWO, b"the same");
            assert!(seen.insert(sealed[..29].to_vec()), "boot {boot}, turn {turn}");
            assert!(sealed_bytes.insert(sealed[29..].to_vec()), "boot {boot}, turn {turn}");
        }
    }
}

#[test]
fn a_packet_is_taken_once_and_late_ones_within_the_window() {
    let (mut sealer, mut opener) = (sealer(1, &[0]), opener(&[0]));
    let sealed: Vec<_> = (0..200_u8).map(|number| seal(&mut sealer, TWO, &[number])).collect();
    for at in [0, 2, 1, 100, 37, 99] {
        assert_eq!(open(&mut opener, &sealed[at]), Ok((address(ONE), vec![at as u8])));
        assert_eq!(open(&mut opener, &sealed[at]), Err(SealError::Replayed), "{at}");
    }
    assert_eq!(open(&mut opener, &sealed[36]), Err(SealError::Replayed), "too old to tell");
    assert_eq!(open(&mut opener, &sealed[2]), Err(SealError::Replayed));
    assert!(open(&mut opener, &sealed[199]).is_ok());
    // A changed number does not open, so nobody can move the window ahead.
    let mut moved = sealed[150].clone();
    moved[21] = 0xff;
    assert_eq!(open(&mut opener, &moved), Err(SealError::Broken));
    assert!(open(&mut opener, &sealed[150]).is_ok());
}

#[test]
fn the_window_outlives_a_change_of_keys() {
    let (mut sealer, mut opener) = (sealer(1, &[0]), opener(&[0]));
    let old = seal(&mut sealer, TWO, b"old");
    assert!(open(&mut opener, &old).is_ok());
    opener.set_keyring(keyring(&[0, 9]));
    assert_eq!(open(&mut opener, &old), Err(SealError::Replayed));
    sealer.set_keyring(&keyring(&[9]));
    assert!(open(&mut opener, &seal(&mut sealer, TWO, b"new")).is_ok());
    opener.set_keyring(keyring(&[9]));
    assert_eq!(open(&mut opener, &old), Err(SealError::UnknownKey), "a removed key opens nothing");
    assert!(open(&mut opener, &seal(&mut sealer, TWO, b"newer")).is_ok());
}

/// Reflection, and packets sent on to third parties.
#[test]
fn a_packet_opens_at_its_destination_alone() {
    let mut one = sealer(1, &[0]);
    let sealed = seal(&mut one, TWO, b"for two");
    let at = |text: &str| PacketOpener::new(CLUSTER, address(text), keyring(&[0]), 64);
    for other in [ONE, SIX, "192.0.2.2:7947", "192.0.2.3:7946"] {
        assert_eq!(open(&mut at(other), &sealed), Err(SealError::Broken), "{other}");
    }
    assert!(open(&mut at(TWO), &sealed).is_ok());
    assert!(open(&mut at("[::ffff:192.0.2.2]:7946"), &sealed).is_ok(), "it is the same address");
}

#[test]
fn what_is_remembered_of_senders_is_bounded_and_forgeries_push_nothing_out() {
    let mut opener = PacketOpener::new(CLUSTER, address(TWO), keyring(&[0]), 8);
    let mut kept = sealer(0, &[0]);
    let first = seal(&mut kept, TWO, b"first");
    assert!(open(&mut opener, &first).is_ok());
    for boot in 1..100 {
        let mut forged = seal(&mut sealer(boot, &[0]), TWO, b"forged");
        *forged.last_mut().expect("a tag") ^= 1;
        assert_eq!(open(&mut opener, &forged), Err(SealError::Broken));
    }
    assert_eq!(open(&mut opener, &first), Err(SealError::Replayed));
    for boot in 1..4 {
        assert!(open(&mut opener, &seal(&mut sealer(boot, &[0]), TWO, b"another")).is_ok());
    }
    assert_eq!(
        open(&mut opener, &first),
        Err(SealError::Replayed),
        "half of the bound is sure of its place"
    );
}

#[test]
fn keys_of_all_lengths_serve() {
    for len in [16, 24, 32] {
        let keyring = swim_core::wire::sealed::Keyring::new(
            super::Key::new(&[3; 32][..len]).expect("a key's length"),
        );
        let mut sealer = PacketSealer::new(boot(1), CLUSTER, address(ONE), &keyring);
        let mut opener = PacketOpener::new(CLUSTER, address(TWO), keyring, 8);
        let sealed = seal(&mut sealer, TWO, b"hello");
        assert_eq!(sealed.len(), 29 + 7 + 5 + TAG_LEN);
        assert!(open(&mut opener, &sealed).is_ok());
    }
}

#[test]
fn nothing_shows_a_key() {
    let key = super::Key::new(b"sixteen byte key").expect("16 bytes");
    let keyring = swim_core::wire::sealed::Keyring::new(key);
    let sealer = PacketSealer::new(boot(1), CLUSTER, address(ONE), &keyring);
    let mut opener = PacketOpener::new(CLUSTER, address(TWO), keyring, 8);
    let mut sealed = Vec::new();
    PacketSealer::new(boot(1), CLUSTER, address(ONE), &keyring_of(b"sixteen byte key")).seal(
        address(TWO),
        b"x",
        &mut sealed,
    );
    opener.open(&mut sealed).expect("the same key");
    for shown in [format!("{sealer:?}"), format!("{opener:?}")] {
        assert!(
            shown.contains("Subkey")
                && !shown.contains("sixteen")
                && !shown.contains("115, 105, 120"),
            "{shown}"
        );
    }
}

fn keyring_of(bytes: &[u8]) -> swim_core::wire::sealed::Keyring {
    swim_core::wire::sealed::Keyring::new(super::Key::new(bytes).expect("a key's length"))
}
