//! The `swim-sim` command: runs scenarios and campaigns, and checks that runs repeat themselves.
//!
//! It only reads arguments and prints; what runs is the library's. The exit codes tell a broken
//! promise and a missed expectation apart, so that a script can.

mod arguments;
mod aside;
mod determinism;
mod experiment;
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

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use swim_sim::{Failure, FailureKind};

use self::arguments::{Arguments, Command};
use self::aside::aside;

/// How the command ends, but for a panic, which is 101.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine = 0,
    Other = 1,
    Safety = 2,
    Liveness = 3,
    /// A campaign did not come into every state that it is to test.
    Coverage = 4,
    /// Wrong arguments, or a file that says what cannot be: sysexits' `EX_USAGE`.
    Usage = 64,
    /// A panic in a run, which was caught: as one that was not.
    Panic = 101,
    /// A campaign was stopped before its time, and nothing had failed by then: as a process that
    /// SIGINT ends.
    Stopped = 130,
    /// Who was to read the output went away: as a process that SIGPIPE ends.
    Unheard = 141,
}

/// That something was asked for that cannot be.
pub(crate) fn senseless(error: impl core::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error.to_string())
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Panic => Self::Panic,
            FailureKind::Safety => Self::Safety,
            FailureKind::Liveness => Self::Liveness,
        }
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Config(_) => Self::Usage,
            Failure::Safety(..) => Self::Safety,
            Failure::Liveness(_) => Self::Liveness,
        }
    }
}

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
