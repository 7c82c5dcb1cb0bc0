//! How often callers may make the node ask the whole cluster: so many at once, and then so many a
//! second.
//!
//! A caller is cheap, and what it asks for costs every node a message. It knows no route.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use tokio::time::Instant;

use super::reply::{Reply, failure};

/// How many at once.
const BURST: u32 = 20;
/// The time after which there may be one more.
const INTERVAL: Duration = Duration::from_millis(250);

/// What is left of the rate.
#[derive(Debug)]
pub(crate) struct Rate(Mutex<(u32, Instant)>);

impl Default for Rate {
    fn default() -> Self {
        Self(Mutex::new((BURST, Instant::now())))
    }
}

impl Rate {
    /// Takes one, or says when there is one.
    pub(super) fn take(&self) -> Result<(), Box<Reply>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = &mut *state;
        let earned = u32::try_from(since.elapsed().as_nanos() / INTERVAL.as_nanos())
            .unwrap_or(BURST)
            .min(BURST);
        *left = (*left + earned).min(BURST);
        *since = if *left == BURST { Instant::now() } else { *since + INTERVAL * earned };
        if *left == 0 {
            let error = format!(
                "the cluster is asked too often: {BURST} times at once, and then 4 times a second"
            );
            let mut reply = failure(StatusCode::TOO_MANY_REQUESTS, &error);
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return Err(Box::new(reply));
        }
        *left -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_at_once_and_then_four_a_second() {
        let rate = Rate::default();
        let taken = || (0..100).filter(|_| rate.take().is_ok()).count();
        assert_eq!(taken(), 20);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(taken(), 4);
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(taken(), 20);
        let refused = rate.take().unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
