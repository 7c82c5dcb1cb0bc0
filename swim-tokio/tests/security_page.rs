//! docs/SECURITY.md names tests, which are there, and every bound of the protocol's settings.

use std::path::Path;

const PAGE: &str = include_str!("../../docs/SECURITY.md");

/// The words between backticks in a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn table() -> &'static str {
    let (_, table) = PAGE.split_once("## Threats").expect("the table");
    table.split_once("\n## ").expect("what follows it").0
}

/// A bound that nobody needs is not there, so each one of the settings answers a threat.
#[test]
fn every_bound_of_the_settings_has_its_threat() {
    let settings = [
        include_str!("../../swim-core/src/ground/config.rs"),
        include_str!("../../swim-core/src/ground/config/events.rs"),
    ];
    let fields = settings
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.trim().strip_prefix("pub max_"));
    let bounds: Vec<_> =
        fields.filter_map(|field| Some(format!("max_{}", field.split_once(':')?.0))).collect();
    assert!(bounds.len() > 20, "{bounds:?}");
    let words: Vec<_> = quoted(table()).collect();
    for bound in &bounds {
        assert!(words.contains(&bound.as_str()), "{bound} answers no threat of docs/SECURITY.md");
    }
}

#[test]
fn every_test_that_the_table_of_threats_names_exists() {
    let rows: Vec<_> = table()
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .skip(1)
        .collect();
    assert!(rows.len() >= 30, "{}", rows.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("a last cell");
        let (mut source, mut named) = (None, 0);
        for word in quoted(tests) {
            if word.ends_with(".rs") {
                source = Some(
                    std::fs::read_to_string(root.join(word))
                        .unwrap_or_else(|_| panic!("{word}: {row}")),
                );
            } else {
                let source = source.as_ref().expect("a file before its tests");
                assert!(source.contains(&format!("fn {word}(")), "{word}: {row}");
                named += 1;
            }
        }
        assert!(named > 0, "no test is named: {row}");
    }
}
