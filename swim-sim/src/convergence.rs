//! Do the nodes agree with the truth, and if not: who is wrong about whom, and why that may be.
//!
//! The truth is what the simulator knows: which processes run, where, and with what incarnation and metadata. A process
//! that stalls or is leaving is neither here nor there, so nobody can be wrong about it, and it is not asked. Equal
//! digests are equal tables, so of all nodes with one digest only one is compared row by row.

use core::fmt;
use core::net::SocketAddr;
use std::collections::BTreeMap;

use swim_core::{Claim, State, Status, Swim};

use crate::Cluster;
use crate::name;
use crate::node::Phase;
use crate::streams::Stream;

/// So many wrong rows are collected at most.
const MOST: usize = 4_096;
/// So many subjects, and observers of each, are printed.
const PRINTED: usize = 8;

/// One row of one table that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Whose table.
    pub observer: usize,
    /// About which name's number.
    pub subject: usize,
    /// What the table says; `None` if it does not have the subject.
    pub believed: Option<Claim>,
    /// What is wrong with that.
    pub wrong: Wrong,
}

/// How a row is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The subject runs, and is not known or not alive.
    NotAlive,
    /// The subject runs, and its address, metadata or incarnation is outdated.
    Outdated,
    /// The subject does not run, and is taken for active.
    Ghost,
    /// The subject belongs to a cluster of another name.
    Stranger,
}

/// All that is wrong, as far as it was collected.
#[derive(Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The rows, in order of observer and subject.
    pub mismatches: Vec<Mismatch>,
    text: String,
}

/// What is true of a name.
enum Truth<'a> {
    /// One process has it.
    Runs { swim: &'a Swim<Stream>, address: SocketAddr },
    /// No process has it.
    Gone,
    /// It stalls, is leaving, or several have it.
    Unclear,
}

pub(crate) fn check(cluster: &Cluster) -> Result<(), Disagreement> {
    let truths = truths(cluster);
    let mut representatives: BTreeMap<(u64, &str), usize> = BTreeMap::new();
    let mut mismatches = Vec::new();
    for (observer, node) in cluster.nodes().enumerate() {
        let Some(swim) = node.swim().filter(|swim| node.is_running() && swim.state() == State::Running) else {
            continue;
        };
        let digest = (swim.digest(), swim.config().cluster.as_str());
        let representative = *representatives.entry(digest).or_insert(observer);
        if representative == observer {
            compare(observer, swim, &truths, &mut mismatches);
        } else {
            let same: Vec<_> = of_observer(&mismatches, representative).cloned().collect();
            mismatches.extend(same.into_iter().map(|mismatch| Mismatch { observer, ..mismatch }));
        }
        if mismatches.len() >= MOST {
            break;
        }
    }
    if mismatches.is_empty() {
        return Ok(());
    }
    let text = explain(cluster, &mismatches);
    Err(Disagreement { mismatches, text })
}

fn of_observer(mismatches: &[Mismatch], observer: usize) -> impl Iterator<Item = &Mismatch> {
    mismatches.iter().filter(move |mismatch| mismatch.observer == observer)
}

/// What is true of each name.
fn truths(cluster: &Cluster) -> Vec<Truth<'_>> {
    let mut truths: Vec<Truth<'_>> = Vec::new();
    for (index, node) in cluster.nodes().enumerate() {
        let truth = match (node.phase(), node.swim()) {
            (Phase::Running, Some(swim)) if swim.state() == State::Running => {
                Truth::Runs { swim, address: node.address() }
            }
            (Phase::Running | Phase::Paused, Some(_)) => Truth::Unclear,
            _ => Truth::Gone,
        };
        let name = cluster.name_of(index);
        if name >= truths.len() {
            truths.resize_with(name + 1, || Truth::Gone);
        }
        truths[name] = match (&truths[name], truth) {
            (_, Truth::Gone) => continue,
            (Truth::Gone, truth) => truth,
            _ => Truth::Unclear,
        };
    }
    truths
}

