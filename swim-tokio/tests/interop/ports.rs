//! Ports that nobody uses just now, for programs that must be told one.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;

/// Those given out already, so that no two tests of this process get the same.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// An address on loopback whose port is free for TCP and UDP.
pub(crate) fn free() -> SocketAddr {
    free_on(Ipv4Addr::LOCALHOST.into())
}

/// An address on one of loopback's addresses whose port is free for TCP and UDP.
pub(crate) fn free_on(loopback: IpAddr) -> SocketAddr {
    for _ in 0..100 {
        let tcp = TcpListener::bind((loopback, 0)).expect("loopback has ports");
        let address = tcp.local_addr().expect("a bound socket has an address");
        let is_new = GIVEN.lock().expect("no test panics here").insert(address.port());
        if is_new && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free for TCP and UDP");
}
