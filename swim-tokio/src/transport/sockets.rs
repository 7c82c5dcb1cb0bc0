//! [`Sockets`]: the transport of TCP connections, and datagrams if asked.
//!
//! Each connection is a task of its own with a bounded queue, and what finds the queue full is
//! dropped and counted. With [`Packets::Udp`] packets go by datagrams at the same port number, and
//! what comes is the same. This file connects the tasks' reports with the links; it reads and
//! writes no socket itself.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use swim_core::{ExchangeFailure, ExchangeId, ExchangeOutput, Source, is_allowed};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, Sleep, timeout};

use super::binding::{Bound, bind};
use super::budget::Lease;
use super::connection::{Report, Shared};
use super::counters::TransportMetrics;
use super::crowd::Crowded;
use super::datagrams::Datagrams;
use super::exchanges::Exchanges;
use super::frame::{self, Frame, PacketsBy, Refusal};
use super::listener::Guest;
use super::members::Members;
use super::mismatch::{Mismatch, Mismatches};
use super::pool::{Bounds, LinkId, Pool};
use super::queue::{self, Outgoing, queue};
use super::renewal::Renewal;
use super::sealed_packets::SealedPackets;
use super::settings::{Packets, TcpConfig};
use super::setup::Setup;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::{Arrival, BATCH, BoxFuture, Transport, dial, listener, opening, unreachable};
use crate::errors::StartError;

/// How many reports of connections may wait for the loop. A connection that finds no room waits,
/// and so does its peer.
const REPORTS: usize = 1_024;
/// How many accepted connections may wait for the loop: each holds a file that no bound counts yet.
const GUESTS: usize = 16;

/// The transport that a node has unless told otherwise: exchanges over pooled TCP connections,
/// packets over them too or by UDP. Public so that another transport may wrap it.
#[derive(Debug)]
pub struct Sockets {
    local: SocketAddr,
    shared: Arc<Shared>,
    pool: Pool<queue::Sender>,
    exchanges: Exchanges,
    /// For packets, if they do not go over connections.
    datagrams: Option<Datagrams>,
    /// For datagrams, if there are keys.
    seals: Option<SealedPackets>,
    reports: mpsc::Receiver<Report>,
    batch: Vec<Report>,
    /// Who dialed this node and is not looked at yet.
    guests: mpsc::Receiver<Guest>,
    /// The tasks of accepted links, to end them at once.
    accepted: HashMap<LinkId, AbortHandle>,
    members: Members,
    mismatches: Mismatches,
    /// Arrivals that came about without a report.
    arrived: Vec<Arrival>,
    tasks: JoinSet<()>,
    /// The tasks that hold the port.
    doors: Vec<AbortHandle>,
    /// When idle links are looked for next.
    sweep: Pin<Box<Sleep>>,
    renewal: Renewal,
}

impl Sockets {
    /// Listens, and accepts from then on.
    ///
    /// # Errors
    /// [`StartError`]: of the settings, of the address to listen at, or of the one to be reached
    /// at.
    pub fn open(setup: &Setup, packets: Packets, tcp: TcpConfig) -> Result<Self, StartError> {
        Self::open_with(setup, packets, tcp, |shared| shared)
    }

    /// The same with TLS for all that is sent: packets go over connections too. Where names are
    /// bound, what is passed on of others is left out: the node needs
    /// [`Config::origin_only`](swim_core::Config), which [`Builder::tls`](crate::Builder::tls)
    /// sets.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`StartError::Tls`] if names are bound and the node's is not in its
    /// certificate.
    #[cfg(feature = "tls")]
    pub fn open_with_tls(setup: &Setup, tcp: TcpConfig, tls: Tls) -> Result<Self, StartError> {
        tls.bind(&setup.id).map_err(StartError::Tls)?;
        Self::open_with(setup, Packets::Tcp, tcp, |shared| Shared { tls: Some(tls), ..shared })
    }

