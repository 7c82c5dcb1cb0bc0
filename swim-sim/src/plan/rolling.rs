//! Plans of operators: all restart at once, or one after the other, perhaps with another setting.
//!
//! They only make [`Plan`]s, of the same steps as any other.

use core::time::Duration;

use super::{Fault, Plan, Setting, Work};

impl Plan {
    /// The same plan, and some nodes crash at a time and start again together, a while later.
    #[must_use]
    pub fn mass_restart(
        mut self,
        nodes: impl IntoIterator<Item = usize>,
        at: Duration,
        down_for: Duration,
    ) -> Self {
        for node in nodes {
            self = self.at(at, Fault::Crash(node)).at(at + down_for, Fault::Restart(node));
        }
        self
    }

    /// The same plan, and some nodes restart one after the other, each so long after the one before
    /// it: it leaves, and starts again a while later. Where its departure takes longer than that,
    /// its process is killed.
    #[must_use]
    pub fn rolling_restart(
        mut self,
        nodes: impl IntoIterator<Item = usize>,
        from: Duration,
        every: Duration,
        down_for: Duration,
    ) -> Self {
        let mut at = from;
        for node in nodes {
            let back = at + down_for;
            self = self
                .at(at, Work::Leave(node))
                .at(back, Fault::Crash(node))
                .at(back, Fault::Restart(node));
            at += every;
        }
        self
    }

    /// As [`Plan::rolling_restart`], and each node has another setting from then on.
    #[must_use]
    pub fn rolling_upgrade(
        mut self,
        setting: &Setting,
        nodes: impl IntoIterator<Item = usize>,
        from: Duration,
        every: Duration,
        down_for: Duration,
    ) -> Self {
        let nodes: Vec<_> = nodes.into_iter().collect();
        let mut at = from;
        for &node in &nodes {
            self = self.at(at, Fault::Reconfigure { node, setting: setting.clone() });
            at += every;
        }
        self.rolling_restart(nodes, from, every, down_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lines(plan: &Plan) -> Vec<String> {
        plan.to_string().lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn an_upgrade_goes_from_node_to_node() {
        let plan = Plan::new().rolling_upgrade(
            &Setting::GossipFanout(4),
            [2, 0],
            secs(10),
            secs(5),
            secs(1),
        );
        let expected = [
            "10s  node-2 has gossip_fanout = 4 when it starts again",
            "10s  node-2 leaves",
            "11s  node-2 crashes",
            "11s  node-2 restarts",
            "15s  node-0 has gossip_fanout = 4 when it starts again",
            "15s  node-0 leaves",
            "16s  node-0 crashes",
            "16s  node-0 restarts",
        ];
        assert_eq!(lines(&plan), expected);
    }

    #[test]
    fn a_mass_restart_is_down_and_up_together() {
        let plan = Plan::new().mass_restart(0..2, secs(10), secs(5));
        assert_eq!(
            lines(&plan),
            [
                "10s  node-0 crashes",
                "10s  node-1 crashes",
                "15s  node-0 restarts",
                "15s  node-1 restarts"
            ]
        );
    }
}
