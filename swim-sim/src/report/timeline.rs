//! Draws what was done to the cluster over time: spans of cuts and of processes that were away, and
//! marks for the rest.
//!
//! Spans of processes share lanes as long as they do not overlap; what finds no lane is counted,
//! not drawn.

use std::collections::BTreeMap;

use swim_core::Instant;

use super::chart::TimeAxis;
use super::escape;
use super::scale::{seconds, tenths};
use crate::history::History;
use crate::node::Phase;
use crate::plan::{Fault, Step, Work};

/// So many lanes show processes at most.
const LANES: usize = 8;
const LANE: u64 = 22;
/// For wide screens: the width of the drawing and its axis.
const WIDE: (u64, TimeAxis) = (1304, TimeAxis { left: 64, right: 1284, end: 0, steps: 12 });
/// For narrow ones.
const NARROW: (u64, TimeAxis) = (400, TimeAxis { left: 62, right: 382, end: 0, steps: 4 });
const TOP: u64 = 6;
/// The least width of a span, in tenths, so that it can be seen.
const LEAST: u64 = 40;

/// A time in whole milliseconds: the first that is not before it, so that at this millisecond it
/// has happened.
pub(super) const fn millis(at: Instant) -> u64 {
    at.as_nanos().div_ceil(1_000_000)
}

/// A span of time in which something was the matter.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    from: u64,
    to: u64,
    class: &'static str,
    label: String,
    what: String,
}

/// The drawing for a page, for wide screens and for narrow ones: the page's style shows one of
/// them.
pub(super) fn inline(history: &History) -> String {
    drawing(history, "wide", WIDE) + &drawing(history, "narrow", NARROW)
}

fn drawing(history: &History, class: &str, (width, axis): (u64, TimeAxis)) -> String {
    let end = millis(history.end());
    let axis = TimeAxis { end, ..axis };
    let mut spans = absences(history, end);
    spans.extend(clogs(history, end));
    spans.sort_by_key(|span| span.from);
    let (lanes, left_out) = lanes(spans);
    let (cuts, marks) = (cuts(history, end), marks(history));
    // The network's lane is the first, then comes that of the marks, if there are any.
    let first = 1 + u64::from(!marks.is_empty());
    let top_of = |number: u64| TOP + LANE * number;
    let bottom = top_of(first + lanes.len() as u64);
    let mut shapes = String::new();
    for span in &cuts {
        shapes += &drawn(span, TOP, axis);
    }
    for (at, what) in &marks {
        let (x, y) = (tenths(axis.x_of(*at)), top_of(1) + LANE / 2);
        shapes += &format!(
            "<g class=\"mark\" data-time=\"{at}\"><title>{}: {}</title><circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/></g>",
            seconds(*at),
            escape(what)
        );
    }
    for (number, lane) in lanes.iter().enumerate() {
        for span in lane {
            shapes += &drawn(span, top_of(first + number as u64), axis);
        }
    }
    let more =
        if left_out > 0 { format!("and {left_out} more absences of nodes") } else { String::new() };
    let named = |name: &str, is_there: bool, number| {
        if is_there {
            format!("<text x=\"0\" y=\"{}\">{name}</text>", top_of(number) + 15)
        } else {
            String::new()
        }
    };
    let names = named("network", true, 0)
        + &named("other", first > 1, 1)
        + &named("nodes", !lanes.is_empty(), first);
    format!(
        "<svg class=\"chart timeline {class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"What was done to the \
         cluster\">{axis}{names}{shapes}<text text-anchor=\"end\" x=\"{right}\" y=\"{note}\">{more}</text>{cursor}</svg>",
        height = bottom + 40,
        axis = axis.grid(TOP, bottom),
        cursor = axis.cursor(0, bottom),
        right = axis.right,
        note = bottom + 34,
    )
}

