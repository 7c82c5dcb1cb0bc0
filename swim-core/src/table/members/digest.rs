//! An order-independent digest of the table, kept up to date with every change: equal tables have
//! equal digests.
//!
//! The sum (wrapping) of the members' fingerprints, in 64 buckets by name, so that two tables that
//! differ find out where. A fingerprint covers the claim and the description, since either may be
//! what a node missed. The dead and the left count as absent: who missed a death counts one too
//! many.

use crate::ground::hash::mix;
use crate::ground::member::Claim;

/// How many buckets a table's digest has.
const BUCKETS: usize = 64;

/// What one member adds to the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    bucket: u8,
    value: u64,
}

impl Fingerprint {
    pub(super) const fn new(name: u64, claim: Claim, description: u64) -> Self {
        let claim = mix(claim.incarnation.get(), claim.status as u64);
        Self { bucket: bucket(name) as u8, value: mix(mix(name, claim), description) }
    }
}

/// The bucket of a name's hash.
pub(super) const fn bucket(name: u64) -> usize {
    (name >> 58) as usize
}

/// The digests of a table's buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    buckets: [u64; BUCKETS],
    total: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], total: 0 }
    }
}

impl Digest {
    /// The digest of the whole table.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The digest of each bucket.
    pub(crate) const fn buckets(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    pub(super) const fn add(&mut self, fingerprint: Fingerprint) {
        let bucket = &mut self.buckets[fingerprint.bucket as usize];
        *bucket = bucket.wrapping_add(fingerprint.value);
        self.total = self.total.wrapping_add(fingerprint.value);
    }

    pub(super) const fn remove(&mut self, fingerprint: Fingerprint) {
        let bucket = &mut self.buckets[fingerprint.bucket as usize];
        *bucket = bucket.wrapping_sub(fingerprint.value);
        self.total = self.total.wrapping_sub(fingerprint.value);
    }
}
