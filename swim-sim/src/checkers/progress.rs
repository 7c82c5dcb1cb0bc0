//! Timers make progress: a node whose timeout was handled does not ask for the same instant again
//! and again.

use swim_core::Instant;

use super::{Checker, Verdict, grown};

/// How often a node may ask to be called again at one instant. Several timers may be due together.
const MOST: u32 = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Progress {
    /// Node -> the instant of its last timeout, and how many came at that instant.
    last: Vec<(Instant, u32)>,
}

impl Checker for Progress {
    fn name(&self) -> &'static str {
        "timers make progress"
    }

    fn timeout(&mut self, now: Instant, node: usize) -> Verdict {
        let (at, times) = grown(&mut self.last, node);
        if *at == now {
            *times += 1;
        } else {
            (*at, *times) = (now, 1);
        }
        if *times > MOST {
            Err(format!("{times} timeouts were handled without time passing"))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_timer_that_stands_still_is_caught() {
        let mut checker = Progress::default();
        for milliseconds in 0..5_000 {
            assert_eq!(checker.timeout(Instant::from_millis(milliseconds), 1), Ok(()));
        }
        let still = (0..=MOST).map(|_| checker.timeout(Instant::from_millis(9_999), 1));
        assert!(still.last().unwrap().is_err());
    }
}
