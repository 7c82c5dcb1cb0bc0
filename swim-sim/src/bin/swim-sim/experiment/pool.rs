//! Runs shared among the processors, with progress on standard error.
//!
//! What a run gives depends on its point alone, so the results are the same whatever the number of
//! jobs.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::options::Common;
use crate::aside::{aside, aside_part};
use crate::stopwatch::Stopwatch;

/// See the module.
pub(crate) struct Pool {
    jobs: usize,
    time_limit: Duration,
    stopwatch: Stopwatch,
    is_terminal: bool,
}

impl Pool {
    /// As many jobs as were asked for, or as there are processors.
    pub(crate) fn new(common: &Common) -> Self {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        Self {
            jobs: common.jobs.map_or_else(processors, usize::from),
            time_limit: common.time_limit.unwrap_or(Duration::MAX),
            stopwatch: Stopwatch::start(),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    /// Runs every point; `None` stands for those that the time limit left out.
    pub(crate) fn run<P: Sync, R: Send>(
        &mut self,
        what: &str,
        points: &[P],
        run: impl Fn(&P) -> R + Sync,
    ) -> Vec<Option<R>> {
        let mut results: Vec<_> = points.iter().map(|_| None).collect();
        let next = AtomicUsize::new(0);
        let left = self.time_limit.saturating_sub(self.stopwatch.elapsed());
        let clock = Stopwatch::start();
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.jobs.min(points.len()) {
                let (sender, next, run, clock) = (sender.clone(), &next, &run, &clock);
                scope.spawn(move || {
                    while clock.elapsed() < left {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(point) = points.get(number) else { break };
                        if sender.send((number, run(point))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut done = 0;
            loop {
                // One run may take minutes: that it goes on is shown too.
                match receiver.recv_timeout(self.pause()) {
                    Ok((number, result)) => {
                        results[number] = Some(result);
                        done += 1;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                self.show(what, done, points.len());
            }
        });
        if self.is_terminal {
            aside_part!("\r\x1b[K");
        }
        let skipped = results.iter().filter(|result| result.is_none()).count();
        if skipped > 0 {
            aside!("{what}: {skipped} of {} runs were left out by the time limit", points.len());
        }
        results
    }

    /// Between two shows of how far it is.
    const fn pause(&self) -> Duration {
        if self.is_terminal { Duration::from_millis(200) } else { Duration::from_secs(5) }
    }

    fn show(&mut self, what: &str, done: usize, all: usize) {
        if self.stopwatch.is_due(self.pause()) {
            let line =
                format!("{what}: {done} of {all} runs, {} s", self.stopwatch.elapsed().as_secs());
            if self.is_terminal {
                aside_part!("\r{line}\x1b[K");
            } else {
                aside!("{line}");
            }
        }
    }
}
