//! What the core costs: time and instructions for each thing it does often, against tables of 100,
//! 1,000 and 10,000 members, next to foca's where foca does the like.
//!
//! `cargo bench -p swim-core` prints a table, `-- --check` compares the instructions with the
//! stored ones and fails if a case got worse, `-- --renew` stores them anew, `-- --plot FILE` draws
//! the cost against the number of members, `-- --help` tells the rest. Instructions are counted by
//! valgrind (cachegrind): each case runs in a process of its own with few and with many
//! repetitions, and the difference is divided, so that setting up is not counted.

mod arguments;
mod baseline;
mod cases;
mod check;
mod curves;
mod foca_node;
mod measure;
mod node;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 64 } else { 0 };
            // Nowhere to print to is nowhere to complain to.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let outcome = match (&arguments.child, &arguments.plot) {
        (Some(child), _) => measure::run_child(child),
        (None, Some(to)) => curves::draw(to),
        (None, None) if arguments.check => check::check(&arguments),
        (None, None) if arguments.renew => check::renew(),
        (None, None) => table::print(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}
