//! Where HTTP is answered: TCP addresses and Unix sockets. Beyond loopback only with a token.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::admission::Admission;
use super::connection::Service;
use super::guard::Way;
use super::paced::Paced;
use crate::security::HttpTls;
#[cfg(unix)]
use crate::settings::group_number;
use crate::settings::{Http, Listen};

/// The pause after the system could not accept a connection: it may be short of descriptors for a
/// while.
const BREATHER: Duration = Duration::from_millis(100);

/// How many bytes of answers the system keeps for a client that has not read them yet.
const SEND_BUFFER: usize = 128 << 10;

/// An open listener.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener, Option<HttpTls>),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, SocketFile),
}

/// A socket's file, which goes with it.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // If it was removed, that did what was to be done.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Opens a listener.
    ///
    /// # Errors
    /// [`ListenError`].
    pub(crate) async fn open(
        place: &Listen,
        has_token: bool,
        settings: &Http,
        tls: Option<&HttpTls>,
    ) -> Result<Self, ListenError> {
        Self::check(place, has_token)?;
        let failed = |error| ListenError::Open { place: place.clone(), error };
        match place {
            Listen::Tcp(address) => {
                if tls.is_none() && !address.ip().is_loopback() {
                    tracing::warn!(
                        %address,
                        "anyone on the path to HTTP here reads its token: give --http-tls-cert and --http-tls-key, or put \
                         a proxy with TLS before a listener at 127.0.0.1"
                    );
                }
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                Ok(Self::Tcp(listener, tls.cloned()))
            }
            Listen::Unix(path) => unix(path, settings).map_err(failed),
        }
    }

    /// Whether it may be listened there.
    ///
    /// # Errors
    /// [`ListenError::Unprotected`].
    pub(crate) fn check(place: &Listen, has_token: bool) -> Result<(), ListenError> {
        match place {
            Listen::Tcp(address) if !address.ip().is_loopback() && !has_token => {
                Err(ListenError::Unprotected(*address))
            }
            Listen::Tcp(_) | Listen::Unix(_) => Ok(()),
        }
    }

    /// Where it listens, with the port that it got.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Tcp(listener, tls) => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                listener
                    .local_addr()
                    .map_or_else(|_| "?".into(), |address| format!("{scheme}://{address}"))
            }
            #[cfg(unix)]
            Self::Unix(_, file) => format!("unix:{}", file.0.display()),
        }
    }

    /// The way by which requests come.
    pub(super) const fn way(&self) -> Way {
        match self {
            Self::Tcp(_, None) => Way::Plain,
            Self::Tcp(_, Some(_)) => Way::Tls,
            #[cfg(unix)]
            Self::Unix(..) => Way::Local,
        }
    }

    /// Answers everyone who connects and is let in.
    pub(super) async fn serve(self, service: Service, admission: Admission) {
        let mut connections = JoinSet::new();
        let mut stopping = service.stopping.clone();
        let mut refusals = Paced::default();
        loop {
            while connections.try_join_next().is_some() {}
            let service = service.clone();
            tokio::select! {
                _ = stopping.changed() => break,
                accepted = self.accept() => match accepted {
                    Ok(Stream::Tcp(stream, address)) => {
                        let slot = admission.admit(Some(address));
                        match self.tls() {
                            None => connections.spawn(service.serve(stream, slot)),
                            Some(tls) => connections.spawn(service.serve_tls(tls.clone(), stream, slot)),
                        };
                    }
                    #[cfg(unix)]
                    Ok(Stream::Unix(stream)) => {
                        connections.spawn(service.serve(stream, admission.admit(None)));
                    }
                    Err(error) => {
                        if let Some(times) = refusals.note(Instant::now()) {
                            tracing::warn!(
                                %error, times,
                                "cannot accept a connection to the HTTP interface: check the limit on open files"
                            );
                        }
                        // An idle connection has a descriptor that this one lacks.
                        admission.make_room();
                        tokio::time::sleep(BREATHER).await;
                    }
                },
            }
        }
        while connections.join_next().await.is_some() {}
    }

    const fn tls(&self) -> Option<&HttpTls> {
        match self {
            Self::Tcp(_, tls) => tls.as_ref(),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, _) => listener.accept().await.map(|(stream, from)| {
                // Without a bound on what the system keeps for clients that do not read, it would
                // be megabytes for each.
                let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
                Stream::Tcp(stream, from.ip())
            }),
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| Stream::Unix(stream))
            }
        }
    }
}

enum Stream {
    Tcp(tokio::net::TcpStream, IpAddr),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// A Unix socket that this user may connect to, and others as the settings say. A file that a
/// killed agent left behind makes room.
#[cfg(unix)]
fn unix(path: &Path, settings: &Http) -> io::Result<Listener> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket && std::os::unix::net::UnixStream::connect(path).is_err() {
        std::fs::remove_file(path)?;
    }
    // From its first moment on: a client that connected before its permissions changed would stay
    // connected.
    let usual = rustix::process::umask(
        rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO | rustix::fs::Mode::XUSR,
    );
    let bound = tokio::net::UnixListener::bind(path);
    rustix::process::umask(usual);
    let listener = bound?;
    let file = SocketFile(path.to_owned());
    // The group comes before the mode that lets it in.
    if let Some(group) = &settings.socket_group {
        let number = group_number(group).map_err(io::Error::other)?;
        std::os::unix::fs::chown(path, None, Some(number)).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!(
                    "{error}: the socket's group cannot be {group:?} (is the agent's user in it?)"
                ),
            )
        })?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(settings.socket_mode().bits()))?;
    Ok(Listener::Unix(listener, file))
}

#[cfg(not(unix))]
fn unix(_: &Path, _: &Http) -> io::Result<Listener> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "there are no Unix sockets here"))
}

/// Why HTTP is not answered.
#[derive(Debug)]
pub(crate) enum ListenError {
    /// Others than this machine's would be answered, and no token says which.
    Unprotected(SocketAddr),
    /// The system does not let it listen there.
    Open { place: Listen, error: io::Error },
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprotected(address) => write!(
                f,
                "HTTP at {address} would be open to other machines: protect it with --token-file (or --read-token-file), or listen at \
                 127.0.0.1 or at a Unix socket"
            ),
            Self::Open { place, error } if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen at {place} for HTTP: the address is in use: stop what listens there, or give another one \
                 with --http"
            ),
            Self::Open { place, error } => write!(f, "cannot listen at {place} for HTTP: {error}"),
        }
    }
}

impl ListenError {
    /// Returns true if other arguments help, and trying again does not.
    pub(crate) const fn is_of_arguments(&self) -> bool {
        matches!(self, Self::Unprotected(_))
    }
}
