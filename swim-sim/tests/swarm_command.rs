//! `swim-sim swarm` and `replay` as a script sees them: exit codes, files, and the command that
//! replays.
#![cfg(feature = "cli")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use swim_sim::Case;

/// A directory of a test's own, which is removed when the test is over.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("swim-sim-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("it is written");
        path.display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn swim_sim(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_swim-sim"))
        .args(arguments.split_whitespace())
        .output()
        .expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn swarm(arguments: &str, out: &Path) -> (Option<i32>, String) {
    let output = swim_sim(&format!("swarm {arguments} --out {}", out.display()));
    assert!(output.stderr.is_empty(), "quiet without a terminal: {}", text(&output.stderr));
    (output.status.code(), text(&output.stdout))
}

#[test]
fn a_long_campaign_that_is_ended_before_its_time_has_written_what_it_had_found() {
    let place = Place::new("ended");
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim-sim"));
    command
        .args("swarm --plant safety --keep-going --runs 1000000 --jobs 1 --out".split(' '))
        .arg(&place.0);
    let mut campaign =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut said = String::new();
    let read = BufReader::new(campaign.stderr.take().expect("a pipe")).read_line(&mut said);
    campaign.kill().and_then(|()| campaign.wait()).expect("it is ended");
    assert!(
        read.is_ok() && said.contains(" failed: ") && said.contains("a promise is broken"),
        "{said}"
    );
    let file = said.trim_end().trim_end_matches(')').rsplit('(').next().expect("the file");
    Case::from_toml(&fs::read_to_string(file).expect(file)).expect("a case");
}

#[test]
fn a_campaign_that_finds_nothing_exits_with_0_and_tells_what_it_reached() {
    let place = Place::new("fine");
    let (code, out) = swarm("--runs 4 --jobs 2", &place.0);
    assert_eq!(code, Some(0), "{out}");
    for wanted in [
        "told: joined",
        "4 of 4 runs",
        "states reached",
        "that is no failure: 4 runs are not enough",
    ] {
        assert!(out.contains(wanted), "{wanted}: {out}");
    }
}

#[test]
fn a_time_limit_ends_a_campaign_without_failing_it_and_says_how_many_ran() {
    let place = Place::new("limit");
    let (code, out) = swarm("--runs 5000 --jobs 1 --time-limit 1ms", &place.0);
    assert_eq!(code, Some(0), "{out}");
    let wanted = " runs were made, of 5000";
    assert!(out.contains("the time limit of 1ms ended it: ") && out.contains(wanted), "{out}");
}

#[test]
fn a_state_that_is_not_reached_exits_with_4_if_all_are_wanted() {
    let place = Place::new("states");
    let (code, out) = swarm("--runs 1 --all-states", &place.0);
    assert_eq!(code, Some(4), "{out}");
    assert!(out.lines().last().is_some_and(|line| line.starts_with("never reached: ")), "{out}");
}

/// The command that is printed last, without `cargo sim`.
fn replay_command(out: &str) -> &str {
    let last = out.lines().last().unwrap_or_default();
    last.strip_prefix("see it again: ")
        .and_then(|line| Some(line.split_once("swim-sim ")?.1))
        .unwrap_or_else(|| panic!("the last line is the command: {out}"))
}

#[test]
fn each_planted_failure_is_shrunk_told_and_replayed_with_its_exit_code() {
    for (kind, code, wanted) in [
        ("safety", 2, "the last events at the node that broke it:"),
        ("liveness", 3, "the last events:"),
        ("panic", 101, "the last events at the node that panicked:"),
    ] {
        let place = Place::new(kind);
        let (exit, out) = swarm(&format!("--runs 30 --shrink-runs 4 --plant {kind}"), &place.0);
        assert_eq!(exit, Some(code), "{out}");
        for wanted in ["1 failed", "found by: ", "shrunk from ", wanted] {
            assert!(out.contains(wanted), "{wanted}: {out}");
        }
        assert!(!out.contains("0 of 0"), "what was not counted is not told: {out}");
        let done = &out[out.find("what was done:").expect("it is told")..];
        let is_cut = ["the network splits", "nothing passes from", " flap: "]
            .iter()
            .any(|cut| done.contains(cut));
        assert!(
            is_cut || !done.contains("the network heals"),
            "nothing is mended that is whole: {out}"
        );
        let again = swim_sim(replay_command(&out));
        assert_eq!(again.status.code(), Some(code), "{}", text(&again.stderr));
        let (again, told) = (text(&again.stdout), &out[out.find("case  ").expect("it is told")..]);
        assert_eq!(again, told, "the replay tells the same");
        let files = fs::read_dir(&place.0).expect("a directory").count();
        assert_eq!(files, 2, "the case as it was drawn, and the small one");
    }
}

#[test]
fn a_swarm_with_wrong_arguments_exits_with_64_and_one_that_cannot_write_with_1() {
    for arguments in
        ["swarm --runs 0", "swarm --plant nonsense", "swarm --time-limit soon", "replay"]
    {
        assert_eq!(swim_sim(arguments).status.code(), Some(64), "{arguments}");
    }
    let output = swim_sim("swarm --runs 30 --shrink-runs 0 --plant safety --out /dev/null/no");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot be written"), "{}", text(&output.stderr));
}

#[test]
fn a_replay_that_goes_well_exits_with_0_and_has_nothing_to_shrink() {
    let place = Place::new("replay-fine");
    let file = place
        .write("x.toml", "name = 'x'\nnodes = 3\nexpect = [{ by = '20s', that = 'converged' }]");
    let output = swim_sim(&format!("replay {file} --shrink"));
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        out.contains("nothing to shrink") && out.contains("verdict     all went as expected"),
        "{out}"
    );
}

