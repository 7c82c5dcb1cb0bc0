//! Measures a case: nanoseconds in this process, instructions in child processes under valgrind.

use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::cases::{CASES, Case, Prepare, Who};

/// How long the clock is watched for one figure.
const WATCHED: Duration = Duration::from_millis(200);

/// Nanoseconds for one repetition: the least of many batches, since noise only ever adds.
pub(crate) fn nanoseconds(case: &Case, prepare: Prepare, members: usize) -> f64 {
    let batch = case.repetitions(members);
    let mut run = prepare(members);
    run(batch);
    let mut best = Duration::MAX;
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        if case.is_used_up {
            run = prepare(members);
        }
        let start = Instant::now();
        run(batch);
        best = best.min(start.elapsed());
    }
    best.as_nanos() as f64 / f64::from(batch)
}

/// Returns true if instructions can be counted.
pub(crate) fn has_valgrind() -> bool {
    let status = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Instructions for one repetition.
pub(crate) fn instructions(case: &Case, who: Who, members: usize) -> Result<u64, String> {
    let (few, many) = (case.repetitions(members), case.repetitions(members) * 3);
    let [few_cost, many_cost] = thread::scope(|scope| {
        let runs = [few, many]
            .map(|repetitions| scope.spawn(move || count(case, who, members, repetitions)));
        runs.map(|run| run.join().expect("counting does not panic"))
    });
    Ok(many_cost?.saturating_sub(few_cost?) / u64::from(many - few))
}

fn count(case: &Case, who: Who, members: usize, repetitions: u32) -> Result<u64, String> {
    let child = format!("{}/{}/{members}/{repetitions}", case.name, who.name());
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(program)
        .args(["--child", &child])
        .output()
        .map_err(|error| {
            format!("valgrind, which counts the instructions, cannot be run: {error}")
        })?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.contains("I   refs:") || line.contains("I refs:"));
    let count = line.and_then(|line| line.rsplit_once(':')?.1.trim().replace(',', "").parse().ok());
    count
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("{child}: valgrind counted nothing:\n{text}"))
}

/// The child: sets a case up and repeats it as often as it is told.
pub(crate) fn run_child(child: &str) -> Result<ExitCode, String> {
    let parts: Vec<&str> = child.split('/').collect();
    let [name, who, members, repetitions] = parts[..] else {
        return Err(format!("{child}: not a case"));
    };
    let case = CASES
        .iter()
        .find(|case| case.name == name)
        .ok_or_else(|| format!("{name}: no such case"))?;
    let prepare =
        Who::ALL.into_iter().find(|known| known.name() == who).and_then(|who| case.prepare(who));
    match (prepare, members.parse(), repetitions.parse()) {
        (Some(prepare), Ok(members), Ok(repetitions)) => {
            prepare(members)(repetitions);
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(format!("{child}: not a case")),
    }
}
