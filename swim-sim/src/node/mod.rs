//! One node of the cluster: a name, an address, and a process that runs, stalls or is not there.
//!
//! A node outlives its processes: each restart makes a new one, with a new generation and nothing
//! remembered. The node knows nothing of the network; what its process puts out is taken by the
//! cluster.

mod inbox;
mod phase;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use swim_core::{
    Config, ConfigError, ExchangeOutput, Identity, Incarnation, Instant, NodeId, State, Swim,
};

pub(crate) use self::inbox::Inbound;
use self::inbox::Inbox;
pub use self::phase::Phase;
use crate::figures::Condition;
use crate::ground::clock::{Clock, Moment};
use crate::ground::name;
use crate::ground::streams::{self, Purpose, Stream};
use crate::network::connection::End;
use crate::plan::Setting;

/// A process that has stalled counts as healthy again after this time: verdicts on its stall come
/// for so long.
const RECOVERED_AFTER: Duration = Duration::from_secs(60);

/// The first incarnation of a process is this, plus the milliseconds since the cluster's start: as
/// with a wall clock, a restarted process starts above its former self.
const FIRST_INCARNATION: u64 = 1_000_000;

/// See the module. What every input touches comes first and lies together, in one line of the
/// cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Node {
    phase: Phase,
    /// Whether nothing leaves it and nothing reaches it, while its timers run.
    is_clogged: bool,
    /// Whether a timeout was the last thing that a slow process did.
    did_timeout: bool,
    generation: u32,
    /// How many nanoseconds every input takes it; none in a process that is well.
    slowness: u64,
    swim: Option<Box<Swim<Stream>>>,
    clock: Clock,
    /// When a slow process is done with what it is at.
    done_at: Option<Instant>,
    address: SocketAddr,
    /// Draws the fate of what it sends.
    link: Stream,
    /// Draws how what it sends is damaged.
    damage: Stream,
    /// The number in its name; two nodes may have the same one, which is a fault of their
    /// operators.
    name: usize,
    /// The nodes through which it joins when it starts again, wherever they are then: as host names
    /// do.
    seeds: Vec<usize>,
    /// Settings that upgrades have changed, for when it starts again.
    settings: Vec<Setting>,
    inbox: Inbox,
    /// Exchanges that a clogged process wants to open, answer or abandon.
    held: VecDeque<ExchangeOutput>,
    started: Instant,
    /// The highest incarnation of its former processes.
    former: Option<Incarnation>,
    /// How far its wall clock, which gives the first incarnations, is behind.
    clock_behind: Duration,
    /// When it last went on after a stall, or became fast again.
    resumed: Option<Instant>,
}

impl Node {
    /// A node without a process.
    pub(crate) fn new(index: usize, name: usize, address: SocketAddr, seed: u64) -> Self {
        Self {
            name,
            address,
            phase: Phase::Crashed,
            generation: 0,
            seeds: Vec::new(),
            link: streams::stream(seed, Purpose::Link, index as u64),
            damage: streams::stream(seed, Purpose::Damage, index as u64),
            swim: None,
            inbox: Inbox::default(),
            held: VecDeque::new(),
            started: Instant::ORIGIN,
            former: None,
            clock_behind: Duration::ZERO,
            resumed: None,
            clock: Clock::new(),
            slowness: 0,
            is_clogged: false,
            done_at: None,
            did_timeout: false,
            settings: Vec::new(),
        }
    }

