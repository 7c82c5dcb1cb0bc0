//! Expectations as data: a time, and what must hold by it.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ground::time;
use crate::scenario::expect::{self, Expectation};

/// What a file expects, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// It must hold at some moment up to then; what may never have been told
    /// ([`That::NoFalseDeaths`], [`That::NoFalseSuspicions`]) throughout until then.
    #[serde(default, with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub by: Option<Duration>,
    /// Or: it must hold at that very moment.
    #[serde(default, with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub at: Option<Duration>,
    /// It is looked at only after the steps up to then. Without it: after all steps before `by` or
    /// `at`.
    #[serde(default, with = "time::optional", skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
    /// What.
    pub that: That,
}

/// A condition of a cluster, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum That {
    /// See [`expect::converged`].
    Converged,
    /// See [`expect::the_dead_are_known`].
    TheDeadAreKnown,
    /// See [`expect::the_living_are_known`].
    TheLivingAreKnown,
    /// See [`expect::equal_tables`].
    EqualTables,
    /// See [`expect::no_false_deaths`].
    NoFalseDeaths,
    /// See [`expect::no_false_suspicions`].
    NoFalseSuspicions,
    /// Everyone sees this node alive.
    EveryoneSeesAlive(usize),
    /// Everyone sees this node dead.
    EveryoneSeesDead(usize),
    /// Everyone sees that this node left.
    EveryoneSeesLeft(usize),
    /// See [`expect::everyone_heard`].
    EveryoneHeard {
        /// Who broadcast.
        node: usize,
        /// What.
        payload: Vec<u8>,
    },
}

impl That {
    /// The node that it is about.
    #[must_use]
    pub const fn node(&self) -> Option<usize> {
        match self {
            Self::EveryoneSeesAlive(node)
            | Self::EveryoneSeesDead(node)
            | Self::EveryoneSeesLeft(node) => Some(*node),
            Self::EveryoneHeard { node, .. } => Some(*node),
            Self::TheDeadAreKnown | Self::TheLivingAreKnown => None,
            Self::Converged | Self::EqualTables | Self::NoFalseDeaths | Self::NoFalseSuspicions => {
                None
            }
        }
    }

    /// Returns true if it holds until it is broken once, so that it says something only at the end.
    pub(super) const fn is_throughout(&self) -> bool {
        matches!(self, Self::NoFalseDeaths | Self::NoFalseSuspicions)
    }

    /// The same of a node with another number; nothing if it has none.
    fn renumbered(&self, number: &impl Fn(usize) -> Option<usize>) -> Option<Self> {
        Some(match self {
            Self::EveryoneSeesAlive(node) => Self::EveryoneSeesAlive(number(*node)?),
            Self::EveryoneSeesDead(node) => Self::EveryoneSeesDead(number(*node)?),
            Self::EveryoneSeesLeft(node) => Self::EveryoneSeesLeft(number(*node)?),
            Self::EveryoneHeard { node, payload } => {
                Self::EveryoneHeard { node: number(*node)?, payload: payload.clone() }
            }
            of_all => of_all.clone(),
        })
    }

    pub(super) fn expectation(&self) -> Expectation {
        use swim_core::Status;
        match self {
            Self::Converged => expect::converged(),
            Self::TheDeadAreKnown => expect::the_dead_are_known(),
            Self::TheLivingAreKnown => expect::the_living_are_known(),
            Self::EqualTables => expect::equal_tables(),
            Self::NoFalseDeaths => expect::no_false_deaths(),
            Self::NoFalseSuspicions => expect::no_false_suspicions(),
            Self::EveryoneSeesAlive(node) => expect::everyone_sees(*node, Status::Alive),
            Self::EveryoneSeesDead(node) => expect::everyone_sees(*node, Status::Dead),
            Self::EveryoneSeesLeft(node) => expect::everyone_sees(*node, Status::Left),
            Self::EveryoneHeard { node, payload } => expect::everyone_heard(*node, payload),
        }
    }
}

impl Expected {
    /// That something holds at some moment up to a time.
    #[must_use]
    pub const fn by(time: Duration, that: That) -> Self {
        Self { by: Some(time), at: None, after: None, that }
    }

    /// The same, looked at only after the steps up to a time.
    #[must_use]
    pub const fn after(mut self, time: Duration) -> Self {
        self.after = Some(time);
        self
    }

    /// The same when nodes have other numbers; nothing if that of its node is gone.
    pub(super) fn renumbered(&self, number: &impl Fn(usize) -> Option<usize>) -> Option<Self> {
        Some(Self { that: self.that.renumbered(number)?, ..self.clone() })
    }

    /// By when.
    pub(crate) fn time(&self) -> Duration {
        self.by.or(self.at).unwrap_or_default()
    }

    /// Where it stands among the steps: after those of that time, or before them.
    pub(super) fn place(&self) -> (Duration, bool) {
        self.after.map_or((self.time(), false), |after| (after, true))
    }
}
