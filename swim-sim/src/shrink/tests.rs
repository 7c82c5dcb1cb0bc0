//! Planted failures shrink to what matters, within their budgets.

use core::time::Duration;

use swim_core::{Event, Instant};
use toml::Table;

use super::*;
use crate::campaign::judge;

use crate::case::{Expected, LinkBetween, Profile, That};
use crate::checkers::{Checker, Verdict, Violation};
use crate::plan::{Fault, Plan, Step, Work};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// 40 nodes, 30 faults and some work, in a network of its own with settings of its own.
fn large() -> Case {
    let mut case = Case::new("large", 40);
    (case.seed, case.profile, case.port_unreachable) = (5, Profile::LossyWifi, true);
    case.settings.insert(String::from("gossip_fanout"), 4.into());
    case.link.insert(String::from("loss_permille"), 20.into());
    for i in 0..14 {
        let at = secs(12 + 3 * i as u64);
        case.plan = case.plan.at(at, Fault::Pause(5 + i)).at(at + secs(1), Fault::Resume(5 + i));
    }
    case.plan = case
        .plan
        .at(secs(30), Fault::Partition(vec![vec![20, 33], vec![31]]))
        .at(secs(50), Fault::Heal);
    case.plan = case.plan.at(secs(20), Work::Broadcast { node: 3, payload: vec![1; 9] });
    case.plan = case.plan.at(secs(44), Fault::Crash(37));
    case.mend = Some(secs(70));
    case.afterwards.push(Work::Broadcast { node: 9, payload: vec![2] });
    case
}

fn is(case: &Case, wanted: impl Fn(&Step) -> bool) -> bool {
    case.plan.steps().iter().any(|(_, step)| wanted(step))
}

/// The promise that is planted: nobody is told of a death.
#[derive(Debug)]
struct NobodyDies;

impl Checker for NobodyDies {
    fn name(&self) -> &'static str {
        "nobody dies"
    }

    fn told(&mut self, _: Instant, _: usize, event: &Event, _: Option<usize>) -> Verdict {
        if matches!(event, Event::Failed(_)) { Err(String::from("somebody did")) } else { Ok(()) }
    }
}

fn dies(case: &Case) -> Option<Finding> {
    judge(case, |cluster| cluster.checker(|| Box::new(NobodyDies))).ok()?.err()
}

#[test]
fn a_broken_promise_in_a_large_case_shrinks_to_one_fault_among_few_nodes() {
    let mut case = large();
    case.link_between.push(LinkBetween::new(
        9,
        12,
        Table::from_iter([(String::from("loss_permille"), 90.into())]),
    ));
    let finding = dies(&case).expect("it was planted");
    assert_eq!(finding.violation.as_ref().map(|broken| broken.checker), Some("nobody dies"));
    let shrunk = shrink_with(&case, &finding, 1_000, dies, |_| true);
    let small = &shrunk.case;
    assert!(shrunk.is_smallest, "{} runs", shrunk.runs);
    assert!(small.nodes <= 3 && small.plan.steps().len() == 1, "{}", small.to_toml());
    assert_eq!(
        (small.profile, small.settings.len(), small.port_unreachable),
        (Profile::Lan, 0, false)
    );
    assert_eq!(small.link_between, []);
    assert_eq!((small.expect.len(), small.liveness, small.afterwards.len()), (0, false, 0));
    // It fails alike when it is read from a file.
    let again = dies(&Case::from_toml(&small.to_toml()).unwrap()).expect("it still fails");
    assert_eq!(again, shrunk.finding);
    assert!(again.is_like(&finding));
}

/// Fails at once, without a run, if a node is crashed and another cut off from it.
fn predicate(case: &Case) -> Option<Finding> {
    let crash = is(case, |step| matches!(step, Step::Fault(Fault::Crash(_))));
    let split =
        is(case, |step| matches!(step, Step::Fault(Fault::Partition(groups)) if groups.len() == 2));
    let violation =
        Violation { at: Instant::ORIGIN, node: 0, checker: "planted", what: String::new() };
    let text = String::new();
    (crash && split).then_some(Finding {
        kind: FailureKind::Safety,
        text,
        violation: Some(violation),
    })
}

