//! The layer of encryption: `version:u8 nonce[12] ciphertext tag[16]`, AES-GCM.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::wire::error::WireError;
use crate::wire::keyring::{Keyring, Nonce, Tag};

/// How messages are encrypted. Both are read whichever is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SealVersion {
    /// Padded to blocks of 16 bytes with 1 to 16 bytes (PKCS 7): what memberlist writes when it
    /// speaks protocol 1.
    Padded = 0,
    /// As it is.
    #[default]
    Unpadded = 1,
}

const BLOCK: usize = 16;
/// Version, nonce and tag.
const FRAME: usize = 1 + size_of::<Nonce>() + size_of::<Tag>();

impl SealVersion {
    /// How many bytes `len` bytes have once they are encrypted.
    pub(super) const fn sealed_len(self, len: usize) -> usize {
        match self {
            Self::Padded => FRAME + len + padding(len),
            Self::Unpadded => FRAME + len,
        }
    }

    /// The most bytes that the layer adds.
    pub(super) const fn overhead(self) -> usize {
        match self {
            Self::Padded => FRAME + BLOCK,
            Self::Unpadded => FRAME,
        }
    }
}

const fn padding(len: usize) -> usize {
    BLOCK - len % BLOCK
}

/// Appends `bytes` encrypted with the primary key. `associated` must be the same when they are
/// opened.
///
/// The nonce is drawn at random: a generator must never give the same one twice, not in another
/// process either, or the key is lost.
pub(super) fn seal(
    keyring: &Keyring,
    version: SealVersion,
    rng: &mut (impl CryptoRng + ?Sized),
    associated: &[u8],
    bytes: &[u8],
    out: &mut Vec<u8>,
) {
    let mut nonce = Nonce::default();
    rng.fill_bytes(&mut nonce);
    out.reserve(version.sealed_len(bytes.len()));
    out.push(version as u8);
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.extend_from_slice(bytes);
    if version == SealVersion::Padded {
        let padding = padding(bytes.len());
        out.resize(out.len() + padding, padding as u8);
    }
    let tag = keyring.primary().as_ref().encrypt(&nonce, associated, &mut out[start..]);
    out.extend_from_slice(&tag);
}

/// Decrypts `sealed` with whichever key opens it, into `out`, whose former content is dropped.
pub(super) fn open(
    keyring: &Keyring,
    associated: &[u8],
    sealed: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let (&version, rest) = sealed.split_first().ok_or(WireError::BadSeal)?;
    let (nonce, rest) =
        rest.split_first_chunk::<{ size_of::<Nonce>() }>().ok_or(WireError::BadSeal)?;
    let (ciphertext, tag) =
        rest.split_last_chunk::<{ size_of::<Tag>() }>().ok_or(WireError::BadSeal)?;
    let is_padded = match version {
        0 => true,
        1 => false,
        _ => return Err(WireError::BadSeal),
    };
    for key in keyring.keys() {
        out.clear();
        out.extend_from_slice(ciphertext);
        count_work!(BytesDecrypted, ciphertext.len());
        if key.as_ref().decrypt(nonce, associated, out, tag) {
            return if is_padded { unpad(out) } else { Ok(()) };
        }
    }
    out.clear();
    Err(WireError::BadSeal)
}

/// memberlist looks at the last byte alone, and falls over a zero or one that is too high.
fn unpad(bytes: &mut Vec<u8>) -> Result<(), WireError> {
    let padding = usize::from(*bytes.last().ok_or(WireError::BadSeal)?);
    let len = bytes.len().checked_sub(padding).ok_or(WireError::BadSeal)?;
    if !(1..=BLOCK).contains(&padding)
        || bytes[len..].iter().any(|&byte| usize::from(byte) != padding)
    {
        return Err(WireError::BadSeal);
    }
    bytes.truncate(len);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_that_no_writer_makes_is_refused() {
        let mut good = [&[9; 20][..], &[12; 12]].concat();
        assert_eq!(unpad(&mut good), Ok(()));
        assert_eq!(good, [9; 20]);
        for bad in [&[][..], &[0], &[1, 0], &[17; 17], &[3, 2], &[9, 1, 2], &[255; 16]] {
            assert_eq!(unpad(&mut bad.to_vec()), Err(WireError::BadSeal), "{bad:?}");
        }
    }
}
