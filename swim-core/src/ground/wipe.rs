//! Wiping what held a key, in a build that has what it takes: without the feature `encryption` no
//! driver has keys.

/// Overwrites a secret and forgets it, so that the compiler does not leave that out.
#[cfg(feature = "encryption")]
pub(crate) fn wipe(secret: &mut impl zeroize::Zeroize) {
    secret.zeroize();
}

/// Does nothing.
#[cfg(not(feature = "encryption"))]
pub(crate) const fn wipe<T>(_: &mut T) {}