fn drawn(span: &Span, top: u64, axis: TimeAxis) -> String {
    let from = axis.x_of(span.from);
    let width = (axis.x_of(span.to) - from).max(LEAST);
    let fits = width / 10 > 7 * span.label.len() as u64 + 8;
    let label = if fits {
        format!(
            "<text x=\"{}\" y=\"{}\">{}</text>",
            tenths(from + 60),
            top + 15,
            escape(&span.label)
        )
    } else {
        String::new()
    };
    format!(
        "<g class=\"span {class}\" data-time=\"{time}\"><title>{what}, {from_s} to {to_s}</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>{label}</g>",
        class = span.class,
        time = span.from,
        what = escape(&span.what),
        from_s = seconds(span.from),
        to_s = seconds(span.to),
        x = tenths(from),
        y = top + 2,
        width = tenths(width),
        height = LANE - 4,
    )
}

/// When processes were away, in order of time.
fn absences(history: &History, end: u64) -> Vec<Span> {
    let mut spans = Vec::new();
    for (index, change) in history.phases.iter().enumerate() {
        let (class, word) = match change.phase {
            Phase::Running => continue,
            Phase::Paused => ("paused", "paused"),
            Phase::Crashed => ("down", "crashed"),
            Phase::PoweredOff => ("down", "without power"),
            Phase::Left => ("gone", "left"),
        };
        let next = history.phases[index + 1..].iter().find(|next| next.node == change.node);
        let what = format!("node-{} {word}", change.node);
        let to = next.map_or(end, |next| millis(next.at));
        spans.push(Span { from: millis(change.at), to, class, label: what.clone(), what });
    }
    spans
}

/// When processes ran and neither sent nor received. A clog is gone with its process.
fn clogs(history: &History, end: u64) -> Vec<Span> {
    let is_there = |phase| matches!(phase, Phase::Running | Phase::Paused);
    let (mut spans, mut clear_from) = (Vec::new(), BTreeMap::new());
    for (index, (at, step)) in history.steps.iter().enumerate() {
        let (Step::Fault(Fault::Clog(node)), from) = (step, millis(*at)) else { continue };
        let before = history
            .phases
            .iter()
            .take_while(|change| change.at <= *at)
            .filter(|change| change.node == *node);
        let is_running = before.last().is_some_and(|change| is_there(change.phase));
        if !is_running || clear_from.get(node).is_some_and(|clear| from < *clear) {
            continue;
        }
        let cleared = history.steps[index..]
            .iter()
            .find(|(_, step)| *step == Step::Fault(Fault::Unclog(*node)));
        let mut after = history.phases.iter().skip_while(|change| change.at <= *at);
        let gone = after
            .find(|change| change.node == *node && !is_there(change.phase))
            .map(|change| change.at);
        let to = cleared.map(|(at, _)| *at).into_iter().chain(gone).min().map_or(end, millis);
        let what = format!("node-{node} clogged");
        spans.push(Span { from, to, class: "paused", label: what.clone(), what });
        clear_from.insert(*node, to);
    }
    spans
}

/// When the network was cut.
fn cuts(history: &History, end: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Option<Span> = None;
    for (at, step) in &history.steps {
        let at = millis(*at);
        match (step, &mut open) {
            (Step::Fault(Fault::Heal), _) => {
                spans.extend(open.take().map(|span| Span { to: at, ..span }));
            }
            (
                Step::Fault(
                    Fault::Partition(_) | Fault::OneWayPartition { .. } | Fault::Flapping { .. },
                ),
                None,
            ) => {
                let flaps = matches!(step, Step::Fault(Fault::Flapping { .. }));
                let (label, what) =
                    (String::from(if flaps { "flaps" } else { "cut" }), step.to_string());
                open = Some(Span { from: at, to: end, class: "cut", label, what });
            }
            (
                Step::Fault(
                    Fault::Partition(_) | Fault::OneWayPartition { .. } | Fault::Flapping { .. },
                ),
                Some(span),
            ) => {
                span.what += &format!("; {step}");
            }
            _ => {}
        }
    }
    spans.extend(open);
    spans
}

