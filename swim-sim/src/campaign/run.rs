//! Runs a campaign: many runs on several threads, and one report that does not depend on how many.
//!
//! Runs are handed out in the order of their numbers. After a failure none is begun any more, those
//! with lower numbers are waited for, and the report is of the runs up to the lowest that failed.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use rand_core::Rng as _;
use swim_core::coverage;

use super::coverage::Coverage;
use super::draw::{draw, has_ghosts};
use super::unlikely::Unlikely;
use super::verdict::{Finding, judge};
use crate::case::Case;
use crate::cluster::Builder;
use crate::events::Deliveries;
use crate::ground::streams::{self, Purpose};
use crate::scenario::changed;

/// So many deliveries say what share of them may be missed; of fewer a single run that went badly
/// is too large a share.
const OWED_TO_TELL: u64 = 3_000;
/// How many of 1,000 deliveries may be missed in a whole world, over all runs. Of 90,000 in 10,000
/// runs about 9 are.
pub const MISSED_PERMILLE: u64 = 2;
/// So many runs with missed deliveries are told of.
const MISSING_KEPT: usize = 16;

/// A campaign to be run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// From which the seeds of all runs are drawn.
    pub seed: u64,
    /// How many runs.
    pub runs: u64,
    /// How many at a time.
    pub jobs: usize,
    /// Whether runs that fail end the campaign.
    pub stops: bool,
    /// Changes the cluster of each run: a planted checker, in tests of campaigns.
    pub change: fn(Builder) -> Builder,
}

/// What became of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many runs it is about.
    pub runs: u64,
    /// How long they took in virtual time, added up.
    pub virtual_time: Duration,
    /// The states that they came into.
    pub coverage: Coverage,
    /// How many deliveries of broadcasts in a whole world were owed, and how many did not come
    /// about.
    pub deliveries: (u64, u64),
    /// The same of user events, queries and answers to them.
    pub announcements: (u64, u64),
    /// How many rows of tables the last updates of all runs were to change in a whole world, and
    /// how many rows were wrong when gossip was over; see [`Outcome::late`](crate::Outcome::late).
    pub updates: (u64, u64),
    /// In how many runs deliveries were missing, in how many rows were late, and in how many
    /// events, queries or answers were missing; see [`Unlikely`].
    pub unlikely: (Unlikely, Unlikely, Unlikely),
    /// Why the first failed run is one, if it shows no more than that too many runs missed
    /// something: its case then wants everything to come about.
    pub too_many: Option<String>,
    /// The runs in which some did not, or some rows were late, by their number: those with most of
    /// it, each with what was missed and how many rows were late.
    pub missing: BTreeMap<u64, (Case, Deliveries, u64)>,
    /// The runs that failed, by their number.
    pub failed: BTreeMap<u64, (Case, Finding)>,
}

/// What too many runs missed.
#[derive(Clone, Copy, Debug)]
enum Missing {
    Deliveries,
    Rows,
    Announcements,
}

/// What became of one run.
#[derive(Debug)]
struct Run {
    number: u64,
    virtual_time: Duration,
    coverage: Coverage,
    deliveries: Deliveries,
    announcements: Deliveries,
    updates: (u64, u64),
    /// If it failed, or missed deliveries.
    case: Option<Case>,
    finding: Option<Finding>,
}

/// The seed of a run: below 2^63, as files need it.
#[must_use]
pub fn seed_of(campaign: u64, run: u64) -> u64 {
    streams::stream(campaign, Purpose::Campaign, run).next_u64() >> 1
}

impl Campaign {
    /// So many runs from a seed, on one thread, up to the first that fails.
    #[must_use]
    pub fn new(seed: u64, runs: u64) -> Self {
        Self { seed, runs, jobs: 1, stops: true, change: |cluster| cluster }
    }

