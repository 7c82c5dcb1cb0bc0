//! Seeds that are looked up, next to the loop and again for as long as the node runs: `lookup` says
//! how.
//!
//! Each host name is a task. It looks the name up, and again when one of its addresses did not
//! answer, while the node is alone, and when the lookup failed: with a pause that doubles, up to a
//! bound. A name may thus get its address late, or another one while the cluster runs. This file
//! knows no protocol: what to do with the addresses is the loop's business.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::seeds::Directory;
use crate::seeds::LookedUp;

/// How one lookup ended.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) seed: Arc<str>,
    pub(crate) result: Result<Vec<SocketAddr>, Unresolved>,
}

/// A lookup failed.
#[derive(Debug)]
pub(crate) struct Unresolved {
    pub(crate) error: Arc<str>,
    pub(crate) retry_in: Duration,
}

/// The pauses between two lookups of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

#[derive(Debug)]
struct Host {
    wishes: Arc<Wishes>,
    addresses: Vec<SocketAddr>,
}

/// What makes a task look its name up again.
#[derive(Debug, Default)]
struct Wishes {
    /// The user asked: at once.
    now: Notify,
    /// An address failed: after the pause.
    later: Notify,
}

/// All host names of one node.
#[derive(Debug)]
pub(crate) struct Resolver {
    pauses: Pauses,
    directory: Directory,
    /// Whether this node is reached by IPv4: then an IPv6 address of a name that has both is of no
    /// use.
    ipv4: bool,
    hosts: HashMap<Arc<str>, Host>,
    alone: watch::Sender<bool>,
    results: (mpsc::Sender<Resolution>, mpsc::Receiver<Resolution>),
    tasks: JoinSet<()>,
}

impl Resolver {
    pub(crate) fn new(pauses: Pauses, directory: Directory, ipv4: bool) -> Self {
        Self {
            pauses,
            directory,
            ipv4,
            hosts: HashMap::new(),
            alone: watch::Sender::new(true),
            results: mpsc::channel(16),
            tasks: JoinSet::new(),
        }
    }

    /// How many host names are known.
    pub(crate) fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Begins to look a name up; one that is known already is looked up again at once.
    pub(crate) fn add(&mut self, seed: LookedUp) {
        if let Some(host) = self.hosts.get(&seed.text) {
            return host.wishes.now.notify_one();
        }
        let wishes = Arc::new(Wishes::default());
        let task = Lookups {
            pauses: self.pauses,
            directory: self.directory.clone(),
            wishes: Arc::clone(&wishes),
            alone: self.alone.subscribe(),
            results: self.results.0.clone(),
        };
        self.hosts.insert(Arc::clone(&seed.text), Host { wishes, addresses: Vec::new() });
        self.tasks.spawn(task.run(seed));
    }

    /// The next lookup that has ended. Nothing is lost if it is dropped meanwhile.
    pub(crate) async fn next(&mut self) -> Resolution {
        let mut resolution = self.results.1.recv().await.expect("this holds a sender");
        if let Ok(addresses) = &mut resolution.result {
            keep_usable(addresses, self.ipv4);
            if let Some(host) = self.hosts.get_mut(&resolution.seed) {
                host.addresses.clone_from(addresses);
            }
        }
        resolution
    }

    /// A seed's address did not answer: perhaps its name has another one by now.
    pub(crate) fn failed(&self, address: SocketAddr) {
        for host in self.hosts.values().filter(|host| host.addresses.contains(&address)) {
            host.wishes.later.notify_one();
        }
    }

    /// Whether this node knows no other active member.
    pub(crate) fn set_alone(&self, alone: bool) {
        self.alone.send_if_modified(|was| std::mem::replace(was, alone) != alone);
    }
}

/// The task of one host name.
struct Lookups {
    pauses: Pauses,
    directory: Directory,
    wishes: Arc<Wishes>,
    alone: watch::Receiver<bool>,
    results: mpsc::Sender<Resolution>,
}

