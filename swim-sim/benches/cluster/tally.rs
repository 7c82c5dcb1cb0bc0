//! Which node believes which to be alive, counted while a simulation runs: [`Tally`].
//!
//! A peer reports each change of a belief as its user hears of it. One simulation runs on a thread,
//! so the tally is the thread's: a checker of the simulator has no other place to report to.

use std::cell::RefCell;
use std::time::Duration;

/// The shares of the pairs whose times are kept, in percent.
pub(crate) const SHARES: [u64; 4] = [50, 90, 99, 100];

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Every live node believes every other one to be alive.
    Alive,
    /// No live node believes any of those who crashed to be alive.
    Gone,
}

/// What is the matter with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Living,
    /// It crashed, and that is what is to be noticed.
    Crashed,
    /// It crashed in an earlier case.
    Buried,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    nodes: usize,
    /// A bit for each (observer, subject).
    believed: Vec<u64>,
    lives: Vec<Life>,
    /// The nodes that a cut leaves on each side; deaths across are not false.
    side: Vec<bool>,
    /// When, and what for.
    goal: Option<(Duration, Goal)>,
    met: u64,
    pairs: u64,
    reached: [Option<Duration>; SHARES.len()],
    false_deaths: u64,
    /// When each subject was first told to be dead since the goal was set.
    first_death: Vec<Option<Duration>>,
}

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::default();
}

/// Asks the tally, or tells it something.
pub(crate) fn with<T>(ask: impl FnOnce(&mut Tally) -> T) -> T {
    TALLY.with_borrow_mut(ask)
}

impl Tally {
    /// All nodes run, and nobody knows anybody.
    pub(crate) fn reset(&mut self, nodes: usize) {
        *self = Self {
            nodes,
            believed: vec![0; (nodes * nodes).div_ceil(64)],
            lives: vec![Life::Living; nodes],
            side: vec![false; nodes],
            first_death: vec![None; nodes],
            ..Self::default()
        };
    }

    /// From now on the dead are no news.
    pub(crate) fn bury(&mut self) {
        self.lives
            .iter_mut()
            .filter(|life| **life == Life::Crashed)
            .for_each(|life| *life = Life::Buried);
    }

    pub(crate) fn crashed(&mut self, node: usize) {
        self.lives[node] = Life::Crashed;
    }

    fn is_living(&self, node: usize) -> bool {
        self.lives[node] == Life::Living
    }

    /// The first so many nodes are on the one side, the others on the other.
    pub(crate) fn split(&mut self, first: usize) {
        self.side.iter_mut().enumerate().for_each(|(node, side)| *side = node >= first);
    }

    /// From now on the times are taken at which shares of the pairs meet a goal.
    pub(crate) fn aim(&mut self, now: Duration, goal: Goal) {
        self.goal = Some((now, goal));
        self.reached = [None; SHARES.len()];
        self.first_death.fill(None);
        let pairs = |tally: &Self| {
            let all = (0..tally.nodes)
                .flat_map(|observer| (0..tally.nodes).map(move |subject| (observer, subject)));
            all.filter(|&(observer, subject)| tally.counts(observer, subject)).fold(
                (0, 0),
                |(met, all), pair| {
                    (
                        met + u64::from(tally.believes(pair.0, pair.1) == (goal == Goal::Alive)),
                        all + 1,
                    )
                },
            )
        };
        (self.met, self.pairs) = pairs(self);
        self.mark(now);
    }

    /// An observer's user hears that a subject is alive.
    pub(crate) fn up(&mut self, now: Duration, observer: usize, subject: usize) {
        self.change(now, observer, subject, true);
    }

    /// An observer's user hears that a subject is dead.
    pub(crate) fn down(&mut self, now: Duration, observer: usize, subject: usize) {
        if self.is_living(observer) {
            if self.is_living(subject) && self.side[observer] == self.side[subject] {
                self.false_deaths += 1;
            }
            self.first_death[subject].get_or_insert(now);
        }
        self.change(now, observer, subject, false);
    }

    pub(crate) fn believes(&self, observer: usize, subject: usize) -> bool {
        let bit = observer * self.nodes + subject;
        self.believed[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Pairs that do not meet the goal.
    pub(crate) const fn missing(&self) -> u64 {
        self.pairs - self.met
    }

    pub(crate) const fn pairs(&self) -> u64 {
        self.pairs
    }

    /// How long after the goal was set each of [`SHARES`] met it, to stay so.
    pub(crate) const fn reached(&self) -> [Option<Duration>; SHARES.len()] {
        self.reached
    }

    /// Live nodes that another one which could reach them declared dead, since the last call.
    pub(crate) const fn take_false_deaths(&mut self) -> u64 {
        std::mem::replace(&mut self.false_deaths, 0)
    }

    /// How long after the goal was set each dead node was first told to be dead.
    pub(crate) fn first_deaths(&self) -> Vec<Duration> {
        let since = self.goal.map_or(Duration::ZERO, |(since, _)| since);
        let dead =
            self.first_death.iter().zip(&self.lives).filter(|(_, life)| **life == Life::Crashed);
        dead.filter_map(|(at, _)| Some((*at)?.saturating_sub(since))).collect()
    }

    fn change(&mut self, now: Duration, observer: usize, subject: usize, is_alive: bool) {
        if self.believes(observer, subject) == is_alive {
            return;
        }
        let bit = observer * self.nodes + subject;
        self.believed[bit / 64] ^= 1 << (bit % 64);
        let Some((_, goal)) = self.goal.filter(|_| self.counts(observer, subject)) else { return };
        if is_alive == (goal == Goal::Alive) {
            self.met += 1;
        } else {
            self.met -= 1;
        }
        self.mark(now);
    }

    /// Returns true if a pair is one of those that are to meet the goal.
    fn counts(&self, observer: usize, subject: usize) -> bool {
        let is_wanted = match self.goal {
            Some((_, Goal::Alive)) => self.is_living(subject),
            Some((_, Goal::Gone)) => self.lives[subject] == Life::Crashed,
            None => false,
        };
        observer != subject && is_wanted && self.is_living(observer)
    }

    fn mark(&mut self, now: Duration) {
        let since = self.goal.map_or(Duration::ZERO, |(since, _)| since);
        for (reached, share) in self.reached.iter_mut().zip(SHARES) {
            if self.met * 100 < self.pairs * share {
                *reached = None;
            } else {
                reached.get_or_insert(now - since);
            }
        }
    }
}
