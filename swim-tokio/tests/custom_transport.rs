//! Transports of a user's own: one over channels, and one that wraps the built-in.

#[path = "harness/channels.rs"]
mod channels;
mod harness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use channels::Exchange;
use harness::{alive, builder, event, name, status, until, until_all_know_all};
use swim_tokio::swim_core::ExchangeOutput;
use swim_tokio::{
    Arrival, BoxFuture, Builder, Event, Packets, Runtime, Sockets, StartError, Status, TcpConfig,
    Transport, TransportMetrics,
};

/// No such port is open on this machine: a node that finds another there used no socket.
fn line(number: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 1 + number))
}

fn on(exchange: &Exchange, number: u16) -> Builder {
    let exchange = exchange.clone();
    builder(&name(number.into())).bind(line(number)).transport(move |setup| exchange.open(setup))
}

async fn chain(exchange: &Exchange, count: u16) -> Vec<Runtime> {
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..count {
        let seed = nodes.last().map(Runtime::local_address);
        nodes.push(on(exchange, number).seeds(seed).start().await.expect("the line is free"));
    }
    until_all_know_all(&nodes).await;
    nodes
}

#[tokio::test]
async fn nodes_meet_over_channels_and_a_killed_one_is_declared_dead() {
    let mut nodes = chain(&Exchange::default(), 5).await;
    let mut events = nodes[0].subscribe();
    drop(nodes.pop());
    let suspected = |event: &Event| matches!(event, Event::Suspected { .. }).then_some(());
    event(&mut events, "a suspicion", suspected).await;
    until("all see the death", || {
        nodes.iter().all(|node| status(node, &name(4)) == Some(Status::Dead))
    })
    .await;
    assert!(
        nodes.iter().all(|node| node.metrics().transport.frames_sent > 0),
        "its own metrics are shown"
    );
}

#[tokio::test]
async fn a_line_that_was_left_is_free_again_and_a_taken_one_is_refused() {
    let exchange = Exchange::default();
    let mut nodes = chain(&exchange, 3).await;
    let taken = on(&exchange, 2).start().await.unwrap_err();
    assert!(matches!(&taken, StartError::Bind { address, .. } if *address == line(2)), "{taken}");

    nodes[0].broadcast("to all").await.unwrap();
    let leaver = nodes.pop().unwrap();
    leaver.leave().await.unwrap();
    until("all see it leave", || {
        nodes.iter().all(|node| status(node, &name(2)) == Some(Status::Left))
    })
    .await;
    leaver.shutdown().await;
    nodes.push(on(&exchange, 2).seed(line(0)).start().await.expect("the line is free again"));
    until_all_know_all(&nodes).await;
}

#[test]
fn a_blocking_node_opens_its_transport_on_its_own_thread() {
    let exchange = Exchange::default();
    let one = on(&exchange, 0).start_blocking().unwrap();
    let two = on(&exchange, 1).start_blocking().unwrap();
    assert_eq!(two.join([line(0)]), Ok(2));
    assert_eq!(two.members().len(), 2);
    drop(one);
}

/// The built-in transport, which loses every second packet here.
#[derive(Debug)]
struct Lossy {
    sockets: Sockets,
    packets: Arc<AtomicU64>,
}

impl Transport for Lossy {
    fn local_address(&self) -> SocketAddr {
        self.sockets.local_address()
    }

    fn send_packet(&mut self, to: SocketAddr, packet: &[u8]) {
        if self.packets.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            self.sockets.send_packet(to, packet);
        }
    }

    fn exchange(&mut self, output: ExchangeOutput) {
        self.sockets.exchange(output);
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, arrivals: &mut Vec<Arrival>) -> Poll<()> {
        self.sockets.poll_receive(context, arrivals)
    }

    fn flushed(&mut self) -> BoxFuture<'static, ()> {
        self.sockets.flushed()
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        self.sockets.close()
    }

    fn metrics(&self) -> TransportMetrics {
        self.sockets.metrics()
    }
}

#[tokio::test]
async fn a_transport_may_wrap_the_sockets() {
    let packets = Arc::new(AtomicU64::new(0));
    let mut nodes: Vec<Runtime> = Vec::new();
    for number in 0..3 {
        let seed = nodes.last().map(Runtime::local_address);
        let packets = Arc::clone(&packets);
        let lossy = move |setup: &_| {
            let sockets = Sockets::open(setup, Packets::Udp, TcpConfig::default())?;
            Ok(Lossy { sockets, packets: Arc::clone(&packets) })
        };
        nodes.push(
            builder(&name(number)).transport(lossy).seeds(seed).start().await.expect("a free port"),
        );
    }
    until("all meet", || nodes.iter().all(|node| alive(node) == 3)).await;
    let sent = || nodes.iter().map(|node| node.metrics().transport.datagrams_sent).sum::<u64>();
    until("packets pass", || sent() > 20).await;
    assert!(packets.load(Ordering::Relaxed) >= 2 * sent() - 3, "half of them were lost");
}
