//! Sealed packets and streams against their document, and against all that an attacker without a
//! key can do.

mod golden;
mod packets;
mod streams;

use std::net::SocketAddr;

use swim_core::wire::sealed::{BOOT_LEN, Key, Keyring, PacketOpener, PacketSealer};

/// A boot's name that a test can know: 16 bytes that count from `first`.
pub(crate) fn boot(first: u8) -> [u8; BOOT_LEN] {
    core::array::from_fn(|i| first + i as u8)
}

pub(crate) const CLUSTER: &str = "default";
pub(crate) const ONE: &str = "192.0.2.1:7946";
pub(crate) const TWO: &str = "192.0.2.2:7946";
pub(crate) const SIX: &str = "[2001:db8::1]:7946";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// 32 bytes that count from `first`.
pub(crate) fn key(first: u8) -> Key {
    Key::new(&core::array::from_fn::<u8, 32, _>(|i| first.wrapping_add(i as u8))).expect("32 bytes")
}

/// The first is the primary.
pub(crate) fn keyring(keys: &[u8]) -> Keyring {
    let mut keyring = Keyring::new(key(keys[0]));
    keys[1..].iter().for_each(|&first| keyring.add(key(first)).expect("there is room"));
    keyring
}

/// A sealer of the node `ONE`.
pub(crate) fn sealer(first: u8, keys: &[u8]) -> PacketSealer {
    PacketSealer::new(boot(first), CLUSTER, address(ONE), &keyring(keys))
}

/// An opener of the node `TWO`.
pub(crate) fn opener(keys: &[u8]) -> PacketOpener {
    PacketOpener::new(CLUSTER, address(TWO), keyring(keys), 64)
}
