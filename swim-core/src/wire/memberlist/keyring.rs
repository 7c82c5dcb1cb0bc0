//! The cluster's keys: AES with 16, 24 or 32 bytes, one to write with and any number to read with, so that a cluster
//! can change its key while it runs.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use aes_gcm::aead::{AeadInOut, KeyInit, consts::U12};
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, aes::Aes192};
use zeroize::Zeroizing;

type Aes192Gcm = AesGcm<Aes192, U12>;
/// What a message is encrypted with, once: with the same key never twice.
pub(super) type Nonce = [u8; 12];
/// What proves that a message was not changed.
pub(super) type Tag = [u8; 16];

/// A key. Its bytes are wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
    cipher: Cipher,
}

/// The key made ready for use; it too wipes itself.
#[derive(Clone)]
enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<Aes192Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Key {
    /// A key of 16, 24 or 32 bytes, which choose AES-128, AES-192 or AES-256. They should come from a generator made
    /// for keys, such as `serf keygen`.
    ///
    /// # Errors
    /// [`KeyringError::Length`] if there are more or fewer.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyringError> {
        let wrong = |_| KeyringError::Length { len: bytes.len() };
        let cipher = match bytes.len() {
            16 => Cipher::Aes128(Box::new(Aes128Gcm::new_from_slice(bytes).map_err(wrong)?)),
            24 => Cipher::Aes192(Box::new(Aes192Gcm::new_from_slice(bytes).map_err(wrong)?)),
            32 => Cipher::Aes256(Box::new(Aes256Gcm::new_from_slice(bytes).map_err(wrong)?)),
            len => return Err(KeyringError::Length { len }),
        };
        Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), cipher })
    }

    /// The bytes: handle with care.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Encrypts in place and gives the tag.
    pub(super) fn encrypt(&self, nonce: &Nonce, associated: &[u8], bytes: &mut [u8]) -> Tag {
        let (nonce, bytes) = (nonce.into(), bytes.into());
        let tag = match &self.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
            Cipher::Aes192(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
            Cipher::Aes256(cipher) => cipher.encrypt_inout_detached(nonce, associated, bytes),
        };
        tag.expect("AES-GCM encrypts up to 64 GiB; the bounds here are far below").into()
    }

    /// Decrypts in place; `false`, and `bytes` are noise, if this key did not encrypt them.
    pub(super) fn decrypt(&self, nonce: &Nonce, associated: &[u8], bytes: &mut [u8], tag: &Tag) -> bool {
        let (nonce, bytes, tag) = (nonce.into(), bytes.into(), tag.into());
        match &self.cipher {
            Cipher::Aes128(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
            Cipher::Aes192(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
            Cipher::Aes256(cipher) => cipher.decrypt_inout_detached(nonce, associated, bytes, tag),
        }
        .is_ok()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.bytes.len())
    }
}

/// The keys of a cluster: the primary one encrypts, all of them decrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    /// The primary first.
    keys: Vec<Key>,
}

/// Why a key is not one, or the keyring cannot be changed so. It is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyringError {
    /// The key has `len` bytes, not 16, 24 or 32.
    Length {
        /// The key's length in bytes.
        len: usize,
    },
    /// The keyring holds [`Keyring::MAX_KEYS`] already.
    Full,
    /// The key is not in the keyring.
    Unknown,
    /// The key is the primary one: another must take its place before it can go.
    Primary,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { len } => write!(f, "the key has {len} bytes and must have 16, 24 or 32"),
            Self::Full => write!(f, "the keyring holds {} keys already: remove one", Keyring::MAX_KEYS),
            Self::Unknown => f.write_str("the key is not in the keyring: add it first"),
            Self::Primary => f.write_str("the key is the primary one: make another one primary first"),
        }
    }
}

impl core::error::Error for KeyringError {}

impl Keyring {
    /// The most keys there may be: whoever sends noise has every one of them tried.
    pub const MAX_KEYS: usize = 32;

    /// A keyring of one key.
    #[must_use]
    pub fn new(primary: Key) -> Self {
        Self { keys: [primary].into() }
    }

    /// Adds a key to decrypt with; it may be there already.
    ///
    /// # Errors
    /// [`KeyringError::Full`].
    pub fn add(&mut self, key: Key) -> Result<(), KeyringError> {
        if self.keys.contains(&key) {
            return Ok(());
        }
        if self.keys.len() == Self::MAX_KEYS {
            return Err(KeyringError::Full);
        }
        self.keys.push(key);
        Ok(())
    }

    /// Makes a key that is in the keyring the primary one.
    ///
    /// # Errors
    /// [`KeyringError::Unknown`].
    pub fn make_primary(&mut self, key: &Key) -> Result<(), KeyringError> {
        let at = self.keys.iter().position(|known| known == key).ok_or(KeyringError::Unknown)?;
        self.keys[..=at].rotate_right(1);
        Ok(())
    }

    /// Removes a key; it need not be there.
    ///
    /// # Errors
    /// [`KeyringError::Primary`].
    pub fn remove(&mut self, key: &Key) -> Result<(), KeyringError> {
        if self.primary() == key {
            return Err(KeyringError::Primary);
        }
        self.keys.retain(|known| known != key);
        Ok(())
    }

    /// The key that encrypts.
    #[must_use]
    pub fn primary(&self) -> &Key {
        &self.keys[0]
    }

    /// All keys, the primary first.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.keys.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key::new(&[byte; 16]).unwrap()
    }

    #[test]
    fn a_key_has_16_24_or_32_bytes() {
        for len in 0..40 {
            let found = Key::new(&[7; 40][..len]).map(|key| key.as_bytes().len());
            let expected = if [16, 24, 32].contains(&len) { Ok(len) } else { Err(KeyringError::Length { len }) };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let shown = alloc::format!("{:?}", Keyring::new(Key::new(b"sixteen byte key").unwrap()));
        assert_eq!(shown, "Keyring { keys: [Key(16 bytes)] }");
    }

    #[test]
    fn a_key_is_changed_by_adding_using_and_removing() {
        let mut keyring = Keyring::new(key(1));
        assert_eq!(keyring.make_primary(&key(2)), Err(KeyringError::Unknown));
        assert_eq!((keyring.add(key(3)), keyring.add(key(2)), keyring.add(key(2))), (Ok(()), Ok(()), Ok(())));
        assert_eq!(keyring.make_primary(&key(2)), Ok(()));
        assert!(keyring.keys().eq(&[key(2), key(1), key(3)]));
        assert_eq!(keyring.remove(&key(2)), Err(KeyringError::Primary));
        assert_eq!(keyring.remove(&key(1)), Ok(()));
        assert!(keyring.keys().eq(&[key(2), key(3)]));
    }

    #[test]
    fn a_keyring_is_bounded() {
        let mut keyring = Keyring::new(key(0));
        for byte in 1..Keyring::MAX_KEYS as u8 {
            assert_eq!(keyring.add(key(byte)), Ok(()));
        }
        assert_eq!(keyring.add(key(200)), Err(KeyringError::Full));
        assert_eq!(keyring.add(key(1)), Ok(()), "it is there already");
    }
}
