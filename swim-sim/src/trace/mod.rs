//! The trace: everything that happens in a run, as a rolling hash always, and as lines of text or
//! of JSON on request.
//!
//! The hash takes in every byte sent and every event told, so two runs with one hash were the same
//! run. Lines are formatted only when they are recorded, since formatting every packet costs more
//! than handling it.

mod absorbed;
mod body;
mod content;
mod hash;
mod header;
#[cfg(feature = "serde")]
mod json;
mod line;
mod memberlist;
mod recorder;
mod said;
mod standing;
mod table;
mod text;

use core::fmt::{self, Write as _};

use swim_core::wire::cluster_hash;
use swim_core::{Config, Instant, Swim, Wire};

use self::hash::RollingHash;
pub(crate) use self::line::{Passage, What};
pub use self::recorder::FlightRecorder;
use self::standing::Standing;
use self::text::Text;
use crate::ground::streams::Stream;

/// What happened so far.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    hash: RollingHash,
    entries: u64,
    lines: Option<String>,
    recorder: Option<FlightRecorder>,
    /// Node -> how it stood; kept only while something is recorded.
    standings: Vec<Option<Standing>>,
    /// Node -> the hash of its cluster; `None` on memberlist's wire, whose packets bear none. Kept
    /// as the standings are.
    clusters: Vec<Option<u32>>,
}

impl Trace {
    /// An empty trace that records lines, or does not, and tells a recorder, if there is one.
    pub(crate) const fn new(records: bool, recorder: Option<FlightRecorder>) -> Self {
        let lines = if records { Some(String::new()) } else { None };
        Self {
            hash: RollingHash::new(),
            entries: 0,
            lines,
            recorder,
            standings: Vec::new(),
            clusters: Vec::new(),
        }
    }

    /// A process starts at a node, and will read packets as these settings say.
    pub(crate) fn reads(&mut self, node: usize, config: &Config) {
        if self.lines.is_none() && self.recorder.is_none() {
            return;
        }
        if node >= self.clusters.len() {
            self.clusters.resize(node + 1, None);
        }
        self.clusters[node] =
            matches!(config.wire, Wire::Native).then(|| cluster_hash(&config.cluster));
    }

    /// Takes in what happened at a node, or to all of them.
    pub(crate) fn note(&mut self, at: Instant, node: Option<usize>, what: &What<'_>) {
        self.entries += 1;
        self.hash.word(at.as_nanos());
        self.hash.word(node.map_or(u64::MAX, |node| node as u64));
        what.absorb(&mut self.hash);
        self.record(at, node, what);
    }

    /// A node has handled an input. What differs in how it stands is recorded; it follows from the
    /// rest, so it is neither counted nor hashed.
    pub(crate) fn settled(&mut self, at: Instant, node: usize, swim: &Swim<Stream>) {
        if self.lines.is_none() && self.recorder.is_none() {
            return;
        }
        if node >= self.standings.len() {
            self.standings.resize(node + 1, None);
        }
        let to = Standing::of(swim);
        if let Some(from) = self.standings[node].replace(to).filter(|from| *from != to) {
            self.record(at, Some(node), &What::Changed { from, to });
        }
    }

    fn record(&mut self, at: Instant, node: Option<usize>, what: &What<'_>) {
        let own = node.and_then(|node| self.clusters.get(node).copied().flatten());
        if let Some(lines) = &mut self.lines {
            writeln!(lines, "{} {} {}", Stamp(at), Place(node), Text(what, own))
                .expect("writing to a string does not fail");
        }
        if let Some(recorder) = &self.recorder {
            recorder.note(at, node, (what, own), (self.entries, self.hash.value()));
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

/// A moment, to the nanosecond.
struct Stamp(Instant);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        write!(f, "{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}

/// Where something happened.
struct Place(Option<usize>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(node) => write!(f, "node-{node}"),
            None => f.write_str("world"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(records: bool, node: usize) -> Trace {
        let mut trace = Trace::new(records, None);
        trace.note(Instant::from_millis(1_500), Some(node), &What::Timeout);
        trace.note(Instant::from_millis(1_500), None, &What::Step(&crate::Fault::Heal.into()));
        trace
    }

    #[test]
    fn lines_are_recorded_on_request_and_do_not_touch_the_hash() {
        let (with, without) = (trace(true, 3), trace(false, 3));
        assert_eq!(with.hash(), without.hash());
        assert_eq!((with.entries(), without.lines()), (2, ""));
        assert_eq!(
            with.lines(),
            "1.500000000 node-3 timeout\n1.500000000 world the network heals\n"
        );
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
