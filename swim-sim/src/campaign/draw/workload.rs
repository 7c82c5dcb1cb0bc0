//! What users do: broadcasts, metadata, departures and joins at any time, and a last round when all
//! is well.

use core::time::Duration;

use super::Frame;
use crate::ground::streams::{self, Stream};
use crate::plan::chaos;
use crate::plan::{Step, Work};

/// How many of 1,000 deliveries of the last round must come about in one run; whole campaigns are
/// held to more.
///
/// Nothing repairs a broadcast that missed someone (PROTOCOL.md, "Dissemination"), and those of one
/// sender travel together: of three nodes two may swap pings and acks, spend all transmissions on
/// each other, and the third hears none of them. So one node may be left out by all that was sent,
/// or a tenth of many, and not more. Nothing is owed to who leaves.
pub(super) fn delivered_permille(nodes: usize, afterwards: &[Work]) -> u16 {
    let leavers = afterwards.iter().filter(|work| matches!(work, Work::Leave(_))).count();
    let one = 1_000_usize.div_ceil(nodes.saturating_sub(1 + leavers).max(2));
    1_000 - one.max(100) as u16
}

/// Work at any time between the first fault and the mending.
pub(super) fn draw(stream: &mut Stream, frame: &Frame) -> Vec<(Duration, Step)> {
    let mut works = Vec::new();
    let pause = frame.periods(stream, 2, 30);
    let mut at = frame.from;
    while at < frame.to {
        works.push((at, chaos::work(stream, frame.nodes)));
        at += streams::between(stream, Duration::ZERO, pause);
    }
    works
}

/// So many nodes have one that leaves in the last round: it must not be missed as one that passes
/// on what is said.
const WITH_DEPARTURE: usize = 6;

/// What is done when all agree again: a few broadcast, one changes its metadata, one sends an
/// event, one asks everyone, and another one leaves, if it has the time to tell the others.
pub(super) fn afterwards(stream: &mut Stream, frame: &Frame, takes_leave: bool) -> Vec<Work> {
    let node = |stream: &mut Stream| streams::below(stream, frame.nodes as u64) as usize;
    let payload = |stream: &mut Stream| streams::below(stream, u64::MAX).to_be_bytes().to_vec();
    let count = 1 + streams::below(stream, 3);
    let broadcasts =
        (0..count).map(|_| Work::Broadcast { node: node(stream), payload: payload(stream) });
    let mut works: Vec<_> = broadcasts.collect();
    works.push(Work::SetMetadata { node: node(stream), metadata: payload(stream) });
    let leaver = node(stream);
    let name = |stream: &mut Stream| format!("{:x}", streams::below(stream, u64::MAX));
    works.push(Work::UserEvent {
        node: node(stream),
        name: name(stream),
        payload: payload(stream),
    });
    works.push(Work::Query { node: node(stream), name: name(stream) });
    let is_busy = works.iter().any(|work| work.node() == leaver);
    if takes_leave && frame.nodes >= WITH_DEPARTURE && !is_busy {
        works.push(Work::Leave(leaver));
    }
    works
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_those_who_stay_may_be_left_out() {
        let broadcast = Work::Broadcast { node: 6, payload: Vec::new() };
        // Of 7 nodes 6 are owed a broadcast of the seventh, and 5 if one of them leaves.
        assert_eq!(delivered_permille(7, core::slice::from_ref(&broadcast)), 833);
        assert_eq!(delivered_permille(7, &[broadcast, Work::Leave(5)]), 800);
        assert_eq!(delivered_permille(50, &[]), 900, "a tenth of many");
    }
}
