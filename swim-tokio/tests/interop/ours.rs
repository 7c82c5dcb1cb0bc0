//! Nodes of ours: in this process, or as the `swim` command where they are to be stopped and
//! killed.

use std::net::SocketAddr;
use std::process::Command;

use swim_tokio::{Builder, Memberlist, Runtime, Status};

use crate::ports;
use crate::process::{Process, until};

/// A node with memberlist's LAN settings, which serf has too.
pub(crate) fn node(id: &str, memberlist: Memberlist) -> Builder {
    Runtime::builder().id(id).memberlist(memberlist)
}

/// Starts a node next to serf that joins through `seed`.
pub(crate) async fn beside_serf(id: &str, seed: SocketAddr) -> Runtime {
    node(id, Memberlist::serf()).seed(seed).start().await.expect("a free port on loopback")
}

/// Returns true if a node has a member as alive at an address.
pub(crate) fn sees(node: &Runtime, id: &str, address: SocketAddr) -> bool {
    node.member(id)
        .is_some_and(|member| member.status() == Status::Alive && member.address == address)
}

/// What a node has a member as.
pub(crate) fn status(node: &Runtime, id: &str) -> Option<Status> {
    node.member(id).map(|member| member.status())
}

/// How many members a node has as alive.
pub(crate) fn alive(node: &Runtime) -> usize {
    node.members().iter().filter(|member| member.status() == Status::Alive).count()
}

/// A `swim agent` among serf's agents, as a process of its own.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

impl Agent {
    /// Starts an agent and waits until it listens.
    pub(crate) async fn start(id: &str, seed: SocketAddr, arguments: &[&str]) -> Self {
        let address = ports::free();
        let process = Process::start(id, |_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
            command.args([
                "agent",
                "--id",
                id,
                "--bind",
                &address.to_string(),
                "--seed",
                &seed.to_string(),
            ]);
            command.args(["--wire", "memberlist"]).args(arguments);
            command
        });
        until("an agent of ours listens", || process.log().contains("listens at")).await;
        Self { address, process }
    }
}
