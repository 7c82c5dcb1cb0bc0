//! A scenario: a table of what happens when, and what is expected by when.
//!
//! ```
//! use std::time::Duration;
//! use swim_core::Status;
//! use swim_sim::{Fault::*, Scenario, expect};
//!
//! let secs = Duration::from_secs;
//! Scenario::new("a crash is seen by all")
//!     .nodes(20)
//!     .expect_by(secs(10), expect::converged())
//!     .at(secs(10), Crash(3))
//!     .expect_by(secs(60), expect::everyone_sees(3, Status::Dead))
//!     .run(7);
//! ```

pub mod builtin;
mod deadlines;
pub mod expect;
mod failure;
mod gossip;
mod looked;

use core::fmt;
use core::time::Duration;

pub use self::deadlines::Deadlines;
use self::expect::Expectation;
pub use self::failure::Failure;
use self::gossip::Gossiped;
#[cfg(feature = "serde")]
pub(crate) use self::gossip::changed;
pub use self::looked::{Became, Looked};
use crate::cluster::{Builder, Cluster};
use crate::events::Deliveries;
use crate::figures::Figures;

use crate::plan::Seeds;
use crate::plan::{Plan, Step, Work};

/// When an expectation is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// It must hold at some moment up to then, from the expectation's place in the table on.
    By(Duration),
    /// It must hold at that very moment.
    At(Duration),
}

impl When {
    const fn time(self) -> Duration {
        match self {
            Self::By(time) | Self::At(time) => time,
        }
    }
}

/// A named table of steps and expectations for a cluster. See the module for an example.
///
/// Times count from the cluster's start, when every node starts and joins. Rows are written in
/// order of time. Expectations are looked at in that order, each from the moment at which the one
/// before it was met or, if steps were written between, from the last of those steps on.
#[derive(Debug)]
pub struct Scenario {
    name: String,
    cluster: Builder,
    seeds: Seeds,
    plan: Plan,
    expectations: Vec<(Duration, When, Expectation)>,
    /// The time of the last step that was written, or when it is over.
    last_step: Duration,
    /// What is done when all expectations are met, and how many of 1,000 deliveries must come of
    /// it.
    afterwards: (Vec<Work>, u16),
    gossiped: u16,
    heard: u16,
}

