//! Typed payloads: metadata and broadcasts as values of the user's own types, in compact
//! MessagePack by rmp-serde.
//!
//! The core itself carries bytes; this is for the users on either end. Needs the feature `std`.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Role { zone: String, weight: u8 }
//!
//! let role = Role { zone: "eu-1".into(), weight: 3 };
//! let bytes = swim_core::typed::encode(&role)?;
//! assert_eq!(bytes.len(), 7);
//! assert_eq!(swim_core::typed::decode::<Role>(&bytes)?, role);
//! # Ok::<(), swim_core::typed::PayloadError>(())
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

/// `value` as bytes: structs as arrays of their fields.
///
/// # Errors
/// [`PayloadError`] if the type cannot be serialized.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, PayloadError> {
    rmp_serde::to_vec(value).map_err(|error| PayloadError { message: error.to_string() })
}

/// The value that `bytes` hold.
///
/// # Errors
/// [`PayloadError`] if they hold none of that type.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, PayloadError> {
    rmp_serde::from_slice(bytes).map_err(|error| PayloadError { message: error.to_string() })
}

/// Why a payload could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadError {
    message: String,
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for PayloadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_another_type_are_an_error_that_says_so() {
        let bytes = encode("text").unwrap();
        assert_eq!(decode::<&str>(&bytes), Ok("text"));
        for error in [decode::<u8>(&bytes).unwrap_err(), decode::<u8>(&[]).unwrap_err()] {
            assert!(!error.to_string().is_empty());
        }
    }
}
