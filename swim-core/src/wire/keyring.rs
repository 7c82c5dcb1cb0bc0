//! The cluster's keys: 16, 24 or 32 bytes, one to write with and any number to read with, so that a
//! cluster can change its key while it runs. memberlist's wire encrypts with them directly, the
//! native one with subkeys made of them.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::Cipher;

/// What a message is encrypted with, once: with the same key never twice.
pub(super) type Nonce = [u8; 12];
/// What proves that a message was not changed.
pub(super) type Tag = [u8; 16];

/// What keeps our subkeys apart from whatever else is made of the same key: the salt of HKDF's
/// first step.
const SALT: &[u8] = b"swim 1";
/// What HKDF's second step makes a key's name of.
const ID_INFO: &[u8] = b"key id";

/// The name of a key, which may be shown: a holder of the key can tell it, and nobody can tell the
/// key by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) [u8; Self::LEN]);

impl KeyId {
    pub(super) const LEN: usize = 4;
}

impl fmt::Display for KeyId {
    /// Eight hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let is_hex =
            text.len() == 2 * Self::LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = if is_hex { u32::from_str_radix(text, 16).ok() } else { None };
        number.map(|number| Self(number.to_be_bytes())).ok_or(KeyIdError)
    }
}

/// The text is not the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIdError;

impl fmt::Display for KeyIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a key has eight hexadecimal digits")
    }
}

impl core::error::Error for KeyIdError {}

/// A key. Its bytes are wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
    /// What memberlist's wire encrypts with; nothing in a build without it.
    cipher: Cipher,
    /// What HKDF's first step (extract) makes of the bytes; subkeys are made of it.
    root: Zeroizing<[u8; 32]>,
    id: KeyId,
}

impl Key {
    /// A key of 16, 24 or 32 bytes, which choose AES-128, AES-192 or AES-256. They should come from
    /// a generator made for keys, such as `serf keygen`.
    ///
    /// # Errors
    /// [`KeyringError::Length`] if there are more or fewer.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyringError> {
        if !matches!(bytes.len(), 16 | 24 | 32) {
            return Err(KeyringError::Length { len: bytes.len() });
        }
        let mut root = Zeroizing::new([0; 32]);
        let (mut extracted, _) = Hkdf::<Sha256>::extract(Some(SALT), bytes);
        root.copy_from_slice(&extracted);
        extracted[..].zeroize();
        let mut key = Self {
            bytes: Zeroizing::new(bytes.to_vec()),
            cipher: Cipher::new(bytes),
            root,
            id: KeyId([0; KeyId::LEN]),
        };
        let mut id = [0; KeyId::LEN];
        key.derive(&[ID_INFO], &mut id);
        key.id = KeyId(id);
        Ok(key)
    }

    /// Its name, which may be shown.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// HKDF's second step (expand): fills `subkey` for the use that `info` describes.
    pub(super) fn derive(&self, info: &[&[u8]], subkey: &mut [u8]) {
        let hkdf = Hkdf::<Sha256>::from_prk(&*self.root).expect("as long as the hash");
        hkdf.expand_multi_info(info, subkey).expect("HKDF gives up to 8,160 bytes");
    }

    /// The bytes: handle with care.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<Cipher> for Key {
    fn as_ref(&self) -> &Cipher {
        &self.cipher
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
#[non_exhaustive]
pub enum KeyringError {
    /// The key has `len` bytes, not 16, 24 or 32.
    Length {
        /// The key's length in bytes.
        len: usize,
    },
    /// The keyring holds [`Keyring::MAX_KEYS`] already.
    Full,
    /// Another key of the keyring happens to have the same name: of 4 billion, one.
    Clash,
    /// The key is not in the keyring.
    Unknown,
    /// The key is the primary one: another must take its place before it can go.
    Primary,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { len } => write!(f, "the key has {len} bytes and must have 16, 24 or 32"),
            Self::Full => {
                write!(f, "the keyring holds {} keys already: remove one", Keyring::MAX_KEYS)
            }
            Self::Clash => {
                f.write_str("another key of the keyring has the same name: make a new key")
            }
            Self::Unknown => f.write_str("the key is not in the keyring: add it first"),
            Self::Primary => {
                f.write_str("the key is the primary one: make another one primary first")
            }
        }
    }
}

impl core::error::Error for KeyringError {}

impl Keyring {
    /// The most keys there may be: a sender of noise has every one of them tried.
    pub const MAX_KEYS: usize = 32;

    /// A keyring of one key.
    #[must_use]
    pub fn new(primary: Key) -> Self {
        Self { keys: [primary].into() }
    }

    /// Adds a key to decrypt with; it may be there already.
    ///
    /// # Errors
    /// [`KeyringError::Full`], [`KeyringError::Clash`].
    pub fn add(&mut self, key: Key) -> Result<(), KeyringError> {
        if self.keys.contains(&key) {
            return Ok(());
        }
        if self.keys.len() == Self::MAX_KEYS {
            return Err(KeyringError::Full);
        }
        if self.get(key.id).is_some() {
            return Err(KeyringError::Clash);
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

    /// The key of that name.
    #[must_use]
    pub fn get(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
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
            let expected = if [16, 24, 32].contains(&len) {
                Ok(len)
            } else {
                Err(KeyringError::Length { len })
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let shown = alloc::format!("{:?}", Keyring::new(Key::new(b"sixteen byte key").unwrap()));
        assert_eq!(shown, "Keyring { keys: [Key(16 bytes)] }");
    }

    #[test]
    fn a_key_has_a_name_that_can_be_written_and_read() {
        let id = key(1).id();
        assert_eq!(id, key(1).id());
        assert_ne!(id, key(2).id());
        assert_eq!(alloc::format!("{id}").parse(), Ok(id));
        for wrong in ["", "1234567", "123456789", "+1234567", "x2345678"] {
            assert_eq!(wrong.parse::<KeyId>(), Err(KeyIdError), "{wrong}");
        }
        assert_eq!(Keyring::new(key(1)).get(id), Some(&key(1)));
        assert_eq!(Keyring::new(key(2)).get(id), None);
    }

    #[test]
    fn a_key_is_changed_by_adding_using_and_removing() {
        let mut keyring = Keyring::new(key(1));
        assert_eq!(keyring.make_primary(&key(2)), Err(KeyringError::Unknown));
        assert_eq!(
            (keyring.add(key(3)), keyring.add(key(2)), keyring.add(key(2))),
            (Ok(()), Ok(()), Ok(()))
        );
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
