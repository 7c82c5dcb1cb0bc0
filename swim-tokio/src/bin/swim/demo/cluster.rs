//! The nodes of the demo: their start, their ends, and what each knows of the others.

use std::time::Instant;

use chacha20::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};
use swim_tokio::{Config, Event, Notice, Runtime, StartError, Status};
use tokio::sync::mpsc;

use super::table::{Cell, Fate, Row};

/// How many events may wait for the story: far more than a demo has.
const EVENTS: usize = 16_384;

/// Something that a node noticed.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) observer: usize,
    pub(super) at: Instant,
    pub(super) event: Event,
}

#[derive(Debug)]
struct Node {
    name: String,
    /// `None` once it is killed or has left.
    handle: Option<Runtime>,
    fate: Fate,
}

/// All nodes of the demo.
#[derive(Debug)]
pub(super) struct Cluster {
    nodes: Vec<Node>,
    events: mpsc::Receiver<Observed>,
    rng: ChaCha12Rng,
}

impl Cluster {
    /// Starts the nodes, each of which knows only the one before it.
    pub(super) async fn start(count: usize, seed: u64) -> Result<Self, StartError> {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let (sender, events) = mpsc::channel(EVENTS);
        let mut nodes: Vec<Node> = Vec::new();
        for observer in 0..count {
            let name = format!("node-{}", observer + 1);
            let seed =
                nodes.last().and_then(|node| node.handle.as_ref()).map(Runtime::local_address);
            let builder = Runtime::builder()
                .id(&name)
                .config(Config::local())
                .seeds(seed)
                .rng_seed(rng.next_u64());
            let handle = builder.start().await?;
            tokio::spawn(observe(observer, handle.subscribe(), sender.clone()));
            nodes.push(Node { name, handle: Some(handle), fate: Fate::Runs });
        }
        Ok(Self { nodes, events, rng })
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn name(&self, node: usize) -> &str {
        &self.nodes[node].name
    }

    /// Where a node listens.
    pub(super) fn address(&self, node: usize) -> String {
        self.nodes[node]
            .handle
            .as_ref()
            .map_or_else(String::new, |handle| handle.local_address().to_string())
    }

    /// The nodes that are still there.
    pub(super) fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].handle.is_some())
    }

    /// One of the nodes that are still there, by chance.
    pub(super) fn any(&mut self) -> usize {
        let running: Vec<usize> = self.running().collect();
        running[self.rng.next_u32() as usize % running.len()]
    }

    /// Ends a node as `kill -9` would: its tasks and sockets are gone, and nobody is told.
    pub(super) fn kill(&mut self, node: usize) {
        self.nodes[node].handle = None;
        self.nodes[node].fate = Fate::Killed;
    }

    /// Makes a node say goodbye and stop.
    pub(super) fn leave(&mut self, node: usize) {
        self.nodes[node].fate = Fate::Left;
        if let Some(handle) = self.nodes[node].handle.take() {
            tokio::spawn(async move {
                // Only a node that has stopped cannot leave.
                let _ = handle.leave().await;
                handle.shutdown().await;
            });
        }
    }

    /// The next thing that a node notices; those of nodes that are gone do not count.
    pub(super) async fn next(&mut self) -> Observed {
        loop {
            match self.events.recv().await {
                Some(observed) if self.nodes[observed.observer].handle.is_some() => {
                    return observed;
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Which node knows which.
    pub(super) fn rows(&self) -> Vec<Row> {
        let row = |(observer, node): (usize, &Node)| Row {
            name: node.name.clone(),
            fate: node.fate,
            cells: (0..self.nodes.len()).map(|subject| self.cell(observer, subject)).collect(),
        };
        self.nodes.iter().enumerate().map(row).collect()
    }

    /// What one knows of another.
    pub(super) fn status(&self, observer: usize, subject: usize) -> Option<Status> {
        self.nodes[observer]
            .handle
            .as_ref()?
            .member(&self.nodes[subject].name)
            .map(|member| member.status())
    }

    fn cell(&self, observer: usize, subject: usize) -> Cell {
        match self.status(observer, subject) {
            _ if observer == subject => Cell::Itself,
            Some(status) => Cell::Known(status),
            None => Cell::Unknown,
        }
    }
}

async fn observe(
    observer: usize,
    mut notices: swim_tokio::Subscription,
    sender: mpsc::Sender<Observed>,
) {
    while let Some(notice) = notices.next().await {
        let Notice::Event(event) = notice else { continue };
        if sender.send(Observed { observer, at: Instant::now(), event }).await.is_err() {
            return;
        }
    }
}