#[test]
fn a_replay_shrinks_if_asked_and_writes_the_small_case_beside_the_file() {
    let place = Place::new("replay-small");
    // Too soon for anyone to notice.
    let case =
        "name = 'x'\nnodes = 9\nplan = [{ at = '20s', fault = { crash = 4 } }, { at = '5s', work = { leave = 7 } }]
        expect = [{ by = '21s', that = { everyone_sees_dead = 4 } }]";
    let file = place.write("x.toml", case);
    let output = swim_sim(&format!("replay {file} --shrink --shrink-runs 25"));
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{out}{}", text(&output.stderr));
    let small = fs::read_to_string(place.0.join("x.small.toml")).expect("the small case");
    let small = Case::from_toml(&small).expect("a case");
    assert_eq!((small.nodes, small.plan.steps().len()), (2, 1), "{}", small.to_toml());
    assert!(replay_command(&out).ends_with("x.small.toml"), "{out}");
}

#[test]
fn a_replay_tells_where_a_file_is_wrong_and_exits_with_64_or_1_if_there_is_none() {
    let place = Place::new("replay-wrong");
    let file = place
        .write("x.toml", "name = 'x'\nnodes = 3\nplan = [{ at = '1s', fault = { crash = 3 } }]");
    for (arguments, code, wanted) in [
        (format!("replay {file}"), 64, "line 3: there is no node 3"),
        (String::from("replay /no/such.toml"), 1, "/no/such.toml"),
    ] {
        let output = swim_sim(&arguments);
        assert_eq!(output.status.code(), Some(code));
        assert!(text(&output.stderr).contains(wanted), "{}", text(&output.stderr));
    }
}

#[test]
fn a_replay_writes_a_trace_as_text_and_as_json_of_as_many_lines() {
    let place = Place::new("replay-trace");
    let file = place
        .write("x.toml", "name = 'x'\nnodes = 3\nexpect = [{ at = '5s', that = 'converged' }]");
    let jsonl = place.0.join("t.jsonl");
    let output = swim_sim(&format!("replay {file} --trace - --jsonl {}", jsonl.display()));
    assert_eq!(output.status.code(), Some(0));
    let (trace, json) = (text(&output.stdout), fs::read_to_string(jsonl).expect("the trace"));
    assert_eq!(trace.lines().count(), json.lines().count());
    assert!(
        trace.contains("ping node-")
            && text(&output.stderr).contains("verdict     all went as expected")
    );
    for line in json.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(value["at_ns"].is_u64() && value["what"].is_string(), "{line}");
    }
    let output = swim_sim(&format!("replay {file} --trace - --jsonl -"));
    assert_eq!(output.status.code(), Some(64), "nobody could tell them apart");
}