    fn open_with(
        setup: &Setup,
        packets: Packets,
        tcp: TcpConfig,
        protect: impl FnOnce(Shared) -> Shared,
    ) -> Result<Self, StartError> {
        tcp.validate_with(setup.max_exchange).map_err(StartError::Tcp)?;
        let tcp = tcp.fitted();
        let bound = bind(setup.bind, packets).map_err(|error| setup.cannot_bind(error))?;
        let advertised = setup.advertised(bound.address)?;
        let seals =
            setup.keys.as_ref().map(|keys| SealedPackets::start(Arc::clone(keys), advertised));
        let seals = seals.transpose().map_err(StartError::Entropy)?;
        let (sender, reports) = mpsc::channel(REPORTS);
        let shared = Shared::new(setup, advertised, tcp, sender);
        Ok(Self::start(bound, protect(shared), seals, reports))
    }

    /// Begins to accept.
    fn start(
        bound: Bound,
        shared: Shared,
        seals: Option<SealedPackets>,
        reports: mpsc::Receiver<Report>,
    ) -> Self {
        let shared = Arc::new(shared);
        let config = &shared.config;
        let mut tasks = JoinSet::new();
        let (sender, guests) = mpsc::channel(GUESTS);
        let mut doors = vec![tasks.spawn(listener::accept(bound.listener, sender))];
        let packets = if bound.datagrams.is_some() { PacketsBy::Udp } else { PacketsBy::Tcp };
        let datagrams =
            bound.datagrams.map(|socket| Datagrams::new(socket, Arc::clone(&shared.networks)));
        if let Some(Datagrams { socket, .. }) = &datagrams {
            let (reports, counters) = (shared.reports.clone(), Arc::clone(&shared.counters));
            let refused = unreachable::run(Arc::clone(socket), reports, counters);
            doors.push(tasks.spawn(refused));
        }
        Self {
            local: bound.address,
            pool: Pool::new(Bounds::of(config)),
            exchanges: Exchanges::default(),
            datagrams,
            seals,
            reports,
            batch: Vec::with_capacity(BATCH),
            guests,
            accepted: HashMap::new(),
            members: Members::default(),
            mismatches: Mismatches::new(packets, shared.advertised),
            arrived: Vec::new(),
            tasks,
            doors,
            sweep: Box::pin(tokio::time::sleep(sweep_interval(config))),
            renewal: Renewal::new(&shared),
            shared,
        }
    }

    /// Returns true if anything happened; if not, the task is woken when something does.
    fn poll_happened(&mut self, context: &mut Context<'_>) -> bool {
        // Each is asked, so that each wakes the task.
        let datagrams =
            self.datagrams.as_ref().is_some_and(|datagrams| datagrams.poll_readable(context));
        // The channel never closes: `shared` holds a sender.
        let reports = self.reports.poll_recv_many(context, &mut self.batch, BATCH).is_ready();
        let idle = self.sweep.as_mut().poll(context).is_ready();
        let guests = self.poll_guests(context);
        datagrams || reports || idle || guests
    }

    /// Takes those who dialed this node, a bounded number at a time: the channel lets no more wait.
    fn poll_guests(&mut self, context: &mut Context<'_>) -> bool {
        let mut came = false;
        for _ in 0..GUESTS {
            match self.guests.poll_recv(context) {
                Poll::Ready(Some(guest)) => {
                    came = true;
                    self.welcome(Instant::now(), guest);
                }
                Poll::Ready(None) | Poll::Pending => return came,
            }
        }
        // There may be more: the task is to come back for them.
        context.waker().wake_by_ref();
        came
    }

    /// None lives on as it may not.
    fn take_up_keys(&mut self) {
        if self.renewal.keys_changed(&self.shared) {
            self.pool.retire_all();
        }
    }

    async fn shut(&mut self) {
        self.doors.iter().for_each(AbortHandle::abort);
        self.datagrams = None;
        self.pool.retire_all();
        let linger = self.shared.config.linger;
        let ended = async {
            loop {
                tokio::select! {
                    // Reports are taken so that no connection waits with its last one.
                    _ = self.reports.recv() => {}
                    joined = self.tasks.join_next() => if joined.is_none() { break },
                }
            }
        };
        if timeout(linger, ended).await.is_err() {
            self.tasks.shutdown().await;
        }
    }

