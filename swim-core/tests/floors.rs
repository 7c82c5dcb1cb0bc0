//! The tables of floors are true: each module imports only what stands below it. The core's and the drivers' are in
//! docs/ARCHITECTURE.md, the agent's at the head of its `main.rs`.

#[path = "floors/drivers.rs"]
mod drivers;
#[path = "floors/reader.rs"]
mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reader::{Floors, Modules};

const DOCUMENT: &str = include_str!("../../docs/ARCHITECTURE.md");
/// Within these floors neighbours may import one another, without circles.
const FLOORS_WITH_NEIGHBOURS: u8 = 1;

/// The core's table.
fn floors() -> Floors {
    reader::floors(DOCUMENT, "## Floors of swim-core")
}

/// The core's modules.
fn modules() -> Modules {
    reader::modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// What breaks the rules, as sentences.
fn violations(floors: &Floors, modules: &Modules) -> Vec<String> {
    reader::violations(floors, modules, Some(FLOORS_WITH_NEIGHBOURS), &["typed"])
}

#[test]
fn every_module_imports_only_from_below() {
    assert_eq!(violations(&floors(), &modules()), Vec::<String>::new());
}

#[test]
fn the_check_sees_planted_violations() {
    let (floors, mut modules) = (floors(), modules());
    modules.get_mut("time").unwrap().insert("swim".into());
    modules.get_mut("probe").unwrap().insert("pings".into());
    modules.insert("helpers".into(), BTreeSet::new());
    let found = violations(&floors, &modules);
    for expected in ["time imports swim from above", "probe imports its neighbour pings", "helpers stands on no floor"]
    {
        assert!(found.iter().any(|violation| violation == expected), "{expected}: {found:?}");
    }
    assert!(found.iter().any(|violation| violation.contains("circle")));
}

#[test]
fn an_import_of_several_modules_at_once_does_not_escape_the_check() {
    let mut modules = modules();
    modules.get_mut("time").unwrap().extend(reader::imports("use crate::{swim::Swim, wire};", 1));
    let found = violations(&floors(), &modules);
    assert_eq!(found, ["time imports (not one module), which stands on no floor"]);
}

#[test]
fn the_core_has_no_clock_socket_thread_or_float_in_its_decisions() {
    fn sources(path: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for (file, source) in files.iter().filter(|(file, _)| !file.ends_with("tests.rs")) {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // Network coordinates are floats and decide nothing: these files alone know them.
        let is_geometry =
            ["coordinate.rs", "vivaldi.rs", "wire/reader.rs", "wire/writer.rs"].iter().any(|name| file.ends_with(name));
        let floats: &[&str] = if is_geometry { &[] } else { &["f32", "f64"] };
        let others = ["std::time", "std::net", "std::thread::", "std::thread;", "HashMap", "HashSet", "unsafe {"];
        for forbidden in others.iter().chain(floats) {
            let line = code.iter().find(|line| line.contains(*forbidden));
            assert_eq!(line, None, "{file} mentions {forbidden}");
        }
    }
}
