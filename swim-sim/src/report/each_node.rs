//! What each node sent and took, as rows: for JSON, for CSV and for the page. The figures of the
//! whole are in `rows`.

use core::time::Duration;

use serde_json::{Value, json};

use super::Report;
use super::scale::{exact, grouped, seconds};
use crate::figures::{CpuTime, NodeTotal};

/// So many nodes are listed on a page at most, those that send most bytes in a second first.
const LISTED: usize = 200;

/// One node's figures, by key, with their units. Rates are thousandths, each over the seconds that
/// the node ran.
fn of(node: &NodeTotal) -> [(&'static str, Option<u64>, &'static str); 4] {
    [
        ("messages_per_second", node.per_second(node.messages), "messages/s"),
        ("packets_per_second", node.per_second(node.packets), "packets/s"),
        ("packet_bytes_per_second", node.per_second(node.packet_bytes), "bytes/s"),
        ("exchange_bytes_per_second", node.per_second(node.exchange_bytes), "bytes/s"),
    ]
}

/// The counts of one node, by key, with their units.
const fn counts(node: &NodeTotal) -> [(&'static str, u64, &'static str); 5] {
    [
        ("messages", node.messages, "messages"),
        ("packets", node.packets, "packets"),
        ("packet_bytes", node.packet_bytes, "bytes"),
        ("exchanges", node.exchanges, "exchanges"),
        ("exchange_bytes", node.exchange_bytes, "bytes"),
    ]
}

/// The node of which a rate is highest, and the rate in thousandths.
pub(super) fn highest(
    nodes: &[NodeTotal],
    count: impl Fn(&NodeTotal) -> u64,
) -> Option<(usize, u64)> {
    let rates = nodes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| Some((index, node.per_second(count(node))?)));
    // Of equals the first one.
    rates.max_by_key(|(index, rate)| (*rate, usize::MAX - index))
}

/// What a virtual second of a node took on this machine.
pub(super) fn cpu_per_second(cpu: &CpuTime, index: usize, node: &NodeTotal) -> Option<Duration> {
    let took = cpu.by_node.get(index).copied().unwrap_or_default();
    let nanos = (took.as_nanos() * 1_000_000_000).checked_div(node.ran_for.as_nanos())?;
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

/// A list of objects, one for each node.
pub(super) fn json(report: &Report<'_>) -> Vec<Value> {
    let nodes = report.figures.by_node.iter().enumerate();
    nodes
        .map(|(index, node)| {
            let mut entry = json!({ "node": index, "ran_ms": node.ran_for.as_millis() as u64 });
            for (key, count, _) in counts(node) {
                entry[key] = count.into();
            }
            for (key, rate, _) in of(node) {
                entry[key] = rate.and_then(|rate| exact(rate).parse().ok()).unwrap_or(Value::Null);
            }
            entry
        })
        .collect()
}

/// Lines of CSV: figure, node, nothing, value, unit.
pub(super) fn csv(report: &Report<'_>) -> String {
    let mut text = String::new();
    for (index, node) in report.figures.by_node.iter().enumerate() {
        text += &format!("node_ran,{index},,{},ms\n", node.ran_for.as_millis());
        for (key, count, unit) in counts(node) {
            text += &format!("node_{key},{index},,{count},{unit}\n");
        }
        for (key, rate, unit) in of(node) {
            text += &format!("node_{key},{index},,{},{unit}\n", rate.map_or(String::new(), exact));
        }
        if let Some(cpu) = report.cpu_time {
            let took = cpu.by_node.get(index).copied().unwrap_or_default();
            text += &format!("this_machine_cpu,{index},,{},ns\n", took.as_nanos());
        }
    }
    text
}

/// Rows of the page's table.
pub(super) fn html(report: &Report<'_>) -> String {
    let mut nodes: Vec<_> = report.figures.by_node.iter().enumerate().collect();
    nodes.sort_by_key(|(index, node)| (core::cmp::Reverse(node.per_second(node.bytes())), *index));
    let cell = |text: Option<String>| {
        format!("<td class=\"number\">{}</td>", text.unwrap_or_else(|| String::from("–")))
    };
    let rows = nodes.iter().take(LISTED).map(|(index, node)| {
        let rates = of(node).map(|(_, rate, _)| cell(rate.map(|rate| grouped(&tenth(rate)))));
        let cpu = report.cpu_time.map(|cpu| cell(cpu_per_second(cpu, *index, node).map(micros))).unwrap_or_default();
        let ran = seconds(node.ran_for.as_secs() * 1_000);
        format!(
            "<tr><td><a href=\"#node={index}\">node-{index}</a></td><td class=\"number\">{ran}</td>{}{cpu}</tr>",
            rates.concat()
        )
    });
    let more = nodes.len().saturating_sub(LISTED);
    let rest = if more > 0 {
        format!("<tr><td colspan=\"7\">and {more} that send less</td></tr>")
    } else {
        String::new()
    };
    rows.collect::<String>() + &rest
}

/// The title of the page's last column, if there is one.
pub(super) const fn cpu_title(report: &Report<'_>) -> &'static str {
    if report.cpu_time.is_some() { "<th>CPU here, &micro;s a virtual second</th>" } else { "" }
}

/// Microseconds with one digit after the point.
pub(super) fn micros(time: Duration) -> String {
    grouped(&format!("{}.{}", time.as_micros(), time.as_nanos() / 100 % 10))
}

/// Thousandths with one digit after the point, rounded.
fn tenth(thousandths: u64) -> String {
    let tenths = thousandths.saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(seconds: u64, packets: u64) -> NodeTotal {
        NodeTotal { ran_for: Duration::from_secs(seconds), packets, ..NodeTotal::default() }
    }

    #[test]
    fn the_busiest_node_is_the_one_with_the_highest_rate_not_the_highest_count() {
        let nodes = [node(100, 200), node(10, 40), node(0, 0), node(10, 40)];
        assert_eq!(highest(&nodes, |node| node.packets), Some((1, 4_000)));
        assert_eq!(highest(&[], |node| node.packets), None);
    }

    #[test]
    fn processor_time_is_told_for_a_second_of_the_nodes_own_life() {
        let cpu = CpuTime { by_node: vec![Duration::from_micros(900)], ..CpuTime::default() };
        assert_eq!(cpu_per_second(&cpu, 0, &node(3, 0)).map(micros).as_deref(), Some("300.0"));
        assert_eq!(
            cpu_per_second(&cpu, 1, &node(3, 0)),
            Some(Duration::ZERO),
            "it had nothing to do"
        );
        assert_eq!(cpu_per_second(&cpu, 0, &node(0, 0)), None);
        assert_eq!(micros(Duration::from_nanos(1_234_567)), "1\u{202f}234.5");
    }

    #[test]
    fn rates_are_rounded_to_a_tenth() {
        assert_eq!([49, 50, 1_949, 1_950].map(tenth), ["0.0", "0.1", "1.9", "2.0"]);
    }
}