impl Scenario {
    /// An empty table for 10 nodes of [`Cluster::lan`] that join through node 0.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: String::from(name),
            cluster: Cluster::lan(10),
            seeds: Seeds::First,
            plan: Plan::new(),
            expectations: Vec::new(),
            last_step: Duration::ZERO,
            afterwards: (Vec::new(), 0),
            gossiped: 0,
            heard: 0,
        }
    }

    /// The scenario's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For so many nodes.
    #[must_use]
    pub const fn nodes(mut self, nodes: usize) -> Self {
        self.cluster.resize(nodes);
        self
    }

    /// For a cluster of your own.
    #[must_use]
    pub fn cluster(mut self, cluster: Builder) -> Self {
        self.cluster = cluster;
        self
    }

    /// Changes the cluster's options.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.cluster = change(self.cluster);
        self
    }

    /// The seeds through which the nodes join at the start.
    #[must_use]
    pub const fn seeds(mut self, seeds: Seeds) -> Self {
        self.seeds = seeds;
        self
    }

    /// A row: what happens at a time.
    #[must_use]
    pub fn at(mut self, time: Duration, step: impl Into<Step>) -> Self {
        let step = step.into();
        self.last_step = self.last_step.max(time + step.lasts());
        self.plan = self.plan.at(time, step);
        self
    }

    /// Rows: all steps of a plan.
    #[must_use]
    pub fn plan(mut self, plan: &Plan) -> Self {
        for (time, step) in plan.steps() {
            self = self.at(*time, step.clone());
        }
        self
    }

    /// A row: what must have become true by a time.
    #[must_use]
    pub fn expect_by(mut self, time: Duration, expectation: Expectation) -> Self {
        self.expectations.push((self.last_step, When::By(time), expectation));
        self
    }

    /// A row: what must be true at a time.
    #[must_use]
    pub fn expect_at(mut self, time: Duration, expectation: Expectation) -> Self {
        self.expectations.push((self.last_step, When::At(time), expectation));
        self
    }

    /// Rows for the end of the table: by the computed [`Deadlines`] after the last step so far,
    /// every process that ended is known to be gone, every one that runs is alive to all, and all
    /// agree. The last step is to leave the world whole.
    #[must_use]
    pub fn expect_liveness(mut self) -> Self {
        let deadlines = Deadlines::within(&self.cluster, &self.plan);
        let rows = [
            (deadlines.death(), expect::the_dead_are_known()),
            (deadlines.agreement(), expect::the_living_are_known()),
            (deadlines.agreement(), expect::converged()),
        ];
        for (within, expectation) in rows {
            let by = self.last_step + within;
            self = self.expect_by(by, expectation);
        }
        self
    }

    /// Below the table: what users do when all expectations are met. So many of 1,000 deliveries of
    /// what they broadcast must then come about while it spreads, and all must agree again. A
    /// share, since nothing repairs a broadcast that missed someone; see
    /// [`expect::broadcasts_delivered`].
    #[must_use]
    pub fn afterwards(mut self, works: &[Work], permille: u16) -> Self {
        self.afterwards = (works.to_vec(), permille);
        self
    }

    /// So many of 1,000 rows of tables that [`afterwards`](Self::afterwards) changes must be right
    /// when gossip has told of it. What gossip misses anti-entropy repairs, later.
    #[must_use]
    pub fn gossiped(mut self, permille: u16) -> Self {
        self.gossiped = permille;
        self
    }

    /// The table goes on until a time at least, even if nothing happens then.
    #[cfg(feature = "serde")]
    pub(crate) fn until(mut self, time: Duration) -> Self {
        self.last_step = self.last_step.max(time);
        self
    }

    /// So many of 1,000 deliveries of what [`afterwards`](Self::afterwards) has of user events and
    /// queries, and of the answers to those that are heard, must come about while they spread.
    #[must_use]
    pub const fn heard(mut self, permille: u16) -> Self {
        self.heard = permille;
        self
    }

    /// Runs the table.
    ///
    /// # Panics
    /// If an expectation is not met or a promise is broken: with the seed, all options and why.
    pub fn run(&self, seed: u64) -> Outcome {
        self.try_run(seed, |_| {}).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Runs the table, and calls `progress` after every virtual second and at the end.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn try_run(
        &self,
        seed: u64,
        progress: impl FnMut(&mut Cluster),
    ) -> Result<Outcome, Failure> {
        self.try_run_noting(seed, &mut Vec::new(), progress)
    }

    /// As [`try_run`](Self::try_run); what became of each expectation is in `looked` then, even if
    /// the run fails.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn try_run_noting(
        &self,
        seed: u64,
        looked: &mut Vec<Looked>,
        mut progress: impl FnMut(&mut Cluster),
    ) -> Result<Outcome, Failure> {
        *looked =
            self.expectations.iter().map(|(_, when, what)| Looked::new(*when, what)).collect();
        let options = self.cluster.clone().seed(seed);
        let mut cluster =
            options.try_build().map_err(|error| Failure::config(self, seed, &error))?;
        cluster.schedule(&self.plan);
        cluster.join_all(self.seeds);
        for ((from, when, expectation), looked) in self.expectations.iter().zip(looked.iter_mut()) {
            self.pass(&mut cluster, *from, &mut progress)?;
            if let When::At(time) = when {
                self.pass(&mut cluster, *time, &mut progress)?;
            }
            self.wait(&mut cluster, *when, (expectation, looked), &mut progress)?;
        }
        self.pass(&mut cluster, self.last_step, &mut progress)?;
        let finished = self.finish(&mut cluster, looked, &mut progress)?;
        progress(&mut cluster);
        let (figures, trace_hash) = (cluster.figures(), cluster.trace_hash());
        let Gossiped { late, deliveries, announcements } = finished.unwrap_or_default();
        let met = looked.iter().filter_map(Looked::met).collect();
        Ok(Outcome { met, deliveries, announcements, late, figures, trace_hash, cluster })
    }

    /// What is done when all expectations are met, and what is expected of it. Returns how well it
    /// was gossiped, if anything was done.
    fn finish(
        &self,
        cluster: &mut Cluster,
        looked: &mut Vec<Looked>,
        progress: &mut impl FnMut(&mut Cluster),
    ) -> Result<Option<Gossiped>, Failure> {
        let (works, permille) = &self.afterwards;
        if works.is_empty() {
            return Ok(None);
        }
        let since = cluster.elapsed();
        works.iter().for_each(|work| cluster.apply(work.clone()));
        let deadlines = Deadlines::within(&self.cluster, &self.plan);
        // All that will be heard is heard by then, so that the account of deliveries is complete.
        let heard = since + 3 * deadlines.spread;
        self.pass(cluster, heard, progress)?;
        let gossiped = Gossiped {
            late: gossip::late(cluster, works),
            deliveries: cluster.deliveries(since),
            announcements: cluster.announcements(since),
        };
        let by = When::By(heard + deadlines.repair);
        for (when, expectation) in [
            (When::At(heard), expect::broadcasts_delivered(since, *permille)),
            (When::At(heard), expect::announcements_heard(since, self.heard)),
            (When::At(heard), expect::gossiped(works, self.gossiped)),
            (by, expect::converged()),
        ] {
            looked.push(Looked::new(when, &expectation));
            let last = looked.len() - 1;
            self.wait(cluster, when, (&expectation, &mut looked[last]), progress)?;
        }
        Ok(Some(gossiped))
    }

    /// Lets time pass up to a moment, a virtual second at a time.
    fn pass(
        &self,
        cluster: &mut Cluster,
        until: Duration,
        progress: &mut impl FnMut(&mut Cluster),
    ) -> Result<(), Failure> {
        while cluster.elapsed() < until {
            let slice = (until - cluster.elapsed()).min(Duration::from_secs(1));
            let ran = cluster.try_run_for(slice);
            progress(cluster);
            ran.map_err(|violation| Failure::safety(self, cluster, &violation))?;
        }
        Ok(())
    }

    /// Waits for an expectation, a virtual second at a time.
    fn wait(
        &self,
        cluster: &mut Cluster,
        when: When,
        (expectation, looked): (&Expectation, &mut Looked),
        progress: &mut impl FnMut(&mut Cluster),
    ) -> Result<(), Failure> {
        loop {
            let left = when.time().saturating_sub(cluster.elapsed());
            let slice = left.min(Duration::from_secs(1));
            let ran = cluster.wait_until(|cluster| expectation.check(cluster), slice);
            progress(cluster);
            match ran.map_err(|violation| Failure::safety(self, cluster, &violation))? {
                Ok(_) => {
                    looked.became = Became::Met(cluster.elapsed());
                    return Ok(());
                }
                Err(_) if left > slice => {}
                Err(_) => {
                    looked.became = Became::Missed;
                    return Err(Failure::liveness(self, cluster, when.time(), expectation));
                }
            }
        }
    }
}

