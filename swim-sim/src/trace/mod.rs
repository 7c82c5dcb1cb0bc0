//! The trace: everything that happens in a run, as a rolling hash always and as lines of text on request.
//!
//! The hash takes in every byte sent and every event told, so two runs with one hash were the same run. Lines are
//! formatted only when they are recorded, since formatting every packet costs more than handling it.

mod content;
mod hash;
mod line;

use core::fmt::Write as _;

use swim_core::Instant;

use self::hash::RollingHash;
pub(crate) use self::line::{Passage, Told, What};

/// What happened so far.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    hash: RollingHash,
    entries: u64,
    lines: Option<String>,
}

impl Trace {
    /// An empty trace that records lines, or does not.
    pub(crate) fn new(records: bool) -> Self {
        Self { hash: RollingHash::new(), entries: 0, lines: records.then(String::new) }
    }

    /// Takes in what happened at a node, or to all of them.
    pub(crate) fn note(&mut self, at: Instant, node: Option<usize>, what: &What<'_>) {
        self.entries += 1;
        self.hash.word(at.as_nanos());
        self.hash.word(node.map_or(u64::MAX, |node| node as u64));
        what.absorb(&mut self.hash);
        if let Some(lines) = &mut self.lines {
            let nanos = at.as_nanos();
            let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            let written = match node {
                Some(node) => writeln!(lines, "{seconds}.{rest:09} node-{node} {what}"),
                None => writeln!(lines, "{seconds}.{rest:09} world {what}"),
            };
            written.expect("writing to a string does not fail");
        }
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash.value()
    }

    pub(crate) const fn entries(&self) -> u64 {
        self.entries
    }

    /// The lines recorded since they were last taken.
    pub(crate) fn lines(&self) -> &str {
        self.lines.as_deref().unwrap_or_default()
    }

    /// Takes the recorded lines out.
    pub(crate) fn take_lines(&mut self) -> String {
        self.lines.as_mut().map(core::mem::take).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(records: bool, node: usize) -> Trace {
        let mut trace = Trace::new(records);
        trace.note(Instant::from_millis(1_500), Some(node), &What::Timeout);
        trace.note(Instant::from_millis(1_500), None, &What::Step(&crate::Fault::Heal.into()));
        trace
    }

    #[test]
    fn lines_are_recorded_on_request_and_do_not_touch_the_hash() {
        let (with, without) = (trace(true, 3), trace(false, 3));
        assert_eq!(with.hash(), without.hash());
        assert_eq!((with.entries(), without.lines()), (2, ""));
        assert_eq!(with.lines(), "1.500000000 node-3 timeout\n1.500000000 world the network heals\n");
        assert_ne!(trace(false, 4).hash(), with.hash());
    }

    #[test]
    fn lines_taken_are_gone_and_the_hash_stays() {
        let mut trace = trace(true, 3);
        let hash = trace.hash();
        assert_eq!(trace.take_lines().lines().count(), 2);
        assert_eq!((trace.lines(), trace.hash()), ("", hash));
    }
}
