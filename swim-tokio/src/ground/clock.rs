//! The clocks and the entropy of a node: what the core is given, since it reads none itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chacha20::ChaCha12Rng;
use rand_core::SeedableRng;
use swim_core::Instant;

/// Maps the monotonic clock to the core's instants and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: tokio::time::Instant,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::ORIGIN + self.origin.elapsed()
    }

    /// When to wake up for the core's `instant`. What is beyond the system's clock is a day away:
    /// waking too early does no harm.
    pub(crate) fn at(self, instant: Instant) -> tokio::time::Instant {
        let day = Duration::from_secs(86_400);
        let after = instant.since(Instant::ORIGIN).min(self.origin.elapsed() + day);
        self.origin + after
    }
}

/// The milliseconds of the wall clock, of which a node that is given no first incarnation makes one
/// ([`Wire::first_incarnation`](swim_core::Wire)).
pub(crate) fn wall_millis() -> u64 {
    millis_at(SystemTime::now())
}

fn millis_at(time: SystemTime) -> u64 {
    // A wall clock before 1970 is a broken one: the node starts like a new one.
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A node's generator. Others see some of what it draws (sequence numbers, numbers of queries), and
/// from it nobody is to tell what it will draw: so it is a cryptographic one.
pub(crate) type Generator = ChaCha12Rng;

/// The node's generator: from `seed` in a test, from the system's entropy otherwise.
pub(crate) fn generator(seed: Option<u64>) -> Result<Generator, getrandom::Error> {
    if let Some(seed) = seed {
        return Ok(Generator::seed_from_u64(seed));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Generator::from_seed(bytes))
}

#[cfg(test)]
mod tests {
    use swim_core::{Incarnation, Wire};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn instants_come_back_as_the_clock_s_own() {
        let clock = Clock::start();
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now(), Instant::from_millis(1_500));
        assert_eq!(clock.at(clock.now()), tokio::time::Instant::now());
        let never = clock.at(Instant::from_nanos(u64::MAX));
        assert_eq!(never - tokio::time::Instant::now(), Duration::from_secs(86_400));
    }

    #[test]
    fn a_restart_has_a_higher_incarnation_and_leaves_room_above() {
        let first = Wire::Native.first_incarnation(wall_millis());
        assert!(first > Incarnation::new(1_700_000_000_000) && first < Incarnation::MAX);
        let boot = UNIX_EPOCH + Duration::from_millis(1_800_000_000_000);
        assert_eq!(millis_at(boot), 1_800_000_000_000);
        assert_eq!(millis_at(boot + Duration::from_millis(1)), 1_800_000_000_001);
        assert_eq!(millis_at(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
