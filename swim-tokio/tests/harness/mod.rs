//! What the tests of clusters share: nodes on loopback, and waiting for conditions with a deadline.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::time::{Duration, Instant};

use swim_tokio::{Builder, Config, Event, Metrics, Notice, Runtime, Status, Subscription};

/// How long a test waits for what must come: long, for machines that do much else meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A node with the local preset on loopback, at any port.
pub(crate) fn builder(id: &str) -> Builder {
    Runtime::builder().id(id).config(Config::local())
}

/// A node that joins through `seeds`.
pub(crate) async fn start<S: ToString>(id: &str, seeds: impl IntoIterator<Item = S>) -> Runtime {
    builder(id).seeds(seeds).start().await.expect("a free port on loopback")
}

/// Nodes that join through a chain: each knows only the one before it.
pub(crate) async fn chain(count: usize) -> Vec<Runtime> {
    chain_of(count, |builder| builder).await
}

/// The same with other settings.
pub(crate) async fn chain_of(count: usize, set: impl Fn(Builder) -> Builder) -> Vec<Runtime> {
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..count {
        let seed = nodes.last().map(Runtime::local_address);
        nodes.push(
            set(builder(&name(number))).seeds(seed).start().await.expect("a free port on loopback"),
        );
    }
    nodes
}

/// The name of the node with that number.
pub(crate) fn name(number: usize) -> String {
    format!("node-{number:02}")
}

/// Polls a condition until it holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How a node sees a member.
pub(crate) fn status(node: &Runtime, id: &str) -> Option<Status> {
    node.member(id).map(|member| member.status())
}

/// How many members a node takes for alive.
pub(crate) fn alive(node: &Runtime) -> usize {
    node.members().iter().filter(|member| member.status() == Status::Alive).count()
}

/// Waits until every node takes as many members as there are nodes for alive.
pub(crate) async fn until_all_know_all(nodes: &[Runtime]) {
    until("all know all", || nodes.iter().all(|node| alive(node) == nodes.len())).await;
}

/// Waits for the first event that is wanted; events before it are passed over.
pub(crate) async fn event<T>(
    subscription: &mut Subscription,
    what: &str,
    wanted: impl Fn(&Event) -> Option<T>,
) -> T {
    let found = async {
        while let Some(notice) = subscription.next().await {
            if let Notice::Event(event) = &notice
                && let Some(found) = wanted(event)
            {
                return found;
            }
        }
        panic!("the node stopped before {what}");
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// Waits until the guests are counted, then for some more probes; nobody may be taken for dead in
/// the meantime.
pub(crate) async fn is_healthy_after(
    nodes: &[Runtime],
    events: &mut Subscription,
    counted: impl Fn(&Metrics) -> bool,
) {
    until("the guests are counted", || counted(&nodes[0].metrics())).await;
    let answered = |node: &Runtime| node.metrics().protocol.probes_acked;
    let before: Vec<_> = nodes.iter().map(answered).collect();
    until("further probes", || {
        nodes.iter().zip(&before).all(|(node, before)| answered(node) >= before + 3)
    })
    .await;
    while let Some(notice) = events.try_next() {
        assert!(!matches!(notice, Notice::Event(Event::Failed(_) | Event::Isolated)), "{notice}");
    }
    until_all_know_all(nodes).await;
}
