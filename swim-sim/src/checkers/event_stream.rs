//! The events agree with the table: a member is joined before anything else is said of it, nothing
//! is said twice, and after every step the events told so far describe the table that stands.

use swim_core::{Claim, Config, Event, Instant, Member, Status};

use super::{Checker, Verdict, grown};

/// What a user who listens to the events knows of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Heard {
    #[default]
    Nothing,
    Alive,
    Suspected,
    Failed,
    Left,
}

/// See the module.
#[derive(Debug, Default)]
pub struct EventStream {
    /// Node -> subject -> what was heard.
    heard: Vec<Vec<Heard>>,
    isolated: Vec<bool>,
    has_left: Vec<bool>,
}

impl EventStream {
    fn heard(&mut self, node: usize, subject: usize) -> &mut Heard {
        grown(grown(&mut self.heard, node), subject)
    }

    fn told_of_self(&mut self, node: usize, event: &Event) -> Verdict {
        let (flag, value) = match event {
            Event::Isolated => (grown(&mut self.isolated, node), true),
            Event::Reconnected => (grown(&mut self.isolated, node), false),
            Event::LeaveComplete => (grown(&mut self.has_left, node), true),
            _ => return Ok(()),
        };
        if core::mem::replace(flag, value) == value {
            Err(format!("{event:?} was told twice"))
        } else {
            Ok(())
        }
    }
}

/// What is heard next; `None` if the event cannot follow, or carries a member with another status
/// than it says.
fn next(heard: Heard, event: &Event) -> Option<Heard> {
    use Heard::{Alive, Failed, Left, Nothing, Suspected};
    let carries = |member: &Member, status: &[Status], heard| {
        status.contains(&member.status()).then_some(heard)
    };
    // A join, an update and a restart come before the suspicion or the refutation that comes with
    // them.
    let active = [Status::Alive, Status::Suspect];
    match (event, heard) {
        (Event::Joined(member), Nothing | Failed | Left) => carries(member, &active, Alive),
        (Event::Updated(member), Alive | Suspected) => carries(member, &active, heard),
        (Event::Suspected { member, .. }, Alive) => carries(member, &[Status::Suspect], Suspected),
        (Event::Restarted(member), Alive | Suspected) => carries(member, &active, heard),
        (Event::Refuted(member), Suspected) => carries(member, &[Status::Alive], Alive),
        (Event::Failed(member), Alive | Suspected) => carries(member, &[Status::Dead], Failed),
        (Event::Left(member), Alive | Suspected | Failed) => carries(member, &[Status::Left], Left),
        (Event::Reaped(_), Failed | Left) => Some(Nothing),
        _ => None,
    }
}

impl Checker for EventStream {
    fn name(&self) -> &'static str {
        "the events agree with the table"
    }

    fn started(&mut self, _: Instant, node: usize, _: &Config) {
        grown(&mut self.heard, node).clear();
        *grown(&mut self.isolated, node) = false;
        *grown(&mut self.has_left, node) = false;
    }

    fn told(&mut self, _: Instant, node: usize, event: &Event, about: Option<usize>) -> Verdict {
        let Some(subject) = about else { return self.told_of_self(node, event) };
        let heard = self.heard(node, subject);
        match next(*heard, event) {
            Some(after) => *heard = after,
            None => {
                return Err(format!(
                    "{event:?} cannot follow: the user knows of node-{subject}: {heard:?}"
                ));
            }
        }
        Ok(())
    }

    fn believed(&mut self, _: Instant, node: usize, subject: usize, claim: Claim) -> Verdict {
        let heard = *self.heard(node, subject);
        let agrees = match claim.status {
            Status::Alive => heard == Heard::Alive,
            Status::Suspect => heard == Heard::Suspected,
            // A life that was over when this node first heard of it is not worth an event.
            Status::Dead => matches!(heard, Heard::Failed | Heard::Left | Heard::Nothing),
            Status::Left => matches!(heard, Heard::Left | Heard::Nothing),
        };
        if agrees {
            return Ok(());
        }
        Err(format!("the table has node-{subject} as {claim}, the user knows of it: {heard:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use swim_core::Incarnation;

    use super::*;

    fn member(status: Status) -> Member {
        let claim = Claim::new(Incarnation::new(1), status);
        Member {
            id: crate::ground::name::numbered(3),
            address: crate::ground::address::numbered(3),
            metadata: Arc::from([]),
            claim,
        }
    }

    /// The verdicts on a stream of events about node-3 at node-0.
    fn tell(events: &[Event]) -> Verdict {
        let mut checker = EventStream::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        events.iter().try_for_each(|event| {
            let about =
                !matches!(event, Event::Isolated | Event::Reconnected | Event::LeaveComplete);
            checker.told(Instant::ORIGIN, 0, event, about.then_some(3))
        })
    }

    fn suspected() -> Event {
        Event::Suspected { member: member(Status::Suspect), by: crate::ground::name::numbered(1) }
    }

    #[test]
    fn a_whole_life_is_no_violation() {
        let (joined, failed) =
            (Event::Joined(member(Status::Alive)), Event::Failed(member(Status::Dead)));
        let reaped = Event::Reaped(crate::ground::name::numbered(3));
        let refuted = Event::Refuted(member(Status::Alive));
        let life = [
            joined.clone(),
            suspected(),
            refuted,
            suspected(),
            failed.clone(),
            joined.clone(),
            failed,
            reaped,
            joined,
        ];
        assert_eq!(tell(&life), Ok(()));
    }

    #[test]
    fn planted_disorder_is_caught() {
        let joined = Event::Joined(member(Status::Alive));
        let failed = Event::Failed(member(Status::Dead));
        for disorder in [
            vec![failed.clone()],
            vec![suspected()],
            vec![joined.clone(), joined.clone()],
            vec![joined.clone(), suspected(), suspected()],
            vec![joined.clone(), failed.clone(), failed],
            vec![joined.clone(), Event::Refuted(member(Status::Alive))],
            vec![joined.clone(), Event::Reaped(crate::ground::name::numbered(3))],
            vec![joined, Event::Failed(member(Status::Alive))],
            vec![Event::Reconnected],
            vec![Event::Isolated, Event::Isolated],
            vec![Event::LeaveComplete, Event::LeaveComplete],
        ] {
            assert!(tell(&disorder).is_err(), "{disorder:?}");
        }
    }

    #[test]
    fn a_planted_change_without_an_event_is_caught() {
        let mut checker = EventStream::default();
        checker.started(Instant::ORIGIN, 0, &Config::lan());
        let believe = |checker: &mut EventStream, status| {
            checker.believed(Instant::ORIGIN, 0, 3, Claim::new(Incarnation::new(1), status))
        };
        assert!(believe(&mut checker, Status::Alive).is_err());
        assert_eq!(believe(&mut checker, Status::Dead), Ok(()));
        checker.told(Instant::ORIGIN, 0, &Event::Joined(member(Status::Alive)), Some(3)).unwrap();
        assert_eq!(believe(&mut checker, Status::Alive), Ok(()));
        for status in [Status::Suspect, Status::Dead, Status::Left] {
            assert!(believe(&mut checker, status).is_err(), "{status}");
        }
    }
}
