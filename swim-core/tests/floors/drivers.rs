//! The floors of the drivers: of the simulator and its command, of swim-tokio's library, and of its
//! agent.

use std::path::Path;

use super::DOCUMENT;
use super::reader::{self, Floors, Modules, circle, imports, violations};

/// A crate or a program, with its table.
struct House {
    name: &'static str,
    floors: Floors,
    modules: Modules,
}

impl House {
    fn new(name: &'static str, floors: Floors, src: &str) -> Self {
        let modules = reader::modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(src));
        Self { name, floors, modules }
    }

    /// No module of a driver imports one of its own floor.
    fn violations(&self) -> Vec<String> {
        violations(&self.floors, &self.modules, &[])
    }

    /// Some module of the highest floor, and some of the lowest.
    fn top_and_bottom(&self) -> (String, String) {
        let by_floor = |(_, floor): &(&String, &u8)| **floor;
        let (top, _) = self.floors.iter().max_by_key(by_floor).unwrap();
        let (bottom, _) = self.floors.iter().min_by_key(by_floor).unwrap();
        (top.clone(), bottom.clone())
    }
}

/// The table at the head of a program.
fn of_program(main: &str) -> Floors {
    let head = main.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
    reader::floors(&head.collect::<Vec<_>>().join("\n"), "| floor |")
}

fn houses() -> [House; 4] {
    [
        House::new(
            "swim-sim",
            reader::floors(DOCUMENT, "## The simulator: swim-sim"),
            "swim-sim/src",
        ),
        House::new(
            "swim-tokio",
            reader::floors(DOCUMENT, "## The driver: swim-tokio"),
            "swim-tokio/src",
        ),
        House::new(
            "the agent",
            of_program(include_str!("../../../swim-tokio/src/bin/swim/main.rs")),
            "swim-tokio/src/bin/swim",
        ),
        House::new(
            "the simulator's command",
            of_program(include_str!("../../../swim-sim/src/bin/swim-sim/main.rs")),
            "swim-sim/src/bin/swim-sim",
        ),
    ]
}

#[test]
fn every_module_of_a_driver_imports_only_from_below() {
    for house in houses() {
        assert_eq!(house.violations(), Vec::<String>::new(), "{}", house.name);
    }
}

#[test]
fn the_check_sees_an_upward_import_a_circle_and_a_module_without_a_floor_in_each_driver() {
    for mut house in houses() {
        let (top, bottom) = house.top_and_bottom();
        house
            .modules
            .get_mut(&bottom)
            .unwrap()
            .extend(imports(&format!("use crate::{top}::Any;"), 1));
        house
            .modules
            .get_mut(&top)
            .unwrap()
            .extend(imports(&format!("use super::super::{bottom}::Any;"), 2));
        house.modules.insert(String::from("helpers"), imports("", 1));
        house.floors.insert(String::from("vanished"), 0);
        let found = house.violations();
        for expected in [
            format!("{bottom} imports {top} from above"),
            format!("{top} is part of a circle"),
            format!("{bottom} is part of a circle"),
            String::from("helpers stands on no floor"),
            String::from("vanished stands in the table, and there is no such module"),
        ] {
            assert!(found.contains(&expected), "{}: {expected}: {found:?}", house.name);
        }
    }
}

#[test]
fn the_check_sees_an_import_of_a_neighbour_in_each_driver_that_has_one() {
    for mut house in houses() {
        let (one, other) = (String::from("one"), String::from("other"));
        for name in [&one, &other] {
            house.floors.insert(name.clone(), 0);
            house.modules.insert(name.clone(), Modules::default().into_keys().collect());
        }
        house.modules.get_mut(&one).unwrap().extend(imports("use crate::other::Any;", 1));
        assert_eq!(house.violations(), ["one imports its neighbour other"], "{}", house.name);
    }
}

/// The files below a folder of the repository.
fn files(src: &str) -> Modules {
    reader::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(src))
}

#[test]
fn no_files_of_the_simulator_import_each_other_in_a_circle() {
    let library = files("swim-sim/src");
    assert!(library["trace::text"].contains("trace::line"), "{library:?}");
    assert!(
        library["cluster::run"].contains("checkers")
            && library["report::page"].contains("report::chart"),
        "{library:?}"
    );
    assert_eq!(circle(&library), [].into());
    let command = files("swim-sim/src/bin/swim-sim");
    assert!(command["experiment::spread"].contains("experiment::told"), "{command:?}");
    assert_eq!(circle(&command), [].into());
}

#[test]
fn the_check_sees_two_files_of_a_room_that_import_each_other() {
    let mut files = files("swim-sim/src");
    files.get_mut("trace::line").unwrap().insert(String::from("trace::text"));
    assert_eq!(circle(&files), ["trace::line", "trace::text"].map(String::from).into());
}

#[test]
fn tests_and_comments_import_nothing_and_code_after_what_only_tests_have_does() {
    let source = "//! [`a`](crate::a)\n#[cfg(test)]\nuse crate::b::B;\nuse crate::c::C;\n// crate::d\n    let e = crate::e::new();
#[cfg(test)]\nfn only_tests() {}\nuse super::super::f::F;\nuse super::g::G;\n#[cfg(test)]\nmod tests;\nuse crate::i::I;\n#[cfg(test)]\nmod more {\n    use crate::h::H;\n}\nuse crate::j::J;\n";
    assert_eq!(imports(source, 2).into_iter().collect::<Vec<_>>(), ["c", "e", "f", "i", "j"]);
}
