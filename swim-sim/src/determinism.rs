//! The same run twice: whether it is the same, and if not, the first event that differs.
//!
//! The runs are compared by a hash for each slice of time. Only if those differ are both made
//! again, to the lines of the slice that does.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cluster::Cluster;
use crate::trace::FlightRecorder;

/// What became of two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They were the same.
    Same {
        /// How many things happened.
        entries: u64,
        /// The hash of them all.
        hash: u64,
    },
    /// The first event that differs, as the two runs tell it; nothing from a run that was over.
    Differ {
        /// The first time.
        once: Option<String>,
        /// The second time.
        again: Option<String>,
    },
    /// They differed, and did not when they were made again: what differs depends on more than the
    /// seed.
    Fickle,
}

/// Lets `run` run something twice, and up to four times if that was not the same. It is given a
/// recorder for the cluster or none, and is to call back after every slice of time, and at the end
/// if there is one.
///
/// # Errors
/// What `run` says.
pub fn compare<E>(
    mut run: impl FnMut(Option<&FlightRecorder>, &mut dyn FnMut(&mut Cluster)) -> Result<(), E>,
) -> Result<Comparison, E> {
    let mut hashes = || {
        let mut hashes = Vec::new();
        run(None, &mut |cluster| hashes.push((cluster.trace_entries(), cluster.trace_hash())))?;
        Ok(hashes)
    };
    let (first, second) = (hashes()?, hashes()?);
    if first == second {
        let (entries, hash) = first.last().copied().unwrap_or_default();
        return Ok(Comparison::Same { entries, hash });
    }
    let differs = first.iter().zip(&second).position(|(first, second)| first != second);
    let wanted = differs.unwrap_or(first.len().min(second.len()));
    let (first, second) = (lines(&mut run, wanted)?, lines(&mut run, wanted)?);
    Ok(first_difference(&first, &second))
}

/// The lines of one slice of a run.
fn lines<E>(
    run: &mut impl FnMut(Option<&FlightRecorder>, &mut dyn FnMut(&mut Cluster)) -> Result<(), E>,
    wanted: usize,
) -> Result<String, E> {
    let page = Page::default();
    let recorder = FlightRecorder::new().text_to(page.clone());
    let (mut slice, mut lines) = (0, None);
    run(Some(&recorder), &mut |_| {
        let text = page.take();
        if slice == wanted {
            lines = Some(text);
        }
        slice += 1;
    })?;
    // A run that broke off in the middle of the slice has left its lines on the page.
    let rest = if slice == wanted { page.take() } else { String::new() };
    Ok(lines.unwrap_or(rest))
}

fn first_difference(first: &str, second: &str) -> Comparison {
    let (mut first, mut second) = (first.lines(), second.lines());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return Comparison::Fickle,
            (once, again) if once == again => {}
            (once, again) => {
                return Comparison::Differ {
                    once: once.map(String::from),
                    again: again.map(String::from),
                };
            }
        }
    }
}

/// Somewhere to write, from which it is taken piece by piece.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn take(&self) -> String {
        let bytes = core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8(bytes).expect("lines of a trace are text")
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use core::time::Duration;

    use super::*;
    use crate::plan::Seeds;
    use crate::plan::{Fault, Plan};

    /// Runs of three nodes for 20 s, of which the numbered one has a plan of its own.
    fn compared(plan: impl Fn(u32) -> Plan) -> Comparison {
        let mut number = 0;
        let run = |recorder: Option<&FlightRecorder>, slice: &mut dyn FnMut(&mut Cluster)| {
            let builder = Cluster::lan(3);
            let mut cluster = recorder
                .map_or(builder.clone(), |recorder| builder.flight_recorder(recorder))
                .build();
            cluster.schedule(&plan(number));
            number += 1;
            cluster.join_all(Seeds::First);
            for _ in 0..20 {
                cluster.run_for(Duration::from_secs(1));
                slice(&mut cluster);
            }
            Ok::<_, Infallible>(())
        };
        let Ok(comparison) = compare(run);
        comparison
    }

    #[test]
    fn equal_runs_are_told_to_be_the_same() {
        assert!(
            matches!(compared(|_| Plan::new()), Comparison::Same { entries, .. } if entries > 100)
        );
    }

    #[test]
    fn a_planted_difference_is_named_by_its_event() {
        let at = Duration::from_millis(7_500);
        let comparison = compared(|run| Plan::new().at(at, Fault::Crash(1 + run as usize % 2)));
        let wanted = |node| Some(format!("7.500000000 world node-{node} crashes"));
        assert_eq!(comparison, Comparison::Differ { once: wanted(1), again: wanted(2) });
    }

    #[test]
    fn what_happens_in_one_run_only_is_told_beside_what_happens_instead() {
        let last = Duration::from_secs(20);
        let plan = |run: u32| {
            if run.is_multiple_of(2) { Plan::new() } else { Plan::new().at(last, Fault::Heal) }
        };
        let wanted = Comparison::Differ {
            once: None,
            again: Some(String::from("20.000000000 world the network heals")),
        };
        assert_eq!(compared(plan), wanted);
    }

    #[test]
    fn a_difference_that_does_not_come_again_is_called_fickle() {
        let plan =
            |run| if run == 1 { Plan::new().at(Duration::ZERO, Fault::Heal) } else { Plan::new() };
        assert_eq!(compared(plan), Comparison::Fickle);
    }
}
