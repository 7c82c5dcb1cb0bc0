//! What a simulated cluster costs and how well it does, next to a cluster of
//! [foca](https://docs.rs/foca) on the same simulated network with the same settings.
//!
//! `cargo bench -p swim-sim` compares at 100 and 1,000 nodes; `-- --help` tells what can be chosen.
//! Each cluster lives in a process of its own, so that neither sees the other's memory. Ours is the
//! simulator as its users have it (trace hash included, checkers left out); foca's is the least
//! event loop that works.

mod arguments;
mod cases;
mod foca_cluster;
mod measure;
mod reach;
mod report;
mod scene;
mod spread;
mod swim_cluster;
mod tally;

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command, Peer};
use self::foca_cluster::FocaCluster;
use self::swim_cluster::SwimCluster;

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
    let outcome = match (&arguments.command, arguments.child) {
        (Some(Command::Reach(options)), _) => reach::run(options),
        (Some(Command::Spread(options)), _) => spread::run(options),
        (None, None) => report::compare(&arguments.comparison),
        (None, Some(Peer::Swim)) => cases::run::<SwimCluster>(Peer::Swim, &arguments.comparison),
        (None, Some(Peer::Foca)) => cases::run::<FocaCluster>(Peer::Foca, &arguments.comparison),
    };
    outcome.map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