    fn open_exchange(
        &mut self,
        id: ExchangeId,
        to: SocketAddr,
        request: Vec<u8>,
    ) -> Result<(), ExchangeFailure> {
        if request.len() > self.shared.limits.exchange {
            return Err(ExchangeFailure::TooLarge);
        }
        let header = frame::request_header(self.mismatches.packets.mark(id.0), request.len());
        let lease = self.shared.budget.take(request.len()).map_err(|_| self.dropped_exchange())?;
        let link = self
            .send(to, Outgoing::Exchange { header, payload: request, lease })
            .map_err(|()| self.dropped_exchange())?;
        self.exchanges.open(id, link);
        Ok(())
    }

    /// A bound of our own was reached.
    fn dropped_exchange(&self) -> ExchangeFailure {
        self.shared.counters.exchanges_dropped.one();
        ExchangeFailure::Overloaded
    }

    fn reply(&mut self, id: ExchangeId, payload: Vec<u8>) {
        let Some((link, exchange)) = self.exchanges.answer(id) else { return };
        if payload.len() > self.shared.limits.exchange {
            self.shared.counters.oversized.one();
            return self.refuse(link, exchange, Refusal::TooLarge);
        }
        let Ok(lease) = self.shared.budget.take(payload.len()) else {
            self.shared.counters.exchanges_dropped.one();
            return self.refuse(link, exchange, Refusal::Unanswered);
        };
        let header = frame::reply_header(exchange, payload.len());
        self.send_on(link, Outgoing::Exchange { header, payload, lease });
    }

    fn refuse(&mut self, link: LinkId, exchange: u64, refusal: Refusal) {
        self.send_on(link, Outgoing::Frame(frame::refuse(exchange, refusal)));
    }

    /// Answers on the link that asked. Who lets its answers pile up loses the link: it would wait
    /// for them without result.
    fn send_on(&mut self, link: LinkId, answer: Outgoing) {
        let Some(queue) = self.pool.queue(link) else { return };
        if queue.try_send(answer).is_err() {
            self.shared.counters.exchanges_dropped.one();
            self.pool.retire(link);
        }
    }

    /// Queues a frame for an address; dials it if no link leads there.
    fn send(&mut self, to: SocketAddr, frame: Outgoing) -> Result<LinkId, ()> {
        let now = Instant::now();
        if let Some((link, queue)) = self.pool.find(to, now) {
            return queue.try_send(frame).map(|()| link).map_err(drop);
        }
        let (sender, waiting) = queue(self.shared.config.max_queued_frames, &self.shared.counters);
        sender.try_send(frame).expect("an empty queue has room");
        let link =
            self.pool.dial(to, sender, now, |id| self.exchanges.is_busy(id)).map_err(drop)?;
        self.tasks.spawn(dial::run(link, to, waiting, Arc::clone(&self.shared)));
        Ok(link)
    }

    fn handle(&mut self, now: Instant, report: Report) {
        match report {
            Report::Introduced { link, address, proven } => {
                if proven {
                    self.pool.prove(link);
                }
                // What this node sends is sealed: a plain connection leads back to nobody.
                let leads_back = proven || !self.shared.seals();
                self.pool.introduce(link, address, leads_back);
            }
            Report::Arrived { link, frame, lease, protection } => {
                if let Some(address) = self.pool.touch(link, now) {
                    self.arrive(link, Source::new(address, protection), frame, lease);
                }
            }
            Report::TooLarge { link, exchange } => {
                self.refuse(link, exchange, Refusal::TooLarge);
                self.pool.retire(link);
            }
            Report::Closing { link } => {
                self.pool.retire(link);
            }
            Report::Unreachable(address) => self.arrived.push(Arrival::Unreachable(address)),
            Report::OutOfFiles => self.make_room_for_a_file(now),
            Report::Ended { link, failure, dialing } => self.end(link, failure, dialing),
        }
    }

