//! Sealed packets and streams against their document, and against all that an attacker without a key can do.

mod golden;
mod packets;
mod streams;

use core::convert::Infallible;
use std::net::SocketAddr;

use rand_core::{TryCryptoRng, TryRng};
use swim_core::wire::sealed::{Key, Keyring, PacketOpener, PacketSealer};

/// Random bytes that a test can know. Nobody else may make them so.
pub(crate) struct Boot(pub(crate) u8);

impl TryRng for Boot {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("a boot's name is drawn whole");
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("a boot's name is drawn whole");
    }

    /// 16 bytes that count from the number given.
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        assert_eq!(bytes.len(), 16);
        bytes.iter_mut().zip(self.0..).for_each(|(byte, number)| *byte = number);
        Ok(())
    }
}

impl TryCryptoRng for Boot {}

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
pub(crate) fn sealer(boot: u8, keys: &[u8]) -> PacketSealer {
    PacketSealer::new(&mut Boot(boot), CLUSTER, address(ONE), &keyring(keys))
}

/// An opener of the node `TWO`.
pub(crate) fn opener(keys: &[u8]) -> PacketOpener {
    PacketOpener::new(CLUSTER, address(TWO), keyring(keys), 64)
}
