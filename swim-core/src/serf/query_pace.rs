//! [`QueryPace`]: how many queries, and answers to hand on, a node deals with over time: for each
//! asker, and in all.
//!
//! A query costs its filters here, a copy to a few members, and an answer with its relays; without
//! a bound one member could have all others flood it, or keep them busy. It knows no message. Read
//! first: docs/SERF.md, "Queries".

use alloc::collections::BTreeMap;

use crate::ground::allowance::{Allowance, BURST_SECONDS};
use crate::ground::config::EventConfig;
use crate::ground::id::NodeId;
use crate::ground::time::Instant;

/// Of so many askers account is kept. Those who asked nothing of late make room; if there is none,
/// all further ones share one allowance.
const MAX_ASKERS: usize = 256;

/// What was dealt with of late.
#[derive(Debug, Default)]
pub(crate) struct QueryPace {
    all: Allowance,
    askers: BTreeMap<NodeId, Allowance>,
    /// Those who are no members at their own address, and those that no account is kept of.
    others: Allowance,
    relays: Allowance,
}

impl QueryPace {
    /// Counts a query. Returns false if it is one too many. `asker` is `None` unless it is a member
    /// at its own address.
    pub(crate) fn admits_query(
        &mut self,
        now: Instant,
        asker: Option<&NodeId>,
        config: &EventConfig,
    ) -> bool {
        let rate = config.queries_per_asker;
        let own = match asker {
            None => &mut self.others,
            Some(asker) => {
                if self.askers.len() >= MAX_ASKERS && !self.askers.contains_key(asker) {
                    self.askers.retain(|_, allowance| !has_rested(*allowance, now, rate));
                }
                if self.askers.len() >= MAX_ASKERS && !self.askers.contains_key(asker) {
                    &mut self.others
                } else {
                    self.askers.entry(asker.clone()).or_default()
                }
            }
        };
        own.take(now, rate, 1) && self.all.take(now, config.queries_per_second, 1)
    }

    /// Counts an answer that is to be handed on. Returns false if it is one too many.
    pub(crate) fn admits_relay(&mut self, now: Instant, config: &EventConfig) -> bool {
        self.relays.take(now, config.relays_per_second, 1)
    }
}

/// Returns true if every token of an allowance has come back.
fn has_rested(mut allowance: Allowance, now: Instant, rate: u32) -> bool {
    allowance.take(now, rate, rate.saturating_mul(BURST_SECONDS as u32))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn config() -> EventConfig {
        EventConfig {
            queries_per_asker: 1,
            queries_per_second: 3,
            relays_per_second: 1,
            ..EventConfig::default()
        }
    }

    fn admitted(pace: &mut QueryPace, asker: Option<&str>, times: usize) -> usize {
        let asker = asker.map(|asker| NodeId::new(asker).unwrap());
        (0..times).filter(|_| pace.admits_query(Instant::ORIGIN, asker.as_ref(), &config())).count()
    }

    #[test]
    fn one_asker_does_not_use_up_what_another_has_and_all_together_have_a_bound() {
        let burst = BURST_SECONDS as usize;
        let mut pace = QueryPace::default();
        let admitted =
            [Some("a"), Some("b"), None, Some("c")].map(|asker| admitted(&mut pace, asker, 100));
        assert_eq!(admitted, [burst, burst, burst, 0]);
    }

    #[test]
    fn of_a_bounded_number_of_askers_account_is_kept() {
        let mut pace = QueryPace::default();
        let config = EventConfig { queries_per_second: 60_000, ..config() };
        for number in 0..2 * MAX_ASKERS {
            let asker = NodeId::new(&format!("n{number}")).unwrap();
            pace.admits_query(Instant::ORIGIN, Some(&asker), &config);
            assert!(pace.askers.len() <= MAX_ASKERS);
        }
        let (rested, newcomer) = (Instant::from_millis(2_000), NodeId::new("new").unwrap());
        assert!(pace.admits_query(rested, Some(&newcomer), &config));
        assert_eq!(pace.askers.len(), 1, "those who asked nothing of late made room");
    }
}