    fn welcome(&mut self, now: Instant, guest: Guest) {
        let Guest::Dialed { stream, peer } = guest else { return self.make_room_for_a_file(now) };
        if !is_allowed(&self.shared.networks, peer.ip()) {
            return self.shared.counters.outsiders_refused.one();
        }
        let (mut sender, mut waiting) =
            queue(self.shared.config.max_queued_frames, &self.shared.counters);
        let link = loop {
            match self.pool.accept(peer.ip(), sender, now) {
                Ok(link) => break link,
                Err(crowded) if self.make_room(peer, crowded) => {
                    (sender, waiting) =
                        queue(self.shared.config.max_queued_frames, &self.shared.counters);
                }
                Err(_) => {
                    tracing::debug!(%peer, "connection closed: too many are open");
                    return self.shared.counters.accepts_refused.one();
                }
            }
        };
        self.pool.came_from(link, peer);
        self.shared.counters.accepted.one();
        dial::prepare(&stream, &self.shared.config);
        let task = opening::run_accepted(link, peer, stream, waiting, Arc::clone(&self.shared));
        self.accepted.insert(link, self.tasks.spawn(task));
    }

    /// A file is lacking. There need not be a crowd, so it may not be known yet which links are
    /// members': then the next one who lacks a file, a moment later, finds it known.
    fn make_room_for_a_file(&mut self, now: Instant) {
        if self.members.are_known(now) {
            self.make_room(self.local, Crowded::All);
        }
    }

    /// Closes an accepted link that has not shown that it belongs, for one more from `peer`. False
    /// if there is none.
    fn make_room(&mut self, peer: SocketAddr, crowded: Crowded) -> bool {
        let is_member = |address: &SocketAddr| self.members.contains(address);
        let Some(link) = self.pool.unproven(peer.ip(), crowded, is_member) else { return false };
        if let Some(task) = self.accepted.get(&link) {
            task.abort();
        }
        self.shared.counters.unproven_closed.one();
        self.end(link, ExchangeFailure::Closed, false);
        true
    }

    fn arrive(&mut self, link: LinkId, from: Source, frame: Frame, lease: Option<Lease>) {
        // A dialed link leads to where it was dialed.
        let said = self.pool.said(link).unwrap_or(from.address);
        if let Some(mismatch) = self.mismatches.find(said, &frame) {
            return self.mismatched(link, said, &frame, mismatch);
        }
        let arrival = match frame {
            Frame::Packet(payload) => Arrival::Packet { from, payload },
            Frame::Request { exchange, payload } => {
                let id = self.exchanges.request(link, exchange);
                Arrival::Request { id, from, payload: Lease::hold(lease, payload) }
            }
            Frame::Reply { exchange, payload } => {
                let id = ExchangeId(frame::number_of(exchange));
                if !self.exchanges.close_on(link, id) {
                    return;
                }
                Arrival::Reply { id, payload: Lease::hold(lease, payload) }
            }
            Frame::Refuse { exchange, refusal } => {
                let id = ExchangeId(frame::number_of(exchange));
                if !self.exchanges.close_on(link, id) {
                    return;
                }
                Arrival::Failed { id, failure: failure_of_refusal(refusal) }
            }
        };
        self.arrived.push(arrival);
    }

    /// The core does not hear from nodes with which nothing would come of it. Both sides say why.
    fn mismatched(&mut self, link: LinkId, from: SocketAddr, frame: &Frame, mismatch: Mismatch) {
        self.shared.counters.mismatches_refused.one();
        self.mismatches.warn(from, mismatch);
        if let Frame::Request { exchange, .. } = frame {
            self.refuse(link, *exchange, mismatch.refusal());
        }
    }

    fn end(&mut self, link: LinkId, failure: ExchangeFailure, dialing: bool) {
        self.accepted.remove(&link);
        let address = self.pool.remove(link);
        for id in self.exchanges.end(link) {
            self.arrived.push(Arrival::Failed { id, failure });
        }
        if let Some(address) = address.filter(|_| dialing && failure == ExchangeFailure::Refused) {
            self.arrived.push(Arrival::Unreachable(address));
        }
    }

