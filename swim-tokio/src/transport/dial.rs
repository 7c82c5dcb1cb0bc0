//! Dialing: from an address to a connected stream, or to why there is none.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use swim_core::ExchangeFailure;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::connection::{self, Report, Shared};
use super::pool::LinkId;
use super::queue::Queue;
use super::settings::TcpConfig;
use super::{listener, opening};

/// The whole task of a link that this node dials: what waits in the queue is sent once it is
/// connected.
pub(crate) async fn run(link: LinkId, to: SocketAddr, queue: Queue, shared: Arc<Shared>) {
    match connect(to, shared.advertised.ip(), &shared.config).await {
        Ok(stream) => {
            shared.counters.dialed.one();
            opening::run_dialed(link, to, stream, queue, &shared).await;
        }
        Err(error) => {
            shared.counters.dials_failed.one();
            tracing::debug!(%to, %error, "dial failed");
            if listener::is_out_of_files(&error) {
                shared.report(Report::OutOfFiles).await;
            }
            let failure = failure_of_dial(&error);
            shared.report(Report::Ended { link, failure, dialing: true }).await;
        }
    }
}

async fn connect(to: SocketAddr, own: IpAddr, config: &TcpConfig) -> io::Result<TcpStream> {
    let connecting = timeout(config.connect_timeout, socket(to, own)?.connect(to));
    let stream = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // A dial from an ephemeral port to that very port, where nobody listens, meets itself (RFC
    // 9293, 3.5: simultaneous open). It would also keep the port from the node that is to come back
    // there.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    prepare(&stream, config);
    Ok(stream)
}

/// A socket whose connection comes from this node's own address, if that is one of this host's: in
/// plain a node is known by where it comes from.
fn socket(to: SocketAddr, own: IpAddr) -> io::Result<TcpSocket> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let fits = own.is_ipv4() == to.is_ipv4() && (!own.is_loopback() || to.ip().is_loopback());
    if fits && let Err(error) = socket.bind(SocketAddr::new(own, 0)) {
        tracing::trace!(%own, %error, "dialing from another address");
    }
    Ok(socket)
}

/// Sets a connection's options. A system that refuses one works without it.
pub(crate) fn prepare(stream: &TcpStream, config: &TcpConfig) {
    if let Err(error) =
        stream.set_nodelay(true).and_then(|()| give_up_unacknowledged(stream, config))
    {
        tracing::debug!(%error, "a socket option was refused");
    }
}

/// Without this a host that vanished is noticed only when the kernel gives up, a quarter of an hour
/// later.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn give_up_unacknowledged(stream: &TcpStream, config: &TcpConfig) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(config.write_timeout))
}

/// Other systems have no such option: there the idle timeout finds such a connection.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[expect(clippy::unnecessary_wraps, reason = "on Linux it may fail")]
fn give_up_unacknowledged(_: &TcpStream, _: &TcpConfig) -> io::Result<()> {
    Ok(())
}

pub(crate) fn failure_of_dial(error: &io::Error) -> ExchangeFailure {
    match error.kind() {
        // A reset while dialing comes from a listener that is just going away.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
            ExchangeFailure::Refused
        }
        // What a firewall, or the lack of an address of that family, answers.
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::InvalidInput => ExchangeFailure::Unreachable,
        _ => connection::failure_of(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_or_reset_dial_says_that_nothing_listens() {
        for (kind, failure) in [
            (io::ErrorKind::ConnectionRefused, ExchangeFailure::Refused),
            (io::ErrorKind::ConnectionReset, ExchangeFailure::Refused),
            (io::ErrorKind::NetworkUnreachable, ExchangeFailure::Unreachable),
            (io::ErrorKind::HostUnreachable, ExchangeFailure::Unreachable),
            (io::ErrorKind::TimedOut, ExchangeFailure::TimedOut),
            // Out of file descriptors: says nothing of the other side.
            (io::ErrorKind::Other, ExchangeFailure::Closed),
        ] {
            assert_eq!(failure_of_dial(&kind.into()), failure, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn a_dial_to_a_port_without_a_listener_is_refused() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = connect(free, free.ip(), &TcpConfig::default()).await.unwrap_err();
        assert_eq!(failure_of_dial(&error), ExchangeFailure::Refused);
    }
}
