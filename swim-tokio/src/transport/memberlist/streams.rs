//! Streams: one task for each exchange, one message each way, with a deadline, a bound on what may
//! come, and bounds on how many there are, in all and from each network.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use swim_core::wire::WireError;
use swim_core::wire::memberlist::{Side, StreamMessage};
use swim_core::{ExchangeFailure, ExchangeId, ExchangeOutput, Source, is_allowed};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::super::Arrival;
use super::super::budget::Budget;
use super::super::connection::failure_of;
use super::super::crowd::{Census, Crowded, first_to_go, network};
use super::super::dial::failure_of_dial;
use super::super::listener::is_out_of_files;
use super::super::seldom::Seldom;
use super::reading::{ReadError, read};
use super::shared::Shared;
use super::{peer, randomness};

/// How many streams of others are served at once, as memberlist has it, and how many from one IPv4
/// address or /64 of IPv6. At a bound the oldest from the network that has most makes room.
const SERVED: usize = 128;
const SERVED_FOR_EACH: usize = 32;
/// How many messages that came may wait for the loop.
const WAITING: usize = 256;
/// How many bytes the messages that are coming, and what they unpack to, may take up together; more
/// if that is needed for one that is as large as may be.
const MEMORY: usize = 64 << 20;
/// How many times its bound the largest message takes up, with what it unpacks to and room to grow.
const LARGEST: usize = 4;
/// The pause after the system refused to accept, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);

/// What a stream's task tells.
#[derive(Debug)]
enum Came {
    Request { from: Source, payload: Bytes, answer: oneshot::Sender<Option<Vec<u8>>> },
    Reply { id: ExchangeId, payload: Bytes },
    Failed { id: ExchangeId, failure: ExchangeFailure },
}

/// All streams of a node.
#[derive(Debug)]
pub(super) struct Streams {
    shared: Arc<Shared>,
    budget: Budget,
    sender: mpsc::Sender<Came>,
    came: mpsc::Receiver<Came>,
    tasks: JoinSet<()>,
    /// What this node opened.
    opened: HashMap<ExchangeId, AbortHandle>,
    /// Requests that wait for the core's answer, which comes at once.
    asked: HashMap<ExchangeId, oneshot::Sender<Option<Vec<u8>>>>,
    requests: u64,
}

impl Streams {
    /// Begins to accept.
    pub(super) fn start(listener: TcpListener, shared: Shared) -> Self {
        let (sender, came) = mpsc::channel(WAITING);
        let budget = Budget::new(MEMORY.max(shared.max.saturating_mul(LARGEST)));
        let shared = Arc::new(shared);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared), budget.clone(), sender.clone()));
        let (opened, asked) = (HashMap::new(), HashMap::new());
        Self { shared, budget, sender, came, tasks, opened, asked, requests: 0 }
    }

    pub(super) fn exchange(&mut self, output: ExchangeOutput) {
        match output {
            ExchangeOutput::Open { id, to, request } => {
                let (shared, budget, sender) =
                    (Arc::clone(&self.shared), self.budget.clone(), self.sender.clone());
                let task = self.tasks.spawn(async move {
                    let reply = timeout(shared.timeout, ask(to, &request, &shared, &budget)).await;
                    let came = match reply.unwrap_or(Err(ExchangeFailure::TimedOut)) {
                        Ok(payload) => Came::Reply { id, payload },
                        Err(failure) => Came::Failed { id, failure },
                    };
                    let _ = sender.send(came).await;
                });
                self.opened.insert(id, task);
            }
            ExchangeOutput::Reply { id, payload } => self.answer(id, Some(payload)),
            ExchangeOutput::Refuse { id } => self.answer(id, None),
            ExchangeOutput::Abandon { id } => {
                if let Some(task) = self.opened.remove(&id) {
                    task.abort();
                }
            }
        }
    }

    fn answer(&mut self, id: ExchangeId, answer: Option<Vec<u8>>) {
        if let Some(asked) = self.asked.remove(&id) {
            let _ = asked.send(answer);
        }
    }

    /// Takes what came; whether anything did.
    pub(super) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        arrivals: &mut Vec<Arrival>,
    ) -> bool {
        while self.tasks.try_join_next().is_some() {}
        let before = arrivals.len();
        while arrivals.len() < before + super::super::BATCH
            && let Poll::Ready(Some(came)) = self.came.poll_recv(context)
        {
            match came {
                Came::Request { from, payload, answer } => {
                    self.requests += 1;
                    let id = ExchangeId(self.requests);
                    self.asked.insert(id, answer);
                    arrivals.push(Arrival::Request { id, from, payload });
                }
                Came::Reply { id, payload } => {
                    // What was abandoned may have come all the same.
                    if self.opened.remove(&id).is_some() {
                        arrivals.push(Arrival::Reply { id, payload });
                    }
                }
                Came::Failed { id, failure } => {
                    if self.opened.remove(&id).is_some() {
                        arrivals.push(Arrival::Failed { id, failure });
                    }
                }
            }
        }
        arrivals.len() > before
    }

    /// Ends all of them.
    pub(super) async fn close(&mut self) {
        self.tasks.shutdown().await;
    }
}

/// The streams of others that are being served.
#[derive(Debug)]
struct Served {
    tasks: JoinSet<()>,
    /// In the order of their beginnings.
    open: BTreeMap<u64, (IpAddr, AbortHandle)>,
    census: Census,
    next: u64,
}

impl Served {
    fn new() -> Self {
        Self { tasks: JoinSet::new(), open: BTreeMap::new(), census: Census::new(), next: 0 }
    }

