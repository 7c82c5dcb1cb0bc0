//! The tables of floors are true: each module imports only what stands below it. The core's and the
//! drivers' are in docs/ARCHITECTURE.md, those of the programs (the agent, the simulator's command)
//! at the heads of their `main.rs`.

#[path = "floors/drivers.rs"]
mod drivers;
#[path = "floors/reader.rs"]
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reader::{Floors, Modules};

const DOCUMENT: &str = include_str!("../../docs/ARCHITECTURE.md");
/// Rooms of concepts, of which none imports another: each is read, tested and replaced alone.
const CONCEPTS: [&str; 4] = ["detection", "gossip", "sync", "table"];

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
    reader::violations(floors, modules, &["typed"])
}

#[test]
fn every_module_imports_only_from_below() {
    assert_eq!(violations(&floors(), &modules()), Vec::<String>::new());
}

#[test]
fn the_check_sees_planted_violations() {
    let (floors, mut modules) = (floors(), modules());
    modules.get_mut("ground").unwrap().insert("swim".into());
    modules.get_mut("detection").unwrap().insert("gossip".into());
    modules.insert("helpers".into(), BTreeSet::new());
    let found = violations(&floors, &modules);
    for expected in [
        "ground imports swim from above",
        "detection imports its neighbour gossip",
        "helpers stands on no floor",
    ] {
        assert!(found.iter().any(|violation| violation == expected), "{expected}: {found:?}");
    }
    assert!(found.iter().any(|violation| violation.contains("circle")));
}

#[test]
fn an_import_of_several_modules_at_once_does_not_escape_the_check() {
    let mut modules = modules();
    modules.get_mut("ground").unwrap().extend(reader::imports("use crate::{swim::Swim, wire};", 1));
    let found = violations(&floors(), &modules);
    assert_eq!(found, ["ground imports (not one module), which stands on no floor"]);
}

