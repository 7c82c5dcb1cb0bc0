//! The loop of one node: the only owner of its [`Swim`].
//!
//! 1. Something comes: an arrival from the transport, a call of the user, a looked-up name, or the
//!    time that the core asked to be woken at. It becomes one input of the core.
//! 2. After every input its packets are sent; once no input waits, what else the core asks for is
//!    carried out (quinn's and str0m's rule).
//! 3. What the handles read is shown, the subscribers are told, and the next wake-up is read from
//!    the core.
//!
//! Nothing in it waits for a socket or a subscriber. It knows no protocol rule: those are the
//! core's.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::{
    Event, ExchangeInput, JoinError as SeedsRefused, Output, PingError, QueryId, SequenceNumber,
    State, Swim, is_allowed,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::command::Command;
use super::joins::{Joins, Outcome};
use super::notice::Notice;
use super::query::{Answer, AnswerSender};
use super::rekeying::Rekeying;
use super::room::Room;
use super::snapshot::{Keeper, Snapshot};
use super::view::{Snapshots, View};
use crate::errors::JoinError;
use crate::ground::clock::{Clock, Generator};
use crate::seeds::LOOKUP_TIMEOUT;
use crate::seeds::{Resolution, Resolver};
use crate::seeds::{Seed, addresses};
use crate::transport::{Arrival, Transport};

/// How long a leave waits until its last packets are written.
const FLUSH: Duration = Duration::from_millis(500);

/// One node at work.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) swim: Swim<Generator>,
    pub(crate) clock: Clock,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) resolver: Resolver,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) view: Arc<View>,
    pub(crate) waiting: Waiting,
    pub(crate) rekeying: Rekeying,
    pub(crate) snapshots: Snapshots,
    /// The packet that is being sent.
    pub(crate) packet: Vec<u8>,
    /// Keeps the snapshot, if the node has one.
    pub(crate) keeper: Option<Keeper>,
}

/// Those who wait for an answer that takes more than one input.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    joins: Joins,
    /// Bounded by `Config::max_pings`.
    pings: HashMap<SequenceNumber, oneshot::Sender<Result<Option<Duration>, PingError>>>,
    /// Bounded by `EventConfig::max_queries`.
    queries: HashMap<QueryId, AnswerSender>,
    /// Queries whose answers hold keys: they go to who asked and are neither published nor logged.
    key_queries: HashSet<QueryId>,
    leaves: Vec<oneshot::Sender<()>>,
    room: Room,
    /// Leaves that wait for their packets to be written.
    flushes: JoinSet<()>,
}

impl Node {
    /// Runs until the last handle is dropped or one of them shuts it down.
    pub(crate) async fn run(mut self) {
        let mut arrivals = Vec::new();
        let wake_up = tokio::time::sleep_until(Instant::now());
        tokio::pin!(wake_up);
        loop {
            let at = self.settle();
            if wake_up.deadline() != at {
                wake_up.as_mut().reset(at);
            }
            tokio::select! {
                command = self.commands.recv() => match command {
                    None => {
                        self.finish_snapshot().await;
                        return;
                    }
                    Some(Command::Shutdown { done }) => {
                        self.transport.close().await;
                        self.finish_snapshot().await;
                        let _ = done.send(());
                        return;
                    }
                    Some(command) => self.command(command),
                },
                () = poll_fn(|context| self.transport.poll_receive(context, &mut arrivals)) => {
                    for arrival in arrivals.drain(..) {
                        self.arrive(arrival);
                    }
                }
                (id, answer) = self.rekeying.next() => {
                    self.swim.answer_key_request(id, Some(&answer));
                }
                resolution = self.resolver.next() => self.resolved(&resolution),
                () = &mut wake_up => self.tick(),
            }
        }
    }

