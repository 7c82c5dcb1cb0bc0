//! Packets by UDP.

use std::io;

use super::*;

#[tokio::test]
async fn datagrams_carry_packets_and_connections_carry_exchanges_at_the_same_port() {
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let mut a = Node::start_at(at, Packets::Udp, TcpConfig::default());
        let mut b = Node::start_at(at, Packets::Udp, TcpConfig::default());
        for number in 0..100_u8 {
            a.transport.send_packet(b.address, &[number; 1_400]);
            assert_eq!(b.packet().await, (a.address, vec![number; 1_400]));
        }
        b.transport.send_packet(a.address, b"back");
        assert_eq!(a.packet().await, (b.address, b"back".to_vec()));
        a.open(7, b.address, b"table");
        let (id, _, request) = while_running!(a, b.request());
        assert_eq!(request, b"table");
        b.reply(id, b"mine");
        assert_eq!(while_running!(b, a.reply_or_failure()), (7, Ok(b"mine".to_vec())));
        let (sent, got) = (a.transport.metrics(), b.transport.metrics());
        assert_eq!((sent.datagrams_sent, got.datagrams_received, sent.dialed), (100, 100, 1));
    }
}

#[tokio::test]
async fn a_datagram_that_is_too_long_or_goes_nowhere_is_counted_and_the_next_one_arrives() {
    let mut a = Node::start_at("127.0.0.1:0", Packets::Udp, TcpConfig::default());
    let mut b = Node::start_at("127.0.0.1:0", Packets::Udp, TcpConfig::default());
    a.transport.send_packet(b.address, &[0; 65_508]);
    assert_eq!(a.transport.metrics().datagram_errors, 1);
    a.transport.send_packet(b.address, b"next");
    assert_eq!(b.packet().await.1, b"next");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_datagram_to_a_port_where_nothing_listens_is_told_and_the_next_one_arrives() {
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let mut a = Node::start_at(at, Packets::Udp, TcpConfig::default());
        let mut b = Node::start_at(at, Packets::Udp, TcpConfig::default());
        let nobody = bind(at.parse().unwrap(), Packets::Udp).unwrap().address;
        // The task asks the system for it when it runs first.
        tokio::task::yield_now().await;
        a.transport.send_packet(nobody, b"anybody there?");
        a.transport.send_packet(b.address, b"next");
        assert!(matches!(a.next().await, Arrival::Unreachable(address) if address == nobody));
        assert_eq!(b.packet().await.1, b"next");
        let metrics = a.transport.metrics();
        assert_eq!(
            (metrics.datagrams_refused, metrics.datagram_errors, metrics.datagrams_sent),
            (1, 0, 2)
        );
        a.transport.send_packet(nobody, b"and now?");
        assert!(matches!(a.next().await, Arrival::Unreachable(address) if address == nobody));
    }
}

#[tokio::test]
async fn many_datagrams_are_taken_at_a_time_and_a_flood_does_not_keep_the_loop() {
    let mut a = Node::start_at("127.0.0.1:0", Packets::Udp, TcpConfig::default());
    let flood = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..100_u8 {
        flood.send_to(&[number; 500], a.address).unwrap();
    }
    timeout(PATIENCE, a.receive()).await.unwrap();
    assert_eq!(a.arrived.len(), 64, "a batch, and no more");
    timeout(PATIENCE, a.receive()).await.unwrap();
    assert_eq!(a.arrived.len(), 100);
}

#[tokio::test]
async fn closing_frees_the_port_for_datagrams_too() {
    let mut a = Node::start_at("127.0.0.1:0", Packets::Udp, TcpConfig::default());
    assert!(std::net::UdpSocket::bind(a.address).is_err());
    a.transport.close().await;
    assert!(bind(a.address, Packets::Udp).is_ok());
}

#[tokio::test]
async fn a_port_taken_for_datagrams_is_an_error_if_it_was_asked_for() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = bind(taken.local_addr().unwrap(), Packets::Udp).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}
