//! [`Cipher`]: AES-GCM with a cluster's key itself, as memberlist uses it; the key's length chooses
//! which AES.

use alloc::boxed::Box;

use aes_gcm::aead::{AeadInOut, KeyInit, consts::U12};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, aes::Aes192};

use crate::wire::keyring::{Nonce, Tag};

type Aes192Gcm = AesGcm<Aes192, U12>;

/// A key made ready for use; it wipes itself.
#[derive(Clone)]
pub(in crate::wire) enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<Aes192Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Cipher {
    /// The cipher of a key.
    ///
    /// # Panics
    /// If it has not 16, 24 or 32 bytes, as every [`Key`](crate::wire::keyring::Key) has.
    pub(in crate::wire) fn new(key: &[u8]) -> Self {
        const CHECKED: &str = "the length was checked";
        match key.len() {
            16 => Self::Aes128(Box::new(Aes128Gcm::new_from_slice(key).expect(CHECKED))),
            24 => Self::Aes192(Box::new(Aes192Gcm::new_from_slice(key).expect(CHECKED))),
            _ => Self::Aes256(Box::new(Aes256Gcm::new_from_slice(key).expect(CHECKED))),
        }
    }

    /// Encrypts in place and gives the tag.
    pub(super) fn encrypt(&self, nonce: &Nonce, associated: &[u8], bytes: &mut [u8]) -> Tag {
        let (nonce, bytes) = (nonce.into(), bytes.into());
        let tag = match self {
            Self::Aes128(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
            Self::Aes192(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
            Self::Aes256(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
        };
        tag.expect("AES-GCM encrypts up to 64 GiB; the bounds here are far below").into()
    }

    /// Decrypts in place; `false` if this key did not encrypt the bytes.
    pub(super) fn decrypt(
        &self,
        nonce: &Nonce,
        associated: &[u8],
        bytes: &mut [u8],
        tag: &Tag,
    ) -> bool {
        let (nonce, bytes, tag) = (nonce.into(), bytes.into(), tag.into());
        match self {
            Self::Aes128(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
            Self::Aes192(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
            Self::Aes256(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
        }
        .is_ok()
    }
}
