//! The `swim` command: one node in the foreground, the commands that talk to it, and a demo cluster
//! in one process.
//!
//! | floor | room | what |
//! | --- | --- | --- |
//! | 0 | `output/` | standard output and error, the doors where text that others chose is escaped, how much is logged |
//! | 0 | `security/` | the certificate and tokens of HTTP, what the node's traffic travels under |
//! | 0 | `words/` | what events are called, and which of them are shown |
//! | 1 | `settings/` | the agent's settings, from flags, environment and file: one file for each group |
//! | 2 | `shapes/` | the JSON between the agent and its clients |
//! | 2 | `logging` | the log on standard error |
//! | 3 | `state/` | what became of the seeds, how long certificates are valid, what an update changed |
//! | 4 | `lines` | what happens at a node, as lines |
//! | 5 | `http/` | the agent over HTTP: for the other commands, programs, Prometheus and browsers |
//! | 6 | `cli/` | the arguments |
//! | 7 | `agent/` | `swim agent`: one node, its handlers, its end by signals |
//! | 7 | `client/` | the commands that talk to a running agent |
//! | 7 | `demo/` | `swim demo`: a cluster that shows what it does |
//!
//! A room imports from floors below its own; `swim-core/tests/floors.rs` reads this table.

#![warn(clippy::print_stderr, clippy::print_stdout)]

mod agent;
mod cli;
mod client;
mod demo;
mod http;
mod lines;
mod logging;
mod output;
mod security;
mod settings;
mod shapes;
mod state;
mod words;

use std::process::ExitCode;

use self::cli::{Cli, Command};
use self::output::escape::Text;
use self::output::{USAGE, failed};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return explained(&error),
    };
    // One thread is plenty, and small.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let code = match cli.command {
        Command::Demo(demo) => runtime.block_on(demo::run(&demo)),
        Command::Agent(agent) => runtime.block_on(agent::run(&agent)),
        other => runtime.block_on(client::commands::run(other)),
    };
    // Not waited for: a lookup of a host name may take its time.
    runtime.shutdown_background();
    if output::unwritten() { ExitCode::FAILURE } else { code }
}

/// Says what is wrong with the arguments; or answers with the help or the version that was asked
/// for.
fn explained(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if error.use_stderr() {
        // It repeats arguments, which may be a script's, with somebody's name in them.
        output::complain_at_length(&text.to_string());
        return ExitCode::from(USAGE);
    }
    let colours = output::is_colour_wanted(&std::io::stdout());
    output::write(&Text::own(if colours { text.ansi().to_string() } else { text.to_string() }));
    if output::unwritten() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
