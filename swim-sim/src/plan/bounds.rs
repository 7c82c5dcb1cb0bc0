//! The bounds of what a step says by itself: shares, rates, times that must be more than none,
//! sizes.
//!
//! Files are held to them when they are read, clusters when they are built and when something is
//! done to them. What stands around a row is not known here.

use core::time::Duration;
use std::collections::BTreeSet;

#[cfg(feature = "serde")]
use swim_core::Config;

use super::Fault;
#[cfg(feature = "serde")]
use super::{Step, Work};
use crate::attack::{Attack, Lie};
use crate::network::bounds::{bandwidth, latency, permille};

/// So many nodes a file may have at most; a run of more would take days and more memory than
/// machines have.
#[cfg(feature = "serde")]
pub(crate) const MOST_NODES: usize = 100_000;

/// A clock that runs ten times as fast as it should is the fastest.
const FASTEST: u16 = 10_000;

/// A row of a plan.
#[cfg(feature = "serde")]
pub(crate) fn step(step: &Step, config: &Config) -> Result<(), String> {
    match step {
        Step::Fault(of) => fault(of),
        Step::Work(of) => work(of, config),
    }
}

/// A node's number; refused if there is no such node.
pub(crate) fn absent(node: Option<usize>, nodes: usize) -> Result<(), String> {
    match node {
        Some(node) if node >= nodes => Err(format!(
            "there is no node {node}: {nodes} nodes are numbered from 0 to {}",
            nodes.saturating_sub(1)
        )),
        _ => Ok(()),
    }
}

/// A fault by itself.
pub(crate) fn fault(fault: &Fault) -> Result<(), String> {
    match fault {
        Fault::Loss(share) => permille("loss", *share),
        Fault::LossBetween { permille: share, .. } => permille("loss_between.permille", *share),
        Fault::Duplication(share) => permille("duplication", *share),
        Fault::Reordering(share, _) => permille("reordering", *share),
        Fault::Corruption(share) => permille("corruption", *share),
        Fault::Slowness(of) => latency("slowness", of),
        Fault::Bandwidth(limit) => limit.map_or(Ok(()), bandwidth),
        Fault::ClockRate { thousandths, .. } if *thousandths == 0 || *thousandths > FASTEST => {
            Err(format!(
                "clock_rate.thousandths = {thousandths}: a clock runs at 1 to {FASTEST} thousandths, 1000 is right"
            ))
        }
        Fault::Flapping { up, down, .. } => {
            some_time("flapping.up", *up)?;
            some_time("flapping.down", *down)
        }
        Fault::Namesake { lasts, .. } => some_time("namesake.lasts", *lasts),
        Fault::Partition(groups) => apart(groups),
        Fault::Attack(of) => attack(of),
        _ => Ok(()),
    }
}

/// A flood of more would tell nothing that this one does not.
const MOST_TIMES: u16 = 10_000;
/// A packet holds no more.
const MOST_GHOSTS: u16 = 1_000;

fn attack(attack: &Attack) -> Result<(), String> {
    if attack.times == 0 || attack.times > MOST_TIMES {
        return Err(format!("attack.times = {}: 1 to {MOST_TIMES}", attack.times));
    }
    match attack.lie {
        Lie::Ghosts(count) | Lie::GhostTable(count) if count == 0 || count > MOST_GHOSTS => {
            Err(format!("attack.lie of {count} members: 1 to {MOST_GHOSTS}"))
        }
        _ => Ok(()),
    }
}

fn some_time(key: &str, time: Duration) -> Result<(), String> {
    if time.is_zero() {
        Err(format!("{key} = {time:?}: it must be more than no time"))
    } else {
        Ok(())
    }
}

/// No node is in two groups.
fn apart(groups: &[Vec<usize>]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for group in groups {
        let own: BTreeSet<_> = group.iter().copied().collect();
        if let Some(node) = own.intersection(&seen).next() {
            return Err(format!("partition: node {node} is in two groups, and can be in one only"));
        }
        seen.extend(own);
    }
    Ok(())
}

/// A user's work; refused if the core would refuse it.
#[cfg(feature = "serde")]
fn work(work: &Work, config: &Config) -> Result<(), String> {
    let (key, size, name, most) = match work {
        Work::Broadcast { payload, .. } => {
            ("broadcast.payload", payload.len(), "max_broadcast_size", config.max_broadcast_size)
        }
        Work::SetMetadata { metadata, .. } => {
            ("set_metadata.metadata", metadata.len(), "max_metadata_size", config.max_metadata_size)
        }
        Work::UserEvent { name, payload, .. } => (
            "user_event",
            name.len() + payload.len(),
            "max_event_size",
            config.events.max_event_size,
        ),
        Work::Query { name, .. } => {
            ("query.name", name.len(), "max_query_size", config.events.max_query_size)
        }
        Work::Join { .. } | Work::Leave(_) => return Ok(()),
    };
    if size > most {
        Err(format!("{key} of {size} bytes: the setting {name} allows {most}"))
    } else {
        Ok(())
    }
}
