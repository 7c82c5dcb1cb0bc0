//! Encryption and label: captured packets open with their key, what is sealed opens again, and
//! nothing else does.

use core::convert::Infallible;

use rand_core::{SeedableRng, TryCryptoRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use swim_core::wire::WireError;
use swim_core::wire::memberlist::{
    Envelope, Key, Keyring, Label, SealVersion, Side, StreamDecoder,
};

use super::captures::{Capture, ENCRYPTED, KEY, packets};
use super::golden::assert_golden;
use crate::golden::hex;

/// Nonces that a test can know. Nobody else may make them so.
pub(crate) struct Nonces<R>(R);

impl Nonces<Xoshiro256PlusPlus> {
    pub(crate) fn new() -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(7))
    }
}

/// A generator that gives these bytes alone: a nonce that was seen before.
#[derive(Clone)]
pub(crate) struct Seen(pub(crate) Vec<u8>);

impl TryRng for Seen {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented_for_nonces()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented_for_nonces()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

fn unimplemented_for_nonces() -> ! {
    panic!("a nonce is drawn whole");
}

impl TryCryptoRng for Seen {}

impl TryRng for Nonces<Xoshiro256PlusPlus> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Nonces<Xoshiro256PlusPlus> {}

pub(crate) fn key(len: usize, byte: u8) -> Key {
    Key::new(&vec![byte; len]).expect("a key's length")
}

/// The envelope that the captured packets were in.
pub(crate) fn captured_envelope() -> Envelope {
    let key = Key::new(&hex(KEY)).expect("32 bytes");
    Envelope { keyring: Some(Keyring::new(key)), ..Envelope::default() }
}

#[test]
fn every_captured_packet_opens_with_its_key_and_is_packed_and_sealed_again_as_the_same() {
    let envelope = captured_envelope();
    for capture in packets(ENCRYPTED) {
        let mut buffer = Vec::new();
        let opened = envelope.open_packet(&capture.bytes, &mut buffer).expect("the right key");
        assert_eq!(capture.bytes.len(), opened.len() + envelope.packet_overhead());
        let mut again = Vec::new();
        envelope.seal_packet(&mut Seen(capture.bytes[1..13].to_vec()), opened, &mut again);
        assert_eq!(again, capture.bytes);
        assert_golden(&Capture { bytes: opened.to_vec(), ..capture }, true);
    }
}

/// Version, length of the key (all of whose bytes are 7), and the packet with the label `red`.
#[rustfmt::skip]
const VECTORS: [(SealVersion, usize, &str); 6] = [
    (SealVersion::Padded, 16, "f403726564003d91ae2a001a2c0e149e4efa8e965b41c0e3400c462b2e613d88cbdfa6abe8506c8c2c02272da223655e8aae135ea2be9f665e6755c46adaabebb25d"),
    (SealVersion::Padded, 24, "f403726564003d91ae2a001a2c0e149e4efa57dea6c200fcd94c7088e9a5c6805600f7b4371564c097e45fb939e2ddd9caa536440c19252e4fd3c34212bd7b372c73"),
    (SealVersion::Padded, 32, "f403726564003d91ae2a001a2c0e149e4efae43bce4e6d16b735ea620ee71f08b545f8c09cfd410a8ff6f531d633c119002f8e141b7614434a1b53f0169dd22b0476"),
    (SealVersion::Unpadded, 16, "f403726564013d91ae2a001a2c0e149e4efa8e965b41c0e3400c462b2e613d88cbdfa6e5c48298e6122afe62814ba4aa593bb9"),
    (SealVersion::Unpadded, 24, "f403726564013d91ae2a001a2c0e149e4efa57dea6c200fcd94c7088e9a5c6805600f76b794c10d5edbd8022a020892286e448"),
    (SealVersion::Unpadded, 32, "f403726564013d91ae2a001a2c0e149e4efae43bce4e6d16b735ea620ee71f08b545f8ccd787a572185d06ff55575b7b368bae"),
];

/// The same bytes as another implementation of AES-GCM made of them: python's `cryptography`.
#[test]
fn what_is_sealed_is_what_another_implementation_seals() {
    for (version, key_len, sealed) in VECTORS {
        let keyring = Some(Keyring::new(key(key_len, 7)));
        let envelope =
            Envelope { keyring, version, label: Label::new("red").unwrap(), ..Envelope::default() };
        let mut out = Vec::new();
        envelope.seal_packet(&mut Nonces::new(), b"seventeen bytes !", &mut out);
        assert_eq!(out, hex(sealed), "{version:?}, {key_len}: {out:02x?}");
        assert_eq!(envelope.open_packet(&out, &mut Vec::new()), Ok(&b"seventeen bytes !"[..]));
    }
}

#[test]
fn all_keys_of_the_ring_open_and_the_primary_seals() {
    let mut keyring = Keyring::new(key(16, 1));
    keyring.add(key(32, 2)).unwrap();
    let of = |keyring: &Keyring| Envelope { keyring: Some(keyring.clone()), ..Envelope::default() };
    let (both, first, second) =
        (of(&keyring), of(&Keyring::new(key(16, 1))), of(&Keyring::new(key(32, 2))));
    let sealed = |by: &Envelope| {
        let mut out = Vec::new();
        by.seal_packet(&mut Nonces::new(), b"hello", &mut out);
        out
    };
    let opens =
        |by: &Envelope, packet: &[u8]| by.open_packet(packet, &mut Vec::new()).map(<[u8]>::to_vec);
    let hello = Ok(b"hello".to_vec());
    assert_eq!(opens(&both, &sealed(&first)), hello);
    assert_eq!(opens(&both, &sealed(&second)), hello);
    assert_eq!(opens(&first, &sealed(&both)), hello);
    assert_eq!(opens(&second, &sealed(&both)), Err(WireError::BadSeal));
    keyring.make_primary(&key(32, 2)).unwrap();
    assert_eq!(opens(&second, &sealed(&of(&keyring))), hello);
}

#[test]
fn what_was_changed_cut_or_never_sealed_does_not_open() {
    for version in [SealVersion::Padded, SealVersion::Unpadded] {
        let keyring = Some(Keyring::new(key(16, 1)));
        let envelope =
            Envelope { keyring, version, label: Label::new("red").unwrap(), ..Envelope::default() };
        let mut sealed = Vec::new();
        envelope.seal_packet(&mut Nonces::new(), b"hello", &mut sealed);
        let open =
            |packet: &[u8]| envelope.open_packet(packet, &mut Vec::new()).map(<[u8]>::to_vec);
        // The lowest bit of the version, which comes first, is not authenticated: memberlist made
        // it so.
        for bit in (0..8 * sealed.len()).filter(|&bit| bit != 40) {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let error = open(&changed).expect_err("a changed bit");
            let expected: &[WireError] = if bit < 40 {
                &[WireError::WrongCluster, WireError::Truncated, WireError::BadName]
            } else {
                &[WireError::BadSeal]
            };
            assert!(expected.contains(&error), "bit {bit}: {error:?}");
        }
        for end in 5..sealed.len() {
            assert_eq!(open(&sealed[..end]), Err(WireError::BadSeal), "{end}");
        }
        assert_eq!(open(b"\xf4\x03redhello"), Err(WireError::BadSeal));
    }
}

#[test]
fn the_label_is_authenticated() {
    let keyring = Some(Keyring::new(key(16, 1)));
    let red = Envelope {
        keyring: keyring.clone(),
        label: Label::new("red").unwrap(),
        ..Envelope::default()
    };
    let plain = Envelope { keyring, ..Envelope::default() };
    let mut sealed = Vec::new();
    plain.seal_packet(&mut Nonces::new(), b"hello", &mut sealed);
    let relabelled = [b"\xf4\x03red", &sealed[..]].concat();
    assert_eq!(red.open_packet(&relabelled, &mut Vec::new()), Err(WireError::BadSeal));
}

#[test]
fn a_cluster_can_be_moved_to_encryption_in_three_steps() {
    let off = Envelope::default();
    let keyring = Some(Keyring::new(key(16, 1)));
    let reads = Envelope {
        keyring: keyring.clone(),
        accepts_plain: true,
        sends_plain: true,
        ..Envelope::default()
    };
    let writes = Envelope { keyring: keyring.clone(), accepts_plain: true, ..Envelope::default() };
    let on = Envelope { keyring, ..Envelope::default() };
    let understands = |to: &Envelope, from: &Envelope| {
        let mut sealed = Vec::new();
        from.seal_packet(&mut Nonces::new(), b"hello", &mut sealed);
        to.open_packet(&sealed, &mut Vec::new()) == Ok(b"hello")
    };
    for (one, other) in [(&off, &reads), (&reads, &writes), (&writes, &on)] {
        assert!(understands(one, other) && understands(other, one));
    }
    assert!(!understands(&on, &off) && !understands(&off, &on));
    assert_eq!((off.packet_overhead(), reads.packet_overhead(), on.packet_overhead()), (0, 0, 29));
}

#[test]
fn while_both_are_taken_it_is_told_which_were_sealed() {
    let keyring = Some(Keyring::new(key(16, 1)));
    let both = Envelope { keyring: keyring.clone(), accepts_plain: true, ..Envelope::default() };
    let plain = Envelope { keyring, sends_plain: true, ..Envelope::default() };
    // A user message of two bytes.
    let message = b"\x08hi";
    for (sender, was_sealed) in [(&both, true), (&plain, false)] {
        let (mut packet, mut buffer) = (Vec::new(), Vec::new());
        sender.seal_packet(&mut Nonces::new(), message, &mut packet);
        assert_eq!(both.unseal_packet(&packet, &mut buffer), Ok((&message[..], was_sealed)));
        let mut stream = Vec::new();
        sender.seal_stream(Side::Dialer, false, &mut Nonces::new(), ERROR, &mut stream);
        let mut decoder = StreamDecoder::new(Side::Acceptor, 1_000);
        assert_eq!(decoder.feed(&both, &stream), Ok(true));
        assert_eq!((decoder.message(), decoder.was_sealed()), (Some(ERROR), was_sealed));
    }
}

/// A stream's message: an error without a word.
const ERROR: &[u8] = b"\x0d\x81\xa5Error\xa0";
