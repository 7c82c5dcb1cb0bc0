//! Claims never regress at a node: what it believes of a member only grows, in the order of claims.
//!
//! That holds across forgetting as well, for as long as the tombstone stands: a member that was
//! reaped comes back only with a greater claim, so nobody's old table brings back the long dead.
//! Only a node whose table was full may have had to forget a tombstone before its time.

use core::time::Duration;
use std::collections::BTreeMap;

use swim_core::{Claim, Config, Event, Incarnation, Instant, Status};

use super::{Checker, Fill, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Regression {
    /// Node -> subject -> the greatest claim that it believed, and since when.
    greatest: Vec<Vec<(Claim, Instant)>>,
    /// (Node, subject) -> when the node forgot the subject.
    reaped: BTreeMap<(usize, usize), Instant>,
    tombstone_for: Vec<Duration>,
    /// Node -> how many members its table holds at most.
    room: Vec<usize>,
    /// Node -> whether its table was ever full.
    was_full: Vec<bool>,
}

impl Checker for Regression {
    fn name(&self) -> &'static str {
        "a claim never regresses at a node"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        grown(&mut self.greatest, node).clear();
        *grown(&mut self.room, node) = config.max_members;
        *grown(&mut self.was_full, node) = false;
        *grown(&mut self.tombstone_for, node) = config.tombstone_for;
        self.reaped.retain(|&(observer, _), _| observer != node);
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        *grown(&mut self.was_full, node) |= fill.known_members >= *grown(&mut self.room, node);
        Ok(())
    }

    fn told(&mut self, now: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        if let (Event::Reaped(_), Some(subject)) = (event, about) {
            self.reaped.insert((node, subject), now);
        }
        Ok(())
    }

    fn learnt(&mut self, now: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        self.believed(now, node, subject, claim)
    }

    fn believed(&mut self, now: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        let row = grown(&mut self.greatest, node);
        if subject >= row.len() {
            row.resize(subject + 1, (Claim::new(Incarnation::new(0), Status::Alive), now));
        }
        let (greatest, since) = row[subject];
        if claim != greatest {
            row[subject] = (claim, now);
        }
        if claim >= greatest {
            return Ok(());
        }
        let is_gone = !greatest.status.is_active() || self.reaped.contains_key(&(node, subject));
        if is_gone && *grown(&mut self.was_full, node) {
            return Ok(());
        }
        let tombstone_for = self.tombstone_for.get(node).copied().unwrap_or_default();
        match self.reaped.get(&(node, subject)) {
            Some(&at) if now >= at + tombstone_for => Ok(()),
            Some(at) => Err(format!(
                "node-{subject} was {greatest}, was reaped at {at}, and is back as {claim}"
            )),
            // A member that the user was never told of is reaped in silence, and may have been dead
            // for long when it was learnt.
            None if !greatest.status.is_active() && now >= since + tombstone_for => Ok(()),
            None => Err(format!("node-{subject} was {greatest} and is now {claim}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(incarnation: u64, status: Status) -> Claim {
        Claim::new(Incarnation::new(incarnation), status)
    }

    fn started() -> Regression {
        let mut checker = Regression::default();
        checker.started(
            Instant::ORIGIN,
            0,
            &Config { tombstone_for: Duration::from_secs(60), ..Config::lan() },
        );
        checker
    }

    #[test]
    fn a_planted_regression_is_caught() {
        let mut checker = started();
        for grows in [claim(5, Status::Alive), claim(5, Status::Dead), claim(6, Status::Alive)] {
            assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, grows), Ok(()));
        }
        let verdict = checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Left));
        assert_eq!(verdict, Err(String::from("node-3 was alive@6 and is now left@5")));
    }

    #[test]
    fn a_planted_ghost_is_caught_while_the_tombstone_stands() {
        for (back_after, is_ghost) in [(59, true), (60, false)] {
            let mut checker = started();
            let reaped = Event::Reaped(crate::ground::name::numbered(3));
            assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Dead)), Ok(()));
            assert_eq!(checker.told(Instant::ORIGIN, 0, &reaped, Some(3)), Ok(()));
            let back = checker.believed(
                Instant::from_millis(back_after * 1_000),
                0,
                3,
                claim(5, Status::Alive),
            );
            assert_eq!(back.is_err(), is_ghost, "{back:?}");
        }
    }

    #[test]
    fn a_planted_return_of_one_never_told_of_is_caught_while_the_tombstone_stands() {
        for (back_after, is_ghost) in [(59, true), (60, false)] {
            let mut checker = started();
            assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Dead)), Ok(()));
            let back = checker.believed(
                Instant::from_millis(back_after * 1_000),
                0,
                3,
                claim(5, Status::Alive),
            );
            assert_eq!(back.is_err(), is_ghost, "{back:?}");
        }
    }

    #[test]
    fn a_table_that_was_full_may_have_forgotten_a_tombstone_and_no_other() {
        for (known_members, is_ghost) in [(3, true), (4, false)] {
            let mut checker = started();
            checker.started(Instant::ORIGIN, 0, &Config { max_members: 4, ..Config::lan() });
            checker.filled(0, Fill { known_members, ..Fill::default() }).unwrap();
            assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Dead)), Ok(()));
            assert_eq!(
                checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Alive)).is_err(),
                is_ghost
            );
        }
    }

    #[test]
    fn a_restarted_observer_starts_anew() {
        let mut checker = started();
        assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, claim(6, Status::Alive)), Ok(()));
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        assert_eq!(checker.believed(Instant::ORIGIN, 0, 3, claim(5, Status::Alive)), Ok(()));
    }
}
