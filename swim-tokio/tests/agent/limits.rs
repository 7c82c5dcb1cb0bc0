//! An agent to which the system refuses what it needs.
#![cfg(target_os = "linux")]

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{Agent, line};

const WORDS: &str = "cannot accept a connection: check the limit on open files";

/// A running agent that may have so many files open.
fn limited(files: usize, arguments: &[&str]) -> Agent {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &format!("ulimit -n {files}; exec \"$0\" \"$@\""),
        env!("CARGO_BIN_EXE_swim"),
    ]);
    command.args([
        "agent",
        "--id",
        "one",
        "--bind",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        "--profile",
        "local",
    ]);
    Agent::spawn({
        command.args(arguments).stdin(Stdio::null());
        command
    })
}

/// The CPU time that an agent has used, in hundredths of a second as a rule.
fn ticks(one: &Agent) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", one.child.id())).unwrap();
    // Behind the name, in parentheses, come the state and ten numbers.
    let numbers: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    numbers[11].parse::<u64>().unwrap() + numbers[12].parse::<u64>().unwrap()
}

/// Changes how many files a running agent may have open; how many it might before.
fn set_limit(one: &Agent, files: u64) -> u64 {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", one.child.id())).unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .expect("the limit is listed");
    let [soft, hard] =
        [0, 1].map(|at| line.split_whitespace().nth(at).unwrap().parse::<u64>().ok());
    let limit = Rlimit { current: Some(files), maximum: hard };
    prlimit(Some(Pid::from_child(&one.child)), Resource::Nofile, limit).unwrap();
    soft.expect("a number")
}

/// Whether a line with these words comes within a second, in which the agent is hardly busy: it
/// tries ten times.
fn comes(one: &Agent, words: &str) -> Option<String> {
    let (start, busy) = (Instant::now(), ticks(one));
    let line = awaited(one, words);
    let (ticks, took) = (ticks(one) - busy, start.elapsed());
    assert!(
        u128::from(ticks) * 10 < took.as_millis() / 2 + 100,
        "{ticks} ticks of CPU time within {took:?}"
    );
    line
}

fn awaited(one: &Agent, words: &str) -> Option<String> {
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
    let crowd: Vec<_> =
        (0..60).map(|_| TcpStream::connect(place).expect("the system queues it")).collect();
    let words = "cannot accept a connection to the HTTP interface: check the limit on open files";
    let warning = line(&one.stderr, words);
    assert!(warning.contains("times=1") && warning.contains("os error 24"), "{warning}");
    assert_eq!(comes(&one, words), None);
    drop(crowd);
    assert_eq!(one.get("/health").0, 200);
}

#[test]
fn who_may_open_no_more_files_says_now_and_then_what_to_look_at_and_accepts_again_when_it_may() {
    for wire in ["native", "memberlist"] {
        let one = limited(40, &["--wire", wire]);
        let crowd: Vec<_> = (0..60)
            .map(|_| TcpStream::connect(&one.address).expect("the system queues it"))
            .collect();
        let warning = line(&one.stderr, WORDS);
        assert!(warning.contains("WARN") && warning.contains("os error 24"), "{warning}");
        assert_eq!(comes(&one, WORDS), None, "{wire}");
        drop(crowd);
        let two = Agent::start("two", &["--wire", wire, "--seed", &one.address]);
        two.until_sees("one", "alive");
    }
}

#[test]
fn a_member_that_has_run_out_of_files_stays_one_and_is_joined_through_once_it_has_some() {
    let one = Agent::start("one", &[]);
    let two = Agent::start("two", &["--seed", &one.address]);
    two.until_sees("one", "alive");
    one.until_sees("two", "alive");
    // The limit is on the number of a file: however many it closes, none is opened again.
    let usual = set_limit(&one, 3);
    let crowd: Vec<_> =
        (0..20).map(|_| TcpStream::connect(&one.address).expect("the system queues it")).collect();
    let warning = line(&one.stderr, WORDS);
    assert!(warning.contains("os error 24"), "{warning}");
    for _ in 0..3 {
        assert_eq!(comes(&one, WORDS), None);
    }
    two.until_sees("one", "alive");
    drop(crowd);
    let three = Agent::start("three", &["--seed", &one.address]);
    set_limit(&one, usual);
    three.until_sees("two", "alive");
    one.until_sees("three", "alive");
}
