//! A broadcast is told to a user at most once, and only if somebody sent it.
//!
//! Of each payload that is as often as the sender broadcast it. A process that may remember fewer
//! origins than there are names, or fewer lives of the origin than it has had, is not held to it:
//! it tells again what it had to forget (PROTOCOL.md, "Dissemination").

use std::collections::BTreeMap;
use std::sync::Arc;

use swim_core::{Config, Event, Incarnation, Instant};

use super::{Attack, Checker, Verdict, grown};
use crate::ground::name;

/// Of how many lives of an origin broadcasts are told apart.
const LIVES: u32 = 12;

/// (Origin, payload) -> how often a node's user was told.
type Told = BTreeMap<(usize, Arc<[u8]>), u32>;

/// See the module.
#[derive(Debug, Default)]
pub struct Broadcasts {
    /// Name's number -> payload -> how often it was broadcast.
    sent: Vec<BTreeMap<Vec<u8>, u32>>,
    /// By node.
    told: Vec<Told>,
    /// Node -> how often it was started.
    lives: Vec<u32>,
    /// Node -> how many origins it remembers.
    remembers: Vec<usize>,
    /// How many names there are.
    names: usize,
    /// An insider has lied: it may say anything in anybody's name.
    is_off: bool,
}

impl Checker for Broadcasts {
    fn name(&self) -> &'static str {
        "a broadcast is told at most once"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        grown(&mut self.told, node).clear();
        *grown(&mut self.lives, node) += 1;
        *grown(&mut self.remembers, node) = config.max_broadcast_origins;
    }

    fn attacked(&mut self, attack: &Attack) {
        self.is_off |= attack.is_lie_of_a_member();
    }

    fn owned(&mut self, subject: usize, _: Incarnation, _: bool) {
        self.names = self.names.max(subject + 1);
    }

    fn broadcast(&mut self, subject: usize, payload: &[u8]) {
        *grown(&mut self.sent, subject).entry(payload.to_vec()).or_default() += 1;
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, _: Option<usize>) -> Verdict {
        let Event::Broadcast { from, payload } = event else { return Ok(()) };
        let Some(origin) = name::number(from) else { return Ok(()) };
        let sent = grown(&mut self.sent, origin).get(&**payload).copied().unwrap_or_default();
        let told = grown(&mut self.told, node).entry((origin, payload.clone())).or_default();
        *told += 1;
        if sent == 0 && self.is_off {
            return Ok(());
        }
        if sent == 0 {
            return Err(format!(
                "a broadcast of node-{origin} was told, which it never sent: {payload:02x?}"
            ));
        }
        let is_remembered = *grown(&mut self.lives, origin) <= LIVES
            && *grown(&mut self.remembers, node) >= self.names;
        if *told > sent && is_remembered {
            return Err(format!(
                "a broadcast of node-{origin} was told {told} times, and sent {sent} times: {payload:02x?}"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(checker: &mut Broadcasts, payload: &[u8]) -> Verdict {
        let event = Event::Broadcast { from: name::numbered(3), payload: Arc::from(payload) };
        checker.told(Instant::ORIGIN, 0, &event, None)
    }

    #[test]
    fn a_planted_repetition_and_a_planted_invention_are_caught() {
        let mut checker = Broadcasts::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        checker.broadcast(3, b"news");
        assert_eq!(tell(&mut checker, b"news"), Ok(()));
        assert!(tell(&mut checker, b"news").is_err_and(|what| what.contains("told 2 times")));
        assert!(tell(&mut checker, b"rumour").is_err_and(|what| what.contains("never sent")));
        checker.broadcast(3, b"again");
        checker.broadcast(3, b"again");
        assert_eq!((tell(&mut checker, b"again"), tell(&mut checker, b"again")), (Ok(()), Ok(())));
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        assert_eq!(tell(&mut checker, b"news"), Ok(()), "another process, which knows nothing");
    }

    #[test]
    fn who_must_forget_lives_may_tell_again() {
        for (lives, may) in [(LIVES, false), (LIVES + 1, true)] {
            let mut checker = Broadcasts::default();
            checker.started(Instant::ORIGIN, 0, &Config::lan());
            (0..lives).for_each(|_| checker.started(Instant::ORIGIN, 3, &Config::lan()));
            checker.broadcast(3, b"news");
            assert_eq!(tell(&mut checker, b"news"), Ok(()));
            assert_eq!(tell(&mut checker, b"news").is_ok(), may);
        }
    }

    #[test]
    fn who_must_forget_origins_may_tell_again() {
        for (names, may) in [(4, false), (5, true)] {
            let mut checker = Broadcasts::default();
            checker.started(
                Instant::ORIGIN,
                0,
                &Config { max_broadcast_origins: 4, ..Config::lan() },
            );
            checker.owned(names - 1, Incarnation::new(1), false);
            checker.broadcast(3, b"news");
            assert_eq!(tell(&mut checker, b"news"), Ok(()));
            assert_eq!(tell(&mut checker, b"news").is_ok(), may);
        }
    }
}
