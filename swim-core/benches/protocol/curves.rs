//! Draws instructions against the number of members: ours next to foca's.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use swim_plot::{Axis, Plot, Point, Series};

use crate::cases::{CASES, Who};
use crate::measure;

/// What is drawn: what a node does all the time.
const DRAWN: [&str; 2] = ["steady state, one second", "ping with 10 known updates"];
const SIZES: [usize; 5] = [100, 300, 1_000, 3_000, 10_000];

/// Counts, prints the counts and writes the drawing.
pub(crate) fn draw(to: &Path) -> Result<ExitCode, String> {
    if !measure::has_valgrind() {
        return Err(String::from("valgrind is not installed: instructions cannot be counted"));
    }
    // Cargo runs a benchmark in its package's directory.
    let to = &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(to);
    let failed = |error: io::Error| format!("{}: {error}", to.display());
    // Found out before minutes of counting.
    OpenOptions::new().append(true).create(true).open(to).map_err(failed)?;
    let mut series = Vec::new();
    for name in DRAWN {
        let case = CASES
            .iter()
            .find(|case| case.name == name)
            .ok_or_else(|| format!("{name}: no such case"))?;
        for who in Who::ALL {
            let mut points = Vec::new();
            for members in SIZES {
                let counted = measure::instructions(case, who, members)?;
                println!("{name}, {}, {members} members: {counted} instructions", who.name());
                points.push(Point { x: members as f64, y: counted as f64 / 1_000.0, half: 0.0 });
            }
            series.push(Series::new(format!("{}, {name}", who.name()), points));
        }
    }
    let plot = Plot {
        id: "instructions",
        title: "Instructions of one node, by the number of members",
        x: Axis { label: "members", is_log: true },
        y: Axis { label: "thousand instructions", is_log: true },
        series,
    };
    fs::write(to, plot.svg()).map_err(failed)?;
    println!("drawn in {}", to.display());
    Ok(ExitCode::SUCCESS)
}
