//! [`Versions`] read from bytes.

use super::error::WireError;
pub use crate::ground::versions::{Agreement, Version, Versions};

impl Versions {
    /// Reads the bytes on the wire.
    ///
    /// # Errors
    /// [`WireError::BadVersions`] if the protocol's minimum or maximum is zero or they are the
    /// wrong way round: peers ignore such a node or fall over it.
    pub const fn from_bytes(bytes: [u8; 6]) -> Result<Self, WireError> {
        let [min, max, current, delegate_min, delegate_max, delegate_current] = bytes;
        if min == 0 || max < min {
            return Err(WireError::BadVersions);
        }
        let delegate = Version { min: delegate_min, max: delegate_max, current: delegate_current };
        Ok(Self { protocol: Version { min, max, current }, delegate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_vector_of_zeros_or_the_wrong_way_round_is_refused() {
        for bytes in [[0, 5, 2, 0, 0, 0], [1, 0, 2, 0, 0, 0], [5, 1, 2, 0, 0, 0], [0; 6]] {
            assert_eq!(Versions::from_bytes(bytes), Err(WireError::BadVersions), "{bytes:?}");
        }
        for versions in [Versions::PLAIN, Versions::SERF] {
            assert_eq!(Versions::from_bytes(versions.to_bytes()), Ok(versions));
        }
    }
}
