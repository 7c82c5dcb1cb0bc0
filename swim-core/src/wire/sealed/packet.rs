//! Sealed packets: [`PacketSealer`] writes, [`PacketOpener`] reads. They know no socket.
//!
//! `mark:u8 key[4] boot[16] counter:u64`, then sealed with these and the destination and the
//! cluster's name as associated data: the sender's own address and the packet. A receiver believes
//! that address, and no other, to be the sender's, since anybody can write any address over a
//! datagram.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;

use super::error::SealError;
use super::place::Place;
use super::recent::Recent;
use super::subkey::Subkey;
use super::window::Window;
use super::{MARK, TAG_LEN};
use crate::wire::keyring::{Key, KeyId, Keyring, Tag};

/// The random name of a sender's life, from its start to its end.
type Boot = [u8; BOOT_LEN];

/// The bytes of a boot's name.
pub const BOOT_LEN: usize = 16;

const KEY_AT: usize = 1;
const BOOT_AT: usize = KEY_AT + KeyId::LEN;
const COUNTER_AT: usize = BOOT_AT + size_of::<Boot>();
/// What is before the sealed bytes.
const HEADER: usize = COUNTER_AT + size_of::<u64>();
/// What begins the subkeys' descriptions.
const INFO: &[u8] = b"packet";
/// How many subkeys of others are kept at hand, at a kilobyte each; further ones are made anew.
const SUBKEYS: usize = 1_024;

fn subkey(key: &Key, boot: &Boot) -> Subkey {
    Subkey::derive(key, &[INFO, boot])
}

/// Seals the packets of one node, from its start to its end.
#[derive(Debug)]
pub struct PacketSealer {
    boot: Boot,
    /// The next packet's number: one count for all keys.
    counter: u64,
    key: KeyId,
    subkey: Subkey,
    source: Place,
    cluster: Vec<u8>,
    associated: Vec<u8>,
}

impl PacketSealer {
    /// A sealer for the node that is reached at `source`, with the keyring's primary key.
    ///
    /// `boot` is the start's name: bytes that no other start, of any node, ever has. They must come
    /// from the system's randomness, not from a seeded generator.
    #[must_use]
    pub fn new(boot: [u8; BOOT_LEN], cluster: &str, source: SocketAddr, keyring: &Keyring) -> Self {
        let (key, cluster) = (keyring.primary(), cluster.as_bytes().to_vec());
        let (id, subkey) = (key.id(), subkey(key, &boot));
        Self {
            boot,
            counter: 0,
            key: id,
            subkey,
            source: Place::new(source),
            cluster,
            associated: Vec::new(),
        }
    }

    /// Seals with the keyring's primary key from now on. The count goes on, so that going back to a
    /// former key repeats nothing either.
    pub fn set_keyring(&mut self, keyring: &Keyring) {
        self.key = keyring.primary().id();
        self.subkey = subkey(keyring.primary(), &self.boot);
    }

    /// How many bytes longer a sealed packet is.
    #[must_use]
    pub fn overhead(&self) -> usize {
        HEADER + self.source.as_bytes().len() + TAG_LEN
    }

    /// The [`overhead`](Self::overhead) of a node that is reached at `source`: 52 bytes for IPv4,
    /// 64 for IPv6.
    #[must_use]
    pub fn overhead_at(source: SocketAddr) -> usize {
        HEADER + Place::new(source).as_bytes().len() + TAG_LEN
    }

    /// Clears `out` and writes `packet` into it, sealed for the node that advertises `to`.
    pub fn seal(&mut self, to: SocketAddr, packet: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.reserve(packet.len() + self.overhead());
        out.push(MARK);
        out.extend_from_slice(&self.key.0);
        out.extend_from_slice(&self.boot);
        out.extend_from_slice(&self.counter.to_be_bytes());
        associate(&mut self.associated, out, &Place::new(to), &self.cluster);
        out.extend_from_slice(self.source.as_bytes());
        out.extend_from_slice(packet);
        let tag = self.subkey.seal(self.counter, &self.associated, &mut out[HEADER..]);
        out.extend_from_slice(&tag);
        self.counter = self.counter.checked_add(1).expect("a node sends fewer than 2^64 packets");
    }
}

