//! Sealed packets and streams: the native wire under a cluster's key. docs/WIRE.md, "Sealed
//! packets" and "Sealed streams", has every byte, docs/SECURITY.md what it protects from and what
//! not.
//!
//! Everything is AES-256-GCM with the cluster's name as associated data. No cluster key encrypts
//! anything itself: of it and of random bytes that are new at each start (or for each connection)
//! HKDF-SHA256 makes subkeys, each of which has one writer and a counter for its nonces, so that no
//! nonce can come twice.
//!
//! The layer is the driver's to put on: it needs the system's randomness, of which the state
//! machine has none, and gets it as bytes. The state machine must know how many bytes of a packet
//! it takes: [`PacketSealer::overhead`] less than the network carries is what
//! [`Config::max_packet_size`](crate::Config::max_packet_size) may be.
//!
//! | file | what |
//! | --- | --- |
//! | `subkey` | a cipher of its own for each writer |
//! | `place` | addresses, as sealed packets carry them |
//! | `packet` | [`PacketSealer`], [`PacketOpener`] |
//! | `window`, `recent` | what a receiver remembers so that nothing is taken twice |
//! | `stream` | first bytes and records of a connection |
//! | `change` | what members ask each other about their keys |

pub mod change;
mod error;
mod packet;
mod place;
mod recent;
mod stream;
mod subkey;
mod window;

pub use error::SealError;
pub use packet::{BOOT_LEN, Opened, PacketOpener, PacketSealer};
pub use stream::{
    GREETING_LEN, HELLO_LEN, MAX_RECORD, RECORD_HEADER, RecordOpener, RecordSealer, SALT_LEN,
    greeting, hello, read_greeting, read_hello, record_keys,
};

pub use super::keyring::{Key, KeyId, KeyIdError, Keyring, KeyringError};
pub use super::side::Side;

/// What sealed traffic begins with: a packet its first byte, a stream its fifth. Plain traffic has
/// its version there.
pub const MARK: u8 = 0xe1;
/// The bytes of AES-GCM's proof.
pub const TAG_LEN: usize = 16;