impl Lookups {
    async fn run(mut self, seed: LookedUp) {
        let mut pause = self.pauses.first;
        loop {
            let result = self
                .directory
                .look_up(&seed)
                .await
                .map_err(|error| Unresolved { error, retry_in: pause });
            let resolved = result.is_ok();
            if self.results.send(Resolution { seed: Arc::clone(&seed.text), result }).await.is_err()
            {
                return;
            }
            let since = Instant::now();
            let wishes = Arc::clone(&self.wishes);
            let asked = tokio::select! {
                () = wishes.now.notified() => true,
                () = self.reason(resolved, pause) => false,
            };
            let rested = resolved && since.elapsed() > pause + self.pauses.longest;
            pause = if asked || rested {
                self.pauses.first
            } else {
                (pause * 2).min(self.pauses.longest)
            };
        }
    }

    /// Waits until there is a reason to look the name up again.
    async fn reason(&mut self, resolved: bool, pause: Duration) {
        tokio::time::sleep(pause).await;
        if resolved {
            tokio::select! {
                () = self.wishes.later.notified() => {}
                // An error means that the node is stopping, and this task with it.
                _ = self.alone.wait_for(|&alone| alone) => {}
            }
        }
    }
}

/// Leaves the addresses of our own family if there are any, each once.
fn keep_usable(addresses: &mut Vec<SocketAddr>, ipv4: bool) {
    for address in addresses.iter_mut() {
        *address = SocketAddr::new(address.ip().to_canonical(), address.port());
    }
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.iter().any(|address| address.is_ipv4() == ipv4) {
        addresses.retain(|address| address.is_ipv4() == ipv4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::Seed;
    use tokio::time::timeout;

    const PAUSES: Pauses =
        Pauses { first: Duration::from_millis(5), longest: Duration::from_millis(20) };
    const PATIENCE: Duration = Duration::from_secs(20);

    fn host(text: &str) -> LookedUp {
        match text.parse() {
            Ok(Seed::LookedUp(seed)) => seed,
            other => panic!("{other:?}"),
        }
    }

    async fn next(resolver: &mut Resolver) -> Resolution {
        timeout(PATIENCE, resolver.next()).await.expect("no lookup ends")
    }

    #[test]
    fn addresses_of_the_other_family_are_left_out_unless_there_are_no_others() {
        let both: Vec<SocketAddr> =
            ["[::1]:1", "127.0.0.1:1", "127.0.0.1:1"].map(|a| a.parse().unwrap()).to_vec();
        let mut kept = both.clone();
        keep_usable(&mut kept, true);
        assert_eq!(kept, both[1..2]);
        let mut kept = both[1..].to_vec();
        keep_usable(&mut kept, false);
        assert_eq!(kept, both[1..2]);
    }

    #[tokio::test]
    async fn a_name_that_has_no_address_is_looked_up_again_and_each_failure_is_told() {
        let mut resolver = Resolver::new(PAUSES, Directory::default(), true);
        resolver.add(host("nowhere.invalid:7946"));
        for pause in [5, 10, 20, 20] {
            let unresolved =
                next(&mut resolver).await.result.expect_err("an address of nowhere.invalid");
            assert_eq!(unresolved.retry_in, Duration::from_millis(pause));
            assert!(!unresolved.error.is_empty());
        }
    }

    #[tokio::test]
    async fn a_name_that_the_user_gives_again_is_looked_up_at_once() {
        let pauses = Pauses { first: PATIENCE * 10, longest: PATIENCE * 10 };
        let mut resolver = Resolver::new(pauses, Directory::default(), true);
        for _ in 0..3 {
            resolver.add(host("localhost:7946"));
            assert!(next(&mut resolver).await.result.is_ok());
        }
        assert_eq!(resolver.len(), 1);
    }

    #[tokio::test]
    async fn a_name_is_looked_up_again_while_the_node_is_alone_and_when_its_address_fails() {
        let mut resolver = Resolver::new(PAUSES, Directory::default(), true);
        resolver.add(host("localhost:7946"));
        let address = "127.0.0.1:7946".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(next(&mut resolver).await.result.unwrap(), [address]);
        }
        resolver.set_alone(false);
        // One more may be on its way; after it there is none without a reason.
        while timeout(PAUSES.longest * 10, resolver.next()).await.is_ok() {}
        resolver.failed("127.0.0.2:7946".parse().unwrap());
        assert!(timeout(PAUSES.longest * 5, resolver.next()).await.is_err());
        resolver.failed(address);
        assert_eq!(next(&mut resolver).await.result.unwrap(), [address]);
        resolver.set_alone(true);
        next(&mut resolver).await;
    }
}
