//! Campaigns: many runs, each of which draws all its options from its seed, and what became of each.

mod verdict;

pub use self::verdict::{FailureKind, Finding, judge};
