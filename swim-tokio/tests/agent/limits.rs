//! An agent to which the system refuses what it needs.
#![cfg(target_os = "linux")]

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::harness::{Agent, line};

const WORDS: &str = "cannot accept a connection: check the limit on open files";

/// A running agent that may have so many files open.
fn limited(files: usize, arguments: &[&str]) -> Agent {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_swim")]);
    command.args(["agent", "--id", "one", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0", "--profile", "local"]);
    Agent::spawn({
        command.args(arguments).stdin(Stdio::null());
        command
    })
}

/// Whether a line with these words comes within a second.
fn comes(one: &Agent, words: &str) -> Option<String> {
    loop {
        match one.stderr.recv_timeout(Duration::from_secs(1)) {
            Ok(line) if line.contains(words) => return Some(line),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended"),
        }
    }
}

#[test]
fn the_http_interface_says_it_once_too_and_answers_again() {
    let one = limited(24, &[]);
    let place = one.http.strip_prefix("http://").expect("an address");
    let crowd: Vec<_> = (0..60).map(|_| TcpStream::connect(place).expect("the system queues it")).collect();
    let words = "cannot accept a connection to the HTTP interface: check the limit on open files";
    let warning = line(&one.stderr, words);
    assert!(warning.contains("times=1") && warning.contains("os error 24"), "{warning}");
    // It tries ten times a second.
    assert_eq!(comes(&one, words), None);
    drop(crowd);
    assert_eq!(one.get("/health").0, 200);
}

#[test]
fn who_may_open_no_more_files_says_now_and_then_what_to_look_at_and_accepts_again_when_it_may() {
    for wire in ["native", "memberlist"] {
        let one = limited(40, &["--wire", wire]);
        let crowd: Vec<_> = (0..60).map(|_| TcpStream::connect(&one.address).expect("the system queues it")).collect();
        let warning = line(&one.stderr, WORDS);
        assert!(warning.contains("WARN") && warning.contains("os error 24"), "{warning}");
        // It tries ten times a second.
        assert_eq!(comes(&one, WORDS), None, "{wire}");
        drop(crowd);
        let two = Agent::start("two", &["--wire", wire, "--seed", &one.address]);
        two.until_sees("one", "alive");
    }
}
