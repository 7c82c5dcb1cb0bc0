//! The challenges that a node has given out: each stands for one change of its keys, asked for by
//! one member, and is kept in memory alone. So nothing that was recorded changes a key twice, nor
//! after a restart.

use std::collections::VecDeque;
use std::time::Duration;

use swim_core::NodeId;
use swim_core::wire::sealed::change::{Challenge, Change};
use tokio::time::Instant;

/// For how long a challenge can be used, and its outcome is remembered.
const LIFE: Duration = Duration::from_secs(30);
/// Challenges that one member may have open.
const MAX_EACH: usize = 8;
/// Challenges that all members together may have open.
const MAX: usize = 64;

/// What became of a change: why it was not done, if it was not.
pub(super) type Outcome = Result<(), String>;

/// All that are open.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    open: VecDeque<Open>,
}

#[derive(Debug)]
struct Open {
    challenge: Challenge,
    asker: NodeId,
    change: Change,
    given: Instant,
    outcome: Option<Outcome>,
}

impl Challenges {
    /// Gives out a challenge, which is `challenge`: random bytes. The oldest make room.
    pub(super) fn give(
        &mut self,
        now: Instant,
        asker: &NodeId,
        change: Change,
        challenge: Challenge,
    ) {
        self.expire(now);
        let mut own =
            self.open.iter().enumerate().filter(|(_, open)| open.asker == *asker).map(|(at, _)| at);
        let oldest = own.next();
        if let Some(oldest) = oldest.filter(|_| own.count() + 1 >= MAX_EACH) {
            self.open.remove(oldest);
        } else if self.open.len() >= MAX {
            self.open.pop_front();
        }
        self.open.push_back(Open {
            challenge,
            asker: asker.clone(),
            change,
            given: now,
            outcome: None,
        });
    }

    /// The outcome of the change that a challenge was given out for; `None` inside if it is not
    /// carried out yet. `None` if no such challenge is open for that member and that change.
    pub(super) fn find(
        &mut self,
        now: Instant,
        asker: &NodeId,
        change: Change,
        challenge: Challenge,
    ) -> Option<&mut Option<Outcome>> {
        self.expire(now);
        let is_it = |open: &&mut Open| {
            open.challenge == challenge && open.asker == *asker && open.change == change
        };
        self.open.iter_mut().find(is_it).map(|open| &mut open.outcome)
    }

    fn expire(&mut self, now: Instant) {
        while self
            .open
            .front()
            .is_some_and(|open| now.saturating_duration_since(open.given) >= LIFE)
        {
            self.open.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use swim_core::wire::sealed::Key;

    use super::*;

    fn name(name: &str) -> NodeId {
        NodeId::new(name).unwrap()
    }

    fn change(byte: u8) -> Change {
        Change::Use(Key::new(&[byte; 16]).unwrap().id())
    }

    #[tokio::test]
    async fn a_challenge_is_for_one_member_one_change_and_half_a_minute() {
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        challenges.give(now, &name("a"), change(1), [1; 16]);
        assert!(challenges.find(now, &name("b"), change(1), [1; 16]).is_none(), "another member");
        assert!(challenges.find(now, &name("a"), change(2), [1; 16]).is_none(), "another change");
        assert!(
            challenges.find(now, &name("a"), change(1), [2; 16]).is_none(),
            "another challenge"
        );
        let outcome = challenges.find(now, &name("a"), change(1), [1; 16]).unwrap();
        assert_eq!(*outcome, None, "not carried out");
        *outcome = Some(Ok(()));
        let late = now + LIFE - Duration::from_millis(1);
        assert_eq!(
            challenges.find(late, &name("a"), change(1), [1; 16]),
            Some(&mut Some(Ok(()))),
            "carried out"
        );
        assert!(challenges.find(now + LIFE, &name("a"), change(1), [1; 16]).is_none());
    }

    #[tokio::test]
    async fn no_member_takes_up_the_room_of_the_others() {
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        challenges.give(now, &name("a"), change(1), [255; 16]);
        for number in 0..200 {
            challenges.give(now, &name("b"), change(1), [number; 16]);
        }
        assert_eq!(challenges.open.len(), 1 + MAX_EACH);
        assert!(challenges.find(now, &name("a"), change(1), [255; 16]).is_some());
        for number in 0..200 {
            challenges.give(now, &name(&format!("c{number}")), change(1), [number; 16]);
        }
        assert_eq!(challenges.open.len(), MAX);
    }
}
