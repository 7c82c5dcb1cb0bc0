//! Seeds that are looked up: by host name, in a file, in SRV records.

mod harness;
#[cfg(feature = "dns-srv")]
#[path = "harness/name_server.rs"]
mod name_server;

use std::path::{Path, PathBuf};

use harness::{PATIENCE, builder, until_all_know_all};
use swim_tokio::{Notice, Subscription};

/// Waits until a seed is said not to be found; why.
async fn unresolved(subscription: &mut Subscription) -> String {
    let found = async {
        loop {
            if let Notice::SeedUnresolved { error, .. } =
                subscription.next().await.expect("the node runs")
            {
                return error.to_string();
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("a seed that is not found")
}

/// A file of its own; gone when dropped.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id())))
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }

    fn seed(&self) -> String {
        format!("file:{}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_host_name_with_addresses_of_both_families_leads_to_a_node() {
    let one = builder("one").start().await.unwrap();
    let seed = format!("localhost:{}", one.local_address().port());
    let two = builder("two").seed(seed).start().await.unwrap();
    until_all_know_all(&[one, two]).await;
}

#[tokio::test]
async fn a_file_of_seeds_is_read_again_until_it_leads_to_a_node() {
    let file = File::new("seeds");
    let one = builder("one").start().await.unwrap();
    let two = builder("two").seed(file.seed()).start().await.unwrap();
    let mut notices = two.subscribe();
    unresolved(&mut notices).await;
    file.write("# to come\n");
    while unresolved(&mut notices).await != "the file has no seed yet" {}
    file.write(&format!("# ours\nnonsense\n\n{} # one\n", one.local_address()));
    until_all_know_all(&[one, two]).await;
}

#[cfg(feature = "dns-srv")]
mod srv {
    use std::net::SocketAddr;

    use super::name_server::{NameServer, Way};
    use super::*;

    const NAME: &str = "_swim._tcp.ours.test";

    #[tokio::test]
    async fn srv_records_lead_to_nodes_whichever_way_the_answer_comes() {
        for way in [Way::Plain, Way::AfterNoise, Way::Truncated, Way::WithoutAddresses] {
            let one = builder("one").start().await.unwrap();
            let server =
                NameServer::start(way, vec![("node-1.ours.test", one.local_address())]).await;
            let seed = format!("srv+{NAME}");
            let two =
                builder("two").name_servers([server.address]).seed(seed).start().await.unwrap();
            until_all_know_all(&[one, two]).await;
        }
    }

    #[tokio::test]
    async fn a_server_that_is_silent_or_fails_is_passed_over_for_the_next_one() {
        let one = builder("one").start().await.unwrap();
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let failing = NameServer::start(Way::Fails, Vec::new()).await;
        let good =
            NameServer::start(Way::Plain, vec![("node-1.ours.test", one.local_address())]).await;
        let servers = [silent.local_addr().unwrap(), failing.address, good.address];
        let two =
            builder("two").name_servers(servers).seed(format!("srv+{NAME}")).start().await.unwrap();
        until_all_know_all(&[one, two]).await;
    }

    #[tokio::test]
    async fn a_name_without_records_is_told_and_asked_for_again() {
        let one = builder("one").start().await.unwrap();
        let server = NameServer::start(Way::Plain, Vec::new()).await;
        let two = builder("two")
            .name_servers([server.address])
            .seed(format!("srv+{NAME}"))
            .start()
            .await
            .unwrap();
        let mut notices = two.subscribe();
        assert_eq!(unresolved(&mut notices).await, "the name has no SRV records");
        server.set(vec![("node-1.ours.test", one.local_address())]);
        until_all_know_all(&[one, two]).await;
    }

    #[tokio::test]
    async fn no_server_at_all_is_told_with_its_address() {
        let nobody: SocketAddr =
            std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let node = builder("one")
            .name_servers([nobody])
            .seed(format!("srv+{NAME}"))
            .start()
            .await
            .unwrap();
        let error = unresolved(&mut node.subscribe()).await;
        assert!(error.contains(&nobody.to_string()), "{error}");
    }
}
