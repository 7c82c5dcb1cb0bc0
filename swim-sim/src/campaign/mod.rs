//! Campaigns: many runs, each of which draws all its options from its seed, and what became of
//! each.

mod coverage;
mod draw;
mod run;
mod unlikely;
mod verdict;

pub use self::coverage::{Coverage, RUNS_FOR_ALL};
pub use self::draw::draw;
pub use self::run::{Campaign, MISSED_PERMILLE, Report, seed_of};
pub use self::unlikely::Unlikely;
pub use self::verdict::{FailureKind, Finding, judge, judge_noting, judge_scenario, judge_with};
