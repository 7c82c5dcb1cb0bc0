//! What breaks: chaos of every kind, and on top of it what happens to whole clusters in production.

use core::time::Duration;

use super::Frame;
use crate::ground::streams::{self, Stream};
use crate::network::Latency;
use crate::plan::Setting;
use crate::plan::chaos;
use crate::plan::{Fault, Plan, Step};

/// Faults between the first one and the mending.
pub(super) fn draw(stream: &mut Stream, frame: &Frame) -> Vec<(Duration, Step)> {
    let mut steps = Vec::new();
    let pause = frame.periods(stream, 2, 30);
    if streams::happens(stream, 800) {
        let mut at = frame.from;
        while at < frame.to {
            steps.push((at, bearable(chaos::fault(stream, frame.nodes), frame)));
            at += streams::between(stream, Duration::ZERO, pause);
        }
    }
    for _ in 0..streams::below(stream, 3) {
        let plan = incident(stream, frame);
        let in_time = plan.steps().iter().filter(|(at, _)| *at < frame.to);
        steps.extend(in_time.cloned());
    }
    steps
}

/// Latencies stay when the world is mended, so none is longer than pings can bear.
fn bearable(step: Step, frame: &Frame) -> Step {
    match step {
        Step::Fault(Fault::Slowness(Latency::Uniform { high, .. })) => {
            let high = high.min(frame.probe_timeout / 4);
            Fault::Slowness(Latency::Uniform { low: Duration::ZERO, high }).into()
        }
        Step::Fault(Fault::Reconfigure { node, setting: Setting::GossipInterval(_) }) => {
            let setting = Setting::GossipInterval(frame.period / 4);
            Fault::Reconfigure { node, setting }.into()
        }
        step => step,
    }
}

/// Something that happens to a whole cluster, or to a part of it at once.
fn incident(stream: &mut Stream, frame: &Frame) -> Plan {
    let kind = streams::below(stream, 10);
    let at = frame.moment(stream);
    let lasts = frame.periods(stream, 1, 40);
    let every = frame.periods(stream, 0, 5);
    let share = streams::below(stream, 900) as u16;
    let some: Vec<_> = (0..frame.nodes).filter(|_| streams::happens(stream, share)).collect();
    let one = streams::below(stream, frame.nodes as u64) as usize;
    let each = |plan: Plan, fault: fn(usize) -> Fault, at| {
        some.iter().fold(plan, |plan, &node| plan.at(at, fault(node)))
    };
    match kind {
        0 => Plan::new().mass_restart(some, at, lasts),
        1 => Plan::new().rolling_restart(some, at, every, every / 2),
        2 => Plan::new().rolling_upgrade(&Setting::GossipFanout(4), some, at, every, every / 2),
        3 => Plan::new().at(at, Fault::Partition(vec![some])).at(at + lasts, Fault::Heal),
        4 => each(each(Plan::new(), Fault::Pause, at), Fault::Resume, at + lasts),
        5 => each(Plan::new(), Fault::Crash, at),
        6 => some
            .iter()
            .fold(Plan::new(), |plan, &node| plan.at(at, Fault::RestartAtNewAddress(node))),
        7 => {
            // Of a few, since each has paths to all; those that come first are cleared first, or
            // last.
            let clogged: Vec<_> = some.into_iter().take(3).collect();
            let cleared: Vec<_> =
                if share < 450 { clogged.clone() } else { clogged.iter().rev().copied().collect() };
            Plan::new().swizzle(frame.nodes, &clogged, &cleared, at, lasts / 3)
        }
        8 => each(each(Plan::new(), Fault::Clog, at), Fault::Unclog, at + lasts),
        _ => {
            let lasts = lasts.min(frame.to - at);
            Plan::new().at(at, Fault::Namesake { of: one, lasts })
        }
    }
}
