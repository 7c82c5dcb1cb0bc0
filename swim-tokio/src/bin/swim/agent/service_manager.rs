//! What systemd is told (sd_notify(3)): datagrams to the socket that it names in the environment.
//! Elsewhere nothing is done.

use swim_tokio::Escaped;

/// The node is there.
pub(crate) fn ready(status: &str) {
    notify(&format!("READY=1\nSTATUS={}", Escaped(status)));
}

/// The node leaves.
pub(crate) fn stopping() {
    notify("STOPPING=1\nSTATUS=leaving the cluster");
}

#[cfg(target_os = "linux")]
fn notify(state: &str) {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
        return;
    };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let sent = address.and_then(|address| {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to_addr(state.as_bytes(), &address)
    });
    if let Err(error) = sent {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

#[cfg(not(target_os = "linux"))]
fn notify(_: &str) {}
