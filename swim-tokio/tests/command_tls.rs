//! `swim agent` with certificates, as its users meet it.
#![cfg(unix)]

#[path = "harness/certificates.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod certificates;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use certificates::{Authority, Folder};

const PATIENCE: Duration = Duration::from_secs(60);

/// An agent with the certificates of a folder, whose lines are read as they come; killed when
/// dropped.
struct Agent {
    child: Child,
    stdout: Receiver<String>,
}

impl Agent {
    fn start(id: &str, folder: &Folder, more: &[&str]) -> Self {
        let file = |name: &str| folder.path(name).display().to_string();
        let files = [
            "--tls-cert",
            &file("cert.pem"),
            "--tls-key",
            &file("key.pem"),
            "--tls-ca",
            &file("ca.pem"),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
        command.args([
            "agent",
            "--id",
            id,
            "--bind",
            "127.0.0.1:0",
            "--profile",
            "local",
            "--tls-bind-names",
        ]);
        command
            .args(files)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (sender, stdout) = mpsc::channel();
        // It ends with the agent.
        std::thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, stdout }
    }

    /// The first line that has that text; those before it are passed over.
    fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line =
                self.stdout.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    let first = Agent::start("one", &one, &[]);
    let started = first.line_with(" listens at ");
    let (_, address) = started.rsplit_once(" listens at ").unwrap();
    let _second = Agent::start("two", &two, &["--seed", address]);
    first.line_with("two joined");
}

#[test]
fn certificates_are_read_again_on_sighup_and_stay_as_they_were_if_they_cannot_be_used() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let folder = folder("renewed", &old);
    let agent = Agent::start("renewed", &folder, &[]);
    agent.line_with(" listens at ");
    let hang_up = |agent: &Agent| {
        let status = Command::new("kill").arg("-HUP").arg(agent.child.id().to_string()).status();
        assert!(status.unwrap().success());
    };
    folder.put(&new.issue(&["another"]), &[&new]);
    hang_up(&agent);
    let line = agent.line_with("settings not read again");
    assert!(
        line.contains("the certificates stay as they were") && line.contains("\"renewed\""),
        "{line}"
    );
    folder.put(&new.issue(&["renewed"]), &[&new]);
    for said in ["are others now", "are the same"] {
        hang_up(&agent);
        let line = agent.line_with("settings read again");
        assert!(
            line.ends_with(&format!(
                "changed: nothing; the certificates were read again, and {said}"
            )),
            "{line}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_used_is_a_wrong_argument_that_is_named() {
    let folder = folder("alone", &Authority::new("ours"));
    std::fs::remove_file(folder.path("key.pem")).unwrap();
    let mut agent = Agent::start("alone", &folder, &[]);
    let mut said = String::new();
    agent.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let key = Path::new("key.pem").display().to_string();
    assert!(said.contains("cannot read") && said.contains(&key), "{said}");
    assert_eq!(agent.child.wait().unwrap().code(), Some(64));
}
