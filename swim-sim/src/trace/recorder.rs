//! [`FlightRecorder`]: what a run leaves behind whatever ends it, a panic included.
//!
//! A cluster that panics is gone, and all that it recorded with it. A recorder is shared with
//! whatever made it: it keeps the last entries of every node, the count and the hash, and passes
//! each entry on as a line of text or of JSON.

use core::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use swim_core::Instant;

use super::table::{LastEvents, Row};
use super::text::Text;
use super::{Place, Stamp, What};

/// Records a run for [`Builder::flight_recorder`](crate::Builder::flight_recorder). It changes
/// nothing in the run. Clones share what is recorded, so each serves one run.
///
/// ```
/// use std::time::Duration;
/// use swim_sim::{Cluster, FlightRecorder, Seeds};
///
/// let recorder = FlightRecorder::new();
/// let mut cluster = Cluster::lan(3).flight_recorder(&recorder).build();
/// cluster.join_all(Seeds::First);
/// cluster.run_for(Duration::from_secs(1));
/// assert_eq!(recorder.trace_hash(), cluster.trace_hash());
/// assert!(recorder.news().contains("event    joined node-2"), "{}", recorder.news());
/// ```
#[derive(Clone, Default)]
pub struct FlightRecorder(Arc<Mutex<Tape>>);

#[derive(Default)]
struct Tape {
    text: Option<Box<dyn Write + Send>>,
    #[cfg(feature = "serde")]
    json: Option<Box<dyn Write + Send>>,
    /// The first thing that could not be written; nothing is written after it.
    error: Option<io::Error>,
    last: LastEvents,
    lines: u64,
    entries: u64,
    hash: u64,
    /// Whether the recording has ended, though the run may go on.
    is_finished: bool,
}

impl FlightRecorder {
    /// A recorder that keeps the last entries only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes every entry to `out` as well, as a line of text. Give a buffered writer for a buffer.
    #[must_use]
    pub fn text_to(self, out: impl Write + Send + 'static) -> Self {
        self.tape().text = Some(Box::new(out));
        self
    }

    /// Writes every entry to `out` as well, as a line of JSON; docs/TRACE.md has the fields.
    #[cfg(feature = "serde")]
    #[must_use]
    pub fn json_to(self, out: impl Write + Send + 'static) -> Self {
        self.tape().json = Some(Box::new(out));
        self
    }

    /// Flushes what was written. What happens from now on is not recorded.
    ///
    /// # Errors
    /// The first error of all that was written.
    pub fn finish(&self) -> io::Result<()> {
        let mut tape = self.tape();
        tape.is_finished = true;
        if let Some(error) = tape.error.take() {
            return Err(error);
        }
        tape.text.as_mut().map_or(Ok(()), Write::flush)?;
        #[cfg(feature = "serde")]
        tape.json.as_mut().map_or(Ok(()), Write::flush)?;
        Ok(())
    }

    /// The hash of everything that happened; see
    /// [`Cluster::trace_hash`](crate::Cluster::trace_hash).
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.tape().hash
    }

    /// How many things happened; see [`Cluster::trace_entries`](crate::Cluster::trace_entries).
    #[must_use]
    pub fn trace_entries(&self) -> u64 {
        self.tape().entries
    }

    /// How many lines a text or JSON trace of it has: what happened, and what changed at nodes by
    /// that.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.tape().lines
    }

    /// The last things that happened at a node, and what the world and users did meanwhile, as a
    /// table; without a node: at the one at which something happened last, which after a panic is
    /// the one that panicked.
    #[must_use]
    pub fn at_node(&self, node: Option<usize>) -> String {
        self.tape().last.at_node(node)
    }

    /// The last that is not the daily round of packets, of all nodes, as a table: what users were
    /// told, processes that started or ended, what the world and users did.
    #[must_use]
    pub fn news(&self) -> String {
        self.tape().last.news()
    }

    /// What happened, with the hash of the node's cluster. `so_far`: how many things, and their
    /// hash.
    pub(super) fn note(
        &self,
        at: Instant,
        node: Option<usize>,
        (what, own): (&What<'_>, Option<u32>),
        so_far: (u64, u64),
    ) {
        let mut tape = self.tape();
        if tape.is_finished {
            return;
        }
        (tape.entries, tape.hash) = so_far;
        tape.lines += 1;
        let text: Arc<str> = Arc::from(Text(what, own).to_string());
        if tape.error.is_none() {
            tape.error = tape.write(at, node, (what, own), &text).err();
        }
        let row = Row { number: tape.lines, at, node, sort: what.sort(), text };
        tape.last.push(&row, what.is_news());
    }

    /// A panic elsewhere leaves the tape as good as it was.
    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    fn write(
        &mut self,
        at: Instant,
        node: Option<usize>,
        what: (&What<'_>, Option<u32>),
        text: &str,
    ) -> io::Result<()> {
        if let Some(out) = &mut self.text {
            writeln!(out, "{} {} {text}", Stamp(at), Place(node))?;
        }
        #[cfg(feature = "serde")]
        if let Some(out) = &mut self.json {
            super::json::write(out, at, node, what.0, what.1)?;
        }
        #[cfg(not(feature = "serde"))]
        let _ = what;
        Ok(())
    }
}

impl fmt::Debug for FlightRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tape = self.tape();
        write!(f, "FlightRecorder({} entries, {:016x})", tape.entries, tape.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somewhere to write that others can read.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Takes nothing.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_written_is_what_a_cluster_records_of_itself() {
        let out = Shared::default();
        let recorder = FlightRecorder::new().text_to(out.clone());
        let mut cluster = crate::Cluster::lan(3).record_trace().flight_recorder(&recorder).build();
        cluster.join_all(crate::Seeds::First);
        cluster.run_for(core::time::Duration::from_secs(5));
        recorder.finish().unwrap();
        let written = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written, cluster.trace());
        assert_eq!(written.lines().count() as u64, recorder.lines());
        assert!(recorder.lines() > recorder.trace_entries(), "changes are told, not counted");
        assert_eq!(recorder.trace_hash(), cluster.trace_hash());
        let (hash, lines) = (recorder.trace_hash(), recorder.lines());
        cluster.run_for(core::time::Duration::from_secs(5));
        assert_ne!(cluster.trace_hash(), hash);
        assert_eq!(
            (recorder.trace_hash(), recorder.lines()),
            (hash, lines),
            "the recording has ended"
        );
        assert_eq!(out.0.lock().unwrap().len(), written.len());
    }

    #[test]
    fn what_cannot_be_written_is_said_at_the_end_and_the_rest_is_kept() {
        let recorder = FlightRecorder::new().text_to(Full);
        recorder.note(Instant::ORIGIN, Some(1), (&What::Timeout, None), (1, 7));
        assert!(recorder.finish().is_err());
        assert_eq!((recorder.trace_entries(), recorder.trace_hash(), recorder.lines()), (1, 7, 1));
        assert!(recorder.at_node(None).contains("timeout"));
    }
}
