//! docs/SIMULATION.md says what is so.
#![cfg(feature = "serde")]

use swim_sim::Case;

const DOCUMENT: &str = include_str!("../../docs/SIMULATION.md");

/// The rows of the table that has this header, as their cells.
fn table(header: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').collect()).collect();
    assert!(!rows.is_empty(), "there is a table {header}");
    rows
}

fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_fault_of_the_table_can_be_written_in_a_file_as_it_says() {
    for row in table("| `Fault` | in a file |") {
        let (faults, files) = (codes(row[1]).count(), codes(row[2]).count());
        assert_eq!(faults, files, "{row:?}");
        for code in codes(row[2]) {
            let fault = if code.contains('=') { format!("{{ {code} }}") } else { format!("'{code}'") };
            let file = format!("name = 'x'\nnodes = 9\nplan = [{{ at = '1s', fault = {fault} }}]");
            let case = Case::from_toml(&file).unwrap_or_else(|error| panic!("{error}: {file}"));
            assert_eq!(case.plan.steps().len(), 1);
        }
    }
}

#[test]
fn the_file_that_it_shows_runs_and_goes_as_expected() {
    let file = DOCUMENT.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
    Case::from_toml(file).expect("a case").scenario().expect("a scenario").run(7);
}

#[test]
fn every_checker_has_its_row() {
    let mut rows: Vec<_> = table("| checker |").iter().filter_map(|row| codes(row[1]).next()).collect();
    rows.retain(|name| !name.contains("::"));
    rows.sort_unstable();
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checkers");
    let files = std::fs::read_dir(place).expect("the checkers").map(|file| file.expect("a file").file_name());
    let mut files: Vec<_> = files.map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    files.retain(|name| name != "mod" && name != "watch");
    files.sort_unstable();
    assert_eq!(rows, files);
}

#[test]
#[cfg(feature = "coverage")]
fn as_many_states_are_counted_as_it_says() {
    let report = swim_sim::campaign::Campaign::new(0, 1).run(|_| true);
    let states = report.coverage.states().len();
    assert!(DOCUMENT.contains(&format!("{states} states are counted")), "there are {states}");
}

#[test]
fn every_bug_has_its_row_and_every_row_its_patch() {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/bugs");
    let files = std::fs::read_dir(place).expect("the bugs").map(|file| file.expect("a file").file_name());
    let mut files: Vec<_> = files.map(|name| name.to_string_lossy().trim_end_matches(".patch").to_owned()).collect();
    files.sort_unstable();
    let rows = table("| bug |");
    let mut names: Vec<_> = rows.iter().filter_map(|row| codes(row[1]).next()).collect();
    names.sort_unstable();
    assert_eq!(names, files);
    assert!(rows.iter().all(|row| ["safety", "liveness", "panic", "coverage", "**no**"].contains(&row[3].trim())));
}
