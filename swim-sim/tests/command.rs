//! The command's exit codes and output, as a script sees them.
#![cfg(feature = "cli")]

use std::process::{Command, Output};

fn swim_sim(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_swim-sim"))
        .args(arguments.split_whitespace())
        .output()
        .expect("the command starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn a_run_that_goes_as_expected_exits_with_0_and_prints_its_figures() {
    let output = swim_sim("run --scenario crash --nodes 10 --seed 3");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for wanted in
        ["everyone sees node-9 as dead", "trace hash", "per node-second", "outage of node-9"]
    {
        assert!(out(&output).contains(wanted), "{wanted}: {}", out(&output));
    }
}

#[test]
fn the_same_options_print_the_same_hash_and_another_seed_another() {
    let hash = |arguments| {
        out(&swim_sim(arguments))
            .lines()
            .find(|line| line.starts_with("trace hash"))
            .map(str::to_owned)
    };
    let first = hash("run --nodes 10 --seed 3");
    assert!(first.is_some());
    assert_eq!(first, hash("run --nodes 10 --seed 3"));
    assert_ne!(first, hash("run --nodes 10 --seed 4"));
}

#[test]
fn what_is_not_met_exits_with_3_and_says_why_and_how_to_see_it_again() {
    let output = swim_sim("run --scenario join-storm --nodes 5 --loss 1000");
    assert_eq!(output.status.code(), Some(3));
    for wanted in ["not so by 60s", "node-0", "last events", "swim-sim run --scenario join-storm"] {
        assert!(err(&output).contains(wanted), "{wanted}: {}", err(&output));
    }
}

#[test]
fn wrong_usage_exits_with_64_what_cannot_be_written_with_1_and_help_with_0() {
    for (arguments, code) in [
        ("run --scenario nonsense", 64),
        ("", 64),
        ("run --trace /no/such/place", 1),
        ("--help", 0),
    ] {
        let output = swim_sim(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", err(&output));
    }
    assert!(out(&swim_sim("--help")).contains("Exit codes"));
    assert!(
        err(&swim_sim("run --scenario nonsense")).contains("split-and-heal"),
        "it says what there is"
    );
}

#[test]
fn the_trace_is_written_as_lines() {
    let output = swim_sim("run --nodes 3 --trace -");
    let text = out(&output);
    let lines: Vec<_> = text.lines().take_while(|line| !line.starts_with("scenario")).collect();
    assert!(lines.len() > 20, "{text}");
    assert_eq!(lines[0], "0.000000000 node-0 started at 10.0.0.1:7946 with incarnation 1000000");
    assert!(lines.iter().any(|line| line.contains("event: joined node-2")), "{text}");
}

#[test]
fn a_run_is_checked_to_repeat_itself() {
    let output = swim_sim("check-determinism --scenario churn --nodes 10");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("both runs are the same"));
}

#[test]
fn figures_are_printed_for_machines_and_nothing_else_is() {
    let json: serde_json::Value = serde_json::from_str(&out(&swim_sim(
        "run --scenario crash --nodes 10 --seed 3 --format json",
    )))
    .expect("JSON");
    let expected = json["expectations"].as_array().expect("a list");
    assert!(
        expected.len() > 2
            && expected.iter().all(|row| row["outcome"] == "met" && row["met_at_ms"].is_u64()),
        "{json}"
    );
    assert_eq!(
        (json["passed"].as_bool(), json["outages"][0]["node"].as_u64()),
        (Some(true), Some(9))
    );
    assert!(json["this_machine"]["cpu_ns"].as_u64() > Some(0), "{json}");
    assert_eq!(json["this_machine"]["cpu_by_node_ns"].as_array().map(Vec::len), Some(10));
    let csv = out(&swim_sim("run --scenario crash --nodes 10 --seed 3 --format csv"));
    assert!(csv.starts_with("figure,node,outage_at_ms,value,unit\n"), "{csv}");
    assert!(
        csv.contains(&format!("\npackets,,,{},packets\n", json["figures"]["packets"]["value"])),
        "{csv}"
    );
}

#[test]
fn a_run_that_fails_has_a_report_as_well() {
    let place = std::env::temp_dir().join(format!("swim-sim-command-{}", std::process::id()));
    let page = place.join("out.html");
    let place_text = place.display().to_string();
    let run = format!(
        "run --scenario join-storm --nodes 5 --loss 1000 --format json --svg {place_text} --report {}",
        page.display()
    );
    std::fs::create_dir_all(&place).expect("a directory for the test");
    let output = swim_sim(&run);
    let (html, svg) =
        (std::fs::read_to_string(&page), std::fs::read_to_string(place.join("knowledge.svg")));
    std::fs::remove_dir_all(&place).expect("it is removed");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let json: serde_json::Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert!(
        json["failure"].as_str().is_some_and(|failure| failure.contains("not so by 60s")),
        "{json}"
    );
    let expected = &json["expectations"][0];
    assert_eq!(
        (expected["outcome"].as_str(), expected["by_ms"].as_u64()),
        (Some("missed"), Some(60_000)),
        "{json}"
    );
    assert!(
        expected["met_at_ms"].is_null()
            && expected["expectation"].as_str().is_some_and(|what| what.contains("agree"))
    );
    assert!(html.is_ok_and(|html| html.contains("Failed: join-storm: not so by 60s")));
    assert!(svg.is_ok_and(|svg| svg.starts_with("<svg")));
}

#[test]
fn a_recording_goes_on_after_the_verdict_and_changes_nothing_in_it() {
    let page = std::env::temp_dir().join(format!("swim-sim-after-{}.html", std::process::id()));
    let with = swim_sim(&format!("run --nodes 5 --seed 3 --report {}", page.display()));
    let html = std::fs::read_to_string(&page).expect("a page");
    std::fs::remove_file(&page).expect("it is removed");
    assert_eq!(out(&with), out(&swim_sim("run --nodes 5 --seed 3")), "verdict, figures and hash");
    assert!(
        html.contains("the recording goes on to 10"),
        "10 s after the join, which takes less than a second"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_the_run() {
    let trace = std::env::temp_dir().join(format!("swim-sim-unwritten-{}", std::process::id()));
    let storm = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/join-storm.toml");
    for run in [String::from("run --nodes 3"), format!("replay {storm}")] {
        let output =
            swim_sim(&format!("{run} --report /no/such/place.html --trace {}", trace.display()));
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("/no/such/place.html cannot be written"), "{}", err(&output));
        assert!(!trace.exists(), "nothing has run yet");
    }
}

#[test]
fn the_page_of_a_run_that_fails_lists_what_was_met_of_a_replay_as_well() {
    let text = "name = 'x'\nnodes = 3\nexpect = [{ by = '9s', that = 'converged' }, { by = '9s', that = { everyone_sees_dead = 1 } }]";
    with_file("met", text, |file| {
        let page = file.with_extension("html");
        for command in ["run", "replay"] {
            let output = with_path(&[command, "--report", &page.display().to_string()], file);
            assert_eq!(output.status.code(), Some(3), "{}", err(&output));
            let html = std::fs::read_to_string(&page).expect("a page");
            let met: Vec<_> =
                html.lines().filter(|line| line.contains("<li><a href=\"#t=")).collect();
            assert!(
                met.len() == 1 && met[0].contains("</a> all nodes that run agree with the truth"),
                "{command}: {met:?}"
            );
            assert!(html.contains("Failed: x: not so by 9s"), "{command}");
        }
    });
}

#[test]
fn a_file_that_is_refused_leaves_every_output_as_it_was() {
    with_file("refused", "name = 'x'\nnodes = 0", |wrong| {
        let place = wrong.parent().expect("a directory");
        let (old, new, svg) = (place.join("old"), place.join("new"), place.join("curves"));
        std::fs::write(&old, "precious").expect("it is written");
        for command in ["run", "replay"] {
            for option in ["--trace", "--jsonl", "--report"] {
                for path in [&old, &new] {
                    let output = with_path(&[command, option, &path.display().to_string()], wrong);
                    assert_eq!(output.status.code(), Some(64), "{}", err(&output));
                }
                let kept = std::fs::read_to_string(&old).expect("it is there");
                assert_eq!(
                    (kept.as_str(), new.exists()),
                    ("precious", false),
                    "{command} {option}"
                );
            }
        }
        let output = with_path(&["run", "--svg", &svg.display().to_string()], wrong);
        assert_eq!((output.status.code(), svg.exists()), (Some(64), false));
    });
}

#[test]
fn a_trace_is_emptied_only_when_the_other_can_be_written_and_then_it_is() {
    with_file(
        "both",
        "name = 'x'\nnodes = 3\nexpect = [{ at = '1s', that = 'converged' }]",
        |file| {
            let old = file.with_file_name("old");
            std::fs::write(&old, "precious\n".repeat(100_000)).expect("it is written");
            let trace = old.display().to_string();
            for command in ["run", "replay"] {
                let output =
                    with_path(&[command, "--trace", &trace, "--jsonl", "/no/such/place"], file);
                assert_eq!(output.status.code(), Some(1), "{}", err(&output));
                assert_eq!(
                    std::fs::read_to_string(&old).map(|kept| kept.len()).ok(),
                    Some(900_000),
                    "{command}"
                );
            }
            assert_eq!(with_path(&["run", "--trace", &trace], file).status.code(), Some(0));
            assert!(!std::fs::read_to_string(&old).expect("a trace").contains("precious"));
            let output = swim_sim("experiment swim --quick --time-limit 1ms --svg /dev/null/no");
            assert!(
                output.stdout.is_empty() && err(&output).contains("/dev/null/no cannot be written"),
                "{}",
                err(&output)
            );
        },
    );
}

/// A directory of a test's own, with a file in it.
fn with_file(name: &str, text: &str, then: impl FnOnce(&std::path::Path)) {
    let place = std::env::temp_dir().join(format!("swim-sim {name} {}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a directory for the test");
    let file = place.join("a file.toml");
    std::fs::write(&file, text).expect("it is written");
    then(&file);
    std::fs::remove_dir_all(&place).expect("it is removed");
}

fn with_path(before: &[&str], file: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_swim-sim"))
        .args(before)
        .arg(file)
        .output()
        .expect("the command starts")
}

#[test]
fn a_file_that_says_what_cannot_be_or_demands_nothing_exits_with_64() {
    for (text, wanted) in [
        (
            "name = 'x'\nnodes = 0",
            "a file.toml: line 2: nodes = 0: a cluster has 1 to 100000 nodes",
        ),
        ("name = 'x'\nnodes = ", "line 2"),
        ("name = 'x'\nnodes = 3", "nothing happens in it and nothing is demanded"),
    ] {
        with_file("wrong", text, |file| {
            for command in ["run", "check-determinism"] {
                let output = with_path(&[command], file);
                assert_eq!(output.status.code(), Some(64), "{text}: {}", err(&output));
                assert!(err(&output).contains(wanted), "{text}: {}", err(&output));
            }
        });
    }
}

#[test]
fn the_command_that_is_printed_is_one_that_a_shell_reads_as_it_is_meant() {
    let text =
        "name = 'x'\nnodes = 3\nexpect = [{ at = '20s', that = { everyone_sees_dead = 1 } }]";
    with_file("quoted", text, |file| {
        for command in ["run", "replay"] {
            let output = with_path(&[command], file);
            let wanted = format!("swim-sim {command} '{}'", file.display());
            assert!((err(&output) + &out(&output)).contains(&wanted), "{wanted}: {}", err(&output));
        }
    });
}

#[test]
fn an_output_that_nobody_reads_ends_every_subcommand_without_a_word() {
    let crash = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/join-storm.toml");
    for arguments in [
        "list",
        "run --nodes 3 --trace -",
        "run --nodes 3 --format json",
        "check-determinism --nodes 3",
        "swarm --runs 1 --jobs 1",
        "experiment swim --nodes 8 --seeds 1 --time-limit 1ms",
        &format!("replay {crash}"),
        "--help",
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_swim-sim"));
        let ended = command
            .args(arguments.split_whitespace())
            .stdout(writer)
            .output()
            .expect("the command starts");
        let said = err(&ended);
        assert!(!said.contains("panicked") && !said.contains("roken pipe"), "{arguments}: {said}");
        let wanted = if arguments == "--help" { 0 } else { 141 };
        assert_eq!(ended.status.code(), Some(wanted), "{arguments}: {said}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_swim-sim"));
    let status = command
        .args(["run", "--nodes", "3"])
        .stdout(std::process::Stdio::null())
        .stderr(writer)
        .status();
    assert_eq!(
        status.expect("the command starts").code(),
        Some(0),
        "standard error is closed as well"
    );
}

#[test]
fn scenarios_of_both_forms_are_listed_with_the_command_that_runs_them() {
    let list = out(&swim_sim("list"));
    for wanted in [
        "cargo sim run --scenario NAME",
        "\n  split-and-heal ",
        "cargo sim run swim-sim/scenarios/FILE",
        "\n  paused-nodes.toml    32 nodes: two nodes stall",
    ] {
        assert!(list.contains(wanted), "{wanted}: {list}");
    }
}
