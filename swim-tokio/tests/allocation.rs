//! Memory: a transport in steady state takes none for the datagrams that it sends and receives.

use std::future::poll_fn;
use std::net::SocketAddr;

use allocation_counter::measure;
use swim_tokio::{Arrival, NodeId, Packets, Setup, Sockets, TcpConfig, Transport};

fn open(id: &str) -> Sockets {
    let setup = Setup::new(NodeId::new(id).unwrap(), SocketAddr::from(([127, 0, 0, 1], 0)));
    Sockets::open(&setup, Packets::Udp, TcpConfig::default()).unwrap()
}

/// Sends a burst from one to the other and takes all of it.
async fn pass(one: &mut Sockets, two: &mut Sockets, arrivals: &mut Vec<Arrival>) {
    const BURST: usize = 40;
    for number in 0..BURST {
        one.send_packet(two.local_address(), &[number as u8; 1_400]);
    }
    let mut taken = 0;
    while taken < BURST {
        poll_fn(|context| two.poll_receive(context, arrivals)).await;
        for arrival in arrivals.drain(..) {
            assert!(
                matches!(arrival, Arrival::Packet { payload, .. } if payload[..] == [taken as u8; 1_400])
            );
            taken += 1;
        }
    }
}

#[test]
fn datagrams_are_sent_and_received_without_an_allocation() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut one, mut two) = runtime.block_on(async { (open("one"), open("two")) });
    let mut arrivals = Vec::new();
    // The first round makes what all others use.
    runtime.block_on(pass(&mut one, &mut two, &mut arrivals));
    let allocated = measure(|| {
        runtime.block_on(async {
            for _ in 0..50 {
                pass(&mut one, &mut two, &mut arrivals).await;
            }
        });
    });
    assert_eq!(allocated.count_total, 0, "in 2,000 datagrams: {allocated:?}");
}
