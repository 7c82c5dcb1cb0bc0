//! What a run cost and how well it went, as figures: messages, bytes, detections, verdicts on the
//! innocent.
//!
//! [`Recorder`] counts as the run goes; [`Figures`] is the account at one moment. Figures are
//! integers, and fractions are printed from integers, so that an account is the same on every
//! machine.

mod cpu;
mod node_total;
mod outage;
mod total;

use core::fmt;
use core::time::Duration;

use swim_core::{Event, Instant, Metrics};

pub use self::cpu::CpuTime;
pub(crate) use self::cpu::Meter;
pub use self::node_total::NodeTotal;
pub use self::outage::Outage;
pub use self::total::Total;
use crate::events::about;
use crate::ground::node_set::NodeSet;

/// What state the subject of a verdict is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Its process runs.
    Healthy,
    /// Its process stalls, or did so lately.
    Stalled,
    /// It has no process, or is leaving.
    Gone,
}

/// Counts what the cores do not count themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    outages: Vec<Outage>,
    /// What the processes that ended had counted, and how long they ran.
    former: Total,
    former_by_node: Vec<NodeTotal>,
    false_suspicions: u64,
    false_deaths: u64,
    stalled_deaths: u64,
    packets_lost: u64,
    packets_cut: u64,
    packets_overflowed: u64,
    packets_damaged: u64,
}

impl Recorder {
    /// A process ended, and nobody was told.
    pub(crate) fn outage(&mut self, now: Instant, node: usize, observers: NodeSet) {
        self.outages.push(Outage::new(node, now, observers));
    }

    /// A node runs again.
    pub(crate) fn restarted(&mut self, node: usize) {
        self.outages.iter_mut().filter(|outage| outage.node == node).for_each(Outage::end);
    }

    /// A process ended, however.
    pub(crate) fn stopped(&mut self, node: usize, metrics: &Metrics, ran_for: Duration) {
        self.outages.iter_mut().for_each(|outage| outage.excuse(node));
        self.former.add(metrics, ran_for);
        total_of(&mut self.former_by_node, node).add(metrics, ran_for);
    }

    pub(crate) const fn packet_lost(&mut self) {
        self.packets_lost += 1;
    }

    pub(crate) const fn packet_cut(&mut self) {
        self.packets_cut += 1;
    }

    pub(crate) const fn packet_overflowed(&mut self) {
        self.packets_overflowed += 1;
    }

    pub(crate) const fn packet_damaged(&mut self) {
        self.packets_damaged += 1;
    }

    /// A node told its user something about a member whose condition is known.
    pub(crate) fn told(
        &mut self,
        now: Instant,
        observer: usize,
        event: &Event,
        condition: Condition,
    ) {
        let Some(subject) = about(event) else { return };
        match (event, condition) {
            (Event::Suspected { .. }, Condition::Healthy) => self.false_suspicions += 1,
            (Event::Failed(_), Condition::Healthy) => self.false_deaths += 1,
            (Event::Failed(_), Condition::Stalled) => self.stalled_deaths += 1,
            _ => {}
        }
        for outage in
            self.outages.iter_mut().filter(|outage| outage.node == subject && outage.lasts())
        {
            match event {
                Event::Suspected { .. } => outage.suspected(now),
                Event::Failed(_) | Event::Left(_) => outage.noticed(observer, now),
                _ => {}
            }
        }
    }

    /// The account, with what the processes that run have counted.
    pub(crate) fn account<'a>(
        &self,
        now: Instant,
        running: impl Iterator<Item = (usize, &'a Metrics, Duration)>,
    ) -> Figures {
        let (mut total, mut by_node) = (self.former.clone(), self.former_by_node.clone());
        for (node, metrics, ran_for) in running {
            total.add(metrics, ran_for);
            total_of(&mut by_node, node).add(metrics, ran_for);
        }
        Figures {
            virtual_time: now.since(Instant::ORIGIN),
            total,
            by_node,
            outages: self.outages.clone(),
            false_suspicions: self.false_suspicions,
            false_deaths: self.false_deaths,
            stalled_deaths: self.stalled_deaths,
            packets_lost: self.packets_lost,
            packets_cut: self.packets_cut,
            packets_overflowed: self.packets_overflowed,
            packets_damaged: self.packets_damaged,
        }
    }
}

/// The total of a node, in a list that grows as far as that.
fn total_of(list: &mut Vec<NodeTotal>, node: usize) -> &mut NodeTotal {
    if list.len() <= node {
        list.resize(node + 1, NodeTotal::default());
    }
    &mut list[node]
}

