//! How long it takes until a crash is known, as the settings and the number of members have it:
//! docs/PROTOCOL.md, "How long a detection takes".
//!
//! ```text
//! first probe = (n - 1) / n * T on average         T = probe_interval
//!               (n - 1) * (1 - 0.01^(1 / (n - 1))) * T in 99 of 100
//! suspected   = first probe + T
//! failed      = suspected + min                     min = suspicion_mult * max(1, log10(n)) * T
//! ```
//!
//! Each of the n - 1 others probes the crashed member at a random place of its round; the first to
//! do so suspects it at the end of its period. Others are told, probe it at once, and confirm: then
//! the suspicion lasts `min`. Without loss, and of members that are well; gossip adds a few times
//! `gossip_interval`.

use serde::{Deserialize, Serialize};
use swim_tokio::Config;
use utoipa::ToSchema;

use crate::settings::Period;

/// How long a crash of one of the active members takes to be known, as the settings have it:
/// without loss, and with members that are well.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub(crate) struct Detection {
    /// Of how many members, the one that crashes included.
    pub(crate) members: usize,
    /// Seconds until it is suspected, on average.
    pub(crate) suspected: f64,
    /// Seconds until it is suspected, in 99 of 100 cases.
    pub(crate) suspected_99: f64,
    /// Seconds until it is taken for dead, on average.
    pub(crate) failed: f64,
    /// Seconds until it is taken for dead, in 99 of 100 cases.
    pub(crate) failed_99: f64,
    /// Seconds for which a suspicion lasts that no other member confirms.
    pub(crate) unconfirmed: f64,
}

impl Detection {
    /// With these settings in a cluster of that many members; of one member alone as of two.
    pub(crate) fn of(config: &Config, members: usize) -> Self {
        let n = members.max(2) as f64;
        let period = config.probe_interval.as_secs_f64();
        let shortest = f64::from(config.suspicion_mult) * n.log10().max(1.0) * period;
        let suspected = ((n - 1.0) / n + 1.0) * period;
        let suspected_99 = ((n - 1.0) * (1.0 - 0.01_f64.powf(1.0 / (n - 1.0))) + 1.0) * period;
        // Too few members to confirm, or none wanted: it lasts no longer. (suspicion.rs)
        let wanted = f64::from(config.suspicion_mult.saturating_sub(2));
        let is_fixed = wanted == 0.0 || n < wanted + 2.0;
        let longest =
            if is_fixed { shortest } else { shortest * f64::from(config.suspicion_max_mult) };
        Self {
            members: members.max(2),
            suspected,
            suspected_99,
            failed: suspected + shortest,
            failed_99: suspected_99 + shortest,
            unconfirmed: longest,
        }
    }

    /// A sentence for people.
    pub(crate) fn sentence(&self) -> String {
        let [suspected, suspected_99, failed, failed_99] =
            [self.suspected, self.suspected_99, self.failed, self.failed_99].map(seconds);
        format!(
            "a crash of one of {} is suspected after about {suspected} (99 %: {suspected_99}), and known as a failure after \
             about {failed} (99 %: {failed_99})",
            self.members
        )
    }
}

/// Seconds with as many digits as are of use.
fn seconds(seconds: f64) -> String {
    if seconds < 9.95 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

/// What the settings come to, as comments of a configuration file.
pub(crate) fn comments(config: &Config) -> String {
    let mut text =
        "\n# What the timing comes to, without loss and with members that are well:\n".to_owned();
    for members in [3, 10, 100, 1_000] {
        text += &format!("# {}.\n", Detection::of(config, members).sentence());
    }
    let [dead, left] = [config.reap_dead_after, config.reap_left_after].map(Period);
    text + &format!("# A failed member is forgotten after {dead}, one that left after {left}.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_for_operators_has_these_figures() {
        let page = include_str!("../../../../../docs/OPERATIONS.md");
        for (members, shown, profile, config) in [
            (3, "3", "lan", Config::lan()),
            (10, "10", "lan", Config::lan()),
            (100, "100", "lan", Config::lan()),
            (1_000, "1,000", "lan", Config::lan()),
            (10, "10", "wan", Config::wan()),
            (10, "10", "local", Config::local()),
        ] {
            let of = Detection::of(&config, members);
            let [suspected, failed, failed_99] =
                [of.suspected, of.failed, of.failed_99].map(seconds);
            let row = format!("| {shown} | `{profile}` | {suspected} | {failed} | {failed_99} |");
            assert!(page.contains(&row), "docs/OPERATIONS.md has no row {row}");
        }
    }

    #[test]
    fn the_formula_s_figures_for_the_presets() {
        let figures = |config: &Config, members| {
            let of = Detection::of(config, members);
            [of.suspected, of.suspected_99, of.failed, of.failed_99, of.unconfirmed]
                .map(|time| (time * 10.0).round() / 10.0)
        };
        // swim-sim/tests/detection_time.rs measures the two that come first.
        assert_eq!(figures(&Config::lan(), 5)[..4], [1.8, 3.7, 5.8, 7.7]);
        assert_eq!(figures(&Config::lan(), 30)[..4], [2.0, 5.3, 7.9, 11.2]);
        assert_eq!(figures(&Config::lan(), 2), [1.5, 2.0, 5.5, 6.0, 4.0]);
        assert_eq!(figures(&Config::lan(), 10), [1.9, 4.6, 5.9, 8.6, 24.0]);
        assert_eq!(figures(&Config::lan(), 1_000), [2.0, 5.6, 14.0, 17.6, 72.0]);
        assert_eq!(figures(&Config::wan(), 10), [9.5, 23.0, 39.5, 53.0, 180.0]);
    }
}
