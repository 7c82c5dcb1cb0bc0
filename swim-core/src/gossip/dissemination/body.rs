//! The bytes of an update that waits: short ones lie in the queue's entry itself, so that most
//! updates cost no allocation and one line of the cache.

use alloc::boxed::Box;
use core::ops::Deref;

/// So many bytes lie in the entry, which has 64 then: a claim with names of up to 16 bytes, or an
/// Alive without metadata.
const SHORT: usize = 46;

#[derive(Debug)]
pub(super) enum Body {
    /// The first `len` bytes.
    Short {
        len: u8,
        bytes: [u8; SHORT],
    },
    Long(Box<[u8]>),
}

impl Body {
    /// No bytes.
    pub(super) const EMPTY: Self = Self::Short { len: 0, bytes: [0; SHORT] };

    /// A copy.
    pub(super) fn new(body: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..body.len()) {
            Some(place) => {
                place.copy_from_slice(body);
                Self::Short { len: body.len() as u8, bytes }
            }
            None => Self::Long(Box::from(body)),
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_are_kept() {
        for len in [0, 1, SHORT - 1, SHORT, SHORT + 1, 1_000] {
            let bytes: alloc::vec::Vec<u8> = (0..len).map(|i| i as u8).collect();
            let body = Body::new(&bytes);
            assert_eq!(*body, *bytes);
            assert_eq!(matches!(body, Body::Short { .. }), len <= SHORT);
        }
    }
}
