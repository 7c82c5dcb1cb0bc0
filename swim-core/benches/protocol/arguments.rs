//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::cases::{CASES, Case};

/// Measures what the core costs, in nanoseconds and instructions, next to foca.
#[derive(Debug, Parser)]
#[command(
    name = "protocol",
    bin_name = "cargo bench -p swim-core --",
    after_help = "Examples:\n  cargo bench -p swim-core\n  cargo bench -p swim-core -- ping --members 1000\n  \
        cargo bench -p swim-core -- --check\n  cargo bench -p swim-core -- --renew\n  \
        cargo bench -p swim-core -- --plot docs/instructions.svg\n\n\
        Exit codes: 0 measured, or nothing got worse; 1 something got worse, missed its target or could not be measured; 64 wrong arguments."
)]
pub(crate) struct Arguments {
    /// Only the cases whose names contain one of these.
    pub(crate) names: Vec<String>,
    /// Only these sizes, several separated by commas: 100, 1000 or 10000.
    #[arg(long, value_delimiter = ',', value_name = "MEMBERS")]
    pub(crate) members: Vec<usize>,
    /// Counts instructions alone and compares them with the stored ones; fails if a case got worse
    /// by more than 5 % (15 % if another rustc counted the stored ones), or takes more than its
    /// target.
    #[arg(long, conflicts_with = "members")]
    pub(crate) check: bool,
    /// Counts all that is checked and stores it in swim-core/benches/baseline.toml, with this
    /// toolchain's version.
    #[arg(long, conflicts_with_all = ["check", "names", "members"])]
    pub(crate) renew: bool,
    /// Draws the instructions against the number of members, ours next to foca's, as an SVG file; a
    /// relative path begins at the root of the project.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "renew", "names", "members"])]
    pub(crate) plot: Option<PathBuf>,
    /// Runs one case: what a process under valgrind is told.
    #[arg(long, hide = true)]
    pub(crate) child: Option<String>,
    /// What cargo tells every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// The cases that are wanted.
    pub(crate) fn cases(&self) -> Result<Vec<&'static Case>, String> {
        let wanted = |case: &&Case| {
            self.names.is_empty() || self.names.iter().any(|part| case.name.contains(&**part))
        };
        let chosen: Vec<&Case> = CASES.iter().filter(wanted).collect();
        if chosen.is_empty() {
            let all: Vec<&str> = CASES.iter().map(|case| case.name).collect();
            return Err(format!("no case is named like that; there are:\n  {}", all.join("\n  ")));
        }
        Ok(chosen)
    }

    /// Returns true if a size is wanted.
    pub(crate) fn wants(&self, members: usize) -> bool {
        self.members.is_empty() || self.members.contains(&members)
    }
}
