//! The times by which everybody must know: [`Deadlines`], computed from the configurations and the
//! size of the cluster.
//!
//! ```text
//! probe       = min(2n - 1, 20) * T * (S + 1)      round robin reaches a member after 2n - 1 periods at the latest
//!                                                  (SWIM 4.3); all n nodes miss it for k periods with e^-k (SWIM 3.1)
//! suspicion   = 2 * β * α * (1 + log10 n) * T      the longest, put off once (Lifeguard IV-B)
//! spread      = 2 * λ * (1 + log10 n) * G          every transmission of an update, twice over (SWIM 4.1)
//! repair      = 3 * sync interval + suspicion      a node that missed it hears of it, and suspects by itself
//! reconnect   = 3 * reconnect interval             a part of the cluster that is given up is found again
//! ```
//!
//! T is the protocol period with its jitter, S the bound of the health score, G the gossip
//! interval. These are bounds, not estimates: they hold for nodes that are neither slow nor cut
//! off, at up to 20 % loss, from the last fault on. What really happened is among the figures.

use core::time::Duration;

use swim_core::{Config, Wire};

use crate::cluster::Builder;
use crate::plan::{Fault, Plan, Step};

/// Nobody probes a given member for so many periods with probability e^-20.
const PERIODS: u32 = 20;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    /// Until somebody's probe has failed.
    pub probe: Duration,
    /// Until that suspicion is over.
    pub suspicion: Duration,
    /// Until the verdict is spread.
    pub spread: Duration,
    /// Until those who missed it have made up for it.
    pub repair: Duration,
    /// Until those who gave each other up have found each other.
    pub reconnect: Duration,
}

impl Deadlines {
    /// For so many nodes with one configuration.
    #[must_use]
    pub fn of(config: &Config, nodes: usize) -> Self {
        let n = u32::try_from(nodes.max(1)).unwrap_or(u32::MAX);
        let digits = 1 + n.checked_ilog10().unwrap_or(0);
        let period =
            config.probe_interval * (1_000 + u32::from(config.probe_jitter_permille)) / 1_000;
        let times =
            u32::from(config.suspicion_mult) * u32::from(config.suspicion_max_mult) * digits;
        let suspicion = 2 * times * period;
        Self {
            probe: (2 * n.min(PERIODS) - 1).min(PERIODS)
                * period
                * (u32::from(config.awareness_max) + 1),
            suspicion,
            spread: 2 * u32::from(config.retransmit_mult) * digits * config.gossip_interval,
            repair: 3 * sync_pause(config, n) + suspicion,
            reconnect: 3 * config.reconnect_interval,
        }
    }

    /// For a cluster in which a plan is carried out: the longest of every part, over all
    /// configurations that occur.
    #[must_use]
    pub fn within(cluster: &Builder, plan: &Plan) -> Self {
        let mut configs = vec![cluster.config.clone()];
        configs.extend(cluster.own_configs.values().cloned());
        // Members that an insider invents are probed as others are, until they are found dead.
        let mut nodes = cluster.nodes;
        for (_, step) in plan.steps() {
            match step {
                Step::Fault(Fault::Reconfigure { setting, .. }) => {
                    configs.iter_mut().for_each(|config| setting.widen(config));
                }
                Step::Fault(Fault::Attack(attack)) => nodes += attack.ghosts(),
                _ => {}
            }
        }
        configs.iter().map(|config| Self::of(config, nodes)).fold(Self::default(), Self::longest)
    }

    fn longest(self, other: Self) -> Self {
        Self {
            probe: self.probe.max(other.probe),
            suspicion: self.suspicion.max(other.suspicion),
            spread: self.spread.max(other.spread),
            repair: self.repair.max(other.repair),
            reconnect: self.reconnect.max(other.reconnect),
        }
    }

    /// Until a process that ended is known by all to be gone.
    #[must_use]
    pub fn death(&self) -> Duration {
        self.probe + self.suspicion + self.spread + self.repair
    }

    /// Until all agree with the truth, whatever broke before.
    #[must_use]
    pub fn agreement(&self) -> Duration {
        self.death() + self.reconnect
    }
}

/// The longest pause between two rounds of anti-entropy. On memberlist's wire it grows with the
/// cluster.
fn sync_pause(config: &Config, n: u32) -> Duration {
    match config.wire {
        Wire::Memberlist(_) if n > 32 => {
            config.sync_interval * (n.next_power_of_two().ilog2() - 4) * 5 / 4
        }
        _ => config.sync_interval,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cluster, Setting};

    #[test]
    fn the_deadlines_are_the_formulas() {
        let deadlines = Deadlines::of(&Config::lan(), 50);
        let seconds = [
            deadlines.probe,
            deadlines.suspicion,
            deadlines.spread,
            deadlines.repair,
            deadlines.reconnect,
        ]
        .map(|part| part.as_millis());
        assert_eq!(seconds, [198_000, 105_600, 3_200, 195_600, 90_000]);
        assert_eq!(
            Deadlines::of(&Config::lan(), 1).probe,
            Deadlines::of(&Config::lan(), 2).probe / 3
        );
    }

    #[test]
    fn the_slowest_configuration_of_all_counts() {
        let slow = |config: &mut Config| config.reconnect_interval = Duration::from_secs(300);
        let cluster = Cluster::lan(50).configure_node(3, slow);
        let setting = Setting::GossipInterval(Duration::from_secs(2));
        let plan = Plan::new().at(Duration::ZERO, Fault::Reconfigure { node: 1, setting });
        let deadlines = Deadlines::within(&cluster, &plan);
        assert_eq!(
            (deadlines.reconnect, deadlines.spread),
            (Duration::from_secs(900), Duration::from_secs(32))
        );
        assert_eq!(deadlines.probe, Deadlines::of(&Config::lan(), 50).probe);
    }
}
