//! One thing that is done to a cluster: [`Step`], by the world or by a user.

use core::fmt;
use core::time::Duration;

use super::fault::Fault;
use super::work::Work;

/// One thing that is done to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// By the world.
    Fault(Fault),
    /// By a user.
    Work(Work),
}

impl Step {
    /// How long it goes on by itself.
    pub(crate) fn lasts(&self) -> Duration {
        match self {
            Self::Fault(Fault::Namesake { lasts, .. }) => *lasts,
            Self::Fault(Fault::Attack(attack)) => attack.lasts(),
            _ => Duration::ZERO,
        }
    }
}

impl From<Fault> for Step {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Work> for Step {
    fn from(work: Work) -> Self {
        Self::Work(work)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Work(work) => work.fmt(f),
        }
    }
}