    /// Runs it. `progress` is called with the report so far after each run, in the order in which
    /// they end, and says whether to go on.
    #[must_use]
    pub fn run(&self, mut progress: impl FnMut(&Report) -> bool) -> Report {
        let (next, lowest, goes_on) =
            (AtomicU64::new(0), AtomicU64::new(u64::MAX), AtomicBool::new(true));
        let mut report = Report::default();
        // Those that ended before one with a lower number.
        let mut early = BTreeMap::new();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.jobs.max(1) {
                let sender = sender.clone();
                let (next, lowest, goes_on) = (&next, &lowest, &goes_on);
                scope.spawn(move || {
                    while goes_on.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.runs || number > lowest.load(Ordering::Relaxed) {
                            break;
                        }
                        let run = self.one(number);
                        if run.finding.is_some() && self.stops {
                            lowest.fetch_min(number, Ordering::Relaxed);
                        }
                        if sender.send(run).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for run in receiver {
                early.insert(run.number, run);
                while let Some(run) = early.remove(&report.runs) {
                    if self.stops && !report.failed.is_empty() {
                        break;
                    }
                    if report.add(run, self.change) && self.stops {
                        lowest.fetch_min(report.runs - 1, Ordering::Relaxed);
                    }
                }
                if !progress(&report) {
                    goes_on.store(false, Ordering::Relaxed);
                }
            }
        });
        report
    }

    fn one(&self, number: u64) -> Run {
        let case = draw(seed_of(self.seed, number));
        let _ = coverage::take();
        // Draws are tested to be cases that can be run.
        let judged =
            judge(&case, self.change).unwrap_or_else(|error| panic!("{error}\n{}", case.to_toml()));
        let passed = coverage::take();
        match judged {
            Ok(outcome) => {
                let cluster = &outcome.cluster;
                let is_owed = case.delivered_permille > 0;
                let deliveries = if is_owed { outcome.deliveries } else { Deliveries::default() };
                let is_owed = case.heard_permille > 0;
                let announcements =
                    if is_owed { outcome.announcements } else { Deliveries::default() };
                let misses =
                    [&deliveries, &announcements].iter().any(|account| !account.missed.is_empty());
                Run {
                    number,
                    virtual_time: cluster.elapsed(),
                    coverage: Coverage::of(cluster, &passed),
                    updates: if has_ghosts(&case) {
                        (0, 0)
                    } else {
                        (changed(&case.afterwards, case.nodes) as u64, outcome.late as u64)
                    },
                    case: ((outcome.late > 0 && !has_ghosts(&case)) || misses).then_some(case),
                    deliveries,
                    announcements,
                    finding: None,
                }
            }
            Err(finding) => Run {
                number,
                virtual_time: Duration::ZERO,
                coverage: Coverage::default(),
                deliveries: Deliveries::default(),
                announcements: Deliveries::default(),
                updates: (0, 0),
                case: Some(case),
                finding: Some(finding),
            },
        }
    }
}

impl Report {
    /// Takes a run in. Returns whether it is one too many that missed something.
    fn add(&mut self, run: Run, change: fn(Builder) -> Builder) -> bool {
        let (missed, late) = (run.deliveries.missed.len() as u64, run.updates.1);
        let unheard = run.announcements.missed.len() as u64;
        self.runs += 1;
        self.virtual_time += run.virtual_time;
        self.deliveries.0 += run.deliveries.owed as u64;
        self.deliveries.1 += missed;
        self.announcements.0 += run.announcements.owed as u64;
        self.announcements.1 += unheard;
        self.updates.0 += run.updates.0;
        self.updates.1 += late;
        let Some(finding) = run.finding else {
            self.coverage.merge(&run.coverage);
            let too_many = [
                (run.deliveries.owed > 0 && self.unlikely.0.note(missed > 0))
                    .then_some(Missing::Deliveries),
                (run.updates.0 > 0 && self.unlikely.1.note(late > 0)).then_some(Missing::Rows),
                (run.announcements.owed > 0 && self.unlikely.2.note(unheard > 0))
                    .then_some(Missing::Announcements),
            ];
            let Some(case) = run.case else { return false };
            let mut missed = run.deliveries;
            missed.owed += run.announcements.owed;
            missed.missed.extend(run.announcements.missed);
            self.missing.insert(run.number, (case.clone(), missed, late));
            if self.missing.len() > MISSING_KEPT {
                let least = self
                    .missing
                    .iter()
                    .min_by_key(|(_, (_, missed, late))| missed.missed.len() as u64 + late);
                let least = least.map(|(&number, _)| number);
                least.map(|number| self.missing.remove(&number));
            }
            return too_many
                .into_iter()
                .flatten()
                .any(|all| self.condemn(run.number, case.clone(), all, change));
        };
        self.failed.extend(run.case.map(|case| (run.number, (case, finding))));
        false
    }

    /// One run too many missed something: it has failed, as its case does if all must come about.
    fn condemn(
        &mut self,
        number: u64,
        case: Case,
        missing: Missing,
        change: fn(Builder) -> Builder,
    ) -> bool {
        if self.too_many.is_some() {
            return false;
        }
        let lax = Case { delivered_permille: 0, gossiped_permille: 0, heard_permille: 0, ..case };
        let (unlikely, what, strict) = match missing {
            Missing::Rows => (
                self.unlikely.1,
                "rows were late when gossip was over",
                Case { gossiped_permille: 1_000, ..lax },
            ),
            Missing::Deliveries => {
                let what = "deliveries of broadcasts were missing in a whole world";
                (self.unlikely.0, what, Case { delivered_permille: 1_000, ..lax })
            }
            Missing::Announcements => {
                let what = "user events, queries or answers were missing in a whole world";
                (self.unlikely.2, what, Case { heard_permille: 1_000, ..lax })
            }
        };
        let judged =
            judge(&strict, change).unwrap_or_else(|error| panic!("{error}\n{}", strict.to_toml()));
        let Err(finding) = judged else {
            unreachable!("the run missed something, and does so again")
        };
        self.too_many = Some(unlikely.reason(what));
        self.failed.insert(number, (strict, finding));
        true
    }

    /// Returns true if as many broadcasts were delivered as must be, if enough were owed to tell.
    #[must_use]
    pub const fn delivers(&self) -> bool {
        let (owed, missed) = self.deliveries;
        owed < OWED_TO_TELL || missed * 1_000 <= owed * MISSED_PERMILLE
    }

    /// The first run that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<(u64, &Case, &Finding)> {
        self.failed.iter().next().map(|(number, (case, finding))| (*number, case, finding))
    }
}