/// An account of a run so far.
#[derive(Clone, Debug)]
pub struct Figures {
    /// How long the cluster has existed.
    pub virtual_time: Duration,
    /// What all nodes counted together.
    pub total: Total,
    /// What each node counted; those that never ran may be missing at the end.
    pub by_node: Vec<NodeTotal>,
    /// The processes that ended without saying so.
    pub outages: Vec<Outage>,
    /// How often a user was told of a suspicion of a process that was well.
    pub false_suspicions: u64,
    /// How often a user was told of the death of a process that was well.
    pub false_deaths: u64,
    /// How often a user was told of the death of a process that stalled, or had done so in the last
    /// minute.
    pub stalled_deaths: u64,
    /// Packets that the links lost.
    pub packets_lost: u64,
    /// Packets sent into a cut.
    pub packets_cut: u64,
    /// Packets that found no room in their sender's queue.
    pub packets_overflowed: u64,
    /// Packets that were damaged on the way, whether a checksum then dropped them or not.
    pub packets_damaged: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = &self.total;
        writeln!(
            f,
            "virtual time              {:?}, {} node-seconds",
            self.virtual_time,
            total.ran_for.as_secs()
        )?;
        for (what, count, bytes) in [
            ("packets", total.packets, total.packet_bytes),
            ("exchanges", total.exchanges, total.exchange_bytes),
        ] {
            writeln!(
                f,
                "{what:<25} {count}, {bytes} bytes; per node-second {}, {} bytes",
                total.per_node_second(count),
                total.per_node_second(bytes)
            )?;
        }
        writeln!(f, "packets lost, cut         {}, {}", self.packets_lost, self.packets_cut)?;
        writeln!(
            f,
            "packets overflowed, damaged {}, {}",
            self.packets_overflowed, self.packets_damaged
        )?;
        writeln!(f, "suspicions, refutations   {}, {}", total.suspicions, total.refutations)?;
        writeln!(f, "false suspicions          {}", self.false_suspicions)?;
        writeln!(
            f,
            "false deaths              {} of healthy, {} of stalled",
            self.false_deaths, self.stalled_deaths
        )?;
        for outage in &self.outages {
            let time = |after: Option<Duration>| {
                after.map_or(String::from("never"), |after| format!("{} ms", after.as_millis()))
            };
            writeln!(
                f,
                "outage of node-{} at {}: suspected {}, detected {}, known to 50 / 90 / 100 % {} / {} / {}",
                outage.node,
                outage.at,
                time(outage.first_suspicion()),
                time(outage.first_detection()),
                time(outage.dissemination(50)),
                time(outage.dissemination(90)),
                time(outage.dissemination(100))
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use swim_core::{Claim, Incarnation, Member, Status};

    use super::*;

    fn failed(subject: usize) -> Event {
        let claim = Claim::new(Incarnation::new(1), Status::Dead);
        let (id, address) = (
            crate::ground::name::numbered(subject),
            crate::ground::address::numbered(subject as u32),
        );
        Event::Failed(Member { id, address, metadata: Arc::from([]), claim })
    }

    #[test]
    fn verdicts_on_the_healthy_and_on_the_stalled_are_counted_apart() {
        let mut recorder = Recorder::default();
        for condition in
            [Condition::Healthy, Condition::Stalled, Condition::Stalled, Condition::Gone]
        {
            recorder.told(Instant::ORIGIN, 0, &failed(3), condition);
        }
        let figures = recorder.account(Instant::ORIGIN, core::iter::empty());
        assert_eq!((figures.false_deaths, figures.stalled_deaths), (1, 2));
    }

    #[test]
    fn what_the_nodes_counted_is_what_all_counted_together() {
        let mut metrics = Metrics::default();
        (metrics.packets_sent, metrics.packet_bytes_sent) = (5, 200);
        let mut recorder = Recorder::default();
        recorder.stopped(1, &metrics, Duration::from_secs(2));
        let running =
            [(0, &metrics, Duration::from_secs(9)), (1, &metrics, Duration::from_secs(4))];
        let figures = recorder.account(Instant::ORIGIN, running.into_iter());
        assert_eq!(figures.by_node.iter().map(|node| node.packets).collect::<Vec<_>>(), [5, 10]);
        assert_eq!(figures.by_node[1].ran_for, Duration::from_secs(6));
        assert_eq!((figures.total.packets, figures.total.packet_bytes), (15, 600));
    }

    #[test]
    fn an_outage_ends_with_the_restart_and_the_next_one_is_another() {
        let mut recorder = Recorder::default();
        let at = Instant::from_millis;
        recorder.outage(at(0), 3, (0..2).collect());
        recorder.told(at(1_000), 0, &failed(3), Condition::Gone);
        recorder.restarted(3);
        recorder.told(at(2_000), 1, &failed(3), Condition::Healthy);
        recorder.outage(at(3_000), 3, (0..2).collect());
        recorder.told(at(5_000), 1, &failed(3), Condition::Gone);
        let figures = recorder.account(at(9_000), core::iter::empty());
        let detections: Vec<_> = figures
            .outages
            .iter()
            .map(|outage| outage.first_detection().unwrap().as_secs())
            .collect();
        assert_eq!(detections, [1, 2]);
        assert_eq!(figures.outages[0].dissemination(100), None);
    }
}
