//! Steps of a run, as data: [`Fault`]s break and mend a cluster, [`Work`] is done by its users, and
//! a [`Plan`] gives each a time.
//!
//! A plan is explicit, so it can be printed, stored and shrunk: a step that makes no sense when its
//! time comes (a crash of what is down, a resumption of what was not paused) does nothing, and any
//! part of a plan is a plan. The cluster carries steps out; this room knows only what they say.

pub(crate) mod bounds;
pub(crate) mod chaos;
mod fault;
#[cfg(feature = "serde")]
mod operation;
#[cfg(feature = "serde")]
pub(crate) mod renumbering;
mod rolling;
#[cfg(feature = "serde")]
mod row;
mod seeds;
mod setting;
mod step;
mod swizzle;
mod work;

use core::fmt;
use core::time::Duration;

pub use self::fault::Fault;
#[cfg(feature = "serde")]
use self::row::Row;
pub use self::seeds::Seeds;
pub use self::setting::Setting;
pub use self::step::Step;
pub use self::work::Work;

/// Steps, each with its time since the cluster's start; at equal times in the order in which it was
/// added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<Row>", into = "Vec<Row>"))]
pub struct Plan {
    steps: Vec<(Duration, Step)>,
}

impl Plan {
    /// A plan in which nothing happens.
    #[must_use]
    pub const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// The same plan, and `step` at a time since the cluster's start.
    #[must_use]
    pub fn at(mut self, time: Duration, step: impl Into<Step>) -> Self {
        let place = self.steps.partition_point(|(at, _)| *at <= time);
        self.steps.insert(place, (time, step.into()));
        self
    }

    /// The plan with these steps, in any order: as [`at`](Self::at) for each of them, in less time.
    #[cfg(feature = "serde")]
    pub(crate) fn of(mut steps: Vec<(Duration, Step)>) -> Self {
        steps.sort_by_key(|(at, _)| *at);
        Self { steps }
    }

    /// The steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[(Duration, Step)] {
        &self.steps
    }
}

impl fmt::Display for Plan {
    /// A line for each step: the time, and what happens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (time, step) in &self.steps {
            writeln!(f, "{:>12}  {step}", format!("{time:?}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_in_order_of_time_and_then_of_writing() {
        let second = Duration::from_secs(1);
        let plan = Plan::new()
            .at(second * 2, Fault::Heal)
            .at(second, Fault::Crash(1))
            .at(second * 2, Work::Leave(4))
            .at(second, Fault::Restart(1));
        let text: Vec<_> = plan.to_string().lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(
            text,
            [
                "1s  node-1 crashes",
                "1s  node-1 restarts",
                "2s  the network heals",
                "2s  node-4 leaves"
            ]
        );
    }
}
