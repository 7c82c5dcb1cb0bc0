//! All that watches a run and changes nothing in it: the checkers, the trace, the log, the figures,
//! who heard what, the history, the processor's time.
//!
//! The cluster says what happens, once; this file knows who is to be told of it. What was seen is
//! read from here.

use core::net::SocketAddr;
use core::time::Duration;

use swim_core::{Instant, Metrics, State, Swim};

use super::builder::{Builder, MakeChecker};
use crate::attack::Attack;
use crate::checkers::{self, Violation, Watch};
use crate::events::{Announcement, Announcements, Broadcasts, EventLog, Observed};
use crate::figures::{Condition, CpuTime, Figures, Meter, Recorder};
use crate::ground::clock::Moment;
use crate::ground::node_set::NodeSet;
use crate::ground::streams::Stream;
use crate::history::{History, Recording, Sample, Truth};
use crate::node::{Node, Phase};
use crate::plan::Step;
use crate::trace::{Trace, What};

/// See the module.
#[derive(Debug)]
pub(super) struct Observers {
    watch: Watch,
    trace: Trace,
    log: EventLog,
    figures: Recorder,
    broadcasts: Broadcasts,
    announcements: Announcements,
    history: Option<Box<Recording>>,
    meter: Option<Meter>,
}

impl Observers {
    pub(super) fn new(options: &Builder) -> Self {
        let mut checkers = if options.is_checked { checkers::all() } else { Vec::new() };
        checkers.extend(options.checkers.iter().map(MakeChecker::make));
        Self {
            watch: Watch::new(checkers, options.nodes),
            trace: Trace::new(options.records_trace, options.flight_recorder.clone()),
            log: EventLog::new(options.event_log),
            figures: Recorder::default(),
            broadcasts: Broadcasts::default(),
            announcements: Announcements::default(),
            history: options.records_history.then(|| Box::new(Recording::new(options.nodes))),
            meter: options.cpu_clock.map(Meter::new),
        }
    }

    /// Something happened that only the trace tells.
    pub(super) fn note(&mut self, now: Instant, node: Option<usize>, what: &What<'_>) {
        self.trace.note(now, node, what);
    }

    /// Something is done to the cluster.
    pub(super) fn step(&mut self, now: Instant, step: &Step) {
        self.trace.note(now, None, &What::Step(step));
        if let Some(history) = &mut self.history {
            history.step(now, step);
        }
    }

    /// A process started at a node.
    pub(super) fn started(&mut self, now: Instant, index: usize, node: &Node) {
        let Some(swim) = node.swim() else { return };
        self.trace.reads(index, swim.config());
        self.trace.note(now, Some(index), &What::Started(swim.address(), swim.incarnation()));
        self.watch.started(node.moment(now), index, swim);
        self.figures.restarted(index);
        if let Some(history) = &mut self.history {
            history.started(now, index, node);
        }
    }

    /// A process ended at a node, after it ran for a time; `witnesses` should notice.
    pub(super) fn stopped(
        &mut self,
        now: Instant,
        (index, phase, ran_for): (usize, Phase, Duration),
        swim: &Swim<Stream>,
        witnesses: NodeSet,
    ) {
        self.trace.note(now, Some(index), &What::Stopped);
        if phase != Phase::Left && swim.state() == State::Running {
            self.figures.outage(now, index, witnesses);
        }
        self.figures.stopped(index, swim.metrics(), ran_for);
        if let Some(history) = &mut self.history {
            history.stopped(now, index, phase);
        }
    }

    /// The process at a node stalls, or goes on.
    pub(super) fn phase(&mut self, now: Instant, index: usize, phase: Phase) {
        if let Some(history) = &mut self.history {
            history.phase(now, index, phase);
        }
    }

    /// A process has looked at its timers.
    pub(super) fn timeout(&mut self, at: Moment, index: usize) {
        self.watch.timeout(at, index);
    }

    /// A process is about to be handed a packet.
    pub(super) fn received(&mut self, at: Moment, index: usize, from: SocketAddr, bytes: &[u8]) {
        self.trace.note(at.world, Some(index), &What::Arrived { from, bytes });
        self.watch.received(at, index, from, bytes);
    }

    /// A process is about to be handed a packet of an attacker.
    pub(super) fn injected(&mut self, at: Moment, index: usize, from: SocketAddr, bytes: &[u8]) {
        self.trace.note(at.world, Some(index), &What::Arrived { from, bytes });
        self.watch.injected(at, index, from, bytes);
    }

    /// A process is about to be handed a request of an attacker.
    pub(super) fn requested(&mut self, at: Moment, index: usize, from: SocketAddr, request: &[u8]) {
        self.watch.requested(at, index, from, request);
    }

    /// Somebody begins to send what is not true.
    pub(super) fn attacked(&mut self, attack: &Attack) {
        self.watch.attacked(attack);
    }

