//! The experiments' command, at a size that takes seconds: which rows its tables have, and what the
//! figures must show.
#![cfg(feature = "cli")]

use std::process::{Command, Output};

use serde_json::Value;

fn experiment(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_swim-sim"))
        .arg("experiment")
        .args(arguments.split_whitespace())
        .output()
        .expect("the command starts")
}

fn measured(arguments: &str) -> Value {
    let output = experiment(&format!("{arguments} --format json"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn rows<'a>(report: &'a Value, table: &str) -> &'a [Value] {
    let tables = report["tables"].as_array().expect("tables");
    let found = tables
        .iter()
        .find(|found| found["id"] == table)
        .unwrap_or_else(|| panic!("no {table}: {report}"));
    found["rows"].as_array().expect("rows")
}

fn column(rows: &[Value], name: &str) -> Vec<f64> {
    rows.iter().map(|row| row[name].as_f64().unwrap_or_else(|| panic!("{name}: {row}"))).collect()
}

#[test]
fn swims_figures_have_a_row_for_each_size_and_are_what_theory_says() {
    let report = measured("swim --quick --nodes 8,16 --seeds 1");
    let detection = rows(&report, "detection");
    assert_eq!(column(detection, "nodes"), [8.0, 16.0]);
    assert_eq!(column(detection, "theory"), [2.0, 2.0]);
    let rounds = rows(&report, "rounds");
    let (largest, bound) = (column(rounds, "largest"), column(rounds, "bound"));
    assert_eq!(bound, [15.0, 31.0]);
    assert!(largest.iter().zip(&bound).all(|(largest, bound)| largest <= bound), "{rounds:?}");
    assert!(largest[0] >= 8.0, "the order of a round is another each time: {largest:?}");
    let spread = rows(&report, "dissemination");
    assert_eq!(column(spread, "updates"), [10.0, 10.0]);
    let reached = column(spread, "reached");
    assert!(reached[0] >= 8.0 && reached[1] >= 10.0, "{spread:?}");
    assert!(column(spread, "largest").iter().all(|&seconds| seconds < 2.0), "{spread:?}");
    let loss = rows(&report, "loss");
    assert_eq!(column(loss, "loss, %"), [0.0, 0.0, 0.0, 20.0, 20.0, 20.0]);
    let deaths = column(loss, "deaths, mean");
    assert!(deaths[3] > 10.0 * deaths[4].max(1.0), "suspicion lets the healthy refute: {deaths:?}");
}

#[test]
fn lifeguards_figures_have_a_row_for_each_part_and_show_what_it_is_worth() {
    let report = measured("lifeguard --quick --nodes 24 --seeds 1");
    let sums = rows(&report, "lifeguard");
    let names: Vec<_> =
        sums.iter().map(|row| row["variant"].as_str().unwrap_or_default()).collect();
    assert_eq!((names.len(), names[0], names[4]), (6, "SWIM", "Lifeguard (all three)"));
    assert_eq!(column(sums, "runs"), [4.0; 6]);
    let deaths = column(sums, "at healthy");
    assert!(deaths[4] * 10.0 < deaths[0], "{deaths:?}");
    assert_eq!(rows(&report, "lifeguard-pauses").len(), 2);
    assert_eq!(rows(&report, "lifeguard-latency").len(), 6);
}

#[test]
fn convergence_has_a_row_for_each_case_and_size_and_its_plot_is_written() {
    let place = std::env::temp_dir().join(format!("swim-sim-experiment-{}", std::process::id()));
    let report =
        measured(&format!("convergence --nodes 8,16 --seeds 2 --jobs 2 --svg {}", place.display()));
    let svg = std::fs::read_to_string(place.join("convergence.svg"));
    std::fs::remove_dir_all(&place).expect("the directory was made");
    let rows = rows(&report, "convergence");
    assert_eq!(column(rows, "nodes"), [8.0, 16.0, 8.0, 16.0, 8.0, 16.0]);
    assert_eq!(column(rows, "agreed"), [2.0; 6], "{rows:?}");
    assert!(svg.is_ok_and(|svg| svg.starts_with("<svg") && svg.contains("join storm, 99 %")));
}

#[test]
fn results_depend_on_the_seeds_alone_and_a_time_limit_leaves_runs_out() {
    let csv = |arguments: &str| {
        String::from_utf8(
            experiment(&format!("convergence --nodes 8 --format csv {arguments}")).stdout,
        )
        .expect("text")
    };
    let first = csv("--seeds 3 --jobs 1");
    assert!(
        first.starts_with("table,row,column,value\nconvergence,0,case,join storm\n"),
        "{first}"
    );
    assert_eq!(first, csv("--seeds 3 --jobs 3"));
    assert_ne!(first, csv("--seeds 3 --first-seed 9"));
    assert!(csv("--seeds 3 --time-limit 0s").contains("\nconvergence,0,runs,0\n"));
}

#[test]
fn help_has_examples() {
    for which in ["swim", "lifeguard", "convergence"] {
        let help = String::from_utf8(experiment(&format!("{which} --help")).stdout).expect("text");
        assert!(help.contains(&format!("cargo sim experiment {which} --quick")), "{help}");
    }
}
