//! Listening: from an address to a socket, and from a socket to those who dialed it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::seldom::Seldom;

/// How many connections may wait to be accepted, as far as the system allows.
const BACKLOG: u32 = 1_024;
/// The pause after the system refused to accept, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address; port 0 lets the system choose one.
pub(crate) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted node takes its port again while old connections linger. On Windows the option
    // means another thing.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

/// What comes of accepting.
#[derive(Debug)]
pub(crate) enum Guest {
    /// Somebody dialed this node.
    Dialed { stream: TcpStream, peer: SocketAddr },
    /// Somebody waits and the system gives no file for a connection: one of those that are open has
    /// to go.
    OutOfFiles,
}

/// Returns true if an error means that the process, or the system, has no file left.
pub(crate) fn is_out_of_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        [Errno::MFILE, Errno::NFILE]
            .iter()
            .any(|no| error.raw_os_error() == Some(no.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// Accepts for as long as the node runs.
pub(crate) async fn accept(listener: TcpListener, guests: mpsc::Sender<Guest>) {
    let warned = Seldom::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if guests.send(Guest::Dialed { stream, peer }).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                if warned.is_time(Instant::now()) {
                    tracing::warn!(%error, "cannot accept a connection: check the limit on open files");
                }
                if is_out_of_files(&error) && guests.send(Guest::OutOfFiles).await.is_err() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
