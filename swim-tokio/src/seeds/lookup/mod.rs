//! From a seed that is looked up to the addresses that it stands for now. It keeps nothing and
//! tries once: `resolver` asks again.
//!
//! | file | what |
//! | --- | --- |
//! | `file` | seeds in a file, one a line |
//! | `srv` | the SRV records of a DNS name (feature `dns-srv`) |

mod file;
#[cfg(feature = "dns-srv")]
mod srv;

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::ground::detached::Turns;
use crate::seeds::{LINK_LOCAL, LookedUp, Place, is_link_local};

/// How long the lookup of a seed may take; each has this time for itself. The usual resolver waits
/// 5 s for a name server that is dead before it asks the next one: who gave up then would never
/// find anything while the first one is.
pub(crate) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(12);

/// How many host names are looked up at once by one node: each on a thread of its own, which a
/// resolver may hold for long.
const HOSTS: usize = 16;
/// How many files are read at once by one node: from a dead mount nothing ever comes.
const FILES: usize = 1;

/// The server to ask.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// Name servers for SRV records; none: those of the system.
    #[cfg(feature = "dns-srv")]
    pub(crate) servers: Vec<SocketAddr>,
    hosts: Turns,
    files: Turns,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            #[cfg(feature = "dns-srv")]
            servers: Vec::new(),
            hosts: Turns::new(HOSTS),
            files: Turns::new(FILES),
        }
    }
}

impl Directory {
    /// The addresses of a seed, at least one; or why there is none, in words for people.
    pub(crate) async fn look_up(&self, seed: &LookedUp) -> Result<Vec<SocketAddr>, Arc<str>> {
        match timeout(LOOKUP_TIMEOUT, self.ask(&seed.place)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err("there is no address".into()),
            Ok(Ok(mut addresses)) => {
                addresses.retain(|address| !is_link_local(address.ip()));
                if addresses.is_empty() {
                    Err(format!("all it has is {LINK_LOCAL}").into())
                } else {
                    Ok(addresses)
                }
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err("the resolver did not answer in time".into()),
        }
    }

    async fn ask(&self, place: &Place) -> Result<Vec<SocketAddr>, String> {
        match place {
            Place::Host { name, port } => host(&self.hosts, name, *port).await,
            Place::File(path) => file::look_up(self, path).await,
            #[cfg(feature = "dns-srv")]
            Place::Srv(name) => srv::look_up(self, name).await,
        }
    }
}

/// All addresses of a host name, of both families, as the system's resolver tells them.
async fn host(hosts: &Turns, name: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let asked = (name.to_owned(), port);
    let found = hosts.run("swim-lookup", move || {
        let (name, port) = asked;
        (name.as_str(), port).to_socket_addrs().map(Iterator::collect)
    });
    found.await?.map_err(|error| error.to_string())
}