    /// Starts a process with nothing remembered.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        config: Config,
        core: Stream,
    ) -> Result<(), ConfigError> {
        let clock = FIRST_INCARNATION + now.as_nanos() / 1_000_000;
        let behind = u64::try_from(self.clock_behind.as_millis()).unwrap_or(u64::MAX);
        let incarnation = config.wire.first_incarnation(clock.saturating_sub(behind));
        let identity = Identity::new(self.id(), self.address, incarnation);
        self.swim = Some(Box::new(Swim::new(config, identity, core, self.clock.local(now))?));
        self.generation += 1;
        self.phase = Phase::Running;
        self.started = now;
        self.resumed = None;
        Ok(())
    }

    /// Ends the process, and returns it.
    pub(crate) fn stop(&mut self, phase: Phase) -> Option<Box<Swim<Stream>>> {
        self.phase = phase;
        self.done_at = None;
        self.is_clogged = false;
        self.inbox = Inbox::default();
        self.held.clear();
        self.former = self.former.max(self.swim().map(Swim::incarnation));
        self.swim.take()
    }

    /// The wall clock of its machine is set back.
    pub(crate) fn set_clock_back(&mut self, by: Duration) {
        self.clock_behind += by;
    }

    pub(crate) fn id(&self) -> NodeId {
        self.swim.as_ref().map_or_else(|| name::numbered(self.name), |swim| swim.id().clone())
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    /// How many processes have started here; names the current one.
    pub(crate) const fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number in its name.
    pub(crate) const fn name(&self) -> usize {
        self.name
    }

    pub(crate) const fn is_clogged(&self) -> bool {
        self.is_clogged
    }

    /// The nodes through which it joins when it starts again.
    pub(crate) fn seeds(&self) -> &[usize] {
        &self.seeds
    }

    /// The stream from which the fate of what it sends is drawn.
    pub(crate) const fn link_stream(&mut self) -> &mut Stream {
        &mut self.link
    }

    /// The stream from which the damage to what it sends is drawn.
    pub(crate) const fn damage_stream(&mut self) -> &mut Stream {
        &mut self.damage
    }

    /// The process, running or paused.
    pub(crate) fn swim(&self) -> Option<&Swim<Stream>> {
        self.swim.as_deref()
    }

    /// The process, if it can do something now.
    pub(crate) fn running(&mut self) -> Option<&mut Swim<Stream>> {
        if self.phase == Phase::Running { self.swim.as_deref_mut() } else { None }
    }

    /// The next exchange that a running process held while it was clogged.
    pub(crate) fn next_held(&mut self) -> Option<ExchangeOutput> {
        if self.phase == Phase::Running { self.held.pop_front() } else { None }
    }

    /// How the process has been going, as those who judge it should know. A verdict on an
    /// incarnation that a former process had is about that one.
    pub(crate) fn condition(&self, now: Instant, judged: Incarnation) -> Condition {
        if Some(judged) <= self.former {
            return Condition::Gone;
        }
        let stalled = self.slowness > 0
            || self.is_clogged
            || self.resumed.is_some_and(|at| now.since(at) < RECOVERED_AFTER);
        match (self.phase, self.swim()) {
            (Phase::Running, Some(swim)) if swim.state() == State::Running && !stalled => {
                Condition::Healthy
            }
            (Phase::Running, Some(swim)) if swim.state() == State::Running => Condition::Stalled,
            (Phase::Paused, Some(_)) => Condition::Stalled,
            _ => Condition::Gone,
        }
    }

    /// The process stalls.
    pub(crate) fn pause(&mut self) {
        self.phase = Phase::Paused;
        self.done_at = None;
    }

    /// The process goes on.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.phase = Phase::Running;
        self.resumed = Some(now);
    }

    /// Nothing leaves the process and nothing reaches it from now on.
    pub(crate) const fn clog(&mut self) {
        self.is_clogged = true;
    }

    /// An exchange of a clogged process waits until it sends again.
    pub(crate) fn hold(&mut self, exchange: ExchangeOutput) {
        self.held.push_back(exchange);
    }

    /// The node has another address from now on.
    pub(crate) const fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// It joins through these nodes as well when it starts again.
    pub(crate) fn learn_seeds(&mut self, seeds: &[usize]) {
        let new: Vec<_> = seeds.iter().filter(|seed| !self.seeds.contains(seed)).copied().collect();
        self.seeds.extend(new);
    }

    /// A configuration with all that upgrades of this node have changed.
    pub(crate) fn upgraded(&self, config: &Config) -> Config {
        let mut config = config.clone();
        self.settings.iter().for_each(|setting| setting.apply(&mut config));
        config
    }

    /// The node has another setting when it starts again, unless that would not be valid with this
    /// configuration: an operator's tool would refuse it.
    pub(crate) fn upgrade(&mut self, config: &Config, setting: &Setting) {
        self.settings.push(setting.clone());
        if self.upgraded(config).validate().is_err() {
            self.settings.pop();
        }
    }

    /// A slow process turns to the next thing, if it is not at one already; returns when it is done
    /// with it.
    pub(crate) fn begin_work(&mut self, now: Instant) -> Option<Instant> {
        if self.phase != Phase::Running || self.done_at.is_some() {
            return None;
        }
        self.done_at = Some(now + self.slowness());
        self.done_at
    }

    /// Returns true if a slow process is done now with what it was at. It may have stalled, ended
    /// or become fast meanwhile, and then it does not know of it any more.
    pub(crate) fn finish_work(&mut self, now: Instant) -> bool {
        let is_done = self.done_at == Some(now) && self.phase == Phase::Running;
        if is_done {
            self.done_at = None;
        }
        is_done
    }

    /// The process sends and receives again.
    pub(crate) fn unclog(&mut self, now: Instant) {
        self.is_clogged = false;
        self.resumed = Some(now);
    }

    /// The time by the machine's clock.
    pub(crate) fn local(&self, now: Instant) -> Instant {
        self.clock.local(now)
    }

    /// The time by the world's clock and by the machine's.
    pub(crate) fn moment(&self, now: Instant) -> Moment {
        Moment { world: now, local: self.local(now) }
    }

    pub(crate) fn set_clock_rate(&mut self, now: Instant, rate: u16) {
        self.clock.set_rate(now, rate);
    }

    /// When the process wants to be called again, by the world's time; never in the past, and not
    /// while it is busy.
    pub(crate) fn timeout(&self, now: Instant) -> Option<Instant> {
        let at = self.swim().filter(|_| self.done_at.is_none())?.poll_timeout()?;
        Some(self.clock.world(at).max(now))
    }

    pub(crate) const fn slowness(&self) -> Duration {
        Duration::from_nanos(self.slowness)
    }

    /// Every input takes the process so long from now on.
    pub(crate) fn set_slowness(&mut self, now: Instant, each: Duration) {
        let each = u64::try_from(each.as_nanos()).unwrap_or(u64::MAX);
        if each == 0 && self.slowness > 0 {
            self.done_at = None;
            self.resumed = Some(now);
        }
        self.slowness = each;
    }

    pub(crate) fn ran_for(&self, now: Instant) -> Duration {
        now.since(self.started)
    }

    pub(crate) fn end(&self, index: usize) -> End {
        End { node: index, generation: self.generation }
    }

    /// Lets something wait in front of a process; gives back what finds no room.
    pub(crate) fn wait(&mut self, inbound: Inbound) -> Result<(), Inbound> {
        self.inbox.wait(inbound)
    }

    /// Takes out what a slow process does next; `None` if that is its timeout, which may be due.
    pub(crate) fn next_inbound(&mut self, is_due: bool) -> Option<Inbound> {
        let next =
            if self.is_clogged || is_due && !self.did_timeout { None } else { self.inbox.next() };
        self.did_timeout = next.is_none();
        next
    }

    /// Returns true if something waits that it can read.
    pub(crate) fn has_inbox(&self) -> bool {
        !self.inbox.is_empty() && !self.is_clogged
    }

    /// Takes out all that waited.
    pub(crate) fn take_inbox(&mut self) -> VecDeque<Inbound> {
        self.inbox.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_input_touches_of_a_node_is_one_line_of_the_cache() {
        assert_eq!(core::mem::offset_of!(Node, done_at) + size_of::<Option<Instant>>(), 64);
    }
}