fn shrunk(budget: u32, goes_on: impl FnMut(Progress) -> bool) -> Shrunk {
    let case = large();
    shrink_with(&case, &predicate(&case).unwrap(), budget, predicate, goes_on)
}

#[test]
fn two_faults_that_matter_together_are_found_and_no_other_is_left() {
    let shrunk = shrunk(1_000, |_| true);
    let steps: Vec<_> =
        shrunk.case.plan.steps().iter().map(|(at, step)| (*at, step.to_string())).collect();
    // Of node 20 and 33, which are one group, 33 is left out: the nodes that no step names go first
    // and all at once, and then the last of those that are left, one by one. So 20, 31 and 37 stay,
    // in this order.
    let wanted =
        [(secs(0), "the network splits: [0], [1] and the rest"), (secs(0), "node-2 crashes")];
    assert_eq!(steps, wanted.map(|(at, step)| (at, String::from(step))));
    assert_eq!((shrunk.case.nodes, shrunk.case.mend), (3, None));
    assert!(shrunk.is_smallest && shrunk.runs < 200, "{}", shrunk.runs);
}

#[test]
fn the_same_case_shrinks_to_the_same_and_the_budget_is_kept() {
    assert_eq!(shrunk(1_000, |_| true), shrunk(1_000, |_| true));
    for budget in [0, 1, 20] {
        let mut told = 0;
        let few = shrunk(budget, |progress| {
            told += 1;
            assert_eq!((progress.runs, progress.budget), (told, budget));
            true
        });
        assert_eq!((few.runs, told, few.is_smallest), (budget, budget, false));
        assert!(predicate(&few.case).is_some(), "what is left fails, however little was tried");
    }
    assert_eq!(shrunk(1_000, |progress| progress.runs < 7).runs, 7, "who is told may say stop");
}

#[test]
fn a_failure_of_another_kind_is_not_taken_for_this_one() {
    let case = large();
    let finding = predicate(&case).unwrap();
    let other = |case: &Case| {
        let mut finding = predicate(case)?;
        // Small cases break another promise.
        if case.nodes < 20 {
            finding.violation.as_mut()?.checker = "another";
        }
        Some(finding)
    };
    assert!(shrink_with(&case, &finding, 1_000, other, |_| true).case.nodes >= 20);
}

#[test]
fn what_mends_the_world_stays_while_it_is_waited_for() {
    let mut case = Case::new("waits", 6);
    case.plan = Plan::new()
        .at(secs(20), Fault::Crash(2))
        .at(secs(30), Fault::Partition(vec![vec![0, 1]]))
        .at(secs(50), Fault::Heal)
        .at(secs(60), Fault::Loss(10));
    // Too soon for anyone to notice, so it fails.
    case.expect.push(Expected::by(secs(15), That::Converged));
    case.expect.push(Expected {
        by: Some(secs(21)),
        at: None,
        after: Some(secs(20)),
        that: That::EveryoneSeesDead(2),
    });
    let judge = |case: &Case| judge(case, |cluster| cluster).ok()?.err();
    let finding = judge(&case).unwrap();
    assert_eq!(finding.kind, FailureKind::Liveness);
    let shrunk = shrink_with(&case, &finding, 500, judge, |_| true);
    let steps: Vec<_> = shrunk.case.plan.steps().iter().map(|(_, step)| step.to_string()).collect();
    // Loss is the world's last state, so it may go; the partition goes with its end only.
    assert_eq!(steps, ["node-1 crashes"], "{}", shrunk.case.to_toml());
    assert_eq!((shrunk.case.expect.len(), shrunk.case.nodes), (1, 2));
    assert_eq!(
        shrunk.case.expect[0].by.unwrap() - shrunk.case.expect[0].after.unwrap(),
        secs(1),
        "as long as before"
    );
}