    /// Gives back the places of those that ended.
    fn sweep(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        let census = &mut self.census;
        self.open.retain(|_, (network, task)| {
            let ended = task.is_finished();
            if ended {
                census.remove(*network);
            }
            !ended
        });
    }

    /// Makes sure that there is a place for one from this network. True if another had to go for
    /// it.
    fn make_room(&mut self, from: IpAddr) -> bool {
        self.sweep();
        let Err(crowded) = self.census.check(from, SERVED, SERVED_FOR_EACH) else { return false };
        self.end_one(|network| crowded == Crowded::All || network == from);
        true
    }

    fn end_one(&mut self, counts: impl Fn(IpAddr) -> bool) {
        let open = self.open.iter().map(|(&number, &(network, _))| (network, number));
        let oldest = first_to_go(open.filter(|&(network, _)| counts(network)));
        if let Some((network, task)) = oldest.and_then(|oldest| self.open.remove(&oldest)) {
            task.abort();
            self.census.remove(network);
        }
    }

    fn add(&mut self, network: IpAddr, task: impl Future<Output = ()> + Send + 'static) {
        self.census.add(network);
        let task = self.tasks.spawn(task);
        self.open.insert(self.next, (network, task));
        self.next += 1;
    }
}

/// Accepts for as long as the node runs.
async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    budget: Budget,
    sender: mpsc::Sender<Came>,
) {
    let (mut served, warned) = (Served::new(), Seldom::default());
    loop {
        match listener.accept().await {
            Ok((_, from)) if !is_allowed(&shared.networks, from.ip()) => {
                shared.counters.outsiders_refused.one();
            }
            Ok((stream, from)) => {
                let network = network(from.ip());
                if served.make_room(network) {
                    shared.counters.unproven_closed.one();
                }
                shared.counters.accepted.one();
                let (shared, budget, sender) =
                    (Arc::clone(&shared), budget.clone(), sender.clone());
                served.add(network, async move {
                    if timeout(shared.timeout, serve(stream, from, &shared, &budget, &sender))
                        .await
                        .is_err()
                    {
                        shared.counters.timed_out.one();
                    }
                });
            }
            Err(error) => {
                if warned.is_time(Instant::now()) {
                    tracing::warn!(%error, "cannot accept a connection: check the limit on open files");
                }
                if is_out_of_files(&error) {
                    served.sweep();
                    served.end_one(|_| true);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Reads what another asks and writes the answer.
async fn serve(
    mut stream: TcpStream,
    from: SocketAddr,
    shared: &Shared,
    budget: &Budget,
    sender: &mpsc::Sender<Came>,
) {
    let answer = match read(&mut stream, Side::Acceptor, shared, budget).await {
        Ok((payload, protection)) => {
            let (answer, answered) = oneshot::channel();
            let source = Source::new(peer(from), protection);
            if sender.send(Came::Request { from: source, payload, answer }).await.is_err() {
                return;
            }
            match answered.await {
                Ok(Some(answer)) => answer,
                _ => return,
            }
        }
        // Another label's nodes are not spoken to.
        Err(ReadError::Wire(WireError::WrongCluster) | ReadError::Ended(_)) => return,
        Err(ReadError::Wire(error)) => {
            // Who runs that node sees no more than that it is not let in.
            if error == WireError::BadSeal && shared.warned.is_time(Instant::now()) {
                tracing::warn!(%from, "a node with other keys: one side encrypts and the other does not, or the keys \
                    differ (told now and then only; each is counted)");
            }
            let mut bytes = Vec::new();
            StreamMessage::Error { reason: &error.to_string() }.encode(&mut bytes);
            bytes
        }
    };
    if write(&mut stream, Side::Acceptor, &answer, shared).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

/// Dials, asks and reads the answer.
async fn ask(
    to: SocketAddr,
    request: &[u8],
    shared: &Shared,
    budget: &Budget,
) -> Result<Bytes, ExchangeFailure> {
    let mut stream = match TcpStream::connect(to).await {
        // A dial from an ephemeral port to that very port, where nobody listens, meets itself.
        Ok(stream) if stream.local_addr().ok() == stream.peer_addr().ok() => {
            return Err(ExchangeFailure::Refused);
        }
        Ok(stream) => stream,
        Err(error) => {
            shared.counters.dials_failed.one();
            return Err(failure_of_dial(&error));
        }
    };
    shared.counters.dialed.one();
    write(&mut stream, Side::Dialer, request, shared).await.map_err(|error| failure_of(&error))?;
    read(&mut stream, Side::Dialer, shared, budget).await.map(|(answer, _)| answer).map_err(
        |error| match error {
            ReadError::Ended(failure) => failure,
            ReadError::Wire(WireError::TooLarge) => ExchangeFailure::TooLarge,
            ReadError::Wire(WireError::BadSeal) => ExchangeFailure::OtherKeys,
            ReadError::Wire(WireError::WrongCluster) => ExchangeFailure::OtherCluster,
            ReadError::Wire(_) => ExchangeFailure::Malformed,
        },
    )
}

async fn write(
    stream: &mut TcpStream,
    side: Side,
    message: &[u8],
    shared: &Shared,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    shared.envelope.get().seal_stream(
        side,
        shared.compress,
        &mut randomness(),
        message,
        &mut bytes,
    );
    stream.set_nodelay(true)?;
    stream.write_all(&bytes).await?;
    shared.counters.bytes_sent.add(bytes.len());
    Ok(())
}
