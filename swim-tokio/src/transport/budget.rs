//! The bytes that exchanges may take up, in all connections together. It knows no connection.
//!
//! Each connection's share is a [`Lease`] that grows as bytes arrive (never by what a header
//! announces) and travels with them until they are handled or written. A peer's bound alone would
//! not do: a thousand connections of 32 MiB each are too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// What is left of the bound. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<AtomicUsize>);

/// There is no room for so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// Bytes taken from a budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// A lease of nothing yet.
    pub(crate) fn lease(&self) -> Lease {
        Lease { budget: self.clone(), bytes: 0 }
    }

    /// A lease of `bytes`.
    pub(crate) fn take(&self, bytes: usize) -> Result<Lease, Exhausted> {
        let mut lease = self.lease();
        lease.grow_to(bytes)?;
        Ok(lease)
    }
}

impl Lease {
    /// Takes what is missing to `bytes`; never gives any back.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let more = bytes.saturating_sub(self.bytes);
        if more > 0 {
            let left = &self.budget.0;
            // Relaxed: the number guards no other memory.
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(more))
                .map_err(|_| Exhausted)?;
            self.bytes = bytes;
        }
        Ok(())
    }

    /// The payload, whose memory stays leased until it is dropped.
    pub(crate) fn hold(lease: Option<Self>, payload: Bytes) -> Bytes {
        match lease {
            Some(lease) => Bytes::from_owner(Held { payload, _lease: lease }),
            None => payload,
        }
    }
}

/// A payload and the room that it takes up.
struct Held {
    payload: Bytes,
    _lease: Lease,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_share_the_bound_and_give_back_when_dropped() {
        let budget = Budget::new(100);
        let mut one = budget.take(60).unwrap();
        assert_eq!(one.grow_to(50), Ok(()), "a lease does not shrink");
        assert_eq!(budget.take(41).err(), Some(Exhausted));
        let two = budget.take(40).unwrap();
        assert_eq!(one.grow_to(61), Err(Exhausted));
        drop(two);
        assert_eq!(one.grow_to(100), Ok(()));
        drop(one);
        assert!(budget.take(100).is_ok());
    }
}
