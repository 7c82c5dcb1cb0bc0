//! Nodes that have to do with some networks only. All of 127.0.0.0/8 is this machine, which gives
//! the tests two.
#![cfg(target_os = "linux")]

mod harness;

use std::io::Read;
use std::net::{SocketAddr, UdpSocket};

use harness::{builder, event, name, until, until_all_know_all};
use swim_tokio::swim_core::{DropReason, JoinError as Refused};
use swim_tokio::{Builder, Config, Event, JoinError, Packets, StartError};
use tokio::net::TcpSocket;

fn choosy(number: usize, packets: Packets) -> Builder {
    let config = Config { allowed_networks: vec!["127.0.0.1".parse().unwrap()], ..Config::local() };
    builder(&name(number)).config(config).packets(packets)
}

async fn dial_from(ip: [u8; 4], to: SocketAddr) -> std::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((ip, 0))).unwrap();
    let stream = socket.connect(to).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_datagrams_from_outside_are_refused_at_the_door_and_counted() {
    let node = choosy(0, Packets::Udp).start().await.unwrap();
    let refused = || node.metrics().transport.outsiders_refused;
    let mut outsider = dial_from([127, 0, 0, 2], node.local_address()).await;
    assert!(matches!(outsider.read(&mut [0]), Ok(0) | Err(_)), "it is closed");
    until("it is counted", || refused() == 1).await;
    assert_eq!(node.metrics().transport.accepted, 0);

    let guest = |ip: [u8; 4]| UdpSocket::bind(SocketAddr::from((ip, 0))).unwrap();
    guest([127, 0, 0, 2]).send_to(b"hello", node.local_address()).unwrap();
    until("it is counted", || refused() == 2).await;
    guest([127, 0, 0, 1]).send_to(b"hello", node.local_address()).unwrap();
    until("an insider's is read", || node.metrics().protocol.packets_received == 1).await;
    assert_eq!(refused(), 2);
}

#[tokio::test]
async fn members_outside_are_not_taken_in_though_an_open_node_knows_them() {
    for packets in [Packets::Tcp, Packets::Udp] {
        let open = builder(&name(0)).packets(packets).start().await.unwrap();
        let seed = open.local_address();
        let outside =
            builder(&name(1)).packets(packets).bind("127.0.0.2:0".parse().unwrap()).seed(seed);
        let outside = outside.start().await.unwrap();
        let pair = [open, outside];
        until_all_know_all(&pair).await;
        let choosy = choosy(2, packets).start().await.unwrap();
        let mut events = choosy.subscribe();
        choosy.join([seed]).await.unwrap();
        let joined = |event: &Event| match event {
            Event::Joined(member) => Some(member.id.to_string()),
            _ => None,
        };
        assert_eq!(event(&mut events, "the open one", joined).await, name(0));
        assert!(choosy.member(&name(1)).is_none());
        assert!(choosy.metrics().protocol.dropped(DropReason::NotAllowed) > 0);

        let address = pair[1].local_address();
        assert_eq!(
            choosy.join([address]).await,
            Err(JoinError::Refused(Refused::NotAllowed(address)))
        );
    }
}

#[tokio::test]
async fn a_node_outside_of_its_own_networks_does_not_start() {
    let error =
        choosy(0, Packets::Tcp).bind("127.0.0.2:0".parse().unwrap()).start().await.unwrap_err();
    assert!(
        matches!(error, StartError::Config(_)) && error.to_string().contains("127.0.0.2"),
        "{error}"
    );
}