/// What else was done, but for joins.
fn marks(history: &History) -> Vec<(u64, String)> {
    let is_shown_otherwise = |step: &Step| {
        matches!(
            step,
            Step::Work(Work::Join { .. })
                | Step::Fault(
                    Fault::Crash(_)
                        | Fault::PowerOff(_)
                        | Fault::Restart(_)
                        | Fault::RestartAtNewAddress(_)
                        | Fault::Pause(_)
                        | Fault::Resume(_)
                        | Fault::Clog(_)
                        | Fault::Unclog(_)
                        | Fault::Partition(_)
                        | Fault::OneWayPartition { .. }
                        | Fault::Flapping { .. }
                        | Fault::Heal
                )
        )
    };
    let others = history.steps.iter().filter(|(_, step)| !is_shown_otherwise(step));
    others.map(|(at, step)| (millis(*at), step.to_string())).collect()
}

/// Spans in lanes, and how many found none.
fn lanes(spans: Vec<Span>) -> (Vec<Vec<Span>>, usize) {
    let mut lanes: Vec<Vec<Span>> = Vec::new();
    let mut left_out = 0;
    for span in spans {
        let is_free = |lane: &Vec<Span>| lane.last().is_none_or(|last| last.to <= span.from);
        match lanes.iter().position(is_free) {
            Some(free) => lanes[free].push(span),
            None if lanes.len() < LANES => lanes.push(vec![span]),
            None => left_out += 1,
        }
    }
    (lanes, left_out)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::history::PhaseChange;

    fn span(from: u64, to: u64) -> Span {
        Span { from, to, class: "down", label: String::new(), what: String::new() }
    }

    #[test]
    fn spans_share_a_lane_unless_they_overlap() {
        let (packed, left_out) = lanes(vec![span(0, 10), span(5, 20), span(10, 30), span(40, 50)]);
        assert_eq!(packed.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(left_out, 0);
        assert_eq!(lanes((0..20).map(|_| span(0, 10)).collect()).1, 12);
    }

    #[test]
    fn cuts_last_until_they_are_healed_and_absences_until_the_node_runs_again() {
        let at = Instant::from_millis;
        let phase = |time, phase| PhaseChange { at: at(time), node: 3, phase };
        let history = History {
            steps: vec![
                (at(10), Fault::Partition(vec![vec![0]]).into()),
                (at(90), Fault::Heal.into()),
            ],
            phases: vec![
                phase(0, Phase::Running),
                phase(20, Phase::Crashed),
                phase(50, Phase::Running),
            ],
            ..History::default()
        };
        let times =
            |spans: Vec<Span>| spans.iter().map(|span| (span.from, span.to)).collect::<Vec<_>>();
        assert_eq!(times(cuts(&history, 100)), [(10, 90)]);
        assert_eq!(times(absences(&history, 100)), [(20, 50)]);
        assert!(inline(&history).contains("node-3 crashed, 0.02 s to 0.05 s"));
    }

    #[test]
    fn clogs_last_until_they_are_cleared_or_their_process_ends_and_paths_that_flap_are_cut() {
        let at = Instant::from_millis;
        let phase = |time, phase| PhaseChange { at: at(time), node: 3, phase };
        let flapping = Fault::Flapping {
            one: vec![0],
            other: vec![1],
            up: Duration::MAX,
            down: Duration::MAX,
        };
        let history = History {
            steps: vec![
                (at(10), Fault::Clog(3).into()),
                (at(15), Fault::Clog(3).into()),
                (at(20), Fault::Unclog(3).into()),
                (at(30), Fault::Clog(3).into()),
                (at(45), Fault::Clog(3).into()),
                (at(60), Fault::Clog(3).into()),
                (at(70), flapping.into()),
                (at(80), Fault::Heal.into()),
            ],
            phases: vec![
                phase(0, Phase::Running),
                phase(40, Phase::Crashed),
                phase(50, Phase::Running),
            ],
            ..History::default()
        };
        let times =
            |spans: Vec<Span>| spans.iter().map(|span| (span.from, span.to)).collect::<Vec<_>>();
        assert_eq!(times(clogs(&history, 100)), [(10, 20), (30, 40), (60, 100)]);
        assert_eq!(times(cuts(&history, 100)), [(70, 80)]);
        assert!(marks(&history).is_empty(), "they are drawn once");
        assert!(inline(&history).contains("node-3 clogged, 0.01 s to 0.02 s"));
    }
}
