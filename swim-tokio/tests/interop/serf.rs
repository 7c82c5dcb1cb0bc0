//! A `serf agent`.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use crate::ports;
use crate::process::{Process, until};

/// An agent of serf on loopback.
#[derive(Debug)]
pub(crate) struct Serf {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    rpc: SocketAddr,
}

impl Serf {
    /// Starts an agent and waits until it answers.
    pub(crate) async fn start(name: &str, options: &[&str]) -> Self {
        Self::start_at(name, ports::free(), options).await
    }

    /// As [`start`](Self::start), at an address.
    pub(crate) async fn start_at(name: &str, address: SocketAddr, options: &[&str]) -> Self {
        let rpc = ports::free();
        let process = Process::start(name, |_| {
            let mut command = Command::new("serf");
            command.args([
                "agent",
                &format!("-node={name}"),
                &format!("-bind={address}"),
                "-log-level=debug",
            ]);
            command.arg(format!("-rpc-addr={rpc}")).args(options);
            command
        });
        let serf = Self { name: name.to_owned(), address, process, rpc };
        until("a serf agent answers", || {
            serf.members().iter().any(|(member, ..)| *member == serf.name)
        })
        .await;
        serf
    }

    /// Runs a command of serf against the agent.
    pub(crate) fn command(&self, command: &str, arguments: &[&str]) -> (bool, String) {
        let rpc = format!("-rpc-addr={}", self.rpc);
        let output = Command::new("serf").arg(command).arg(rpc).args(arguments).output();
        let output = output.expect("serf is installed");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Name, address and status of every member that the agent knows.
    pub(crate) fn members(&self) -> Vec<(String, String, String)> {
        let (_, output) = self.command("members", &["-format=json"]);
        let Ok(table) = serde_json::from_str::<Value>(&output) else { return Vec::new() };
        let text = |member: &Value, key: &str| member[key].as_str().unwrap_or_default().to_owned();
        let members = table["members"].as_array().cloned().unwrap_or_default();
        members
            .iter()
            .map(|member| (text(member, "name"), text(member, "addr"), text(member, "status")))
            .collect()
    }

    /// The tags of a member.
    pub(crate) fn tags(&self, name: &str) -> Value {
        let (_, output) = self.command("members", &["-format=json", &format!("-name={name}")]);
        let table: Value = serde_json::from_str(&output).unwrap_or_default();
        table["members"][0]["tags"].clone()
    }

    /// The status of a member.
    pub(crate) fn status(&self, name: &str) -> Option<String> {
        self.members().into_iter().find(|(member, ..)| member == name).map(|(.., status)| status)
    }

    /// Returns true if the agent has a member as alive at an address.
    pub(crate) fn sees(&self, name: &str, address: SocketAddr) -> bool {
        self.members().contains(&(name.to_owned(), address.to_string(), "alive".to_owned()))
    }

    /// How many members the agent has as alive.
    pub(crate) fn alive(&self) -> usize {
        self.members().iter().filter(|(.., status)| status == "alive").count()
    }
}
