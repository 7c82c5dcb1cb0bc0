//! Failures that are planted on purpose, so that anyone can see what becomes of one: found, shrunk,
//! replayed, told.
//!
//! Nothing of the core changes: a promise that no cluster keeps is watched, or a node is given too
//! small a table.

use clap::ValueEnum;
use swim_core::{Event, Instant};
use swim_sim::Builder;
use swim_sim::checkers::{Checker, Verdict};

/// Which failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// A promise that nobody is ever declared dead.
    Safety,
    /// A node 0 whose table has room for two.
    Liveness,
    /// A panic when somebody is declared dead.
    Panic,
}

impl Plant {
    /// What changes the cluster of a run; nothing, if nothing is planted.
    pub(crate) fn change(planted: Option<Self>) -> fn(Builder) -> Builder {
        match planted {
            None => |cluster| cluster,
            Some(Self::Safety) => {
                |cluster| cluster.checker(|| Box::new(NobodyDies { panics: false }))
            }
            Some(Self::Panic) => {
                |cluster| cluster.checker(|| Box::new(NobodyDies { panics: true }))
            }
            Some(Self::Liveness) => {
                |cluster| cluster.configure_node(0, |config| config.max_members = 2)
            }
        }
    }

    /// The arguments that plant the same again.
    pub(crate) fn arguments(planted: Option<Self>) -> String {
        let value = planted.and_then(|planted| planted.to_possible_value());
        value.map_or(String::new(), |value| format!(" --plant {}", value.get_name()))
    }
}

#[derive(Debug)]
struct NobodyDies {
    panics: bool,
}

impl Checker for NobodyDies {
    fn name(&self) -> &'static str {
        "nobody dies (planted)"
    }

    fn told(&mut self, _: Instant, _: usize, event: &Event, _: Option<usize>) -> Verdict {
        let Event::Failed(member) = event else { return Ok(()) };
        assert!(!self.panics, "{} is declared dead (planted)", member.id.as_str());
        Err(format!("{} is declared dead", member.id.as_str()))
    }
}