    /// A process sends a packet, whatever becomes of it.
    pub(super) fn sent(&mut self, at: Moment, index: usize, to: SocketAddr, bytes: &[u8]) {
        self.watch.sent(at, index, to, bytes);
    }

    /// A process opens an exchange, whatever becomes of it.
    pub(super) fn opened(&mut self, at: Moment, index: usize, to: SocketAddr, request: &[u8]) {
        self.watch.opened(at, index, to, request);
    }

    /// A process answers a request.
    pub(super) fn replied(&mut self, at: Moment, index: usize, serial: u64, reply: &[u8]) {
        self.trace.note(at.world, Some(index), &What::Replied { serial, reply });
        self.watch.replied(at, index, reply);
    }

    /// A node told its user something; `condition` is that of the member that it is about.
    pub(super) fn told(&mut self, at: Moment, observed: Observed, condition: Condition) {
        let (node, event) = (observed.node, &observed.event);
        self.trace.note(at.world, Some(node), &What::Told(event));
        self.watch.told(at, node, event);
        self.figures.told(at.world, node, event, condition);
        if let Some(history) = &mut self.history {
            history.told(&observed);
        }
        self.broadcasts.told(&observed);
        self.announcements.told(&observed);
        self.log.push(observed);
    }

    /// A process has handled an input, and all that it put out is taken.
    pub(super) fn settled(&mut self, at: Moment, index: usize, swim: &Swim<Stream>) {
        self.trace.settled(at.world, index, swim);
        self.watch.settled(at, index, swim);
        if let Some(history) = &mut self.history {
            history.settled(at.world, index, swim);
        }
    }

    /// A core accepted a broadcast of a node, whose name has a number; `running` are the processes
    /// that run.
    pub(super) fn broadcast(
        &mut self,
        now: Instant,
        (node, name): (usize, usize),
        payload: &[u8],
        running: Vec<Option<u32>>,
    ) {
        self.broadcasts.accepted(now, (node, name), payload, running);
        self.watch.broadcast(name, payload);
    }

    /// A core accepted a user event or a query of a node, whose name has a number.
    pub(super) fn announced(
        &mut self,
        now: Instant,
        sender: (usize, usize),
        what: Announcement,
        running: Vec<Option<u32>>,
    ) {
        self.announcements.accepted(now, sender, what, running);
    }

    /// A user had a dead member count as one that left.
    pub(super) fn forced_out(&mut self, name: usize) {
        self.watch.forced_out(name);
    }

    /// The counters of packets that do not arrive as they were sent.
    pub(super) const fn figures(&mut self) -> &mut Recorder {
        &mut self.figures
    }

    /// The processor's time since virtual time stood still is not the run's.
    pub(super) fn begin_metering(&mut self) {
        self.meter.iter_mut().for_each(Meter::begin);
    }

    /// The processor's time since the last call was for a node, or for none.
    pub(super) fn charge(&mut self, now: Instant, node: Option<usize>) {
        if let Some(meter) = &mut self.meter {
            meter.charge(now, node);
        }
    }

    /// When the history's next sample is due.
    pub(super) fn sample_due(&self) -> Option<Instant> {
        self.history.as_deref().map(Recording::next_sample)
    }

    /// The history takes a sample.
    pub(super) fn sample(&mut self, sample: Sample, nodes: &[Node], truths: &[Truth]) {
        if let Some(history) = &mut self.history {
            history.sample(sample, nodes, truths);
        }
    }

    pub(super) fn violation(&self) -> Result<(), Violation> {
        self.watch.violation().map_or(Ok(()), |violation| Err(violation.clone()))
    }

    pub(super) const fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(super) fn take_trace(&mut self) -> String {
        self.trace.take_lines()
    }

    pub(super) const fn log(&self) -> &EventLog {
        &self.log
    }

    /// The next event that was not read yet.
    pub(super) fn read_event(&mut self) -> Option<Observed> {
        self.log.read()
    }

    pub(super) const fn broadcasts(&self) -> &Broadcasts {
        &self.broadcasts
    }

    pub(super) const fn announcements(&self) -> &Announcements {
        &self.announcements
    }

    /// The account of the run, with what the processes that run have counted.
    pub(super) fn account<'a>(
        &self,
        now: Instant,
        running: impl Iterator<Item = (usize, &'a Metrics, Duration)>,
    ) -> Figures {
        self.figures.account(now, running)
    }

    pub(super) fn cpu_time(&self) -> Option<&CpuTime> {
        self.meter.as_ref().map(Meter::time)
    }

    pub(super) fn history(&self) -> Option<&History> {
        self.history.as_deref().map(Recording::history)
    }

    pub(super) fn take_history(&mut self) -> Option<History> {
        self.history.as_deref_mut().map(Recording::take)
    }
}
