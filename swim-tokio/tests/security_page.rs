//! docs/SECURITY.md names tests: they are there.

use std::path::Path;

const PAGE: &str = include_str!("../../docs/SECURITY.md");

/// The words between backticks in a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_table_of_threats_names_exists() {
    let (_, table) = PAGE.split_once("## Threats").expect("the table");
    let (table, _) = table.split_once("\n## ").expect("what follows it");
    let rows: Vec<_> =
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).skip(1).collect();
    assert!(rows.len() >= 15, "{}", rows.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("a last cell");
        let (mut source, mut named) = (None, 0);
        for word in quoted(tests) {
            if word.ends_with(".rs") {
                source = Some(std::fs::read_to_string(root.join(word)).unwrap_or_else(|_| panic!("{word}: {row}")));
            } else {
                let source = source.as_ref().expect("a file before its tests");
                assert!(source.contains(&format!("fn {word}(")), "{word}: {row}");
                named += 1;
            }
        }
        assert!(named > 0, "no test is named: {row}");
    }
}
