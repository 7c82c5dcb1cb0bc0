//! The network: latencies of every kind, and what it loses, doubles, holds up, damages and has no
//! room for.
//!
//! What is lost and damaged ends when the world is mended; latencies stay, so they are such that a
//! ping and its ack fit into the probe timeout but for a tail.

use core::time::Duration;

use toml::Value;

use super::Frame;
use crate::case::Case;
use crate::ground::streams::{self, Stream};
use crate::network::{Bandwidth, Latency, Tail};

/// Draws a network into a case.
pub(super) fn draw(stream: &mut Stream, case: &mut Case, frame: &Frame) {
    let latency = latency(stream, frame.probe_timeout / 3);
    // A satellite's or a radio's own latency is only kept where the settings allow for it.
    let slowest = case.cluster().map(|cluster| slowest(&cluster.link.latency)).unwrap_or_default();
    if streams::happens(stream, 400) || slowest > frame.probe_timeout / 3 {
        set(case, "latency", Value::try_from(&latency));
    }
    let permille =
        |stream: &mut Stream, most: u64| i64::from(streams::below(stream, most + 1) as u16);
    for (name, chance, most) in [
        ("loss_permille", 400, 150),
        ("duplicate_permille", 200, 100),
        ("reorder_permille", 200, 200),
        ("corrupt_permille", 200, 50),
    ] {
        let value = permille(stream, most);
        if streams::happens(stream, chance) {
            set(case, name, Ok(Value::from(value)));
        }
    }
    if case.link.contains_key("reorder_permille") {
        let by = streams::between(stream, Duration::ZERO, frame.period);
        set(case, "reorder_by", Ok(Value::from(crate::ground::time::format(by))));
    }
    let bandwidth = bandwidth(stream);
    if streams::happens(stream, 150) {
        set(case, "bandwidth", Value::try_from(bandwidth));
    }
}

/// A path on which all get along, or one so narrow that few packets may wait: every burst of gossip
/// overflows it, until the world is mended.
fn bandwidth(stream: &mut Stream) -> Bandwidth {
    let is_choked = streams::happens(stream, 500);
    let (speed, queue) = (streams::below(stream, 100_000), streams::below(stream, 50_000));
    if is_choked {
        Bandwidth { bytes_per_second: 500 + speed / 50, queue_bytes: 300 + queue / 25 }
    } else {
        Bandwidth { bytes_per_second: 10_000 + speed, queue_bytes: 5_000 + queue }
    }
}

fn set(case: &mut Case, name: &str, value: Result<Value, toml::ser::Error>) {
    if let Ok(value) = value {
        case.link.insert(String::from(name), value);
    }
}

/// A delay of at most so much, but for a tail.
fn latency(stream: &mut Stream, most: Duration) -> Latency {
    let typical = streams::between(stream, most / 100, most);
    match streams::below(stream, 6) {
        0 => Latency::Constant(typical),
        1 => Latency::quantiles(&[
            (1, typical / 10),
            (900, typical / 2),
            (990, typical),
            (1_000, 3 * most),
        ]),
        2 => Latency::log_normal(typical / 3, Tail::Short),
        3 => Latency::log_normal(typical / 6, Tail::Medium),
        4 => Latency::log_normal(typical / 20, Tail::Long),
        _ => Latency::Uniform { low: typical / 10, high: typical },
    }
}

/// The delay within which 99 of 100 packets arrive.
fn slowest(latency: &Latency) -> Duration {
    match latency {
        Latency::Constant(delay) | Latency::Uniform { high: delay, .. } => *delay,
        Latency::Quantiles(rows) => {
            rows.iter().find(|(permille, _)| *permille >= 990).map_or(Duration::MAX, |row| row.1)
        }
    }
}
