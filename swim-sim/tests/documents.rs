//! docs/SIMULATION.md says what is so.
#![cfg(feature = "serde")]

use swim_sim::Case;

const DOCUMENT: &str = include_str!("../../docs/SIMULATION.md");

/// The rows of the table that has this header, as their cells.
fn table(header: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows: Vec<_> =
        rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').collect()).collect();
    assert!(!rows.is_empty(), "there is a table {header}");
    rows
}

fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The names that a file may have somewhere: those that the error about an unknown one lists.
fn known(file: &str) -> Vec<String> {
    let error = Case::from_toml(&format!("name = 'x'\nnodes = 9\n{file}"))
        .expect_err("it has no such name")
        .to_string();
    let list = error.split("expected ").nth(1).unwrap_or_else(|| panic!("{error}"));
    let names: Vec<_> = codes(list.lines().next().unwrap_or_default()).map(str::to_owned).collect();
    assert!(names.len() > 1 && !names.contains(&String::from("zzz")), "{error}");
    names
}

#[test]
fn every_row_of_a_plan_can_be_written_in_a_file_as_it_says() {
    for (header, key) in
        [("| `Fault` |", "fault"), ("| `Plan` |", "operation"), ("| `Work` |", "work")]
    {
        let mut written = Vec::new();
        for row in table(header) {
            let (rows, files) = (codes(row[1]).count(), codes(row[2]).count());
            assert_eq!(rows, files, "{row:?}");
            for code in codes(row[2]) {
                let said =
                    if code.contains('=') { format!("{{ {code} }}") } else { format!("'{code}'") };
                let file =
                    format!("name = 'x'\nnodes = 9\nplan = [{{ at = '1s', {key} = {said} }}]");
                let case = Case::from_toml(&file).unwrap_or_else(|error| panic!("{error}: {file}"));
                assert!(!case.plan.steps().is_empty());
                written.extend(code.split(' ').next().map(str::to_owned));
            }
        }
        let mut wanted = known(&format!("plan = [{{ at = '1s', {key} = 'zzz' }}]"));
        wanted.sort_unstable();
        written.sort_unstable();
        assert_eq!(written, wanted, "every {key} has its row");
    }
}

#[test]
fn every_key_of_a_file_is_said() {
    let keys: Vec<_> =
        table("| key |").iter().flat_map(|row| codes(row[1])).map(str::to_owned).collect();
    let (mut keys, mut wanted) = (keys, known("zzz = 1"));
    keys.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(keys, wanted);
    for place in [
        "plan = [{ at = '1s', zzz = 1 }]",
        "expect = [{ by = '1s', zzz = 1 }]",
        "expect = [{ by = '1s', that = 'zzz' }]",
        "link = { zzz = 1 }",
        "link = { latency = { zzz = 1 } }",
        "join = 'zzz'",
        "profile = 'zzz'",
    ] {
        for name in known(place) {
            let is_said = ["`", "\"", "{ "]
                .into_iter()
                .any(|before| DOCUMENT.contains(&format!("{before}{name}")));
            assert!(is_said, "{name}, as in {place}");
        }
    }
}

#[test]
fn the_file_that_it_shows_runs_and_goes_as_expected() {
    let file = DOCUMENT
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a file");
    Case::from_toml(file).expect("a case").scenario().expect("a scenario").run(7);
}

#[test]
fn every_checker_has_its_row() {
    let mut rows: Vec<_> =
        table("| checker |").iter().filter_map(|row| codes(row[1]).next()).collect();
    rows.retain(|name| !name.contains("::"));
    rows.sort_unstable();
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checkers");
    let files = std::fs::read_dir(place)
        .expect("the checkers")
        .map(|file| file.expect("a file").file_name());
    let mut files: Vec<_> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
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
    let files =
        std::fs::read_dir(place).expect("the bugs").map(|file| file.expect("a file").file_name());
    let mut files: Vec<_> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".patch").to_owned()).collect();
    files.sort_unstable();
    let rows = table("| bug |");
    let mut names: Vec<_> = rows.iter().filter_map(|row| codes(row[1]).next()).collect();
    names.sort_unstable();
    assert_eq!(names, files);
    assert!(
        rows.iter()
            .all(|row| ["safety", "liveness", "panic", "coverage", "**no**"]
                .contains(&row[3].trim()))
    );
}