fn compare(observer: usize, swim: &Swim<Stream>, truths: &[Truth<'_>], mismatches: &mut Vec<Mismatch>) {
    for (subject, truth) in truths.iter().enumerate() {
        let row = swim.member(&name::numbered(subject));
        let believed = row.map(|row| row.claim);
        let is_active = believed.is_some_and(|claim| claim.status.is_active());
        let wrong = match truth {
            Truth::Runs { swim: other, .. } if other.config().cluster != swim.config().cluster => {
                is_active.then_some(Wrong::Stranger)
            }
            Truth::Runs { swim: other, address } => match row {
                Some(row) if row.status() == Status::Alive => {
                    let own = other.member(other.id());
                    let up_to_date = row.address == *address
                        && row.claim.incarnation == other.incarnation()
                        && own.is_none_or(|own| own.metadata == row.metadata);
                    (!up_to_date).then_some(Wrong::Outdated)
                }
                _ => Some(Wrong::NotAlive),
            },
            Truth::Gone => is_active.then_some(Wrong::Ghost),
            Truth::Unclear => None,
        };
        if let Some(wrong) = wrong {
            mismatches.push(Mismatch { observer, subject, believed, wrong });
        }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl core::error::Error for Disagreement {}

fn explain(cluster: &Cluster, mismatches: &[Mismatch]) -> String {
    let mut by_subject: BTreeMap<usize, Vec<&Mismatch>> = BTreeMap::new();
    for mismatch in mismatches {
        by_subject.entry(mismatch.subject).or_default().push(mismatch);
    }
    let more = if mismatches.len() >= MOST { "or more " } else { "" };
    let mut text = format!("not converged: {} {more}wrong rows about {} members\n", mismatches.len(), by_subject.len());
    for (subject, wrong) in by_subject.iter().take(PRINTED) {
        text += &format!("  {}\n", truth_about(cluster, *subject));
        for mismatch in wrong.iter().take(PRINTED) {
            text += &format!("    {}\n", why(cluster, mismatch));
        }
        if wrong.len() > PRINTED {
            text += &format!("    and {} more nodes\n", wrong.len() - PRINTED);
        }
    }
    if by_subject.len() > PRINTED {
        text += &format!("  and {} more members\n", by_subject.len() - PRINTED);
    }
    text
}

fn truth_about(cluster: &Cluster, subject: usize) -> String {
    let owners = cluster.nodes().enumerate().filter(|(index, _)| cluster.name_of(*index) == subject);
    let states: Vec<_> = owners
        .map(|(_, node)| match node.swim() {
            Some(swim) => format!("{:?} at {} with incarnation {}", node.phase(), node.address(), swim.incarnation()),
            None => format!("{:?}", node.phase()),
        })
        .collect();
    format!("node-{subject} ({}):", states.join("; "))
}

/// What an observer believes, and what stands between it and the truth.
fn why(cluster: &Cluster, mismatch: &Mismatch) -> String {
    let (observer, subject) = (mismatch.observer, mismatch.subject);
    let believed = mismatch.believed.map_or(String::from("unknown"), |claim| claim.to_string());
    let mut text = format!("node-{observer}: {believed}");
    match mismatch.wrong {
        Wrong::NotAlive => {}
        Wrong::Outdated => text += ", outdated",
        Wrong::Ghost => text += ", a ghost",
        Wrong::Stranger => text += ", of another cluster",
    }
    if subject < cluster.nodes().len() {
        for (from, to) in [(observer, subject), (subject, observer)] {
            if cluster.is_cut(from, to) {
                text += &format!("; node-{from} cannot reach node-{to}");
            } else if cluster.loss_between(from, to) > 0 {
                text += &format!("; {} of 1,000 packets to node-{to} are lost", cluster.loss_between(from, to));
            }
        }
    }
    if let Some(swim) = cluster.node(observer).swim() {
        let waiting = swim.queued_updates();
        text += &format!(
            "; knows {} active members, {waiting} updates wait, health {}",
            swim.active_members(),
            swim.health()
        );
    }
    let heard = |event: &swim_core::Event| crate::checkers::about(event) == Some(subject);
    match cluster.events(observer).rev().find(|(_, event)| heard(event)) {
        Some((at, event)) => text += &format!("; last heard at {at}: {}", crate::trace::Told(event)),
        None => text += "; never heard of it",
    }
    text
}
