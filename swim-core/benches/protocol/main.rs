//! What the core costs: time and instructions for each thing it does often, against tables of 100, 1,000 and 10,000
//! members.
//!
//! `cargo bench -p swim-core` prints a table. Instructions are counted by valgrind (cachegrind): each case runs in a
//! process of its own with few and with many repetitions, and the difference is divided, so that setting up is not
//! counted. Where valgrind is missing the table says so. `cargo bench -p swim-core -- ping` runs the cases whose names
//! contain `ping`.

mod cases;
mod measure;

use std::process::ExitCode;

use cases::{CASES, Case};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [mode, name, members, repetitions] = &arguments[..]
        && mode == measure::CHILD
    {
        return measure::run_child(name, members, repetitions);
    }
    let wanted = |case: &&Case| arguments.is_empty() || arguments.iter().any(|part| case.name.contains(part.as_str()));
    let chosen: Vec<&Case> = CASES.iter().filter(wanted).collect();
    if chosen.is_empty() {
        eprintln!("no case is named like that; there are: {}", CASES.map(|case| case.name).join(", "));
        return ExitCode::FAILURE;
    }
    let valgrind = measure::has_valgrind();
    if !valgrind {
        eprintln!("valgrind is not installed: instructions are not counted");
    }
    println!("{:<28} {:>8} {:>12} {:>14}", "case", "members", "ns", "instructions");
    for case in chosen {
        for &members in case.sizes {
            let time = measure::nanoseconds(case, members);
            let instructions = if valgrind { measure::instructions(case, members) } else { None };
            let instructions = instructions.map_or_else(|| String::from("-"), |count| count.to_string());
            println!("{:<28} {members:>8} {time:>12.0} {instructions:>14}", case.name);
        }
    }
    ExitCode::SUCCESS
}
