//! The label: the outermost layer, which keeps clusters apart. memberlist has none unless it is
//! given one.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::kind;
use crate::wire::error::WireError;

/// A cluster's label: at most 255 bytes; empty: no label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

/// The label has `len` bytes, more than 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelError {
    /// The label's length in bytes.
    pub len: usize,
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the label has {} bytes, the longest allowed is {}", self.len, Label::MAX_LEN)
    }
}

impl core::error::Error for LabelError {}

impl Label {
    /// The longest label, in bytes.
    pub const MAX_LEN: usize = 255;

    /// Checks and keeps a label.
    ///
    /// # Errors
    /// [`LabelError`] if it is longer than [`Label::MAX_LEN`] bytes.
    pub fn new(label: &str) -> Result<Self, LabelError> {
        if label.len() <= Self::MAX_LEN {
            Ok(Self(label.into()))
        } else {
            Err(LabelError { len: label.len() })
        }
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that the layer adds.
    #[must_use]
    pub fn overhead(&self) -> usize {
        if self.0.is_empty() { 0 } else { 2 + self.0.len() }
    }

    /// The label as encryption authenticates it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Appends the layer, if there is a label.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        if !self.0.is_empty() {
            out.extend_from_slice(&[kind::LABEL, self.0.len() as u8]);
            out.extend_from_slice(self.as_bytes());
        }
    }

    /// Takes the layer off. Bytes without one have the empty label.
    ///
    /// [`WireError::Truncated`] means that more bytes may help.
    pub(super) fn strip<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], WireError> {
        let (label, rest) = match bytes {
            [kind::LABEL, 0, ..] => return Err(WireError::BadName),
            [kind::LABEL, len, rest @ ..] => {
                rest.split_at_checked(usize::from(*len)).ok_or(WireError::Truncated)?
            }
            [kind::LABEL] | [] => return Err(WireError::Truncated),
            bytes => (&[][..], bytes),
        };
        if label == self.as_bytes() { Ok(rest) } else { Err(WireError::WrongCluster) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_label_passes() {
        let (red, none) = (Label::new("red").unwrap(), Label::default());
        let mut labelled = Vec::new();
        red.encode(&mut labelled);
        labelled.push(11);
        assert_eq!(labelled, [244, 3, b'r', b'e', b'd', 11]);
        assert_eq!(red.strip(&labelled), Ok(&[11][..]));
        assert_eq!(none.strip(&[11]), Ok(&[11][..]));
        for error in
            [none.strip(&labelled), red.strip(&[11]), Label::new("re").unwrap().strip(&labelled)]
        {
            assert_eq!(error, Err(WireError::WrongCluster));
        }
        for end in 0..5 {
            assert_eq!(red.strip(&labelled[..end]), Err(WireError::Truncated), "{end}");
        }
        assert_eq!(
            none.strip(&[244, 0, 11]),
            Err(WireError::BadName),
            "an empty label is no label"
        );
    }

    #[test]
    fn a_label_has_at_most_255_bytes() {
        assert_eq!(Label::new(&"x".repeat(256)), Err(LabelError { len: 256 }));
        assert_eq!(Label::new(&"x".repeat(255)).map(|label| label.overhead()), Ok(257));
        assert_eq!(Label::default().overhead(), 0);
    }
}
