//! The figures of a run as rows with a name, a value and a unit: one table for the page, for JSON
//! and for CSV.

use core::time::Duration;

use serde_json::{Value, json};

use swim_core::MessageKind;

use super::scale::exact;
use super::{Report, each_node};
use crate::figures::{CpuTime, Figures, NodeTotal, Outage};

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
    let highest = |key, label, count: fn(&NodeTotal) -> u64, unit| {
        let highest = each_node::highest(&figures.by_node, count);
        Row { key, label, value: highest.map_or(String::new(), |(_, rate)| exact(rate)), unit }
    };
    let milliseconds = u64::try_from(figures.virtual_time.as_millis()).unwrap_or(u64::MAX);
    let mut rows = vec![
        row("virtual_time", "Virtual time", milliseconds, "ms"),
        row("node_time", "Time that nodes ran, together", total.ran_for.as_secs(), "s"),
        row("messages", "Messages sent", total.messages(), "messages"),
        rate(
            "messages_per_node_second",
            "Messages sent by a node in a second",
            total.messages(),
            "messages/s",
        ),
        row("packets", "Packets sent", total.packets, "packets"),
        rate(
            "packets_per_node_second",
            "Packets sent by a node in a second",
            total.packets,
            "packets/s",
        ),
        row("packet_bytes", "Bytes of packets", total.packet_bytes, "bytes"),
        rate(
            "packet_bytes_per_node_second",
            "Bytes of packets, a node in a second",
            total.packet_bytes,
            "bytes/s",
        ),
        highest(
            "packets_per_second_highest",
            "Packets sent in a second by the node with the most",
            |node| node.packets,
            "packets/s",
        ),
        highest(
            "packet_bytes_per_second_highest",
            "Bytes of packets in a second, the node with the most",
            |node| node.packet_bytes,
            "bytes/s",
        ),
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
    ];
    rows.extend(of_verdicts(figures));
    rows
}

/// What nodes believed of each other, and where they were wrong.
fn of_verdicts(figures: &Figures) -> [Row; 5] {
    let total = &figures.total;
    let row = |key, label, value: u64, unit| Row { key, label, value: value.to_string(), unit };
    [
        row("suspicions", "Suspicions begun", total.suspicions, "suspicions"),
        row("refutations", "Refutations", total.refutations, "refutations"),
        row(
            "false_suspicions",
            "Users told of suspicions of processes that were well",
            figures.false_suspicions,
            "times",
        ),
        row(
            "false_deaths",
            "Users told of deaths of processes that were well",
            figures.false_deaths,
            "times",
        ),
        row(
            "stalled_deaths",
            "Users told of deaths of processes that stalled",
            figures.stalled_deaths,
            "times",
        ),
    ]
}

/// What is measured of an outage: for machines, for people, and the time after the fault, if it
/// came to that.
pub(super) fn of_outage(outage: &Outage) -> [(&'static str, &'static str, Option<Duration>); 5] {
    [
        ("first_suspicion", "suspected", outage.first_suspicion()),
        ("first_detection", "detected", outage.first_detection()),
        ("known_to_50_percent", "known to 50 %", outage.dissemination(50)),
        ("known_to_90_percent", "known to 90 %", outage.dissemination(90)),
        ("known_to_100_percent", "known to all", outage.dissemination(100)),
    ]
}

/// What this machine's processor took: for machines, for people, and nanoseconds, if there are any.
pub(super) fn of_cpu(
    figures: &Figures,
    cpu: &CpuTime,
) -> [(&'static str, &'static str, Option<u64>); 4] {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let of_nodes = figures.by_node.iter().enumerate();
    let highest =
        of_nodes.filter_map(|(index, node)| each_node::cpu_per_second(cpu, index, node)).max();
    [
        ("cpu", "CPU of this machine, the simulator included", Some(nanos(cpu.total()))),
        ("cpu_of_no_node", "&hellip; of which for no node", Some(nanos(cpu.rest))),
        (
            "cpu_per_node_second",
            "CPU of this machine, a node in a virtual second",
            cpu.per_node_second(figures.total.ran_for).map(nanos),
        ),
        ("cpu_per_second_highest", "&hellip; the node with the most", highest.map(nanos)),
    ]
}

/// What differs from run to run, apart from what does not; `null` if it was not measured.
fn this_machine(report: &Report<'_>) -> Option<Value> {
    let cpu = report.cpu_time?;
    let nanos =
        |times: &[Duration]| times.iter().map(|time| time.as_nanos() as u64).collect::<Vec<_>>();
    let mut value = json!({ "cpu_by_node_ns": nanos(&cpu.by_node), "cpu_by_virtual_second_ns": nanos(&cpu.by_second) });
    for (key, _, time) in of_cpu(report.figures, cpu) {
        value[format!("{key}_ns")] = time.into();
    }
    Some(value)
}

/// A duration in milliseconds, as a number.
pub(super) fn millis(duration: Duration) -> u64 {
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
        let times = of_outage(outage)
            .map(|(key, _, after)| (format!("{key}_ms"), json!(after.map(millis))));
        let mut entry =
            json!({ "node": outage.node, "at_ms": began(outage), "lasts": outage.lasts() });
        entry.as_object_mut().into_iter().for_each(|entry| entry.extend(times.clone()));
        entry
    });
    let total = &report.figures.total;
    let messages = MessageKind::ALL.into_iter().map(|kind| {
        (
            kind.label().to_owned(),
            json!({ "sent": total.sent(kind), "received": total.received(kind) }),
        )
    });
    let met = report
        .met
        .iter()
        .map(|(what, at)| json!({ "expectation": what, "met_at_ms": millis(*at) }));
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
        "messages": messages.collect::<serde_json::Map<_, _>>(),
        "by_node": each_node::json(report),
        "outages": outages.collect::<Vec<_>>(),
        "this_machine": this_machine(report),
    })
}

/// One line for each figure; those of an outage carry its node and time, those of a node its
/// number. What begins with `this_machine` is the processor's time, which another run does not
/// repeat. No value holds a comma or a quote.
pub(super) fn csv(report: &Report<'_>) -> String {
    let mut text = String::from("figure,node,outage_at_ms,value,unit\n");
    for row in of(report.figures) {
        text += &format!("{},,,{},{}\n", row.key, row.value, row.unit);
    }
    for kind in MessageKind::ALL {
        let (sent, received) =
            (report.figures.total.sent(kind), report.figures.total.received(kind));
        text += &format!(
            "messages_sent_{kind},,,{sent},messages\nmessages_received_{kind},,,{received},messages\n"
        );
    }
    for (key, _, time) in report.cpu_time.into_iter().flat_map(|cpu| of_cpu(report.figures, cpu)) {
        text += &format!(
            "this_machine_{key},,,{},ns\n",
            time.map_or(String::new(), |time| time.to_string())
        );
    }
    text += &each_node::csv(report);
    for outage in &report.figures.outages {
        for (key, _, after) in of_outage(outage) {
            let value = after.map_or(String::new(), |after| millis(after).to_string());
            text += &format!("{key},{},{},{value},ms\n", outage.node, began(outage));
        }
    }
    text
}
