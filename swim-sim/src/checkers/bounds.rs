//! Tables, queues and scores stay within the bounds that the configuration gives them.

use swim_core::{Config, Instant};

use super::{Checker, Fill, Verdict, grown};

/// See the module.
#[derive(Debug, Default)]
pub struct Bounds {
    most: Vec<Option<Fill>>,
}

impl Checker for Bounds {
    fn name(&self) -> &'static str {
        "tables and queues keep within their bounds"
    }

    fn started(&mut self, _: Instant, node: usize, config: &Config) {
        *grown(&mut self.most, node) = Some(Fill {
            // Two for each member: its description, and the claim that stands next to it.
            updates: 2 * config.max_members,
            broadcasts: config.max_broadcasts,
            active_members: config.max_members,
            known_members: config.max_members,
            health: config.awareness_max,
            ..Fill::default()
        });
    }

    fn filled(&mut self, node: usize, fill: Fill) -> Verdict {
        let Some(most) = *grown(&mut self.most, node) else { return Ok(()) };
        for (what, held, bound) in [
            ("waiting updates", fill.updates, most.updates),
            ("waiting broadcasts", fill.broadcasts, most.broadcasts),
            ("active members", fill.active_members, most.active_members),
            ("known members", fill.known_members, most.known_members),
            ("health score", usize::from(fill.health), usize::from(most.health)),
        ] {
            if held > bound {
                return Err(format!("{what}: {held}, the bound is {bound}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_overflow_of_each_kind_is_caught() {
        let mut checker = Bounds::default();
        let config =
            Config { max_members: 10, max_broadcasts: 4, awareness_max: 8, ..Config::lan() };
        checker.started(Instant::ORIGIN, 0, &config);
        let full = Fill {
            updates: 20,
            broadcasts: 4,
            active_members: 10,
            known_members: 10,
            health: 8,
            ..Fill::default()
        };
        assert_eq!(checker.filled(0, full), Ok(()));
        for overflow in [
            Fill { updates: 21, ..full },
            Fill { broadcasts: 5, ..full },
            Fill { active_members: 11, ..full },
            Fill { known_members: 11, ..full },
            Fill { health: 9, ..full },
        ] {
            assert!(checker.filled(0, overflow).is_err(), "{overflow:?}");
        }
    }
}
