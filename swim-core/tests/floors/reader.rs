//! Reads a table of floors and the imports of a crate, and says where the two differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Module to floor.
pub(crate) type Floors = BTreeMap<String, u8>;
/// Module to the modules that its files import, itself perhaps among them.
pub(crate) type Modules = BTreeMap<String, BTreeSet<String>>;

/// The floors from the rows `| 2 | `a` `b/` | … |` below a heading, up to the next one.
///
/// # Panics
/// If there is no such heading, or no row below it.
pub(crate) fn floors(document: &str, heading: &str) -> Floors {
    let (_, section) = document.split_once(heading).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let lines = section.lines().take_while(|line| !line.starts_with("## "));
    let mut floors = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, floor, modules, ..] = cells[..]
            && let Ok(floor) = floor.parse::<u8>()
        {
            let names = modules.split_whitespace().map(|name| name.trim_matches('`').trim_end_matches('/'));
            floors.extend(names.map(|name| (name.to_owned(), floor)));
        }
    }
    assert!(!floors.is_empty(), "no table below {heading:?}");
    floors
}

/// The code of a source: without its tests, comments, and what only tests import.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut before = "";
    code.lines().filter(move |line| {
        let of_tests = before == "#[cfg(test)]" && line.starts_with("use ");
        before = line;
        !of_tests && !line.trim_start().starts_with("//")
    })
}

/// The modules of the crate that a source mentions: what follows `crate::`, or as many `super::` as lead out of a file that
/// stands `depth` modules deep.
pub(crate) fn imports(source: &str, depth: usize) -> BTreeSet<String> {
    let root = "super::".repeat(depth);
    // What cannot be read as a name, such as a group in braces, stands on no floor and so breaks the rule.
    let name = |rest: &str| match rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>() {
        name if name.is_empty() => String::from("(not one module)"),
        name => name,
    };
    let mut found = BTreeSet::new();
    for line in code(source) {
        found.extend(line.split("crate::").skip(1).map(name));
        // A module within the file begins its own `super::`.
        if !line.starts_with(' ') {
            found.extend(line.split(&*root).skip(1).filter(|rest| !rest.starts_with("super::")).map(name));
        }
    }
    found
}

/// Every module below a folder of sources, with all that its files import. `lib.rs`, `main.rs` and programs stand above all.
pub(crate) fn modules(src: &Path) -> Modules {
    fn collect(path: &Path, depth: usize, into: &mut BTreeSet<String>) {
        if path.is_dir() && !path.ends_with("tests") {
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap().path();
                let is_head = entry.ends_with("mod.rs");
                collect(&entry, if is_head { depth } else { depth + 1 }, into);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
            into.extend(imports(&fs::read_to_string(path).unwrap(), depth));
        }
    }
    let mut modules = Modules::new();
    for entry in fs::read_dir(src).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !["lib", "main", "bin"].contains(&&*name) {
            collect(&path, 1, modules.entry(name).or_default());
        }
    }
    modules
}

/// What breaks the rules, as sentences. On floors up to `neighbours` a module may import others of its floor, if there is
/// one; `beside` stand on no floor, and nothing imports them.
pub(crate) fn violations(floors: &Floors, modules: &Modules, neighbours: Option<u8>, beside: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (module, imports) in modules {
        let Some(&floor) = floors.get(module) else {
            if !beside.contains(&&**module) {
                found.push(format!("{module} stands on no floor"));
            }
            continue;
        };
        for import in imports.iter().filter(|&import| import != module) {
            match floors.get(import) {
                None => found.push(format!("{module} imports {import}, which stands on no floor")),
                Some(&other) if other > floor => found.push(format!("{module} imports {import} from above")),
                Some(&other) if other == floor && neighbours.is_none_or(|highest| floor > highest) => {
                    found.push(format!("{module} imports its neighbour {import}"));
                }
                Some(_) => {}
            }
        }
    }
    let gone = floors.keys().filter(|module| !modules.contains_key(*module));
    found.extend(gone.map(|module| format!("{module} stands in the table, and there is no such module")));
    found.extend(circle(floors, modules).into_iter().map(|module| format!("{module} is part of a circle")));
    found
}

/// The modules of circles, and of ways from one circle to another: what is left when imports that begin or end a way
/// are taken away again and again.
fn circle(floors: &Floors, modules: &Modules) -> BTreeSet<String> {
    let known = modules.iter().filter(|(module, _)| floors.contains_key(*module));
    let mut left: Vec<(&String, &String)> = known
        .flat_map(|(module, imports)| imports.iter().map(move |import| (module, import)))
        .filter(|(module, import)| module != import && floors.contains_key(*import))
        .collect();
    loop {
        let importers: BTreeSet<_> = left.iter().map(|(module, _)| *module).collect();
        let imported: BTreeSet<_> = left.iter().map(|(_, import)| *import).collect();
        let before = left.len();
        left.retain(|(module, import)| importers.contains(import) && imported.contains(module));
        if left.len() == before {
            return left.into_iter().map(|(module, _)| module.clone()).collect();
        }
    }
}
