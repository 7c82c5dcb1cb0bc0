//! Clients of the HTTP interface that hold connections and do nothing with them. Others are
//! answered all the same.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::harness::{Agent, PATIENCE, Place, run, until};

/// A connection from one of many addresses of loopback, over which some bytes are sent and nothing
/// is read.
fn connection(one: &Agent, number: u16, bytes: &[u8]) -> Socket {
    let to: SocketAddr = one.http.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let from = Ipv4Addr::new(127, 0, 0, 2 + (number / 60) as u8);
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&to.into()).expect("it is accepted");
    socket.set_nonblocking(true).unwrap();
    // It may have been ended at once.
    let _ = (&socket).write(bytes);
    socket
}

/// More connections than there are slots.
fn crowd(one: &Agent, bytes: &[u8]) -> Vec<Socket> {
    (0..300).map(|number| connection(one, number, bytes)).collect()
}

#[test]
fn clients_that_read_nothing_keep_neither_health_checks_nor_the_unix_socket_waiting_and_are_ended()
{
    let place = Place::new();
    let socket = format!("unix:{}", place.0.join("swim.sock").display());
    let one = Agent::start("one", &["--http", &socket]);
    // Each would be answered with 20 MB and more.
    let requests = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(400);
    let mut crowd = crowd(&one, &requests);
    let members = || one.request("GET", "/v1/members", &[], "");
    until("every slot is taken", || {
        let number = crowd.len() as u16;
        crowd.push(connection(&one, number, &requests));
        members().0 == 503
    });
    let start = Instant::now();
    for path in ["/health", "/ready", "/metrics"] {
        assert_eq!(one.request("GET", path, &[], "").0, 200, "{path}");
    }
    assert!(members().1.contains("too many connections"));
    let info = run(&["info", "--agent", &socket]);
    assert_eq!(info.code, Some(0), "{info:?}");
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "all that was answered while the crowd held on: {:?}",
        start.elapsed()
    );
    until("those that do not read are ended", || members().0 == 200);
    drop(crowd);
}

#[test]
fn idle_connections_make_room_for_others_at_once() {
    let one = Agent::start("one", &[]);
    for bytes in [
        &b""[..],
        b"GET / HTTP/1.1\r\nHost: loc",
        b"GET /v1/info HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let crowd = crowd(&one, bytes);
        let start = Instant::now();
        assert_eq!(one.get("/v1/info").0, 200);
        // By themselves they end after ten.
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        drop(crowd);
    }
}

#[test]
fn requests_that_come_together_are_answered_one_after_the_other() {
    let one = Agent::start("one", &[]);
    let mut stream = TcpStream::connect(one.http.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        for _ in 0..200 {
            writer.write_all(b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        }
        writer
            .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
    });
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("all of them");
    assert_eq!(text.matches("HTTP/1.1 200 ").count(), 201);
    assert!(text.contains("\"healthy\":true"), "the last one");
}
