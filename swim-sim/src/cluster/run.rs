//! Lets virtual time pass: until it is over, until something holds, or until a user is told
//! something.

use core::fmt;
use core::time::Duration;

use swim_core::Instant;

use super::{Cluster, Occurrence};
use crate::agenda::Due;
use crate::checkers::Violation;
use crate::events::Observed;

/// The outcome of a condition: met, or a reason why not.
pub trait Met {
    /// Nothing, or why the condition is not met.
    ///
    /// # Errors
    /// Why not.
    fn met(self) -> Result<(), String>;
}

impl Met for bool {
    fn met(self) -> Result<(), String> {
        if self { Ok(()) } else { Err(String::from("the condition is not met")) }
    }
}

impl<E: fmt::Display> Met for Result<(), E> {
    fn met(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

/// A condition that was not met in time: why, how the cluster stands, and how to see it again.
#[derive(Clone, PartialEq, Eq)]
pub struct Late {
    text: String,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Late {
    /// The same as for people, so that an `unwrap` in a test prints what is needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::error::Error for Late {}

impl Cluster {
    /// Lets time pass.
    ///
    /// # Panics
    /// If a checker finds a violation; [`Cluster::try_run_for`] returns it instead.
    pub fn run_for(&mut self, duration: Duration) {
        self.try_run_for(duration).unwrap_or_else(|violation| self.panic_with(&violation));
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// The first [`Violation`] that a checker finds; time stands still at it.
    pub fn try_run_for(&mut self, duration: Duration) -> Result<(), Violation> {
        self.run_to(self.now + duration)
    }

    /// Lets time pass until a condition holds, and says how long that took. The condition is looked
    /// at every 10 ms of virtual time for each 100 nodes begun.
    ///
    /// # Errors
    /// [`Late`] if it does not hold within a time.
    ///
    /// # Panics
    /// If a checker finds a violation.
    pub fn run_until<M: Met>(
        &mut self,
        condition: impl Fn(&Self) -> M,
        within: Duration,
    ) -> Result<Duration, Late> {
        let outcome = self.try_run_until(condition, within);
        outcome.unwrap_or_else(|violation| self.panic_with(&violation))
    }

    /// As [`Cluster::run_until`], with a violation as an error of its own.
    ///
    /// # Errors
    /// A [`Violation`], or else whether the condition was met in time.
    pub fn try_run_until<M: Met>(
        &mut self,
        condition: impl Fn(&Self) -> M,
        within: Duration,
    ) -> Result<Result<Duration, Late>, Violation> {
        let outcome = self.wait_until(condition, within)?;
        let late =
            |why| Late { text: format!("not met within {within:?}: {why}\n{}", self.standing()) };
        Ok(outcome.map_err(late))
    }

    /// As [`Cluster::try_run_until`], with no more than the reason if the condition is not met.
    pub(crate) fn wait_until<M: Met>(
        &mut self,
        condition: impl Fn(&Self) -> M,
        within: Duration,
    ) -> Result<Result<Duration, String>, Violation> {
        let (begin, deadline) = (self.now, self.now + within);
        let pause = Duration::from_millis(10) * (1 + self.nodes.len() as u32 / 100);
        loop {
            match condition(self).met() {
                Ok(()) => return Ok(Ok(self.now.since(begin))),
                Err(why) if self.now >= deadline => return Ok(Err(why)),
                Err(_) => self.run_to((self.now + pause).min(deadline))?,
            }
        }
    }

    /// Lets time pass until a node tells its user something, and returns that: the way in which a
    /// program of your own lives in the cluster. Events come in order and each once; `None` when
    /// the time is over. Events that were told during [`Cluster::run_for`] and the like are
    /// returned first. If more were told than the log keeps
    /// ([`Builder::event_log`](super::Builder::event_log)), an
    /// [`Event::Lagged`](swim_core::Event::Lagged) of each node that lost some says how many, and
    /// then the rest is returned.
    ///
    /// # Panics
    /// If a checker finds a violation.
    pub fn next_event(&mut self, within: Duration) -> Option<Observed> {
        let deadline = self.now + within;
        self.observers.begin_metering();
        loop {
            if let Some(observed) = self.observers.read_event() {
                return Some(observed);
            }
            match self.agenda.next_at() {
                Some(at) if at <= deadline => {
                    self.step().unwrap_or_else(|violation| self.panic_with(&violation));
                }
                _ => {
                    self.sample_through(deadline);
                    self.now = deadline;
                    return None;
                }
            }
        }
    }

    fn run_to(&mut self, deadline: Instant) -> Result<(), Violation> {
        self.observers.begin_metering();
        while self.agenda.next_at().is_some_and(|at| at <= deadline) {
            self.step()?;
        }
        self.sample_through(deadline);
        self.now = deadline;
        self.observers.violation()
    }

    /// The next thing happens.
    fn step(&mut self) -> Result<(), Violation> {
        if let Some((at, due)) = self.agenda.take() {
            self.sample_before(at);
            self.now = at;
            match due {
                Due::Timeout(node) => self.timeout(node),
                Due::Occurrence(Occurrence::Packet { from, to, bytes }) => {
                    self.arrive(from, to, bytes);
                }
                Due::Occurrence(Occurrence::Unreachable { sender, address }) => {
                    self.unreachable(sender, address);
                }
                Due::Occurrence(Occurrence::Connection(serial)) => self.advance(serial),
                Due::Occurrence(Occurrence::Done(node)) => self.done(node),
                Due::Occurrence(Occurrence::Step(step)) => self.carry_out(&step),
                Due::Occurrence(Occurrence::Attack(attack)) => self.attack(&attack.0, attack.1),
            }
            self.observers.charge(self.now, None);
        }
        self.observers.violation()
    }

    fn panic_with<T>(&self, violation: &Violation) -> T {
        panic!("{violation}\n{}", self.standing())
    }
}
