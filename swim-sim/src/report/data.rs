//! A history as the JSON that a page carries: changes as a flat list of numbers, times in whole
//! milliseconds.
//!
//! A change is four numbers: milliseconds since the change before, observer, subject, and a code: 0
//! unknown, 1 alive, 2 suspect, 3 dead, 4 left, and 5 + n for a suspicion that node n raised.

use serde_json::{Value, json};
use swim_core::{Event, Status};

use super::curves::Curve;
use super::timeline::millis;
use crate::history::{Change, History};
use crate::node::Phase;
use crate::plan::{Step, Work};

pub(super) fn of(history: &History, curves: &[Curve]) -> Value {
    let health = history.told.iter().filter_map(|told| match told.event {
        Event::HealthChanged { score } => Some(json!([millis(told.at), told.node, score])),
        _ => None,
    });
    let told =
        history.told.iter().filter(|told| !matches!(told.event, Event::HealthChanged { .. }));
    let joins = history
        .steps
        .iter()
        .filter(|(_, step)| matches!(step, Step::Work(Work::Join { .. })))
        .count();
    let steps =
        history.steps.iter().filter(|(_, step)| !matches!(step, Step::Work(Work::Join { .. })));
    let phases = history
        .phases
        .iter()
        .map(|change| json!([millis(change.at), change.node, phase(change.phase)]));
    json!({
        "end": millis(history.end()),
        "fullAt": history.full_at.map(millis),
        "nodes": history.nodes,
        "names": history.names,
        "joins": joins,
        "changes": changes(&history.changes),
        "phases": phases.collect::<Vec<_>>(),
        "steps": steps.map(|(at, step)| json!([millis(*at), step.to_string()])).collect::<Vec<_>>(),
        "told": told.map(|told| json!([millis(told.at), told.node, told.event.to_string()])).collect::<Vec<_>>(),
        "health": health.collect::<Vec<_>>(),
        "curves": curves.iter().map(curve).collect::<Vec<_>>(),
    })
}

fn changes(changes: &[Change]) -> Vec<u64> {
    let mut before = 0;
    let mut numbers = Vec::with_capacity(4 * changes.len());
    for change in changes {
        let at = millis(change.at);
        let code = match (change.status, change.by) {
            (None, _) => 0,
            (Some(Status::Suspect), Some(by)) => 5 + by as u64,
            (Some(status), _) => 1 + status as u64,
        };
        numbers.extend([at - before, change.observer as u64, change.subject as u64, code]);
        before = at;
    }
    numbers
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Running => "runs",
        Phase::Paused => "paused",
        Phase::Crashed => "crashed",
        Phase::PoweredOff => "without power",
        Phase::Left => "left",
    }
}

fn curve(curve: &Curve) -> Value {
    let series = curve.series.iter().map(|series| json!(series.values)).collect::<Vec<_>>();
    json!({ "id": curve.id, "times": curve.times, "series": series })
}

#[cfg(test)]
mod tests {
    use swim_core::Instant;

    use super::*;

    #[test]
    fn a_change_is_four_numbers() {
        let change = |at, status, by| Change {
            at: Instant::from_millis(at),
            observer: 1,
            subject: 2,
            status,
            by,
        };
        let list = [
            change(5, Some(Status::Alive), None),
            change(9, Some(Status::Suspect), Some(7)),
            change(9, Some(Status::Suspect), None),
            change(20, None, None),
        ];
        assert_eq!(changes(&list), [5, 1, 2, 1, 4, 1, 2, 12, 0, 1, 2, 2, 11, 1, 2, 0]);
    }
}
