//! A campaign that a person ends with ctrl-c tells of what was run; one that is asked twice does
//! not linger.
#![cfg(all(feature = "cli", target_os = "linux"))]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// The machine may be busy with other tests.
const PATIENCE: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(100);

/// A campaign that would go on for days.
fn campaign(name: &str, arguments: &str, out: Stdio) -> (Child, PathBuf) {
    let place =
        std::env::temp_dir().join(format!("swim-sim-stopped-{name}-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim-sim"));
    command.args("swarm --runs 1000000 --jobs 1".split(' ')).args(arguments.split_whitespace());
    command.arg("--out").arg(&place).stdout(out).stderr(Stdio::piped());
    (command.spawn().expect("the command starts"), place)
}

fn interrupt(campaign: &Child) {
    let sent = Command::new("sh").args(["-c", &format!("kill -s INT {}", campaign.id())]).status();
    assert!(sent.expect("a shell").success());
}

/// Waits until the campaign catches SIGINT, as the kernel knows.
fn until_caught(campaign: &Child) {
    let caught = || {
        let status =
            fs::read_to_string(format!("/proc/{}/status", campaign.id())).expect("it runs");
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .expect("a mask of signals");
        u64::from_str_radix(mask.trim(), 16).expect("hexadecimal") & 0b10 != 0
    };
    assert!(
        (0..PATIENCE).any(|_| caught() || {
            thread::sleep(PAUSE);
            false
        }),
        "ctrl-c is not caught"
    );
}

/// How it ends within the time that there is; it is killed if it does not.
fn ended(campaign: &mut Child) -> ExitStatus {
    for _ in 0..PATIENCE {
        if let Some(status) = campaign.try_wait().expect("a status") {
            return status;
        }
        thread::sleep(PAUSE);
    }
    let _ = campaign.kill();
    panic!("it goes on");
}

#[test]
fn ctrl_c_ends_a_campaign_with_what_it_had_reached_and_130() {
    let (mut campaign, _) = campaign("fine", "", Stdio::piped());
    until_caught(&campaign);
    interrupt(&campaign);
    let status = ended(&mut campaign);
    let mut out = String::new();
    campaign.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
    assert_eq!(status.code(), Some(130), "{out}");
    for wanted in
        ["told: joined", "of 1000000 runs", "states reached, 0 failed", "ctrl-c ended it: "]
    {
        assert!(out.contains(wanted), "{wanted}: {out}");
    }
}

#[test]
fn ctrl_c_after_failures_tells_of_them_without_shrinking_for_long_and_exits_as_they_do() {
    let (mut campaign, place) = campaign("failed", "--plant safety --keep-going", Stdio::piped());
    let mut said = BufReader::new(campaign.stderr.take().expect("a pipe"));
    said.read_line(&mut String::new()).expect("the first failure");
    interrupt(&campaign);
    let status = ended(&mut campaign);
    let mut out = String::new();
    campaign.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
    let _ = fs::remove_dir_all(&place);
    assert_eq!(status.code(), Some(2), "{out}");
    for wanted in [
        "ctrl-c ended it: ",
        "found by: nobody dies (planted)",
        " in 1 runs; with more runs or time",
        "see it again: ",
    ] {
        assert!(out.contains(wanted), "{wanted}: {out}");
    }
}

#[test]
fn a_second_ctrl_c_ends_it_at_once_even_where_nobody_reads_what_it_tells() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut filler = writer.try_clone().expect("it is cloned");
    // Until the pipe is full, so that the campaign cannot be done with its report.
    let filling = thread::spawn(move || while filler.write_all(&[0; 4_096]).is_ok() {});
    let (mut campaign, _) = campaign("twice", "", writer.into());
    until_caught(&campaign);
    interrupt(&campaign);
    let mut said = String::new();
    BufReader::new(campaign.stderr.take().expect("a pipe")).read_line(&mut said).expect("a line");
    assert!(said.contains("once more, and it ends at once"), "{said}");
    interrupt(&campaign);
    let status = ended(&mut campaign);
    drop(reader);
    filling.join().expect("nobody reads any more");
    assert_eq!(status.code(), Some(130));
}