    /// Joins through those that a former life knew, besides the node's own seeds, and keeps the
    /// snapshot from now on.
    pub(crate) fn take_snapshot(&mut self, snapshot: Snapshot, seeds: usize) {
        let room = self.swim.config().max_seeds.saturating_sub(seeds);
        let addresses = snapshot.addresses(room);
        if let Err(error) = self.swim.join(self.clock.now(), &addresses) {
            tracing::warn!(%error, "the addresses in the snapshot are not taken");
        }
        self.view.restored.get_or_init(|| addresses);
        self.keeper = Some(Keeper::start(snapshot, Arc::clone(&self.view)));
    }

    async fn finish_snapshot(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.finish().await;
        }
    }

    /// Steps 2 and 3; says when to wake up.
    pub(crate) fn settle(&mut self) -> Instant {
        self.rekeying.tell_of_plain_traffic(&mut self.swim);
        self.tick();
        self.send_packets();
        self.waiting.room.retry(&mut self.swim, self.clock.now());
        self.send_packets();
        let shown_at = self.snapshots.refresh(&self.swim, &self.view);
        self.view.coordinates.refresh(&self.swim);
        self.view.show_metrics(&self.swim, self.transport.metrics());
        // After the table is shown, so that a subscriber who hears of a member finds it there.
        self.take_outputs();
        let mut at = Instant::now() + Duration::from_secs(3_600);
        let mut earlier = |instant: Option<Instant>| at = at.min(instant.unwrap_or(at));
        earlier(self.swim.poll_timeout().map(|instant| self.clock.at(instant)));
        earlier(self.waiting.joins.deadline());
        earlier(shown_at);
        if self.transport.asks_for_members() {
            let others = self.swim.members().filter(|member| {
                member.claim.status.is_active() && member.id != self.view.id.as_str()
            });
            self.transport.members_at(others.map(|member| member.address).collect());
        }
        self.resolver.set_alone(self.swim.active_members() <= 1);
        while self.waiting.flushes.try_join_next().is_some() {}
        at
    }

    /// Gives the core the time if it asked for it. Called between arrivals too, so that many of
    /// them delay no timer.
    fn tick(&mut self) {
        let now = self.clock.now();
        if self.swim.poll_timeout().is_some_and(|due| due <= now) {
            self.swim.handle_timeout(now);
            self.send_packets();
        }
        self.waiting.joins.expire(Instant::now());
    }

    /// Sends the packets that wait.
    fn send_packets(&mut self) {
        let now = self.clock.now();
        while let Some(transmit) = self.swim.poll_transmit(now, &mut self.packet) {
            self.transport.send_packet(transmit.to, &self.packet);
        }
    }

    /// Carries out what the core asks for beyond packets; what it answers itself may queue further
    /// ones.
    fn take_outputs(&mut self) {
        while let Some(output) = self.swim.poll_output() {
            match output {
                Output::Exchange(exchange) => self.transport.exchange(exchange),
                Output::KeyMessage(message) => self.rekeying.take_up(message, &mut self.swim),
                Output::KeyQuery(query) => {
                    let answer = self.transport.change_keys(&query);
                    if let Err(error) =
                        self.swim.serf_mut().answer_keys(self.clock.now(), query.id, &answer)
                    {
                        tracing::debug!(%error, "a key query is not answered");
                    }
                }
                Output::RoundTrip(acked) => self.view.round_trips.note(acked.member(), acked.time),
                Output::Event(event) => self.tell(event),
                _ => {}
            }
        }
        self.send_packets();
    }

    fn arrive(&mut self, arrival: Arrival) {
        self.tick();
        let now = self.clock.now();
        match arrival {
            Arrival::Packet { from, payload } => self.swim.handle_packet(now, from, &payload),
            Arrival::Request { id, from, payload } => {
                self.swim
                    .handle_exchange(now, ExchangeInput::Request { id, from, payload: &payload });
            }
            Arrival::Reply { id, payload } => {
                self.swim.handle_exchange(now, ExchangeInput::Reply { id, payload: &payload });
            }
            Arrival::Failed { id, failure } => {
                self.swim.handle_exchange(now, ExchangeInput::Failed { id, failure });
            }
            Arrival::Unreachable(address) => self.swim.handle_unreachable(now, address),
        }
        self.send_packets();
    }

    fn command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Join { seeds, done } => self.join(&seeds, done),
            Command::Leave { done } => self.leave(done),
            Command::SetMetadata { metadata, done } => {
                let _ = done.send(self.swim.set_metadata(now, &metadata));
            }
            Command::Broadcast { payload, done } => {
                let _ = done.send(self.swim.broadcast(now, &payload));
            }
            Command::WhenRoom(delayed) => self.waiting.room.send(delayed, &mut self.swim, now),
            Command::ForceLeave { id, prune, done } => {
                let _ = done.send(self.swim.force_leave(now, &id, prune));
            }
            Command::UserEvent { name, payload, coalesce, done } => {
                let _ =
                    done.send(self.swim.serf_mut().send_user_event(now, &name, &payload, coalesce));
            }
            Command::Query { query, done } => {
                let asked = query.with(|question| self.swim.serf_mut().query(now, question));
                let _ = done.send(asked.map(|id| self.answers(id)));
            }
            #[cfg(feature = "memberlist")]
            Command::QueryKeys { operation, key, done } => {
                let key = key.as_ref().map_or(&[][..], |key| key.as_bytes());
                let asked = self.swim.serf_mut().query_keys(now, operation, key);
                self.waiting.key_queries.extend(asked.as_ref().ok());
                let _ = done.send(asked.map(|id| self.answers(id)));
            }
            Command::Respond { id, payload, done } => {
                let _ = done.send(self.swim.serf_mut().respond(now, id, &payload));
            }
            Command::Ping { id, done } => match self.swim.ping(now, &id) {
                Ok(sequence) => {
                    self.waiting.pings.insert(sequence, done);
                }
                Err(error) => {
                    let _ = done.send(Err(error));
                }
            },
            Command::AskKeys { member, body, done } => {
                self.rekeying.ask((&mut self.swim, &self.clock), &member, &body, done);
            }
            Command::Shutdown { .. } => unreachable!("the loop takes it"),
        }
    }

    fn join(&mut self, seeds: &[Seed], done: oneshot::Sender<Outcome>) {
        if let Err(error) = self.take_seeds(seeds) {
            let _ = done.send(Err(JoinError::Refused(error)));
            return;
        }
        let config = self.swim.config();
        // Not all are asked at the same time.
        let rounds = 1 + seeds.len() / usize::from(config.join_parallelism);
        let patience =
            config.exchange_timeout.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        let deadline = Instant::now() + LOOKUP_TIMEOUT + patience.min(Duration::from_secs(3_600));
        self.waiting.joins.add(seeds, deadline, done);
        // The core passes over our own address without a word.
        self.waiting.joins.failed(self.swim.address(), swim_core::ExchangeFailure::Ourselves);
    }

    /// Hands addresses to the core and host names to the resolver; all of them or none.
    pub(crate) fn take_seeds(&mut self, seeds: &[Seed]) -> Result<(), SeedsRefused> {
        let max = self.swim.config().max_seeds;
        let mut addresses = addresses(seeds, self.resolver.len(), max)?;
        shuffle(&mut addresses);
        self.swim.join(self.clock.now(), &addresses)?;
        for seed in seeds {
            if let Seed::LookedUp(seed) = seed {
                self.resolver.add(seed.clone());
            }
        }
        Ok(())
    }

    fn resolved(&mut self, resolution: &Resolution) {
        if self.swim.state() != State::Running {
            return;
        }
        let name = &resolution.seed;
        match &resolution.result {
            Ok(addresses) => {
                let networks = &self.swim.config().allowed_networks;
                let (addresses, outside): (Vec<_>, Vec<_>) = addresses
                    .iter()
                    .copied()
                    .partition(|address| is_allowed(networks, address.ip()));
                let mut addresses = addresses;
                shuffle(&mut addresses);
                let addresses = &addresses[..];
                if !outside.is_empty() {
                    tracing::warn!(seed = %name, ?outside, "addresses of a seed are outside of the allowed networks");
                }
                self.waiting.joins.resolved(name, Ok(addresses));
                self.waiting
                    .joins
                    .failed(self.swim.address(), swim_core::ExchangeFailure::Ourselves);
                if let Err(error) = self.swim.join(self.clock.now(), addresses) {
                    tracing::warn!(seed = %name, %error, "the addresses of a seed are not taken");
                }
            }
            Err(unresolved) => {
                self.waiting.joins.resolved(name, Err(&unresolved.error));
                self.publish(&Notice::SeedUnresolved {
                    seed: Arc::clone(name),
                    error: Arc::clone(&unresolved.error),
                    retry_in: unresolved.retry_in,
                });
            }
        }
    }

    fn leave(&mut self, done: oneshot::Sender<()>) {
        match self.swim.state() {
            State::Running => self.swim.leave(self.clock.now()),
            State::Leaving => {}
            State::Left => {
                let _ = done.send(());
                return;
            }
        }
        self.waiting.leaves.push(done);
    }

    /// Answers those who wait for an event, then tells the subscribers.
    fn tell(&mut self, event: Event) {
        match &event {
            Event::SeedJoined { seed, members } => self.waiting.joins.answered(*seed, *members),
            Event::SeedFailed { seed, failure, .. } => {
                self.waiting.joins.failed(*seed, *failure);
                self.resolver.failed(*seed);
            }
            Event::Pinged { sequence, round_trip, .. } => {
                if let Some(done) = self.waiting.pings.remove(sequence) {
                    let _ = done.send(Ok(*round_trip));
                }
            }
            Event::Failed(member) | Event::Left(member) => self.view.round_trips.forget(&member.id),
            Event::Lagged { .. } => {
                self.view.round_trips.forget_all();
                // The end of a query may be among what is lost.
                self.waiting.queries.clear();
            }
            Event::QueryAck { id, from } => self.answered(*id, || Answer::Ack(from.clone())),
            Event::QueryResponse { id, from, payload } => {
                self.answered(*id, || Answer::Response {
                    from: from.clone(),
                    payload: Arc::clone(payload),
                });
                if self.waiting.key_queries.contains(id) {
                    return;
                }
            }
            Event::QueryFinished { id, .. } => {
                self.waiting.queries.remove(id);
                self.waiting.key_queries.remove(id);
            }
            Event::LeaveComplete => self.left(),
            _ => {}
        }
        self.publish(&Notice::Event(event));
    }

    /// Where the answers to a query go.
    fn answers(&mut self, id: QueryId) -> mpsc::UnboundedReceiver<Answer> {
        let (sender, answers) = mpsc::unbounded_channel();
        self.waiting.queries.insert(id, sender);
        answers
    }

    fn answered(&self, id: QueryId, answer: impl FnOnce() -> Answer) {
        if let Some(waiting) = self.waiting.queries.get(&id) {
            let _ = waiting.send(answer());
        }
    }

    /// The departure is on its way: those who wait for it are told when it is written.
    fn left(&mut self) {
        let leaves = std::mem::take(&mut self.waiting.leaves);
        let flushed = self.transport.flushed();
        self.waiting.flushes.spawn(async move {
            // A peer that takes nothing is not waited for.
            let _ = tokio::time::timeout(FLUSH, flushed).await;
            for done in leaves {
                let _ = done.send(());
            }
        });
    }

    fn publish(&self, notice: &Notice) {
        notice.log(&self.view.id, self.view.advertised);
        self.view.subscribers.tell(notice);
    }
}

/// Seeds are tried in another order at each node, or those that stand first on everybody's list
/// would be asked by all.
fn shuffle(addresses: &mut [SocketAddr]) {
    let order = RandomState::new();
    addresses.sort_by_cached_key(|address| order.hash_one(address));
}

impl Drop for Node {
    /// However the loop ends, its subscribers are told.
    fn drop(&mut self) {
        self.view.subscribers.end();
    }
}