    fn retire_idle(&mut self, now: Instant) {
        let config = &self.shared.config;
        let retired =
            self.pool.retire_idle(now, config.idle_timeout, |id| self.exchanges.is_busy(id));
        self.shared.counters.retired.add(retired);
        #[cfg(feature = "tls")]
        if let Some(first) = self.renewal.first_current(&self.shared, self.pool.next_link()) {
            let retired = self.pool.retire_before(first, |id| self.exchanges.is_busy(id));
            self.shared.counters.retired.add(retired);
        }
        self.sweep.as_mut().reset(now + sweep_interval(&self.shared.config));
    }
}

impl Transport for Sockets {
    fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]) {
        if let Some(datagrams) = &self.datagrams {
            let packet = match &mut self.seals {
                Some(seals) => seals.seal(to, packet),
                None => packet,
            };
            return datagrams.send(to, packet, &self.shared.counters);
        }
        let frame = Outgoing::Frame(frame::packet(packet));
        if self.send(to, frame).is_err() {
            self.shared.counters.packets_dropped.one();
        }
    }

    fn asks_for_members(&self) -> bool {
        self.members.are_asked_for(Instant::now(), self.pool.is_crowded())
    }

    fn members_at(&mut self, addresses: HashSet<SocketAddr>) {
        self.members.set(Instant::now(), addresses);
    }

    fn exchange(&mut self, output: ExchangeOutput) {
        match output {
            ExchangeOutput::Open { id, to, request } => {
                if let Err(failure) = self.open_exchange(id, to, request) {
                    self.arrived.push(Arrival::Failed { id, failure });
                }
            }
            ExchangeOutput::Reply { id, payload } => self.reply(id, payload),
            ExchangeOutput::Refuse { id } => {
                if let Some((link, exchange)) = self.exchanges.answer(id) {
                    self.refuse(link, exchange, Refusal::Unanswered);
                }
            }
            ExchangeOutput::Abandon { id } => self.exchanges.abandon(id),
        }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()> {
        if self.arrived.is_empty() && !self.poll_happened(context) {
            return Poll::Pending;
        }
        self.take_up_keys();
        let now = Instant::now();
        let mut batch = std::mem::take(&mut self.batch);
        for report in batch.drain(..) {
            self.handle(now, report);
        }
        self.batch = batch;
        if let Some(datagrams) = &mut self.datagrams {
            datagrams.receive(self.seals.as_mut(), &self.shared.counters, &mut self.arrived);
        }
        if now >= self.sweep.deadline() {
            self.retire_idle(now);
        }
        while self.tasks.try_join_next().is_some() {}
        arrivals.append(&mut self.arrived);
        Poll::Ready(())
    }

    fn flushed(&mut self) -> BoxFuture<'static, ()> {
        let (mark, mut marks) = mpsc::channel(1);
        for queue in self.pool.queues() {
            // A queue without room belongs to a peer that takes nothing: not worth waiting for.
            let _ = queue.try_send(Outgoing::Mark(mark.clone()));
        }
        Box::pin(async move {
            drop(mark);
            marks.recv().await;
        })
    }

    /// Closes everything: the port at once, the connections once what waits is written, or `linger`
    /// is over.
    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.shut())
    }

    fn metrics(&self) -> TransportMetrics {
        self.shared.counters.read()
    }
}

fn failure_of_refusal(refusal: Refusal) -> ExchangeFailure {
    match refusal {
        Refusal::Unanswered => ExchangeFailure::Closed,
        Refusal::TooLarge => ExchangeFailure::TooLarge,
        Refusal::PacketsByTcp => ExchangeFailure::PacketsByTcp,
        Refusal::PacketsByUdp => ExchangeFailure::PacketsByUdp,
        Refusal::LoopbackOpener => ExchangeFailure::LoopbackHere,
        Refusal::LoopbackAcceptor => ExchangeFailure::LoopbackThere,
    }
}

/// Idle links are found up to this much later than `idle_timeout` says.
fn sweep_interval(config: &TcpConfig) -> Duration {
    (config.idle_timeout / 4).clamp(Duration::from_millis(10), Duration::from_secs(5))
}
