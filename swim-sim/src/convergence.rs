//! Compares the nodes' tables with the truth. The reasons why a row may be wrong are in
//! `cluster/explanation.rs`.
//!
//! The truth is what the simulator knows: which processes run, where, and with what incarnation and
//! metadata. A process that stalls or is leaving is neither here nor there, so nobody can be wrong
//! about it, and it is not asked. Equal digests are equal tables, so of all nodes with one digest
//! only one is compared row by row.

use core::fmt;
use core::net::SocketAddr;
use std::collections::BTreeMap;

use swim_core::{Claim, MemberView, NodeId, State, Status, Swim};

use crate::ground::name;
use crate::ground::streams::Stream;
use crate::node::{Node, Phase};

/// So many wrong rows are collected at most.
const MOST: usize = 4_096;

/// One row of one table that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The node whose table it is.
    pub observer: usize,
    /// About which name's number.
    pub subject: usize,
    /// The claim in the table; `None` if it does not have the subject.
    pub believed: Option<Claim>,
    /// How it is wrong.
    pub wrong: Wrong,
}

/// How a row is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The rows, in order of observer and subject; 4,096 at most.
    pub mismatches: Vec<Mismatch>,
}

/// The truth about a name.
#[derive(Debug)]
enum Truth<'a> {
    /// One process has it.
    Runs { swim: &'a Swim<Stream>, address: SocketAddr },
    /// No process has it.
    Gone,
    /// It stalls, is leaving, or several have it.
    Unclear,
}

/// Compares the tables of the nodes that run with what is true.
pub(crate) fn check(nodes: &[Node]) -> Result<(), Disagreement> {
    let truths = truths(nodes);
    let mut same_table: BTreeMap<(u64, &str), Vec<usize>> = BTreeMap::new();
    for (observer, node) in nodes.iter().enumerate() {
        if let Some(swim) = running(node) {
            same_table.entry((swim.digest(), &swim.config().cluster)).or_default().push(observer);
        }
    }
    let mut mismatches = Vec::new();
    for observers in same_table.values() {
        let Some(swim) = running(&nodes[observers[0]]) else { continue };
        let wrong: Vec<_> = compare(swim, &truths).take(MOST).collect();
        let everyones =
            observers.iter().flat_map(|&observer| wrong.iter().map(move |wrong| (observer, wrong)));
        let room = MOST - mismatches.len();
        mismatches.extend(
            everyones.take(room).map(|(observer, wrong)| Mismatch { observer, ..wrong.clone() }),
        );
        if mismatches.len() == MOST {
            break;
        }
    }
    if mismatches.is_empty() {
        return Ok(());
    }
    mismatches.sort_by_key(|mismatch| (mismatch.observer, mismatch.subject));
    Err(Disagreement { mismatches })
}

/// The process of a node that is neither stalling nor leaving.
fn running(node: &Node) -> Option<&Swim<Stream>> {
    node.swim().filter(|swim| node.phase() == Phase::Running && swim.state() == State::Running)
}

/// The truth about each name, in order of their numbers.
fn truths(nodes: &[Node]) -> Vec<(NodeId, Truth<'_>)> {
    let mut truths: Vec<(NodeId, Truth<'_>)> = Vec::new();
    for node in nodes {
        let truth = match (running(node), node.swim()) {
            (Some(swim), _) => Truth::Runs { swim, address: node.address() },
            (None, Some(_)) => Truth::Unclear,
            (None, None) => Truth::Gone,
        };
        let name = node.name();
        while name >= truths.len() {
            truths.push((name::numbered(truths.len()), Truth::Gone));
        }
        let known = &mut truths[name].1;
        *known = match (core::mem::replace(known, Truth::Unclear), truth) {
            (known, Truth::Gone) => known,
            (Truth::Gone, truth) => truth,
            _ => Truth::Unclear,
        };
    }
    truths
}

/// The rows of one table that are wrong; their observer is left open.
fn compare<'a>(
    swim: &'a Swim<Stream>,
    truths: &'a [(NodeId, Truth<'a>)],
) -> impl Iterator<Item = Mismatch> + 'a {
    truths.iter().enumerate().filter_map(move |(subject, (id, truth))| {
        let row = swim.member(id);
        let wrong = wrong(swim, row, truth)?;
        Some(Mismatch { observer: 0, subject, believed: row.map(|row| row.claim), wrong })
    })
}

fn wrong(swim: &Swim<Stream>, row: Option<MemberView<'_>>, truth: &Truth<'_>) -> Option<Wrong> {
    let is_active = row.is_some_and(|row| row.status().is_active());
    match truth {
        Truth::Runs { swim: other, .. } if other.config().cluster != swim.config().cluster => {
            is_active.then_some(Wrong::Stranger)
        }
        Truth::Runs { swim: other, address } => {
            let Some(row) = row.filter(|row| row.status() == Status::Alive) else {
                return Some(Wrong::NotAlive);
            };
            let up_to_date = row.address == *address
                && row.claim.incarnation == other.incarnation()
                && other.member(other.id()).is_none_or(|own| own.metadata == row.metadata);
            (!up_to_date).then_some(Wrong::Outdated)
        }
        Truth::Gone => is_active.then_some(Wrong::Ghost),
        Truth::Unclear => None,
    }
}

impl Disagreement {
    /// Keeps the rows that are wrong in one of some ways; returns `Ok` if none is.
    pub(crate) fn only(mut self, wrong: &[Wrong]) -> Result<(), Self> {
        self.mismatches.retain(|mismatch| wrong.contains(&mismatch.wrong));
        if self.mismatches.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The wrong rows by the member that they are about.
    pub(crate) fn by_subject(&self) -> BTreeMap<usize, Vec<&Mismatch>> {
        let mut by_subject: BTreeMap<usize, Vec<&Mismatch>> = BTreeMap::new();
        for mismatch in &self.mismatches {
            by_subject.entry(mismatch.subject).or_default().push(mismatch);
        }
        by_subject
    }
}

impl fmt::Display for Disagreement {
    /// How many rows are wrong, and the first of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.mismatches.len() >= MOST { " or more" } else { "" };
        write!(f, "{}{more} rows are wrong", self.mismatches.len())?;
        self.mismatches.first().map_or(Ok(()), |first| write!(f, ", the first: {first}"))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node-{} has node-{} as ", self.observer, self.subject)?;
        match self.believed {
            Some(claim) => claim.fmt(f)?,
            None => f.write_str("unknown")?,
        }
        f.write_str(match self.wrong {
            Wrong::NotAlive => ", which runs",
            Wrong::Outdated => ", and its description is outdated",
            Wrong::Ghost => ", which does not run",
            Wrong::Stranger => ", which is of another cluster",
        })
    }
}

impl core::error::Error for Disagreement {}
