//! Keys as text: base64, as serf writes them; and new keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use swim_core::wire::sealed::{Key, KeyringError};
use zeroize::Zeroizing;

/// Why a text is not a key. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyTextError {
    /// It is not base64.
    #[error("not base64: a key is written as `swim keygen` prints it")]
    NotBase64,
    /// It is of a wrong length.
    #[error("{0}")]
    Key(KeyringError),
}

/// A key from its text: the base64 of 16, 24 or 32 bytes.
///
/// # Errors
/// [`KeyTextError`], which does not show the text.
pub fn key_from_base64(text: &str) -> Result<Key, KeyTextError> {
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| KeyTextError::NotBase64)?);
    Key::new(&bytes).map_err(KeyTextError::Key)
}

/// The key's text, which wipes itself. It is for files: it belongs in no log.
#[must_use]
pub fn key_to_base64(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.as_bytes()))
}

/// A new key of 32 bytes, of the system's randomness.
///
/// # Errors
/// If the system has none.
pub fn generate_key() -> Result<Key, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(Key::new(&*bytes).unwrap_or_else(|error| unreachable!("32 bytes are a key: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text() {
        let key = generate_key().unwrap();
        assert_eq!(key_from_base64(&key_to_base64(&key)), Ok(key.clone()));
        assert_ne!(generate_key().unwrap(), key);
        // As `serf keygen` printed it.
        assert!(key_from_base64("FuwMmcRZDhOSMxEcKHaTGOzaBRyyQoTEJKSZ7lZBfFY=").is_ok());
    }

    #[test]
    fn an_error_does_not_show_the_text() {
        for (text, part) in [("c2VjcmV0!", "not base64"), ("c2VjcmV0", "6 bytes"), ("", "0 bytes")]
        {
            let error = key_from_base64(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains(part) && !shown.contains("c2Vj") && !shown.contains("secret"),
                "{shown}"
            );
        }
    }
}