impl fmt::Display for Scenario {
    /// The table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "scenario: {}", self.name)?;
        writeln!(f, "seeds: {:?}", self.seeds)?;
        write!(f, "{}", self.plan)?;
        for (_, when, expectation) in &self.expectations {
            let (word, time) = match when {
                When::By(time) => ("by", time),
                When::At(time) => ("at", time),
            };
            writeln!(f, "{:>12}  expected: {expectation}", format!("{word} {time:?}"))?;
        }
        for work in &self.afterwards.0 {
            writeln!(f, "{:>12}  {work}", "then")?;
        }
        Ok(())
    }
}

/// A run in which all was as expected.
#[derive(Debug)]
pub struct Outcome {
    /// The expectations, and when each was met.
    pub met: Vec<(String, Duration)>,
    /// Which broadcasts among what was asked for afterwards were heard when gossip should have told
    /// everyone.
    pub deliveries: Deliveries,
    /// The same of user events and queries, and of answers.
    pub announcements: Deliveries,
    /// How many rows of tables were wrong when gossip alone should have told everyone of what was
    /// done afterwards: after three times [`Deadlines::spread`], before anti-entropy is sure to
    /// have repaired it.
    pub late: usize,
    /// What it cost and how well it went.
    pub figures: Figures,
    /// The hash of everything that happened.
    pub trace_hash: u64,
    /// The cluster as it stands at the end.
    pub cluster: Cluster,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Fault;

    #[test]
    fn a_scenario_prints_as_its_table() {
        let scenario = Scenario::new("a crash is seen by all")
            .at(Duration::from_secs(10), Fault::Crash(3))
            .expect_by(Duration::from_secs(30), expect::converged());
        let lines: Vec<_> =
            scenario.to_string().lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "scenario: a crash is seen by all",
                "seeds: First",
                "10s  node-3 crashes",
                "by 30s  expected: all nodes that run agree with the truth",
            ]
        );
    }
}
