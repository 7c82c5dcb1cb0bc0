//! [`Inflation`]: what streams may unpack to beyond what tables do.
//!
//! memberlist takes a stream of 26 KB that unpacks to 31 MB, so such a stream is read; but each
//! costs as much work as a large table, and is sent at the price of a small one. So the bytes
//! beyond a multiple of those that came are taken from an allowance for all streams together, which
//! comes back with time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// A message may always unpack to so many bytes.
const FREE: usize = 1 << 20;
/// And to so many times the bytes that came. Tables compress to about a tenth.
const RATIO: usize = 64;
/// The allowance after a rest.
const MOST: usize = 64 << 20;
/// What comes back of it in a second.
const PER_SECOND: usize = 4 << 20;

/// What is left of the allowance, and whose turn it is.
#[derive(Debug)]
pub(super) struct Inflation {
    left: Mutex<Left>,
    turn: Semaphore,
}

#[derive(Debug)]
struct Left {
    bytes: usize,
    at: Instant,
}

impl Default for Inflation {
    fn default() -> Self {
        Self { left: Mutex::new(Left { bytes: MOST, at: Instant::now() }), turn: Semaphore::new(1) }
    }
}

impl Inflation {
    /// How many bytes are beyond what so many that came may unpack to.
    pub(super) const fn excess(&self, came: usize, unpacked: usize) -> usize {
        unpacked.saturating_sub(FREE + RATIO.saturating_mul(came))
    }

    /// Waits until nobody else unpacks: several large ones at once would take each other's memory,
    /// and none would end.
    pub(super) async fn turn(&self) -> SemaphorePermit<'_> {
        self.turn
            .acquire()
            .await
            .unwrap_or_else(|error| unreachable!("it is never closed: {error}"))
    }

    /// Takes bytes from the allowance. Returns false, and takes none, if so many are not left.
    pub(super) fn take(&self, bytes: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = left.at.elapsed().as_millis() as u64;
        left.at += Duration::from_millis(millis);
        left.bytes = MOST
            .min(left.bytes.saturating_add((millis as usize).saturating_mul(PER_SECOND / 1_000)));
        let is_left = left.bytes >= bytes;
        if is_left {
            left.bytes -= bytes;
        }
        is_left
    }
}
