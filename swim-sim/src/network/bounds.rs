//! The bounds of what a path may be: shares of 1,000, latencies from low to high, some bandwidth.

use super::{Bandwidth, Latency, Link};

/// A share of 1,000.
pub(crate) fn permille(key: &str, value: u16) -> Result<(), String> {
    if value > 1_000 {
        Err(format!("{key} = {value}: of 1,000 there are 0 to 1000"))
    } else {
        Ok(())
    }
}

/// The path between two nodes.
pub(crate) fn link(link: &Link) -> Result<(), String> {
    permille("loss_permille", link.loss_permille)?;
    permille("duplicate_permille", link.duplicate_permille)?;
    permille("reorder_permille", link.reorder_permille)?;
    permille("corrupt_permille", link.corrupt_permille)?;
    latency("latency", &link.latency)?;
    link.bandwidth.map_or(Ok(()), bandwidth)
}

/// The delays of a path; `key` says whose.
pub(crate) fn latency(key: &str, latency: &Latency) -> Result<(), String> {
    match latency {
        Latency::Uniform { low, high } if low > high => Err(format!(
            "{key} = {{ uniform = {{ low = {low:?}, high = {high:?} }} }}: low must not be above high"
        )),
        _ => Ok(()),
    }
}

/// How fast a node can send.
pub(crate) fn bandwidth(limit: Bandwidth) -> Result<(), String> {
    if limit.bytes_per_second > 0 {
        return Ok(());
    }
    Err(String::from(
        "bandwidth.bytes_per_second = 0: at least 1; without a limit it is bandwidth = \"unlimited\"",
    ))
}
