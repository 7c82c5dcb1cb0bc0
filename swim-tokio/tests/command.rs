//! The `swim` command as its users meet it: the built binary, its output, its exit status.
#![cfg(all(feature = "agent", unix))]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn swim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = swim(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// An agent whose lines are read as they come; killed when dropped.
struct Agent {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    address: String,
}

impl Agent {
    fn start(id: &str, arguments: &[&str]) -> Self {
        let mut command = swim(&["agent", "--id", id, "--bind", "127.0.0.1:0"]);
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) =
            (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        let first = stdout.recv_timeout(PATIENCE).expect("a first line");
        let address = first.rsplit_once(" listens at ").expect(&first).1.to_owned();
        Self { child, stdout, stderr, address }
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status();
        assert!(kill.unwrap().success());
    }

    fn exit_status(mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// Waits for a line that contains some words; those before it are passed over.
fn line(lines: &Receiver<String>, words: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {words:?}"));
        if line.contains(words) {
            return line;
        }
    }
}

const LOCAL: [&str; 2] = ["--profile", "local"];

#[test]
fn the_demo_tells_its_story_in_plain_lines_when_piped() {
    let (code, stdout, stderr) = output(&["demo", "--seed", "3"]);
    assert_eq!((code, &*stderr), (Some(0), ""), "{stdout}");
    for words in [
        "5 nodes on loopback TCP",
        "all know all after",
        "is killed",
        "suspects",
        "takes for dead",
        "leaves",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    assert!(!stdout.contains('\x1b'), "{stdout}");
    let summary = stdout.lines().last().unwrap();
    assert!(
        summary.starts_with("Summary: 5 nodes met in ") && summary.contains("repeat with --seed 3"),
        "{summary}"
    );
}

#[test]
fn the_same_seed_chooses_the_same_nodes() {
    let chosen = || {
        let (_, stdout, _) = output(&["demo", "--nodes", "4", "--seed", "11"]);
        let is_choice = |line: &&str| line.contains("is killed") || line.contains("and says so");
        let choices = stdout
            .lines()
            .filter(is_choice)
            .map(|line| line.split_once(" s  ").unwrap().1.to_owned());
        choices.collect::<Vec<_>>()
    };
    let first = chosen();
    assert_eq!(first.len(), 2);
    assert_eq!(chosen(), first);
}

#[test]
fn a_demo_without_enough_time_says_what_is_missing() {
    let (code, _, stderr) = output(&["demo", "--duration", "0.4"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("did not come to its end within 400ms: still waiting for all to"),
        "{stderr}"
    );
}

#[test]
fn two_agents_find_each_other_and_the_death_of_one_is_seen() {
    for transport in ["tcp", "udp"] {
        let options = [&LOCAL[..], &["--transport", transport]].concat();
        let one = Agent::start("one", &options);
        let mut two = Agent::start("two", &[&options[..], &["--seed", &one.address]].concat());
        let joined = line(&one.stdout, "two joined at");
        assert!(joined.ends_with(&two.address), "{joined}");
        line(&two.stdout, "one joined at");
        // On Unix this is `kill -9`.
        two.child.kill().unwrap();
        line(&one.stdout, "two is suspected by one");
        line(&one.stdout, "two failed");
    }
}

#[test]
fn sigterm_and_sigint_make_an_agent_leave_and_exit_with_0() {
    let one = Agent::start("one", &LOCAL);
    for (id, signal) in [("two", "-TERM"), ("three", "-INT")] {
        let agent = Agent::start(id, &[&LOCAL[..], &["--seed", &one.address]].concat());
        line(&one.stdout, &format!("{id} joined"));
        // Who knows nobody yet has nobody to tell.
        line(&agent.stdout, "one joined");
        agent.signal(signal);
        line(&agent.stdout, "the departure is spread");
        assert_eq!(agent.exit_status(), Some(0));
        line(&one.stdout, &format!("{id} left"));
    }
}

#[test]
fn a_second_signal_cuts_the_leave_short() {
    let one = Agent::start("one", &["--profile", "wan"]);
    let two = Agent::start("two", &["--profile", "wan", "-v", "--seed", &one.address]);
    line(&two.stdout, "answered: 2 members");
    two.signal("-TERM");
    line(&two.stderr, "leaving");
    two.signal("-TERM");
    assert_eq!(two.exit_status(), Some(143));
}

#[test]
fn json_lines_are_for_programs() {
    let one = Agent::start("one", &LOCAL);
    let arguments = [
        "agent",
        "--id",
        "two",
        "--bind",
        "127.0.0.1:0",
        "--format",
        "json",
        "--metadata",
        "a \"b\"",
    ];
    let mut child = swim(&[&arguments[..], &LOCAL, &["--seed", &one.address]].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = lines(child.stdout.take().unwrap());
    let is_of = |line: &str, event: &str| {
        assert!(line.contains(&format!("\"event\":\"{event}\"")), "{line}");
    };
    is_of(&line(&stdout, "\"id\":\"two\""), "started");
    is_of(&line(&stdout, "\"id\":\"one\""), "member-join");
    line(&one.stdout, "two joined");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_seed_that_does_not_answer_is_seen_each_time() {
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let agent = Agent::start(
        "one",
        &[&LOCAL[..], &["--seed", &free, "--seed", "nowhere.invalid:1"]].concat(),
    );
    let (mut refused, mut unresolved) = (0, 0);
    while refused < 2 || unresolved < 2 {
        let line = line(&agent.stdout, "tried again in");
        refused += u32::from(line.contains(&free) && line.contains("connection refused"));
        unresolved += u32::from(line.contains("nowhere.invalid:1 has no address"));
    }
}

#[test]
fn wrong_arguments_exit_with_64_and_errors_with_1() {
    for wrong in
        [&[][..], &["demo", "--nodes", "2"], &["agent", "--id", "a", "--bind", "here"], &["x"]]
    {
        let (code, stdout, stderr) = output(wrong);
        assert_eq!((code, &*stdout), (Some(64), ""), "{wrong:?}");
        assert!(stderr.contains("Usage:") || stderr.contains("--help"), "{wrong:?}: {stderr}");
    }
    for (wrong, word) in [
        (["--id", ""], "name is empty"),
        (["--cluster", ""], "cluster's name"),
        (["--seed", "x:0"], "not 0"),
    ] {
        let arguments = [
            &["agent", "--bind", "127.0.0.1:0"][..],
            &wrong,
            if wrong[0] == "--id" { &[] } else { &["--id", "a"] },
        ];
        let (code, _, stderr) = output(&arguments.concat());
        assert!(code == Some(64) && stderr.contains(word), "{wrong:?}: {code:?} {stderr}");
    }
    let one = Agent::start("one", &LOCAL);
    let (code, _, stderr) = output(&["agent", "--id", "two", "--bind", &one.address]);
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("swim: cannot listen at ") && stderr.contains("in use"), "{stderr}");
}

#[test]
fn help_explains_with_examples() {
    for command in ["demo", "agent"] {
        let (code, stdout, _) = output(&[command, "--help"]);
        assert_eq!(code, Some(0));
        assert!(stdout.contains(&format!("Examples:\n  swim {command}")), "{stdout}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_a_reader_who_had_enough_is_none() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has one");
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
    let output = command.args(["demo", "--nodes", "3"]).stdout(full).output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("standard output cannot be written"), "{stderr}");

    let (reader, writer) = std::io::pipe().expect("a pipe opens");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim"));
    let output = command.args(["demo", "--nodes", "3"]).stdout(writer).output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), stderr.as_ref()), (Some(0), ""));
}