/// What is authenticated and not encrypted: the header, the destination, the cluster's name.
fn associate(associated: &mut Vec<u8>, header: &[u8], destination: &Place, cluster: &[u8]) {
    associated.clear();
    associated.extend_from_slice(header);
    associated.extend_from_slice(destination.as_bytes());
    associated.extend_from_slice(cluster);
}

/// What was in a sealed packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where the sender is reached, by its own word.
    pub from: SocketAddr,
    /// Where in the bytes the packet is.
    pub packet: Range<usize>,
}

/// Opens the packets that come to one node.
#[derive(Debug)]
pub struct PacketOpener {
    destination: Place,
    cluster: Vec<u8>,
    keyring: Keyring,
    subkeys: Recent<(KeyId, Boot), Subkey>,
    windows: Recent<Boot, Window>,
    associated: Vec<u8>,
}

impl PacketOpener {
    /// An opener for the node that is reached at `destination`. It remembers up to `max_senders`
    /// lives of senders, 50 bytes each; of one that it has forgotten it would take a packet again.
    #[must_use]
    pub fn new(
        cluster: &str,
        destination: SocketAddr,
        keyring: Keyring,
        max_senders: usize,
    ) -> Self {
        Self {
            destination: Place::new(destination),
            cluster: cluster.as_bytes().to_vec(),
            keyring,
            subkeys: Recent::new(SUBKEYS),
            windows: Recent::new(max_senders),
            associated: Vec::new(),
        }
    }

    /// Opens with these keys from now on, and with no other.
    pub fn set_keyring(&mut self, keyring: Keyring) {
        self.keyring = keyring;
        self.subkeys.clear();
    }

    /// Returns true if bytes say that they are a sealed packet.
    #[must_use]
    pub fn is_sealed(bytes: &[u8]) -> bool {
        bytes.first() == Some(&MARK)
    }

    /// Opens a packet in place.
    ///
    /// # Errors
    /// [`SealError`]; nothing is remembered of it, and the bytes are as they were unless it is
    /// [`SealError::Replayed`].
    pub fn open(&mut self, bytes: &mut [u8]) -> Result<Opened, SealError> {
        if !Self::is_sealed(bytes) {
            return Err(SealError::Plain);
        }
        let (header, sealed) = bytes.split_first_chunk_mut::<HEADER>().ok_or(SealError::Broken)?;
        let (sealed, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(SealError::Broken)?;
        let id = KeyId(*header[KEY_AT..].first_chunk().ok_or(SealError::Broken)?);
        let boot: Boot = *header[BOOT_AT..].first_chunk().ok_or(SealError::Broken)?;
        let counter =
            u64::from_be_bytes(*header[COUNTER_AT..].first_chunk().ok_or(SealError::Broken)?);
        associate(&mut self.associated, header, &self.destination, &self.cluster);
        self.decrypt(id, boot, counter, sealed, tag)?;
        if let Some(window) = self.windows.get(boot) {
            if !window.take(counter) {
                return Err(SealError::Replayed);
            }
        } else {
            let mut window = Window::default();
            window.take(counter);
            self.windows.insert(boot, window);
        }
        // A key holder that gives no address is broken itself.
        let (from, place_len) = Place::read(sealed).ok_or(SealError::Broken)?;
        Ok(Opened { from, packet: HEADER + place_len..HEADER + sealed.len() })
    }

    fn decrypt(
        &mut self,
        id: KeyId,
        boot: Boot,
        counter: u64,
        sealed: &mut [u8],
        tag: &Tag,
    ) -> Result<(), SealError> {
        if let Some(subkey) = self.subkeys.get((id, boot)) {
            return if subkey.open(counter, &self.associated, sealed, tag) {
                Ok(())
            } else {
                Err(SealError::Broken)
            };
        }
        let key = self.keyring.get(id).ok_or(SealError::UnknownKey)?;
        let subkey = subkey(key, &boot);
        if !subkey.open(counter, &self.associated, sealed, tag) {
            return Err(SealError::Broken);
        }
        // Only what was proved is kept, so that forgeries push nothing out.
        self.subkeys.insert((id, boot), subkey);
        Ok(())
    }
}
