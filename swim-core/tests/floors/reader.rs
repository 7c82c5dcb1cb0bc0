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
    let (_, section) =
        document.split_once(heading).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let lines = section.lines().take_while(|line| !line.starts_with("## "));
    let mut floors = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, floor, modules, ..] = cells[..]
            && let Ok(floor) = floor.parse::<u8>()
        {
            let names =
                modules.split_whitespace().map(|name| name.trim_matches('`').trim_end_matches('/'));
            floors.extend(names.map(|name| (name.to_owned(), floor)));
        }
    }
    assert!(!floors.is_empty(), "no table below {heading:?}");
    floors
}

/// The code of a source: without its tests, comments, and what only tests import. Code below a
/// module of tests counts.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let mut before = "";
    let mut in_tests = false;
    source.lines().filter(move |line| {
        let for_tests = before == "#[cfg(test)]";
        before = line;
        in_tests |= for_tests && line.starts_with("mod ") && line.ends_with('{');
        let skipped =
            in_tests || for_tests && (line.starts_with("use ") || line.starts_with("mod "));
        in_tests &= *line != "}";
        !skipped && !line.trim_start().starts_with("//")
    })
}

/// The modules of the crate that a source mentions: what follows `crate::`, or as many `super::` as
/// lead out of a file that stands `depth` modules deep.
pub(crate) fn imports(source: &str, depth: usize) -> BTreeSet<String> {
    let root = "super::".repeat(depth);
    // What cannot be read as a name, such as a group in braces, stands on no floor and so breaks
    // the rule.
    let name = |rest: &str| match rest
        .chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect::<String>()
    {
        name if name.is_empty() => String::from("(not one module)"),
        name => name,
    };
    let mut found = BTreeSet::new();
    for line in code(source) {
        found.extend(line.split("crate::").skip(1).map(name));
        // A module within the file begins its own `super::`.
        if !line.starts_with(' ') {
            found.extend(
                line.split(&*root).skip(1).filter(|rest| !rest.starts_with("super::")).map(name),
            );
        }
    }
    found
}

/// Every module below a folder of sources, with all that its files import. `lib.rs`, `main.rs` and
/// programs stand above all.
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

/// What breaks the rules, as sentences; `beside` stand on no floor, and nothing imports them.
pub(crate) fn violations(floors: &Floors, modules: &Modules, beside: &[&str]) -> Vec<String> {
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
                Some(&other) if other > floor => {
                    found.push(format!("{module} imports {import} from above"));
                }
                Some(&other) if other == floor => {
                    found.push(format!("{module} imports its neighbour {import}"));
                }
                Some(_) => {}
            }
        }
    }
    let gone = floors.keys().filter(|module| !modules.contains_key(*module));
    found.extend(
        gone.map(|module| format!("{module} stands in the table, and there is no such module")),
    );
    found.extend(
        circle(&known(floors, modules))
            .into_iter()
            .map(|module| format!("{module} is part of a circle")),
    );
    found
}

/// The modules that stand on a floor, with those of their imports that do.
fn known(floors: &Floors, modules: &Modules) -> Modules {
    let of_floors = |imports: &BTreeSet<String>| {
        imports.iter().filter(|name| floors.contains_key(*name)).cloned().collect()
    };
    let known = modules.iter().filter(|(module, _)| floors.contains_key(*module));
    known.map(|(module, imports)| (module.clone(), of_floors(imports))).collect()
}

/// The modules of circles, and of ways from one circle to another: what is left when imports that
/// begin or end a way are taken away again and again.
pub(crate) fn circle(modules: &Modules) -> BTreeSet<String> {
    let imports = modules
        .iter()
        .flat_map(|(module, imports)| imports.iter().map(move |import| (module, import)));
    let mut left: Vec<(&String, &String)> =
        imports.filter(|(module, import)| module != import).collect();
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

/// Every file below a folder of sources, as the path of its module, with the files that it imports.
/// A file may import what stands around it: `mod.rs` of its own room.
pub(crate) fn files(src: &Path) -> Modules {
    fn collect(path: &Path, module: &[String], into: &mut BTreeMap<Vec<String>, String>) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && !["tests", "bin"].contains(&&*name) {
            for entry in fs::read_dir(path).unwrap() {
                collect(
                    &entry.unwrap().path(),
                    &[module, std::slice::from_ref(&name)].concat(),
                    into,
                );
            }
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !["tests", "lib", "main"].contains(&&*name)
        {
            let module = if name == "mod" { module.to_vec() } else { [module, &[name]].concat() };
            let source = fs::read_to_string(path).unwrap();
            into.insert(module, code(&source).collect::<Vec<_>>().join("\n"));
        }
    }
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir(src).unwrap() {
        collect(&entry.unwrap().path(), &[], &mut sources);
    }
    let is_file = |path: &[String]| sources.contains_key(path);
    let around = |own: &[String], path: &Vec<String>| !own.starts_with(path);
    let imported = |own: &Vec<String>, code: &String| {
        let found = paths(code, own).into_iter().filter_map(|path| {
            (1..=path.len()).rev().map(|len| path[..len].to_vec()).find(|path| is_file(path))
        });
        found.filter(|path| around(own, path)).map(|path| path.join("::")).collect()
    };
    sources.iter().map(|(own, code)| (own.join("::"), imported(own, code))).collect()
}

/// The paths in some code that begin with `crate::` or `super::`, from the root; of those in braces
/// each.
fn paths(code: &str, own: &[String]) -> Vec<Vec<String>> {
    let segments = |text: &str| -> Vec<String> {
        let end =
            text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
        text[..end].split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let mut found = Vec::new();
    for start in ["crate::", "super::"].into_iter().flat_map(|start| code.match_indices(start)) {
        let (at, _) = start;
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == ':' || c == '_') {
            continue;
        }
        let path = segments(&code[at..]);
        let ups = path.iter().take_while(|name| *name == "super").count();
        let base = if ups > own.len() {
            continue;
        } else {
            &own[..if ups == 0 { 0 } else { own.len() - ups }]
        };
        let path = [base, &path[ups.max(1)..]].concat();
        let length =
            code[at..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(0);
        match code[at + length..].strip_prefix('{').and_then(|rest| rest.split(['}', ';']).next()) {
            Some(group) => found.extend(
                group.split(',').map(|name| [path.clone(), segments(name.trim())].concat()),
            ),
            None => found.push(path),
        }
    }
    found
}
