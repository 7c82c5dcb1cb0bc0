//! The `swim-sim` command: runs scenarios and campaigns, and checks that runs repeat themselves.
//!
//! It only reads arguments and prints; what runs is the library's. The exit codes tell a broken
//! promise and a missed expectation apart, so that a script can.
//!
//! | floor | module | what |
//! | --- | --- | --- |
//! | 0 | `aside` | what is said on standard error |
//! | 0 | `exit` | the exit codes |
//! | 0 | `plant` | failures that are planted on purpose |
//! | 0 | `quoted` | words of commands that are printed |
//! | 0 | `recording` | `--trace` and `--jsonl` |
//! | 0 | `stop` | what ctrl-c asks of a campaign |
//! | 0 | `telling` | what became of a case, for people |
//! | 1 | `options` | what a run is made of: a scenario that ships, or a file |
//! | 1 | `output` | figures in a format, the page, curves |
//! | 1 | `shipped` | `list` |
//! | 1 | `stopwatch` | real time |
//! | 2 | `determinism` | `check-determinism` |
//! | 2 | `experiment/` | `experiment`: the papers' measurements |
//! | 2 | `progress` | the bars |
//! | 2 | `run` | `run` |
//! | 3 | `smaller` | makes a case smaller, and writes it |
//! | 4 | `replay` | `replay` |
//! | 4 | `swarm` | `swarm` |
//! | 5 | `arguments` | the command line |
//!
//! A module imports from floors below its own; `swim-core/tests/floors.rs` reads this table.

mod arguments;
mod aside;
mod determinism;
mod exit;
mod experiment;
mod options;
mod output;
mod plant;
mod progress;
mod quoted;
mod recording;
mod replay;
mod run;
mod shipped;
mod smaller;
mod stop;
mod stopwatch;
mod swarm;
mod telling;

use std::io::ErrorKind;
use std::process::ExitCode;

use self::arguments::{Arguments, Command};
use self::aside::aside;
use self::exit::Exit;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and the version are no errors; clap's own code for errors is taken by broken
            // promises here.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Fine };
            // Nowhere to print to is nowhere to complain to.
            let _ = error.print();
            return ExitCode::from(exit as u8);
        }
    };
    let outcome = match &arguments.command {
        Command::Run { options, recording, output } => run::run(options, recording, output),
        Command::Replay(options) => replay::replay(options),
        Command::CheckDeterminism { options } => determinism::check(options),
        Command::Swarm(options) => swarm::swarm(options),
        Command::Experiment(options) => experiment::experiment(options),
        Command::List => shipped::list(),
    };
    let exit = outcome.unwrap_or_else(|error| {
        if error.kind() == ErrorKind::BrokenPipe {
            return Exit::Unheard;
        }
        aside!("swim-sim: {error}");
        if error.kind() == ErrorKind::InvalidInput { Exit::Usage } else { Exit::Other }
    });
    ExitCode::from(exit as u8)
}
