//! A user event is told to a user at most once, and only if somebody sent it; and what a process
//! sends after it has heard of an event has a later time than that.
//!
//! A process may miss events: those that it heard of while it was away, and old ones. Nothing is
//! promised of their order but their times.

use std::collections::BTreeSet;
use std::sync::Arc;

use swim_core::{Config, Event, Instant, LamportTime};

use super::{Attack, Checker, Verdict, grown};
use crate::ground::name;

/// An event as it is told apart: its time, its sender's number, its name and its payload.
type Known = (LamportTime, usize, Arc<str>, Arc<[u8]>);

/// See the module.
#[derive(Debug, Default)]
pub struct UserEvents {
    /// What was told to the user of the process at each node.
    told: Vec<BTreeSet<Known>>,
    /// What was sent: the sender of an event is the first to be told of it. No machine that bears
    /// another's name sends any.
    sent: BTreeSet<Known>,
    /// Node -> the latest time that its process has heard of or given.
    latest: Vec<LamportTime>,
    /// An insider has lied: it may say anything in anybody's name.
    is_off: bool,
}

impl Checker for UserEvents {
    fn name(&self) -> &'static str {
        "a user event is told at most once, and its time is later than what its sender had heard of"
    }

    fn started(&mut self, _: Instant, node: usize, _: &Config) {
        grown(&mut self.told, node).clear();
        *grown(&mut self.latest, node) = LamportTime::default();
    }

    fn attacked(&mut self, attack: &Attack) {
        self.is_off |= attack.is_lie_of_a_member();
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, _: Option<usize>) -> Verdict {
        let Event::UserEvent { time, from: Some(from), name, payload, .. } = event else {
            return Ok(());
        };
        let Some(origin) = name::number(from) else { return Ok(()) };
        let known = (*time, origin, Arc::clone(name), Arc::clone(payload));
        if !grown(&mut self.told, node).insert(known.clone()) {
            return Err(format!("the event {name}@{time} of node-{origin} was told twice"));
        }
        let latest = *grown(&mut self.latest, node);
        // Told when it is sent; what a former life has sent is heard like anybody's.
        if origin == node && !self.sent.contains(&known) {
            if *time <= latest && !self.is_off {
                return Err(format!(
                    "the event {name}@{time} was sent after one of the time {latest} was heard of"
                ));
            }
            self.sent.insert(known);
        } else if !self.sent.contains(&known) && !self.is_off {
            return Err(format!(
                "an event of node-{origin} was told, which it never sent: {name}@{time}"
            ));
        }
        *grown(&mut self.latest, node) = latest.max(*time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(checker: &mut UserEvents, node: usize, origin: usize, time: u64) -> Verdict {
        let from = Some(name::numbered(origin));
        let (name, payload) = (Arc::from("deploy"), Arc::from(&b"v1"[..]));
        let event =
            Event::UserEvent { time: LamportTime::new(time), from, name, payload, coalesce: false };
        checker.told(Instant::ORIGIN, node, &event, None)
    }

    #[test]
    fn a_planted_repetition_an_invention_and_a_time_that_is_not_later_are_caught() {
        let mut checker = UserEvents::default();
        (0..3).for_each(|node| checker.started(Instant::ORIGIN, node, &Config::lan()));
        assert_eq!(tell(&mut checker, 0, 0, 5), Ok(()));
        assert_eq!(tell(&mut checker, 1, 0, 5), Ok(()));
        assert!(tell(&mut checker, 1, 0, 5).is_err_and(|what| what.contains("told twice")));
        assert!(tell(&mut checker, 1, 2, 5).is_err_and(|what| what.contains("never sent")));
        assert!(tell(&mut checker, 1, 1, 5).is_err_and(|what| what.contains("was sent after")));
        assert_eq!(tell(&mut checker, 1, 1, 6), Ok(()));
        assert_eq!(tell(&mut checker, 2, 2, 1), Ok(()), "it has heard of nothing");
        checker.started(Instant::ORIGIN, 1, &Config::lan());
        assert_eq!(tell(&mut checker, 1, 0, 5), Ok(()), "another process, which knows nothing");
    }
}
