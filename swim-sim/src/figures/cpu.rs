//! How long this machine's processor took over each node and each virtual second: [`CpuTime`].
//!
//! It is the one account that differs from run to run: it is no part of
//! [`Figures`](super::Figures), of the trace or its hash, and a cluster keeps it only if it is
//! given a clock to read. The library knows no real clock itself.

use core::time::Duration;

use swim_core::Instant;

/// Processor time by node and by virtual second, the simulator's own share included: from
/// [`Cluster::cpu_time`](crate::Cluster::cpu_time) of a cluster that was built with
/// [`Builder::measure_cpu`](crate::Builder::measure_cpu).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// What each node's inputs took, with all that the node put out in answer.
    pub by_node: Vec<Duration>,
    /// What each virtual second took, the nodes' time and the rest.
    pub by_second: Vec<Duration>,
    /// What belongs to no node: packets that are lost, faults, samples.
    pub rest: Duration,
}

impl CpuTime {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.by_second.iter().sum()
    }

    /// What a second of a node's life took, if they ran so long together; `None` if none ran.
    #[must_use]
    pub fn per_node_second(&self, ran_for: Duration) -> Option<Duration> {
        let nanos = (self.total().as_nanos() * 1_000_000_000).checked_div(ran_for.as_nanos())?;
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// Reads a clock of the processor's time, and charges what passed to what it served.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    clock: fn() -> Duration,
    /// What the clock said when something was charged last.
    last: Duration,
    time: CpuTime,
}

impl Meter {
    pub(crate) fn new(clock: fn() -> Duration) -> Self {
        Self { clock, last: clock(), time: CpuTime::default() }
    }

    /// What passed until now is not the run's: its caller did something else.
    pub(crate) fn begin(&mut self) {
        self.last = (self.clock)();
    }

    /// What passed since the last time was for a node, or for none.
    pub(crate) fn charge(&mut self, now: Instant, node: Option<usize>) {
        let read = (self.clock)();
        let took = read.saturating_sub(self.last);
        self.last = read;
        let second = now.since(Instant::ORIGIN).as_secs() as usize;
        *place(&mut self.time.by_second, second) += took;
        match node {
            Some(node) => *place(&mut self.time.by_node, node) += took,
            None => self.time.rest += took,
        }
    }

    pub(crate) const fn time(&self) -> &CpuTime {
        &self.time
    }
}

/// A place of a list, which grows as far as that.
fn place(list: &mut Vec<Duration>, index: usize) -> &mut Duration {
    if list.len() <= index {
        list.resize(index + 1, Duration::ZERO);
    }
    &mut list[index]
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    std::thread_local! {
        static READ: Cell<u64> = const { Cell::new(0) };
    }

    /// Each time a millisecond later than the time before.
    fn clock() -> Duration {
        READ.set(READ.get() + 1);
        Duration::from_millis(READ.get())
    }

    #[test]
    fn what_passes_is_charged_once_to_a_second_and_to_a_node_or_to_none() {
        let mut meter = Meter::new(clock);
        meter.charge(Instant::from_millis(500), Some(2));
        READ.set(READ.get() + 1_000);
        meter.begin();
        meter.charge(Instant::from_millis(2_999), Some(2));
        meter.charge(Instant::from_millis(3_000), None);
        let ms = Duration::from_millis;
        assert_eq!(meter.time().by_node, [ms(0), ms(0), ms(2)]);
        assert_eq!(meter.time().by_second, [ms(1), ms(0), ms(1), ms(1)]);
        assert_eq!((meter.time().rest, meter.time().total()), (ms(1), ms(3)));
        assert_eq!(
            meter.time().per_node_second(Duration::from_secs(6)),
            Some(Duration::from_micros(500))
        );
        assert_eq!(meter.time().per_node_second(Duration::ZERO), None);
    }
}
