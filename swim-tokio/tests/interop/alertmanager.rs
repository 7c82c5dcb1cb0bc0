//! A `prometheus-alertmanager`, which names itself at random and tells over HTTP which members it
//! knows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::ports;
use crate::process::{Process, until};

/// A running alertmanager.
#[derive(Debug)]
pub(crate) struct Alertmanager {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    web: SocketAddr,
}

impl Alertmanager {
    /// Starts one that joins through `peer`, and waits until it answers.
    pub(crate) async fn start(name: &str, peer: Option<SocketAddr>) -> Self {
        let (address, web) = (ports::free(), ports::free());
        let process = Process::start(name, |directory| {
            let config = directory.join("alertmanager.yml");
            std::fs::write(&config, "route:\n  receiver: none\nreceivers:\n  - name: none\n")
                .expect("it is writable");
            let mut command = Command::new("prometheus-alertmanager");
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.path={}", directory.join("data").display()));
            command
                .arg(format!("--cluster.listen-address={address}"))
                .arg(format!("--web.listen-address={web}"));
            command
                .arg("--log.level=debug")
                .args(peer.map(|peer| format!("--cluster.peer={peer}")));
            command
        });
        let alertmanager = Self { address, process, web };
        until("an alertmanager answers", || alertmanager.name().is_some()).await;
        alertmanager
    }

    /// The name that it has in the cluster.
    pub(crate) fn name(&self) -> Option<String> {
        self.status()?["cluster"]["name"].as_str().map(str::to_owned)
    }

    /// Names and addresses of those that it knows as alive, itself among them.
    pub(crate) fn peers(&self) -> Vec<(String, String)> {
        let status = self.status().unwrap_or_default();
        let peers = status["cluster"]["peers"].as_array().cloned().unwrap_or_default();
        let text = |peer: &Value, key: &str| peer[key].as_str().unwrap_or_default().to_owned();
        peers.iter().map(|peer| (text(peer, "name"), text(peer, "address"))).collect()
    }

    fn status(&self) -> Option<Value> {
        let mut stream = TcpStream::connect(self.web).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"GET /api/v2/status HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}
