//! The figures of a run as rows with a name, a value and a unit: one table for the page, for JSON and for CSV.

use core::time::Duration;

use serde_json::{Value, json};

use super::Report;
use crate::figures::{Figures, Outage};

/// One figure.
#[derive(Debug)]
pub(super) struct Row {
    /// For machines.
    pub(super) key: &'static str,
    /// For people.
    pub(super) label: &'static str,
    /// A number in decimal; empty if there is none.
    pub(super) value: String,
    pub(super) unit: &'static str,
}

/// The figures of the run as a whole.
pub(super) fn of(figures: &Figures) -> Vec<Row> {
    let total = &figures.total;
    let row = |key, label, value: u64, unit| Row { key, label, value: value.to_string(), unit };
    let rate = |key, label, count, unit| {
        let value = total.per_node_second(count);
        Row { key, label, value: if value == "-" { String::new() } else { value }, unit }
    };
    let milliseconds = u64::try_from(figures.virtual_time.as_millis()).unwrap_or(u64::MAX);
    vec![
        row("virtual_time", "Virtual time", milliseconds, "ms"),
        row("node_time", "Time that nodes ran, together", total.ran_for.as_secs(), "s"),
        row("packets", "Packets sent", total.packets, "packets"),
        rate("packets_per_node_second", "Packets sent by a node in a second", total.packets, "packets/s"),
        row("packet_bytes", "Bytes of packets", total.packet_bytes, "bytes"),
        rate("packet_bytes_per_node_second", "Bytes of packets, a node in a second", total.packet_bytes, "bytes/s"),
        row("exchanges", "Exchanges opened", total.exchanges, "exchanges"),
        row("exchange_bytes", "Bytes of exchanges", total.exchange_bytes, "bytes"),
        rate(
            "exchange_bytes_per_node_second",
            "Bytes of exchanges, a node in a second",
            total.exchange_bytes,
            "bytes/s",
        ),
        row("packets_lost", "Packets lost on the way", figures.packets_lost, "packets"),
        row("packets_cut", "Packets sent into a cut", figures.packets_cut, "packets"),
        row("suspicions", "Suspicions begun", total.suspicions, "suspicions"),
        row("refutations", "Refutations", total.refutations, "refutations"),
        row(
            "false_suspicions",
            "Users told of suspicions of processes that were well",
            figures.false_suspicions,
            "times",
        ),
        row("false_deaths", "Users told of deaths of processes that were well", figures.false_deaths, "times"),
        row("stalled_deaths", "Users told of deaths of processes that stalled", figures.stalled_deaths, "times"),
    ]
}

/// What is measured of an outage: for machines, for people, and the time after the fault, if it came to that.
pub(super) fn of_outage(outage: &Outage) -> [(&'static str, &'static str, Option<Duration>); 5] {
    [
        ("first_suspicion", "suspected", outage.first_suspicion()),
        ("first_detection", "detected", outage.first_detection()),
        ("known_to_50_percent", "known to 50 %", outage.dissemination(50)),
        ("known_to_90_percent", "known to 90 %", outage.dissemination(90)),
        ("known_to_100_percent", "known to all", outage.dissemination(100)),
    ]
}

/// A duration in milliseconds, as a number.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When an outage began, in milliseconds.
pub(super) const fn began(outage: &Outage) -> u64 {
    super::timeline::millis(outage.at)
}

pub(super) fn json(report: &Report<'_>) -> Value {
    let figures = of(report.figures).into_iter().map(|row| {
        let value: Value = row.value.parse().unwrap_or(Value::Null);
        (row.key.to_owned(), json!({ "value": value, "unit": row.unit }))
    });
    let outages = report.figures.outages.iter().map(|outage| {
        let times = of_outage(outage).map(|(key, _, after)| (format!("{key}_ms"), json!(after.map(millis))));
        let mut entry = json!({ "node": outage.node, "at_ms": began(outage), "lasts": outage.lasts() });
        entry.as_object_mut().into_iter().for_each(|entry| entry.extend(times.clone()));
        entry
    });
    let met = report.met.iter().map(|(what, at)| json!({ "expectation": what, "met_at_ms": millis(*at) }));
    json!({
        "scenario": report.scenario,
        "command": report.command,
        "nodes": report.nodes,
        "seed": report.seed,
        "passed": report.failure.is_none(),
        "failure": report.failure,
        "expectations": met.collect::<Vec<_>>(),
        "trace_hash": format!("{:016x}", report.trace_hash),
        "figures": figures.collect::<serde_json::Map<_, _>>(),
        "outages": outages.collect::<Vec<_>>(),
    })
}

/// One line for each figure; those of an outage carry its node and time. No value holds a comma or a quote.
pub(super) fn csv(report: &Report<'_>) -> String {
    let mut text = String::from("figure,node,outage_at_ms,value,unit\n");
    for row in of(report.figures) {
        text += &format!("{},,,{},{}\n", row.key, row.value, row.unit);
    }
    for outage in &report.figures.outages {
        for (key, _, after) in of_outage(outage) {
            let value = after.map_or(String::new(), |after| millis(after).to_string());
            text += &format!("{key},{},{},{value},ms\n", outage.node, began(outage));
        }
    }
    text
}
