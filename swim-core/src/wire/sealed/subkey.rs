//! [`Subkey`]: AES-256-GCM with a key that has one writer, who counts. It knows neither packets nor
//! streams.
//!
//! NIST SP 800-38D, 8.2.1: with nonces made by counting, a key serves for as many messages as the
//! counter has numbers.

use alloc::boxed::Box;
use core::fmt;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use zeroize::Zeroizing;

use crate::wire::keyring::{Key, Nonce, Tag};

/// A cipher of one writer; wipes itself.
pub(super) struct Subkey(Box<Aes256Gcm>);

impl Subkey {
    /// Makes the subkey for the use that `info` describes: different uses, different subkeys.
    pub(super) fn derive(key: &Key, info: &[&[u8]]) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        key.derive(info, &mut *bytes);
        Self(Box::new(Aes256Gcm::new_from_slice(&*bytes).expect("32 bytes are a key")))
    }

    /// Encrypts in place and gives the proof. Never twice with one `counter`.
    pub(super) fn seal(&self, counter: u64, associated: &[u8], bytes: &mut [u8]) -> Tag {
        let nonce = nonce(counter);
        let tag = self.0.encrypt_inout_detached((&nonce).into(), associated, bytes.into());
        tag.expect("AES-GCM encrypts up to 64 GiB; the bounds here are far below").into()
    }

    /// Decrypts in place; `false`, and `bytes` are as they were, if they are not what was sealed
    /// with `counter`.
    pub(super) fn open(
        &self,
        counter: u64,
        associated: &[u8],
        bytes: &mut [u8],
        tag: &Tag,
    ) -> bool {
        let nonce = nonce(counter);
        self.0.decrypt_inout_detached((&nonce).into(), associated, bytes.into(), tag.into()).is_ok()
    }
}

impl fmt::Debug for Subkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subkey")
    }
}

/// Four zero bytes, then the counter, big-endian.
fn nonce(counter: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce
}
