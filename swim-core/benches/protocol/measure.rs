//! Measures a case: nanoseconds in this process, instructions in child processes under valgrind.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::cases::{CASES, Case};

/// The first argument of a child process.
pub(crate) const CHILD: &str = "--child";

/// Nanoseconds for one repetition: the least of many batches, since noise only ever adds.
pub(crate) fn nanoseconds(case: &Case, members: usize) -> f64 {
    let mut run = (case.prepare)(members);
    let batch = case.repetitions;
    run(batch);
    let mut best = Duration::MAX;
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        let start = Instant::now();
        run(batch);
        best = best.min(start.elapsed());
    }
    best.as_nanos() as f64 / f64::from(batch)
}

pub(crate) fn has_valgrind() -> bool {
    let status = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Instructions for one repetition, or `None` if they could not be counted.
pub(crate) fn instructions(case: &Case, members: usize) -> Option<u64> {
    let (few, many) = (case.repetitions, case.repetitions * 3);
    let [few_cost, many_cost] = [few, many].map(|repetitions| count(case, members, repetitions));
    Some((many_cost?.checked_sub(few_cost?)?) / u64::from(many - few))
}

fn count(case: &Case, members: usize, repetitions: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([CHILD, case.name, &members.to_string(), &repetitions.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("I   refs:") || line.contains("I refs:"))?;
    line.rsplit_once(':')?.1.trim().replace(',', "").parse().ok()
}

/// The child: sets a case up and repeats it as often as it is told.
pub(crate) fn run_child(name: &str, members: &str, repetitions: &str) -> ExitCode {
    let case = CASES.iter().find(|case| case.name == name);
    match (case, members.parse(), repetitions.parse()) {
        (Some(case), Ok(members), Ok(repetitions)) => {
            (case.prepare)(members)(repetitions);
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}
