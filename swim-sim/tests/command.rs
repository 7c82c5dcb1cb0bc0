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
    for wanted in ["everyone sees node-9 as dead", "trace hash", "per node-second", "outage of node-9"] {
        assert!(out(&output).contains(wanted), "{wanted}: {}", out(&output));
    }
}

#[test]
fn the_same_options_print_the_same_hash_and_another_seed_another() {
    let hash =
        |arguments| out(&swim_sim(arguments)).lines().find(|line| line.starts_with("trace hash")).map(str::to_owned);
    let first = hash("run --nodes 10 --seed 3");
    assert!(first.is_some());
    assert_eq!(first, hash("run --nodes 10 --seed 3"));
    assert_ne!(first, hash("run --nodes 10 --seed 4"));
}

#[test]
fn what_is_not_met_exits_with_3_and_says_why_and_how_to_see_it_again() {
    let output = swim_sim("run --scenario join-storm --nodes 5 --loss 1000");
    assert_eq!(output.status.code(), Some(3));
    for wanted in ["not so by 60s", "node-0", "last events", "see it again: cargo sim run --scenario join-storm"] {
        assert!(err(&output).contains(wanted), "{wanted}: {}", err(&output));
    }
}

#[test]
fn wrong_usage_exits_with_1_and_help_with_0() {
    for (arguments, code) in
        [("run --scenario nonsense", 64), ("", 64), ("run --trace /no/such/place", 1), ("--help", 0)]
    {
        let output = swim_sim(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", err(&output));
    }
    assert!(out(&swim_sim("--help")).contains("Exit codes"));
    assert!(err(&swim_sim("run --scenario nonsense")).contains("split-heal"), "it says what there is");
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
    let json: serde_json::Value =
        serde_json::from_str(&out(&swim_sim("run --scenario crash --nodes 10 --seed 3 --format json"))).expect("JSON");
    assert_eq!((json["passed"].as_bool(), json["outages"][0]["node"].as_u64()), (Some(true), Some(9)));
    assert!(json["this_machine"]["cpu_ns"].as_u64() > Some(0), "{json}");
    assert_eq!(json["this_machine"]["cpu_by_node_ns"].as_array().map(Vec::len), Some(10));
    let csv = out(&swim_sim("run --scenario crash --nodes 10 --seed 3 --format csv"));
    assert!(csv.starts_with("figure,node,outage_at_ms,value,unit\n"), "{csv}");
    assert!(csv.contains(&format!("\npackets,,,{},packets\n", json["figures"]["packets"]["value"])), "{csv}");
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
    let (html, svg) = (std::fs::read_to_string(&page), std::fs::read_to_string(place.join("knowledge.svg")));
    std::fs::remove_dir_all(&place).expect("it is removed");
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let json: serde_json::Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert!(json["failure"].as_str().is_some_and(|failure| failure.contains("not so by 60s")), "{json}");
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
    assert!(html.contains("the recording goes on to 10"), "10 s after the join, which takes less than a second");
}

#[test]
fn a_report_that_cannot_be_written_is_said() {
    let output = swim_sim("run --nodes 3 --report /no/such/place.html");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("/no/such/place.html cannot be written"), "{}", err(&output));
}
