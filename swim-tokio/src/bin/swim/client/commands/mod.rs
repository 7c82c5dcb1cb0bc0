//! The commands that talk to a running agent, and those that need none: each a file, or a few
//! lines.

mod changes;
mod monitor;
mod own;
mod show;
mod table;
mod talk;

use std::process::ExitCode;

use serde::Serialize;

use crate::cli::{Command, Output};
use crate::client::ClientError;
use crate::output::escape::Text;
use crate::output::{self, failed};

/// The exit status when nothing matched.
const NOTHING: u8 = 2;
/// The exit status when no agent answers.
const UNREACHABLE: u8 = 3;

/// How a command that went well ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// What was asked for is not there.
    Nothing,
    /// The answer is no.
    No,
}

/// Runs a command that is neither the agent nor the demo.
pub(crate) async fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Agent(_) | Command::Demo(_) => unreachable!("main runs them"),
        Command::Members(members) => show::members(&members).await,
        Command::Info(show) => show::info(&show).await,
        Command::Health(health) => show::health(&health).await,
        Command::Rtt(rtt) => show::rtt(&rtt).await,
        Command::Nearest(nearest) => show::nearest(&nearest).await,
        Command::Ping(ping) => show::ping(&ping).await,
        Command::Join(join) => changes::join(&join).await,
        Command::Leave(leave) => changes::leave(&leave).await,
        Command::ForceLeave(force_leave) => changes::force_leave(&force_leave).await,
        Command::Tags(tags) => changes::tags(tags).await,
        Command::Broadcast(broadcast) => changes::broadcast(&broadcast).await,
        Command::Event(event) => talk::event(&event).await,
        Command::Query(query) => talk::query(query).await,
        Command::Reachability(show) => talk::reachability(&show).await,
        Command::Keys(keys) => talk::keys(&keys).await,
        Command::Monitor(monitor) => monitor::run(&monitor).await,
        Command::Keygen => return own::keygen(),
        Command::Completions { shell } => return own::completions(shell),
        Command::Man { command, dir } => {
            return dir.map_or_else(|| own::man(&command), |dir| own::manual(&dir));
        }
        Command::Version => return own::version(),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Nothing) => ExitCode::from(NOTHING),
        Ok(Outcome::No) => ExitCode::FAILURE,
        Err(error) => {
            failed(&error);
            if matches!(
                error,
                ClientError::Unreachable { .. }
                    | ClientError::Late { .. }
                    | ClientError::Lost { .. }
            ) {
                ExitCode::from(UNREACHABLE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// The outcome of a question about a member that is not there, which it says.
fn about_nobody(error: &str) -> Outcome {
    output::complain(error);
    Outcome::Nothing
}

/// Prints an answer as JSON, or as a table that is made when it is wanted.
fn print<T: Serialize>(shape: &T, format: Output, table: impl FnOnce() -> Text) {
    output::write(&match format {
        Output::Table => table(),
        Output::Json => Text::json_document(shape),
        Output::Jsonl => Text::json_line(shape),
    });
}
