//! `swim agent` with certificates, as its users meet it.
#![cfg(unix)]

#[path = "harness/certificates.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod certificates;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use certificates::{Authority, Folder};

/// An agent with the certificates of a folder; killed when dropped.
struct Agent(Child);

impl Agent {
    fn start(id: &str, folder: &Folder, more: &[&str]) -> Self {
        let file = |name: &str| folder.path(name).display().to_string();
        let files = ["--tls-cert", &file("cert.pem"), "--tls-key", &file("key.pem"), "--tls-ca", &file("ca.pem")];
        let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
        command.args(["agent", "--id", id, "--bind", "127.0.0.1:0", "--profile", "local", "--tls-bind-names"]);
        command.args(files).args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// The first line that has that text. The test's own time limit bounds the wait.
    fn line_with(&mut self, text: &str) -> String {
        let stdout = BufReader::new(self.0.stdout.as_mut().expect("it is piped"));
        stdout.lines().map_while(Result::ok).find(|line| line.contains(text)).expect(text)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn folder(id: &str, authority: &Authority) -> Folder {
    let folder = Folder::new(&format!("command-{id}"));
    folder.put(&authority.issue(&[id]), &[authority]);
    folder
}

#[test]
fn two_agents_with_certificates_of_their_names_meet() {
    let authority = Authority::new("ours");
    let (one, two) = (folder("one", &authority), folder("two", &authority));
    let mut first = Agent::start("one", &one, &[]);
    let started = first.line_with(" listens at ");
    let (_, address) = started.rsplit_once(" listens at ").unwrap();
    let _second = Agent::start("two", &two, &["--seed", address]);
    first.line_with("two joined");
}

#[test]
fn a_file_that_cannot_be_used_is_a_wrong_argument_that_is_named() {
    let folder = folder("alone", &Authority::new("ours"));
    std::fs::remove_file(folder.path("key.pem")).unwrap();
    let mut agent = Agent::start("alone", &folder, &[]);
    let mut said = String::new();
    agent.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let key = Path::new("key.pem").display().to_string();
    assert!(said.contains("cannot read") && said.contains(&key), "{said}");
    assert_eq!(agent.0.wait().unwrap().code(), Some(64));
}
