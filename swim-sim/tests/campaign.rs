//! Campaigns: the same report whatever the jobs, and what becomes of a failure that is planted.
#![cfg(feature = "serde")]

use swim_core::{Event, Instant};
use swim_sim::campaign::{Campaign, Report, draw, judge, seed_of};
use swim_sim::checkers::{Checker, Verdict};
use swim_sim::shrink::shrink_with;
use swim_sim::{Builder, Case, FailureKind};

/// A promise that no cluster keeps: nobody is declared dead.
#[derive(Debug)]
struct NobodyDies {
    panics: bool,
}

impl Checker for NobodyDies {
    fn name(&self) -> &'static str {
        "nobody dies"
    }

    fn told(&mut self, _: Instant, _: usize, event: &Event, _: Option<usize>) -> Verdict {
        let Event::Failed(member) = event else { return Ok(()) };
        assert!(!self.panics, "a planted panic");
        Err(format!("{} did", member.id.as_str()))
    }
}

fn violation(cluster: Builder) -> Builder {
    cluster.checker(|| Box::new(NobodyDies { panics: false }))
}

fn panic(cluster: Builder) -> Builder {
    cluster.checker(|| Box::new(NobodyDies { panics: true }))
}

/// Node 0 has room for one other only, so it never knows all.
fn small_table(cluster: Builder) -> Builder {
    cluster.configure_node(0, |config| config.max_members = 2)
}

fn run(jobs: usize, change: fn(Builder) -> Builder, runs: u64, stops: bool) -> Report {
    Campaign { jobs, change, stops, ..Campaign::new(5, runs) }.run(|_| true)
}

#[test]
fn the_same_seed_and_number_of_runs_give_the_same_report_whatever_the_jobs() {
    let alone = run(1, |cluster| cluster, 4, true);
    assert_eq!(alone.runs, 4);
    assert!(alone.failed.is_empty(), "{:?}", alone.first_failure());
    assert!(
        alone.coverage.states().any(|(_, count)| count > 0)
            && alone.deliveries.0 > 0
            && alone.updates.0 > 0
    );
    assert_eq!(run(3, |cluster| cluster, 4, true), alone);
    assert_ne!(seed_of(6, 0), seed_of(5, 0), "another seed draws other runs");
}

#[test]
fn a_campaign_ends_with_its_first_failure_whatever_the_jobs_and_goes_on_if_asked() {
    let first = run(1, violation, 40, true);
    let (number, case, _) = first.first_failure().expect("it was planted");
    assert_eq!((first.runs, first.failed.len()), (number + 1, 1));
    assert_eq!(case, &draw(seed_of(5, number)));
    assert_eq!(run(3, violation, 40, true), first);
    let all = run(2, violation, 4, false);
    assert_eq!(all.runs, 4);
    assert!(all.failed.len() > 1, "{}", all.failed.len());
}

#[test]
fn who_is_told_of_progress_may_end_a_campaign() {
    let mut told = 0;
    let report = Campaign::new(5, 1_000).run(|report| {
        told += 1;
        assert_eq!(report.runs, told);
        told < 3
    });
    // One more may have begun meanwhile.
    assert!((3..=4).contains(&report.runs), "{}", report.runs);
}

#[test]
fn each_way_to_fail_is_found_shrunk_and_replayed_from_its_file() {
    for (change, kind, by) in [
        (violation as fn(Builder) -> Builder, FailureKind::Safety, "nobody dies"),
        (panic, FailureKind::Panic, "campaign.rs:"),
        (small_table, FailureKind::Liveness, "every process that runs is alive to all"),
    ] {
        let report = run(2, change, 40, true);
        let (_, case, finding) = report.first_failure().expect("it was planted");
        assert_eq!(finding.kind, kind, "{finding}");
        assert!(finding.found_by().contains(by), "{}", finding.found_by());
        let judge = |case: &Case| judge(case, change).ok()?.err();
        // A few tries: how small cases become is shown by the tests of shrinking.
        let shrunk = shrink_with(case, finding, 10, judge, |_| true);
        let steps = |case: &Case| case.plan.steps().len();
        assert!(steps(&shrunk.case) < steps(case).max(1), "{}", shrunk.case.to_toml());
        let again = judge(&Case::from_toml(&shrunk.case.to_toml()).expect("a case"))
            .expect("it still fails");
        assert_eq!(again, shrunk.finding);
    }
}

/// Each node sends what it passes on once, and to one other.
fn whispering(cluster: Builder) -> Builder {
    cluster.configure(|config| (config.retransmit_mult, config.gossip_fanout) = (1, 1))
}

/// Node 1 takes all user events for too long, and drops them.
fn deaf_to_events(cluster: Builder) -> Builder {
    cluster.configure_node(1, |config| config.events.max_event_size = 8)
}

/// A campaign with a change ends with what was missed too often, and a case that demands all of it.
/// Its report.
fn tips(
    seed: u64,
    change: fn(Builder) -> Builder,
    most: u64,
    missed: &str,
    demanded: &str,
) -> Report {
    let report = Campaign { jobs: 2, change, ..Campaign::new(seed, most) }.run(|_| true);
    let reason =
        report.too_many.as_deref().expect("a campaign ends when chance is no reason any more");
    assert!(reason.starts_with(missed), "{reason}");
    let (number, case, finding) = report.first_failure().expect("it is the last run");
    assert_eq!((number + 1, finding.kind), (report.runs, FailureKind::Liveness), "{finding}");
    assert!(report.runs < most && finding.found_by().contains(demanded), "{finding}");
    let again = Case::from_toml(&case.to_toml()).expect("a case");
    assert_eq!(judge(&again, change).unwrap().err().as_ref(), Some(finding));
    assert!(
        judge(&again, |cluster| cluster).unwrap().is_ok(),
        "without the change all comes about"
    );
    report
}

#[test]
fn when_too_many_runs_miss_something_one_of_them_has_failed_and_is_replayed_as_such() {
    // The first runs of this seed are small, and none of them fails for another reason.
    let report = tips(99, whispering, 400, "rows were late", "1000 of 1,000 rows");
    assert_eq!(
        Campaign { change: whispering, ..Campaign::new(99, 400) }.run(|_| true),
        report,
        "whatever the jobs"
    );
}

#[test]
fn when_too_many_runs_miss_a_user_event_one_of_them_has_failed_and_is_replayed_as_such() {
    tips(
        92,
        deaf_to_events,
        40,
        "user events, queries or answers were missing",
        "1000 of 1,000 user events",
    );
}
