//! A whole transport of a user's own: nodes of one process that talk over channels. It knows no
//! protocol.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use swim_tokio::bytes::Bytes;
use swim_tokio::swim_core::{ExchangeId, ExchangeOutput};
use swim_tokio::{
    Arrival, BoxFuture, ExchangeFailure, Setup, StartError, Transport, TransportMetrics,
};
use tokio::sync::mpsc;

/// How many deliveries wait for a node; further ones are dropped.
const WAITING: usize = 1_024;
/// How many are taken at a time.
const BATCH: usize = 64;

/// What connects them. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange(Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Delivery>>>>);

#[derive(Debug)]
enum Delivery {
    Packet { from: SocketAddr, payload: Bytes },
    Request { from: SocketAddr, id: ExchangeId, payload: Bytes },
    Answer { from: SocketAddr, id: ExchangeId, answer: Result<Bytes, ExchangeFailure> },
}

/// One node's line.
#[derive(Debug)]
pub(crate) struct Line {
    exchange: Exchange,
    address: SocketAddr,
    inbox: mpsc::Receiver<Delivery>,
    batch: Vec<Delivery>,
    /// What is known without a delivery.
    arrived: Vec<Arrival>,
    /// The other side of each exchange of ours: nobody else answers it.
    opened: HashMap<ExchangeId, SocketAddr>,
    /// Who asked, and by which number, by the number given here.
    asked: HashMap<ExchangeId, (SocketAddr, ExchangeId)>,
    next: u64,
    metrics: TransportMetrics,
}

impl Exchange {
    /// Gives a node the line of the address that it is to have.
    pub(crate) fn open(&self, setup: &Setup) -> Result<Line, StartError> {
        let address = setup.bind;
        let (sender, inbox) = mpsc::channel(WAITING);
        let mut lines = self.0.lock().expect("no panic holds it");
        if lines.contains_key(&address) {
            return Err(setup.cannot_bind(std::io::ErrorKind::AddrInUse.into()));
        }
        lines.insert(address, sender);
        Ok(Line {
            exchange: self.clone(),
            address,
            inbox,
            batch: Vec::with_capacity(BATCH),
            arrived: Vec::new(),
            opened: HashMap::new(),
            asked: HashMap::new(),
            next: 0,
            metrics: TransportMetrics::default(),
        })
    }

    /// False if nobody has that line.
    fn deliver(&self, to: SocketAddr, delivery: Delivery) -> bool {
        let lines = self.0.lock().expect("no panic holds it");
        // A line without room loses it, like any network.
        lines.get(&to).is_some_and(|line| {
            let _ = line.try_send(delivery);
            true
        })
    }
}

impl Line {
    fn answer(&mut self, id: ExchangeId, answer: Result<Bytes, ExchangeFailure>) {
        if let Some((to, theirs)) = self.asked.remove(&id) {
            self.exchange.deliver(to, Delivery::Answer { from: self.address, id: theirs, answer });
        }
    }

    fn arrive(&mut self, delivery: Delivery) -> Option<Arrival> {
        Some(match delivery {
            Delivery::Packet { from, payload } => Arrival::Packet { from: from.into(), payload },
            Delivery::Request { from, id: theirs, payload } => {
                let id = ExchangeId(self.next);
                self.next += 1;
                self.asked.insert(id, (from, theirs));
                Arrival::Request { id, from: from.into(), payload }
            }
            Delivery::Answer { from, id, answer } => {
                self.opened.remove(&id).filter(|&to| to == from)?;
                match answer {
                    Ok(payload) => Arrival::Reply { id, payload },
                    Err(failure) => Arrival::Failed { id, failure },
                }
            }
        })
    }
}

impl Transport for Line {
    fn local_address(&self) -> SocketAddr {
        self.address
    }

    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]) {
        self.metrics.frames_sent += 1;
        let payload = Bytes::copy_from_slice(packet);
        if !self.exchange.deliver(to, Delivery::Packet { from: self.address, payload }) {
            self.arrived.push(Arrival::Unreachable(to));
        }
    }

    fn exchange(&mut self, output: ExchangeOutput) {
        match output {
            ExchangeOutput::Open { id, to, request } => {
                self.opened.insert(id, to);
                if !self.exchange.deliver(
                    to,
                    Delivery::Request { from: self.address, id, payload: request.into() },
                ) {
                    self.opened.remove(&id);
                    self.arrived.push(Arrival::Failed { id, failure: ExchangeFailure::Refused });
                }
            }
            ExchangeOutput::Reply { id, payload } => self.answer(id, Ok(payload.into())),
            ExchangeOutput::Refuse { id } => self.answer(id, Err(ExchangeFailure::Closed)),
            ExchangeOutput::Abandon { id } => {
                self.opened.remove(&id);
            }
        }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()> {
        if self.arrived.is_empty()
            && self.inbox.poll_recv_many(context, &mut self.batch, BATCH).is_pending()
        {
            return Poll::Pending;
        }
        arrivals.append(&mut self.arrived);
        let mut batch = std::mem::take(&mut self.batch);
        arrivals.extend(batch.drain(..).filter_map(|delivery| self.arrive(delivery)));
        self.batch = batch;
        Poll::Ready(())
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        self.hang_up();
        Box::pin(std::future::ready(()))
    }

    fn metrics(&self) -> TransportMetrics {
        self.metrics
    }
}

impl Line {
    fn hang_up(&self) {
        self.exchange.0.lock().expect("no panic holds it").remove(&self.address);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.hang_up();
    }
}
