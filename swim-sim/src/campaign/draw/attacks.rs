//! Who attacks: in one of seven runs on the native wire somebody lies, from outside or as a member,
//! next to all other faults.

use core::time::Duration;

use super::Frame;
use crate::attack::{Attack, Attacker, Lie};
use crate::ground::streams::{self, Stream};
use crate::plan::{Fault, Step};

/// In so many of 1,000 runs.
const ATTACKED_PERMILLE: u16 = 150;
/// An insider invents so many members at most: everybody probes them in turn, which delays
/// everything else.
const MOST_GHOSTS: u64 = 60;

/// Attacks between the first fault and the mending.
pub(super) fn draw(stream: &mut Stream, frame: &Frame) -> Vec<(Duration, Step)> {
    if !streams::happens(stream, ATTACKED_PERMILLE) {
        return Vec::new();
    }
    (0..1 + streams::below(stream, 3)).map(|_| attack(stream, frame)).collect()
}

fn attack(stream: &mut Stream, frame: &Frame) -> (Duration, Step) {
    let node = |stream: &mut Stream| streams::below(stream, frame.nodes as u64) as usize;
    let from = if streams::happens(stream, 500) {
        Attacker::Outside
    } else {
        Attacker::Inside(node(stream))
    };
    let (first, about) = (node(stream), node(stream));
    let share = streams::below(stream, 1_000) as u16;
    let on =
        (0..frame.nodes).filter(|&node| node == first || streams::happens(stream, share)).collect();
    let times = 1 + streams::below(stream, 60);
    let ghosts = 1 + streams::below(stream, MOST_GHOSTS / times);
    let lie = match streams::below(stream, Lie::KINDS as u64) {
        0 => Lie::Accuse(about),
        1 => Lie::Climb(about),
        2 => Lie::Usurp(about),
        3 => Lie::Ghosts(ghosts as u16),
        4 => Lie::GhostTable(ghosts as u16),
        5 => Lie::SpeakFor(about),
        6 => Lie::Ask,
        7 => Lie::Ping,
        _ => Lie::Replay(about),
    };
    let at = frame.moment(stream);
    let every = streams::between(stream, Duration::ZERO, frame.to - at) / times as u32;
    // All at once, and more of it: what is allowed in a second is used up.
    let is_burst =
        streams::happens(stream, 300) && !matches!(lie, Lie::Ghosts(_) | Lie::GhostTable(_));
    let (times, every) = if is_burst { (3 * times, Duration::ZERO) } else { (times, every) };
    (at, Fault::from(Attack { from, on, lie, times: times as u16, every }).into())
}