/// The core's files.
fn files() -> Modules {
    reader::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The concepts that a file of another concept imports, as sentences.
fn neighbours(files: &Modules) -> Vec<String> {
    let concept = |file: &str| {
        let mut path = file.split("::");
        let room = path.next().filter(|room| CONCEPTS.contains(room))?;
        Some(format!("{room}::{}", path.next()?))
    };
    let pairs = files.iter().flat_map(|(file, imports)| imports.iter().map(move |i| (file, i)));
    let both = pairs.filter_map(|(file, import)| concept(file).zip(concept(import)));
    both.filter(|(one, other)| one != other).map(|(one, o)| format!("{one} imports {o}")).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle_and_no_concept_imports_another() {
    let files = files();
    assert!(files["serf::querying"].contains("serf::queries"), "{files:?}");
    assert_eq!(reader::circle(&files), BTreeSet::new());
    assert_eq!(neighbours(&files), Vec::<String>::new());
}

#[test]
fn the_check_sees_a_circle_of_files_and_a_concept_that_imports_another() {
    let mut files = files();
    files.get_mut("serf::queries").unwrap().insert("serf::querying".into());
    files.get_mut("detection::probe").unwrap().insert("detection::pings".into());
    assert!(reader::circle(&files).contains("serf::queries"));
    assert_eq!(neighbours(&files), ["detection::probe imports detection::pings"]);
}

/// Every file of `src/`, by its path in there, with its text.
fn sources() -> Vec<(String, String)> {
    fn collect(root: &Path, path: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, into);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                into.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files
}

/// The fields of membership's parts that are assigned, each with the files that do so:
/// `self.part.field = …`, or a replacement of the whole value. What is a machine changes by its own
/// methods.
fn writers(files: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    const PARTS: [&str; 5] = ["local", "detector", "gossip", "contacts", "outputs"];
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for (file, source) in files.iter().filter(|(file, _)| file.starts_with("membership/")) {
        let code: String = source.split("#[cfg(test)]").next().unwrap_or_default().into();
        for (at, _) in code.match_indices("self.") {
            let end = code[at..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
            let path: Vec<&str> = code[at..at + end.unwrap_or(0)].split('.').collect();
            let [_, part, field, rest @ ..] = &path[..] else { continue };
            let after = code[at + end.unwrap_or(0)..].trim_start();
            let (before, is_whole) = (&code[..at], rest.is_empty());
            let is_assigned = ["= ", "+= ", "-= ", "|= ", "&= "]
                .iter()
                .any(|operator| is_whole && after.starts_with(operator));
            let is_replaced = ["mem::take(&mut ", "mem::replace(&mut "]
                .iter()
                .any(|call| is_whole && before.ends_with(call));
            let is_taken = matches!(rest, ["take" | "take_if" | "get_or_insert" | "insert"])
                && ["probe", "round_trip", "heard_last", "contender", "searching", "last_tick"]
                    .contains(field);
            if PARTS.contains(part) && (is_assigned || is_replaced || is_taken) {
                found.entry(format!("{part}.{field}")).or_default().insert(file.clone());
            }
        }
    }
    found
}

/// The fields that more than one file assigns.
fn shared(files: &[(String, String)]) -> Vec<(String, BTreeSet<String>)> {
    writers(files).into_iter().filter(|(_, files)| files.len() > 1).collect()
}

#[test]
fn each_field_that_membership_shares_is_assigned_in_one_file() {
    let sources = sources();
    assert!(writers(&sources).len() >= 15, "{:?}", writers(&sources));
    assert_eq!(shared(&sources), []);
}

#[test]
fn the_check_sees_a_field_that_a_second_file_assigns() {
    let lines = "self.detector.probe = None;\n self.local.had_peers |= true;\n \
                 core::mem::take(&mut self.gossip.scratch);\n self.local.contender.take();";
    for field in ["detector.probe", "local.had_peers", "gossip.scratch", "local.contender"] {
        let planted = [sources(), vec![("membership/leaving.rs".into(), lines.into())]].concat();
        assert!(shared(&planted).iter().any(|(name, _)| name == field), "{field}");
    }
}

/// Feature to the files and folders in which it may stand, from the rows `| `serde` | `id.rs`
/// `member.rs` | … |`.
fn homes() -> BTreeMap<String, Vec<String>> {
    let names = |cell: &str| {
        cell.split_whitespace().map(|name| name.trim_matches('`').to_owned()).collect()
    };
    let rows = DOCUMENT.lines().skip_while(|line| !line.starts_with("| feature |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .map(|cells| (cells[1].trim_matches('`').to_owned(), names(cells[2])))
        .collect()
}

/// The features that code hangs on.
fn features(source: &str) -> BTreeSet<String> {
    let lines =
        source.lines().filter(|line| line.contains("cfg") && !line.trim_start().starts_with("//"));
    let mentions = lines.flat_map(|line| line.split("feature = \"").skip(1));
    mentions.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// Where code hangs on a feature and should not, as sentences.
fn strays(homes: &BTreeMap<String, Vec<String>>, files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, source) in files {
        for feature in features(source) {
            let is_home = |home: &String| Path::new(file).starts_with(home);
            if !homes.get(&feature).is_some_and(|homes| homes.iter().any(is_home)) {
                found.push(format!("{file} hangs on {feature}"));
            }
        }
    }
    found
}

#[test]
fn what_a_feature_adds_stands_where_the_document_says() {
    let (homes, files) = (homes(), sources());
    assert_eq!(strays(&homes, &files), Vec::<String>::new());
    for (feature, homes) in homes {
        for home in homes {
            let is_used = |(file, source): &(String, String)| {
                Path::new(file).starts_with(&home) && features(source).contains(&feature)
            };
            assert!(files.iter().any(is_used), "{home} does not hang on {feature}");
        }
    }
}

#[test]
fn the_check_sees_code_that_hangs_on_a_feature_elsewhere() {
    let planted =
        |file: &str, line: &str| vec![(file.to_owned(), format!("    {line}\n    mod extra;\n"))];
    let memberlist = "#[cfg(any(test, feature = \"memberlist\"))]";
    assert_eq!(
        strays(&homes(), &planted("membership/belief/claims.rs", memberlist)),
        ["membership/belief/claims.rs hangs on memberlist"]
    );
    assert_eq!(
        strays(&homes(), &planted("dialectic.rs", memberlist)),
        ["dialectic.rs hangs on memberlist"]
    );
    let is_built = "if cfg!(feature = \"encryption\") {";
    assert_eq!(
        strays(&homes(), &planted("membership/mod.rs", is_built)),
        ["membership/mod.rs hangs on encryption"]
    );
    assert_eq!(strays(&homes(), &planted("dialect/mod.rs", memberlist)), Vec::<String>::new());
}

#[test]
fn the_core_has_no_clock_socket_thread_or_float_in_its_decisions() {
    for (file, source) in sources().iter().filter(|(file, _)| !file.ends_with("tests.rs")) {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: Vec<&str> =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // Network coordinates are floats and decide nothing: these files alone know them.
        let is_geometry = ["wire/serf/coordinate.rs", "wire/serf/space.rs", "serf/vivaldi.rs"]
            .iter()
            .any(|name| file.ends_with(name));
        let floats: &[&str] = if is_geometry { &[] } else { &["f32", "f64"] };
        let others = [
            "std::time",
            "std::net",
            "std::thread::",
            "std::thread;",
            "HashMap",
            "HashSet",
            "unsafe {",
        ];
        for forbidden in others.iter().chain(floats) {
            let line = code.iter().find(|line| line.contains(*forbidden));
            assert_eq!(line, None, "{file} mentions {forbidden}");
        }
    }
}
