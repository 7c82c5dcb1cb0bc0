//! A [`Case`] as the [`Scenario`] that runs: its steps and expectations in one order, and what
//! mends the world after them.
//!
//! Where a case comes from is not known here, nor what becomes of its run.

use super::{Case, CaseError, mending};
use crate::cluster::Builder;
use crate::plan::{Fault, Plan, Step, Work, renumbering};
use crate::scenario::Scenario;

/// So many seeds are looked up anew after nodes have moved.
const LOOKED_UP: usize = 3;

impl Case {
    /// The table that it describes.
    ///
    /// # Errors
    /// What in it cannot be.
    pub fn scenario(&self) -> Result<Scenario, CaseError> {
        self.scenario_with(|cluster| cluster)
    }

    /// The table that it describes, for a cluster that is changed: with a checker of one's own,
    /// say.
    ///
    /// # Errors
    /// What in it cannot be.
    pub fn scenario_with(
        &self,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Result<Scenario, CaseError> {
        self.check_nodes()?;
        let cluster = change(self.cluster()?);
        let plan = self.mended_plan(&cluster);
        let mut scenario = Scenario::new(&self.name).cluster(cluster).seeds(self.join);
        let mut expected: Vec<_> = self.expect.iter().collect();
        expected.sort_by_key(|expected| expected.place());
        let mut steps = plan.steps().iter().peekable();
        for row in expected {
            let (place, includes) = row.place();
            while let Some((at, step)) =
                steps.next_if(|(at, _)| *at < place || (includes && *at == place))
            {
                scenario = scenario.at(*at, step.clone());
            }
            if let Some(mend) =
                self.mend.filter(|mend| *mend < place || (includes && *mend == place))
            {
                scenario = scenario.until(mend);
            }
            scenario = match (row.by, row.at) {
                (Some(time), None) if row.that.is_throughout() => {
                    scenario.expect_at(time, row.that.expectation())
                }
                (Some(time), None) => scenario.expect_by(time, row.that.expectation()),
                (None, Some(time)) => scenario.expect_at(time, row.that.expectation()),
                _ => {
                    return Err(CaseError(format!(
                        "expecting {:?} needs one of `by` and `at`",
                        row.that
                    )));
                }
            };
        }
        let mut scenario =
            steps.fold(scenario, |scenario, (at, step)| scenario.at(*at, step.clone()));
        // Even if nothing needs mending, the table lasts until then.
        scenario = self.mend.into_iter().fold(scenario, Scenario::until);
        if self.liveness {
            scenario = scenario.expect_liveness();
        }
        let scenario = scenario.afterwards(&self.afterwards, self.delivered_permille);
        Ok(scenario.gossiped(self.gossiped_permille).heard(self.heard_permille))
    }

    /// The plan, and what mends the world after it.
    fn mended_plan(&self, cluster: &Builder) -> Plan {
        let Some(at) = self.mend else { return self.plan.clone() };
        let mut plan = mending::mended(&self.plan, cluster, at);
        let is_in_plan =
            |wanted: fn(&Step) -> bool| self.plan.steps().iter().any(|(_, step)| wanted(step));
        if is_in_plan(|step| matches!(step, Step::Fault(Fault::RestartAtNewAddress(_)))) {
            // Not only those that moved: who stayed may know nothing but old addresses, and nobody
            // who moved knows his.
            let seeds: Vec<_> = (0..self.nodes.min(LOOKED_UP)).collect();
            for node in 0..self.nodes {
                plan = plan.at(at, Work::Join { node, seeds: seeds.clone() });
            }
        }
        if is_in_plan(|step| matches!(step, Step::Work(Work::Leave(_)))) {
            // A node that was leaving is gone by then.
            let gone = at + cluster.config.leave_timeout + cluster.config.probe_interval;
            for node in 0..self.nodes {
                plan = plan.at(gone, Fault::Restart(node));
            }
        }
        plan
    }

    fn check_nodes(&self) -> Result<(), CaseError> {
        let steps = self.plan.steps().iter().filter_map(|(_, step)| renumbering::highest(step));
        let works = self
            .afterwards
            .iter()
            .filter_map(|work| renumbering::highest(&Step::Work(work.clone())));
        let paths = self.link_between.iter().map(|row| row.from.max(row.to));
        let highest = steps
            .chain(works)
            .chain(paths)
            .chain(self.expect.iter().filter_map(|row| row.that.node()))
            .max();
        match highest {
            Some(node) if node >= self.nodes => Err(CaseError(format!(
                "there is no node {node}: {} nodes are numbered from 0",
                self.nodes
            ))),
            _ => Ok(()),
        }
    }
}
